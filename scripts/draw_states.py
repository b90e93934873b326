"""Draw the table of a command's states into docs/states.md; --check only says whether it is."""

import os
import sys
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

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
"""


def drawn() -> str:
    moves = [(was, to, why) for was, more in TRANSITIONS.items() for to, why in more.items()]
    arrows = [f"    {was} --> {to}" for was, to, _why in moves]
    arrows += [f"    {state} --> [*]" for state in TERMINAL]
    words = dict.fromkeys(state.word for state in CommandState)
    return TEXT.format(
        arrows="\n".join(arrows),
        rows="\n".join(f"| `{was}` | `{to}` | {why} |" for was, to, why in moves),
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
