"""People of the portal: found for a form that asks for some."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from bizproc_admin.access.permissions import Capability, Request, may, requires
from bizproc_admin.actions.step_action import action_of
from bizproc_admin.forms.parameters import parameters_of
from bizproc_admin.forms.people import PeopleField, found_people
from bizproc_admin.forms.questions import questions_of
from bizproc_admin.forms.step_answers import return_values_of
from bizproc_admin.lists.inbox import visible
from bizproc_admin.lists.likely_people import MOST_LIKELY, likely_people
from bizproc_admin.models import (
    ApplicationStep,
    BulkOperation,
    Person,
    WorkflowTask,
    WorkflowTemplate,
)
from bizproc_admin.wording.application_steps import definition_of

DELEGATION = "delegation"


@require_safe
@requires(Capability.COMPLETE_WORKFLOW_TASKS)
def person_search(request: Request) -> HttpResponse:
    """Give the people a search control offers.

    It is a question of a task, whom to delegate it or many to, a parameter of a workflow template,
    a value that an application gives back, or who gets what somebody leaves behind. Those whom the
    account is likely to choose come first, and before anything is typed.
    """
    purpose = request.GET.get("purpose", "")
    task = None
    if "template" in request.GET:
        offered = WorkflowTemplate.objects.offered_to(request.user).select_related("portal")
        template = get_object_or_404(offered, pk=number_of(request, "template"))
        name, field, prefix = *parameter_of(template, purpose), "start"
    elif "operation" in request.GET:
        own = BulkOperation.objects.filter(actor=request.user, portal=request.portal)
        operation = get_object_or_404(own, pk=number_of(request, "operation"))
        name, prefix = "to_person", "confirmation"
        field = PeopleField(portal=operation.portal)
    elif "step" in request.GET:
        name, field = return_value_of(request, purpose)
        prefix = "answer"
    elif "leaver" in request.GET:
        leaver = leaver_of(request)
        name, field, prefix = purpose, PeopleField(portal=leaver.portal), "handover"
    else:
        known = visible(request).select_related("portal")
        task = get_object_or_404(known, pk=number_of(request, "for"))
        name, field = field_of(task, purpose)
        prefix = "delegation" if purpose == DELEGATION else "answer"
    field.take(request.GET.getlist(name))
    text = request.GET.get("q") or request.GET.get(f"{name}_find", "")
    people = Person.objects.at(request.portal).working()
    if "leaver" in request.GET:
        people = people.exclude(pk=leaver.pk)
    if task is not None and purpose == DELEGATION:
        people = people.exclude(pk__in=task.assignments.filter(gone_at=None).values("person"))
    first = likely_people(request.user, request.portal)
    found = found_people(people, text, first=first) if text.strip() else []
    likely = people.in_bulk(first) if not text.strip() else {}
    context = {
        "name": name,
        "text": text.strip(),
        "chosen": field.chosen,
        "found": [p for p in found if p not in field.chosen],
        "likely": [likely[key] for key in first if key in likely][:MOST_LIKELY],
        "is_multiple": field.is_multiple,
        # of the field, so that the next search finds what to replace
        "auto_id": f"{prefix}-{name}",
    }
    return render(request, "components/people_found.html", context)


# --- parts --------------------------------------------------------------------------------------


def number_of(request: Request, name: str) -> int:
    """Return a key of a row that is asked about; 0, which no row has, for anything else."""
    given = request.GET.get(name, "")
    return int(given) if given.isdecimal() and len(given) < 19 else 0


def parameter_of(template: WorkflowTemplate, purpose: str) -> tuple[str, PeopleField]:
    """Give the name and the field of a parameter that asks for people; 404 for any other."""
    for parameter in parameters_of(template.portal, template.parameters):
        field = parameter.field(template.portal)
        if parameter.name == purpose and isinstance(field, PeopleField):
            return parameter.name, field
    raise Http404


def leaver_of(request: Request) -> Person:
    """Give whose work is handed over, to who may do that; 404 to others."""
    if not may(request.user, Capability.ACT_FOR_OTHERS):
        raise Http404
    people = Person.objects.visible_to(request.user).at(request.portal).select_related("portal")
    return get_object_or_404(people, pk=number_of(request, "leaver"))


def return_value_of(request: Request, purpose: str) -> tuple[str, PeopleField]:
    """Give the name and the field of a value of a step that asks for people; 404 for any other."""
    if not may(request.user, Capability.ANSWER_STEPS):
        raise Http404
    steps = ApplicationStep.objects.visible_to(request.user).select_related("portal")
    step = get_object_or_404(steps, pk=number_of(request, "step"))
    for one in return_values_of(step.portal, definition_of(action_of(step))):
        field = one.field(step.portal)
        if one.name == purpose and isinstance(field, PeopleField):
            return one.name, field
    raise Http404


def field_of(task: WorkflowTask, purpose: str) -> tuple[str, PeopleField]:
    """Give the name and the field that people are searched for; 404 for what asks for none."""
    if purpose == DELEGATION:
        return "to_person", PeopleField(portal=task.portal)
    for question in questions_of(task.parameters):
        field = question.field(task.portal)
        if question.name == purpose and isinstance(field, PeopleField):
            return question.name, field
    raise Http404
