"""The feed of people: users and departments."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from bizproc_admin import bitrix
from bizproc_admin.models import Assignment, Department, Person, Portal, Workflow
from bizproc_admin.models.searching import searchable
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
    "zone_offset",
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
    """Take over what a row tells; what a narrower permission leaves out stays as it was known."""
    if row.tells("NAME") or row.tells("LAST_NAME"):
        person.first_name, person.last_name = row.name[:255], row.last_name[:255]
        person.name = f"{row.name} {row.last_name}".strip()[:511]
    if row.tells("WORK_POSITION"):
        person.position = row.position[:255]
    if row.tells("EMAIL"):
        person.email = row.email[:255]
    if row.tells("USER_TYPE"):
        person.user_type = row.user_type[:50]
    if row.tells("TIME_ZONE"):
        person.time_zone = row.time_zone[:64]
    if row.tells("TIME_ZONE_OFFSET"):
        person.zone_offset = row.zone_offset
    person.is_active = row.active
    person.search_text = searchable(f"{person.remote_id} {person.name} {person.position}")
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
    departments: bitrix.Chunk[bitrix.DepartmentRow],
    users: bitrix.Chunk[bitrix.UserRow],
) -> None:
    """Merge departments, who heads them and who belongs to them."""
    with transaction.atomic():
        for row in departments.rows:
            Department.objects.update_or_create(
                portal=portal,
                remote_id=row.id,
                defaults={
                    "name": row.name[:255],
                    "observed_at": departments.sent_at,
                    "gone_at": None,
                },
            )
        known = {one.remote_id: one for one in Department.objects.filter(portal=portal)}
        people = {one.remote_id: one for one in Person.objects.filter(portal=portal)}
        for row in departments.rows:
            department = known[row.id]
            department.parent = known.get(row.parent_id) if row.parent_id else None
            department.head = people.get(row.head_id) if row.head_id else None
        Department.objects.bulk_update(known.values(), ["parent", "head"], batch_size=200)
        close_departments(portal, departments)
        merge_members(portal, people, known, users)


def close_departments(portal: Portal, listed: bitrix.Chunk[bitrix.DepartmentRow]) -> None:
    """Mark the departments that a list proves to be gone."""
    here = Department.objects.filter(portal=portal, gone_at=None)
    gone = listed.absent(here.values_list("remote_id", flat=True))
    here.filter(remote_id__in=gone).update(gone_at=listed.sent_at)


def merge_members(
    portal: Portal,
    people: dict[int, Person],
    departments: dict[int, Department],
    users: bitrix.Chunk[bitrix.UserRow],
) -> None:
    """Make who belongs where what was read; of whom nothing was read, nothing changes."""
    told = {user.id for user in users.rows if user.tells("UF_DEPARTMENT")}
    told |= users.absent(people)
    belongs = {
        (people[user.id].pk, departments[one].pk)
        for user in users.rows
        for one in user.department_ids
        if user.id in people and one in departments
    }
    through = Person.departments.through
    rows = through.objects.filter(person__portal=portal, person__remote_id__in=told)
    have = {(row.person_id, row.department_id): row.pk for row in rows}
    through.objects.filter(pk__in=[have[pair] for pair in have.keys() - belongs]).delete()
    through.objects.bulk_create(
        [through(person_id=person, department_id=one) for person, one in belongs - have.keys()]
    )
