"""The command that an operator runs for a new version, as a process of its own."""

import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bizproc_admin.models import AuditDetail, AuditEntry

from .conftest import ROOT

pytestmark = pytest.mark.worker


def test_migrate_mends_guards_that_the_check_of_the_database_complains_of(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """An older version has other guards: that may not keep the new one from its migration."""
    database = tmp_path / "db.sqlite3"
    environment["DATABASE_URL"] = f"sqlite:///{database}"

    def manage(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    assert manage("migrate", "--verbosity", "0").returncode == 0
    table = AuditEntry._meta.db_table
    with sqlite3.connect(database) as connection:
        named = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?"
        triggers = [name for (name,) in connection.execute(named, [table])]
        connection.execute(f'DROP TRIGGER "{triggers[0]}"')
    connection.close()
    assert "bizproc.E002" in manage("check", "--database", "default").stderr
    mended = manage("migrate", "--verbosity", "0")
    assert mended.returncode == 0, mended.stderr
    assert manage("check", "--database", "default").returncode == 0


def test_the_web_process_refuses_to_start_below_a_path(environment: dict[str, str]) -> None:
    gunicorn = str(Path(sys.executable).parent / "gunicorn")
    ended = subprocess.run(
        [gunicorn, "config.wsgi", "--config", "config/gunicorn.py", "--check-config"],
        env={**environment, "SCRIPT_NAME": "/console"}, cwd=ROOT, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode != 0
    assert "does not work below a path" in ended.stderr


# the last migration before the history was written in keys
IN_TEXTS = "0015_turns"
# a column that may be empty is added to the table that is there
ADDED = re.compile(r', "operation_id" bigint NULL REFERENCES [^,]* DEFERRED(?=,)')
ENTRY = (
    "INSERT INTO bizproc_admin_auditentry (id, uuid, schema_version, scope, seq, recorded_at, kind,"
    " action, outcome, actor_name, actor_role, on_behalf_of, origin, target_kind, target_id,"
    " target_label, error_code, detail_hash) VALUES (1, '0123456789abcdef0123456789abcdef', 1,"
    " 'installation', 1, '2026-11-03 09:30:00', 'account', 'Made an account', 'ok', 'Anna', '', '',"
    " 'screen', 'account', '7', 'olga', '',"
    " '{seal}')"
)
DETAIL = (
    "INSERT INTO bizproc_admin_auditdetail (entry_id, salt, reason, text, inputs) VALUES"
    " (1, '00ff', '', '', '{\"n\": 1}')"
)


def test_an_upgrade_leaves_the_tables_of_the_history_as_they_are(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """No table of it is made anew, no trigger is away afterwards, and every seal still fits."""
    database = tmp_path / "db.sqlite3"
    environment["DATABASE_URL"] = f"sqlite:///{database}"
    seal = AuditDetail(salt="00ff", inputs={"n": 1}).digest()

    def migrate(*target: str) -> None:
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--verbosity", "0", *target],
            env=environment, cwd=ROOT, timeout=120, check=True,
        )  # fmt: skip

    def read(query: str) -> list[tuple[str | int, ...]]:
        with closing(sqlite3.connect(database)) as connection:
            return connection.execute(query).fetchall()

    migrate("bizproc_admin", IN_TEXTS)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(ENTRY.replace("{seal}", seal))
        connection.execute(DETAIL)
    tables = (
        "SELECT name, rootpage, sql FROM sqlite_master "
        "WHERE tbl_name LIKE 'bizproc_admin_audit%' AND tbl_name NOT LIKE '%repeat' ORDER BY name"
    )
    before = read(tables)
    migrate()
    after = {name: (page, sql) for name, page, sql in read(tables)}
    for name, page, sql in before:
        if name not in after:
            assert str(sql).startswith("CREATE INDEX"), "nothing but an index may go"
            continue
        assert after[name][0] == page  # the same table, not one that took its place
        assert ADDED.sub("", str(after[name][1])) == str(sql)
    added = after.keys() - {name for name, _page, _sql in before}
    assert all(str(after[name][1]).startswith("CREATE INDEX") for name in added)
    assert read("SELECT action, schema_version, detail_hash FROM bizproc_admin_auditentry") == [
        ("Made an account", 1, seal)
    ]
    with (
        closing(sqlite3.connect(database)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="insert-only"),
    ):
        connection.execute("DELETE FROM bizproc_admin_auditentry")
