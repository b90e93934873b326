"""The list of workflows, one workflow, and ending it."""

from typing import Any

from django.db.models import Count, Max, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bizproc_admin import audit, doorbell
from bizproc_admin.actions import Action, KillWorkflow, NotPossible, TerminateWorkflow
from bizproc_admin.commands import KeyReused, TargetBusy, issue
from bizproc_admin.forms.workflows import (
    EndingForm,
    RemovalForm,
    TerminationForm,
    WorkflowFilterForm,
)
from bizproc_admin.htmx import accepted, dialog, page, part
from bizproc_admin.models import (
    Assignment,
    Command,
    FeedName,
    Workflow,
)
from bizproc_admin.paging import Page, page_of
from bizproc_admin.permissions import Capability, Request, requires
from bizproc_admin.views.freshness import freshness_of
from bizproc_admin.views.timelines import timeline_of


@require_safe
@requires(Capability.SEE_WORKFLOWS)
def workflow_list(request: Request) -> HttpResponse:
    filters = WorkflowFilterForm(request.GET, portal=request.portal)
    context = {
        "filters": filters,
        "page": listed(request, filters),
        "freshness": freshness_of(request.portal, FeedName.WORKFLOWS),
        "has_any": True,
    }
    if not context["page"].total:  # type: ignore[attr-defined]
        context["has_any"] = Workflow.objects.at(request.portal).exists()
    return page(request, "workflows/list.html", context, partial="table")


