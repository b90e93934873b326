"""The rights of everybody over everything: role x address x method x own, foreign or absent thing.

The addresses and who is let in stand in test_permissions.TABLE, which must name every address there
is. Here each row is asked by everybody, with a thing that is theirs, one that is not, and one that
does not exist: who may not gets 403, whoever has no right to the thing gets 404 as for one that is
not there, and neither writes anything here or on the portal.
"""

import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import audit
from bizproc_admin.audit import AuditAction, By
from bizproc_admin.models import (
    Account,
    AddressChange,
    ApplicationAction,
    ApplicationStep,
    Assignment,
    AuditEntry,
    BulkOperation,
    Command,
    Document,
    Feed,
    FeedName,
    LinkedPerson,
    Person,
    Portal,
    Recipe,
    Role,
    StepState,
    Target,
    TemplateFile,
    Workflow,
    WorkflowTask,
    WorkflowTemplate,
)
from tests.conftest import account
from tests.http.test_permissions import LET_IN, TABLE

ABSENT = 987_654_321
OWN, FOREIGN, MISSING = "own", "foreign", "absent"
# what the number in an address names; addresses without one are about nobody's thing
THINGS = (
    "application_action", "application_step", "workflow_task", "workflow_template",
    "workflow_start", "workflow", "template_file", "command", "audit_entry", "account", "portal",
    "person", "operation", "recipe", "hand_over",
)  # fmt: skip
WITHOUT = (
    "_list", "_creation", "_choice", "_pulse", "_search", "_start", "_preview", "_upload", "_token",
    "_registration", "_import", "_listing", "_counts",
)  # fmt: skip
# the parts of the world that belong to nobody in particular among those who may read them
OPERATORS = ("administrator", "auditor")


@dataclass
class World:
    """Two portals with the same things on both, and everybody who could knock."""

    things: dict[str, dict[str, int]]
    cast: dict[str, Account | None]


def things_on(portal: Portal, person: Person, owner: Account) -> dict[str, int]:
    """Make one of each thing on a portal, the workflow task being one of a person's."""
    now = timezone.now()
    template = WorkflowTemplate.objects.create(portal=portal, remote_id=7, is_hidden=False)
    document = Document.objects.create(
        portal=portal, module="crm", entity="CCrmDocumentDeal", document_id="DEAL_7", kind="deal"
    )
    workflow = Workflow.objects.create(
        portal=portal, remote_id=f"w{portal.pk}{person.pk}", template=template, document=document,
        started_at=now, modified_at=now, observed_at=now,
    )  # fmt: skip
    task = WorkflowTask.objects.create(
        portal=portal, remote_id=person.pk, workflow=workflow, activity="ApproveActivity",
        name="Approve", modified_at=now, observed_at=now, waiting_since=now,
    )  # fmt: skip
    Assignment.objects.create(task=task, person=person)
    command = Command.objects.create(
        key=uuid.uuid4(), digest="", portal=portal, action="workflow.terminate", effect="end",
        target_kind="workflow", target_id=workflow.remote_id, target_label="", workflow=workflow,
        actor=owner, actor_name="", actor_role="", state="needs_human",
    )  # fmt: skip
    start = Command.objects.create(
        key=uuid.uuid4(), digest="", portal=portal, action="workflow.start", effect="start",
        target_kind="document", target_id="DEAL_7", target_label="", actor=owner, actor_name="",
        actor_role="", state="needs_human",
        inputs={
            "template": template.remote_id, "document": ["crm", "CCrmDocumentDeal", "DEAL_7"],
            "parameters": {}, "beside": [], "again": None,
        },
    )  # fmt: skip
    file = TemplateFile.uploaded(portal, owner, name="a.bpt", content=b"x", template=None)
    action = ApplicationAction.objects.create(
        portal=portal, client_id=portal.client_id, kind="robot", code="check"
    )
    step = ApplicationStep.objects.create(
        portal=portal, workflow=workflow, workflow_remote_id=workflow.remote_id, since=now,
        token_digest="d" * 64, state=StepState.WAITING,
    )  # fmt: skip
    entry = audit.record(
        AuditEntry.Kind.SIGN_IN,
        AuditAction.SIGN_IN,
        by=By(account=owner),
        target=Target(portal_id=portal.pk),
    )
    # somebody asked for it who has gone since: what is done about it is others' to do
    gone = Account.objects.get(username="gone")
    operation = BulkOperation.objects.create(
        key=uuid.uuid4(), portal=portal, action="workflow.terminate", actor=gone, state="ready",
        confirmed_at=now,
    )  # fmt: skip
    recipe = Recipe.objects.create(
        portal=portal, name="Stale", action="workflow.terminate", made_by=gone
    )
    return {
        "operation": operation.pk,
        "recipe": recipe.pk,
        "hand_over": person.pk,
        "workflow": workflow.pk,
        "application_step": step.pk,
        "workflow_task": task.pk,
        "workflow_template": template.pk,
        "workflow_start": start.pk,
        "template_file": file.pk,
        "application_action": action.pk,
        "command": command.pk,
        "audit_entry": entry.pk,
        "portal": portal.pk,
        "person": person.pk,
    }


