"""The list of workflows, one workflow, and ending it."""

from collections.abc import Sequence

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bizproc_admin.access.permissions import Capability, Request, capabilities, requires
from bizproc_admin.actions import Action, KillWorkflow, TerminateWorkflow
from bizproc_admin.forms.endings import EndingForm, KillForm, TerminationForm
from bizproc_admin.htmx import accepted, dialog, page, part, wants_part
from bizproc_admin.lists.list_page import ListPage
from bizproc_admin.lists.shown import Shown
from bizproc_admin.lists.verbs import Verb
from bizproc_admin.lists.workflow_filters import WorkflowFilterForm
from bizproc_admin.lists.workflow_lines import WorkflowLine, workflow_line, workflow_lines
from bizproc_admin.lists.workflow_verbs import endings
from bizproc_admin.models import Command, FeedName, Workflow
from bizproc_admin.portals import naming, screens
from bizproc_admin.views.issuing import InTheWay, try_to_issue
from bizproc_admin.views.workflow_panels import opened, panel, told_of
from bizproc_admin.wording.freshness import freshness_of

# A page that asked for a reading looks for it so many times, then says that it has not come.
MOST_LOOKS = 4
WATCHING = "watching"


def lines_of(
    shown: Shown[WorkflowFilterForm, Workflow, WorkflowLine], workflows: Sequence[Workflow]
) -> list[WorkflowLine]:
    since = shown.filters.LASTS[shown.filters.last]
    return workflow_lines(workflows, portal=shown.request.portal, since=since)


def more_of(shown: Shown[WorkflowFilterForm, Workflow, WorkflowLine]) -> dict[str, object]:
    """Keep the count that the navigation shows, too; open what the address names."""
    filters = shown.filters
    if filters.part_shown == "running":
        if shown.everything is not None:
            shown.request.running_count = shown.everything
        elif filters.value("upto") is None:
            shown.request.running_count = shown.total
    return opened(shown.request)


def is_unlinked(shown: Shown[WorkflowFilterForm, Workflow, WorkflowLine]) -> bool:
    account = shown.request.user
    return not shown.total and not account.sees_all and not account.circle


def verbs_of(shown: Shown[WorkflowFilterForm, Workflow, WorkflowLine]) -> tuple[Verb, ...]:
    """Return what may be done to many: nothing to those that have ended."""
    portal = shown.request.portal
    if portal is None or shown.filters.part_shown == "ended":
        return ()
    return endings(is_by_gateway=portal.is_by_gateway)


WORKFLOWS = ListPage(
    noun="workflow",
    capability=Capability.SEE_WORKFLOWS,
    template="workflows/list.html",
    feed=FeedName.WORKFLOWS,
    filters=lambda request: WorkflowFilterForm(
        request.GET, portal=request.portal, viewer=request.user
    ),
    rows=lambda request: Workflow.objects.visible_to(request.user),
    fetched=lambda filters: Workflow.objects.for_rows(),
    lines=lines_of,
    unlinked=is_unlinked,
    seen=lambda shown: naming.look(shown.page.rows),
    more=more_of,
    is_live=True,
    verbs=verbs_of,
    columns={
        "state": gettext_lazy("State"),
        "waiting": gettext_lazy("Waiting for, ended by"),
        "started": gettext_lazy("Started"),
        "last": gettext_lazy("How long idle, locked, overdue or ended"),
    },
)


@require_safe
@requires(Capability.SEE_WORKFLOWS)
def workflow_menu(request: Request, pk: int) -> HttpResponse:
    """Answer with what a row's menu offers, when it is opened."""
    line = workflow_line(target_of(request, pk))
    return part(request, "workflows/list.html", "menu", {"line": line})


@require_safe
@requires(Capability.SEE_WORKFLOWS)
def workflow_detail(request: Request, pk: int) -> HttpResponse:
    """Give one workflow: a page, or the panel beside the list it was opened from."""
    workflow = target_of(request, pk)
    if wants_part(request) and "beside" in request.GET:
        return panel(request, workflow)
    told = told_of(request, workflow)
    given = request.GET.get("read", "")
    looks = min(int(given), MOST_LOOKS) if given.isdecimal() and len(given) < 3 else 0
    # a page that goes on watching asked for no reading, and some may not ask: they wait for none
    asks = given != WATCHING and Capability.REFRESH_WORKFLOWS in capabilities(request.user)
    is_awaiting = asks and workflow.is_running and not workflow.is_fresh
    siblings = (
        Workflow.objects.visible_to(request.user).filter(document=workflow.document).exclude(pk=pk)
    )
    context = told | {
        "siblings": siblings.latest_first()[:10],
        "raw": raw_fields(workflow),
        "freshness": freshness_of(request.portal, FeedName.WORKFLOWS),
        "is_stale": "read" not in request.GET,
        "is_looking": is_awaiting and looks < MOST_LOOKS,
        "is_unread": is_awaiting and looks >= MOST_LOOKS,
        "read": min(looks + 1, MOST_LOOKS) if is_awaiting else WATCHING,
        # a part carries what stands outside of it: the reading may have learnt the name
        "is_part": wants_part(request),
    }
    return page(request, "workflows/detail.html", context, partial="body")


