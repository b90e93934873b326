"""The list of workflows, one workflow, and ending it."""

from django.db.models import Count, Max
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bizproc_admin.access.permissions import Capability, Request, capabilities, requires
from bizproc_admin.actions import Action, KillWorkflow, TerminateWorkflow
from bizproc_admin.forms.endings import EndingForm, RemovalForm, TerminationForm
from bizproc_admin.htmx import accepted, dialog, page, part, wants_part
from bizproc_admin.lists.pager import heads_of, pager_of, shown_of
from bizproc_admin.lists.paging import Page, page_of
from bizproc_admin.lists.workflow_choices import SINGLE, choices_of
from bizproc_admin.lists.workflow_filters import WorkflowFilterForm
from bizproc_admin.lists.workflow_lines import digest_of, equip
from bizproc_admin.models import Command, FeedName, Workflow, WorkflowTask
from bizproc_admin.models.commands import receivers
from bizproc_admin.portals import screens
from bizproc_admin.views.issuing import InTheWay, try_to_issue
from bizproc_admin.views.timelines import timeline_of
from bizproc_admin.wording import acts
from bizproc_admin.wording.freshness import freshness_of

# A page that asked for a reading looks for it so many times, then says that it has not come.
MOST_LOOKS = 4
WATCHING = "watching"
MOST_ROWS = 250


def filters_of(request: Request) -> WorkflowFilterForm:
    return WorkflowFilterForm(request.GET, portal=request.portal, viewer=request.user)


@require_safe
@requires(Capability.SEE_WORKFLOWS)
def workflow_list(request: Request) -> HttpResponse:
    filters = filters_of(request)
    found = listed(request, filters)
    context = {
        "filters": filters,
        "page": found,
        "rows": found.rows,
        "digest": digest_of(found.rows),
        "freshness": freshness_of(request.portal, FeedName.WORKFLOWS),
        "has_any": bool(found.total) or Workflow.objects.at(request.portal).exists(),
        "unlinked": not found.total and not request.user.sees_all and not request.user.circle,
        "heads": heads_of(filters),
        "pager": pager_of(filters, found),
        "shown": shown_of(filters),
    }
    response = page(request, "workflows/list.html", context, partial="table")
    if request.htmx:
        # the head of the page, which is not repainted, asks anew how many newer rows wait
        response["HX-Trigger-After-Settle"] = "workflow-list-changed"
    return response


@require_safe
@requires(Capability.SEE_WORKFLOWS)
def workflow_pulse(request: Request) -> HttpResponse:
    """Tell an open list how old it is and how many newer rows wait, or what became of its rows.

    Asked for rows, it gives them in the order they are shown, and nothing where nothing changed:
    rows are updated where they stand and never move under the pointer.
    """
    filters = filters_of(request)
    if "rows" in request.GET:
        return shown_rows(request)
    visible = Workflow.objects.visible_to(request.user).at(request.portal)
    upto = filters.value("upto")
    newer = 0 if upto is None else filters.narrow(visible).filter(pk__gt=upto).count()
    context = {
        "filters": filters,
        "newer": newer,
        "newer_url": reverse("workflow_list") + filters.query(page=None, upto=None),
        "freshness": freshness_of(request.portal, FeedName.WORKFLOWS),
    }
    return part(request, "workflows/list.html", "pulse", context)


@require_safe
@requires(Capability.SEE_WORKFLOWS)
def workflow_row(request: Request, pk: int) -> HttpResponse:
    workflow = get_object_or_404(Workflow.objects.visible_to(request.user).with_names(), pk=pk)
    equip([workflow])
    return part(request, "workflows/list.html", "row", {"workflow": workflow})


@require_safe
@requires(Capability.SEE_WORKFLOWS)
def workflow_choices(request: Request, chip: str) -> HttpResponse:
    """Give the choices of one filter chip with their counts; a page of its own without htmx."""
    filters = filters_of(request)
    visible = Workflow.objects.visible_to(request.user).at(request.portal)
    context = {
        "filters": filters,
        "chip": next((c for c in filters.chips() if c["name"] == chip), None),
        "is_single": chip in SINGLE,
        "chosen": filters.value(chip) or [],
        "choices": choices_of(chip, visible, filters),
        "others": filters.pairs(**{chip: None, "page": None, "upto": None}),
        "list_url": reverse("workflow_list"),
        "target": "#workflow-table",
    }
    return page(request, "workflows/choices.html", context, partial="choices")


