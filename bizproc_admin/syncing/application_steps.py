"""What the mirror tells of steps that wait for an application: which are over, which may wait.

Nothing is guessed. A step is over where its workflow has ended, where its time was over before the
portal worked on the workflow again, or where a task came after it in a template that does one thing
at a time. A workflow that runs without a task, and whose template holds a step that has not called,
may wait for it: that is presumed, and forgotten as soon as something else explains it.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from django.db.models import DateTimeField, Exists, ExpressionWrapper, F, OuterRef, Q
from django.utils import timezone

from bizproc_admin.diagrams.mentions import Named
from bizproc_admin.diagrams.reading import Unreadable, read
from bizproc_admin.diagrams.steps import Kind
from bizproc_admin.models import (
    ApplicationAction,
    ApplicationStep,
    Command,
    Feed,
    FeedName,
    Portal,
    StepState,
    TemplateMention,
    Workflow,
    WorkflowTask,
    WorkflowTemplate,
)
from bizproc_admin.models.application_actions import STEP_TYPE
from bizproc_admin.models.application_definitions import ActionDefinition
from bizproc_admin.models.application_steps import ApplicationStepQuerySet
from bizproc_admin.models.template_versions import structure_of
from bizproc_admin.syncing.merging import portions

# rows that are made of one step of a template in one go; the rest comes with the next passes
AT_ONCE: Final = 1000
CREATED_AT_ONCE: Final = 200
# a call may come so much later than its step began to wait
CALLS_WITHIN: Final = timedelta(minutes=2)
# a token that was brought here and not proven is kept so long
UNPROVEN_LIVES: Final = timedelta(hours=24)
CLOCKS_APART: Final = timedelta(seconds=5)
# in these several things may wait at once, so that a task of one tells nothing of another
AT_THE_SAME_TIME: Final = frozenset(
    {Kind.PARALLEL, Kind.LISTEN, Kind.STATES, Kind.NODES, Kind.EVENT}
)


def reconcile(portal: Portal) -> None:
    """Bring the steps of a portal to what its mirror tells after a pass."""
    steps = ApplicationStep.objects.filter(portal=portal)
    settle(portal, steps)
    forget_explained(steps)
    if knows_tasks(portal):
        presume(portal)


def forget_tokens() -> None:
    """Forget the tokens that people brought and that the portal has not said to be genuine."""
    long_ago = timezone.now() - UNPROVEN_LIVES
    ApplicationStep.objects.filter(
        state=StepState.UNVERIFIED, is_pasted=True, received_at=None, since__lt=long_ago
    ).delete()


def settle_of(portal: Portal, workflows: Iterable[int]) -> None:
    """Bring the steps of some workflows, by their keys, to what was just read of them."""
    steps = ApplicationStep.objects.filter(portal=portal, workflow__in=list(workflows))
    settle(portal, steps)
    forget_explained(steps)


def settle(portal: Portal, steps: ApplicationStepQuerySet) -> None:
    """Settle the steps that wait no more; one that is just being answered is its command's."""
    answers = Command.objects.open().filter(
        portal=portal, target_kind="application_step", target_id=OuterRef("token_digest")
    )
    waiting = steps.waiting().filter(~Exists(answers))
    now = timezone.now()
    ended = waiting.filter(workflow__is_running=False)
    update(ended, state=StepState.ENDED, settled_at=now)
    over = waiting.filter(until_at__lte=portal.now(), workflow__modified_at__gte=F("until_at"))
    update(over, state=StepState.TIMED_OUT, settled_at=now)
    settle_passed(waiting)


def update(steps: ApplicationStepQuerySet, **fields: object) -> None:
    """Change steps by their keys: an UPDATE with a join locks more than it changes."""
    for part in portions(list(steps.values_list("pk", flat=True))):
        ApplicationStep.objects.waiting().filter(pk__in=part).update(**fields)


