"""Which moves of the table of commands' states were made: listening to what each move logs.

With TRANSITIONS_FILE set, what one run saw is added to that file, and what no run has seen so far
is said at its end: `TRANSITIONS_FILE=/tmp/seen make test`, then `make bench` with the same.
"""

import json
import logging
import os
from pathlib import Path

from bizproc_admin.commands.transitions import TRANSITIONS

LOGGER = logging.getLogger("bizproc_admin.commands.transitions")
FILE = os.environ.get("TRANSITIONS_FILE", "")


class Recorder(logging.Filter):
    """Note the moves that are logged, and let no more through than would come without it."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[tuple[str, str]] = set()
        self.level = LOGGER.getEffectiveLevel()

    def filter(self, record: logging.LogRecord) -> bool:
        if str(record.msg).startswith("command_moved") and isinstance(record.args, tuple):
            _pk, was, to = record.args
            self.seen.add((str(was), str(to)))
        return record.levelno >= self.level


def listen() -> Recorder:
    recorder = Recorder()
    LOGGER.setLevel(logging.DEBUG)
    LOGGER.addFilter(recorder)
    return recorder


def report(recorder: Recorder) -> list[str]:
    """Add what was seen to the file, and return what all runs together leave to be said."""
    path = Path(FILE)
    earlier = json.loads(path.read_text()) if path.exists() else []
    seen = {(was, to) for was, to in earlier} | recorder.seen
    path.write_text(json.dumps(sorted(seen)))
    table = {(was.value, to.value) for was, moves in TRANSITIONS.items() for to in moves}
    return [
        f"{len(seen & table)} of {len(table)} moves of the table were made",
        *(f"never made: {was} -> {to}" for was, to in sorted(table - seen)),
        *(f"not in the table: {was} -> {to}" for was, to in sorted(seen - table)),
    ]
