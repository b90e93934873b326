"""Everything the database holds after a test, read once for all who look for something in it."""

from collections.abc import Iterator

from django.db import connection

# what migrations fill and no test writes
OF_MIGRATIONS = frozenset(
    {"auth_group", "auth_permission", "django_content_type", "django_migrations"}
)

Filled = tuple[str, list[str], list[tuple[object, ...]]]
_last: list[list[Filled]] = []


def forget() -> None:
    """Begin a test: what the last one left is nothing to this one."""
    _last.clear()


def at_the_end() -> list[Filled]:
    """Return what is filled when a test is over, read once for all who then look."""
    if not _last:
        _last.append(list(filled()))
    return _last[0]


def filled() -> Iterator[Filled]:
    """Yield each table that holds rows: its name, its columns, its rows."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table in OF_MIGRATIONS:
                continue
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            if rows := cursor.fetchall():
                yield table, [column[0] for column in cursor.description], rows
