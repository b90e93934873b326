"""Have Django's commands carried out by a process that is started once for all of them."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from scripts.processes import end_with_parent


class Commands:
    """Called with a command; it is in a session of its own, which no interrupt reaches."""

    def __init__(self, *, env: Mapping[str, str], log: Path) -> None:
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "scripts.command_process"],
                env={**os.environ, **env, "LOG_LEVEL": "WARNING"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
                preexec_fn=end_with_parent,
            )

    def __enter__(self) -> "Commands":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _why: object, _where: TracebackType | None
    ) -> None:
        if kind is not None:
            self.process.kill()
        with suppress(BrokenPipeError):
            self.process.communicate()

    def __call__(self, *arguments: str, stdin: str = "") -> str:
        """Return what a command wrote; one that failed ends the program."""
        assert self.process.stdin and self.process.stdout  # noqa: S101  # pipes, as asked for
        # without a process there is no answer either, and the log says why
        with suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps([arguments, stdin + "\n"]) + "\n")
            self.process.stdin.flush()
        answer = self.process.stdout.readline()
        wrote, failure = json.loads(answer) if answer else ("", f"see {self.log}")
        if failure:
            raise SystemExit(f"manage.py {arguments[0]} failed: {failure}")
        return str(wrote)
