"""Everything that changes a portal. Sent once: a write is never repeated in here.

What a failed write proves is said by `proof.classify`; whether to send it again is decided by
whoever keeps the command's record, after reading the target.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from .envelopes import Reply
from .errors import BadAnswer
from .objects import Written
from .pacing import Purpose, Release
from .reader import PATIENCE_INTERACTIVE
from .refusals import InvalidInput
from .transport import Transport

#: Yes, no, done, decline; the portal takes 0 for an empty answer.
ANSWERS: Final = (1, 2, 3, 4)
#: By hand alone, on a document's creation, on its change, on both.
AUTO_EXECUTE: Final = (0, 1, 2, 3)
FILE_NAME: Final = "template.bpt"
#: Actions serve the designer alone; an automation rule is offered there as an action, too.
ACTION_KINDS: Final = ("activity", "robot")


class Writer:
    """Change one portal."""

    def __init__(
        self,
        transport: Transport,
        *,
        purpose: Purpose = Purpose.WRITE,
        patience: float = PATIENCE_INTERACTIVE,
    ) -> None:
        self.transport = transport
        self._purpose = purpose
        self._patience = patience
        self._permits: dict[str, Release] = {}
        self.workflows = WorkflowWrites(self)
        self.workflow_tasks = WorkflowTaskWrites(self)
        self.workflow_templates = WorkflowTemplateWrites(self)
        self.application_actions = ApplicationActionWrites(self)
        self.application_steps = ApplicationStepWrites(self)
        self.events = EventWrites(self)

    def reserve(self, method: str) -> None:
        """Obtain the permit for the next call of a method now, before the command is claimed.

        Raises PaceExceeded when there is none in time: nothing was sent and nothing is claimed.
        """
        self._permits[method] = self.transport.obtain_permit(
            method, purpose=self._purpose, patience=self._patience
        )

    def release(self) -> None:
        """Give back the permits of calls that will not be made."""
        for release in self._permits.values():
            release()
        self._permits.clear()

    def send(self, method: str, params: Mapping[str, Any]) -> Reply:
        """Send one write, once."""
        return self.transport.call(
            method,
            params,
            is_write=True,
            purpose=self._purpose,
            patience=self._patience,
            permit=self._permits.pop(method, None),
        )


class WorkflowWrites:
    """Start and end workflows."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def terminate(self, workflow_id: str, *, status: str | None = None) -> Written:
        """End a workflow, keeping its record; `status` is shown on the portal to everybody.

        Calls bizproc.workflow.terminate. `true` proves little: read the target again.
        """
        params = {"ID": _id(workflow_id)}
        if status:
            params["STATUS"] = status
        return _true(self._writer.send("bizproc.workflow.terminate", params))

    def kill(self, workflow_id: str) -> Written:
        """Delete a workflow with its tasks and its record.

        Calls bizproc.workflow.kill. The id is a string though documented as a number. Not
        repeatable: the second call on the same id is an error with an empty code.
        """
        return _true(self._writer.send("bizproc.workflow.kill", {"ID": _id(workflow_id)}))

    def start(
        self,
        *,
        template_id: int,
        document_id: Sequence[str],
        parameters: Mapping[str, Any] | None = None,
    ) -> Written:
        """Start a workflow on a document and give its id as `result`.

        Calls bizproc.workflow.start. The portal checks neither required parameters nor types.
        """
        if len(document_id) != 3:
            raise ValueError("a document id has three parts: module, entity and id")
        params: dict[str, Any] = {"TEMPLATE_ID": template_id, "DOCUMENT_ID": list(document_id)}
        if parameters:
            params["PARAMETERS"] = dict(parameters)
        reply = self._writer.send("bizproc.workflow.start", params)
        if not isinstance(reply.result, str) or not reply.result:
            raise BadAnswer(
                "no workflow id in the answer",
                method="bizproc.workflow.start",
                status=reply.status,
            )
        return _written(reply)


