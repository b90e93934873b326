"""Everything that changes a portal. Sent once: a write is never repeated in here.

What a failed write proves is said by `proof.classify`; whether to send it again is decided by
whoever keeps the command's record, after reading the target.
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Final

from .application_writes import ApplicationActionWrites, ApplicationStepWrites, EventWrites
from .envelopes import BatchReply, Call, Reply
from .errors import BadAnswer
from .judging import Sends, is_number, numbered, true, written
from .objects import Written
from .pacing import Purpose, Release
from .reader import PATIENCE_INTERACTIVE
from .transport import Transport

#: Yes, no, done, decline; the portal takes 0 for an empty answer.
ANSWERS: Final = (1, 2, 3, 4)
#: By hand alone, on a document's creation, on its change, on both.
AUTO_EXECUTE: Final = (0, 1, 2, 3)
FILE_NAME: Final = "template.bpt"


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

    def send_batch(self, calls: Mapping[str, Call]) -> BatchReply:
        """Send up to 50 writes in one request, once; whatever becomes of one, the others go on."""
        first = next(iter(calls.values())).method
        return self.transport.batch(
            calls,
            is_write=True,
            purpose=self._purpose,
            patience=self._patience,
            permit=self._permits.pop(first, None),
        )


class WorkflowWrites:
    """Start and end workflows."""

    def __init__(self, writer: Sends) -> None:
        self._writer = writer

    def terminate(self, workflow_id: str, *, status: str | None = None) -> Written:
        """End a workflow, keeping its record; `status` is shown on the portal to everybody.

        Calls bizproc.workflow.terminate. `true` proves little: read the target again.
        """
        params = {"ID": _id(workflow_id)}
        if status:
            params["STATUS"] = status
        return true(self._writer.send("bizproc.workflow.terminate", params))

    def kill(self, workflow_id: str) -> Written:
        """Delete a workflow with its tasks and its record.

        Calls bizproc.workflow.kill. The id is a string though documented as a number. Not
        repeatable: the second call on the same id is an error with an empty code.
        """
        return true(self._writer.send("bizproc.workflow.kill", {"ID": _id(workflow_id)}))

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
        return written(reply)


class WorkflowTaskWrites:
    """Answer workflow tasks and pass them on."""

    def __init__(self, writer: Sends) -> None:
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
        if not is_number(status) or status not in ANSWERS:
            raise ValueError("the answer to a task is a number from 1 to 4")
        params: dict[str, Any] = {"TASK_ID": _number(task_id, "task"), "STATUS": status}
        if comment:
            params["COMMENT"] = comment
        if fields:
            params["FIELDS"] = dict(fields)
        return true(self._writer.send("bizproc.task.complete", params))

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
        return true(self._writer.send("bizproc.task.delegate", params))


class WorkflowTemplateWrites:
    """Add, change and delete workflow templates of our application.

    All of them need an administrator's access token: by a webhook the portal refuses them
    (AccessDenied). A template belongs to the application that added it, and to no other.
    """

    def __init__(self, writer: Sends) -> None:
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
        return numbered(self._writer.send("bizproc.workflow.template.add", params))

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
        return numbered(self._writer.send("bizproc.workflow.template.update", params))

    def delete(self, template_id: int) -> Written:
        """Delete a template that no workflow runs by; `result` is None.

        Calls bizproc.workflow.template.delete. Of one that is not there: NotFound.
        """
        params = {"ID": str(_number(template_id, "template"))}
        reply = self._writer.send("bizproc.workflow.template.delete", params)
        if reply.result is not None:
            raise BadAnswer(f"the answer is {reply.result!r:.60}, wanted null", status=reply.status)
        return written(reply)


def _name(given: str) -> str:
    if not isinstance(given, str) or given.strip() in ("", "0"):
        raise ValueError("a template's name is a text that is not empty, and not a zero")
    return given


def _moment(auto_execute: int) -> str:
    # As a text: portals compare texts, and refuse the number that their own pages show.
    if not is_number(auto_execute) or auto_execute not in AUTO_EXECUTE:
        raise ValueError("when a template starts by itself is a number from 0 to 3")
    return str(auto_execute)


def _file(name: str, content: bytes) -> list[str]:
    if not content:
        raise ValueError("a template file is not empty")
    return [name, base64.b64encode(content).decode()]


def _number(value: int, noun: str) -> int:
    if not is_number(value) or value < 1:
        raise ValueError(f"a {noun} id is a number above 0")
    return value


def _id(workflow_id: str) -> str:
    if not isinstance(workflow_id, str) or not workflow_id.strip():
        raise ValueError("a workflow id is a text that is not empty")
    return workflow_id
