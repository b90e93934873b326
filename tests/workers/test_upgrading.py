"""The command that an operator runs for a new version, as a process of its own."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bizproc_admin.models import AuditEntry

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
