"""Starting a workflow: choosing a template, its form, and what became of it."""

from dataclasses import dataclass

from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bizproc_admin.access.permissions import Capability, Request, may, requires
from bizproc_admin.actions import StartWorkflow
from bizproc_admin.actions.base import administers, own_hands
from bizproc_admin.audit import By
from bizproc_admin.commands import TargetBusy, contest, decide, recognise
from bizproc_admin.diagrams.reading import Unreadable, read
from bizproc_admin.diagrams.steps import WAITING
from bizproc_admin.forms.commands import ContestForm, DecisionForm, RecognitionForm, candidates_of
from bizproc_admin.forms.starting import StartForm
from bizproc_admin.htmx import page, part, wants_part
from bizproc_admin.models import Command, CommandState, Workflow, WorkflowTemplate
from bizproc_admin.models.searching import searchable
from bizproc_admin.models.template_versions import structure_of
from bizproc_admin.views.issuing import InTheWay, try_to_issue
from bizproc_admin.wording import acts
from bizproc_admin.wording.command_errors import said
from bizproc_admin.wording.meanings import step_of

MOST_OFFERED = 200
MOST_TRIES = 10
FORM = "workflows/start.html"
OUTCOME = "workflows/start_outcome.html"


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A template that may be started, and how many of its workflows run."""

    template: WorkflowTemplate
    running: int


@require_http_methods(["GET", "POST"])
@requires(Capability.START_WORKFLOWS)
def workflow_start(request: Request) -> HttpResponse:
    """Give the templates to choose from, the form of the chosen one, and take what it holds."""
    if is_gone(request):
        return choice_page(request, problem=said("template_gone", {}), status=404)
    again = earlier(request)
    template = chosen(request, again)
    if template is None:
        return choice_page(request)
    if request.method != "POST":
        return start_page(request, template, blank(request, template, again))
    if "pick" in request.POST:
        typed = request.POST.copy()
        typed["document"] = request.POST["pick"]
        return start_page(request, template, StartForm(template, viewer=request.user, draft=typed))
    form = StartForm(template, request.POST, viewer=request.user)
    if not form.is_valid():
        if form.is_outdated:
            form.renew()
        form.focus_error()
        return start_page(request, template, form, status=422)
    action = form.action(again=again.pk if again else None)
    made = try_to_issue(request, action, key=form.cleaned_data["key"])
    if isinstance(made, InTheWay):
        form.renew()
        return start_page(request, template, form, in_the_way=made, status=409)
    url = reverse("workflow_start_outcome", args=[made.pk])
    if wants_part(request):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = url
        return response
    return redirect(url)


@require_POST
@requires(Capability.START_WORKFLOWS)
def workflow_start_preview(request: Request) -> HttpResponse:
    """Answer with what is known before it starts, and what would be sent, as the form stands."""
    template = chosen(request, None)
    if template is None:
        raise Http404
    form = StartForm(template, request.POST, viewer=request.user)
    form.is_valid()
    context = {**context_of(request, template, form), "is_part": True}
    return part(request, FORM, "preview", context)


@require_safe
@requires(Capability.START_WORKFLOWS)
def workflow_start_outcome(request: Request, pk: int) -> HttpResponse:
    """Show what becomes of a start; lead to the workflow as soon as it is known."""
    command = own_start(request, pk)
    workflow = command.workflow
    if wants_part(request) and workflow and command.state == CommandState.CONFIRMED:
        response = HttpResponse(status=204)
        response["HX-Redirect"] = reverse("workflow_detail", args=[workflow.pk])
        return response
    return outcome_page(request, command)


@require_POST
@requires(Capability.START_WORKFLOWS)
def workflow_start_decision(request: Request, pk: int) -> HttpResponse:
    """Take a person's word for what came of a start whose answer was lost: this one, or none."""
    command = own_start(request, pk)
    by = By.of(request)
    if "workflow" in request.POST:
        form = RecognitionForm(request.POST, command=command)
        if not form.is_valid():
            return outcome_page(request, command, recognition=form, status=422)
        workflow = form.cleaned_data["workflow"]
        if recognise(command, workflow, by=by, reason=form.cleaned_data["reason"]):
            return redirect("workflow_detail", pk=workflow.pk)
        return outcome_page(request, own_start(request, pk), status=409)
    closing = DecisionForm(request.POST)
    if not closing.is_valid():
        return outcome_page(request, command, closing=closing, status=422)
    if command.state != CommandState.NEEDS_HUMAN:
        return outcome_page(request, command, status=409)
    if not decide(command, by=by, reason=closing.cleaned_data["reason"]):
        return outcome_page(request, own_start(request, pk), status=409)
    if "again" in request.POST:
        return redirect(f"{reverse('workflow_start')}?again={command.pk}")
    return redirect("workflow_start_outcome", pk=pk)


