"""What the database itself refuses: changing the audit history, unsettling a command."""

import uuid
from types import SimpleNamespace

import pytest
from django.db import DatabaseError, connection, models, transaction
from django.test import Client
from django.urls import reverse

from bizproc_admin import audit, checks
from bizproc_admin.audit import AuditAction, By, triggers
from bizproc_admin.models import (
    Account,
    AuditDetail,
    AuditEntry,
    AuditSequence,
    Command,
    CommandState,
    Portal,
    Target,
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
    assert triggers.faults() == []


@pytest.fixture
def entry(administrator: Account) -> AuditEntry:
    return audit.record(
        AuditEntry.Kind.SIGN_IN, AuditAction.SIGN_IN, by=By(account=administrator), target=Target()
    )


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
    assert AuditEntry.objects.get().outcome == "ok"


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
    for other in CommandState:
        if other != state:
            with pytest.raises(DatabaseError, match="settled"), transaction.atomic():
                Command.objects.update(state=other)


@pytest.mark.parametrize("column", [field.column for field in Command._meta.concrete_fields])
def test_no_column_of_a_settled_command_is_rewritten(column: str, command: Command) -> None:
    Command.objects.update(state=CommandState.CONFIRMED)
    with pytest.raises(DatabaseError, match="settled"):
        run(f'UPDATE {COMMANDS} SET "{column}" = "{column}"')


@pytest.mark.parametrize("state", [CommandState.INTENT, CommandState.CONFIRMED])
def test_no_command_is_deleted(state: CommandState, command: Command) -> None:
    Command.objects.update(state=state)
    with pytest.raises(DatabaseError, match="settled"):
        run(f"DELETE FROM {COMMANDS}")


def test_an_open_command_keeps_its_key_and_number(command: Command) -> None:
    with pytest.raises(DatabaseError, match="settled"):
        run(f"UPDATE {COMMANDS} SET id = id + 1")


def columns_of(model: type[models.Model]) -> str:
    return ", ".join(f'"{field.column}"' for field in model._meta.concrete_fields)


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="only SQLite has INSERT OR REPLACE")
@pytest.mark.parametrize("model", [AuditEntry, AuditDetail, AuditSequence, Command])
@pytest.mark.parametrize("verb", ["INSERT OR REPLACE", "REPLACE"])
def test_no_insert_replaces_a_line(
    model: type[models.Model], verb: str, entry: AuditEntry, command: Command
) -> None:
    table = model._meta.db_table
    before = list(model._default_manager.values())
    with pytest.raises(DatabaseError):
        run(f"{verb} INTO {table} ({columns_of(model)}) SELECT {columns_of(model)} FROM {table}")
    assert list(model._default_manager.values()) == before


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="only SQLite has INSERT OR REPLACE")
def test_no_insert_replaces_a_line_by_another_of_its_keys(entry: AuditEntry) -> None:
    others = ", ".join(
        "id + 100" if field.column == "id"
        else "'aaaa'" if field.column == "uuid"
        else f'"{field.column}"'
        for field in AuditEntry._meta.concrete_fields
    )  # fmt: skip
    with pytest.raises(DatabaseError, match="insert-only"):
        run(
            f"INSERT OR REPLACE INTO {ENTRIES} ({columns_of(AuditEntry)}) "
            f"SELECT {others} FROM {ENTRIES}"
        )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET last = last - 1",
        "UPDATE {} SET last = 0",
        "UPDATE {} SET last = last + 2",
        "UPDATE {} SET last = last",
        "UPDATE {} SET scope = 'other', last = last + 1",
        "DELETE FROM {}",
        "INSERT INTO {} (scope, last) VALUES ('portal:77', 5)",
    ],
)
def test_the_numbers_of_the_history_only_go_up_by_one(statement: str, entry: AuditEntry) -> None:
    with pytest.raises(DatabaseError, match="go up by one"):
        run(statement.format(AuditSequence._meta.db_table))
    assert AuditSequence.objects.get().last == entry.seq
    assert (
        audit.record(
            AuditEntry.Kind.SIGN_IN, AuditAction.SIGN_IN, by=By(account=None), target=Target()
        ).seq
        == entry.seq + 1
    )


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="written for SQLite")
@pytest.mark.parametrize(
    "ddl",
    [
        # an empty trigger of the same name
        (
            'DROP TRIGGER "{0}_no_update"',
            'CREATE TRIGGER "{0}_no_update" BEFORE UPDATE ON "{0}" BEGIN SELECT 1; END',
        ),
        # one that never fires
        (
            'DROP TRIGGER "{0}_no_delete"',
            'CREATE TRIGGER "{0}_no_delete" BEFORE DELETE ON "{0}" WHEN 0 '
            "BEGIN SELECT RAISE(ABORT, 'the audit history is insert-only'); END",
        ),
        # the same trigger on another table
        (
            'DROP TRIGGER "{0}_no_delete"',
            'CREATE TRIGGER "{0}_no_delete" BEFORE DELETE ON "django_session" '
            "BEGIN SELECT RAISE(ABORT, 'the audit history is insert-only'); END",
        ),
        # the table put aside with its triggers, and an unguarded one in its place
        ('ALTER TABLE "{0}" RENAME TO "aside"', 'CREATE TABLE "{0}" AS SELECT * FROM "aside"'),
    ],
)
def test_the_check_and_healthz_name_what_ddl_did(
    ddl: tuple[str, ...], client: Client, entry: AuditEntry
) -> None:
    with transaction.atomic():
        for statement in ddl:
            run(statement.format(DETAILS))
        assert triggers.faults()
        found = checks.every_trigger_is_there(databases=["default"])
        assert all(DETAILS in one.msg for one in found)
        told = client.get(reverse("healthz"))
        assert told.status_code == 503
        assert set(told.json()["guards"]) == set(triggers.faults())
        transaction.set_rollback(True)
    assert triggers.faults() == []


