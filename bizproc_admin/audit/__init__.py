"""The audit history: its one writer, and the triggers that keep it."""

from bizproc_admin.audit.recording import close_repeats, ip_of, record, record_once

__all__ = ["close_repeats", "ip_of", "record", "record_once"]