@require_POST
@requires(Capability.START_WORKFLOWS)
def workflow_start_contest(request: Request, pk: int) -> HttpResponse:
    """Take a person's word that the workflow found is not of this start."""
    command = own_start(request, pk)
    form = ContestForm(request.POST)
    if not form.is_valid():
        return outcome_page(request, command, contesting=form, status=422)
    try:
        is_done = contest(command, by=By.of(request), reason=form.cleaned_data["reason"])
    except TargetBusy as other:
        return outcome_page(request, command, busy=other.command, status=409)
    if not is_done:
        return outcome_page(request, own_start(request, pk), status=409)
    return redirect("workflow_start_outcome", pk=pk)


# --- parts --------------------------------------------------------------------------------------


def asked(request: Request) -> str:
    return request.GET.get("q", "").strip()[:200].replace("\x00", "")


def number_of(request: Request, name: str) -> int | None:
    given = request.POST.get(name) or request.GET.get(name, "")
    return int(given) if given.isdecimal() and len(given) < 19 else None


def choice_page(request: Request, *, problem: str = "", status: int = 200) -> HttpResponse:
    offers = offered(request)
    context = {
        "offered": offers[:MOST_OFFERED],
        "left_out": max(0, len(offers) - MOST_OFFERED),
        "q": asked(request),
        "is_administrator": administers(request.user),
        "problem": problem,
    }
    return page(request, FORM, context, partial="choice", status=status)


def is_gone(request: Request) -> bool:
    """Tell whether the template asked for is one that the viewer knows and the portal does not."""
    known = WorkflowTemplate.objects.visible_to(request.user)
    number = number_of(request, "template")
    return known.filter(pk=number or 0, is_hidden=False).exclude(gone_at=None).exists()


def offered(request: Request) -> list[Offer]:
    """Return the templates that a viewer may start, by what they run on and by name."""
    found = WorkflowTemplate.objects.offered_to(request.user).filter(portal=request.portal)
    rows = found.defer("parameters").order_by("kind", "name", "pk")
    running = Workflow.objects.at(request.portal).running().order_by().values_list("template")
    counts = dict(running.annotate(Count("pk")))
    text = searchable(asked(request))
    return [
        Offer(template=one, running=counts.get(one.pk, 0))
        for one in rows
        if text in searchable(one.name)
    ]


def chosen(request: Request, again: Command | None) -> WorkflowTemplate | None:
    """Return the template that is to be started; 404 for one that is not the viewer's to start."""
    offered = WorkflowTemplate.objects.offered_to(request.user).select_related("portal")
    if again is not None:
        return get_object_or_404(offered, portal=again.portal, remote_id=again.inputs["template"])
    if (number := number_of(request, "template")) is not None:
        return get_object_or_404(offered, pk=number)
    if (workflow := like(request)) is not None:
        return get_object_or_404(offered, pk=workflow.template_id)
    return None


def like(request: Request) -> Workflow | None:
    """Return the workflow that another one is to be started like."""
    number = number_of(request, "workflow")
    if number is None:
        return None
    visible = Workflow.objects.visible_to(request.user).select_related("document")
    return get_object_or_404(visible, pk=number)


def earlier(request: Request) -> Command | None:
    """Return the start that this one is a new try of."""
    number = number_of(request, "again")
    return None if number is None else own_start(request, number)


def own_start(request: Request, pk: int) -> Command:
    """Return a start of one's own, or of anybody's to whoever may see commands."""
    starts = Command.objects.visible_to(request.user).filter(action=StartWorkflow.name)
    if not may(request.user, Capability.SEE_COMMANDS):
        starts = starts.filter(actor=request.user)
    return get_object_or_404(
        starts.select_related("portal", "as_person", "workflow", "actor"), pk=pk
    )


