"""Carry out commands, each in a process of its own that kills itself at a named point.

`python -m tests.workers.dying` reads lines of `PK POINT` and answers each with how its process
ended, as `subprocess` counts it. The process is a copy of this one, which has loaded the program
and nothing else. It sends SIGKILL to itself where the point says: no handler runs, no transaction
is rolled back politely, no connection is closed. The points are wrapped around the program's
functions in the copy; the program itself knows nothing of them.
"""

import functools
import http.client
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, NoReturn

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from bizproc_admin import commands, heartbeats  # noqa: E402
from bizproc_admin.actions.application_actions import (  # noqa: E402
    DeleteAction,
    RegisterAction,
    UpdateAction,
)
from bizproc_admin.actions.starting import StartWorkflow  # noqa: E402
from bizproc_admin.actions.step_action import StepAction  # noqa: E402
from bizproc_admin.actions.workflow_tasks import TaskAction  # noqa: E402
from bizproc_admin.actions.workflows import EndWorkflow  # noqa: E402
from bizproc_admin.bitrix import http as wire  # noqa: E402
from bizproc_admin.commands import bulk_sending, sending, settling  # noqa: E402
from bizproc_admin.models import Command  # noqa: E402

claimed = False


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def wrap(owner: Any, name: str, *, before: bool) -> None:
    """Make one function the place of death: before it runs, or after it has returned."""
    original: Callable[..., Any] = getattr(owner, name)

    @functools.wraps(original)
    def dying(*args: Any, **kwargs: Any) -> Any:
        if before:
            die()
        result = original(*args, **kwargs)
        die()
        return result

    setattr(owner, name, dying)


def only_after_the_claim() -> None:
    """Note the claim, so that the reads before it do not count as the write."""

    def noting(original: Callable[..., Any]) -> Callable[..., Any]:
        def claim(*args: Any, **kwargs: Any) -> Any:
            global claimed
            taken = original(*args, **kwargs)
            claimed = bool(taken)
            return taken

        return claim

    sending.claim = noting(sending.claim)
    bulk_sending.claim_many = noting(bulk_sending.claim_many)


def die_around_a_piece_of_the_request(piece: int, *, before: bool) -> None:
    """Die before or after the n-th piece of the write is given to the socket."""
    only_after_the_claim()
    original = http.client.HTTPConnection.send
    pieces = 0

    def send(self: http.client.HTTPConnection, data: Any) -> None:
        nonlocal pieces
        pieces += claimed
        if pieces == piece and before:
            die()
        original(self, data)
        if pieces == piece:
            die()

    http.client.HTTPConnection.send = send


def die_while_the_answer_is_on_its_way() -> None:
    """Die when the first bytes of the answer to the write are here and none is read."""
    only_after_the_claim()
    original = wire.read_body

    def read_body(*args: Any, **kwargs: Any) -> bytes:
        if claimed:
            die()
        return original(*args, **kwargs)

    wire.read_body = read_body


def die_while_concluding() -> None:
    """Die with the mirror's change made and not committed, whatever the action is."""
    wrap(EndWorkflow, "apply", before=False)
    wrap(TaskAction, "apply", before=False)
    wrap(StartWorkflow, "apply", before=False)
    wrap(StepAction, "apply", before=False)
    for action in (RegisterAction, UpdateAction, DeleteAction):
        wrap(action, "apply", before=False)


POINTS: dict[str, Callable[[], None]] = {
    "before the claim": lambda: wrap(sending, "claim", before=True),
    "claimed, nothing sent": lambda: wrap(sending, "claim", before=False),
    "connected, nothing sent": lambda: die_around_a_piece_of_the_request(1, before=True),
    "half of the request sent": lambda: die_around_a_piece_of_the_request(1, before=False),
    "the whole request sent": lambda: die_around_a_piece_of_the_request(2, before=False),
    "the answer on its way": die_while_the_answer_is_on_its_way,
    "the answer received, not recorded": lambda: wrap(sending, "take_answer", before=True),
    "accepted, not verified": lambda: wrap(sending, "take_answer", before=False),
    "verified, not concluded": lambda: wrap(settling, "conclude_in_doubt", before=True),
    "concluding, not committed": die_while_concluding,
    "concluded": lambda: wrap(sending, "settle", before=False),
    "a batch claimed": lambda: wrap(bulk_sending, "claim_many", before=False),
    "a batch answered": lambda: wrap(bulk_sending, "take_answers", before=True),
    "a batch recorded": lambda: wrap(bulk_sending, "take_answers", before=False),
    "one of a batch concluded": lambda: wrap(bulk_sending, "conclude", before=False),
}


def run(point: str, command: int) -> NoReturn:
    """Carry out a command as a worker does, with its operation if it has one; die at the point."""
    POINTS[point]()
    heartbeats.beat("interactive")
    one = Command.objects.get(pk=command)
    if one.bulk_id is None:
        commands.carry_out(command, worker=heartbeats.worker_name())
    else:
        commands.serve(one.portal_id, worker=heartbeats.worker_name())
    raise AssertionError("the point was never reached")


def main() -> None:
    """Make a copy for each line that is read; say how it ended."""
    for line in sys.stdin:
        command, point = line.strip().split(" ", 1)
        child = os.fork()
        if child == 0:
            run(point, int(command))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
