"""What a portal says no to, each kind of refusal a class of its own.

::

    Refused
    ├── RateLimited              too many requests at once
    ├── MethodExhausted          this method's operating time is used up
    ├── Overloaded               blocked by the vendor until support lifts it
    ├── ExpiredCredentials       the token is over, a new one can be had
    ├── InvalidCredentials       the webhook or application is unknown or switched off
    │   ├── PersonUnauthorized   the token's person is no longer accepted
    │   └── ApplicationMissing   the application is not installed any more
    ├── AccessDenied             known, but not allowed
    │   ├── InsufficientScope    a permission of the webhook or application is missing
    │   └── NoApplicationAccess  this person may not use the application
    ├── PlanRequired             the portal's subscription does not cover this
    ├── PortalClosed             the portal is closed for maintenance, or gone
    ├── NotFound
    │   ├── MethodNotFound       this portal's version does not offer the method
    │   └── TaskNotFound         no such task for this person
    ├── InvalidInput             the portal did not accept what was sent
    │   ├── UserInvalid          it does not know a person named
    │   └── TaskKindClosed       this kind of task is answered in the portal alone
    ├── TaskExecution            the task's own step refused the answer
    ├── TaskCompleted            this person has already answered
    ├── DelegationNotAllowed     the task may not pass from this person to that one
    └── ServerFault              the portal failed inside: outcome unknown

Which class a code means is said in `codes`. The portal's own `text` is in the portal's language:
it is shown, and never compared with anything.
"""

from datetime import datetime

from .errors import TEXT_LIMIT, BitrixError


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
        self.text = text[:TEXT_LIMIT]
        self.status = status

    @property
    def for_people(self) -> str:
        """Say what happened, what it means and what to do."""
        return self.people.format(text=self._reason)

    @property
    def for_readers(self) -> str:
        """Say the same of a reading: nothing can have happened on the portal."""
        return self.reading.format(text=self._reason) if self.reading else self.for_people

    @property
    def _reason(self) -> str:
        return self.text.strip().rstrip(".!") or self.code or "it gave no reason"

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
        "this stays, sign in with Bitrix24 again, or connect the portal again."
    )


class InvalidCredentials(Refused):
    """The webhook or the application is unknown to the portal, or switched off."""

    people = (
        "The portal does not accept our access any more: the webhook was deleted or its owner was "
        "dismissed. Nothing was changed. Create a new webhook and connect the portal again."
    )


class PersonUnauthorized(InvalidCredentials):
    """The person a token belongs to cannot be authorised, for example because of a dismissal."""

    people = (
        "The portal does not accept this person any more, perhaps because of a dismissal. Nothing "
        "was changed. Sign in with Bitrix24 again; if that fails, ask a portal administrator."
    )


class ApplicationMissing(InvalidCredentials):
    """Our application is not installed on the portal any more."""

    people = (
        "Our application is not installed on the portal any more. Nothing was changed. A portal "
        "administrator must install it again, then sign in with Bitrix24 anew."
    )


class AccessDenied(Refused):
    """The portal knows us but does not allow this."""

    people = (
        "The portal does not allow this to the person in whose name it is asked: {text}. Nothing "
        "was changed. Use a webhook of a portal administrator, or ask somebody who may do it."
    )


class InsufficientScope(AccessDenied):
    """The webhook or the application lacks a permission (scope) this method needs."""

    people = (
        "Our access lacks a permission this needs. Nothing was changed. Edit the webhook or the "
        "application in the portal and tick the missing permission (for business processes: "
        "bizproc)."
    )


class NoApplicationAccess(AccessDenied):
    """This person may not use our application on the portal."""

    people = (
        "The portal does not let this person use our application. Nothing was changed. Ask a "
        "portal administrator to give the person access in the application's settings."
    )


class PlanRequired(Refused):
    """The portal's subscription has ended or does not include REST."""

    people = (
        "The portal's subscription does not allow this: {text}. Nothing was changed. Renew the "
        "subscription, then try again."
    )


class PortalClosed(Refused):
    """The portal's public part is switched off (PORTAL_DELETED); nothing was done."""

    people = (
        "The portal is closed for maintenance. Nothing was changed. It is tried again by itself; "
        "if this lasts, ask whoever looks after the portal whether it still exists."
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


class TaskNotFound(NotFound):
    """There is no such task for this person: never theirs, passed on, or closed by others."""

    people = (
        "The portal does not find this task among the person's. It was passed on, closed by the "
        "answers of others, or ended with its workflow. It is read again to show what became of it."
    )


class InvalidInput(Refused):
    """The portal did not accept what was sent."""

    people = (
        "The portal did not accept what was sent: {text}. Nothing was changed. Correct it and try "
        "again."
    )


class UserInvalid(InvalidInput):
    """The portal does not know a person named in the call."""

    people = (
        "The portal does not know one of the people named: {text}. Nothing was changed. Choose "
        "another person."
    )


class TaskKindClosed(InvalidInput):
    """This kind of task is answered in the portal alone."""

    people = (
        "The portal takes no answers from outside to this kind of task. Nothing was changed. Open "
        "the task in the portal and answer it there."
    )


class TaskExecution(Refused):
    """The task's own step refused the answer, for example because a required value is missing."""

    people = (
        "The task did not accept the answer: {text}. Fill in what is missing and try again, or "
        "answer it in the portal."
    )


class TaskCompleted(Refused):
    """This person has already answered the task."""

    people = "This task has already been answered. It is read again to show by whom."


class DelegationNotAllowed(Refused):
    """The task may not pass from this person to that one; only the portal's text says why."""

    people = (
        "The portal did not pass the task on: {text}. Nothing was changed. Tasks differ in whom "
        "they may be given to: some to nobody at all, many only to subordinates."
    )


class ServerFault(Refused):
    """The portal failed inside while handling the call: the outcome is unknown."""

    people = (
        "The portal reported a fault of its own: {text}. Whether it did what was asked is not "
        "known yet. Its data is read again to find out."
    )
    reading = (
        "The portal reported a fault of its own: {text}. It was only read: nothing was changed."
    )
