"""The people of the portal and the work that waits for them."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from bizproc_admin.access.permissions import Capability, Request, requires
from bizproc_admin.htmx import page
from bizproc_admin.lists.pager import pager_of, sort_heads
from bizproc_admin.lists.paging import Page, page_of
from bizproc_admin.lists.person_filters import PersonFilterForm
from bizproc_admin.models import Account, FeedName, Person
from bizproc_admin.models.workloads import left_behind, with_workload
from bizproc_admin.wording.freshness import freshness_of


@require_safe
@requires(Capability.SEE_PEOPLE)
def person_list(request: Request) -> HttpResponse:
    people = Person.objects.visible_to(request.user).at(request.portal)
    filters = PersonFilterForm(request.GET, portal=request.portal, people=people)
    found = listed(request, filters)
    context = {
        "filters": filters,
        "chips": filters.chips_with_choices(),
        "page": found,
        "rows": found.rows,
        "heads": heads_of(filters),
        "pager": pager_of(filters, found),
        "left": left_behind(people),
        "freshness": freshness_of(request.portal, FeedName.PEOPLE),
        "unlinked": not request.user.sees_all and not request.user.circle,
        "is_urgent_first": filters.sorted_by == filters.DEFAULT_SORT,
        "urgent_url": filters.query(sort=None, page=None),
        "workflows_url": reverse("workflow_list"),
    }
    return page(request, "people/list.html", context, partial="table")


# --- parts --------------------------------------------------------------------------------------


def listed(request: Request, filters: PersonFilterForm) -> Page:
    """Give the page of people the filters ask for; only those on it are counted in full."""
    rows = filters.narrow(filters.people)
    shown = with_workload(Person.objects.all(), filters.now)
    found = page_of(
        filters.ordered(rows),
        number=filters.value("page") or 1,
        size=filters.page_size,
        total=rows.count(),
        shown=shown.prefetch_related("departments", "headed"),
    )
    for person in found.rows:
        person.portal = request.portal
        equip(person, request.user)
    return found


def equip(person: Any, account: Account) -> None:
    """Give a person what the row says: departments, which of them are headed, where tasks are."""
    headed = {one.pk for one in person.headed.all() if one.gone_at is None}
    own = [one for one in person.departments.all() if one.gone_at is None]
    extra = [one for one in person.headed.all() if one.pk in headed and one not in own]
    person.units = [(one.name, one.pk in headed) for one in [*own, *extra]]
    person.more_units = len(person.units) - 2
    person.url = reverse("person_detail", args=[person.pk])
    person.out = person.portal.link(f"/company/personal/user/{person.remote_id}/")
    person.tasks_url = tasks_url(person, account)


def tasks_url(person: Person, account: Account) -> str:
    """Give the address of the list of the open tasks that wait for a person."""
    is_own = person.pk in {one.pk for one in account.people.values()}
    whose = "mine" if is_own else "everybody" if account.sees_all else "team"
    return f"{reverse('workflow_task_list')}?whose={whose}&assignee={person.pk}"


def heads_of(filters: PersonFilterForm) -> dict[str, dict[str, str]]:
    labels = {
        "name": _("Person"),
        "open": _("Open tasks"),
        "overdue": _("Overdue"),
        "running": _("Running workflows"),
        "seen": _("Last sign-in here"),
    }
    return sort_heads(filters, labels, greatest_first=("open", "overdue", "running", "seen"))
