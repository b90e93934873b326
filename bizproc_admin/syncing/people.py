"""The feed of people: users and departments."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from bizproc_admin import bitrix
from bizproc_admin.models import Assignment, Department, Person, Portal, Workflow
from bizproc_admin.syncing.merging import Merged, portions
from bizproc_admin.syncing.summaries import summarise

FACTS = (
    "first_name",
    "last_name",
    "name",
    "position",
    "email",
    "user_type",
    "time_zone",
    "is_active",
    "search_text",
    "gone_at",
)


def merge_users(portal: Portal, rows: Sequence[bitrix.UserRow], *, observed_at: datetime) -> Merged:
    """Merge people; a changed name is carried into the workflows that show it."""
    known = {person.remote_id: person for person in Person.objects.filter(portal=portal)}
    created, changed, renamed, seen = [], [], [], []
    for row in rows:
        person = known.get(row.id)
        is_new = person is None
        if person is None:
            person = Person(portal=portal, remote_id=row.id)
        was = [getattr(person, name) for name in FACTS]
        set_facts(person, row)
        if is_new:
            person.observed_at = observed_at
            created.append(person)
            continue
        seen.append(person.pk)
        if was != [getattr(person, name) for name in FACTS]:
            changed.append(person)
            if was[2] != person.name:
                renamed.append(person)
    for part in portions(created):
        Person.objects.bulk_create(part, ignore_conflicts=True)
    for part in portions(changed):
        Person.objects.bulk_update(part, FACTS, batch_size=100)
    for keys in portions(seen):
        Person.objects.filter(pk__in=keys).update(observed_at=observed_at)
    carry_names(renamed)
    return Merged(read=len(rows), created=len(created), changed=len(changed))


def set_facts(person: Person, row: bitrix.UserRow) -> None:
    person.first_name, person.last_name = row.name[:255], row.last_name[:255]
    person.name = f"{row.name} {row.last_name}".strip()[:511]
    person.position = row.position[:255]
    person.email = row.email[:255]
    person.user_type = row.user_type[:50]
    person.time_zone = row.time_zone[:64]
    person.is_active = row.active
    person.search_text = f"{person.remote_id} {person.name} {person.position}".casefold()
    person.gone_at = None


def carry_names(renamed: Sequence[Person]) -> None:
    for person in renamed:
        started = Workflow.objects.filter(started_by=person).values_list("pk", flat=True)
        waiting = Assignment.objects.filter(
            person=person, status=0, gone_at=None, task__is_open=True
        ).values_list("task__workflow_id", flat=True)
        summarise({*started, *waiting})


def merge_departments(
    portal: Portal,
    departments: Sequence[bitrix.DepartmentRow],
    users: Sequence[bitrix.UserRow],
    *,
    observed_at: datetime,
) -> None:
    """Merge departments, who heads them and who belongs to them; the lists must be complete."""
    with transaction.atomic():
        for row in departments:
            Department.objects.update_or_create(
                portal=portal,
                remote_id=row.id,
                defaults={
                    "name": row.name[:255],
                    "observed_at": observed_at,
                    "gone_at": None,
                },
            )
        known = {one.remote_id: one for one in Department.objects.filter(portal=portal)}
        people = {one.remote_id: one for one in Person.objects.filter(portal=portal)}
        for row in departments:
            department = known[row.id]
            department.parent = known.get(row.parent_id) if row.parent_id else None
            department.head = people.get(row.head_id) if row.head_id else None
        Department.objects.bulk_update(known.values(), ["parent", "head"], batch_size=200)
        listed = {row.id for row in departments}
        Department.objects.filter(portal=portal, gone_at=None).exclude(remote_id__in=listed).update(
            gone_at=observed_at
        )
        belongs = {
            (people[user.id].pk, known[one].pk)
            for user in users
            for one in user.department_ids
            if user.id in people and one in known
        }
        through = Person.departments.through
        rows = through.objects.filter(person__portal=portal)
        have = {(row.person_id, row.department_id): row.pk for row in rows}
        through.objects.filter(pk__in=[have[pair] for pair in have.keys() - belongs]).delete()
        through.objects.bulk_create(
            [through(person_id=person, department_id=one) for person, one in belongs - have.keys()]
        )
