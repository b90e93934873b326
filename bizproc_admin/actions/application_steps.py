"""Answering steps that wait for an application: sent by a one-time token, delivered, and confirmed.

The portal's `true` says that a token is genuine and no more (docs/portal.md: Answers of
applications). What an answer came to is told by what the portal shows afterwards.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from django.utils.translation import gettext_lazy as _

from bizproc_admin import bitrix
from bizproc_admin.actions.answers import SentFile
from bizproc_admin.actions.base import Item, Observation, Seen, Verdict
from bizproc_admin.actions.step_action import ACCEPTED, SentAnswer, StepAction, names_of
from bizproc_admin.models import (
    ApplicationStep,
    Command,
    CommandFile,
    CommandState,
    Portal,
    StepState,
)


@dataclass(frozen=True, kw_only=True)
class AnswerStep(StepAction):
    """Answer a step, so that its workflow goes on.

    Calls bizproc.event.send. values maps the ids of what the action gives back to values as the
    portal takes them; files are kept apart. The token is used up by the first answer that reaches
    the step, so that the same is sent again, with the same values, where an answer was lost.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    message: str = ""
    files: tuple[SentFile, ...] = ()
    multiple: tuple[str, ...] = ()
    command_pk: int | None = None

    name = "application_step.answer"
    label = _("Answer a step")
    method = "bizproc.event.send"
    is_one_time = True
    most_at_once = 10

    @property
    def effect(self) -> str:
        return "answer"

    @property
    def contents(self) -> tuple[tuple[str, bytes], ...]:
        return tuple((one.name, one.content) for one in self.files)

    def inputs(self) -> dict[str, Any]:
        return {
            **super().inputs(),
            "values": dict(self.values),
            "message": self.message,
            "files": [
                {"question": one.question, "name": one.name, "sha256": one.sha256}
                for one in self.files
            ],
            "multiple": list(self.multiple),
        }

    def labels(self) -> dict[str, Any]:
        return {"values": names_of(self.step)}

    @classmethod
    def from_command(cls, command: Command) -> Self:
        inputs = command.inputs
        return cls(
            values=inputs["values"],
            message=inputs["message"],
            files=tuple(SentFile(**one) for one in inputs["files"]),
            multiple=tuple(inputs["multiple"]),
            command_pk=command.pk,
            **cls.kept(command),
        )

    @classmethod
    def of_items(
        cls, portal: Portal, items: Sequence[Item], *, inputs: Mapping[str, Any], reason: str
    ) -> list[Self]:
        """Make the same answer to each of many steps; own inputs are those of an earlier command.

        Files are no part of it: they belong to one answer.
        """
        steps = ApplicationStep.objects.filter(portal=portal).select_related(
            "portal", "workflow__template", "workflow__document"
        )
        # a workflow is all that tells of a command of another list which step it was of
        keys = [item.own.get("step", item.pk) for item in items]
        rows = steps.in_bulk(keys)
        given = [{**inputs, **item.own} for item in items]
        return [
            cls(
                step=rows[key],
                values=one.get("values", {}),
                message=one.get("message", ""),
                reason=reason,
            )
            for key, one in zip(keys, given, strict=True)
        ]

    def loaded(self) -> Self:
        kept = CommandFile.objects.filter(command=self.command_pk).order_by("place")
        contents = [one.content for one in kept]
        files = zip(self.files, contents, strict=True)
        return replace(self, files=tuple(replace(one, content=content) for one, content in files))

    def send(self, writer: bitrix.Writer) -> bitrix.Written:
        values: dict[str, Any] = dict(self.values)
        for one in self.files:
            value = [one.name, base64.b64encode(one.content).decode()]
            if one.question in self.multiple:
                values.setdefault(one.question, []).append(value)
            else:
                values[one.question] = value
        return writer.application_steps.answer(
            self.token, values=values, message=self.message or None
        )

    def apply(self, command: Command, seen: Observation) -> None:
        match command.state:
            case CommandState.DELIVERED:
                self.settle(StepState.DELIVERED, seen, command)
            case CommandState.CONFIRMED:
                self.settle(StepState.CONFIRMED, seen, command)
            case CommandState.GONE:
                self.settle(StepState.ENDED, seen, command)
        super().apply(command, seen)

    def settle(self, state: StepState, seen: Observation, command: Command) -> None:
        """Note what became of the step by this answer."""
        rows = ApplicationStep.objects.filter(pk=self.step.pk)
        rows.exclude(state=state).update(state=state, settled_at=seen.asked_at)
        rows.update(answer=command)


@dataclass(frozen=True, kw_only=True)
class WriteLogLine(StepAction):
    """Write a line into the log of a workflow whose step waits; the step goes on waiting.

    Calls bizproc.activity.log, which is done within the call.
    """

    message: str

    name = "application_step.log"
    label = _("Write a line for the log")
    method = "bizproc.activity.log"

    @property
    def effect(self) -> str:
        return "log"

    def inputs(self) -> dict[str, Any]:
        return {**super().inputs(), "message": self.message}

    @classmethod
    def from_command(cls, command: Command) -> Self:
        return cls(message=command.inputs["message"], **cls.kept(command))

    def next_of(self, seen: Seen, sent: SentAnswer) -> dict[str, Any]:
        return {}

    def send(self, writer: bitrix.Writer) -> bitrix.Written:
        return writer.application_steps.write_log(self.token, self.message)


@dataclass(frozen=True, kw_only=True)
class CheckToken(StepAction):
    """Find out whether a token that a person brought is genuine; it has no effect on the portal.

    Calls bizproc.activity.log with an empty message (docs/portal.md: Answers of applications).
    """

    name = "application_step.check"
    label = _("Check a token")
    method = "bizproc.activity.log"
    is_one_time = True
    POSSIBLE = (StepState.UNVERIFIED,)

    @property
    def effect(self) -> str:
        return "check"

    def after_sending(self, seen: Seen, sent: SentAnswer) -> Observation:
        """Judge by the portal's answer alone: a token is genuine or not, whatever was done."""
        if seen.workflow is None:
            return super().after_sending(seen, sent)
        if sent.proof == ACCEPTED:
            return Observation(verdict=Verdict.DONE, asked_at=seen.asked_at)
        return self.untouched(seen, sent)

    def send(self, writer: bitrix.Writer) -> bitrix.Written:
        return writer.application_steps.check(self.token)

    def apply(self, command: Command, seen: Observation) -> None:
        if command.state == CommandState.CONFIRMED:
            rows = ApplicationStep.objects.filter(pk=self.step.pk, state=StepState.UNVERIFIED)
            rows.update(state=StepState.WAITING)
        super().apply(command, seen)
