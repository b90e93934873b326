"""One workflow template: what it is, how it goes, and who is asked where."""

from dataclasses import dataclass, replace

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_safe

from bizproc_admin.access import disclosures
from bizproc_admin.access.permissions import Capability, Request, may, requires
from bizproc_admin.audit import By
from bizproc_admin.diagrams.steps import Step
from bizproc_admin.htmx import dialog
from bizproc_admin.lists.step_waits import FIELDS as WAITING
from bizproc_admin.lists.step_waits import StepWait, homeless_waits, step_waits
from bizproc_admin.lists.template_lines import template_lines
from bizproc_admin.models import WorkflowTask, WorkflowTemplate
from bizproc_admin.models.template_versions import structure_of
from bizproc_admin.models.workflow_tasks import WorkflowTaskQuerySet
from bizproc_admin.views.diagrams import diagram_of
from bizproc_admin.views.structures import shown
from bizproc_admin.wording.step_looks import look_of
from bizproc_admin.wording.template_steps import StepWords
from bizproc_admin.wording.template_values import definition_lines

MOST_TASKS = 10


@dataclass(frozen=True, kw_only=True)
class ChosenStep:
    """The step that the page tells more of; tasks are the longest that wait there."""

    step: Step
    kind: str
    title: str
    note: str
    limit: str
    details: list[tuple[str, str]]
    icon: str
    is_active: bool
    wait: StepWait | None
    tasks: list[WorkflowTask]


@require_safe
@requires(Capability.SEE_WORKFLOWS)
def workflow_template_detail(request: Request, pk: int) -> HttpResponse:
    template = target_of(request, pk)
    tasks = WorkflowTask.objects.visible_to(request.user).at(template.portal).open()
    tasks = tasks.filter(template=template)
    waits = step_waits(tasks.values_list(*WAITING, named=True), template.portal.now())
    is_whole = may(request.user, Capability.SEE_STRUCTURES)
    found = shown(template, structure_of(template), is_whole=is_whole)
    words = replace(
        found.words,
        feet={name: wait.foot for name, wait in waits.items()},
        waiting={name: wait.count for name, wait in waits.items()},
    )
    diagram = diagram_of(found.root, words, request.GET) if found.root else None
    names = {step.name for step in found.root.walk()} if found.root else set()
    context = {
        "template": template,
        "diagram": diagram,
        "problem": found.problem,
        "chosen": chosen_step(diagram.chosen, found.words, waits, tasks)
        if diagram and diagram.chosen
        else None,
        "homeless": homeless_waits(waits.values(), names),
        "parameters": definition_lines(found.definitions["template"], found.words),
        "variables": definition_lines(found.definitions["variable"], found.words),
        "constants": len(found.definitions["constant"]),
        "is_whole": is_whole,
        "line": template_lines([template], portal=template.portal, viewer=request.user)[0],
        "waiting": sum(wait.count for wait in waits.values()),
    }
    return render(request, "workflow_templates/detail.html", context)


@require_http_methods(["GET", "POST"])
@requires(Capability.SEE_STRUCTURES)
def workflow_template_constants(request: Request, pk: int) -> HttpResponse:
    """Ask whether the constants shall be shown; who sees them is written into the history."""
    template = target_of(request, pk)
    context: dict[str, object] = {"template": template, "constants": None}
    if request.method == "POST":
        found = shown(template, structure_of(template), is_whole=True)
        disclosures.constants_seen(template, by=By.of(request))
        context["constants"] = definition_lines(found.definitions["constant"], found.words)
    return dialog(request, "workflow_templates/constants.html", context)


def target_of(request: Request, pk: int) -> WorkflowTemplate:
    visible = WorkflowTemplate.objects.visible_to(request.user)
    return get_object_or_404(visible.select_related("portal", "changed_by"), pk=pk)


def chosen_step(
    step: Step, words: StepWords, waits: dict[str, StepWait], tasks: WorkflowTaskQuerySet
) -> ChosenStep:
    """Return what is told of a step beside the diagram."""
    wait = waits.get(step.name) if step.name else None
    kind, note = str(look_of(step).text), words.note(step)
    return ChosenStep(
        step=step,
        kind=kind,
        title=words.title(step),
        note="" if note == kind else note,
        limit=words.limit(step),
        details=words.details(step),
        icon=look_of(step).icon,
        is_active=step.is_active,
        wait=wait,
        tasks=list(
            tasks.filter(activity_name=step.name)
            .select_related("workflow__template", "workflow__document__portal")
            .with_assignments()
            .order_by("waiting_since", "pk")[:MOST_TASKS]
        )
        if wait
        else [],
    )
