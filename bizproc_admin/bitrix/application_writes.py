"""Writes of our application: its actions, what the portal tells it, and its waiting steps."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from .errors import BadAnswer
from .judging import Sends, true, written
from .objects import Written
from .refusals import InvalidInput

#: Actions serve the designer alone; an automation rule is offered there as an action, too.
ACTION_KINDS: Final = ("activity", "robot")


class ApplicationActionWrites:
    """Register, change and delete actions ("activity") and automation rules ("robot").

    All of them need an administrator's access token: by a webhook the portal refuses them
    (AccessDenied). Codes are of one application, and of one kind of the two.
    """

    def __init__(self, writer: Sends) -> None:
        self._writer = writer

    def add(self, kind: str, code: str, definition: Mapping[str, Any]) -> Written:
        """Register one; of a code that is there already: ActionTaken.

        Calls bizproc.activity.add or bizproc.robot.add. The definition has the portal's names of
        its parts (HANDLER, NAME, PROPERTIES ...), which it tells nobody again.
        """
        params = {**definition, "CODE": _code(code)}
        return true(self._writer.send(f"bizproc.{_kind(kind)}.add", params))

    def update(self, kind: str, code: str, fields: Mapping[str, Any]) -> Written:
        """Change what is given of one; sending the same again changes nothing.

        Calls bizproc.activity.update or bizproc.robot.update. An empty DOCUMENT_TYPE or FILTER
        clears it, an empty NAME is ignored. Templates that hold its step keep what they were saved
        with. Of one that is not there: ActionNotFound.
        """
        if not fields:
            raise ValueError("there is nothing to change")
        params = {"CODE": _code(code), "FIELDS": dict(fields)}
        return true(self._writer.send(f"bizproc.{_kind(kind)}.update", params))

    def delete(self, kind: str, code: str) -> Written:
        """Delete one; steps of it that are reached later make their workflows fail.

        Calls bizproc.activity.delete or bizproc.robot.delete. Of one that is not there:
        ActionNotFound.
        """
        return true(self._writer.send(f"bizproc.{_kind(kind)}.delete", {"CODE": _code(code)}))


class EventWrites:
    """What the portal tells our application of itself: needs an administrator's token of it."""

    def __init__(self, writer: Sends) -> None:
        self._writer = writer

    def bind(self, event: str, handler: str) -> Written:
        """Have an event call an address.

        Calls event.bind. A second time it is refused, and nothing else happens.
        """
        return true(self._writer.send("event.bind", {"EVENT": event, "HANDLER": handler}))

    def unbind(self, event: str, handler: str) -> Written:
        """Have an event call an address no more, whoever bound it.

        Calls event.unbind, which tells how many there were: none is no error.
        """
        reply = self._writer.send("event.unbind", {"EVENT": event, "HANDLER": handler})
        count = reply.result.get("count") if isinstance(reply.result, dict) else None
        if not isinstance(count, int):
            raise BadAnswer(
                f"the answer is {reply.result!r:.60}, wanted a count", status=reply.status
            )
        return written(reply)

    def test(self, values: Mapping[str, str]) -> Written:
        """Have the portal call whatever ONAPPTEST is bound to, with these values.

        Calls event.test. `true` says that the call was put into the portal's queue.
        """
        return true(self._writer.send("event.test", dict(values)))


def _kind(given: str) -> str:
    if given not in ACTION_KINDS:
        raise ValueError("what an application registers is an activity or a robot")
    return given


def _code(given: str) -> str:
    if not isinstance(given, str) or not given.strip():
        raise ValueError("a code is a text that is not empty")
    return given


class ApplicationStepWrites:
    """Answer steps that wait for an application. Anybody may who has a step's token."""

    def __init__(self, writer: Sends) -> None:
        self._writer = writer

    def answer(
        self, token: str, *, values: Mapping[str, Any] | None = None, message: str | None = None
    ) -> Written:
        """Answer a step once; `message` goes into the workflow's log.

        Calls bizproc.event.send. `true` says that the token is genuine and no more: a newer portal
        brings the answer to the step afterwards. Values nobody has declared are dropped in silence.
        """
        params: dict[str, Any] = {"EVENT_TOKEN": _token(token)}
        if values:
            params["RETURN_VALUES"] = dict(values)
        if message:
            params["LOG_MESSAGE"] = message
        return true(self._writer.send("bizproc.event.send", params))

    def write_log(self, token: str, message: str) -> Written:
        """Write a line into the log of a workflow whose step waits; it goes on waiting.

        Calls bizproc.activity.log. `true` is said of a step that has been answered, too.
        """
        if not message.strip():
            raise ValueError("a line of the log is not empty")
        params = {"EVENT_TOKEN": _token(token), "LOG_MESSAGE": message}
        return true(self._writer.send("bizproc.activity.log", params))

    def check(self, token: str) -> Written:
        """Find out whether a token is genuine, without any effect; `result` is None.

        Calls bizproc.activity.log with an empty message: the portal looks at the token first. That
        a token is forged is AccessDenied; whether it was used before is not told.
        """
        params = {"EVENT_TOKEN": _token(token), "LOG_MESSAGE": ""}
        try:
            reply = self._writer.send("bizproc.activity.log", params)
        except InvalidInput as error:
            if error.vendor_code != "ERROR_EMPTY_LOG_MESSAGE":
                raise
            return Written(
                result=None,
                time=None,
                duration_ms=round(1000 * error.lasted),
                status=error.status or 0,
                sent_at=datetime.now(UTC) - timedelta(seconds=error.lasted),
            )
        raise BadAnswer("an empty line of the log was taken", status=reply.status)


def _token(token: str) -> str:
    if not isinstance(token, str) or not token.strip():
        raise ValueError("an event token is a text that is not empty")
    return token
