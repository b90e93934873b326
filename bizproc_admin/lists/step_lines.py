"""What a row says of a step that waits for an application."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from bizproc_admin.actions import AnswerStep
from bizproc_admin.models import ApplicationStep, Command, Portal, StepState
from bizproc_admin.models.documents import Document
from bizproc_admin.wording.application_steps import StepNames, state_look, until_said
from bizproc_admin.wording.looks import Look


@dataclass(frozen=True, kw_only=True)
class StepLine:
    """A step in words; answer is the command that answers it and is not settled, if any."""

    step: ApplicationStep
    url: str
    subject: str
    title: str
    action: str
    look: Look
    until: str
    now: datetime
    answer: Command | None

    @property
    def pk(self) -> int:
        return self.step.pk

    @property
    def reads(self) -> object:
        return self.step.state, str(self.look.text), self.until

    @property
    def is_presumed(self) -> bool:
        return self.step.state == StepState.PRESUMED

    @property
    def is_open(self) -> bool:
        return self.step.settled_at is None


def step_lines(steps: Sequence[ApplicationStep], *, portal: Portal | None) -> list[StepLine]:
    """Return what rows of steps of one portal say."""
    names, answers = StepNames(steps, portal), open_answers(steps)
    return [
        StepLine(
            step=step,
            url=reverse("application_step_detail", args=[step.pk]),
            subject=subject_of(step),
            title=names.title(step),
            action=names.action(step),
            look=state_look(step, answers.get(step.token_digest)),
            until=until_said(step, step.portal.now()),
            now=step.portal.now(),
            answer=answers.get(step.token_digest),
        )
        for step in steps
    ]


def open_answers(steps: Sequence[ApplicationStep]) -> dict[str, Command]:
    """Return the answers to steps that are not settled yet, by the digest of the token."""
    digests = [step.token_digest for step in steps if step.token_digest]
    found = Command.objects.open().filter(action=AnswerStep.name, target_id__in=digests)
    return {command.target_id: command for command in found}


def subject_of(step: ApplicationStep) -> str:
    """Return what the workflow of a step runs on, as far as that is known."""
    if step.workflow is not None:
        return step.workflow.document_name
    if len(step.document) == 3:
        return str(Document(document_id=step.document[2]))
    return step.workflow_remote_id
