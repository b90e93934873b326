"""How kinds of steps are called and look: the word, the icon, the variant of the card."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _lazy

from bizproc_admin.diagrams.steps import Kind, Step


@dataclass(frozen=True, kw_only=True)
class Look:
    """How a kind of step is called and looks; tone is the variant of its card."""

    text: Promise
    icon: str = "settings"
    tone: str = ""


LOOKS = {
    Kind.APPROVAL: Look(text=_lazy("Approval"), icon="stamp", tone="people"),
    Kind.REVIEW: Look(text=_lazy("Review"), icon="eye", tone="people"),
    Kind.REQUEST: Look(text=_lazy("Request for information"), icon="form", tone="people"),
    Kind.OPTIONAL: Look(text=_lazy("Request for information"), icon="form", tone="people"),
    Kind.COMMAND: Look(
        text=_lazy("Button on the document"), icon="mouse-pointer-click", tone="people"
    ),
    Kind.TASK: Look(text=_lazy("Task"), icon="square-check", tone="people"),
    Kind.DELAY: Look(text=_lazy("Pause"), icon="clock"),
    Kind.MESSAGE: Look(text=_lazy("Message"), icon="mail"),
    Kind.CODE: Look(text=_lazy("PHP code"), icon="code", tone="code"),
    Kind.CALL: Look(text=_lazy("Call of an address"), icon="globe", tone="code"),
    Kind.APPLICATION: Look(text=_lazy("Action of an application"), icon="plug", tone="app"),
    Kind.JUMP: Look(text=_lazy("Change of state"), icon="arrow-right"),
    Kind.END: Look(text=_lazy("End of the workflow"), icon="circle-stop"),
    Kind.START: Look(text=_lazy("Start of another workflow"), icon="play"),
    Kind.STATUS: Look(text=_lazy("Status text"), icon="tag"),
    Kind.FIELDS: Look(text=_lazy("Change of the document"), icon="pen-line"),
    Kind.VARIABLES: Look(text=_lazy("Setting of variables"), icon="variable"),
    Kind.DOCUMENT: Look(text=_lazy("Work on the document"), icon="file-text"),
    Kind.PERSON: Look(text=_lazy("Choice of a person"), icon="user"),
    Kind.LOG: Look(text=_lazy("Note in the portal's log"), icon="scroll-text"),
    Kind.RESULT: Look(text=_lazy("Result of the workflow"), icon="flag"),
    Kind.PORTAL: Look(text=_lazy("Action of the portal")),
    Kind.UNKNOWN: Look(text=_lazy("Unknown activity"), icon="circle-question-mark", tone="odd"),
    Kind.CHOICE: Look(text=_lazy("Condition"), icon="split"),
    Kind.PARALLEL: Look(text=_lazy("At the same time"), icon="columns-3"),
    Kind.LISTEN: Look(text=_lazy("The first of these"), icon="timer"),
    Kind.LOOP: Look(text=_lazy("Repeated"), icon="repeat"),
    Kind.EACH: Look(text=_lazy("Repeated for each"), icon="repeat"),
    Kind.GROUP: Look(text=_lazy("Group of steps"), icon="layers"),
    Kind.STATE: Look(text=_lazy("State"), icon="workflow"),
    Kind.ENTRY: Look(text=_lazy("On entering"), icon="play"),
    Kind.EVENT: Look(text=_lazy("On an event"), icon="zap"),
    Kind.EXIT: Look(text=_lazy("On leaving"), icon="log-out"),
}


def look_of(step: Step) -> Look:
    """Return how a step's kind is called and looks."""
    return LOOKS.get(step.kind, LOOKS[Kind.GROUP])
