"""What a row says of a person: departments, which of them are headed, and where their tasks are."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse

from bizproc_admin.models import Account, Person, Portal


@dataclass(frozen=True, kw_only=True)
class PersonLine:
    """A person, fetched with their workload, as a row or their page shows them.

    units are their departments and whether they head each; out is their page on the portal.
    """

    person: Person
    units: list[tuple[str, bool]]
    url: str
    out: str
    tasks_url: str

    @property
    def pk(self) -> int:
        return self.person.pk

    @property
    def more_units(self) -> int:
        """Return how many departments a row leaves out."""
        return len(self.units) - 2

    @property
    def reads(self) -> object:
        return self.pk


def person_lines(
    people: Sequence[Person], *, portal: Portal | None, viewer: Account
) -> list[PersonLine]:
    """Return what rows of people of one portal say; departments must have been prefetched."""
    return [person_line(person, portal=portal or person.portal, viewer=viewer) for person in people]


def person_line(person: Person, *, portal: Portal, viewer: Account) -> PersonLine:
    headed = [one for one in person.headed.all() if one.gone_at is None]
    own = [one for one in person.departments.all() if one.gone_at is None]
    keys = {one.pk for one in headed}
    units = [*own, *(one for one in headed if one not in own)]
    return PersonLine(
        person=person,
        units=[(one.name, one.pk in keys) for one in units],
        url=reverse("person_detail", args=[person.pk]),
        out=portal.link(f"/company/personal/user/{person.remote_id}/"),
        tasks_url=tasks_url(person, viewer),
    )


def tasks_url(person: Person, viewer: Account) -> str:
    """Return the address of the list of the open tasks that wait for a person."""
    is_own = person.pk in {one.pk for one in viewer.people.values()}
    whose = "mine" if is_own else "everybody" if viewer.sees_all else "team"
    return f"{reverse('workflow_task_list')}?whose={whose}&assignee={person.pk}"
