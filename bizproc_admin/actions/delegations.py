"""Giving one's part of a workflow task to somebody else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from django.utils.translation import gettext_lazy as _

from bizproc_admin import bitrix
from bizproc_admin.access.permissions import Capability, may
from bizproc_admin.actions.base import (
    NotPossible,
    Verdict,
    administrators_hands,
    named,
    own_hands,
)
from bizproc_admin.actions.workflow_tasks import (
    WAITING,
    Judgement,
    TaskAction,
    moved_on,
)
from bizproc_admin.models import (
    Account,
    Person,
    WorkflowTask,
)


@dataclass(frozen=True, kw_only=True)
class DelegateTask(TaskAction):
    """Return one person's part of a workflow task to another person.

    Calls bizproc.task.delegate with one task. An administrator without a token of their own acts
    through the portal's connection; everybody else needs their own.
    """

    from_person: Person
    to_person: Person

    name = "workflow_task.delegate"
    label = _("Delegate")
    capability = Capability.DELEGATE_WORKFLOW_TASKS
    method = "bizproc.task.delegate"
    PEOPLE = ("from", "to")

    @property
    def part_of(self) -> Person:
        return self.from_person

    @property
    def on_behalf_of(self) -> str:
        return self.from_person.name

    def permits(self, actor: Account) -> bool:
        if not actor.reaches(self.portal):
            return False
        return self.from_person.pk in actor.circle or may(actor, Capability.ACT_FOR_OTHERS)

    def may_use(self, actor: Account, person: Person | None) -> bool:
        if person is None and not may(actor, Capability.ACT_FOR_OTHERS):
            return False
        return super().may_use(actor, person)

    def acts_as(self, actor: Account) -> Person | None:
        if may(actor, Capability.ACT_FOR_OTHERS):
            return administrators_hands(actor, self.portal)
        person = own_hands(actor, self.portal)
        if person is None:
            raise NotPossible("token_needed_to_delegate")
        return person

    def obstacle(self, task: WorkflowTask) -> NotPossible | None:
        if obstacle := super().obstacle(task):
            return obstacle
        receiver = self.to_person
        has_left = receiver.gone_at is not None or not receiver.is_active
        if has_left or receiver.is_guest:
            return NotPossible("receiver_works_no_more", who=[named(receiver)])
        takers = [part.person for part in task.assignments.all() if part.gone_at is None]
        if receiver in takers:
            return NotPossible("already_takes_part", who=[named(receiver)])
        return None

    def inputs(self) -> dict[str, Any]:
        return {"from": self.from_person.remote_id, "to": self.to_person.remote_id}

    def labels(self) -> dict[str, Any]:
        return {"from": named(self.from_person), "to": named(self.to_person)}

    @classmethod
    def with_inputs(
        cls,
        task: WorkflowTask,
        inputs: Mapping[str, Any],
        *,
        people: Mapping[int, Person],
        reason: str,
    ) -> Self:
        return cls(
            task=task,
            from_person=people[inputs["from"]],
            to_person=people[inputs["to"]],
            reason=reason,
        )

    def judgement(self, rows: Sequence[bitrix.TaskRow]) -> Judgement:
        if not rows:
            return Verdict.ENDED, "workflow_ended", {}
        own = next((row for row in rows if row.user_id == self.from_person.remote_id), None)
        takes_part = any(row.user_id == self.to_person.remote_id for row in rows)
        if own is not None and own.user_status == WAITING and own.status == 0:
            if takes_part:
                # sent all the same, the portal would refuse it; and an answer that settles the
                # task deletes this part: then it looked as if it had gone to the receiver
                return Verdict.OVERTAKEN, "already_takes_part", {"who": [named(self.to_person)]}
            return Verdict.UNTOUCHED, "", {}
        if own is not None:
            values = {"who": [named(self.from_person)], "answer": own.user_status}
            return Verdict.OVERTAKEN, "already_answered", values
        if takes_part:
            return Verdict.DONE, "already_delegated", {"who": [named(self.to_person)]}
        # the receiver may have passed it on, or another's vote has settled it: not to be told
        return Verdict.ENDED, *moved_on(self.task, rows)

    def send(self, writer: bitrix.Writer) -> bitrix.Written:
        return writer.workflow_tasks.delegate(
            self.task.remote_id,
            from_user_id=self.from_person.remote_id,
            to_user_id=self.to_person.remote_id,
        )
