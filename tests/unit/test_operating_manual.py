"""The manual for operators names commands, units and variables that there are."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import get_commands

from scripts.processes import workers

ROOT = Path(__file__).resolve().parent.parent.parent
MANUAL = (ROOT / "docs" / "operating.md").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()
BLOCKS = re.findall(r"^```\n(.*?)^```$", MANUAL, re.DOTALL | re.MULTILINE)


def test_each_command_of_the_manual_exists() -> None:
    named = set(re.findall(r"\bbizproc-manage ([a-z_]+)", MANUAL))
    assert {"migrate", "administrator", "connect", "rotate_keys"} <= named
    assert named <= set(get_commands())


@pytest.mark.parametrize("name", ["interactive", "background"])
def test_the_workers_of_the_manual_are_those_of_the_demo(name: str) -> None:
    """Queue, threads and the switches are the same; only the order may differ."""
    celery = next(
        line for block in BLOCKS for line in block.splitlines() if "celery -A config" in line
    ).replace("%%h", "%h")
    ours = workers("celery")[name]
    if name == "background":  # "the same but for" what stands in brackets
        said = re.search(r"\(background: `(.*?)`\)", MANUAL)
        assert said is not None
        background = shlex.split(said[1].replace("%%h", "%h"))
        assert background == shlex.split("-c 2 -Q background -n background@%h")
        celery = celery.replace("-c 6 -Q interactive -n interactive@%h", said[1].replace("%%", "%"))
    words = shlex.split(celery.partition("/bin/")[2])
    assert sorted(words) == sorted(ours)
    assert words[0] == "celery"


def test_a_worker_that_ends_itself_is_started_again_however_often() -> None:
    unit = next(block for block in BLOCKS if block.startswith("[Unit]"))
    assert "Restart=always" in unit
    assert "StartLimitIntervalSec=0" in unit
    assert unit.index("StartLimitIntervalSec") < unit.index("[Service]")


def test_each_variable_of_the_manual_is_described_for_whoever_sets_it() -> None:
    described = set(re.findall(r"^#?([A-Z_]+)=", EXAMPLE, re.MULTILINE))
    settings = next(block for block in BLOCKS if "SECRET_KEY=" in block)
    named = set(re.findall(r"^([A-Z_]+)=", settings, re.MULTILINE))
    assert len(named) > 5
    assert named <= described


def test_each_location_of_the_proxy_passes_the_same_headers_on() -> None:
    """A location that sets one header of its own inherits none of the server's."""
    headers = [
        line for block in BLOCKS if "proxy_pass" in block for line in block.splitlines()
        if "proxy_set_header" in line
    ]  # fmt: skip
    assert {line.split()[1] for line in headers} == {
        "Host", "X-Forwarded-Proto", "X-Forwarded-For",
    }  # fmt: skip
    assert all(line.startswith("    proxy_set_header") for line in headers)


def checked(env_file: Path) -> subprocess.CompletedProcess[str]:
    """Run `manage.py check` as an operator does: with nothing but this file."""
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        env={"PATH": os.environ["PATH"], "ENV_FILE": str(env_file)}, cwd=ROOT,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_the_example_of_the_variables_starts_the_program_once_what_is_required_is_filled_in(
    tmp_path: Path,
) -> None:
    """Words behind a value would be a part of it: everybody would know the secret key."""
    env_file = tmp_path / "env"
    env_file.write_text(EXAMPLE)
    ended = checked(env_file)
    assert ended.returncode != 0
    assert "SECRET_KEY" in ended.stderr
    filled = EXAMPLE
    for name, value in {
        "SECRET_KEY": "x" * 50,
        "FIELD_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
        "BROKER_URL": "filesystem://localhost",
    }.items():
        filled = re.sub(rf"^#{name}=.*$", f"{name}={value}", filled, flags=re.MULTILINE)
    env_file.write_text(filled)
    ended = checked(env_file)
    assert ended.returncode == 0, ended.stderr


def test_a_file_of_variables_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    """Not that a variable is missing, which stands in the file."""
    ended = checked(tmp_path)
    assert ended.returncode != 0
    assert f"'{tmp_path}'" in ended.stderr.splitlines()[-1]
