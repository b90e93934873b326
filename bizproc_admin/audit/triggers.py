"""Database triggers: what is written into the history is never changed, removed or replaced.

- Audit entries and their details take inserts only, and no insert replaces a line.
- A settled command is a line of history, too: no column of it changes. No command is deleted.
- A sequence goes up by one and is never set back or removed.

Only DDL gets past them, and `faults` names what it did: each trigger is compared with its
definition, with the table it stands on, and with its function's source. A table remade by a
migration loses its triggers on SQLite, so they are made again after every migrate; a migration
that must change protected rows puts `lift` and `put_back` around that, in its own transaction.
"""

import logging
from dataclasses import dataclass
from typing import Any, Final

from django.apps import AppConfig
from django.db import DatabaseError, connections

from bizproc_admin.models import AuditDetail, AuditEntry, AuditSequence, Command
from bizproc_admin.models.commands import TERMINAL

log = logging.getLogger(__name__)

ENTRIES: Final = AuditEntry._meta.db_table
DETAILS: Final = AuditDetail._meta.db_table
SEQUENCES: Final = AuditSequence._meta.db_table
COMMANDS: Final = Command._meta.db_table
TABLES: Final = (ENTRIES, DETAILS, SEQUENCES, COMMANDS)

HISTORY: Final = "the audit history is insert-only"
SETTLED: Final = "a settled command stays settled"
NUMBERS: Final = "the numbers of the audit history go up by one"

STATES: Final = ", ".join(f"'{state.value}'" for state in TERMINAL)
IS_SETTLED: Final = f"OLD.state IN ({STATES})"
REWRITES: Final = f"{IS_SETTLED} OR NEW.id <> OLD.id OR NEW.key <> OLD.key"
GOES_BACK: Final = "NEW.last <> OLD.last + 1 OR NEW.scope <> OLD.scope"
BEGINS_LATE: Final = "NEW.last NOT IN (0, 1)"

# what an INSERT OR REPLACE would take away, which fires no trigger for the delete
REPLACED: Final = {
    ENTRIES: "id = NEW.id OR uuid = NEW.uuid OR (scope = NEW.scope AND seq = NEW.seq)",
    DETAILS: "entry_id = NEW.entry_id",
    SEQUENCES: "scope = NEW.scope",
    COMMANDS: "id = NEW.id OR key = NEW.key",
}
# pg_trigger.tgtype: what a trigger fires on
ROW, BEFORE, INSERT, DELETE, UPDATE, TRUNCATE = 1, 2, 4, 8, 16, 32
EVENTS: Final = {INSERT: "INSERT", DELETE: "DELETE", UPDATE: "UPDATE", TRUNCATE: "TRUNCATE"}


@dataclass(frozen=True, kw_only=True)
class Guard:
    """One trigger on SQLite: a table, an event, when it refuses, and the words it refuses with."""

    table: str
    event: str
    when: str
    says: str

    @property
    def name(self) -> str:
        return f"{self.table}_no_{self.event.lower()}"

    @property
    def definition(self) -> str:
        when = f"WHEN {self.when} " if self.when else ""
        return (
            f'CREATE TRIGGER "{self.name}" BEFORE {self.event} ON "{self.table}" '
            f"{when}BEGIN SELECT RAISE(ABORT, '{self.says}'); END"
        )


def replaces(table: str) -> str:
    """Say when an insert would take a row's place."""
    return f'EXISTS (SELECT 1 FROM "{table}" WHERE {REPLACED[table]})'  # noqa: S608  # constants


SQLITE: Final = (
    *(
        Guard(table=table, event=event, when="", says=HISTORY)
        for table in (ENTRIES, DETAILS)
        for event in ("UPDATE", "DELETE")
    ),
    *(
        Guard(table=table, event="INSERT", when=replaces(table), says=HISTORY)
        for table in (ENTRIES, DETAILS)
    ),
    Guard(table=SEQUENCES, event="UPDATE", when=GOES_BACK, says=NUMBERS),
    Guard(table=SEQUENCES, event="DELETE", when="", says=NUMBERS),
    Guard(
        table=SEQUENCES,
        event="INSERT",
        when=f"{BEGINS_LATE} OR {replaces(SEQUENCES)}",
        says=NUMBERS,
    ),
    # an UPDATE OR REPLACE that takes another row's key would delete that row unseen
    Guard(
        table=COMMANDS,
        event="UPDATE",
        when=REWRITES,
        says=SETTLED,
    ),
    Guard(table=COMMANDS, event="DELETE", when="", says=SETTLED),
    Guard(table=COMMANDS, event="INSERT", when=replaces(COMMANDS), says=SETTLED),
)


@dataclass(frozen=True, kw_only=True)
class Watch:
    """One trigger on PostgreSQL: a table, what it fires on (tgtype), and its function."""

    table: str
    fires_on: int
    function: str

    @property
    def name(self) -> str:
        return f"{self.table}_no_{'truncate' if self.fires_on & TRUNCATE else 'change'}"

    @property
    def definition(self) -> str:
        events = " OR ".join(word for bit, word in EVENTS.items() if self.fires_on & bit)
        each = "ROW" if self.fires_on & ROW else "STATEMENT"
        return (
            f'CREATE TRIGGER "{self.name}" BEFORE {events} ON "{self.table}" '
            f"FOR EACH {each} EXECUTE FUNCTION {self.function}()"
        )


def refusing(says: str, *, when: str = "") -> str:
    """Return the source of a function that refuses, under a condition or always."""
    raising = f"RAISE EXCEPTION '{says}';"
    if not when:
        return f" BEGIN {raising} END "
    return f" BEGIN IF {when} THEN {raising} END IF; RETURN NEW; END "


