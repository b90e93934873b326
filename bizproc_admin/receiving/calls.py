"""What a call of a step says, read from its form; docs/portal.md: Calls to applications."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from bizproc_admin.models import ApplicationStep, Portal
from bizproc_admin.models.application_steps import token_digest
from bizproc_admin.models.searching import searchable
from bizproc_admin.receiving.nested_forms import NestedForm
from bizproc_admin.secrets.fields import Secret

#: Seconds: five years.
LONGEST_WAIT: Final = 5 * 366 * 86_400
#: A moment further from the portal's clock is not believed: behind it, and ahead of it.
LATEST, EARLIEST = timedelta(days=30), timedelta(hours=1)
LONGEST_TOKEN: Final = 1000
_SIGNATURE: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]{1,18}", re.ASCII)
_DOCUMENT_PARTS: Final = 3


class NotACall(Exception):
    """A form that is no call of a step."""


@dataclass(frozen=True, kw_only=True)
class StepCall:
    """One call of a step, within the bounds of what is kept of it.

    called_at is None where the portal told none that can be believed. properties is None where
    none were sent, or not all of them could be read.
    """

    workflow_id: str
    token: Secret = field(repr=False)
    digest: str
    code: str
    name: str
    document: list[str]
    document_type: list[str]
    properties: dict[str, Any] | None = field(repr=False)
    is_subscribed: bool
    timeout: timedelta
    called_at: datetime | None
    user_number: int | None
    is_too_large: bool

    @classmethod
    def of(cls, form: NestedForm, portal: Portal) -> "StepCall":
        """Read a form; raises NotACall without a workflow and a token."""
        workflow_id, token = form.text("workflow_id"), form.text("event_token")
        if not 0 < len(workflow_id) <= 64 or not 0 < len(token) <= LONGEST_TOKEN:
            raise NotACall
        properties = form.value("properties")
        if isinstance(properties, list):
            properties = {str(place): value for place, value in enumerate(properties)}
        return cls(
            workflow_id=workflow_id,
            token=Secret(token),
            digest=token_digest(token),
            code=form.text("code")[:128],
            name=name_of_step(token, workflow_id),
            document=triple(form.value("document_id")),
            document_type=triple(form.value("document_type")),
            properties=properties if isinstance(properties, dict) and not form.is_cut else None,
            is_subscribed=form.text("use_subscription") == "Y",
            timeout=timedelta(seconds=min(number(form.text("timeout_duration")), LONGEST_WAIT)),
            called_at=moment(form.text("ts"), portal.now()),
            user_number=number(form.text("auth", "user_id")) or None,
            is_too_large=form.is_cut,
        )

    def step(self, portal: Portal, *, received_at: datetime) -> ApplicationStep:
        """Return the row of it, without its state."""
        since = self.called_at or portal.now()
        return ApplicationStep(
            portal=portal,
            client_id=portal.client_id,
            code=self.code,
            name=self.name,
            workflow_remote_id=self.workflow_id,
            token=self.token,
            token_digest=self.digest,
            document=self.document,
            document_type=self.document_type,
            properties=self.properties,
            user_number=self.user_number,
            called_at=self.called_at,
            received_at=received_at,
            since=since,
            until_at=since + self.timeout if self.timeout else None,
            is_too_large=self.is_too_large,
            is_subscribed=self.is_subscribed,
            search_text=searchable(
                " ".join(
                    filter(None, (self.workflow_id, self.code, self.name, *self.document[-1:]))
                )
            ),
        )


def name_of_step(token: str, workflow_id: str) -> str:
    """Return the step's name that an event token holds; empty where it is not of this workflow."""
    signed, _, signature = token.rpartition(".")
    parts = signed.split("|")
    if len(parts) != 3 or parts[0] != workflow_id or not _SIGNATURE.fullmatch(signature):
        return ""
    return parts[1][:255]


def triple(value: Any) -> list[str]:
    """Return the three parts of a document or its type; none where it is no such thing."""
    if not isinstance(value, list) or len(value) != _DOCUMENT_PARTS:
        return []
    return [part[:255] for part in value if isinstance(part, str)]


def number(text: str) -> int:
    """Return a whole number, 0 for whatever is none or out of bounds."""
    return int(text) if _NUMBER.fullmatch(text) else 0


def moment(text: str, now: datetime) -> datetime | None:
    """Return a Unix time on the portal's clock as a moment, None where it cannot be right."""
    seconds = number(text)
    earliest, latest = (now - LATEST).timestamp(), (now + EARLIEST).timestamp()
    return datetime.fromtimestamp(seconds, UTC) if earliest <= seconds <= latest else None
