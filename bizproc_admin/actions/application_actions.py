"""Registering, changing and deleting actions and automation rules of the portal's application."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Self

from django.utils.translation import gettext_lazy as _

from bizproc_admin import bitrix
from bizproc_admin.access.permissions import Capability
from bizproc_admin.actions.base import (
    NotPossible,
    Observation,
    Seen,
    Target,
    Verdict,
)
from bizproc_admin.actions.own_hands import OfApplication
from bizproc_admin.models import ApplicationAction, Command
from bizproc_admin.models.application_actions import step_type
from bizproc_admin.models.ordered_json import read, written
from bizproc_admin.syncing import workflow_templates

# the code of a change that the portal has taken: its lists tell codes alone
ACCEPTED_ONLY = "accepted_only"
Kind = ApplicationAction.Kind


@dataclass(frozen=True, kw_only=True)
class ApplicationActionWrite(OfApplication):
    """What all of them share.

    sends counts how often it was sent, said_yes tells whether the portal has said yes.
    """

    kind: str
    code: str
    sends: int = field(default=0, compare=False)
    said_yes: bool = field(default=False, compare=False)

    capability = Capability.MANAGE_TEMPLATES
    looks_as_application = True
    handless = "token_needed_for_actions"

    @property
    def effect(self) -> str:
        return "application_action"

    @property
    def target_id(self) -> str:
        """Return the type of the steps made of it, which is of the application and the code."""
        return step_type(self.client_id, self.code)

    def target(self) -> Target:
        labels = {"action": self.code, "action_kind": self.kind}
        return Target(kind="application_action", id=self.target_id, labels=labels)

    def inputs(self) -> dict[str, Any]:
        return {"client_id": self.client_id, "kind": self.kind, "code": self.code}

    @classmethod
    def of_command(cls, command: Command) -> dict[str, Any]:
        """Return what a command tells of what is written, and of how it was sent."""
        inputs = command.inputs
        return {
            "to_portal": command.portal,
            "client_id": inputs["client_id"],
            "kind": inputs["kind"],
            "code": inputs["code"],
            "reason": command.reason,
            "sends": command.sends,
            "said_yes": bool(command.result),
        }

    @classmethod
    def from_command(cls, command: Command) -> Self:
        return cls(**cls.of_command(command))

    @classmethod
    def check_many(cls, actions: Sequence[Self]) -> dict[int, NotPossible]:
        found = {}
        for place, action in enumerate(actions):
            if action.portal.client_id != action.client_id:
                found[place] = NotPossible("other_application")
        return found

    @classmethod
    def look_many(cls, reader: bitrix.Reader, targets: Sequence[str]) -> dict[str, Seen]:
        registered = reader.application_actions.registered()
        seen = Seen(asked_at=registered.sent_at, registered=registered.kinds)
        return dict.fromkeys(targets, seen)

    def look(self, reader: bitrix.Reader) -> Observation:
        if self.portal.client_id != self.client_id:
            raise bitrix.BadAnswer("the application was replaced: nobody may read this one's lists")
        return super().look(reader)

    def is_there(self, seen: Seen) -> bool:
        """Tell whether the portal lists it as what it is."""
        return seen.registered.get(self.code) == self.kind

    def brought_forth(self, written: bitrix.Written) -> str:
        return "true"

    @classmethod
    def method_of(cls, inputs: Mapping[str, Any]) -> str:
        return cls.method.replace(Kind.ACTIVITY, inputs["kind"])

    def row(self) -> ApplicationAction:
        """Return what is kept of it here, a new one where nothing is."""
        known = ApplicationAction.objects.filter(
            portal=self.portal, client_id=self.client_id, code=self.code
        ).first()
        return known or ApplicationAction(
            portal=self.portal, client_id=self.client_id, kind=self.kind, code=self.code
        )


@dataclass(frozen=True, kw_only=True)
class Defined(ApplicationActionWrite):
    """What brings a definition to the portal; timeout is advice in seconds, kept here alone."""

    definition: Mapping[str, Any]
    timeout: int | None = None

    has_form = True

    def inputs(self) -> dict[str, Any]:
        return {
            **super().inputs(),
            "definition": written(dict(self.definition)),
            "timeout": self.timeout,
        }

    @classmethod
    def from_command(cls, command: Command) -> Self:
        inputs = command.inputs
        return cls(
            **cls.of_command(command),
            definition=read(inputs["definition"]),
            timeout=inputs["timeout"],
        )

    def keep(self, seen_at: datetime) -> None:
        """Keep the definition as that of what the portal has."""
        row = self.row()
        row.kind, row.definition, row.timeout = self.kind, dict(self.definition), self.timeout
        row.listed_at, row.missing_since = seen_at, None
        row.save()


@dataclass(frozen=True, kw_only=True)
class RegisterAction(Defined):
    """Register an action or automation rule.

    Calls bizproc.activity.add or bizproc.robot.add. It is there once its code is listed.
    """

    name = "application_action.register"
    label = _("Register an action")
    method = "bizproc.activity.add"

    def judge(self, seen: Seen) -> Observation:
        other = seen.registered.get(self.code)
        if other is None:
            return Observation(verdict=Verdict.UNTOUCHED, asked_at=seen.asked_at)
        if self.sends and other == self.kind:
            return Observation(verdict=Verdict.DONE, asked_at=seen.asked_at, code="action_taken")
        code = "action_taken" if other == self.kind else "code_of_other_kind"
        return Observation(verdict=Verdict.OVERTAKEN, asked_at=seen.asked_at, code=code)

    def send(self, writer: bitrix.Writer) -> bitrix.Written:
        return writer.application_actions.add(self.kind, self.code, self.definition)

    def apply(self, command: Command, seen: Observation) -> None:
        if seen.verdict is Verdict.DONE and command.word == "confirmed":
            self.keep(seen.asked_at)
        else:
            workflow_templates.ask_again(self.portal)


@dataclass(frozen=True, kw_only=True)
class UpdateAction(Defined):
    """Change an action or automation rule; templates saved before keep what they hold.

    Calls bizproc.activity.update or bizproc.robot.update. The portal shows no definitions: its yes
    is all there is. Where its answer was lost the same is sent again, twice at most, for that does
    no harm; then a person must look.
    """

    name = "application_action.update"
    label = _("Change an action")
    method = "bizproc.activity.update"

    def judge(self, seen: Seen) -> Observation:
        if not self.is_there(seen):
            verdict = Verdict.ENDED if self.sends else Verdict.OVERTAKEN
            return Observation(verdict=verdict, asked_at=seen.asked_at, code="action_gone")
        if self.said_yes:
            return Observation(verdict=Verdict.ENDED, asked_at=seen.asked_at, code=ACCEPTED_ONLY)
        if self.sends >= self.most_sends:
            return Observation(verdict=Verdict.UNCLEAR, asked_at=seen.asked_at)
        return Observation(verdict=Verdict.UNTOUCHED, asked_at=seen.asked_at)

    def send(self, writer: bitrix.Writer) -> bitrix.Written:
        # what is not sent stays as it was: these are cleared by what is empty
        cleared = {"DESCRIPTION": "", "PROPERTIES": {}, "RETURN_PROPERTIES": {},
                   "DOCUMENT_TYPE": "", "FILTER": ""}  # fmt: skip
        return writer.application_actions.update(
            self.kind, self.code, {**cleared, **self.definition}
        )

    def apply(self, command: Command, seen: Observation) -> None:
        if seen.code == ACCEPTED_ONLY:
            self.keep(seen.asked_at)
        else:
            workflow_templates.ask_again(self.portal)


@dataclass(frozen=True, kw_only=True)
class DeleteAction(ApplicationActionWrite):
    """Delete an action or automation rule: its steps fail, answers of those that wait are dropped.

    Calls bizproc.activity.delete or bizproc.robot.delete. What is not listed is deleted.
    """

    name = "application_action.delete"
    label = _("Delete an action")
    method = "bizproc.activity.delete"
    ends_target: ClassVar[bool] = True

    def judge(self, seen: Seen) -> Observation:
        if self.is_there(seen):
            return Observation(verdict=Verdict.UNTOUCHED, asked_at=seen.asked_at)
        verdict = Verdict.DONE if self.sends else Verdict.ENDED
        return Observation(verdict=verdict, asked_at=seen.asked_at, code="action_gone")

    def send(self, writer: bitrix.Writer) -> bitrix.Written:
        return writer.application_actions.delete(self.kind, self.code)

    def apply(self, command: Command, seen: Observation) -> None:
        row = self.row()
        row.missing_since = row.missing_since or seen.asked_at
        row.save()
