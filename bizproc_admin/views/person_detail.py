"""One person: what waits for them, what they have started, whom they head and who heads them."""

from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from bizproc_admin.access.permissions import Capability, Request, may, requires
from bizproc_admin.lists.mention_lines import MentionLine, mention_lines
from bizproc_admin.lists.person_lines import person_line
from bizproc_admin.models import Person, TemplateMention, Workflow, WorkflowTask
from bizproc_admin.models.workloads import with_workload

MOST_TASKS, MOST_WORKFLOWS, MOST_BELOW, MOST_MENTIONS = 50, 10, 200, 20


@require_safe
@requires(Capability.SEE_PEOPLE)
def person_detail(request: Request, pk: int) -> HttpResponse:
    visible = Person.objects.visible_to(request.user)
    known = get_object_or_404(visible.select_related("portal"), pk=pk)
    now = known.portal.now()
    person = with_workload(visible.select_related("portal"), now).get(pk=pk)
    tasks = WorkflowTask.objects.visible_to(request.user).waiting_for([pk])
    mentions = mentions_of(person, request)
    below = visible.filter(portal=person.portal).subordinates_of(person).working()
    context = {
        "person": person,
        "line": person_line(person, portal=known.portal, viewer=request.user),
        "now": now,
        "tasks": tasks.select_related("workflow__document", "workflow__template").order_by(
            F("overdue_at").asc(nulls_last=True), "pk"
        )[:MOST_TASKS],
        "more_tasks": max(0, person.open_count - MOST_TASKS),  # type: ignore[attr-defined]  # annotated
        "workflows": Workflow.objects.visible_to(request.user)
        .filter(started_by=person)
        .select_related("document", "template")
        .latest_first()[:MOST_WORKFLOWS],
        "mentions": mentions[:MOST_MENTIONS],
        "template_count": len({one.mention.template_id for one in mentions}),
        "heads": [
            {"person": head, "of": of, "may_open": request.user.sees_all}
            for head, of in person.heads_above()
        ],
        "below": list(below.order_by("name", "pk")[:MOST_BELOW]),
        "below_count": below.count(),
    }
    return render(request, "people/detail.html", context)


def mentions_of(person: Person, request: Request) -> list[MentionLine]:
    """Return where templates name a person, for who may see structures."""
    if not may(request.user, Capability.SEE_STRUCTURES):
        return []
    named = TemplateMention.objects.current().of_person(person).select_related("template")
    return mention_lines(list(named.in_order()), portal=person.portal)
