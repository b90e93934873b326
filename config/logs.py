"""What a line of the log holds besides its text; loaded before any application is."""

import logging


class NumberedRequests(logging.Filter):
    """Write a request's number beside what Django logs of it."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep every line."""
        if number := getattr(getattr(record, "request", None), "id", ""):
            record.msg = f"{record.msg} request={number}"
        return True


class QuietRefusals(logging.Filter):
    """Drop the traceback of a refusal: it is no fault, and anybody can cause thousands.

    Refused is also what comes under a foreign host name or with more than a form may hold.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep every line."""
        is_of_a_request = record.name.startswith(("django.request", "django.security"))
        if is_of_a_request and getattr(record, "status_code", 0) in (400, 403):
            record.exc_info = record.exc_text = None
        return True
