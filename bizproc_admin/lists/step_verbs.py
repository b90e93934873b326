"""Answering many steps of one action with the same values."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bizproc_admin.actions import AnswerStep, Item, NotPossible
from bizproc_admin.actions.step_action import action_of
from bizproc_admin.forms.confirmations import AnswersForm, ConfirmationForm
from bizproc_admin.forms.step_answers import return_values_of
from bizproc_admin.lists.step_lines import step_lines
from bizproc_admin.lists.verbs import Asker, Foreseen, Portion, Sample, Verb, keyed, template_names
from bizproc_admin.models import ApplicationStep, BulkOperation, Command, StepState
from bizproc_admin.wording.application_steps import definition_of


@dataclass(frozen=True, kw_only=True)
class AnswerSteps(Verb):
    """Steps that called and wait: each is answered once, by its own token."""

    noun: ClassVar[str] = "application_step"
    kinds: ClassVar[tuple[str, ...]] = ("action", "template")
    rivals: ClassVar[tuple[str, ...]] = (AnswerStep.name,)

    def refuses(self, rows: QuerySet[Any]) -> str:
        waiting = rows.filter(state=StepState.WAITING).order_by()
        if len(waiting.values_list("client_id", "code").distinct()[:2]) > 1:
            return _(
                "These steps are of several actions, which give back different values. Choose "
                "those of one: the filter “Action” shows them alone."
            )
        return ""

    def read(self, keys: Sequence[int], asker: Asker) -> Portion:
        wanted = set(keys)
        rows = ApplicationStep.objects.waiting().filter(keyed(keys)).exclude(token_digest="")
        columns = rows.exclude(workflow=None).order_by("pk")
        found = [
            row
            for row in columns.values_list("pk", "code", "workflow__template_id")
            if row[0] in wanted
        ]
        return Portion(
            items=[Item(pk=row[0]) for row in found],
            facts={kind: [row[1 + n] for row in found] for n, kind in enumerate(self.kinds)},
        )

    def names(self, kind: str, keys: Sequence[Any]) -> Mapping[Any, str]:
        return template_names(keys) if kind == "template" else {}

    def samples(self, keys: Sequence[int]) -> list[Sample]:
        rows = ApplicationStep.objects.for_rows().in_bulk(keys)
        steps = [rows[key] for key in keys if key in rows]
        lines = step_lines(steps, portal=steps[0].portal if steps else None)
        return [Sample(text=line.subject, note=line.title, url=line.url) for line in lines]

    def sampled(self, items: Sequence[Sequence[Any]]) -> list[Sample]:
        # asked for anew, a step is named by its own inputs
        return self.samples(list(dict.fromkeys(own.get("step", pk) for pk, _seen, own in items)))

    def foresee(self, operation: BulkOperation, items: Sequence[Sequence[Any]]) -> list[Foreseen]:
        wanted = {own.get("step", pk) for pk, _seen, own in items}
        rows = ApplicationStep.objects.waiting().filter(keyed(sorted(wanted)))
        waiting = {
            digest: pk for pk, digest in rows.values_list("pk", "token_digest") if pk in wanted
        }
        open_ones = Command.objects.open().filter(
            portal=operation.portal_id, action=AnswerStep.name, target_id__in=list(waiting)
        )
        busy = Counter(open_ones.values_list("actor_name", flat=True))
        return [
            Foreseen(code="step_over", count=len(wanted) - len(waiting)),
            *(Foreseen(code="busy", count=n, values={"by": by}) for by, n in busy.items()),
        ]

    def obstacle(self, operation: BulkOperation) -> NotPossible | None:
        step = first_of(operation)
        action = action_of(step)
        if action is None or action.definition is None:
            return NotPossible("definition_unknown")
        if action.missing_since is not None:
            return NotPossible("definition_missing")
        values = return_values_of(step.portal, definition_of(action))
        if any(one.kind == "file" and one.is_required for one in values):
            return NotPossible("file_in_every_answer")
        return super().obstacle(operation)

    def form(self, data: Any, operation: BulkOperation) -> ConfirmationForm:
        form, step = ConfirmationForm(data, operation=operation), first_of(operation)
        if "values" in form.own:
            # asked for anew, with the values that were given before
            return form
        definition = definition_of(action_of(step))
        return AnswersForm(data, operation=operation, step=step, definition=definition)


def first_of(operation: BulkOperation) -> ApplicationStep:
    """Return the first step of a list, all of which are of one action."""
    part = operation.parts.order_by("place")[0]
    pk, _seen, own = part.items[0]
    steps = ApplicationStep.objects.select_related("portal", "workflow__template")
    return steps.get(pk=own.get("step", pk))


ANSWER = AnswerSteps(
    action=AnswerStep,
    label=gettext_lazy("Answer…"),
    icon="send",
    nothing=gettext_lazy("None of the rows chosen is a step that called and waits for an answer."),
)
