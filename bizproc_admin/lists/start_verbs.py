"""Starting a workflow on many documents: a list that a file names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from bizproc_admin.actions import StartWorkflow
from bizproc_admin.bitrix.gateway import ENTITIES
from bizproc_admin.forms.confirmations import ConfirmationForm
from bizproc_admin.lists.verbs import Asker, Foreseen, Portion, Sample, Verb, template_names
from bizproc_admin.models import BulkOperation, WorkflowTemplate


@dataclass(frozen=True, kw_only=True)
class StartWorkflows(Verb):
    """Starts of one template: the targets are documents, which no list here shows."""

    noun: ClassVar[str] = "workflow"
    kinds: ClassVar[tuple[str, ...]] = ("template",)
    rivals: ClassVar[tuple[str, ...]] = (StartWorkflow.name,)

    def read(self, keys: Sequence[int], asker: Asker) -> Portion:
        """Read nothing: what is started on stands in a file."""
        raise NotImplementedError

    def names(self, kind: str, keys: Sequence[Any]) -> Mapping[Any, str]:
        return template_names(keys)

    def samples(self, keys: Sequence[int]) -> list[Sample]:
        return []

    def sampled(self, items: Sequence[Sequence[Any]]) -> list[Sample]:
        """Return documents with what is given beside them."""
        return [
            Sample(
                text=own["document"][2],
                note=", ".join(f"{key}: {value}" for key, value in own["parameters"].items()),
                url="",
            )
            for _pk, _seen, own in items
        ]

    def foresee(self, operation: BulkOperation, items: Sequence[Sequence[Any]]) -> list[Foreseen]:
        keys = {pk for pk, _seen, _own in items}
        listed = WorkflowTemplate.objects.listed().filter(pk__in=keys)
        there = set(listed.values_list("pk", flat=True))
        gone = sum(pk not in there for pk, _seen, _own in items)
        elsewhere = [own for _pk, _seen, own in items if tuple(own["document"][:2]) not in ENTITIES]
        return [
            Foreseen(code="template_gone", count=gone),
            Foreseen(
                code="document_not_through_gateway",
                count=len(elsewhere) if operation.portal.is_by_gateway else 0,
            ),
        ]

    def form(self, data: Any, operation: BulkOperation) -> ConfirmationForm:
        return ConfirmationForm(data, operation=operation)


START = StartWorkflows(action=StartWorkflow, label=_("Start…"), icon="circle-play")
