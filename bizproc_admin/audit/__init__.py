"""The audit history: its one writer, the keys it is written in, and the triggers that keep it."""

from bizproc_admin.audit.acting import COMMAND_LINE, PORTAL, WORKER, By, account_of
from bizproc_admin.audit.actions import AuditAction
from bizproc_admin.audit.recording import (
    NOTHING_MORE,
    Facts,
    close_repeats,
    record,
    record_commands,
    record_once,
)

__all__ = [
    "COMMAND_LINE",
    "NOTHING_MORE",
    "PORTAL",
    "WORKER",
    "AuditAction",
    "By",
    "Facts",
    "account_of",
    "close_repeats",
    "record",
    "record_commands",
    "record_once",
]