@require_POST
@requires(Capability.REFRESH_WORKFLOWS)
def workflow_reading(request: Request, pk: int) -> HttpResponse:
    """Note that this workflow is looked at: it is read with all others that are, unless fresh."""
    workflow = get_object_or_404(Workflow.objects.visible_to(request.user), pk=pk)
    is_coming = workflow.is_running and screens.watch(
        workflow, request.user, is_fresh=workflow.is_fresh
    )
    if request.htmx:
        response = HttpResponse(status=204)
        if is_coming:
            response["HX-Trigger"] = "workflow-reading"
        return response
    return redirect("workflow_detail", pk=pk)


@require_http_methods(["GET", "POST"])
@requires(Capability.TERMINATE_WORKFLOWS)
def workflow_termination(request: Request, pk: int) -> HttpResponse:
    workflow = target_of(request, pk)
    blank = TerminationForm.blank(workflow)
    form = TerminationForm(
        request.POST or None, workflow=workflow, actor=request.user, initial=blank
    )
    if form.is_bound and form.is_valid():
        action = TerminateWorkflow(
            workflow=workflow,
            reason=form.cleaned_data["reason"],
            status=form.cleaned_data["status"],
            seen_modified=form.seen_modified,
        )
        return issued(request, workflow, form, action, "workflows/termination.html")
    return ending_dialog(request, workflow, form, "workflows/termination.html")


@require_http_methods(["GET", "POST"])
@requires(Capability.KILL_WORKFLOWS)
def workflow_kill(request: Request, pk: int) -> HttpResponse:
    workflow = target_of(request, pk)
    blank = KillForm.blank(workflow)
    form = KillForm(request.POST or None, workflow=workflow, actor=request.user, initial=blank)
    if form.is_bound and form.is_valid():
        action = KillWorkflow(
            workflow=workflow,
            reason=form.cleaned_data["reason"],
            seen_modified=form.seen_modified,
        )
        return issued(request, workflow, form, action, "workflows/kill.html")
    return ending_dialog(request, workflow, form, "workflows/kill.html")


def target_of(request: Request, pk: int) -> Workflow:
    return get_object_or_404(Workflow.objects.visible_to(request.user).with_names(), pk=pk)


def issued(
    request: Request, workflow: Workflow, form: EndingForm, action: Action, template: str
) -> HttpResponse:
    """Issue the command of a valid form; what stands in its way is said in the dialog."""
    made = try_to_issue(request, action, key=form.cleaned_data["key"])
    if isinstance(made, InTheWay):
        return ending_dialog(
            request, workflow, form, template, status=409, busy=made.busy, problem=made.problem
        )
    return accepted(
        request,
        changed=f"workflow-{workflow.pk}-changed",
        url=reverse("command_detail", args=[made.pk]),
        text=_("Requested. This page shows what becomes of it."),
    )


def ending_dialog(
    request: Request,
    workflow: Workflow,
    form: EndingForm,
    template: str,
    *,
    status: int | None = None,
    busy: Command | None = None,
    problem: str = "",
) -> HttpResponse:
    """Give the dialog of an ending: what will happen, what is known, and the form."""
    if busy is None and not form.is_bound:
        busy = workflow.commands.on_workflows().open().first()
    if not problem and not workflow.is_running:
        problem = _("This workflow has already ended: there is nothing to stop.")
    context = {
        "workflow": workflow,
        "form": form,
        "busy": busy,
        "problem": problem,
        "tasks": workflow.tasks.open().with_assignments(),
    }
    if status is None:
        status = 422 if form.is_bound else 200
    return dialog(request, template, context, status=status)


def raw_fields(workflow: Workflow) -> list[tuple[str, str]]:
    """Return the workflow in the portal's own field names (docs/portal.md: Running workflows)."""
    document = workflow.document
    owned_until = workflow.owned_until
    return [
        ("ID", workflow.remote_id),
        ("TEMPLATE_ID", str(workflow.template.remote_id)),
        ("MODULE_ID", document.module),
        ("ENTITY", document.entity),
        ("DOCUMENT_ID", document.document_id),
        ("STARTED", workflow.started_at.isoformat()),
        ("STARTED_BY", str(workflow.started_by.remote_id if workflow.started_by else 0)),
        ("MODIFIED", workflow.modified_at.isoformat()),
        ("OWNED_UNTIL", owned_until.isoformat() if owned_until else "null"),
    ]
