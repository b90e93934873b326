"""The people of the portal and the work that waits for them."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy

from bizproc_admin.access.permissions import Capability, Request
from bizproc_admin.lists.list_page import ListPage
from bizproc_admin.lists.person_filters import PersonFilterForm
from bizproc_admin.lists.person_lines import PersonLine, person_lines
from bizproc_admin.lists.shown import Shown
from bizproc_admin.models import FeedName, Person
from bizproc_admin.models.workloads import left_behind, with_counts


def filters_of(request: Request) -> PersonFilterForm:
    people = Person.objects.visible_to(request.user).at(request.portal)
    return PersonFilterForm(request.GET, portal=request.portal, people=people)


def lines_of(
    shown: Shown[PersonFilterForm, Person, PersonLine], people: Sequence[Person]
) -> list[PersonLine]:
    return person_lines(people, portal=shown.request.portal, viewer=shown.request.user)


def more_of(shown: Shown[PersonFilterForm, Person, PersonLine]) -> dict[str, object]:
    return {"left": left_behind(shown.filters.people, shown.request.portal)}


def is_unlinked(shown: Shown[PersonFilterForm, Person, PersonLine]) -> bool:
    account = shown.request.user
    return not account.sees_all and not account.circle


PEOPLE = ListPage(
    noun="person",
    capability=Capability.SEE_PEOPLE,
    template="people/list.html",
    feed=FeedName.PEOPLE,
    filters=filters_of,
    rows=lambda request: Person.objects.visible_to(request.user),
    fetched=lambda filters: with_counts(
        Person.objects.all(), filters.portal, filters.now
    ).prefetch_related("departments", "headed"),
    lines=lines_of,
    unlinked=is_unlinked,
    more=more_of,
    columns={
        "department": gettext_lazy("Department"),
        "open": gettext_lazy("Open tasks"),
        "overdue": gettext_lazy("Overdue"),
        "running": gettext_lazy("Running workflows"),
        "seen": gettext_lazy("Last sign-in here"),
    },
)
