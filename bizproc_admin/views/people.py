"""People of the portal: found for a form that asks for some."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from bizproc_admin.access.permissions import Capability, Request, requires
from bizproc_admin.forms.people import PeopleField, found_people
from bizproc_admin.forms.questions import questions_of
from bizproc_admin.lists.inbox import visible
from bizproc_admin.models import Person, WorkflowTask

DELEGATION = "delegation"


@require_safe
@requires(Capability.COMPLETE_WORKFLOW_TASKS)
def person_search(request: Request) -> HttpResponse:
    """Give the people a search control offers: for a question of a task, or to delegate it to."""
    number = request.GET.get("for", "")
    known = visible(request).filter(
        pk=int(number) if number.isdecimal() and len(number) < 19 else 0
    )
    task = get_object_or_404(known.select_related("portal"))
    purpose = request.GET.get("purpose", "")
    name, field = field_of(task, purpose)
    field.take(request.GET.getlist(name))
    text = request.GET.get("q") or request.GET.get(f"{name}_find", "")
    people = Person.objects.at(request.portal).working()
    if purpose == DELEGATION:
        people = people.exclude(pk__in=task.assignments.filter(gone_at=None).values("person"))
    context = {
        "name": name,
        "text": text.strip(),
        "chosen": field.chosen,
        "found": [p for p in found_people(people, text) if p not in field.chosen]
        if text.strip()
        else [],
        "is_multiple": field.is_multiple,
        # of the field, so that the next search finds what to replace
        "auto_id": f"{'delegation' if purpose == DELEGATION else 'answer'}-{name}",
    }
    return render(request, "components/people_found.html", context)


# --- parts --------------------------------------------------------------------------------------


def field_of(task: WorkflowTask, purpose: str) -> tuple[str, PeopleField]:
    """Give the name and the field that people are searched for; 404 for what asks for none."""
    if purpose == DELEGATION:
        return "to_person", PeopleField(portal=task.portal)
    for question in questions_of(task.parameters):
        field = question.field(task.portal)
        if question.name == purpose and isinstance(field, PeopleField):
            return question.name, field
    raise Http404