class WorkflowTaskWrites:
    """Answer workflow tasks and pass them on."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def complete(
        self,
        task_id: int,
        *,
        status: int,
        comment: str | None = None,
        fields: Mapping[str, Any] | None = None,
    ) -> Written:
        """Answer a task of the person in whose name we ask: 1 yes, 2 no, 3 done, 4 decline.

        Calls bizproc.task.complete. Not even an administrator answers for another person. The
        ids in `fields` must match exactly: the portal ignores the ones it does not know.
        """
        if not _is_number(status) or status not in ANSWERS:
            raise ValueError("the answer to a task is a number from 1 to 4")
        params: dict[str, Any] = {"TASK_ID": _number(task_id, "task"), "STATUS": status}
        if comment:
            params["COMMENT"] = comment
        if fields:
            params["FIELDS"] = dict(fields)
        return _true(self._writer.send("bizproc.task.complete", params))

    def delegate(self, task_id: int, *, from_user_id: int, to_user_id: int) -> Written:
        """Pass one task from one person to another.

        Calls bizproc.task.delegate, with a single task: of several the portal may pass on some
        and answer an error, or skip some and answer `true`. A task id of 0 would pass on every
        task of the person, so numbers below 1 are never sent.
        """
        params = {
            "TASK_IDS": [_number(task_id, "task")],
            "FROM_USER_ID": _number(from_user_id, "user"),
            "TO_USER_ID": _number(to_user_id, "user"),
        }
        return _true(self._writer.send("bizproc.task.delegate", params))


class WorkflowTemplateWrites:
    """Add, change and delete workflow templates of our application.

    All of them need an administrator's access token: by a webhook the portal refuses them
    (AccessDenied). A template belongs to the application that added it, and to no other.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def add(
        self,
        *,
        document_type: Sequence[str],
        name: str,
        file: bytes,
        file_name: str = FILE_NAME,
        description: str = "",
        auto_execute: int = 0,
    ) -> Written:
        """Add a template from a file (.bpt) and give its id, a number, as `result`.

        Calls bizproc.workflow.template.add. The document type is its triple; `auto_execute` is
        one of `AUTO_EXECUTE`. The portal also creates the document's fields that the file
        describes, and rewrites those of a list. Not repeatable: each call adds another template.
        """
        if len(document_type) != 3 or not all(document_type):
            raise ValueError("a document type has three parts: module, entity and type")
        params: dict[str, Any] = {
            "DOCUMENT_TYPE": list(document_type),
            "NAME": _name(name),
            "TEMPLATE_DATA": _file(file_name, file),
            "AUTO_EXECUTE": _moment(auto_execute),
        }
        if description:
            params["DESCRIPTION"] = description
        return _numbered(self._writer.send("bizproc.workflow.template.add", params))

    def update(
        self,
        template_id: int,
        *,
        name: str | None = None,
        description: str | None = None,
        auto_execute: int | None = None,
        file: bytes | None = None,
        file_name: str = FILE_NAME,
    ) -> Written:
        """Change what is given of a template; running workflows keep the copy they have.

        Calls bizproc.workflow.template.update, whose file does to the document's fields what that
        of an addition does. Sending the same again changes nothing but who changed it and when.
        A file whose activities lack something is refused as ERROR_CORE: what that proves is
        unknown.
        """
        fields: dict[str, Any] = {}
        if name is not None:
            fields["NAME"] = _name(name)
        if description is not None:
            fields["DESCRIPTION"] = description
        if auto_execute is not None:
            fields["AUTO_EXECUTE"] = _moment(auto_execute)
        if file is not None:
            fields["TEMPLATE_DATA"] = _file(file_name, file)
        if not fields:
            raise ValueError("there is nothing to change")
        params = {"ID": str(_number(template_id, "template")), "FIELDS": fields}
        return _numbered(self._writer.send("bizproc.workflow.template.update", params))

    def delete(self, template_id: int) -> Written:
        """Delete a template that no workflow runs by; `result` is None.

        Calls bizproc.workflow.template.delete. Of one that is not there: NotFound.
        """
        params = {"ID": str(_number(template_id, "template"))}
        reply = self._writer.send("bizproc.workflow.template.delete", params)
        if reply.result is not None:
            raise BadAnswer(f"the answer is {reply.result!r:.60}, wanted null", status=reply.status)
        return _written(reply)


