"""The first copy of a portal, made once for all tests whose portals hold the same.

Most tests begin with a portal that has one workflow, or none, and with its mirror. The passes
really run for the first of them; while that copy is fresh, later tests with an empty mirror of a
portal that holds the very same get its rows again.
"""

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import Model

from bizproc_admin.models import Feed, Portal, Revision
from sandbox import Sandbox
from tests import tables

#: How many seconds a copy is used: what was read ten seconds ago is read anew.
FRESH = 4.0
# what a pass reads of the portal, and what changes how it is answered
READ = (
    "users", "departments", "templates", "structures", "documents", "document_fields",
    "workflows", "tasks", "actions", "applications", "overrides", "language", "newer_statuses",
    "newer_filters",
)  # fmt: skip
Values = dict[str, Any]
Filled = dict[str, list[str]]


@dataclass
class Copy:
    """What the passes have written: into the portal, its feeds, and tables that were empty."""

    before: Values
    portal: Values
    feeds: dict[int, Values]
    rows: list[tuple[type[Model], list[Model]]]

    def fits(self, portal: Values, filled: Filled) -> bool:
        """Tell whether the mirror is as empty as the one that was filled."""
        is_same = all(portal[name] == value for name, value in self.before.items())
        return is_same and not any(model._meta.db_table in filled for model, _rows in self.rows)

    def write(self, portal: Portal) -> None:
        """Write the same for another test's portal."""
        Portal.objects.filter(pk=portal.pk).update(**self.portal)
        feeds = {feed.name: feed.pk for feed in Feed.objects.filter(portal=portal)}
        here = {pk: feeds[values["name"]] for pk, values in self.feeds.items()}
        for pk, values in self.feeds.items():
            Feed.objects.filter(pk=here[pk]).update(**values)
        # rows that point at each other are held against each other once all of them are there
        with transaction.atomic():
            for model, rows in self.rows:
                model._base_manager.bulk_create(self.again(model, rows, portal, here))

    def again(
        self, model: type[Model], rows: list[Model], portal: Portal, here: dict[int, int]
    ) -> list[Model]:
        """Return rows of a model for another portal and its feeds."""
        found = [copy.copy(row) for row in rows]
        for column in model._meta.concrete_fields:
            for row in found:
                if column.related_model is Portal:
                    setattr(row, column.attname, portal.pk)
                elif column.related_model is Feed:
                    setattr(row, column.attname, here[getattr(row, column.attname)])
        return found


class Copies:
    """The copies made in this run, by what the portal held."""

    def __init__(self) -> None:
        self.moment = 0.0
        self.made: dict[str, Copy] = {}

    def moment_of_reset(self) -> float:
        """Return when the portal of the next test begins; older copies are forgotten."""
        now = time.time()
        if now - self.moment > FRESH:
            self.moment, self.made = now, {}
        return self.moment

    def bring(self, portal: Portal, sandbox: Sandbox, passes: Callable[[], None]) -> None:
        """Fill the mirror: from a copy when there is one, else by the passes."""
        if Portal.objects.count() > 1 or Feed.objects.exclude(full_at=None).exists():
            passes()
            return
        held, before, filled = held_by(sandbox), values_of(portal), all_filled()
        known = self.made.get(held)
        if known is not None and known.fits(before, filled):
            known.write(portal)
        else:
            passes()
            copied = taken(portal, before, filled)
            if copied is not None:
                self.made[held] = copied


def held_by(sandbox: Sandbox) -> str:
    """Tell everything that the passes would be told."""
    portal = sandbox.portal
    parts = [getattr(portal, name) for name in READ]
    rows = [getattr(part, "rows", part) for part in parts]
    return repr([rows, portal.clock.offset, portal.clock.zone_name, portal.faults.pending()])


def values_of(portal: Portal) -> Values:
    return Portal.objects.filter(pk=portal.pk).values().get()


def all_filled() -> Filled:
    """Return the rows of each table that has any; what triggers write follows by itself."""
    filled = {table: sorted(map(repr, rows)) for table, _columns, rows in tables.filled()}
    filled.pop(Revision._meta.db_table, None)
    return filled


def taken(portal: Portal, before: Values, filled: Filled) -> Copy | None:
    """Keep what is there now and was not before; None where rows that were there have changed."""
    now = all_filled()
    own = {Portal._meta.db_table, Feed._meta.db_table}
    if any(now.get(table) != rows for table, rows in filled.items() if table not in own):
        return None
    after = values_of(portal)
    changed = {name: value for name, value in after.items() if value != before[name]}
    feeds = {row.pop("id"): row for row in Feed.objects.filter(portal=portal).values()}
    for row in feeds.values():
        del row["portal_id"]
    new = now.keys() - filled.keys()
    models = apps.get_models(include_auto_created=True)
    return Copy(
        before={name: before[name] for name in changed},
        portal=changed,
        feeds=feeds,
        rows=[
            (model, list(model._base_manager.order_by("pk")))
            for model in models
            if model._meta.db_table in new
        ],
    )
