"""What a row says of a workflow template: how it starts, how it is used, what is wrong with it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import get_language

from bizproc_admin.diagrams.mentions import Named
from bizproc_admin.models import (
    Account,
    ApplicationAction,
    Person,
    Portal,
    TemplateFigures,
    TemplateMention,
    TemplateVersion,
    Workflow,
    WorkflowTemplate,
)
from bizproc_admin.models.counting import SAMPLED, is_told, kept_count, key_of
from bizproc_admin.models.workloads import are_counted
from bizproc_admin.wording.templates import fault, owner_of, start_of

# so many faults of one template are named
MOST_FAULTS = 5


@dataclass(frozen=True, kw_only=True)
class TemplateLine:
    """A template in words and figures.

    running counts what the viewer may see, is_least says that there may be more; figures are None
    for who does not see everything, and until they were counted. faults say what cannot go well,
    the first of all there are. state is "due" while the structure was not read since it changed,
    "too_large" where it cannot be, else empty.
    """

    template: WorkflowTemplate
    url: str
    start: str
    owner: str
    running: int
    is_least: bool
    figures: TemplateFigures | None
    faults: list[str]
    state: str

    @property
    def pk(self) -> int:
        return self.template.pk

    @property
    def reads(self) -> object:
        return self.pk

    @property
    def overdue(self) -> int:
        """Return how many in a hundred running workflows wait past a deadline."""
        figures = self.figures
        if figures is None or not figures.running:
            return 0
        return round(100 * figures.overdue / figures.running)

    @property
    def median(self) -> timedelta | None:
        return span(self.figures.median) if self.figures else None

    @property
    def slowest(self) -> timedelta | None:
        return span(self.figures.slowest) if self.figures else None


def template_lines(
    templates: Sequence[WorkflowTemplate], *, portal: Portal | None, viewer: Account
) -> list[TemplateLine]:
    """Return what rows of templates of one portal say; figures must have been fetched."""
    keys = [template.pk for template in templates]
    running, is_least = counted(templates, portal=portal, viewer=viewer)
    faults = faults_of(keys, portal=portal)
    versions = TemplateVersion.objects.filter(template__in=keys).order_by("pk")
    latest: dict[int, int | None] = dict(versions.values_list("template", "structure_id"))
    return [
        TemplateLine(
            template=template,
            url=reverse("workflow_template_detail", args=[template.pk]),
            start=start_of(template),
            owner=owner_of(template),
            running=running.get(template.pk, 0),
            is_least=is_least,
            figures=getattr(template, "figures", None) if viewer.sees_all else None,
            faults=faults.get(template.pk, []),
            state=state_of(template, latest),
        )
        for template in templates
    ]


def counted(
    templates: Sequence[WorkflowTemplate], *, portal: Portal | None, viewer: Account
) -> tuple[dict[int, int], bool]:
    """Count the running workflows of templates that the viewer may see; True: some of them alone.

    Where more run than are counted, what the workers counted last is told to who sees them all;
    of one template they are counted for anybody else.
    """
    keys = [template.pk for template in templates]
    running = Workflow.objects.visible_to(viewer).at(portal).running()
    if viewer.sees_all:
        is_exact = not are_counted(portal)
    else:
        is_exact = len(keys) == 1 or is_told(kept_count(key_of("running", viewer, portal), running))
    if is_exact:
        of_keys = running.filter(template__in=keys).order_by().values_list("template")
        return dict(of_keys.annotate(n=Count("pk"))), False
    if viewer.sees_all:
        figures = TemplateFigures.objects.filter(template__in=keys)
        return dict(figures.values_list("template", "running")), False
    some = running.order_by().values_list("template", flat=True)
    return Counter(some[:SAMPLED]), True


def faults_of(keys: Sequence[int], *, portal: Portal | None) -> dict[int, list[str]]:
    """Return what is wrong with each of some templates, in words."""
    broken = list(TemplateMention.objects.filter(template__in=keys).broken().in_order())
    numbers = {one.number or 0 for one in broken if one.kind == Named.PERSON}
    people = Person.objects.at(portal).filter(remote_id__in=numbers) if numbers else []
    by_number = {person.remote_id: person for person in people}
    types = [one.value for one in broken if one.kind == Named.STEP]
    actions = ApplicationAction.objects.at(portal).names_of(types, get_language() or "")
    found: dict[int, list[str]] = {}
    for one in broken:
        said = found.setdefault(one.template_id, [])
        if len(said) < MOST_FAULTS:
            said.append(
                fault(
                    one.kind,
                    value=one.value,
                    number=one.number,
                    title=one.title,
                    person=by_number.get(one.number or 0),
                    action=actions.get(one.value, ""),
                )
            )
    return found


def state_of(template: WorkflowTemplate, latest: Mapping[int, int | None]) -> str:
    if template.is_hidden or template.gone_at is not None:
        return ""
    if template.is_structure_due or template.pk not in latest:
        return "due"
    return "" if latest[template.pk] else "too_large"


def span(seconds: int | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)
