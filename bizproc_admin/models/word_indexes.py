"""Indexes that find a word in a million rows, which PostgreSQL has by its extension pg_trgm.

They are looked after whenever tables were migrated: where the extension is missing and may not be
made, a search reads every row, and the next `manage.py migrate` after somebody has made it makes
them (docs/operating.md). SQLite has none.
"""

import logging
from typing import Any

from django.apps import AppConfig
from django.db import DatabaseError, connections, transaction

from bizproc_admin.models.workflow_tasks import WorkflowTask
from bizproc_admin.models.workflows import Workflow

log = logging.getLogger(__name__)

TABLES = (Workflow._meta.db_table, WorkflowTask._meta.db_table)


def make_after_migrate(sender: AppConfig, *, using: str, **_: Any) -> None:
    """Make the indexes that are missing and can be made; connected to post_migrate."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return
    existing = set(connection.introspection.table_names())
    try:
        with transaction.atomic(using=using), connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")
            if cursor.fetchone() is None:
                cursor.execute("CREATE EXTENSION pg_trgm")
            for table in existing.intersection(TABLES):
                cursor.execute(
                    f'CREATE INDEX IF NOT EXISTS "{table}_words" ON "{table}" '
                    "USING gin (search_text gin_trgm_ops)"
                )
    except DatabaseError as error:
        log.warning("no_word_indexes %s", error.__class__.__name__)
