"""What a command does, in words: made from what was kept with its intent, and nowhere else.

A command of an earlier version kept no labels: what it does is said from the mirror, here alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from bizproc_admin.actions import (
    ACTIONS,
    AddTemplate,
    AnswerStep,
    CallsTest,
    CheckToken,
    CompleteTask,
    DelegateTask,
    DeleteAction,
    DeleteTemplate,
    KillWorkflow,
    RegisterAction,
    StartWorkflow,
    TerminateWorkflow,
    UpdateAction,
    UpdateTemplate,
    WriteLogLine,
)
from bizproc_admin.models import ApplicationAction, AuditEntry, Command
from bizproc_admin.models.application_definitions import ActionDefinition, LocalisedText
from bizproc_admin.models.documents import stand_in
from bizproc_admin.models.ordered_json import read
from bizproc_admin.models.workflow_tasks import caption_of
from bizproc_admin.wording.application_actions import subscription_said
from bizproc_admin.wording.command_errors import person_said
from bizproc_admin.wording.templates import BITS, STARTS
from bizproc_admin.wording.times import elapsed

# names of people by portal and number there
Names = Mapping[tuple[int, int], str]
NOBODY: Names = {}
ON_BEHALF_OF = gettext_lazy("On behalf of")
ON_THIS_PART = gettext_lazy("%(who)s already does something with this part")


ON_THIS_TEMPLATE = gettext_lazy("%(who)s already does something with this template")
ON_THIS_ACTION = gettext_lazy("%(who)s already does something with this code")
ACTION_FACTS = (
    (gettext_lazy("Kind"), "kind"),
    (gettext_lazy("It calls"), "handler"),
    (gettext_lazy("Its steps"), "subscription"),
)
FILE_FACTS = (
    (gettext_lazy("Name"), "name"),
    (gettext_lazy("It starts"), "starts"),
    (gettext_lazy("File"), "file"),
)


ON_THIS_STEP = gettext_lazy("%(who)s has answered this step already, which is not settled yet")
MESSAGE = (gettext_lazy("Line for the workflow’s log"), "message")


@dataclass(frozen=True, kw_only=True)
class Act:
    """How one kind of action is said.

    alone: beside its target; event: in the course of a workflow; whole: with its target; under_way:
    to somebody who wants to act on the same. facts are what its page tells of it, each with what it
    is called; on_behalf_of is called `for_whom`, and is_for_another says that the act itself is
    done for whoever is named so.
    """

    alone: Promise
    event: Promise
    whole: Promise
    under_way: Promise
    facts: tuple[tuple[Promise, str], ...] = ()
    for_whom: Promise = ON_BEHALF_OF
    is_for_another: bool = False


ACTS = {
    CompleteTask.name: Act(
        alone=gettext_lazy("“%(answer)s”"),
        event=gettext_lazy("Answer “%(answer)s” to “%(task)s”"),
        whole=gettext_lazy("Answer “%(answer)s”: %(target)s"),
        under_way=ON_THIS_PART,
        facts=((gettext_lazy("Answer"), "answer"),),
        is_for_another=True,
    ),
    DelegateTask.name: Act(
        alone=gettext_lazy("Delegation to %(to)s"),
        event=gettext_lazy("Delegation of “%(task)s” from %(from)s to %(to)s"),
        whole=gettext_lazy("Delegate to %(to)s: %(target)s"),
        under_way=ON_THIS_PART,
        facts=((gettext_lazy("To whom"), "to"),),
        for_whom=gettext_lazy("Whose part"),
    ),
    StartWorkflow.name: Act(
        alone=gettext_lazy("Start"),
        event=gettext_lazy("Start"),
        whole=gettext_lazy("Start %(target)s"),
        under_way=gettext_lazy("%(who)s has asked for the same start, which is not settled yet"),
    ),
    AddTemplate.name: Act(
        alone=gettext_lazy("Add a template"),
        event=gettext_lazy("Add a template"),
        whole=gettext_lazy("Add the template %(target)s"),
        under_way=gettext_lazy("%(who)s is already adding a template of this name"),
        facts=FILE_FACTS,
    ),
    UpdateTemplate.name: Act(
        alone=gettext_lazy("Change the template"),
        event=gettext_lazy("Change the template"),
        whole=gettext_lazy("Change the template %(target)s"),
        under_way=ON_THIS_TEMPLATE,
        facts=FILE_FACTS,
    ),
    DeleteTemplate.name: Act(
        alone=gettext_lazy("Delete the template"),
        event=gettext_lazy("Delete the template"),
        whole=gettext_lazy("Delete the template %(target)s"),
        under_way=ON_THIS_TEMPLATE,
    ),
    RegisterAction.name: Act(
        alone=gettext_lazy("Register"),
        event=gettext_lazy("Register an action"),
        whole=gettext_lazy("Register %(target)s"),
        under_way=ON_THIS_ACTION,
        facts=ACTION_FACTS,
    ),
    UpdateAction.name: Act(
        alone=gettext_lazy("Change"),
        event=gettext_lazy("Change an action"),
        whole=gettext_lazy("Change %(target)s"),
        under_way=ON_THIS_ACTION,
        facts=ACTION_FACTS,
    ),
    DeleteAction.name: Act(
        alone=gettext_lazy("Delete"),
        event=gettext_lazy("Delete an action"),
        whole=gettext_lazy("Delete %(target)s"),
        under_way=ON_THIS_ACTION,
        facts=ACTION_FACTS[:1],
    ),
    AnswerStep.name: Act(
        alone=gettext_lazy("Answer for the application"),
        event=gettext_lazy("Answer to the step “%(step)s”"),
        whole=gettext_lazy("Answer %(target)s"),
        under_way=ON_THIS_STEP,
        facts=(MESSAGE,),
    ),
    WriteLogLine.name: Act(
        alone=gettext_lazy("Line for the log"),
        event=gettext_lazy("Line for the log, by the step “%(step)s”"),
        whole=gettext_lazy("Line for the log: %(target)s"),
        under_way=gettext_lazy("%(who)s is already writing a line by this step"),
        facts=(MESSAGE,),
    ),
    CheckToken.name: Act(
        alone=gettext_lazy("Check of a token"),
        event=gettext_lazy("Check of a token of the step “%(step)s”"),
        whole=gettext_lazy("Check a token: %(target)s"),
        under_way=gettext_lazy("%(who)s is already having this token checked"),
    ),
    CallsTest.name: Act(
        alone=gettext_lazy("Test the calls"),
        event=gettext_lazy("Test the calls"),
        whole=gettext_lazy("Test the calls from %(target)s"),
        under_way=gettext_lazy("%(who)s is already testing this"),
        facts=((gettext_lazy("Address that is called"), "called"),),
    ),
    TerminateWorkflow.name: Act(
        alone=gettext_lazy("Terminate"),
        event=gettext_lazy("Terminate"),
        whole=gettext_lazy("Terminate %(target)s"),
        under_way=gettext_lazy("%(who)s is already terminating this"),
    ),
    KillWorkflow.name: Act(
        alone=gettext_lazy("Kill"),
        event=gettext_lazy("Kill"),
        whole=gettext_lazy("Kill %(target)s"),
        under_way=gettext_lazy("%(who)s is already killing this"),
    ),
}


# a kill through the gateway, which has none: a forced end takes its place
FORCED = Act(
    alone=gettext_lazy("End by force"),
    event=gettext_lazy("End by force"),
    whole=gettext_lazy("End by force: %(target)s"),
    under_way=gettext_lazy("%(who)s is already ending this by force"),
)


def act_of(command: Command) -> Act:
    """Return how a command is said: as what it was when it was asked for."""
    return FORCED if (command.labels or {}).get("by_force") else ACTS[command.action]


def kind(command: Command) -> str:
    """Return of what kind a command is, without what it acts on."""
    act = act_of(command)
    return str(act.alone if act is FORCED else ACTIONS[command.action].label)


def alone(command: Command, names: Names = NOBODY) -> str:
    """Return what a command does, where its target is at hand: “Approve”."""
    return str(act_of(command).alone) % Values(command, names)


def event(command: Command, names: Names = NOBODY) -> str:
    """Return what a command does in the course of its workflow: Answer “Approve” to “Vacation”."""
    return str(act_of(command).event) % Values(command, names)


def whole(command: Command, names: Names = NOBODY) -> str:
    """Return what a command does to what: Answer “Approve”: Vacation · Deal 7."""
    return str(act_of(command).whole) % Values(command, names)


def under_way(command: Command, viewer: int | None = None) -> str:
    """Return that somebody is at it already, said to whoever wants to act on the same.

    viewer is the account that reads it: one's own is not told as if it were another's.
    """
    if command.actor_id == viewer:
        values = {"act": event(command), "age": elapsed(command.requested_at)}
        return _("You asked for this %(age)s ago: %(act)s") % values
    return str(act_of(command).under_way) % {"who": command.actor_name}


def facts(command: Command, names: Names = NOBODY) -> list[tuple[str, str]]:
    """Return what else there is to know of what a command does, each with what it is called."""
    act, values = act_of(command), Values(command, names)
    told = [(str(act.for_whom), command.on_behalf_of)] if command.on_behalf_of else []
    told += [(str(title), values[key]) for title, key in act.facts]
    return told + given_values(command) + answered_values(command)


def given_values(command: Command) -> list[tuple[str, str]]:
    """Return the parameters that a start was given, by the template's names, as they were sent."""
    captions = (command.labels or {}).get("parameters", {})
    return [
        (captions.get(key, key), ", ".join(map(str, value)) if isinstance(value, list) else value)
        for key, value in command.inputs.get("parameters", {}).items()
    ]