class ApplicationActionWrites:
    """Register, change and delete actions ("activity") and automation rules ("robot").

    All of them need an administrator's access token: by a webhook the portal refuses them
    (AccessDenied). Codes are of one application, and of one kind of the two.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def add(self, kind: str, code: str, definition: Mapping[str, Any]) -> Written:
        """Register one; of a code that is there already: ActionTaken.

        Calls bizproc.activity.add or bizproc.robot.add. The definition has the portal's names of
        its parts (HANDLER, NAME, PROPERTIES ...), which it tells nobody again.
        """
        params = {**definition, "CODE": _code(code)}
        return _true(self._writer.send(f"bizproc.{_kind(kind)}.add", params))

    def update(self, kind: str, code: str, fields: Mapping[str, Any]) -> Written:
        """Change what is given of one; sending the same again changes nothing.

        Calls bizproc.activity.update or bizproc.robot.update. An empty DOCUMENT_TYPE or FILTER
        clears it, an empty NAME is ignored. Templates that hold its step keep what they were saved
        with. Of one that is not there: ActionNotFound.
        """
        if not fields:
            raise ValueError("there is nothing to change")
        params = {"CODE": _code(code), "FIELDS": dict(fields)}
        return _true(self._writer.send(f"bizproc.{_kind(kind)}.update", params))

    def delete(self, kind: str, code: str) -> Written:
        """Delete one; steps of it that are reached later make their workflows fail.

        Calls bizproc.activity.delete or bizproc.robot.delete. Of one that is not there:
        ActionNotFound.
        """
        return _true(self._writer.send(f"bizproc.{_kind(kind)}.delete", {"CODE": _code(code)}))


class EventWrites:
    """What the portal tells our application of itself: needs an administrator's token of it."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def bind(self, event: str, handler: str) -> Written:
        """Have an event call an address.

        Calls event.bind. A second time it is refused, and nothing else happens.
        """
        return _true(self._writer.send("event.bind", {"EVENT": event, "HANDLER": handler}))

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
        return _written(reply)

    def test(self, values: Mapping[str, str]) -> Written:
        """Have the portal call whatever ONAPPTEST is bound to, with these values.

        Calls event.test. `true` says that the call was put into the portal's queue.
        """
        return _true(self._writer.send("event.test", dict(values)))


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

    def __init__(self, writer: Writer) -> None:
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
        return _true(self._writer.send("bizproc.event.send", params))

    def write_log(self, token: str, message: str) -> Written:
        """Write a line into the log of a workflow whose step waits; it goes on waiting.

        Calls bizproc.activity.log. `true` is said of a step that has been answered, too.
        """
        if not message.strip():
            raise ValueError("a line of the log is not empty")
        params = {"EVENT_TOKEN": _token(token), "LOG_MESSAGE": message}
        return _true(self._writer.send("bizproc.activity.log", params))

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


def _name(given: str) -> str:
    if not isinstance(given, str) or given.strip() in ("", "0"):
        raise ValueError("a template's name is a text that is not empty, and not a zero")
    return given


def _moment(auto_execute: int) -> str:
    # As a text: portals compare texts, and refuse the number that their own pages show.
    if not _is_number(auto_execute) or auto_execute not in AUTO_EXECUTE:
        raise ValueError("when a template starts by itself is a number from 0 to 3")
    return str(auto_execute)


def _file(name: str, content: bytes) -> list[str]:
    if not content:
        raise ValueError("a template file is not empty")
    return [name, base64.b64encode(content).decode()]


def _numbered(reply: Reply) -> Written:
    # Whole numbers may come as texts of digits, as in lists.
    number = reply.result
    if isinstance(number, str) and number.isascii() and number.isdigit():
        number = int(number)
    if not _is_number(number) or number < 1:
        raise BadAnswer(f"the answer is {reply.result!r:.60}, wanted an id", status=reply.status)
    return replace(_written(reply), result=number)


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: int, noun: str) -> int:
    if not _is_number(value) or value < 1:
        raise ValueError(f"a {noun} id is a number above 0")
    return value


def _id(workflow_id: str) -> str:
    if not isinstance(workflow_id, str) or not workflow_id.strip():
        raise ValueError("a workflow id is a text that is not empty")
    return workflow_id


def _true(reply: Reply) -> Written:
    if reply.result is not True:
        raise BadAnswer(f"the answer is {reply.result!r:.60}, wanted true", status=reply.status)
    return _written(reply)


def _written(reply: Reply) -> Written:
    return Written(
        result=reply.result,
        time=reply.time,
        duration_ms=reply.duration_ms,
        status=reply.status,
        sent_at=reply.sent_at,
    )
