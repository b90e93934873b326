"""A worker is killed while it writes an application action: done once, and told truly."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from bizproc_admin import bitrix, commands
from bizproc_admin.actions import DeleteAction, RegisterAction, UpdateAction
from bizproc_admin.audit import By
from bizproc_admin.models import (
    Account,
    ApplicationAction,
    AuditEntry,
    Command,
    CommandState,
    LinkedPerson,
    Person,
    Portal,
)
from bizproc_admin.portals import tokens
from bizproc_admin.secrets.fields import Secret
from sandbox import Sandbox
from tests.workers.conftest import messages_travel

# the kill points of both databases are those of test_dying_workers
pytestmark = [pytest.mark.worker, pytest.mark.portable]

OLD = {
    "HANDLER": "https://app.example/calls/",
    "USE_SUBSCRIPTION": "Y",
    "NAME": {"en": "Check"},
}
NEW = {**OLD, "NAME": {"en": "Check anew"}, "USE_SUBSCRIPTION": "N"}
# where the worker dies: whether it was done by then, the state that it leaves
DEATHS = [
    ("before the claim", False, CommandState.INTENT),
    ("claimed, nothing sent", False, CommandState.SENDING),
    ("half of the request sent", False, CommandState.SENDING),
    ("the whole request sent", True, CommandState.SENDING),
    ("the answer on its way", True, CommandState.SENDING),
    ("the answer received, not recorded", True, CommandState.SENDING),
    ("accepted, not verified", True, CommandState.ACCEPTED),
    ("verified, not concluded", True, CommandState.ACCEPTED),
    ("concluding, not committed", True, CommandState.ACCEPTED),
    ("concluded", True, None),
]
# what the portal does to the answer
FAULTS = [
    ("timeout_before_apply", {"hold": 3}),
    ("timeout_after_apply", {"hold": 3}),
    ("reset_mid_response", {}),
    ("html_page", {}),
    ("QUERY_LIMIT_EXCEEDED", {}),
    ("late_apply", {"hold": 3, "delay": 100}),
]
VERBS = ("add", "update", "delete")
# all of them for one, and where they differ for the others
DEADLY = [(verb, *death) for verb in VERBS for death in DEATHS if verb == "add" or death[1]]
ENDS = {
    "add": CommandState.CONFIRMED,
    "update": CommandState.GONE,
    "delete": CommandState.CONFIRMED,
}


@pytest.fixture
def ask(
    live_db: None, portal: Portal, sandbox: Sandbox, administrator: Account
) -> Callable[[str], Command]:
    """Ask for a rule to be registered, changed or deleted; but for the first it is there."""
    told = sandbox.oauth
    portal.client_id, portal.token_url = told["client_id"], told["token_url"]
    portal.client_secret, portal.member_id = Secret(told["client_secret"]), told["member_id"]
    portal.save()
    person = Person.objects.create(portal=portal, remote_id=1, is_administrator=True)
    LinkedPerson.objects.create(user=administrator, portal=portal, person=person)
    tokens.keep(person, bitrix.TokenPair.from_api(sandbox.tokens_for(1)))

    def issue(verb: str) -> Command:
        given: dict[str, Any] = {
            "to_portal": portal, "client_id": portal.client_id, "kind": "robot", "code": "check",
            "reason": "Ordered",
        }  # fmt: skip
        actions = {
            "add": lambda: RegisterAction(**given, definition=OLD),
            "update": lambda: UpdateAction(**given, definition=NEW),
            "delete": lambda: DeleteAction(**given),
        }
        by = By(account=administrator)
        for name in dict.fromkeys(("add", verb)):
            with messages_travel():
                command = commands.issue(actions[name](), by=by, key=uuid.uuid4())
            if name != verb:
                commands.carry_out(command.pk, worker="test")
        return command

    return issue


def is_done(sandbox: Sandbox, verb: str) -> bool:
    there = [one for one in sandbox.portal.actions if one.code == "check"]
    if verb == "update":
        return [one.use_subscription for one in there] == ["N"]
    return bool(there) is (verb == "add")


def told_truly(command: Command, sandbox: Sandbox, verb: str) -> None:
    """It is done, no more was done than that, and what is kept here is what was sent."""
    assert is_done(sandbox, verb)
    assert command.state == ENDS[verb]
    lines = [line for line in sandbox.ledger() if line["method"] == f"bizproc.robot.{verb}"]
    assert len(lines) == 1 if verb != "update" else 1 <= len(lines) <= 3
    row = ApplicationAction.objects.get()
    assert row.definition == (NEW if verb == "update" else OLD)
    assert row.is_there is (verb != "delete")
    attempts = AuditEntry.objects.filter(command=command, kind=AuditEntry.Kind.ATTEMPT)
    assert attempts.count() == command.epoch


@pytest.mark.parametrize(
    ("verb", "point", "done", "left"), DEADLY, ids=[f"{one[0]}, {one[1]}" for one in DEADLY]
)
def test_a_worker_killed_at_any_point_does_it_once_and_never_lies(
    ask: Callable[[str], Command],
    run_and_die: Callable[[str, Command], None],
    recover: Callable[[Command], Command],
    eventually: Callable[..., Any],
    sandbox: Sandbox,
    verb: str,
    point: str,
    done: bool,
    left: CommandState | None,
) -> None:
    command = ask(verb)
    run_and_die(point, command)
    command.refresh_from_db()
    assert command.state == (left or ENDS[verb])
    if done:
        # what was sent is still on its way when the sender is dead
        eventually(lambda: is_done(sandbox, verb))
    assert is_done(sandbox, verb) is done
    told_truly(recover(command), sandbox, verb)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(("fault", "how"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_whatever_becomes_of_its_answer_it_is_done_and_told_truly(
    ask: Callable[[str], Command],
    recover: Callable[[Command], Command],
    sandbox: Sandbox,
    verb: str,
    fault: str,
    how: dict[str, Any],
) -> None:
    command = ask(verb)
    sandbox.fail_next(fault, method=f"bizproc.robot.{verb}", **how)
    commands.carry_out(command.pk, worker="test")
    told_truly(recover(command), sandbox, verb)
