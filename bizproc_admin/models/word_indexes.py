"""Indexes that find a word in a million rows, which PostgreSQL has by its extension pg_trgm.

They are looked after whenever tables were migrated: where the extension is missing and may not be
made, a search reads every row, and the next `manage.py migrate` after somebody has made it makes
them (docs/operating.md). SQLite has none.
"""

import logging
from typing import Any

from django.apps import AppConfig
from django.db import DatabaseError, connections, transaction

from bizproc_admin.models.audit_entries import AuditEntry
from bizproc_admin.models.commands import Command
from bizproc_admin.models.searching import folded
from bizproc_admin.models.workflow_tasks import WorkflowTask
from bizproc_admin.models.workflows import Workflow

log = logging.getLogger(__name__)

# by name: the table, and what of it is searched
INDEXES = {
    f"{Workflow._meta.db_table}_words": (Workflow._meta.db_table, "search_text"),
    f"{WorkflowTask._meta.db_table}_words": (WorkflowTask._meta.db_table, "search_text"),
    "command_reason_words": (Command._meta.db_table, folded('"reason"')),
    "audit_entry_actor_words": (AuditEntry._meta.db_table, folded('"actor_name"')),
    "audit_entry_target_words": (AuditEntry._meta.db_table, folded('"target_label"')),
}


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
            for name, (table, text) in INDEXES.items():
                if table in existing:
                    cursor.execute(
                        f'CREATE INDEX IF NOT EXISTS "{name}" ON "{table}" '
                        f"USING gin (({text}) gin_trgm_ops)"
                    )
    except DatabaseError as error:
        log.warning("no_word_indexes %s", error.__class__.__name__)
