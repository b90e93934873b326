"""Draw the tables of the states of commands and operations into docs/states.md.

--check only says whether they are.
"""

import os
import sys
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from bizproc_admin.audit import AuditAction  # noqa: E402
from bizproc_admin.commands.operations import MOVES  # noqa: E402
from bizproc_admin.commands.transitions import TRANSITIONS  # noqa: E402
from bizproc_admin.models import CommandState  # noqa: E402
from bizproc_admin.models.commands import TERMINAL  # noqa: E402

PAGE = Path(__file__).resolve().parents[1] / "docs" / "states.md"
TEXT = """\
# The states of a command

Drawn from `TRANSITIONS` in `bizproc_admin/commands/transitions.py` by
`python -m scripts.draw_states`; `make check` says when it is not current. Every move is made by
`move()`: one that is not in the table stops a test. Elsewhere it is logged, a command of which
something may have been sent becomes `unknown` and is looked into, and a settled one stays as it is.

```mermaid
stateDiagram-v2
    [*] --> intent
{arrows}
```

| From | To | Because |
|---|---|---|
{rows}

On a screen the states are six words:

| Word | States |
|---|---|
{words}

# The states of a bulk operation

Drawn from `MOVES` in `bizproc_admin/commands/operations.py` by the same script; `advance()` makes
each of them with a line of the audit history. Two are made without one: a list that nobody
confirmed is thrown away, and the last of an operation's commands is kept.

```mermaid
stateDiagram-v2
    [*] --> draft
{operation_arrows}
```

| From | To | Because |
|---|---|---|
{operation_rows}
"""
WHY = {
    AuditAction.BULK_ASKED: {
        "awaiting": "it was confirmed, and needs another administrator",
        "preparing": "it was confirmed: its list is made commands",
    },
    AuditAction.BULK_APPROVED: {"preparing": "another administrator approved it"},
    AuditAction.BULK_DECLINED: {"dropped": "another administrator declined it"},
    AuditAction.BULK_PAUSED: {"paused": "somebody paused it, or it paused itself and asks"},
    AuditAction.BULK_RESUMED: {"ready": "somebody resumed it"},
    AuditAction.BULK_STOPPED: {
        "cancelled": "it was cancelled: nothing more of it is sent",
        "dropped": "nobody approved it within 24 hours",
    },
    AuditAction.BULK_FINISHED: {
        "finished": "each of its commands is settled, or waits for a person's word"
    },
}
UNSAID = [
    ("draft", "dropped", "its asker threw the list away"),
    ("preparing", "ready", "the last of its commands is kept: they are sent"),
]


def drawn() -> str:
    moves = [(was, to, why) for was, more in TRANSITIONS.items() for to, why in more.items()]
    arrows = [f"    {was} --> {to}" for was, to, _why in moves]
    arrows += [f"    {state} --> [*]" for state in TERMINAL]
    done = [
        (str(was), str(to), WHY[action][to])
        for action, by_state in MOVES.items()
        for was, more in by_state.items()
        for to in more
    ] + UNSAID
    drawn_arrows = list(dict.fromkeys(f"    {was} --> {to}" for was, to, _why in done))
    drawn_arrows += [f"    {state} --> [*]" for state in ("finished", "dropped")]
    words = dict.fromkeys(state.word for state in CommandState)
    return TEXT.format(
        arrows="\n".join(arrows),
        rows="\n".join(f"| `{was}` | `{to}` | {why} |" for was, to, why in moves),
        operation_arrows="\n".join(drawn_arrows),
        operation_rows="\n".join(f"| `{was}` | `{to}` | {why} |" for was, to, why in done),
        words="\n".join(
            f"| {word} | {', '.join(f'`{state}`' for state in CommandState.of_words(word))} |"
            for word in words
        ),
    )


def main() -> int:
    if "--check" not in sys.argv:
        PAGE.write_text(drawn())
    elif PAGE.read_text() != drawn():
        print("docs/states.md is not current: run python -m scripts.draw_states")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