def answered_values(command: Command) -> list[tuple[str, str]]:
    """Return the values that a step was answered with, by the action's names, as they were sent."""
    if command.action != AnswerStep.name:
        return []
    captions, language = (command.labels or {}).get("values", {}), get_language() or ""
    told = [
        (
            LocalisedText.from_api(captions.get(key)).said_in(language) or key,
            ", ".join(map(str, value)) if isinstance(value, list) else str(value),
        )
        for key, value in command.inputs.get("values", {}).items()
    ]
    for one in command.inputs.get("files", ()):
        name = LocalisedText.from_api(captions.get(one["question"])).said_in(language)
        told.append((name or one["question"], one["name"]))
    return told


def confirmed_by(entry: AuditEntry) -> str:
    """Return the task or step by which an answer to a step was confirmed, else nothing."""
    by = (entry.detail.after or {}).get("by") if entry.target_kind == "application_step" else None
    if not by:
        return ""
    if "task" in by:
        return _("by the task “%(task)s”") % {"task": by["task"] or by["number"]}
    return _("by the step “%(step)s”") % {"step": by["step"] or by["code"]}


def target(command: Command) -> str:
    """Return what a command acts on."""
    labels = (command.labels or {}).get("target")
    return target_said(labels) if labels else command.target_label


def entry_target(entry: AuditEntry) -> str:
    """Return what an audit entry is about."""
    label = target(entry.command) if entry.command else entry.target_label
    return label or entry.target_id


