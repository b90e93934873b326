"""Everything that can go wrong between us and a portal, each case a class of its own.

The classes exist because what a caller may do next depends on *how* a call failed::

    BitrixError
    ├── NotSent                  no byte of the request left: certainly not applied
    │   └── PaceExceeded         our own pacing refused to let it go
    ├── NoAnswer                 it may have left, and no complete answer came: outcome unknown
    ├── BadAnswer                an answer came that cannot be understood: outcome unknown
    │   ├── TooLong              it is longer than we are willing to hold
    │   └── FilterIgnored        rows came back that do not match the filter sent
    ├── Moved                    3xx, never followed
    └── Refused                  well-formed JSON with the key `error`
        ├── RateLimited          too many requests at once
        ├── MethodExhausted      this method's operating time is used up
        ├── Overloaded           blocked by the vendor until support lifts it
        ├── ExpiredCredentials   the token is over, a new one can be had
        ├── InvalidCredentials   the webhook or application is unknown or switched off
        ├── AccessDenied         known, but not allowed
        │   └── InsufficientScope
        ├── PlanRequired         the portal's subscription does not cover this
        ├── PortalClosed         the portal was deleted or switched off
        ├── NotFound
        │   └── MethodNotFound
        ├── InvalidInput         the portal did not accept what was sent
        ├── TaskExecution        the task's own step refused the answer
        ├── TaskCompleted        this person has already answered
        └── ServerFault          the portal failed inside: outcome unknown

Every error says two things: `for_people` (what happened, what it means, what to do) and
`for_logs` (one line, no secrets).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Final

_TEXT_LIMIT: Final = 2_000


class BitrixError(Exception):
    """Anything that kept a call from giving its result."""

    people: ClassVar[str] = "The portal could not be asked. Try again later."

    def __init__(self, detail: str = "", *, method: str = "") -> None:
        super().__init__(detail)
        self.detail = detail[:_TEXT_LIMIT]
        self.method = method

    @property
    def for_people(self) -> str:
        """Say what happened, what it means and what to do."""
        return self.people

    @property
    def for_logs(self) -> str:
        """Give one line of facts, without secrets."""
        facts = [f"error={type(self).__name__}"]
        if self.method:
            facts.append(f"method={self.method}")
        if self.detail:
            facts.append(f"detail={self.detail!r}")
        return " ".join(facts)

    def __str__(self) -> str:
        return self.for_logs


class NotARead(RuntimeError):
    """A reader was asked to call something that is not known to be a read: a fault in the code."""


class NotSent(BitrixError):
    """No byte of the request reached the portal, so nothing can have happened there."""

    people = (
        "The portal could not be reached. Nothing was changed there. "
        "Check that its address still works and try again."
    )


class PaceExceeded(NotSent):
    """Our own pacing refused the request, because sending it would exceed the portal's limit."""

    people = (
        "The portal limits how often it may be asked, and that limit is used up for the moment. "
        "Nothing was sent. It will be tried again by itself."
    )

    def __init__(self, detail: str = "", *, method: str = "", retry_after: float = 1.0) -> None:
        super().__init__(detail, method=method)
        self.retry_after = retry_after


class NoAnswer(BitrixError):
    """The request may have left, and no complete answer came back: the outcome is unknown."""

    people = (
        "The portal did not answer in time. Whether it did what was asked is not known yet. "
        "Its data is read again to find out."
    )


class BadAnswer(BitrixError):
    """The portal answered with something that cannot be understood.

    `transient` tells whether asking again may help: a proxy's error page may go away, a field of
    the wrong type will not.
    """

    people = (
        "The portal gave an answer that could not be understood. Whether it did what was asked is "
        "not known. If this repeats, show the technical line to whoever looks after the portal."
    )

    def __init__(
        self,
        detail: str = "",
        *,
        method: str = "",
        status: int | None = None,
        transient: bool = False,
    ) -> None:
        super().__init__(detail, method=method)
        self.status = status
        self.transient = transient

    @property
    def for_logs(self) -> str:
        """Give one line of facts, without secrets."""
        return super().for_logs + (f" status={self.status}" if self.status is not None else "")


class TooLong(BadAnswer):
    """An answer is longer than we are willing to hold; asking for less may help."""

    people = (
        "The portal's answer was too long to be taken in. Nothing was done with it. Show the "
        "technical line to whoever looks after the portal."
    )