@pytest.fixture
def world(portal: Portal) -> World:
    """Northwind and Southwind; on Northwind a head, her subordinate and a stranger."""
    south = Portal.objects.create(
        name="Southwind", address="https://south.bitrix24.com", is_connected=True, findings=[]
    )
    for name in FeedName:
        Feed.objects.create(portal=south, name=name.value)

    def person(on: Portal, number: int) -> Person:
        return Person.objects.create(
            portal=on, remote_id=number, name=f"Person {number}", user_type="employee"
        )

    head, own, stranger, southerner = (
        person(portal, 11), person(portal, 12), person(portal, 13), person(south, 11),
    )  # fmt: skip
    department = portal.departments.create(
        remote_id=1, name="Sales", head=head, observed_at=timezone.now()
    )
    own.departments.add(department)
    cast: dict[str, Account | None] = {
        "anonymous": None,
        "deactivated": account("gone", "Gone", Role.PORTAL_ADMINISTRATOR),
        "expired": account("late", "Late", Role.PORTAL_ADMINISTRATOR),
        "nobody": account("nick", "Nick Nobody", None),
        "participant": account("paula", "Paula Brandt", Role.PARTICIPANT),
        "manager": account("maria", "Maria Hoffmann", Role.MANAGER),
        "auditor": account("arthur", "Arthur Bell", Role.AUDITOR),
        "administrator": account("anna", "Anna Koroleva", Role.PORTAL_ADMINISTRATOR),
        "portal administrator": account("greta", "Greta Lang", Role.PORTAL_ADMINISTRATOR),
        "other portal's administrator": account("sven", "Sven Sund", Role.PORTAL_ADMINISTRATOR),
    }
    link(cast["participant"], own)
    link(cast["manager"], head)
    greta, sven = cast["portal administrator"], cast["other portal's administrator"]
    assert greta is not None
    assert sven is not None
    for who, home in ((greta, portal), (sven, south)):
        who.home, who.follows_portal = home, True
        who.save()
    link(sven, southerner)
    colleague = account("olga", "Olga", Role.PARTICIPANT)
    foreigner = account("olaf", "Olaf", Role.PARTICIPANT)
    for who, home in ((colleague, portal), (foreigner, south)):
        who.home = home
        who.save()
    north = things_on(portal, own, greta) | {"account": colleague.pk}
    strange = {
        key: value
        for key, value in things_on_same(portal, stranger, greta).items()
        if key in ("workflow", "workflow_task", "command", "person")
    }
    southern = things_on(south, southerner, sven) | {"account": foreigner.pk}
    return World(things={"north": north, "stranger": strange, "south": southern}, cast=cast)


def things_on_same(portal: Portal, person: Person, owner: Account) -> dict[str, int]:
    """Make a stranger's things beside those that are there."""
    now = timezone.now()
    first = Workflow.objects.get(portal=portal)
    workflow = Workflow.objects.create(
        portal=portal, remote_id=f"s{person.pk}", template=first.template, document=first.document,
        started_at=now, modified_at=now, observed_at=now,
    )  # fmt: skip
    task = WorkflowTask.objects.create(
        portal=portal, remote_id=person.pk, workflow=workflow, activity="ApproveActivity",
        name="Approve", modified_at=now, observed_at=now, waiting_since=now,
    )  # fmt: skip
    Assignment.objects.create(task=task, person=person)
    command = Command.objects.create(
        key=uuid.uuid4(), digest="", portal=portal, action="workflow.terminate", effect="end",
        target_kind="workflow", target_id=workflow.remote_id, target_label="", workflow=workflow,
        actor=owner, actor_name="", actor_role="", state="needs_human",
    )  # fmt: skip
    return {
        "workflow": workflow.pk,
        "workflow_task": task.pk,
        "command": command.pk,
        "person": person.pk,
    }


