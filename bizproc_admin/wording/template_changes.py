"""What differs between two structures of a template, in words that a reader can compare."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from bizproc_admin.diagrams.differences import DefinitionChange, StepChange, What
from bizproc_admin.diagrams.steps import Step
from bizproc_admin.wording.looks import Look
from bizproc_admin.wording.step_looks import look_of
from bizproc_admin.wording.template_steps import StepWords

WHAT = {
    What.ADDED: Look(text=gettext_lazy("Added"), icon="plus", tone="ok"),
    What.REMOVED: Look(text=gettext_lazy("Removed"), icon="trash-2", tone="danger"),
    What.MOVED: Look(text=gettext_lazy("Moved"), icon="arrow-right", tone=""),
    What.CHANGED: Look(text=gettext_lazy("Changed"), icon="pen-line", tone="warn"),
}
PARTS = {
    "template": gettext_lazy("Parameter"),
    "variable": gettext_lazy("Variable"),
    "constant": gettext_lazy("Constant"),
}


@dataclass(frozen=True, kw_only=True)
class ChangeLine:
    """One difference: was and now are the same thing said before and after, where that differs."""

    look: Look
    kind: str
    title: str
    was: str = ""
    now: str = ""


def step_line(change: StepChange, *, before: StepWords, after: StepWords) -> ChangeLine:
    """Return a step's difference in words; values of settings are not told."""
    step, words = (change.after, after) if change.after else (change.before, before)
    assert step is not None  # noqa: S101 - one of the two is there
    was = now = ""
    if change.what is What.CHANGED and change.before is not None:
        was, now = said(change.before, before), said(step, after)
        if was == now:
            was, now = "", _("its settings")
    elif change.inner:
        number = ngettext("with %(count)d step", "with %(count)d steps", change.inner)
        now = number % {"count": change.inner}
    return ChangeLine(
        look=WHAT[change.what],
        kind=str(look_of(step).text),
        title=words.title(step),
        was=was,
        now=now,
    )


def said(step: Step, words: StepWords) -> str:
    """Return what is told of a step beside its kind: its title, what it does, if it is on."""
    parts = [words.title(step), words.note(step)]
    if not step.is_active:
        parts.append(_("switched off"))
    return " · ".join(part for part in parts if part)


def definition_lines(source: str, changes: Iterable[DefinitionChange]) -> list[ChangeLine]:
    """Return the differences of parameters, variables or constants; no value is told."""
    return [
        ChangeLine(look=WHAT[one.what], kind=str(PARTS[source]), title=one.name) for one in changes
    ]