class FilterIgnored(BadAnswer):
    """Rows came back that do not match the filter: acting on them would hit the wrong workflows."""

    people = (
        "The portal ignored the filter it was given and returned other rows. Nothing was done with "
        "them. If this repeats, the portal's version handles filters differently: report it."
    )


class Moved(BitrixError):
    """The portal answered with a redirect, which is never followed."""

    people = (
        "The portal has moved or now asks for a sign-in: it answered with a redirect to {host}. "
        "Nothing was done. Connect the portal again under its new address."
    )

    def __init__(self, *, host: str, status: int, method: str = "") -> None:
        super().__init__(f"redirect to {host}", method=method)
        self.host = host
        self.status = status

    @property
    def for_people(self) -> str:
        """Say what happened, what it means and what to do."""
        return self.people.format(host=self.host or "another address")


class Refused(BitrixError):
    """The portal answered in good form, with an error: `code`, its own `text` and the status.

    `status` is None for a command inside a batch, which has no HTTP status of its own.
    """

    people = "The portal refused: {text}"

    def __init__(
        self, code: str, text: str = "", *, status: int | None = None, method: str = ""
    ) -> None:
        super().__init__(text, method=method)
        self.code = code
        self.text = text[:_TEXT_LIMIT]
        self.status = status

    @property
    def for_people(self) -> str:
        """Say what happened, what it means and what to do."""
        text = self.text.strip().rstrip(".!") or self.code or "it gave no reason"
        return self.people.format(text=text)

    @property
    def for_logs(self) -> str:
        """Give one line of facts, without secrets."""
        status = "in-batch" if self.status is None else self.status
        return f"{super().for_logs} code={self.code!r} status={status}"


class RateLimited(Refused):
    """Too many requests at once; nothing was done."""

    people = (
        "The portal was asked too often at once and refused for the moment. Nothing was changed. "
        "It will be tried again by itself."
    )


class MethodExhausted(Refused):
    """This method has used up its operating time; nothing was done. Free again at `resets_at`."""

    people = (
        "The portal has blocked this kind of request until {when} UTC, because it has used up its "
        "computing time. Nothing was changed. It will be tried again by itself after that."
    )

    def __init__(
        self,
        code: str,
        text: str = "",
        *,
        resets_at: datetime,
        wait: float,
        status: int | None = None,
        method: str = "",
    ) -> None:
        super().__init__(code, text, status=status, method=method)
        self.resets_at = resets_at
        self.wait = wait

    @property
    def for_people(self) -> str:
        """Say what happened, what it means and what to do."""
        return self.people.format(when=f"{self.resets_at:%H:%M}")


class Overloaded(Refused):
    """The vendor has blocked the portal's REST interface by hand; only support lifts it."""

    people = (
        "Bitrix24 has blocked this portal's REST interface because of overload. Nothing was "
        "changed, and nothing more is sent. Ask Bitrix24's support to lift the block."
    )


class ExpiredCredentials(Refused):
    """The access token is over; nothing was done, and a fresh token may be tried."""

    people = (
        "The access to the portal has expired. Nothing was changed. It is renewed by itself; if "
        "this stays, connect the portal again."
    )


class InvalidCredentials(Refused):
    """The webhook or the application is unknown to the portal, or switched off."""

    people = (
        "The portal does not accept our access any more: the webhook was deleted or its owner was "
        "dismissed. Nothing was changed. Create a new webhook and connect the portal again."
    )


class AccessDenied(Refused):
    """The portal knows us but does not allow this."""

    people = (
        "The portal does not allow this to the person whose webhook is used: {text}. Nothing was "
        "changed. Use a webhook of a portal administrator."
    )


class InsufficientScope(AccessDenied):
    """The webhook lacks a permission (scope) this method needs."""

    people = (
        "The webhook lacks a permission this needs. Nothing was changed. Edit the webhook in the "
        "portal and tick the missing permission (for business processes: bizproc)."
    )


class PlanRequired(Refused):
    """The portal's subscription has ended or does not include REST."""

    people = (
        "The portal's subscription does not allow this: {text}. Nothing was changed. Renew the "
        "subscription, then try again."
    )


class PortalClosed(Refused):
    """The portal was deleted or is switched off."""

    people = (
        "The portal was deleted or switched off. Nothing was changed. "
        "Check the portal's address and whether it still exists."
    )


class NotFound(Refused):
    """What the call was about does not exist, or not for us."""

    people = "The portal does not find it: {text}. It may have ended or been deleted already."


