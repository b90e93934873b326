"""A workflow on the diagram of its template: where it stands, its way as far as it was seen."""

from collections.abc import Iterable
from dataclasses import replace

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_safe

from bizproc_admin.access.permissions import Capability, Request, may, requires
from bizproc_admin.htmx import page
from bizproc_admin.lists.courses import TOLD, Course, course_of
from bizproc_admin.models import ApplicationStep, Workflow, WorkflowTask
from bizproc_admin.views.diagrams import diagram_of
from bizproc_admin.views.structures import shown, structure_run


@require_safe
@requires(Capability.SEE_WORKFLOWS)
def workflow_course(request: Request, pk: int) -> HttpResponse:
    visible = Workflow.objects.visible_to(request.user)
    workflow = get_object_or_404(visible.with_names(), pk=pk)
    steps = workflow.application_steps.defer("token", "properties").order_by("since", "pk")
    course = course_of(workflow.tasks.all(), steps, workflow.portal.now())
    template = workflow.template
    structure, is_of_start = structure_run(template, workflow.started_at, set(course.marks))
    found = shown(template, structure, is_whole=may(request.user, Capability.SEE_STRUCTURES))
    names, diagram = set[str](), None
    if found.root:
        names = {step.name for step in found.root.walk()}
        words = replace(
            found.words, feet=course.feet, marks=course.marks, taken=course.taken(found.root)
        )
        diagram = diagram_of(
            found.root,
            words,
            request.GET,
            path=request.path,
            links=links_of(request, course, steps),
        )
    context = {
        "workflow": workflow,
        "diagram": diagram,
        "problem": found.problem,
        "is_of_start": is_of_start,
        "homeless": [task for name, task in course.latest.items() if name not in names],
    }
    return page(request, "workflows/course.html", context, partial="course")


def links_of(request: Request, course: Course, steps: Iterable[ApplicationStep]) -> dict[str, str]:
    """Return where the steps lead that the account may see: to their tasks, or their own pages."""
    tasks = WorkflowTask.objects.visible_to(request.user)
    of_steps = {}
    if may(request.user, Capability.SEE_STEPS):
        of_steps = {
            step.name: reverse("application_step_detail", args=[step.pk])
            for step in steps
            if step.state in TOLD
        }
    seen = set(
        tasks.filter(pk__in=[task.pk for task in course.latest.values()]).values_list(
            "pk", flat=True
        )
    )
    return of_steps | {
        name: reverse("workflow_task_detail", args=[task.pk])
        for name, task in course.latest.items()
        if task.pk in seen
    }
