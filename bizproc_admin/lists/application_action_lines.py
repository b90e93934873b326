"""What a row says of an application action: where it is, what uses it, what waits for it."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import get_language

from bizproc_admin.diagrams.mentions import Named
from bizproc_admin.models import (
    Account,
    ApplicationAction,
    ApplicationStep,
    Command,
    Portal,
    StepState,
    TemplateMention,
    Workflow,
    WorkflowTemplate,
)
from bizproc_admin.models.application_definitions import ActionDefinition

# answers that the usual time is taken from, the latest of each action
MOST_ANSWERS = 500


@dataclass(frozen=True, kw_only=True)
class ApplicationActionLine:
    """An action or rule in words and figures.

    state is "there", "bare" where its definition is not known here, "missing" or "unlisted";
    command is what is under way with it. used_by are the templates that hold active steps of it,
    running how many workflows of theirs run, waiting how many steps wait for an answer, presumed
    how many more may, of which no call came; middle how long an answer usually took.
    """

    action: ApplicationAction
    definition: ActionDefinition
    command: Command | None
    used_by: list[WorkflowTemplate]
    running: int
    waiting: int
    presumed: int
    middle: timedelta | None

    @property
    def url(self) -> str:
        return reverse("application_action_detail", args=[self.action.pk])

    @property
    def name(self) -> str:
        return self.definition.named_in(get_language() or "")

    @property
    def state(self) -> str:
        return state_of(self.action)


def state_of(action: ApplicationAction) -> str:
    """Return how an action stands to the portal: there, bare, missing or unlisted."""
    if action.missing_since is not None:
        return "missing"
    if action.listed_at is None:
        return "unlisted"
    return "bare" if action.definition is None else "there"


def application_action_lines(
    actions: Sequence[ApplicationAction], *, portal: Portal, viewer: Account
) -> list[ApplicationActionLine]:
    """Return what rows of one portal's actions say, in as many queries as for one."""
    types = [one.step_type for one in actions]
    used_by = templates_by_type(types, portal=portal)
    templates = {one.pk for found in used_by.values() for one in found}
    running = running_of(templates, portal=portal, viewer=viewer)
    open_ones = Command.objects.open().filter(
        portal=portal, target_kind="application_action", target_id__in=types
    )
    under_way = {one.target_id: one for one in open_ones.order_by("pk")}
    steps = ApplicationStep.objects.at(portal).filter(
        state__in=(StepState.WAITING, StepState.PRESUMED)
    )
    kinds = steps.order_by().values("client_id", "code", "state").annotate(n=Count("pk"))
    waiting = Counter({(one["client_id"], one["code"], one["state"]): one["n"] for one in kinds})
    spans = answer_spans(portal)
    return [
        ApplicationActionLine(
            action=action,
            definition=ActionDefinition.from_api(action.definition),
            command=under_way.get(action.step_type),
            used_by=used_by.get(action.step_type, []),
            running=sum(running.get(one.pk, 0) for one in used_by.get(action.step_type, ())),
            waiting=waiting[action.client_id, action.code, StepState.WAITING.value],
            presumed=waiting[action.client_id, action.code, StepState.PRESUMED.value],
            middle=timedelta(seconds=median(found))
            if (found := spans.get((action.client_id, action.code)))
            else None,
        )
        for action in actions
    ]


def templates_by_type(types: Sequence[str], *, portal: Portal) -> dict[str, list[WorkflowTemplate]]:
    """Return the templates of a portal that hold active steps of some types, by the type."""
    mentions = TemplateMention.objects.at(portal).current()
    found = (
        mentions.filter(kind=Named.STEP, value__in=types, is_active=True)
        .order_by("template__name", "template")
        .values_list("value", "template")
        .distinct()
    )
    pairs = list(found)
    templates = WorkflowTemplate.objects.defer("parameters").in_bulk({pk for _type, pk in pairs})
    by_type: dict[str, list[WorkflowTemplate]] = defaultdict(list)
    for kind, pk in pairs:
        by_type[kind].append(templates[pk])
    return by_type


def running_of(templates: set[int], *, portal: Portal, viewer: Account) -> dict[int, int]:
    """Count the running workflows of templates that the viewer may see."""
    rows = Workflow.objects.visible_to(viewer).at(portal).running().filter(template__in=templates)
    counts = rows.order_by().values("template").annotate(n=Count("pk"))
    return dict(counts.values_list("template", "n"))


def answer_spans(portal: Portal) -> dict[tuple[str, str], list[float]]:
    """Return how many seconds the latest answers of each action took."""
    answered = ApplicationStep.objects.at(portal).filter(
        state__in=(StepState.DELIVERED, StepState.CONFIRMED), settled_at__isnull=False
    )
    latest = answered.order_by("-settled_at").values_list(
        "client_id", "code", "since", "settled_at"
    )
    spans: dict[tuple[str, str], list[float]] = defaultdict(list)
    for client_id, code, since, settled_at in latest[: 10 * MOST_ANSWERS]:
        found = spans[client_id, code]
        if settled_at is not None and len(found) < MOST_ANSWERS:
            found.append(max(0.0, (settled_at - since).total_seconds()))
    return spans