def settle_passed(waiting: ApplicationStepQuerySet) -> None:
    """Settle the steps after which a task came, where only one thing is done at a time."""
    surely = ExpressionWrapper(OuterRef("since") + CLOCKS_APART, output_field=DateTimeField())
    later = WorkflowTask.objects.filter(workflow=OuterRef("workflow"), waiting_since__gt=surely)
    passed = waiting.filter(
        Exists(later),
        Q(workflow__template__modified_at=None)
        | Q(workflow__template__modified_at__lt=F("workflow__started_at")),
    )
    for template in WorkflowTemplate.objects.filter(pk__in=passed.values("workflow__template")):
        if does_one_thing(template):
            here = passed.filter(workflow__template=template)
            update(here, state=StepState.ELSEWHERE, settled_at=timezone.now())


def does_one_thing(template: WorkflowTemplate) -> bool:
    """Tell whether a template is known to do one thing after the other."""
    structure = structure_of(template)
    if structure is None:
        return False
    try:
        return not any(step.kind in AT_THE_SAME_TIME for step in read(structure.template).walk())
    except Unreadable:
        return False


def forget_explained(steps: ApplicationStepQuerySet) -> None:
    """Forget what was presumed where something else explains what a workflow does."""
    presumed = steps.filter(state=StepState.PRESUMED)
    others = ApplicationStep.objects.filter(workflow=OuterRef("workflow")).exclude(token_digest="")
    called = others.exclude(state=StepState.UNVERIFIED)
    explained = presumed.filter(
        Q(workflow__is_running=False)
        | Q(workflow__open_tasks__gt=0)
        | Q(workflow__owned_until__isnull=False)
        | Q(workflow__modified_at__gt=F("since"))
        | Exists(called.filter(Q(state=StepState.WAITING) | Q(name=OuterRef("name"))))
    )
    for part in portions(list(explained.values_list("pk", flat=True))):
        ApplicationStep.objects.filter(pk__in=part, state=StepState.PRESUMED).delete()


def knows_tasks(portal: Portal) -> bool:
    """Tell whether the tasks of the portal have been read whole, so that a lack of one counts."""
    feeds = Feed.objects.filter(portal=portal, name=FeedName.WORKFLOW_TASKS)
    return feeds.exclude(full_at=None).filter(failing_since=None).exists()


def presume(portal: Portal) -> None:
    """Note what running workflows without a task may wait for, by their templates."""
    mentions = TemplateMention.objects.filter(
        template__portal=portal, kind=Named.STEP, is_active=True, value__startswith=STEP_TYPE
    )
    actions = {
        action.step_type: action
        for action in ApplicationAction.objects.filter(portal=portal).order_by("pk")
    }
    for mention in mentions.order_by("pk"):
        action = actions.get(mention.value)
        if action is None or not never_waits(action):
            presume_of(portal, mention, action)


def never_waits(action: ApplicationAction) -> bool:
    """Tell whether steps of an action are said not to wait."""
    return ActionDefinition.from_api(action.definition).subscription == "N"


def presume_of(portal: Portal, mention: TemplateMention, action: ApplicationAction | None) -> None:
    """Note the workflows of a template that may wait for one of its steps."""
    steps = ApplicationStep.objects.filter(workflow=OuterRef("pk"))
    known = steps.exclude(state=StepState.UNVERIFIED).filter(name=mention.name)
    may_wait = (
        Workflow.objects.at(portal)
        .running()
        .filter(
            template=mention.template_id,
            open_tasks=0,
            owned_until=None,
            modified_at__lt=portal.now() - CALLS_WITHIN,
        )
        .filter(~Exists(known), ~Exists(steps.waiting()))
    )
    rows = may_wait.order_by("pk").values_list("pk", "remote_id", "modified_at")[:AT_ONCE]
    made = [
        ApplicationStep(
            portal=portal,
            workflow_id=pk,
            workflow_remote_id=remote_id,
            client_id=action.client_id if action else "",
            code=action.code if action else "",
            name=mention.name,
            since=modified_at,
            state=StepState.PRESUMED,
        )
        for pk, remote_id, modified_at in rows
    ]
    for part in portions(made, CREATED_AT_ONCE):
        ApplicationStep.objects.bulk_create(part, ignore_conflicts=True)
    if action is not None:
        nameless = ApplicationStep.objects.filter(
            workflow__template=mention.template_id, name=mention.name, state=StepState.PRESUMED
        )
        nameless.filter(code="").update(code=action.code, client_id=action.client_id)
