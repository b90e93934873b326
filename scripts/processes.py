"""Start several processes and end them together: no orphan, whatever happens to this one."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

PATIENCE = 25.0
# seconds before an ended process is started again
PAUSE = 1.0
PR_SET_PDEATHSIG = 1


class Processes:
    """A group of named child processes; the first started is the last ended."""

    def __init__(self, *, env: Mapping[str, str], logs: Path | None = None) -> None:
        self.env = {**os.environ, **env}
        self.logs = logs
        self.running: list[tuple[str, subprocess.Popen[str]]] = []
        self.commands: dict[str, Sequence[str]] = {}

    def start(
        self, name: str, command: Sequence[str], *, reads: bool = False
    ) -> subprocess.Popen[str]:
        """Start one; its output goes to <logs>/<name>.log where there is a folder for logs."""
        self.commands[name] = command
        out = None
        if self.logs is not None:
            self.logs.mkdir(parents=True, exist_ok=True)
            out = (self.logs / f"{name}.log").open("a")
        process = subprocess.Popen(
            command,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if reads else out,
            stderr=out,
            text=True,
            start_new_session=True,
            preexec_fn=end_with_parent,
        )
        if out is not None:
            out.close()
        self.running.append((name, process))
        return process

    def wait(self, *, restarts: Sequence[str] = ()) -> str:
        """Wait until one of them ends or this process is told to; give the name of the ended.

        Those named in restarts are started again instead, as a service manager does.
        """
        while True:
            for place, (name, process) in enumerate(self.running):
                if process.poll() is None:
                    continue
                if name not in restarts:
                    return name
                time.sleep(PAUSE)
                again = self.start(name, self.commands[name])
                self.running.pop()
                self.running[place] = (name, again)
            time.sleep(0.3)

    def stop(self) -> None:
        """End them in reverse order, gently first."""
        for _name, process in reversed(self.running):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        until = time.monotonic() + PATIENCE
        for _name, process in reversed(self.running):
            try:
                process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.running.clear()


def end_with_parent() -> None:
    """Let the kernel end the child should the parent be killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def workers(celery: str) -> dict[str, list[str]]:
    """Give the commands of the two workers of an installation."""
    common = [celery, "-A", "config", "worker", "-P", "threads"]
    quiet = ["--without-gossip", "--without-mingle"]
    return {
        "interactive": [*common, "-Q", "interactive", "-c", "6", "-n", "interactive@%h", *quiet],
        "background": [*common, "-Q", "background", "-c", "2", "-n", "background@%h", *quiet],
    }
