"""What the portal calls the console with: kept, proven, and what follows from it."""

from bizproc_admin.receiving.addresses import (
    handler_of,
    is_former_handler,
    problem_of_public_url,
)
from bizproc_admin.receiving.application_events import look_at_application
from bizproc_admin.receiving.following import forget_old, read_called, start_due, take_calls
from bizproc_admin.receiving.keeping import APPLICATION_EVENTS, Outcome, expect, receive
from bizproc_admin.receiving.nested_forms import Stream
from bizproc_admin.receiving.proofs import NONCE, TEST_EVENT

__all__ = [
    "APPLICATION_EVENTS",
    "NONCE",
    "TEST_EVENT",
    "Outcome",
    "Stream",
    "expect",
    "forget_old",
    "handler_of",
    "is_former_handler",
    "look_at_application",
    "problem_of_public_url",
    "read_called",
    "receive",
    "start_due",
    "take_calls",
]
