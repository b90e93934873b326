"""Database triggers: the audit history takes inserts only, a settled command stays settled.

A table remade by a migration loses its triggers on SQLite, so they are made again after every
migrate, and a system check fails when one is missing.
"""

from typing import Any

from django.apps import AppConfig
from django.db import connections

from bizproc_admin.models import AuditDetail, AuditEntry, Command
from bizproc_admin.models.commands import TERMINAL

INSERT_ONLY = (AuditEntry._meta.db_table, AuditDetail._meta.db_table)
COMMANDS = Command._meta.db_table
STATES = ", ".join(f"'{state.value}'" for state in TERMINAL)


def remake_after_migrate(sender: AppConfig, *, using: str, **_: Any) -> None:
    """Make the triggers again; connected to post_migrate."""
    remake(using=using)


def remake(*, using: str = "default") -> None:
    """Drop and create every trigger; harmless to repeat."""
    existing = set(connections[using].introspection.table_names())
    if not {*INSERT_ONLY, COMMANDS} <= existing:
        return
    with connections[using].cursor() as cursor:
        for statement in statements(connections[using].vendor):
            cursor.execute(statement)


def drop(*, using: str = "default") -> None:
    """Drop every trigger; only tests that flush their tables do this."""
    vendor = connections[using].vendor
    with connections[using].cursor() as cursor:
        for name, table in names(vendor):
            if vendor == "sqlite":
                cursor.execute(f'DROP TRIGGER IF EXISTS "{name}"')
            else:
                cursor.execute(f'DROP TRIGGER IF EXISTS "{name}" ON "{table}"')


def missing(*, using: str = "default") -> list[str]:
    """Give the names of triggers that are not in the database."""
    vendor = connections[using].vendor
    if vendor == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    else:
        query = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
    with connections[using].cursor() as cursor:
        cursor.execute(query)
        present = {row[0] for row in cursor.fetchall()}
    return [name for name, _table in names(vendor) if name not in present]


def names(vendor: str) -> list[tuple[str, str]]:
    """Give each trigger's name and table."""
    events = ("update", "delete") if vendor == "sqlite" else ("change", "truncate")
    pairs = [(f"{table}_no_{event}", table) for table in INSERT_ONLY for event in events]
    return [*pairs, (f"{COMMANDS}_settled", COMMANDS)]


def statements(vendor: str) -> list[str]:
    """Give the statements that make every trigger on a kind of database."""
    return sqlite_statements() if vendor == "sqlite" else postgresql_statements()


def sqlite_statements() -> list[str]:
    made = []
    for table in INSERT_ONLY:
        for event in ("update", "delete"):
            name = f"{table}_no_{event}"
            made += [
                f'DROP TRIGGER IF EXISTS "{name}"',
                f'CREATE TRIGGER "{name}" BEFORE {event.upper()} ON "{table}" '
                "BEGIN SELECT RAISE(ABORT, 'the audit history is insert-only'); END",
            ]
    name = f"{COMMANDS}_settled"
    return [
        *made,
        f'DROP TRIGGER IF EXISTS "{name}"',
        f'CREATE TRIGGER "{name}" BEFORE UPDATE ON "{COMMANDS}" '
        f"WHEN OLD.state IN ({STATES}) AND NEW.state <> OLD.state "
        "BEGIN SELECT RAISE(ABORT, 'a settled command stays settled'); END",
    ]


def postgresql_statements() -> list[str]:
    made = [
        "CREATE OR REPLACE FUNCTION bizproc_insert_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit history is insert-only'; END $$",
        "CREATE OR REPLACE FUNCTION bizproc_settled() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'a settled command stays settled'; END $$",
    ]
    for table in INSERT_ONLY:
        made += [
            f'DROP TRIGGER IF EXISTS "{table}_no_change" ON "{table}"',
            f'CREATE TRIGGER "{table}_no_change" BEFORE UPDATE OR DELETE ON "{table}" '
            "FOR EACH ROW EXECUTE FUNCTION bizproc_insert_only()",
            f'DROP TRIGGER IF EXISTS "{table}_no_truncate" ON "{table}"',
            f'CREATE TRIGGER "{table}_no_truncate" BEFORE TRUNCATE ON "{table}" '
            "FOR EACH STATEMENT EXECUTE FUNCTION bizproc_insert_only()",
        ]
    name = f"{COMMANDS}_settled"
    return [
        *made,
        f'DROP TRIGGER IF EXISTS "{name}" ON "{COMMANDS}"',
        f'CREATE TRIGGER "{name}" BEFORE UPDATE ON "{COMMANDS}" FOR EACH ROW '
        f"WHEN (OLD.state IN ({STATES}) AND NEW.state <> OLD.state) "
        "EXECUTE FUNCTION bizproc_settled()",
    ]