@require_safe
@requires(Capability.SEE_WORKFLOWS)
def workflow_detail(request: Request, pk: int) -> HttpResponse:
    workflow = get_object_or_404(Workflow.objects.visible_to(request.user).with_names(), pk=pk)
    equip([workflow])
    tasks = list(workflow.tasks.with_assignments().order_by("-is_open", "-modified_at"))
    commands = list(workflow.commands.select_related("task").latest_first())
    names = receivers(commands)
    for command in commands:
        command.act = acts.event(command, names)  # type: ignore[attr-defined]  # for its row
    given = request.GET.get("read", "")
    looks = min(int(given), MOST_LOOKS) if given.isdecimal() and len(given) < 3 else 0
    # a page that goes on watching asked for no reading, and some may not ask: they wait for none
    asks = given != WATCHING and Capability.REFRESH_WORKFLOWS in capabilities(request.user)
    is_awaiting = asks and workflow.is_running and not workflow.is_fresh
    siblings = (
        Workflow.objects.visible_to(request.user).filter(document=workflow.document).exclude(pk=pk)
    )
    context = {
        "workflow": workflow,
        "tasks": tasks,
        "seen_tasks": set(
            WorkflowTask.objects.visible_to(request.user)
            .filter(workflow=workflow)
            .values_list("pk", flat=True)
        ),
        "commands": commands,
        "timeline": timeline_of(workflow, tasks, commands, viewer=request.user, names=names),
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
    form = TerminationForm(request.POST or None, initial=TerminationForm.blank(workflow))
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
def workflow_removal(request: Request, pk: int) -> HttpResponse:
    workflow = target_of(request, pk)
    form = RemovalForm(request.POST or None, initial=RemovalForm.blank(workflow))
    if form.is_bound and form.is_valid():
        action = KillWorkflow(
            workflow=workflow,
            reason=form.cleaned_data["reason"],
            seen_modified=form.seen_modified,
        )
        return issued(request, workflow, form, action, "workflows/removal.html")
    return ending_dialog(request, workflow, form, "workflows/removal.html")


# --- parts --------------------------------------------------------------------------------------


def listed(request: Request, filters: WorkflowFilterForm) -> Page:
    """Give the page of workflows the filters ask for, anchored at the newest row there was."""
    rows = filters.narrow(Workflow.objects.visible_to(request.user).at(request.portal))
    upto = filters.value("upto")
    if upto is not None:
        rows = rows.filter(pk__lte=upto)
    known = rows.order_by().aggregate(total=Count("pk"), newest=Max("pk"))
    if upto is None and not filters.has_filters and filters.part_shown == "running":
        request.running_count = known["total"]
    upto = upto if upto is not None else known["newest"] or 0
    found = page_of(
        rows.filter(pk__lte=upto).for_rows(request.portal).order_by(*filters.order),  # type: ignore[attr-defined]
        number=filters.value("page") or 1,
        size=filters.page_size,
        total=known["total"],
    )
    equip(found.rows, portal=request.portal)
    return Page(rows=found.rows, number=found.number, size=found.size, total=found.total, upto=upto)


def shown_rows(request: Request) -> HttpResponse:
    """Repaint the rows a list shows, in their order; 204 where they read the same as before."""
    given = [key for key in request.GET["rows"].split(".") if key.isdecimal() and len(key) < 19]
    keys = [int(key) for key in given[:MOST_ROWS]]
    found = Workflow.objects.visible_to(request.user).with_names().in_bulk(keys)
    rows = [found[key] for key in keys if key in found]
    equip(rows)
    digest = digest_of(rows)
    if request.GET.get("digest") == digest:
        return HttpResponse(status=204)
    return part(request, "workflows/list.html", "rows", {"rows": rows, "digest": digest})


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
    """Give the workflow in the portal's own field names, as last read (bitrix24-api 9.2)."""
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
