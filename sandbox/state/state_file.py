"""The state file: a SQLite database that is written a little after every change.

One transaction a change, so that killing the process at any moment leaves either the state before
or the state after. Only changed rows are written, so saving costs the same for ten workflows and
for a hundred thousand.
"""

import json
import sqlite3
from pathlib import Path
from typing import Any

from sandbox.state.portal import DAY, Portal
from sandbox.state.records import (
    Action,
    Application,
    Code,
    Department,
    Document,
    EventHandler,
    GatewayCode,
    GatewayKey,
    GatewaySession,
    GatewaySpent,
    Grant,
    OutgoingCall,
    PortalSession,
    Task,
    Template,
    User,
    Webhook,
    Workflow,
    pack,
    unpack,
)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
  kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ledger (seq INTEGER PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_KINDS: dict[str, type[Any]] = {
    "user": User,
    "department": Department,
    "template": Template,
    "document": Document,
    "workflow": Workflow,
    "task": Task,
    "application": Application,
    "action": Action,
    "outgoing": OutgoingCall,
    "handler": EventHandler,
    "code": Code,
    "grant": Grant,
    "session": PortalSession,
    "gateway_key": GatewayKey,
    "gateway_code": GatewayCode,
    "gateway_session": GatewaySession,
    "gateway_spent": GatewaySpent,
}


class StateFileError(Exception):
    """The state file cannot be used."""


class StateFile:
    """Saves a portal into a file and brings it back."""

    def __init__(self, path: str | Path) -> None:
        """Open the file, making it when there is none; no other process may have it open."""
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, timeout=0.2, check_same_thread=False)
            # The lock keeps a second sandbox away, and saves a system call per transaction.
            self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._database.execute("PRAGMA journal_mode = TRUNCATE")
            self._database.execute("PRAGMA synchronous = NORMAL")
            self._database.executescript(_SCHEMA)
            self._database.execute("BEGIN IMMEDIATE")
            self._database.commit()
        except (sqlite3.Error, OSError) as error:
            raise StateFileError(f"The state file {path} cannot be used: {error}.") from error

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    # -- saving -------------------------------------------------------------------------------

    def save(self, portal: Portal) -> None:
        """Write what changed since the last save, in one transaction."""
        with self._database as database:
            if portal.erased:
                database.execute("DELETE FROM record")
                database.execute("DELETE FROM ledger")
            for kind, table in portal.tables().items():
                if table.changed:
                    self._save_rows(kind, table.changed)
            database.executemany(
                "INSERT OR REPLACE INTO ledger VALUES (?, ?)",
                [
                    (line["seq"], json.dumps(line))
                    for line in portal.ledger[0 if portal.erased else portal.saved_ledger :]
                ],
            )
            database.executemany(
                "INSERT OR REPLACE INTO fact VALUES (?, ?)",
                [(name, json.dumps(value)) for name, value in _facts(portal).items()],
            )

    def _save_rows(self, kind: str, changed: dict[Any, Any]) -> None:
        kept = (
            (kind, json.dumps(key), json.dumps(pack(row) if kind in _KINDS else row))
            for key, row in changed.items()
            if row is not None
        )
        self._database.executemany("INSERT OR REPLACE INTO record VALUES (?, ?, ?)", kept)
        dropped = [(kind, json.dumps(key)) for key, row in changed.items() if row is None]
        self._database.executemany("DELETE FROM record WHERE kind = ? AND key = ?", dropped)

    # -- bringing back ------------------------------------------------------------------------

    def restore(self, portal: Portal) -> bool:
        """Fill the portal from the file; False when the file is new."""
        facts = {
            name: json.loads(value)
            for name, value in self._database.execute("SELECT name, value FROM fact")
        }
        if not facts:
            return False
        portal.clear()
        self._restore_rows(portal)
        portal.first = facts["first"]
        portal.scenario, portal.seed = facts["scenario"], facts["seed"]
        portal.clock.offset = facts["offset"]
        portal.clock.set_zone(facts.get("zone", ""))
        portal.webhooks = [Webhook(**webhook) for webhook in facts["webhooks"]]
        portal.numbers, portal.late = facts["numbers"], facts["late"]
        portal.overrides = facts.get("overrides", {})
        portal.last_uniqid = facts["last_uniqid"]
        portal.language = facts.get("language", portal.language)
        portal.token_lifetime = facts.get("token_lifetime", portal.token_lifetime)
        portal.rng.seed(f"{portal.seed} {portal.last_uniqid}")
        rows = self._database.execute("SELECT value FROM ledger ORDER BY seq")
        portal.ledger = [json.loads(value) for (value,) in rows]
        portal.saved_ledger = len(portal.ledger)
        _set_timers(portal)
        for table in portal.tables().values():
            table.changed.clear()
        portal.touched = portal.erased = False
        return True

    def _restore_rows(self, portal: Portal) -> None:
        tables = portal.tables()
        with portal.workflows.bulk():
            for kind, key, value in self._database.execute("SELECT kind, key, value FROM record"):
                name: Any = json.loads(key)
                row = json.loads(value)
                if kind in _KINDS:
                    row = unpack(_KINDS[kind], row)
                tables[kind].put(tuple(name) if isinstance(name, list) else name, row)
        for kind in ("user", "department", "template", "task", "outgoing", "handler"):
            table = tables[kind]
            # The file sorts keys as text; lists are walked in the order of numbers.
            table.rows = dict(sorted(table.rows.items()))


def _facts(portal: Portal) -> dict[str, Any]:
    return {
        "scenario": portal.scenario,
        "first": portal.first,
        "seed": portal.seed,
        "offset": portal.clock.offset,
        "zone": portal.clock.zone_name,
        "webhooks": [pack(webhook) for webhook in portal.webhooks],
        "numbers": portal.numbers,
        "late": portal.late,
        "overrides": portal.overrides,
        "last_uniqid": portal.last_uniqid,
        "language": portal.language,
        "token_lifetime": portal.token_lifetime,
    }


def _set_timers(portal: Portal) -> None:
    for workflow in portal.workflows:
        if workflow.ended is not None:
            portal.wake_at(workflow.ended + DAY, workflow.id, "archive")
            continue
        for path, wait in workflow.waits.items():
            if wait.get("due") is not None:
                portal.wake_at(wait["due"], workflow.id, path)