def blank(request: Request, template: WorkflowTemplate, again: Command | None) -> StartForm:
    """Return the form as it is first shown: filled with what was sent before, where it was."""
    document, values = request.GET.get("document", "")[:2000], None
    if again is not None:
        document, values = again.inputs["document"][2], again.inputs["parameters"]
    elif (workflow := like(request)) is not None:
        document = workflow.document.document_id
        starts = workflow.commands.filter(action=StartWorkflow.name)
        if not may(request.user, Capability.SEE_COMMANDS):
            starts = starts.filter(actor=request.user)
        before = starts.first()
        values = before.inputs["parameters"] if before else None
    return StartForm(template, viewer=request.user, document=document, values=values)


def start_page(
    request: Request,
    template: WorkflowTemplate,
    form: StartForm,
    *,
    in_the_way: InTheWay | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {**context_of(request, template, form), "in_the_way": in_the_way}
    return page(request, FORM, context, partial="form", status=status)


def context_of(request: Request, template: WorkflowTemplate, form: StartForm) -> dict[str, object]:
    hands = own_hands(request.user, template.portal)
    fields = [(one, form[one.name]) for one in form.parameters]
    return {
        "template": template,
        "form": form,
        "fields": fields,
        "missing": [one.label for one in form.parameters if one.name in form.errors],
        "ends_at_once": ends_at_once(template),
        "required_count": sum(one.is_required for one in form.parameters),
        "hands": hands,
        "needs_sign_in": hands is None and not administers(request.user),
        "is_administrator": administers(request.user),
        "sent": sent_of(form),
        "again": request.POST.get("again") or request.GET.get("again", ""),
    }


def ends_at_once(template: WorkflowTemplate) -> bool:
    """Tell whether no step of a template waits, so that its workflows end as they are started."""
    structure = structure_of(template)
    if structure is None:
        return False
    try:
        steps = read(structure.template).walk()
    except Unreadable:
        return False
    return not any(step.is_active and step.kind in WAITING for step in steps)


def sent_of(form: StartForm) -> list[tuple[str, str]]:
    """Return what would be sent, in the portal's own names and as it is written."""
    rows = [("TEMPLATE_ID", str(form.template.remote_id))]
    if form.triple:
        rows.append(("DOCUMENT_ID", " · ".join(form.triple)))
    if form.is_bound:
        for key, value in form.values().items():
            rows.append((key, ", ".join(value) if isinstance(value, list) else value))
    return rows


def outcome_page(
    request: Request,
    command: Command,
    *,
    recognition: RecognitionForm | None = None,
    closing: DecisionForm | None = None,
    contesting: ContestForm | None = None,
    busy: Command | None = None,
    status: int = 200,
) -> HttpResponse:
    starts = Command.objects.visible_to(request.user).filter(action=StartWorkflow.name)
    # looked for where a new try makes sense, and never by a page that asks every second
    tries = starts.filter(portal=command.portal, pk__gt=command.pk, inputs__again=command.pk)
    entries = command.audit_entries.with_details().order_by("pk")
    context = {
        "command": command,
        "target": acts.target(command),
        "facts": acts.facts(command),
        "steps": [(entry, step_of(entry)) for entry in entries],
        "candidates": candidates_of(command).with_names(),
        "not_ours": command.evidence.get("not_ours"),
        "before": starts.filter(pk=command.inputs["again"] or 0).first(),
        "after": tries.order_by("pk")[:MOST_TRIES] if command.word == "refused" else (),
        "needs_decision": command.state == CommandState.NEEDS_HUMAN,
        "can_take_back": command.may_be_taken_back_by(request.user),
        "is_contestable": command.state == CommandState.EVIDENT,
        "recognition": recognition or RecognitionForm(command=command),
        "closing": closing or DecisionForm(),
        "contesting": contesting or ContestForm(),
        "busy": busy,
        "is_awaited": not command.is_settled and command.state != CommandState.NEEDS_HUMAN,
        "again_url": f"{reverse('workflow_start')}?again={command.pk}"
        if command.word == "refused"
        else "",
    }
    return page(request, OUTCOME, context, partial="body", status=status)
