"""The inbox of workflow tasks, one task, and what becomes of them while a page is open."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from bizproc_admin.access.permissions import Capability, Request, requires
from bizproc_admin.htmx import part, wants_part
from bizproc_admin.lists.inbox import (
    filters_behind,
    filters_of,
    lines_of,
    visible,
)
from bizproc_admin.lists.list_page import ListPage
from bizproc_admin.lists.shown import Shown
from bizproc_admin.lists.task_filters import WorkflowTaskFilterForm
from bizproc_admin.lists.task_lines import TaskLine
from bizproc_admin.lists.task_verbs import AGREE, DELEGATE, DISAGREE
from bizproc_admin.lists.verbs import Verb
from bizproc_admin.models import FeedName, WorkflowTask
from bizproc_admin.portals import screens
from bizproc_admin.views.task_panels import is_beside_a_list, line_of, panel, panel_of, to_take_back


def more_of(shown: Shown[WorkflowTaskFilterForm, WorkflowTask, TaskLine]) -> dict[str, object]:
    """Open the task that the address names."""
    return opened(shown.request, shown.filters)


def is_unlinked(shown: Shown[WorkflowTaskFilterForm, WorkflowTask, TaskLine]) -> bool:
    return not shown.filters.scopes


def verbs_of(shown: Shown[WorkflowTaskFilterForm, WorkflowTask, TaskLine]) -> tuple[Verb, ...]:
    """Return what may be done to many: one answers one's own alone."""
    is_mine = shown.filters.whose_shown == "mine"
    return (AGREE, DISAGREE, DELEGATE) if is_mine else (DELEGATE,)


WORKFLOW_TASKS = ListPage(
    noun="workflow_task",
    capability=Capability.SEE_WORKFLOW_TASKS,
    template="workflow_tasks/list.html",
    feed=FeedName.WORKFLOW_TASKS,
    filters=filters_of,
    rows=lambda request: WorkflowTask.objects.visible_to(request.user),
    fetched=lambda filters: WorkflowTask.objects.for_rows(),
    lines=lines_of,
    unlinked=is_unlinked,
    more=more_of,
    is_live=True,
    over=lambda line: (line.group, line.heading) if line.heads_group else None,
    verbs=verbs_of,
    columns={"who": _("Asked by, waiting for"), "deadline": _("Deadline")},
)


@require_safe
@requires(Capability.SEE_WORKFLOW_TASKS)
def workflow_task_pulse(request: Request) -> HttpResponse:
    """Tell an open inbox what is new; asked for what can be taken back, just that."""
    if "take_back" in request.GET:
        return part(
            request,
            "workflow_tasks/list.html",
            "take-back",
            {"to_take_back": to_take_back(request)},
        )
    return WORKFLOW_TASKS.pulse(request)


@require_safe
@requires(Capability.SEE_WORKFLOW_TASKS)
def workflow_task_detail(request: Request, pk: int) -> HttpResponse:
    """Give one task: a page, a list's panel, or nothing where an open panel says all there is."""
    line = line_of(request, pk)
    context = panel_of(request, line)
    if request.GET.get("version") == context["state_version"]:
        return HttpResponse(status=204)
    response = panel(request, line)
    # the address says so already where Back or Forward led to it
    if (
        wants_part(request)
        and "beside" in request.GET
        and filters_behind(request).number("open") != pk
    ):
        response["HX-Push-Url"] = address_beside(request, pk)
    return response


@require_POST
@requires(Capability.REFRESH_WORKFLOW_TASKS)
def workflow_task_reading(request: Request, pk: int) -> HttpResponse:
    """Note that this task is looked at: its workflow is read with all others that are."""
    task = line_of(request, pk).task
    is_coming = task.is_open and screens.watch(task.workflow, request.user, is_fresh=task.is_fresh)
    if request.htmx:
        response = HttpResponse(status=204)
        if is_coming:
            response["HX-Trigger"] = "workflow-reading"
        return response
    return redirect("workflow_task_detail", pk=pk)


def opened(request: Request, filters: WorkflowTaskFilterForm) -> dict[str, object]:
    """Give the panel of the task that the address names as open, if there is one to see."""
    pk = filters.number("open")
    if pk is None or wants_part(request) or not visible(request).filter(pk=pk).exists():
        return {}
    return {**panel_of(request, line_of(request, pk)), "opened": True, "is_panel": True}


def address_beside(request: Request, pk: int) -> str:
    """Give the address of the list the browser is at, with one task open beside it."""
    behind = filters_behind(request)
    if is_beside_a_list(request):
        return reverse("workflow_task_list") + behind.query(open=pk)
    return reverse("workflow_task_detail", args=[pk]) + behind.kept_open
