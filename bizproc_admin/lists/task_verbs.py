"""Delegating and answering many workflow tasks at once."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bizproc_admin.access.permissions import Capability, may
from bizproc_admin.actions import CompleteTask, DelegateTask, Item
from bizproc_admin.forms.confirmations import ConfirmationForm, DelegationsForm
from bizproc_admin.lists.task_filters import GROUPS, WorkflowTaskFilterForm
from bizproc_admin.lists.task_lines import quick_answers
from bizproc_admin.lists.verbs import Asker, Foreseen, Portion, Sample, Verb, keyed
from bizproc_admin.models import (
    Assignment,
    BulkOperation,
    Command,
    Person,
    WorkflowTask,
    WorkflowTemplate,
)
from bizproc_admin.models.workflow_tasks import caption_of


@dataclass(frozen=True, kw_only=True)
class OnTasks(Verb):
    """What acts on people's parts of many workflow tasks: each part is a target."""

    noun: ClassVar[str] = "workflow_task"
    rivals: ClassVar[tuple[str, ...]] = (DelegateTask.name, CompleteTask.name)
    # what of a target's own inputs says whose part it is
    whose: ClassVar[str]

    def names(self, kind: str, keys: Sequence[Any]) -> Mapping[Any, str]:
        if kind == "deadline":
            return {key: str(GROUPS[key]) for key in keys}
        if kind == "answer":
            return {key: caption_in(key) for key in keys}
        model: type[WorkflowTemplate | Person] = WorkflowTemplate if kind == "template" else Person
        return {row.pk: str(row) for row in model._default_manager.filter(pk__in=keys)}

    def samples(self, keys: Sequence[int]) -> list[Sample]:
        rows = WorkflowTask.objects.for_rows().select_related("workflow__template").in_bulk(keys)
        return [
            Sample(
                text=str(rows[key]),
                note=f"{rows[key].workflow.template_name} · {rows[key].workflow.document_name}",
                url=reverse("workflow_task_detail", args=[key]),
            )
            for key in keys
            if key in rows
        ]

    def foresee(self, operation: BulkOperation, items: Sequence[Sequence[Any]]) -> list[Foreseen]:
        parts = {(pk, own[self.whose]) for pk, _seen, own in items}
        keys = sorted({pk for pk, _number in parts})
        waiting = Assignment.objects.waiting().filter(keyed(keys, "task__pk"))
        open_parts = parts.intersection(waiting.values_list("task_id", "person__remote_id"))
        open_ones = Command.objects.open().filter(
            keyed(keys, "task__pk"), portal=operation.portal_id, target_kind="workflow_task"
        )
        effects = {(pk, f"part:{number}") for pk, number in open_parts}
        busy = Counter(
            by
            for pk, effect, by in open_ones.values_list("task_id", "effect", "actor_name")
            if (pk, effect) in effects
        )
        return [
            Foreseen(code="part_over", count=len(parts) - len(open_parts)),
            *(Foreseen(code="busy", count=n, values={"by": by}) for by, n in busy.items()),
        ]

    @abstractmethod
    def people(self, asker: Asker) -> set[int] | None:
        """Return whose parts are meant, by key; None for everybody's."""


