"""Whom somebody is likely to choose: those they chose lately, and those they work with."""

from bizproc_admin.actions import DelegateTask
from bizproc_admin.models import Account, Command, Person, Portal

# how many delegations are looked through, and how many people are offered before anything is typed
LOOKED_THROUGH, MOST_LIKELY = 50, 6


def likely_people(account: Account, portal: Portal | None) -> list[int]:
    """Return keys of people, the likeliest first: receivers of late, heads, then colleagues."""
    if portal is None:
        return []
    delegations = Command.objects.filter(actor=account, portal=portal, action=DelegateTask.name)
    inputs = delegations.latest_first().values_list("inputs", flat=True)[:LOOKED_THROUGH]
    numbers = list(dict.fromkeys(one["to"] for one in inputs if "to" in one))
    by_number = dict(
        Person.objects.filter(portal=portal, remote_id__in=numbers).values_list("remote_id", "pk")
    )
    keys = [by_number[number] for number in numbers if number in by_number]
    own = account.person_at(portal)
    if own is not None:
        keys += [head.pk for head, _name in own.heads_above()]
        colleagues = Person.objects.filter(departments__in=own.departments.all()).working()
        keys += colleagues.exclude(pk=own.pk).order_by("name").values_list("pk", flat=True)[:50]
    return list(dict.fromkeys(keys))