def target_said(labels: Mapping[str, Any]) -> str:
    """Return a target in words: what is not named is said by its kind and number."""
    if "action" in labels:
        return str(labels["action"])
    if "step" in labels:
        return step_said(labels)
    if "portal" in labels:
        return str(labels["portal"])
    template = labels.get("template") or _("Hidden automation template %(number)s") % {
        "number": labels.get("template_number")
    }
    if "document" not in labels:
        return str(template)
    document = labels["document"] or stand_in(labels["kind"], labels["number"])
    if "task" in labels:
        return f"{task_said(labels)} · {document}"
    return f"{template} · {document}"


def step_said(labels: Mapping[str, Any]) -> str:
    """Return a step of a workflow in words; a workflow that is not known here has no document."""
    step = labels["step"] or labels["code"] or _("A step of an application")
    if "document" not in labels:
        return str(step)
    document = labels["document"] or stand_in(labels["kind"], labels["number"])
    return f"{step} · {document}"


def task_said(labels: Mapping[str, Any]) -> str:
    return labels["task"] or _("Workflow task %(number)s") % {"number": labels["task_number"]}


def starts_said(auto_execute: int) -> str:
    """Return when workflows of a template start by themselves."""
    return next((str(STARTS[key]) for key, bits in BITS.items() if bits == auto_execute), "")


class Values:
    """All that the words for a command may name, each looked up only when it is named."""

    def __init__(self, command: Command, names: Names) -> None:
        self.command = command
        self.names = names
        self.labels = command.labels or {}

    def __getitem__(self, key: str) -> str:
        match key:
            case "target":
                return target(self.command)
            case "task":
                return self.task
            case "answer":
                return self.answer
            case "starts":
                return starts_said(self.command.inputs["auto_execute"])
            case "kind":
                return str(ApplicationAction.Kind(self.command.inputs["kind"]).label)
            case "handler":
                return ActionDefinition.from_api(read(self.command.inputs["definition"])).handler
            case "subscription":
                definition = ActionDefinition.from_api(read(self.command.inputs["definition"]))
                return subscription_said(definition.subscription)
            case "message":
                return str(self.command.inputs.get("message", "")) or "—"
            case "step":
                named = self.labels.get("target", {})
                return str(named.get("step") or named.get("code") or "")
            case "called":
                return str(self.command.inputs["handler"])
            case "name" | "file":
                return str(self.command.inputs[key])
            case _:
                return self.person(key)

    @property
    def task(self) -> str:
        labels = self.labels.get("target")
        return task_said(labels) if labels else str(self.command.task)

    @property
    def answer(self) -> str:
        status = self.command.inputs.get("answer", "")
        if self.labels:
            return self.labels["caption"] or caption_of(self.labels["activity"], status)
        ways = self.command.task.answers if self.command.task else []
        return next((way.caption for way in ways if way.status == status), str(status))

    def person(self, key: str) -> str:
        if self.labels:
            return person_said(**self.labels[key])
        if key == "from":
            return self.command.on_behalf_of
        number = self.command.inputs.get(key, 0)
        return person_said(number, self.names.get((self.command.portal_id, number), ""))