@dataclass(frozen=True, kw_only=True)
class DelegateTasks(OnTasks):
    """Parts of those whose tasks are shown, and whose part the account may give away."""

    kinds: ClassVar[tuple[str, ...]] = ("template", "person", "deadline")
    whose: ClassVar[str] = "from"

    def people(self, asker: Asker) -> set[int] | None:
        filters = asker.filters
        assert isinstance(filters, WorkflowTaskFilterForm)  # noqa: S101 - of the list of tasks
        bounds = [filters.scopes.get(filters.whose_shown, set())]
        if assignees := filters.values("assignee"):
            bounds.append({int(key) for key in assignees})
        if not may(asker.account, Capability.ACT_FOR_OTHERS):
            bounds.append(set(asker.account.circle))
        known = [people for people in bounds if people is not None]
        return set.intersection(*known) if known else None

    def read(self, keys: Sequence[int], asker: Asker) -> Portion:
        wanted, people = set(keys), self.people(asker)
        parts = Assignment.objects.waiting().filter(keyed(keys, "task__pk"))
        if people is not None:
            parts = parts.filter(person__in=people)
        columns = parts.order_by("task_id", "pk").values_list(
            "task_id",
            "person__remote_id",
            "task__workflow__template_id",
            "person_id",
            "task__overdue_at",
        )
        found = [row for row in columns if row[0] in wanted]
        group_at = asker.filters.group_at  # type: ignore[attr-defined]  # of the list of tasks
        return Portion(
            items=[Item(pk=pk, own={"from": number}) for pk, number, *_facts in found],
            facts={
                "template": [row[2] for row in found],
                "person": [row[3] for row in found],
                "deadline": [group_at(row[4]) for row in found],
            },
        )

    def probing(self, own: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"to": own["from"]}

    def form(self, data: Any, operation: BulkOperation) -> ConfirmationForm:
        return DelegationsForm(data, operation=operation)


@dataclass(frozen=True, kw_only=True)
class AnswerTasks(OnTasks):
    """The account's own parts, answered alike; what needs words or values is set aside."""

    agrees: bool

    kinds: ClassVar[tuple[str, ...]] = ("answer", "template", "deadline")
    whose: ClassVar[str] = "person"

    @property
    def name(self) -> str:
        return f"{self.action.name}.{'agree' if self.agrees else 'disagree'}"

    def people(self, asker: Asker) -> set[int] | None:
        own = asker.account.person_at(asker.portal)
        return {own.pk} if own else set()

    def read(self, keys: Sequence[int], asker: Asker) -> Portion:
        own = asker.account.person_at(asker.portal)
        mine = Assignment.objects.waiting().filter(person__in=self.people(asker) or ())
        rows = WorkflowTask.objects.filter(keyed(keys), pk__in=mine.values("task"))
        rows = (
            rows.order_by("pk")
            .select_related("workflow")
            .only("activity", "parameters", "overdue_at", "workflow__template")
        )
        wanted, items, aside = set(keys), [], []
        facts: dict[str, list[object]] = {kind: [] for kind in self.kinds}
        group_at = asker.filters.group_at  # type: ignore[attr-defined]  # of the list of tasks
        for task in rows.iterator(chunk_size=500):
            if task.pk not in wanted or own is None:
                continue
            quick = [one for one in quick_answers(task) if one.answer.agrees == self.agrees]
            if not (quick and quick[0].is_quick):
                aside.append(task.pk)
                continue
            answer = quick[0].answer
            items.append(Item(pk=task.pk, own={"person": own.remote_id, "answer": answer.status}))
            own_caption = task.own_caption(answer.status)
            facts["answer"].append(f"{task.activity}:{answer.status}:{own_caption}")
            facts["template"].append(task.workflow.template_id)
            facts["deadline"].append(group_at(task.overdue_at))
        return Portion(items=items, facts=facts, aside=aside)

    def form(self, data: Any, operation: BulkOperation) -> ConfirmationForm:
        return ConfirmationForm(data, operation=operation)


def caption_in(key: str) -> str:
    """Return an answer's caption from its key as a fact: activity, status, the portal's own."""
    activity, status, own = key.split(":", 2)
    return own or caption_of(activity, int(status))


NOT_YOURS: Promise = _(
    "None of the rows chosen can be answered like that: they wait for others, or need your input."
)
DELEGATE = DelegateTasks(
    action=DelegateTask,
    label=_("Delegate…"),
    icon="users",
    nothing=_("None of the rows chosen waits for somebody whose part you may give away."),
)
AGREE = AnswerTasks(
    action=CompleteTask, label=_("Agree…"), icon="check", agrees=True, nothing=NOT_YOURS
)
DISAGREE = AnswerTasks(
    action=CompleteTask, label=_("Reject…"), icon="x", agrees=False, tone="danger",
    nothing=NOT_YOURS,
)  # fmt: skip
