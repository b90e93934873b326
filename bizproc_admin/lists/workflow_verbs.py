"""Ending many workflows at once."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from django.db.models import TextField
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bizproc_admin.actions import Item, KillWorkflow, TerminateWorkflow
from bizproc_admin.forms.confirmations import ConfirmationForm, TerminationsForm
from bizproc_admin.lists.verbs import (
    Asker,
    Foreseen,
    Portion,
    Sample,
    Verb,
    age_of,
    keyed,
    moment_of,
)
from bizproc_admin.models import BulkOperation, Command, Person, Workflow, WorkflowTemplate
from bizproc_admin.wording.choosing import AGES

# both end the same workflow, so that one is in the way of the other
EFFECT = "end"


@dataclass(frozen=True, kw_only=True)
class EndWorkflows(Verb):
    """What terminating and killing many workflows share."""

    noun: ClassVar[str] = "workflow"
    kinds: ClassVar[tuple[str, ...]] = ("template", "age", "starter")
    rivals: ClassVar[tuple[str, ...]] = (TerminateWorkflow.name, KillWorkflow.name)

    def read(self, keys: Sequence[int], asker: Asker) -> Portion:
        wanted = set(keys)
        rows = Workflow.objects.filter(keyed(keys)).order_by("pk")
        found = [
            row
            for row in rows.values_list(
                "pk",
                # written and read as a text: a hundred thousand moments are a second otherwise
                Cast("modified_at", TextField()),
                "template_id",
                age_of("started_at", asker.now),
                "started_by_id",
            )
            if row[0] in wanted
        ]
        return Portion(
            items=[Item(pk=row[0], seen=moment_of(row[1])) for row in found],
            facts={kind: [row[2 + n] for row in found] for n, kind in enumerate(self.kinds)},
        )

    def names(self, kind: str, keys: Sequence[Any]) -> Mapping[Any, str]:
        if kind == "age":
            return {key: str(AGES[key]) for key in keys}
        model: type[WorkflowTemplate | Person] = WorkflowTemplate if kind == "template" else Person
        found = model._default_manager.filter(pk__in=[key for key in keys if key])
        return {None: _("the portal itself"), **{row.pk: str(row) for row in found}}

    def samples(self, keys: Sequence[int]) -> list[Sample]:
        rows = Workflow.objects.with_names().in_bulk(keys)
        return [
            Sample(
                text=rows[key].template_name,
                note=rows[key].document_name,
                url=reverse("workflow_detail", args=[key]),
            )
            for key in keys
            if key in rows
        ]

    def foresee(self, operation: BulkOperation, items: Sequence[Sequence[Any]]) -> list[Foreseen]:
        keys = sorted(item[0] for item in items)
        wanted = set(keys)
        over = Workflow.objects.filter(keyed(keys), is_running=False)
        ended = wanted.intersection(over.values_list("pk", flat=True))
        open_ones = Command.objects.open().filter(
            portal=operation.portal_id, target_kind="workflow", effect=EFFECT
        )
        asked_for = open_ones.filter(keyed(keys, "workflow__pk")).values_list(
            "workflow_id", "actor_name"
        )
        busy = Counter(by for pk, by in asked_for if pk in wanted and pk not in ended)
        return [
            Foreseen(code="workflow_has_ended", count=len(ended)),
            *(Foreseen(code="busy", count=n, values={"by": by}) for by, n in busy.items()),
        ]

    def form(self, data: Any, operation: BulkOperation) -> ConfirmationForm:
        if self.action is TerminateWorkflow:
            return TerminationsForm(data, operation=operation)
        return ConfirmationForm(data, operation=operation)


TERMINATE = EndWorkflows(
    action=TerminateWorkflow, label=gettext_lazy("Terminate…"), icon="circle-stop", tone="danger"
)
KILL = EndWorkflows(
    action=KillWorkflow,
    label=gettext_lazy("Kill…"),
    icon="trash-2",
    tone="danger-solid",
    is_last_resort=True,
)
# what it is through the gateway, which tells less of what it does
END_BY_FORCE = replace(KILL, label=gettext_lazy("End by force…"))


def endings(*, is_by_gateway: bool) -> tuple[Verb, ...]:
    """Return the ways to end workflows, as the way to their portal calls them."""
    return TERMINATE, END_BY_FORCE if is_by_gateway else KILL
