"""What is done about a step that waits for an application, and what the portal shows of it then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Self

from bizproc_admin import bitrix
from bizproc_admin.access.permissions import Capability
from bizproc_admin.actions.base import (
    Action,
    NotPossible,
    Observation,
    Seen,
    Target,
    Verdict,
    administrators_hands,
    document_labels,
    plain,
    send_window,
)
from bizproc_admin.actions.workflows import EndWorkflow
from bizproc_admin.diagrams.mentions import Named
from bizproc_admin.models import (
    Account,
    ApplicationAction,
    ApplicationStep,
    Command,
    Person,
    Portal,
    StepState,
    TemplateMention,
)
from bizproc_admin.models.application_steps import OPEN, ApplicationStepQuerySet
from bizproc_admin.portals import screens

KIND = "application_step"
ACCEPTED = bitrix.Classification.ACCEPTED
DECLINED = bitrix.Classification.REJECTED


@dataclass(frozen=True, kw_only=True)
class SentAnswer:
    """What is known of something that was sent to a step.

    at is when it was sent first: what was lost may have been taken. proof is what the last answer
    proved, error our code of what was wrong with it. ahead is how
    many seconds the portal's clock was ahead of ours; modified was the workflow's MODIFIED before
    the first send, tasks and calls the numbers of its tasks and the keys of its steps that were
    known then.
    """

    at: datetime
    proof: str
    error: str
    sends: int
    ahead: float
    modified: str
    tasks: frozenset[int]
    calls: frozenset[int]

    @property
    def since(self) -> datetime:
        """Return from when on, by the portal's clock, something may have come of it."""
        return send_window(self.at, ahead=self.ahead)[0]

    @property
    def is_refused_again(self) -> bool:
        """Return whether the token was refused when the same was sent again.

        Through the gateway that is said of a token that was taken and of one that is forged.
        """
        return self.sends > 1 and self.error == bitrix.AccessDenied.code


