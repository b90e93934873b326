"""A worker is killed while it writes a workflow template; what the portal lists tells the truth."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from bizproc_admin import bitrix, commands
from bizproc_admin.actions import Action, AddTemplate, DeleteTemplate, UpdateTemplate
from bizproc_admin.audit import By
from bizproc_admin.diagrams.template_files import decode, encode
from bizproc_admin.models import (
    Account,
    AuditEntry,
    Command,
    CommandState,
    LinkedPerson,
    Person,
    Portal,
    WorkflowTemplate,
)
from bizproc_admin.portals import tokens
from bizproc_admin.secrets.fields import Secret
from sandbox import Sandbox
from tests.workers.conftest import messages_travel

# the kill points of both databases are those of test_dying_workers
pytestmark = [pytest.mark.worker, pytest.mark.portable]

OWNER = 1
METHODS = {kind: f"bizproc.workflow.template.{kind}" for kind in ("add", "update", "delete")}
# where the worker dies, and the writes applied by then
DEATHS = [
    ("claimed, nothing sent", 0),
    ("the whole request sent", 1),
    ("accepted, not verified", 1),
]
CONTENT = encode(
    [
        {
            "Type": "SequentialWorkflowActivity",
            "Name": "Template",
            "Activated": "Y",
            "Properties": {"Title": "New"},
            "Children": [],
        }
    ]
)
FILE: dict[str, Any] = {
    "name_of": "Contract",
    "description": "",
    "auto_execute": 0,
    "digest": decode(CONTENT).digest(),
    "file": AddTemplate.of_bytes(CONTENT),
    "content": CONTENT,
    "reason": "Ordered by legal",
}


@pytest.fixture
def ask_to_write(
    live_db: None, portal: Portal, sandbox: Sandbox, administrator: Account
) -> Callable[[str], Command]:
    """Ask for a template to be added, changed or deleted by an administrator's own token."""
    told = sandbox.oauth
    portal.client_id, portal.token_url = told["client_id"], told["token_url"]
    portal.client_secret, portal.member_id = Secret(told["client_secret"]), told["member_id"]
    portal.save()
    person = Person.objects.create(portal=portal, remote_id=OWNER, name="Anna")
    LinkedPerson.objects.create(user=administrator, portal=portal, person=person)
    tokens.keep(person, bitrix.TokenPair.from_api(sandbox.tokens_for(OWNER)))

    def action(kind: str) -> Action:
        if kind == "add":
            return AddTemplate(
                to_portal=portal, document_type=("crm", "CCrmDocumentDeal", "DEAL"), **FILE
            )
        number = sandbox.add_template("Contract of before")
        sandbox.change_template(number, system_code="rest_app_1")
        sandbox.advance(10)
        template = WorkflowTemplate.objects.create(
            portal=portal, remote_id=number, name="Contract of before", is_hidden=False
        )
        if kind == "delete":
            return DeleteTemplate(template=template, reason="Replaced")
        return UpdateTemplate(template=template, **FILE)

    def issue(kind: str) -> Command:
        with messages_travel():
            return commands.issue(action(kind), by=By(account=administrator), key=uuid.uuid4())

    return issue


@pytest.mark.parametrize("kind", list(METHODS))
@pytest.mark.parametrize(("point", "applied"), DEATHS, ids=[one[0] for one in DEATHS])
def test_a_worker_killed_at_any_point_neither_writes_twice_nor_lies(
    kind: str,
    point: str,
    applied: int,
    sandbox: Sandbox,
    ask_to_write: Callable[[str], Command],
    run_and_die: Callable[[str, Command], None],
    recover: Callable[[Command], Command],
    eventually: Callable[..., Any],
) -> None:
    command = ask_to_write(kind)
    run_and_die(point, command)
    if applied:
        eventually(sandbox.ledger)
    assert len(sandbox.ledger()) == applied
    recover(command)
    assert command.state == CommandState.CONFIRMED
    assert [entry["method"] for entry in sandbox.ledger()] == [METHODS[kind]]
    attempts = AuditEntry.objects.filter(command=command, kind=AuditEntry.Kind.ATTEMPT)
    assert attempts.count() == command.epoch