@require_safe
@requires(Capability.SEE_WORKFLOWS)
def workflow_pulse(request: Request) -> HttpResponse:
    """Tell a list that is open how old it is and how many newer rows wait."""
    filters = WorkflowFilterForm(request.GET, portal=request.portal)
    visible = Workflow.objects.visible_to(request.user).at(request.portal)
    upto = filters.value("upto")
    newer = filters.narrow(visible).filter(pk__gt=upto).count() if upto else 0
    context = {
        "filters": filters,
        "newer": newer,
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
    filters = WorkflowFilterForm(request.GET, portal=request.portal)
    visible = Workflow.objects.visible_to(request.user).at(request.portal)
    context = {
        "filters": filters,
        "chip": next((c for c in filters.chips() if c["name"] == chip), None),
        "is_single": chip in ("condition", "age", "idle"),
        "chosen": filters.value(chip) or [],
        "choices": choices_of(chip, visible, filters),
        "others": filters.pairs(**{chip: None, "page": None, "upto": None}),
    }
    return page(request, "workflows/choices.html", context, partial="choices")


@require_safe
@requires(Capability.SEE_WORKFLOWS)
def workflow_detail(request: Request, pk: int) -> HttpResponse:
    workflow = get_object_or_404(Workflow.objects.visible_to(request.user).with_names(), pk=pk)
    equip([workflow])
    tasks = list(workflow.tasks.with_assignments().order_by("-is_open", "-modified_at"))
    commands = list(workflow.commands.latest_first())
    context = {
        "workflow": workflow,
        "tasks": tasks,
        "commands": commands,
        "timeline": timeline_of(workflow, tasks, commands),
        "siblings": Workflow.objects.visible_to(request.user)
        .filter(document=workflow.document)
        .exclude(pk=pk)
        .latest_first()[:10],
        "raw": raw_fields(workflow),
        "freshness": freshness_of(request.portal, FeedName.WORKFLOWS),
        "is_stale": request.GET.get("read") is None,
    }
    return page(request, "workflows/detail.html", context, partial="body")


@require_POST
@requires(Capability.REFRESH_WORKFLOWS)
def workflow_reading(request: Request, pk: int) -> HttpResponse:
    """Ask for just this workflow to be read again by a worker; ignored when it is fresh."""
    workflow = get_object_or_404(Workflow.objects.visible_to(request.user), pk=pk)
    if workflow.is_running and not workflow.is_fresh:
        doorbell.ring("reread_workflow", workflow.pk, queue=doorbell.INTERACTIVE)
    if request.htmx:
        response = HttpResponse(status=204)
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
    visible = Workflow.objects.visible_to(request.user).at(request.portal)
    upto = filters.value("upto")
    if upto is None:
        upto = visible.aggregate(newest=Max("pk"))["newest"] or 0
    rows = filters.narrow(visible)
    found = page_of(
        rows.filter(pk__lte=upto).with_names().order_by(*filters.order),  # type: ignore[attr-defined]
        number=filters.value("page") or 1,
        size=filters.page_size,
    )
    equip(found.rows)
    return Page(rows=found.rows, number=found.number, size=found.size, total=found.total, upto=upto)


def equip(workflows: Any) -> None:
    """Give each workflow who it waits for and its last command, in two queries for all of them."""
    by_pk = {workflow.pk: workflow for workflow in workflows}
    for workflow in workflows:
        workflow.waits, workflow.command = [], None
    waiting = (
        Assignment.objects.filter(
            task__workflow__in=by_pk, task__is_open=True, status=0, gone_at=None
        )
        .select_related("person", "task")
        .order_by("task__overdue_at", "pk")
    )
    for assignment in waiting:
        by_pk[assignment.task.workflow_id].waits.append(assignment)
    latest = Command.objects.filter(workflow__in=by_pk).values("workflow").annotate(latest=Max("pk"))
    for command in Command.objects.filter(pk__in=latest.values("latest")):
        by_pk[command.workflow_id].command = command


def choices_of(
    chip: str, visible: QuerySet[Workflow], filters: WorkflowFilterForm
) -> list[dict[str, Any]]:
    """Give a chip's choices, most frequent first: key, label and count among what is shown."""
    shown = WorkflowFilterForm({"show": filters.value("show") or "running"}, portal=filters.portal)
    rows = shown.narrow(visible).order_by()
    if chip in ("condition", "age", "idle"):
        return [
            {"key": key, "label": label, "count": None}
            for key, label in filters.fields[chip].choices  # type: ignore[attr-defined]
            if key
        ]
    if chip == "kind":
        labels = dict(filters.fields["kind"].choices)  # type: ignore[attr-defined]
        counted = rows.values_list("document_kind").annotate(n=Count("pk")).order_by("-n")
        return [{"key": k, "label": labels.get(k, k), "count": n} for k, n in counted]
    if chip == "template":
        named = rows.values_list("template_id", "template_name").annotate(n=Count("pk"))
        return [{"key": k, "label": t, "count": n} for k, t, n in named.order_by("-n")]
    if chip == "starter":
        named = rows.values_list("started_by_id", "started_by_name").annotate(n=Count("pk"))
        return [
            {"key": k or "system", "label": t or _("the portal itself"), "count": n}
            for k, t, n in named.order_by("-n")[:200]
        ]
    waiting = (
        Assignment.objects.filter(
            task__workflow__in=rows, task__is_open=True, status=0, gone_at=None
        )
        .values_list("person_id", "person__name", "person__remote_id")
        .annotate(n=Count("task__workflow_id", distinct=True))
        .order_by("-n")[:200]
    )
    return [{"key": k, "label": t or _("Person %d") % r, "count": n} for k, t, r, n in waiting]


def target_of(request: Request, pk: int) -> Workflow:
    return get_object_or_404(Workflow.objects.visible_to(request.user).with_names(), pk=pk)


def issued(
    request: Request, workflow: Workflow, form: EndingForm, action: Action, template: str
) -> HttpResponse:
    """Issue the command of a valid form; what stands in its way is said in the dialog."""
    try:
        command = issue(
            action, actor=request.user, key=form.cleaned_data["key"], ip=audit.ip_of(request)
        )
    except TargetBusy as busy:
        return ending_dialog(request, workflow, form, template, status=409, busy=busy.command)
    except NotPossible as why:
        return ending_dialog(request, workflow, form, template, status=409, problem=str(why))
    except KeyReused:
        problem = _("This form was sent before with other contents. Close it and open it again.")
        return ending_dialog(request, workflow, form, template, status=409, problem=problem)
    return accepted(
        request,
        changed=f"workflow-{workflow.pk}-changed",
        url=reverse("command_detail", args=[command.pk]),
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
        busy = workflow.commands.open().first()
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