class MethodNotFound(NotFound):
    """This portal's version does not offer the method."""

    people = (
        "This portal does not offer that function, probably because its version is older. "
        "Nothing was changed. Update the portal, or do it in the portal itself."
    )


class InvalidInput(Refused):
    """The portal did not accept what was sent."""

    people = "The portal did not accept what was sent: {text}. Nothing was changed."


class TaskExecution(Refused):
    """The task's own step refused the answer, for example because a required value is missing."""

    people = "The task did not accept the answer: {text}. Fill in what is missing and try again."


class TaskCompleted(Refused):
    """This person has already answered the task."""

    people = "This task has already been answered. It is read again to show by whom."


class ServerFault(Refused):
    """The portal failed inside while handling the call: the outcome is unknown."""

    people = (
        "The portal reported a fault of its own: {text}. Whether it did what was asked is not "
        "known yet. Its data is read again to find out."
    )


#: Vendor code (upper case) -> class. Codes are compared without case: docs and portals differ.
_BY_CODE: Final[Mapping[str, type[Refused]]] = {
    "QUERY_LIMIT_EXCEEDED": RateLimited,
    "OVERLOAD_LIMIT": Overloaded,
    "EXPIRED_TOKEN": ExpiredCredentials,
    "NO_AUTH_FOUND": InvalidCredentials,
    "INVALID_CREDENTIALS": InvalidCredentials,
    "INVALID_TOKEN": InvalidCredentials,
    "ERROR_OAUTH": InvalidCredentials,
    "APPLICATION_NOT_FOUND": InvalidCredentials,
    "AUTHORIZATION_ERROR": InvalidCredentials,
    "NOT_INSTALLED": InvalidCredentials,
    "INSUFFICIENT_SCOPE": InsufficientScope,
    "ACCESS_DENIED": AccessDenied,
    "USER_ACCESS_ERROR": AccessDenied,
    "WRONG_AUTH_TYPE": AccessDenied,
    "PAYMENT_REQUIRED": PlanRequired,
    "WRONG_LICENSE": PlanRequired,
    "PORTAL_DELETED": PortalClosed,
    "ERROR_METHOD_NOT_FOUND": MethodNotFound,
    "ERROR_TASK_NOT_FOUND": NotFound,
    "ERROR_TEMPLATE_NOT_FOUND": NotFound,
    "ERROR_ACTIVITY_NOT_FOUND": NotFound,
    "ERROR_TASK_COMPLETED": TaskCompleted,
    "ERROR_TASK_EXECUTION": TaskExecution,
    "INVALID_REQUEST": InvalidInput,
    "ERROR_ARGUMENT": InvalidInput,
    "ERROR_WRONG_WORKFLOW_ID": InvalidInput,
    "ERROR_SELECT_VALIDATION_FAILURE": InvalidInput,
    "ERROR_TASK_VALIDATION": InvalidInput,
    "ERROR_TASK_TYPE": InvalidInput,
    "ERROR_INVALID_USER_ID": InvalidInput,
    "ERROR_TEMPLATE_VALIDATION_FAILURE": InvalidInput,
    "ERROR_TEMPLATE_NOT_OWNER": InvalidInput,
    "ERROR_ACTIVITY_VALIDATION_FAILURE": InvalidInput,
    "ERROR_EMPTY_LOG_MESSAGE": InvalidInput,
    "ERROR_WRONG_HANDLER_URL": InvalidInput,
    "ERROR_UNSUPPORTED_PROTOCOL": InvalidInput,
    "ERROR_BATCH_LENGTH_EXCEEDED": InvalidInput,
    "ERROR_BATCH_METHOD_NOT_ALLOWED": InvalidInput,
    "ERROR_CORE": ServerFault,
    "INTERNAL_SERVER_ERROR": ServerFault,
    "ERROR_UNEXPECTED_ANSWER": ServerFault,
}

#: The code that needs more than a class: when the method is free again.
METHOD_EXHAUSTED: Final = "OPERATION_TIME_LIMIT"


def refusal(code: str, text: str, *, status: int | None, method: str = "") -> Refused:
    """Choose the class of a refusal by the vendor's code, and by the status only without one."""
    kind = _BY_CODE.get(code.strip().upper())
    if kind is None:
        kind = ServerFault if status is not None and status >= 500 else Refused
    return kind(code, text, status=status, method=method)
