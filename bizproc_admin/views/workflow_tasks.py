"""The inbox of workflow tasks, one task, and what becomes of them while a page is open."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from bizproc_admin.access.permissions import Capability, Request, requires
from bizproc_admin.htmx import page, part, wants_part
from bizproc_admin.lists.inbox import (
    counted,
    filters_behind,
    filters_of,
    head,
    listed,
    scopes_shown,
    visible,
)
from bizproc_admin.lists.pager import pager_of
from bizproc_admin.lists.task_choices import SINGLE, choices_of
from bizproc_admin.lists.task_filters import WorkflowTaskFilterForm
from bizproc_admin.lists.task_lines import digest_of, equip
from bizproc_admin.models import FeedName, WorkflowTask
from bizproc_admin.portals import screens
from bizproc_admin.views.task_panels import is_beside_a_list, panel, panel_of, task_of, undoable
from bizproc_admin.wording.freshness import freshness_of

MOST_ROWS = 250


@require_safe
@requires(Capability.SEE_WORKFLOW_TASKS)
def workflow_task_list(request: Request) -> HttpResponse:
    filters = filters_of(request)
    found, known = listed(request, filters)
    context = {
        **rows_context(found.rows),
        "filters": filters,
        "page": found,
        "counts": known,
        "scopes": scopes_shown(request, filters, known),
        "freshness": freshness_of(request.portal, FeedName.WORKFLOW_TASKS),
        "has_any": bool(found.total) or WorkflowTask.objects.at(request.portal).exists(),
        "unlinked": request.portal is not None and not filters.scopes,
        "sorts": sorts_of(filters),
        "pager": pager_of(filters, found),
        **opened(request, filters),
    }
    response = page(request, "workflow_tasks/list.html", context, partial="table")
    if request.htmx:
        response["HX-Trigger-After-Settle"] = "workflow-task-list-changed"
    return response


@require_safe
@requires(Capability.SEE_WORKFLOW_TASKS)
def workflow_task_pulse(request: Request) -> HttpResponse:
    """Tell an open inbox how old it is and how many newer tasks wait, or what became of its rows.

    Asked for rows, it gives them in the order they are shown, and nothing where nothing changed;
    asked for what can be undone, just that.
    """
    if "rows" in request.GET:
        return shown_rows(request)
    if "undo" in request.GET:
        return part(request, "workflow_tasks/list.html", "undo", {"undoable": undoable(request)})
    filters = filters_of(request)
    upto = filters.value("upto")
    rows = filters.narrow(visible(request))
    newer = 0 if upto is None else rows.filter(pk__gt=upto).count()
    context = {
        "filters": filters,
        "newer": newer,
        "newer_url": reverse("workflow_task_list") + filters.query(page=None, upto=None),
        "freshness": freshness_of(request.portal, FeedName.WORKFLOW_TASKS),
    }
    return part(request, "workflow_tasks/list.html", "pulse", context)


@require_safe
@requires(Capability.SEE_WORKFLOW_TASKS)
def workflow_task_choices(request: Request, chip: str) -> HttpResponse:
    """Give the choices of one filter chip with their counts; a page of its own without htmx."""
    filters = filters_of(request)
    context = {
        "filters": filters,
        "chip": next((c for c in filters.chips() if c["name"] == chip), None),
        "is_single": chip in SINGLE,
        "chosen": filters.value(chip) or [],
        "choices": choices_of(chip, visible(request), filters),
        "others": filters.pairs(**{chip: None, "page": None, "upto": None}),
        "list_url": reverse("workflow_task_list"),
        "target": "#workflow-task-table",
    }
    return page(request, "workflows/choices.html", context, partial="choices")


@require_safe
@requires(Capability.SEE_WORKFLOW_TASKS)
def workflow_task_detail(request: Request, pk: int) -> HttpResponse:
    """Give one task: a page, a list's panel, or nothing where an open panel says all there is."""
    task = task_of(request, pk)
    context = panel_of(request, task)
    if request.GET.get("version") == context["state_version"]:
        return HttpResponse(status=204)
    response = panel(request, task)
    if wants_part(request) and "beside" in request.GET:
        response["HX-Push-Url"] = address_beside(request, pk)
    return response


@require_safe
@requires(Capability.SEE_WORKFLOW_TASKS)
def workflow_task_row(request: Request, pk: int) -> HttpResponse:
    """Give one row anew, as the list shows it whose parts of tasks are looked at."""
    context = {"task": task_of(request, pk), "filters": filters_of(request)}
    return part(request, "workflow_tasks/list.html", "row", context)


@require_POST
@requires(Capability.REFRESH_WORKFLOW_TASKS)
def workflow_task_reading(request: Request, pk: int) -> HttpResponse:
    """Note that this task is looked at: its workflow is read with all others that are."""
    task = task_of(request, pk)
    is_coming = task.is_open and screens.watch(task.workflow, request.user, is_fresh=task.is_fresh)
    if request.htmx:
        response = HttpResponse(status=204)
        if is_coming:
            response["HX-Trigger"] = "workflow-reading"
        return response
    return redirect("workflow_task_detail", pk=pk)


# --- parts --------------------------------------------------------------------------------------


def rows_context(rows: Any) -> dict[str, Any]:
    return {"rows": rows, "digest": digest_of(rows)}


def shown_rows(request: Request) -> HttpResponse:
    """Repaint the rows an inbox shows, in their order; 204 where they read the same as before."""
    given = [key for key in request.GET["rows"].split(".") if key.isdecimal() and len(key) < 19]
    keys = [int(key) for key in given[:MOST_ROWS]]
    filters = filters_of(request)
    found = visible(request).for_rows().in_bulk(keys)  # type: ignore[attr-defined]
    rows = [found[key] for key in keys if key in found]
    equip(rows, request=request, filters=filters)
    context = rows_context(rows)
    if request.GET.get("digest") == context["digest"]:
        return HttpResponse(status=204)
    head(rows, filters, counted(filters.narrow(visible(request)), filters))
    return part(request, "workflow_tasks/list.html", "rows", {**context, "filters": filters})


def opened(request: Request, filters: WorkflowTaskFilterForm) -> dict[str, Any]:
    """Give the panel of the task that the address names as open, if there is one to see."""
    pk = filters.value("open")
    if pk is None or wants_part(request) or not visible(request).filter(pk=pk).exists():
        return {}
    return {**panel_of(request, task_of(request, pk)), "opened": True, "is_panel": True}


def address_beside(request: Request, pk: int) -> str:
    """Give the address of the list the browser is at, with one task open beside it."""
    behind = filters_behind(request)
    if is_beside_a_list(request):
        return reverse("workflow_task_list") + behind.query(open=pk)
    return reverse("workflow_task_detail", args=[pk]) + behind.kept_open


def sorts_of(filters: WorkflowTaskFilterForm) -> dict[str, dict[str, str]]:
    """Give each head that sorts: its label, its address and the order it stands in."""
    labels = {
        "deadline": _("Deadline"),
        "waiting": _("Waits"),
        "name": _("Task"),
        "template": _("Template"),
        "starter": _("Started by"),
    }
    current = filters.sorted_by
    heads = {}
    for key in filters.SORTS:
        is_current = current.lstrip("-") == key
        is_rising = not current.startswith("-")
        starts_down = key == "waiting"
        turned = is_rising if is_current else starts_down
        heads[key] = {
            "label": labels[key],
            "url": filters.query(sort=f"-{key}" if turned else key, page=None),
            "order": ("ascending" if is_rising else "descending") if is_current else "none",
        }
    return heads
