"""A sign of whether anything that open lists show has changed, read without reading what they show.

Triggers in the database write it, whoever changes a row and however. An update that changes nothing
does not count, nor what is no news: when a row was last read, who holds a lease.

SQLite lets one transaction write at a time: a change counts a number up. On PostgreSQL such a row
would be a lock that all who write wait for. There each transaction adds a row of its own, and the
sign is the least number, the greatest and how many there are: it changes with every transaction
that commits, also with one that began before others and commits after them.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from zlib import crc32

from django.apps import AppConfig, apps
from django.db import connections, models
from django.db.models import Count, Max, Min

DATA: Final = "data"
ACTS: Final = "acts"
FEEDS: Final = "feeds"
# how many rows PostgreSQL keeps of each source, and how many there may be before some are removed
KEPT, MOST = 20, 500
PREFIX: Final = "revised"

# what open lists show, their frame, and who may see what; with the columns that are no news
LEASES: Final = ("taken_by", "taken_until")
DATA_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "Account": ("password", "last_login"),
    "Account_groups": (),
    "LinkedPerson": (),
    "Portal": (
        "answered_at", "clock_offset", "utc_offset", "zone_evidence", "probe_at", "probe_failure",
        "probe_tries", "probed_at", "retry_at", "actions_listed_at",
    ),
    "GatewayConnection": ("session", "session_until"),
    "PersonToken": (
        "access_token", "refresh_token", "version", "given_at", "proven_at", "refreshing_until",
    ),
    "Department": ("observed_at",),
    "Person": ("observed_at",),
    "Person_departments": (),
    "Participation": (),
    "Document": (),
    "WorkflowTemplate": ("observed_at", "is_structure_due"),
    "Workflow": ("observed_at", "wants_name"),
    "WorkflowTask": ("observed_at",),
    "Assignment": (),
    "ApplicationAction": ("listed_at",),
    "ApplicationStep": ("is_due",),
    "SavedView": (),
}  # fmt: skip
# what people asked for, which an account is told of wherever it is
ACTS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "Command": ("worker", "lease_until", "next_check_at", "due_since", "queued", "checks", *LEASES),
    "BulkOperation": LEASES,
    "SeenOutcome": (),
    "SeenOperation": (),
    "Recipe": ("name", "action", "query", "made_at", "next_at", "run_at", "found", "problem"),
}  # fmt: skip
FEEDS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "Feed": ("newest_modified", "position", "leased_by", "lease_until", "next_at", "next_full_at"),
}

WATCHED: Final = {DATA: DATA_OF, ACTS: ACTS_OF, FEEDS: FEEDS_OF}

FUNCTION: Final = (
    "CREATE OR REPLACE FUNCTION bizproc_revised() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "INSERT INTO {table} (source, number) VALUES (TG_ARGV[0], txid_current()) "
    "ON CONFLICT DO NOTHING; RETURN NULL; END $$"
)
COUNTS_UP: Final = (
    "BEGIN INSERT INTO {table} (source, number) SELECT '{source}', 0 "
    "WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE source = '{source}'); "
    "UPDATE {table} SET number = number + 1 WHERE source = '{source}'; END"
)


class RevisionQuerySet(models.QuerySet["Revision"]):
    def signs(self) -> dict[str, tuple[int, ...]]:
        """Return the sign of each source, by one query; what was never changed has none.

        What is read after it is at least as new: a sign never stands for more than was shown.
        """
        counted = (
            self.order_by()
            .values_list("source")
            .annotate(Min("number"), Max("number"), Count("number"))
        )
        return {source: tuple(numbers) for source, *numbers in counted}

    def trim(self) -> None:
        """Remove old rows of sources that have many; the sign changes once more by that."""
        for source, (_least, _greatest, count) in self.signs().items():
            if count > MOST:
                rows = self.filter(source=source)
                last = rows.order_by("-number").values_list("number", flat=True)[KEPT]
                rows.filter(number__lte=last).delete()


class Revision(models.Model):
    """A number that changes with what a source's tables hold; written by triggers alone."""

    source = models.CharField(max_length=10)
    number = models.BigIntegerField()

    objects = RevisionQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "number"], name="one_revision")]

    def __str__(self) -> str:
        return f"{self.source} {self.number}"


# --- triggers -----------------------------------------------------------------------------------


def make_after_migrate(sender: AppConfig, *, using: str, **_: Any) -> None:
    """Make the triggers that are missing, remove those that are not meant any more."""
    connection = connections[using]
    if Revision._meta.db_table not in connection.introspection.table_names():
        return
    meant = triggers(connection.vendor)
    present = triggers_of(using)
    with connection.cursor() as cursor:
        for name in present.keys() - meant.keys():
            cursor.execute(removal(connection.vendor, name, present[name]))
        if connection.vendor == "postgresql":
            cursor.execute(FUNCTION.format(table=Revision._meta.db_table))
        for name in meant.keys() - present.keys():
            cursor.execute(meant[name])


def remove_before_migrate(
    sender: AppConfig, *, using: str, plan: list[Any] | None = None, **_: Any
) -> None:
    """Remove the triggers where tables are about to change: they hold their columns fast."""
    if plan:
        vendor = connections[using].vendor
        with connections[using].cursor() as cursor:
            for name, table in triggers_of(using).items():
                cursor.execute(removal(vendor, name, table))


def removal(vendor: str, name: str, table: str) -> str:
    return f'DROP TRIGGER "{name}"' + (f' ON "{table}"' if vendor == "postgresql" else "")


def triggers_of(using: str) -> dict[str, str]:
    """Return the triggers there are, each with its table; the name tells what it does."""
    query = (
        "SELECT t.tgname, c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
        "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema()"
        if connections[using].vendor == "postgresql"
        else "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connections[using].cursor() as cursor:
        cursor.execute(query)
        return {name: table for name, table in cursor.fetchall() if name.startswith(PREFIX)}


def triggers(vendor: str) -> dict[str, str]:
    """Return the statement that makes each trigger, by its name, which changes with it."""
    statements = [
        (f"{model.lower()}_{event.lower()}", statement(vendor, source, model, event, quiet))
        for source, watched in WATCHED.items()
        for model, quiet in watched.items()
        for event in ("INSERT", "UPDATE", "DELETE")
    ]
    named = ((f"{PREFIX}_{of}_{crc32(text.encode()):08x}", text) for of, text in statements)
    return {name: text.replace("NAME", name, 1) for name, text in named}


def statement(vendor: str, source: str, model: str, event: str, quiet: tuple[str, ...]) -> str:
    meta = apps.get_model("bizproc_admin", model)._meta
    columns = [field.column for field in meta.concrete_fields if field.attname not in quiet]
    differs = "IS DISTINCT FROM" if vendor == "postgresql" else "IS NOT"
    changed = " OR ".join(f'OLD."{column}" {differs} NEW."{column}"' for column in columns)
    when = f"WHEN ({changed}) " if event == "UPDATE" else ""
    own = Revision._meta.db_table
    acts = (
        f"EXECUTE FUNCTION bizproc_revised('{source}')"
        if vendor == "postgresql"
        else COUNTS_UP.format(table=own, source=source)
    )
    return f'CREATE TRIGGER "NAME" AFTER {event} ON "{meta.db_table}" FOR EACH ROW {when}{acts}'


def unwatched() -> Iterator[str]:
    """Return the tables of the program that no list shows, by the names of their models."""
    for model in apps.get_app_config("bizproc_admin").get_models(include_auto_created=True):
        if not any(model.__name__ in watched for watched in WATCHED.values()):
            yield model.__name__