# the conditions are in the functions, whose source is kept word for word
FUNCTIONS: Final = {
    "bizproc_insert_only": refusing(HISTORY),
    "bizproc_no_command_goes": refusing(SETTLED),
    "bizproc_settled": refusing(SETTLED, when=REWRITES),
    "bizproc_no_number_goes": refusing(NUMBERS),
    "bizproc_next_number": refusing(
        NUMBERS,
        when=f"(TG_OP = 'INSERT' AND {BEGINS_LATE}) OR (TG_OP = 'UPDATE' AND ({GOES_BACK}))",
    ),
}
POSTGRESQL: Final = (
    *(
        Watch(table=table, fires_on=fires_on, function="bizproc_insert_only")
        for table in (ENTRIES, DETAILS)
        for fires_on in (ROW | BEFORE | UPDATE | DELETE, BEFORE | TRUNCATE)
    ),
    Watch(table=COMMANDS, fires_on=ROW | BEFORE | UPDATE, function="bizproc_settled"),
    Watch(table=COMMANDS, fires_on=BEFORE | DELETE | TRUNCATE, function="bizproc_no_command_goes"),
    Watch(table=SEQUENCES, fires_on=ROW | BEFORE | INSERT | UPDATE, function="bizproc_next_number"),
    Watch(table=SEQUENCES, fires_on=BEFORE | DELETE | TRUNCATE, function="bizproc_no_number_goes"),
)
# names that earlier versions gave their triggers
FORMER: Final = ((f"{COMMANDS}_settled", COMMANDS),)


def remake_after_migrate(sender: AppConfig, *, using: str, **_: Any) -> None:
    """Make the triggers again; connected to post_migrate."""
    remake(using=using)


def put_back(_apps: Any, schema_editor: Any) -> None:
    """Make the triggers again inside a migration's own transaction, for RunPython."""
    remake(using=schema_editor.connection.alias)


def lift(_apps: Any, schema_editor: Any) -> None:
    """Take the triggers away inside a migration's own transaction, for RunPython."""
    drop(using=schema_editor.connection.alias)


def remake(*, using: str = "default") -> None:
    """Drop and create every trigger; harmless to repeat."""
    existing = set(connections[using].introspection.table_names())
    if not set(TABLES) <= existing:
        return
    drop(using=using)
    with connections[using].cursor() as cursor:
        for statement in statements(connections[using].vendor):
            cursor.execute(statement)


def drop(*, using: str = "default") -> None:
    """Drop every trigger: for migrations that change protected rows, and tests that flush."""
    vendor = connections[using].vendor
    with connections[using].cursor() as cursor:
        if vendor != "sqlite":  # rows whose foreign keys are still to be checked keep a table shut
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for name, table in (*names(vendor), *FORMER):
            on = "" if vendor == "sqlite" else f' ON "{table}"'
            cursor.execute(f'DROP TRIGGER IF EXISTS "{name}"{on}')


def names(vendor: str) -> list[tuple[str, str]]:
    """Return each trigger's name and table."""
    made: tuple[Guard | Watch, ...] = SQLITE if vendor == "sqlite" else POSTGRESQL
    return [(one.name, one.table) for one in made]


def statements(vendor: str) -> list[str]:
    """Return the statements that make every trigger on a kind of database."""
    if vendor == "sqlite":
        return [guard.definition for guard in SQLITE]
    definitions = [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${source}$$"
        for name, source in FUNCTIONS.items()
    ]
    for watch in POSTGRESQL:
        definitions += [
            watch.definition,
            # fires in a session that plays the replica, too
            f'ALTER TABLE "{watch.table}" ENABLE ALWAYS TRIGGER "{watch.name}"',
        ]
    return definitions


def faults(*, using: str = "default") -> list[str]:
    """Name the triggers that are missing, or not what they should be; empty when all is well."""
    intact = on_sqlite(using) if connections[using].vendor == "sqlite" else on_postgresql(using)
    return [name for name, _table in names(connections[using].vendor) if name not in intact]


def tell() -> None:
    """Write into the log, when a process starts, what is wrong with the triggers."""
    try:
        broken = faults()
    except DatabaseError:
        return  # a database that is away, or not made yet, is said elsewhere
    if broken and AuditEntry._meta.db_table in connections["default"].introspection.table_names():
        log.critical("triggers_broken %s: run manage.py migrate", " ".join(broken))


def on_sqlite(using: str) -> set[str]:
    """Return the triggers that stand as they were made."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")
        present = {name: (table, sql) for name, table, sql in cursor.fetchall()}
    return {one.name for one in SQLITE if present.get(one.name) == (one.table, one.definition)}


def on_postgresql(using: str) -> set[str]:
    """Return the triggers that stand as they were made, each with its function."""
    query = (
        "SELECT t.tgname, c.relname, t.tgtype, p.proname, p.prosrc "
        "FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
        "JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_proc p ON p.oid = t.tgfoid "
        "JOIN pg_language l ON l.oid = p.prolang "
        "WHERE n.nspname = current_schema() AND NOT t.tgisinternal AND t.tgenabled = 'A' "
        "AND t.tgqual IS NULL AND t.tgattr::text = '' AND t.tgnargs = 0 "
        "AND l.lanname = 'plpgsql' AND p.proconfig IS NULL"
    )
    with connections[using].cursor() as cursor:
        cursor.execute(query)
        present = {row[0]: tuple(row[1:]) for row in cursor.fetchall()}
    return {
        one.name
        for one in POSTGRESQL
        if present.get(one.name) == (one.table, one.fires_on, one.function, FUNCTIONS[one.function])
    }
