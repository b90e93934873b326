"""The audit history: its one writer, the keys it is written in, and the triggers that keep it."""

from bizproc_admin.audit.actions import AuditAction
from bizproc_admin.audit.recording import close_repeats, ip_of, record, record_once

__all__ = ["AuditAction", "close_repeats", "ip_of", "record", "record_once"]