@dataclass(frozen=True, kw_only=True)
class StepAction(Action):
    """What is done to one execution of a step by its token: the target, the look, what is seen.

    Anybody may who has the token: an administrator's own hands, else the portal's connection.
    """

    step: ApplicationStep
    sent: SentAnswer | None = field(default=None, compare=False)

    capability = Capability.ANSWER_STEPS
    # the states in which it makes sense
    POSSIBLE: ClassVar[tuple[StepState, ...]] = (StepState.WAITING,)

    @property
    def portal(self) -> Portal:
        return self.step.portal

    @property
    def token(self) -> str:
        """Return the secret token of the step's call."""
        return self.step.token.reveal() if self.step.token else ""

    def acts_as(self, actor: Account) -> Person | None:
        return administrators_hands(actor, self.portal)

    @property
    def target_id(self) -> str:
        return self.step.token_digest

    def target(self) -> Target:
        workflow = self.step.workflow
        labels: dict[str, Any] = {"step": title_of(self.step), "code": self.step.code}
        if workflow is not None:
            labels |= {
                "template": workflow.template.name,
                "template_number": workflow.template.remote_id,
                **document_labels(workflow),
            }
        return Target(kind=KIND, id=self.target_id, labels=labels, workflow=workflow)

    def inputs(self) -> dict[str, Any]:
        return {"step": self.step.pk}

    @classmethod
    def kept(cls, command: Command) -> dict[str, Any]:
        """Return what every command of these tells."""
        evidence, sent = command.evidence, None
        if command.sends and command.sent_at:
            first = evidence.get("first_sent_at")
            sent = SentAnswer(
                at=datetime.fromisoformat(first) if first else command.sent_at,
                proof=command.proof,
                error=(command.error_values or {}).get("code", ""),
                sends=command.sends,
                ahead=evidence.get("ahead", command.portal.clock_offset),
                modified=evidence.get("modified", ""),
                tasks=frozenset(evidence.get("tasks", ())),
                calls=frozenset(evidence.get("calls", ())),
            )
        steps = ApplicationStep.objects.select_related(
            "portal", "workflow__template", "workflow__document"
        )
        return {
            "step": steps.get(pk=command.inputs["step"]),
            "sent": sent,
            "reason": command.reason,
        }

    @classmethod
    def from_command(cls, command: Command) -> Self:
        return cls(**cls.kept(command))

    @classmethod
    def check_many(cls, actions: Sequence[Self]) -> dict[int, NotPossible]:
        keys = [action.step.pk for action in actions]
        states = dict(ApplicationStep.objects.filter(pk__in=keys).values_list("pk", "state"))
        found: dict[int, NotPossible] = {}
        for place, action in enumerate(actions):
            if not action.step.has_called:
                found[place] = NotPossible("step_without_token")
            elif action.step.workflow is None:
                found[place] = NotPossible("step_without_workflow")
            elif states.get(action.step.pk) not in cls.POSSIBLE:
                found[place] = NotPossible("step_is_over")
        return found

    @property
    def looked_at(self) -> str:
        """Return the id of the step's workflow."""
        return self.step.workflow_remote_id

    @classmethod
    def look_many(cls, reader: bitrix.Reader, targets: Sequence[str]) -> dict[str, Seen]:
        """Read workflows, by their ids, with their tasks."""
        return EndWorkflow.look_many(reader, targets)

    def judge(self, seen: Seen) -> Observation:
        if self.sent is None:
            return self.before_sending(seen)
        return self.after_sending(seen, self.sent)

    def before_sending(self, seen: Seen) -> Observation:
        """Judge a step nothing was sent to yet by what is known of it at this moment."""
        now = ApplicationStep.objects.get(pk=self.step.pk)
        if seen.workflow is None:
            code = "workflow_ended"
            return Observation(verdict=Verdict.OVERTAKEN, asked_at=seen.asked_at, code=code)
        if now.state not in self.POSSIBLE:
            return Observation(
                verdict=Verdict.OVERTAKEN, asked_at=seen.asked_at, code="step_is_over"
            )
        return self.untouched(seen, None)

    def after_sending(self, seen: Seen, sent: SentAnswer) -> Observation:
        """Judge what came of it; MODIFIED alone shows that it was taken, never that it did it."""
        row = seen.workflow
        if row is None:
            was_over = sent.proof == DECLINED and sent.sends == 1
            return Observation(
                verdict=Verdict.ENDED,
                asked_at=seen.asked_at,
                code="workflow_ended" if was_over else "ended_after_answer",
            )
        is_moved = row.modified.isoformat() != sent.modified
        if sent.is_refused_again:
            return Observation(
                verdict=Verdict.UNCLEAR, asked_at=seen.asked_at, snapshot=snapshot_of(seen)
            )
        if sent.proof == ACCEPTED:
            if by := self.next_of(seen, sent):
                return Observation(
                    verdict=Verdict.DONE,
                    asked_at=seen.asked_at,
                    snapshot=snapshot_of(seen) | {"by": by},
                )
            if is_moved and row.modified >= sent.since:
                return Observation(
                    verdict=Verdict.DELIVERED, asked_at=seen.asked_at, snapshot=snapshot_of(seen)
                )
        elif is_moved and (sent.sends >= self.most_sends or not self.is_one_time):
            return Observation(
                verdict=Verdict.UNCLEAR, asked_at=seen.asked_at, snapshot=snapshot_of(seen)
            )
        return self.untouched(seen, sent)

    def untouched(self, seen: Seen, sent: SentAnswer | None) -> Observation:
        """Return that it may be sent, with what is there just before."""
        row = seen.workflow
        tasks = sent.tasks if sent else {task.id for task in seen.tasks}
        calls = sent.calls if sent else self.siblings().values_list("pk", flat=True)
        return Observation(
            verdict=Verdict.UNTOUCHED,
            asked_at=seen.asked_at,
            snapshot=snapshot_of(seen),
            evidence={
                "modified": sent.modified if sent else row.modified.isoformat() if row else "",
                "tasks": sorted(tasks),
                "calls": sorted(calls),
                "ahead": self.portal.clock_offset if seen.ahead is None else seen.ahead,
                "first_sent_at": sent.at.isoformat() if sent else "",
            },
        )

    def siblings(self) -> ApplicationStepQuerySet:
        """Return the other steps of the workflow that called, as far as they are trusted."""
        here = ApplicationStep.objects.filter(
            portal=self.portal, workflow_remote_id=self.step.workflow_remote_id
        )
        here = here.exclude(pk=self.step.pk).exclude(state=StepState.UNVERIFIED)
        return here.exclude(token_digest="")

    def next_of(self, seen: Seen, sent: SentAnswer) -> dict[str, Any]:
        """Return the task or call that came after it was sent, if any."""
        fresh = [task for task in seen.tasks if task.id not in sent.tasks]
        if fresh:
            first = min(fresh, key=lambda task: task.id)
            return {"task": first.name, "number": first.id}
        return self.next_call(sent)

    def next_call(self, sent: SentAnswer) -> dict[str, Any]:
        """Return the call of a step of the workflow that came after it was sent, if any."""
        calls = self.siblings().exclude(pk__in=sent.calls).filter(called_at__gte=sent.since)
        call = calls.order_by("called_at", "pk").first()
        return {} if call is None else {"step": title_of(call), "code": call.code}

    def seen_in_mirror(self) -> dict[str, Any]:
        """Return the task or call that the mirror shows to have come after it was sent, if any."""
        if self.sent is None or self.step.workflow is None:
            return {}
        tasks = self.step.workflow.tasks.filter(waiting_since__gte=self.sent.since)
        task = tasks.exclude(remote_id__in=self.sent.tasks).order_by("remote_id").first()
        if task is not None:
            return {"task": task.name, "number": task.remote_id}
        return self.next_call(self.sent)

    def outcome(self, seen: Observation) -> dict[str, Any]:
        by = (seen.snapshot or {}).get("by")
        return {} if by is None else {"result": str(by.get("number", ""))}

    def apply(self, command: Command, seen: Observation) -> None:
        if seen.code in ("workflow_ended", "ended_after_answer"):
            is_open = ApplicationStep.objects.filter(pk=self.step.pk, state__in=OPEN)
            is_open.update(state=StepState.ENDED, settled_at=seen.asked_at)
        if self.step.workflow is not None:
            screens.watch(self.step.workflow)


def title_of(step: ApplicationStep) -> str:
    """Return what the step is called in its template, else its action's code."""
    if step.workflow is not None and step.name:
        mention = TemplateMention.objects.filter(
            template=step.workflow.template_id, kind=Named.STEP, name=step.name
        ).first()
        if mention is not None and mention.title:
            return mention.title
    return step.code


def action_of(step: ApplicationStep) -> ApplicationAction | None:
    """Return the registered action that a step is of."""
    here = ApplicationAction.objects.filter(portal=step.portal, client_id=step.client_id)
    return here.filter(code=step.code).first()


def names_of(step: ApplicationStep) -> dict[str, Any]:
    """Return what the portal calls the values that an action gives back, by their ids."""
    action = action_of(step)
    declared = (action.definition or {}).get("RETURN_PROPERTIES") if action else None
    if not isinstance(declared, Mapping):
        return {}
    return {key: one.get("NAME") for key, one in declared.items() if isinstance(one, Mapping)}


def snapshot_of(seen: Seen) -> dict[str, Any]:
    """Return what a look showed, JSON-ready."""
    row = seen.workflow
    found: dict[str, Any] = plain(
        {"workflow": row.raw if row else None, "tasks": [one.raw for one in seen.tasks]}
    )
    return found