def link(who: Account | None, person: Person) -> None:
    assert who is not None
    LinkedPerson.objects.create(user=who, portal=person.portal, person=person)


def thing_of(name: str) -> str | None:
    """Give the noun whose number an address carries, None for one that carries none."""
    if name.endswith(WITHOUT) or name.endswith("_choices"):
        return None
    if name == "workflow_start_many":
        return "workflow_template"
    return next((noun for noun in THINGS if name.startswith(noun)), None)


def number_of(world: World, role: str, noun: str, which: str) -> int | None:
    """Give the number of somebody's own thing, a foreign or an absent one; None for no such."""
    things = world.things
    if which == MISSING:
        return ABSENT
    if role == "other portal's administrator":
        return things["south" if which == OWN else "north"].get(noun)
    if which == OWN:
        return things["north"].get(noun)
    if role in ("participant", "manager"):
        # on the same portal: what nobody of theirs takes part in
        return things["stranger"].get(noun, things["south"].get(noun))
    return None if role in OPERATORS else things["south"].get(noun)


def browser_of(world: World, role: str) -> Client:
    client = Client()
    who = world.cast[role]
    if who is not None:
        client.force_login(who)
    if role == "deactivated":
        Account.objects.filter(username="gone").update(is_active=False)
    if role == "expired":
        Session.objects.all().delete()
    return client


def role_of(role: str) -> Role | None:
    return {
        "participant": Role.PARTICIPANT,
        "manager": Role.MANAGER,
        "auditor": Role.AUDITOR,
        "administrator": Role.PORTAL_ADMINISTRATOR,
        "portal administrator": Role.PORTAL_ADMINISTRATOR,
        "other portal's administrator": Role.PORTAL_ADMINISTRATOR,
    }.get(role)


ROLES = (
    "anonymous", "deactivated", "expired", "nobody", "participant", "manager", "auditor",
    "administrator", "portal administrator", "other portal's administrator",
)  # fmt: skip
# whom every address sends to the sign-in, before it looks at anything
OUTSIDE = ("anonymous", "deactivated", "expired")
# an account of one portal may do what its role may, but for these: they are operators' acts
OPERATORS_ONLY = {"portal_creation", "gateway_creation", "account_creation"}
# where a thing of a kind is somebody's own only in another sense, the rows say so themselves
# only who has asked for a command, or an administrator, takes it back; a start is shown to who
# asked for it or sees all commands, an uploaded file to nobody else
OWN_IS_404: set[tuple[str, str]] = {
    ("command_take_back", "participant"),
    ("command_take_back", "manager"),
    *(
        (f"workflow_start_{name}", role)
        for name in ("outcome", "decision", "contest")
        for role in ("participant", "manager")
    ),
    # an operation is its asker's and of those who see all; nobody else confirms its list
    *(
        (f"operation_{name}", role)
        for name in (
            "detail",
            "progress",
            "rows",
            "pausing",
            "resuming",
            "cancellation",
            "retry",
            "download",
            "confirmation",
        )
        for role in ("participant", "manager")
    ),
    ("operation_confirmation", "administrator"),
    ("operation_confirmation", "portal administrator"),
    ("operation_confirmation", "other portal's administrator"),
    # the one before has deleted it
    ("recipe_deletion", "portal administrator"),
    ("template_file_detail", "administrator"),
    ("template_file_sending", "administrator"),
}
# a former address leads on whatever its number is: what it leads to says what there is
FORMER = {"workflow_removal", "command_withdrawal"}


def cells_of(noun: str | None, role: str) -> tuple[str, ...]:
    """Give whose things a role asks an address for."""
    return (OWN, FOREIGN, MISSING) if noun and role not in OUTSIDE else (OWN,)


