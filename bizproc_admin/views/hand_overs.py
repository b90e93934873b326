"""Handing over what somebody leaves behind: tasks, workflows, and where templates name them."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bizproc_admin.access.permissions import Capability, Request, requires
from bizproc_admin.actions import DelegateTask
from bizproc_admin.audit import By
from bizproc_admin.commands import freeze, key_for
from bizproc_admin.forms.hand_overs import HandOverForm
from bizproc_admin.forms.people import found_people
from bizproc_admin.lists.hand_overs import HandOver, groups_of
from bizproc_admin.lists.mention_lines import mention_lines
from bizproc_admin.models import Person, TemplateMention, Workflow
from bizproc_admin.models.workloads import most_urgent_first, with_counts

MOST_PEOPLE, MOST_MENTIONS = 50, 200


@require_safe
@requires(Capability.ACT_FOR_OTHERS)
def hand_over_list(request: Request) -> HttpResponse:
    """Offer whose work may be handed over: who has left and has tasks comes first."""
    text = request.GET.get("q", "").strip()
    now = request.portal.now() if request.portal else timezone.now()
    people = Person.objects.visible_to(request.user).at(request.portal)
    if text:
        keys = [person.pk for person in found_people(people, text)]
        people = people.filter(pk__in=keys)
    people = most_urgent_first(people, request.portal, now)
    offered = with_counts(people, request.portal, now, "running_count")
    context = {"people": offered[:MOST_PEOPLE], "q": text}
    return render(request, "hand_overs/list.html", context)


@require_http_methods(["GET", "POST"])
@requires(Capability.ACT_FOR_OTHERS)
def hand_over(request: Request, pk: int) -> HttpResponse:
    """Show what somebody leaves behind, and freeze the list of what is to be given to whom."""
    people = Person.objects.visible_to(request.user).at(request.portal)
    person = get_object_or_404(people.select_related("portal"), pk=pk)
    groups = groups_of(person)
    form = HandOverForm(
        request.POST or None,
        leaver=person,
        head=head_of(person),
        templates=[group.template for group in groups],
    )
    if form.is_bound and form.is_valid():
        plan = HandOver(leaver=person, receivers=form.receivers)
        if items := list(plan.items()):
            operation = freeze(
                DelegateTask,
                portal=person.portal,
                items=items,
                by=By.of(request),
                key=key_for(form.cleaned_data["key"], [item.own for item in items]),
                source={"recipe": "leaver", "person": person.pk},
            )
            return redirect("operation_confirmation", pk=operation.pk)
        form.all_stay()
    mentions = TemplateMention.objects.current().of_person(person).select_related("template")
    workflows = Workflow.objects.visible_to(request.user).at(request.portal).running()
    context = {
        "person": person,
        "form": form,
        "rows": [(group, form[f"own_{group.pk}"], form[f"stays_{group.pk}"]) for group in groups],
        "task_count": sum(group.count for group in groups),
        "started": workflows.filter(started_by=person).count(),
        "blocked": workflows.waiting_for([person.pk]).count(),
        "mentions": mention_lines(list(mentions.in_order()[:MOST_MENTIONS]), portal=person.portal),
    }
    return render(request, "hand_overs/detail.html", context, status=422 if form.errors else 200)


def head_of(person: Person) -> Person | None:
    """Return the head of somebody's department who works there and can be given tasks."""
    heads = (head for head, _department in person.heads_above())
    return next((one for one in heads if not (one.is_dismissed or one.is_guest)), None)