def test_a_process_that_starts_says_what_is_wrong(caplog: pytest.LogCaptureFixture) -> None:
    triggers.tell()
    assert not caplog.records
    triggers.drop()
    triggers.tell()
    assert f"{ENTRIES}_no_update" in caplog.text or f"{ENTRIES}_no_change" in caplog.text
    triggers.remake()


def test_a_migration_lifts_them_and_puts_them_back_in_its_own_transaction(
    entry: AuditEntry,
) -> None:
    editor = SimpleNamespace(connection=connection)
    with transaction.atomic():
        triggers.lift(None, editor)
        run(f"UPDATE {ENTRIES} SET outcome = 'x'")
        triggers.put_back(None, editor)
    assert triggers.faults() == []
    assert AuditEntry.objects.get().outcome == "x"
    with pytest.raises(DatabaseError, match="insert-only"):
        run(f"DELETE FROM {ENTRIES}")


def test_an_open_command_may_move(command: Command) -> None:
    for state in (CommandState.SENDING, CommandState.UNKNOWN, CommandState.INTENT):
        assert Command.objects.update(state=state) == 1


def test_the_check_names_each_trigger_that_is_missing() -> None:
    assert checks.every_trigger_is_there(databases=["default"]) == []

    triggers.drop()
    found = checks.every_trigger_is_there(databases=["default"])
    assert {one.id for one in found} == {"bizproc.E002"}
    assert len(found) == len(triggers.names(connection.vendor))

    triggers.remake()
    assert checks.every_trigger_is_there(databases=["default"]) == []


def test_making_the_triggers_again_is_harmless(entry: AuditEntry) -> None:
    triggers.remake()
    triggers.remake()
    with pytest.raises(DatabaseError, match="insert-only"):
        run(f"DELETE FROM {ENTRIES}")


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="only SQLite remakes tables")
def test_a_table_remade_by_a_migration_loses_its_triggers_until_they_are_made_again(
    lifts_triggers: None,
    administrator: Account,
) -> None:
    outcome = AuditEntry._meta.get_field("outcome")
    wider = models.CharField(max_length=30, blank=True)
    wider.set_attributes_from_name("outcome")
    wider.model = AuditEntry
    try:
        with connection.schema_editor() as editor:
            editor.alter_field(AuditEntry, outcome, wider, strict=True)
        gone = {f"{ENTRIES}_no_{event}" for event in ("update", "delete", "insert")}
        assert set(triggers.faults()) == gone
        assert len(checks.every_trigger_is_there(databases=["default"])) == len(gone)

        triggers.remake()
        audit.record(
            AuditEntry.Kind.SIGN_IN,
            AuditAction.SIGN_IN,
            by=By(account=administrator),
            target=Target(),
        )
        with pytest.raises(DatabaseError, match="insert-only"):
            run(f"DELETE FROM {ENTRIES}")
    finally:
        triggers.drop()
        with connection.schema_editor() as editor:
            editor.alter_field(AuditEntry, wider, outcome, strict=True)


def run(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