def address_of(name: str, number: int | None) -> str:
    if name in ("own_session_ending", "own_connection_removal"):
        return reverse(name, args=[ABSENT])
    if name.startswith("saved_view_"):
        # whose a view is its own tests say
        of_list = name.removeprefix("saved_view_") in ("list", "creation", "columns")
        return reverse(name, args=["workflow" if of_list else ABSENT])
    if name == "portal_following":
        return reverse(name, args=[number, change_of(number)])
    if name == "account_session_ending":
        return reverse(name, args=[number, session_of(number)])
    if number is not None:
        return reverse(name, args=[number])
    return reverse(name, args=["template"] if name.endswith("_choices") else [])


def change_of(number: int | None) -> int:
    """Give a proposed address of a portal, one that does not exist where there is no portal."""
    if not Portal.objects.filter(pk=number).exists():
        return ABSENT
    somebody = Account.objects.earliest("pk")
    change, _made = AddressChange.objects.get_or_create(
        portal_id=number, address="https://new.bitrix24.com", defaults={"asked_by": somebody}
    )
    return int(change.pk)


def session_of(number: int | None) -> int:
    """Give a session of an account, one that does not exist where there is no account."""
    if not Account.objects.filter(pk=number).exists():
        return ABSENT
    session, _made = UserSession.objects.get_or_create(
        user_id=number, session_key=f"session-of-{number}", defaults={"ip": "192.0.2.1"}
    )
    return int(session.pk)


def state_of_the_world() -> dict[str, Any]:
    """Give what a request without rights must leave as it is; denials are on record, of course."""
    return {
        "commands": list(Command.objects.order_by("pk").values_list("pk", "state")),
        "accounts": list(Account.objects.order_by("pk").values_list("pk", "is_active", "password")),
        "portals": list(Portal.objects.order_by("pk").values_list("pk", "client_id", "probed_at")),
        "operations": list(BulkOperation.objects.order_by("pk").values_list("pk", "state")),
        "entries": AuditEntry.objects.exclude(kind=AuditEntry.Kind.DENIED).count(),
    }


@pytest.mark.portable
@pytest.mark.parametrize(("name", "method", "roles"), TABLE)
def test_everybody_gets_what_the_table_says_and_nothing_more(
    name, method, roles, world, sandbox, portal
):
    noun = thing_of(name)
    for role in ROLES:
        client = browser_of(world, role)
        for which in cells_of(noun, role):
            number = number_of(world, role, noun, which) if noun else None
            if noun and number is None:
                continue
            before = state_of_the_world()
            answer = getattr(client, method)(address_of(name, number))
            where = (role, which, answer.status_code)
            if role in OUTSIDE:
                assert answer.status_code == 302, where
                assert answer.url.startswith(reverse("account_login")), where
            elif role_of(role) not in roles or (name in OPERATORS_ONLY and "portal" in role):
                assert answer.status_code == 403, where
            elif name in FORMER:
                assert answer.status_code == 308, where
            elif which == OWN and (name, role) not in OWN_IS_404:
                assert answer.status_code in (LET_IN - {404} if noun else LET_IN), where
                continue
            else:
                assert answer.status_code == 404, where
            assert state_of_the_world() == before, where
    assert sandbox.ledger() == []
    assert sandbox.calls() == []


def test_the_table_is_large_enough_to_mean_something():
    """Count the cells, as the closing words of the table: a table that shrinks is noticed."""
    cells = sum(len(cells_of(thing_of(name), role)) for name, *_ in TABLE for role in ROLES)
    assert cells > 2000


@pytest.mark.parametrize(
    ("view", "name"),
    [
        ("workflow_list", "starter"),
        ("workflow_list", "waiting"),
        ("workflow_task_list", "starter"),
        ("workflow_task_list", "assignee"),
    ],
)
def test_names_are_not_read_by_number_through_a_filter(world, portal, view, name):
    for role, told in (("participant", False), ("manager", False), ("administrator", True)):
        client = browser_of(world, role)
        stranger = Person.objects.create(portal=portal, remote_id=5000, name="Тайный Советник")
        page = client.get(reverse(view), {name: stranger.pk}).content.decode()
        assert ("Тайный Советник" in page) is told, role
        stranger.delete()
