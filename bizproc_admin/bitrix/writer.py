"""Everything that changes a portal. Sent once: a write is never repeated in here.

What a failed write proves is said by `proof.classify`; whether to send it again is decided by
whoever keeps the command's record, after reading the target.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from .envelopes import Reply
from .errors import BadAnswer
from .objects import Written
from .pacing import Purpose, Release
from .reader import PATIENCE_INTERACTIVE
from .transport import Transport

#: Yes, no, done, decline; the portal takes 0 for an empty answer.
ANSWERS: Final = (1, 2, 3, 4)


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
