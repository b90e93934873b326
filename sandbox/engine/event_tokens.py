"""Event tokens: what names one execution of one step of a workflow, signed by the portal."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from sandbox.state.portal import Portal

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_SALT = "bizproc"


@dataclass(frozen=True)
class Event:
    """One execution of a step."""

    workflow_id: str
    activity: str
    id: str


def new(workflow_id: str, activity: str) -> Event:
    """Begin an execution under an id nobody can guess."""
    return Event(workflow_id, activity, "".join(secrets.choice(_LETTERS) for _ in range(32)))


def write(portal: Portal, event: Event) -> str:
    """Return the signed token of an event."""
    told = f"{event.workflow_id}|{event.activity}|{event.id}"
    return f"{told}.{_signature(portal, told)}"


def read(portal: Portal, token: str) -> Event | None:
    """Return the event of a token, or None when this portal has not signed it."""
    told, _, signature = token.rpartition(".")
    parts = told.split("|")
    genuine = hmac.compare_digest(_signature(portal, told).encode(), signature.encode())
    return Event(*parts) if genuine and len(parts) == 3 else None


def _signature(portal: Portal, told: str) -> str:
    key = f"{_SALT}secret of {portal.seed}".encode()
    return hmac.new(key, told.encode(), hashlib.sha256).hexdigest()
