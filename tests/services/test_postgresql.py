"""The triggers of the audit history and of settled commands on PostgreSQL."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.utils import DatabaseError

from bizproc_admin import checks, commands
from bizproc_admin.audit import triggers
from bizproc_admin.models import (
    AuditDetail,
    AuditEntry,
    Command,
    CommandState,
    Workflow,
    WorkflowTask,
)
from bizproc_admin.models.commands import having_words

pytestmark = [pytest.mark.services]

ENTRIES = AuditEntry._meta.db_table
DETAILS = AuditDetail._meta.db_table
COMMANDS = Command._meta.db_table


@pytest.mark.parametrize("table", [ENTRIES, DETAILS])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {table} SET {column} = {column}",
        "DELETE FROM {table}",
        "TRUNCATE {table} CASCADE",
    ],
)
def test_the_database_refuses_to_change_the_audit_history(
    table: str, statement: str, workflow: Workflow, ask: Callable[..., Command]
) -> None:
    ask(workflow)
    column = "outcome" if table == ENTRIES else "reason"

    with pytest.raises(DatabaseError, match="insert-only"):
        run(statement.format(table=table, column=column))

    assert AuditEntry.objects.count() == AuditDetail.objects.count() == 1


def test_a_settled_command_stays_settled(workflow: Workflow, ask: Callable[..., Command]) -> None:
    command = ask(workflow)
    commands.carry_out(command.pk, worker="a worker")
    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED

    with pytest.raises(DatabaseError, match="settled"):
        run(f"UPDATE {COMMANDS} SET state = 'intent'")


def test_a_missing_or_disabled_trigger_fails_the_check_until_the_next_migrate(
    live_db: None,
) -> None:
    assert checks.every_trigger_is_there(databases=["default"]) == []

    run(f'DROP TRIGGER "{ENTRIES}_no_truncate" ON "{ENTRIES}"')
    run(f'ALTER TABLE "{DETAILS}" DISABLE TRIGGER "{DETAILS}_no_change"')
    found = checks.every_trigger_is_there(databases=["default"])
    assert {one.id for one in found} == {"bizproc.E002"}
    assert len(found) == 2

    call_command("migrate", verbosity=0)
    assert triggers.faults() == []


def test_a_rare_word_is_found_by_an_index_and_the_next_migrate_makes_a_missing_one(
    live_db: None,
) -> None:
    searches = {
        "bizproc_admin_workflow_words": Workflow.objects.matching("koroleva"),
        "bizproc_admin_workflowtask_words": WorkflowTask.objects.matching("koroleva"),
        "command_reason_words": Command.objects.filter(having_words("Королёва")),
        "audit_entry_actor_words": AuditEntry.objects.filter(actor_name__folds="Королёва"),
        "audit_entry_target_words": AuditEntry.objects.filter(target_label__folds="50 %"),
    }
    run("DROP EXTENSION pg_trgm CASCADE")
    assert [name for name, rows in searches.items() if name in plan_of(rows)] == []

    call_command("migrate", verbosity=0)
    assert [name for name, rows in searches.items() if name not in plan_of(rows)] == []


def plan_of(rows: QuerySet[Any]) -> str:
    """Return how rows would be found if reading all of them were out of the question."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
        return rows.explain()


@pytest.mark.parametrize(
    "ddl",
    [
        f'ALTER TABLE "{ENTRIES}" ENABLE REPLICA TRIGGER "{ENTRIES}_no_change"',
        f'ALTER TABLE "{ENTRIES}" ENABLE TRIGGER "{ENTRIES}_no_change"',
        "CREATE OR REPLACE FUNCTION bizproc_insert_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RETURN NULL; END $$",
        f'DROP TRIGGER "{COMMANDS}_no_change" ON "{COMMANDS}"; CREATE TRIGGER '
        f'"{COMMANDS}_no_change" BEFORE UPDATE OF state ON "{COMMANDS}" '
        "FOR EACH ROW EXECUTE FUNCTION bizproc_settled()",
        f'ALTER TABLE "{ENTRIES}" RENAME TO "aside"; CREATE TABLE "{ENTRIES}" (LIKE "aside")',
    ],
)
def test_the_check_names_what_ddl_did(ddl: str, db: None) -> None:
    with transaction.atomic():
        run(ddl)
        assert triggers.faults()
        transaction.set_rollback(True)
    assert triggers.faults() == []


def test_a_session_that_plays_the_replica_is_refused_too(
    workflow: Workflow, ask: Callable[..., Command]
) -> None:
    ask(workflow)
    with pytest.raises(DatabaseError, match="insert-only"):
        run(f"SET LOCAL session_replication_role = replica; DELETE FROM {ENTRIES}")


def run(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
