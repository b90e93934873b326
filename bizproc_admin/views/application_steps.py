"""Steps that wait for an application: the list, one of them, and answering it."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from statistics import median

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bizproc_admin.access.permissions import Capability, Request, may, requires
from bizproc_admin.actions import AnswerStep, CheckToken
from bizproc_admin.actions.step_action import action_of
from bizproc_admin.forms.step_answers import AnswerForm, LogLineForm, TokenForm
from bizproc_admin.htmx import page, part, wants_part
from bizproc_admin.lists.list_page import ListPage
from bizproc_admin.lists.shown import Shown
from bizproc_admin.lists.step_filters import ANSWERED, StepFilterForm
from bizproc_admin.lists.step_lines import StepLine, step_lines
from bizproc_admin.lists.step_verbs import ANSWER
from bizproc_admin.models import (
    ApplicationAction,
    ApplicationStep,
    AuditEntry,
    CallReceiver,
    Command,
    FeedName,
    StepState,
    Workflow,
)
from bizproc_admin.models.application_steps import token_digest
from bizproc_admin.views.issuing import InTheWay, try_to_issue
from bizproc_admin.wording.application_steps import definition_of, given_of, meaning_of
from bizproc_admin.wording.command_errors import said
from bizproc_admin.wording.meanings import step_of

DETAIL, TOKEN = "application_steps/detail.html", "application_steps/token.html"
# so many of the latest waits say how long it usually lasts
SAMPLE = 200
MOST_COMMANDS = 10


def lines_of(
    shown: Shown[StepFilterForm, ApplicationStep, StepLine], steps: Sequence[ApplicationStep]
) -> list[StepLine]:
    return step_lines(steps, portal=shown.request.portal)


def more_of(
    shown: Shown[StepFilterForm, ApplicationStep, StepLine],
) -> dict[str, object]:
    """Tell when a call last came in, and how many were refused."""
    portal = shown.request.portal
    if portal is None:
        return {}
    receivers = CallReceiver.objects.filter(portal=portal, client_id=portal.client_id)
    return {"receiver": receivers.first()}


STEPS = ListPage(
    noun="application_step",
    capability=Capability.SEE_STEPS,
    template="application_steps/list.html",
    feed=FeedName.WORKFLOWS,
    filters=lambda request: StepFilterForm(request.GET, portal=request.portal, viewer=request.user),
    rows=lambda request: ApplicationStep.objects.visible_to(request.user),
    fetched=lambda filters: ApplicationStep.objects.for_rows(),
    lines=lines_of,
    more=more_of,
    is_live=True,
    every=5,
    columns={"state": gettext_lazy("State"), "since": gettext_lazy("Waits, until")},
    verbs=lambda shown: (ANSWER,) if shown.filters.part_shown in ("all", "waiting") else (),
)


@require_safe
@requires(Capability.SEE_STEPS)
def application_step_detail(request: Request, pk: int) -> HttpResponse:
    """Show one step; asked for a part, what changes by itself of it: its state, its answers."""
    step = step_for(request, pk)
    if wants_part(request):
        return part(request, DETAIL, "stand", stand_of(request, step))
    return detail_page(request, step)


@require_POST
@requires(Capability.ANSWER_STEPS)
def application_step_answer(request: Request, pk: int) -> HttpResponse:
    """Take an answer to a step."""
    step = step_for(request, pk)
    action = action_of(step)
    form = AnswerForm(step, definition_of(action), request.POST, request.FILES)
    if problem := why_not(step, action):
        form.renew()
        return detail_page(request, step, form=form, in_the_way=problem, status=409)
    if not form.is_valid():
        if form.is_outdated:
            form.renew()
        form.focus_error()
        return detail_page(request, step, form=form, status=422)
    made = try_to_issue(request, form.action(), key=form.cleaned_data["key"])
    if isinstance(made, InTheWay):
        form.renew()
        return detail_page(request, step, form=form, in_the_way=made, status=409)
    return redirect("application_step_detail", pk=pk)


@require_POST
@requires(Capability.ANSWER_STEPS)
def application_step_log(request: Request, pk: int) -> HttpResponse:
    """Take a line for the log of a step that goes on waiting."""
    step = step_for(request, pk)
    form = LogLineForm(step, request.POST)
    if not form.is_valid():
        return detail_page(request, step, log_form=form, status=422)
    made = try_to_issue(request, form.action(), key=form.cleaned_data["key"])
    if isinstance(made, InTheWay):
        form.renew()
        return detail_page(request, step, log_form=form, in_the_way=made, status=409)
    return redirect("application_step_detail", pk=pk)


@require_http_methods(["GET", "POST"])
@requires(Capability.ANSWER_STEPS)
def application_step_token(request: Request) -> HttpResponse:
    """Take a token that a person brings: it is checked first, without effect.

    Through the gateway nothing tells whether a token is genuine before it is used.
    """
    form = TokenForm(request.POST or None, initial={"key": uuid.uuid4()})
    if not form.is_bound:
        return page(request, TOKEN, {"form": form}, partial="form")
    if not form.is_valid():
        return page(request, TOKEN, {"form": form}, partial="form", status=422)
    workflows = Workflow.objects.visible_to(request.user).at(request.portal)
    workflow = workflows.select_related("portal").filter(remote_id=form.workflow_id).first()
    if workflow is None:
        form.add_error("token", said("token_of_unknown_workflow", {}))
        return page(request, TOKEN, {"form": form}, partial="form", status=422)
    step, _is_new = ApplicationStep.objects.get_or_create(
        portal=workflow.portal,
        token_digest=token_digest(form.secret.reveal()),
        defaults={
            "client_id": workflow.portal.client_id,
            "code": code_of(workflow, form.step_name),
            "name": form.step_name,
            "workflow": workflow,
            "workflow_remote_id": workflow.remote_id,
            "token": form.secret,
            "since": workflow.portal.now(),
            "is_pasted": True,
            "state": StepState.UNVERIFIED,
        },
    )
    if step.state == StepState.UNVERIFIED and workflow.portal.is_by_gateway:
        ApplicationStep.objects.filter(pk=step.pk, state=step.state).update(
            state=StepState.WAITING, workflow=workflow
        )
        return redirect("application_step_detail", pk=step.pk)
    if step.state == StepState.UNVERIFIED:
        ApplicationStep.objects.filter(pk=step.pk, workflow=None).update(workflow=workflow)
        step.refresh_from_db()
        made = try_to_issue(request, CheckToken(step=step, reason=""), key=form.cleaned_data["key"])
        if isinstance(made, InTheWay) and made.busy is None:
            return page(
                request, TOKEN, {"form": form, "in_the_way": made}, partial="form", status=409
            )
    return redirect("application_step_detail", pk=step.pk)


# --- parts --------------------------------------------------------------------------------------


def step_for(request: Request, pk: int) -> ApplicationStep:
    visible = ApplicationStep.objects.visible_to(request.user).select_related(
        "portal", "workflow__template", "workflow__document", "answer"
    )
    return get_object_or_404(visible, pk=pk)


def detail_page(
    request: Request,
    step: ApplicationStep,
    *,
    form: AnswerForm | None = None,
    log_form: LogLineForm | None = None,
    in_the_way: InTheWay | None = None,
    status: int = 200,
) -> HttpResponse:
    action = action_of(step)
    problem = why_not(step, action)
    may_answer = may(request.user, Capability.ANSWER_STEPS)
    stand = stand_of(request, step)
    if form is None and may_answer and problem is None and not stand["is_being_answered"]:
        form = AnswerForm(step, definition_of(action))
    if log_form is None and may_answer and step.state == StepState.WAITING:
        log_form = LogLineForm(step)
    context = {
        **stand,
        # there is a form then, on this very page
        "can_answer_anew": False,
        "form": form if may_answer else None,
        "log_form": log_form,
        "problem": problem.problem if problem and may_answer else "",
        "lacks_definition": may_answer and step.state == StepState.WAITING and problem is not None,
        "in_the_way": in_the_way,
        "given": given_of(step, action),
        "action_known": action,
        "is_part": False,
    }
    return page(request, DETAIL, context, partial="body", status=status)


def stand_of(request: Request, step: ApplicationStep) -> dict[str, object]:
    """Return what of a step changes by itself."""
    (line,) = step_lines([step], portal=step.portal)
    commands = []
    if step.token_digest:
        here = Command.objects.filter(
            portal=step.portal, target_kind="application_step", target_id=step.token_digest
        )
        commands = list(here.select_related("portal").latest_first()[:MOST_COMMANDS])
    answers = [one for one in commands if one.action == AnswerStep.name]
    is_being_answered = any(not one.is_settled for one in answers)
    return {
        "step": step,
        "line": line,
        "means": meaning_of(step, line.now),
        "usual": usual_wait(step),
        "lives": [(one, steps_of(one)) for one in commands],
        "is_busy": any(not one.is_settled for one in commands),
        "is_being_answered": is_being_answered,
        "can_answer_anew": step.state == StepState.WAITING
        and bool(answers)
        and not is_being_answered,
        "is_waiting": step.state == StepState.WAITING,
        "was_answered": step.state in ANSWERED,
        "refused_check": refused_check(step, commands),
        "is_part": True,
    }


def steps_of(command: Command) -> list[tuple[AuditEntry, str]]:
    """Return what happened at each step of a command, the latest first."""
    entries = command.audit_entries.with_details().order_by("-pk")
    return [(entry, step_of(entry)) for entry in entries]


def refused_check(step: ApplicationStep, commands: Sequence[Command]) -> Command | None:
    """Return the check that the portal refused, of a token that is still not verified."""
    latest = next((one for one in commands if one.action == CheckToken.name), None)
    is_refused = latest is not None and latest.is_settled and latest.word != "confirmed"
    return latest if step.state == StepState.UNVERIFIED and is_refused else None


def why_not(step: ApplicationStep, action: ApplicationAction | None) -> InTheWay | None:
    """Return why a step cannot be answered by a form, None where it can."""
    code = ""
    if step.state != StepState.WAITING:
        code = "step_is_over" if step.has_called else "step_without_token"
    elif step.workflow is None:
        code = "step_without_workflow"
    elif action is None or action.definition is None:
        code = "definition_unknown"
    elif action.missing_since is not None:
        code = "definition_missing"
    return InTheWay(problem=said(code, {})) if code else None


def usual_wait(step: ApplicationStep) -> timedelta | None:
    """Return how long steps of the same action waited in the middle, where some were answered."""
    answered = ApplicationStep.objects.filter(
        portal=step.portal, code=step.code, state__in=ANSWERED, settled_at__isnull=False
    )
    spans = [
        (settled_at - since).total_seconds() if settled_at else 0.0
        for settled_at, since in answered.order_by("-settled_at").values_list(
            "settled_at", "since"
        )[:SAMPLE]
    ]
    return timedelta(seconds=max(0.0, median(spans))) if spans else None


def code_of(workflow: Workflow, step_name: str) -> str:
    """Return the code of the action that a step of a workflow's template is of, where known."""
    kinds = workflow.template.mentions.filter(kind="step", name=step_name).values_list(
        "value", flat=True
    )
    found = ApplicationAction.objects.filter(portal=workflow.portal, step_type__in=list(kinds))
    action = found.first()
    return action.code if action else ""
