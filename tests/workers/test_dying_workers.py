"""A worker is killed at each point of carrying out a command; the truth is found again."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from bizproc_admin import commands
from bizproc_admin.models import AuditEntry, Command, CommandState, EndCause, Workflow
from bizproc_admin.sandbox import Sandbox

from .points import POINTS
