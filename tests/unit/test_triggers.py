"""What the database itself refuses: changing the audit history, unsettling a command."""

import uuid

import pytest
from django.db import DatabaseError, connection, models, transaction

from bizproc_admin import audit, checks, triggers
from bizproc_admin.models import (
    Account,
    AuditDetail,
    AuditEntry,
    Command,
    CommandState,
    Portal,
)
from bizproc_admin.models.audit_entries import InsertOnly
from bizproc_admin.models.commands import TERMINAL

ENTRIES = AuditEntry._meta.db_table
DETAILS = AuditDetail._meta.db_table
COMMANDS = Command._meta.db_table


@pytest.fixture(autouse=True)
def with_triggers(db: None) -> None:
    """Each test begins with every trigger, whatever another one did to them."""
    triggers.remake()
    assert triggers.missing() == []


@pytest.fixture
def entry(administrator: Account) -> AuditEntry:
    return audit.record(AuditEntry.Kind.SIGN_IN, actor=administrator)


@pytest.fixture
def command(administrator: Account) -> Command:
    portal = Portal.objects.create(name="Northwind", address="https://northwind.example")
    return Command.objects.create(
        key=uuid.uuid4(),
        portal=portal,
        action="workflow.terminate",
        effect="end",
        target_kind="workflow",
        target_id="1",
        target_label="Vacation",
        actor=administrator,
        actor_name="Anna",
        actor_role="",
    )


@pytest.mark.parametrize("table", [ENTRIES, DETAILS])
@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = 'x'", "DELETE FROM {}"])
def test_no_statement_changes_or_removes_a_line_of_the_audit_history(
    table: str, statement: str, entry: AuditEntry
) -> None:
    column = "outcome" if table == ENTRIES else "reason"
    with pytest.raises(DatabaseError, match="insert-only"):
        run(statement.format(table, column))
    assert AuditEntry.objects.get().outcome == ""


def test_the_models_refuse_before_the_database_has_to(entry: AuditEntry) -> None:
    for attempt in (
        entry.save,
        entry.delete,
        entry.detail.save,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.update(outcome="x"),
        lambda: AuditEntry.objects.bulk_update([entry], ["outcome"]),
    ):
        with pytest.raises(InsertOnly):
            attempt()


@pytest.mark.parametrize("state", TERMINAL)
def test_a_settled_command_stays_settled(state: CommandState, command: Command) -> None:
    Command.objects.update(state=state)
    Command.objects.update(error_text="may still be worded better")
    for other in CommandState:
        if other == state:
            continue
        with pytest.raises(DatabaseError, match="settled"), transaction.atomic():
            Command.objects.update(state=other)


def test_an_open_command_may_move(command: Command) -> None:
    for state in (CommandState.SENDING, CommandState.UNKNOWN, CommandState.INTENT):
        assert Command.objects.update(state=state) == 1


def test_the_check_names_each_trigger_that_is_missing() -> None:
    assert checks.every_trigger_is_there(databases=["default"]) == []

    triggers.drop()
    found = checks.every_trigger_is_there(databases=["default"])
    assert {one.id for one in found} == {"bizproc.E002"}
    assert len(found) == len(triggers.names(connection.vendor)) == 5

    triggers.remake()
    assert checks.every_trigger_is_there(databases=["default"]) == []


def test_making_the_triggers_again_is_harmless(entry: AuditEntry) -> None:
    triggers.remake()
    triggers.remake()
    with pytest.raises(DatabaseError, match="insert-only"):
        run(f"DELETE FROM {ENTRIES}")


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="only SQLite remakes tables")
def test_a_table_remade_by_a_migration_loses_its_triggers_until_they_are_made_again(
    administrator: Account,
) -> None:
    outcome = AuditEntry._meta.get_field("outcome")
    wider = models.CharField(max_length=30, blank=True)
    wider.set_attributes_from_name("outcome")
    wider.model = AuditEntry
    try:
        with connection.schema_editor() as editor:
            editor.alter_field(AuditEntry, outcome, wider, strict=True)
        assert set(triggers.missing()) == {f"{ENTRIES}_no_update", f"{ENTRIES}_no_delete"}
        assert len(checks.every_trigger_is_there(databases=["default"])) == 2

        triggers.remake()
        audit.record(AuditEntry.Kind.SIGN_IN, actor=administrator)
        with pytest.raises(DatabaseError, match="insert-only"):
            run(f"DELETE FROM {ENTRIES}")
    finally:
        triggers.drop()
        with connection.schema_editor() as editor:
            editor.alter_field(AuditEntry, wider, outcome, strict=True)


def run(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
