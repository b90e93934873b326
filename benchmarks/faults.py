"""Commands under random faults, deaths and other people, held against the portal's own ledger.

The goals: no write twice, no false word, no write without an intent, nothing left open, and what
was unknown settled by itself. A run is one command; its seed
is in what it prints, so that it can be run again.
"""

import functools
import http.client
import os
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from unittest import mock

from celery import current_app
from django.contrib.auth.models import Group
from django.db.models import F
from django.test import override_settings

from benchmarks.measuring import Line
from benchmarks.portals import administrator, connected
from bizproc_admin import actions, bitrix, commands, syncing
from bizproc_admin.actions import (
    Action,
    AddTemplate,
    AnswerStep,
    CompleteTask,
    DelegateTask,
    DeleteTemplate,
    KillWorkflow,
    StartWorkflow,
    TerminateWorkflow,
    UpdateTemplate,
)
from bizproc_admin.actions.step_action import StepAction
from bizproc_admin.actions.template_files import TemplateAction
from bizproc_admin.actions.workflow_tasks import TaskAction
from bizproc_admin.actions.workflows import EndWorkflow
from bizproc_admin.audit import By
from bizproc_admin.commands import sending, settling
from bizproc_admin.diagrams import template_files
from bizproc_admin.models import (
    Account,
    ApplicationStep,
    AuditEntry,
    Command,
    CommandState,
    Feed,
    FeedName,
    LinkedPerson,
    MethodBudget,
    PaceBucket,
    Person,
    Role,
    Worker,
    WorkflowTask,
    WorkflowTemplate,
)
from bizproc_admin.portals import pacing, tokens
from bizproc_admin.secrets.fields import Secret
from sandbox import Sandbox
from sandbox.refusals import Refusal
from tests import transitions
from tests.http import waiting

AT_ONCE, STEPS_AT_ONCE = 200, 50
OWNER, EMPLOYEE, RECEIVER, THIRD = 1, 2, 40, 41
METHODS = {
    "terminate": "bizproc.workflow.terminate", "kill": "bizproc.workflow.kill",
    "complete": "bizproc.task.complete", "delegate": "bizproc.task.delegate",
    "start": "bizproc.workflow.start", "add": "bizproc.workflow.template.add",
    "update": "bizproc.workflow.template.update", "delete": "bizproc.workflow.template.delete",
    "answer": "bizproc.event.send",
}  # fmt: skip
DONE = (CommandState.CONFIRMED, CommandState.EVIDENT, CommandState.DELIVERED)
READINGS = ("bizproc.task.list", "bizproc.workflow.instances", "batch")
LIE = ("lie", {})
# applied late, but within the settle time: what comes after it, no reading can rule out
FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("timeout_before_apply", {"hold": 0.4}), ("timeout_after_apply", {"hold": 0.4}),
    ("reset_mid_response", {}), ("truncated_json", {}), ("empty_body", {"applied": True}),
    ("html_page", {"applied": True}), ("html_page", {}), ("bad_gateway", {}),
    ("INTERNAL_SERVER_ERROR", {}), ("QUERY_LIMIT_EXCEEDED", {}), LIE,
    ("late_apply", {"hold": 0.4, "delay": 45}), ("late_apply", {"hold": 0.4, "delay": 170}),
]  # fmt: skip
# what has not happened, and what has
NOT_DONE = (CommandState.REJECTED, CommandState.NOT_APPLIED, CommandState.CANCELLED)
IN_DOUBT = (CommandState.UNKNOWN, CommandState.DECLINED, CommandState.SENDING)
SWEEPS, STEP = 15, 200


class Died(BaseException):
    """The worker is gone: nothing after this line of it runs."""


@dataclass
class Tally:
    """What came of all runs."""

    runs: int = 0
    unknown: int = 0
    unsettled: int = 0
    starts: int = 0
    for_people: int = 0
    twice: list[str] = field(default_factory=list)
    lies: list[str] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)
    left_open: list[str] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)


def measured(*, runs: int = int(os.environ.get("RUNS", "2000")), seed: int = 1) -> list[Line]:
    tally = Tally()
    moves = transitions.listen() if transitions.FILE else None
    slow = {"READ_TIMEOUT": 0.2, "PACE_PER_SECOND": 1e6, "PACE_BURST": 1e6, "UNDO_TIME": 0}
    with (
        Sandbox(scenario="empty") as sandbox,
        override_settings(**slow),
        mock.patch.object(pacing.DatabasePacer, "nap", no_nap),
    ):
        world = World(sandbox)
        for number in range(runs):
            world.one(random.Random(f"{seed}-{number}"), f"{seed}-{number}", tally)
    for text in transitions.report(moves) if moves else []:
        print(f"  {text}")
    settled = 1 - tally.unsettled / max(tally.unknown, 1)
    found = 1 - tally.for_people / max(tally.starts, 1)
    wrong = tally.twice + tally.lies + tally.unasked + tally.left_open
    for text in wrong[:20]:
        print(f"  {text}")
    ends = ", ".join(f"{count} {state}" for state, count in tally.ends.most_common())
    return [
        Line(what="runs", figure=f"{tally.runs}: {ends}"),
        nothing("applied twice", tally.twice),
        nothing("said otherwise than the ledger", tally.lies),
        nothing("applied without an earlier attempt on record", tally.unasked),
        nothing(f"still open after {SWEEPS * STEP // 60} min, and with no person", tally.left_open),
        Line(
            what="unknown settled by itself",
            figure=f"{settled:.2%} of {tally.unknown}",
            target=">= 99.5 %",
            is_met=settled >= 0.995,
        ),
        Line(
            what="starts made whose answer was lost, found by evidence",
            figure=f"{found:.2%} of {tally.starts}",
            target=">= 90 %",
            is_met=found >= 0.9,
        ),
    ]


def no_nap(*_: Any, **__: Any) -> None:
    """Let the time pass for which the portal's limits hold everybody up."""
    PaceBucket.objects.all().delete()
    MethodBudget.objects.all().delete()


def nothing(what: str, found: list[str]) -> Line:
    return Line(what=what, figure=str(len(found)), target="0", is_met=not found)


class World:
    """One portal with an approver, and tasks for the next runs."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.portal = connected(sandbox.webhook_url)
        told = sandbox.oauth
        self.portal.client_id, self.portal.token_url = told["client_id"], told["token_url"]
        self.portal.client_secret = Secret(told["client_secret"])
        self.portal.member_id = told["member_id"]
        self.portal.save()
        for number in (RECEIVER, THIRD):
            sandbox.add_user("Boris", f"Titov {number}", id=number)
        self.chief = administrator()
        self.copy(FeedName.PEOPLE)
        self.people = {person.remote_id: person for person in Person.objects.all()}
        self.approver = Account.objects.create_user(username="olga", password=None)
        LinkedPerson.objects.create(
            user=self.approver, portal=self.portal, person=self.people[EMPLOYEE]
        )
        self.approver.groups.add(Group.objects.get(name=Role.PARTICIPANT))
        tokens.keep(self.people[EMPLOYEE], bitrix.TokenPair.from_api(sandbox.tokens_for(EMPLOYEE)))
        self.owner = Account.objects.create_user(username="owner", password=None)
        self.owner.groups.add(Group.objects.get(name=Role.PORTAL_ADMINISTRATOR))
        LinkedPerson.objects.create(user=self.owner, portal=self.portal, person=self.people[OWNER])
        tokens.keep(self.people[OWNER], bitrix.TokenPair.from_api(sandbox.tokens_for(OWNER)))
        self.made = 0
        self.waiting: list[WorkflowTask] = []
        self.steps: list[ApplicationStep] = []
        self.application = waiting.Application()
        threading.Thread(target=self.application.serve_forever, daemon=True).start()
        kind, self.definition = waiting.register(sandbox, self.application)
        self.of_steps = waiting.template(sandbox, kind)
        self.asking = self.task().workflow.template
        self.copy(FeedName.WORKFLOW_TEMPLATES)
        current_app.conf.task_always_eager = True
        current_app.conf.task_eager_propagates = True

    def copy(self, *names: FeedName) -> None:
        for name in names:
            feed = Feed.objects.get(portal=self.portal, name=name)
            Feed.objects.filter(pk=feed.pk).update(next_at=None, next_full_at=None)
            syncing.sync(feed.pk, worker="benchmark")

    def task(self) -> WorkflowTask:
        if not self.waiting:
            numbers = [self.sandbox.ask([EMPLOYEE]) for _ in range(AT_ONCE)]
            self.copy(FeedName.WORKFLOWS, FeedName.WORKFLOW_TASKS)
            self.waiting = list(WorkflowTask.objects.filter(remote_id__in=numbers))
        return self.waiting.pop()

    def step(self) -> ApplicationStep:
        """Return a step that has called and waits."""
        if not self.steps:
            for number in range(STEPS_AT_ONCE):
                document = ["crm", "CCrmDocumentDeal", f"DEAL_{500_000 + number}"]
                waiting.workflow_of(self.sandbox, self.of_steps, document=document)
            calls = [self.application.next() for _ in range(STEPS_AT_ONCE)]
            self.copy(FeedName.WORKFLOWS)
            self.sandbox.advance(60)
            self.portal.refresh_from_db()
            self.steps = [waiting.kept(self.portal, one) for one in calls]
        return self.steps.pop()

    def action(self, kind: str, task: WorkflowTask) -> tuple[Action, Account]:
        employee = self.people[EMPLOYEE]
        if kind == "complete":
            action = CompleteTask(task=task, person=employee, answer=1, reason="")
            return action, self.approver
        if kind == "delegate":
            to = self.people[RECEIVER]
            return (
                DelegateTask(task=task, from_person=employee, to_person=to, reason="On leave"),
                self.chief,
            )
        if kind == "start":
            self.made += 1
            starting = StartWorkflow(
                template=self.asking,
                document=("crm", "CCrmDocumentDeal", f"DEAL_{1_000 + self.made}"),
                parameters={},
                reason="",
            )
            return starting, self.owner
        if kind in ("add", "update", "delete"):
            return self.writing(kind), self.owner
        if kind == "answer":
            return AnswerStep(step=self.step(), values={"score": "82"}, reason=""), self.chief
        ending = TerminateWorkflow if kind == "terminate" else KillWorkflow
        return ending(workflow=task.workflow, reason="It hangs."), self.chief

    def writing(self, kind: str) -> Action:
        """Return the addition, change or deletion of a template of our application."""
        self.made += 1
        content, name = file_of(f"Step {self.made}"), f"Template {self.made}"
        if kind == "add":
            return AddTemplate(
                to_portal=self.portal,
                document_type=("crm", "CCrmDocumentDeal", "DEAL"),
                **given(name, content),
            )
        number = self.sandbox.add_template(name)
        self.sandbox.change_template(number, system_code="rest_app_1")
        self.sandbox.advance(5)
        template = WorkflowTemplate.objects.create(
            portal=self.portal, remote_id=number, name=name, is_hidden=False
        )
        if kind == "delete":
            return DeleteTemplate(template=template, reason="")
        return UpdateTemplate(template=template, **given(name, content))

    def one(self, dice: random.Random, name: str, tally: Tally) -> None:
        """Carry out one command through whatever the dice bring, and judge what is said of it."""
        task, kind = self.task(), dice.choice(list(METHODS))
        before = len(self.sandbox.ledger())
        self.sandbox.clear_calls()
        faults = [dice.choice(FAULTS) for _ in range(dice.choice([0, 1, 1, 2, 3]))]
        for fault, more in faults:
            self.sandbox.fail_next(fault, method=METHODS[kind], **more)
        if dice.random() < 0.2:
            self.sandbox.fail_next("bad_gateway", method=dice.choice(READINGS))
        # whoever lies cannot be told from whoever was overtaken
        meddles = dice.randrange(3) if dice.random() < 0.25 and LIE not in faults else None
        point = dice.choice(list(POINTS)) if dice.random() < 0.5 else None
        key = uuid.uuid4()
        with suppress(Died), ExitStack() as stack:
            if point:
                stack.enter_context(POINTS[point]())
            action, who = self.action(kind, task)
            commands.issue(action, by=By(account=who), key=key)
        if point == "sent":
            self.wait_for_call(METHODS[kind])
        command = Command.objects.get(key=key)
        was_unknown = False
        for number in range(SWEEPS):
            command.refresh_from_db()
            was_unknown |= command.state in IN_DOUBT
            if command.is_settled:
                break
            if meddles == number:
                self.meddle(dice, kind, task)
            self.pass_time()
            commands.sweep()
        self.sandbox.clear_faults()
        self.sandbox.advance(1000)
        command.refresh_from_db()
        self.judge(command, before, tally, f"{name} {kind} {faults} died {point} other {meddles}")
        # a portal that says yes and does nothing, again and again, is a person's to judge; so is an
        # answer to a step of which no answer ever came
        if was_unknown and kind == "start":
            # of one that never came to be nothing can prove that, so a person says it
            tally.starts += len(self.sandbox.ledger()) > before
            tally.for_people += len(self.sandbox.ledger()) > before and not command.is_settled
        elif was_unknown and LIE not in faults and not (kind == "answer" and len(faults) == 3):
            tally.unknown += 1
            tally.unsettled += not command.is_settled

    def wait_for_call(self, method: str) -> None:
        """Wait until the portal has what was sent: its clock stands still meanwhile."""
        for _ in range(200):
            if self.sandbox.calls(method):
                return
            time.sleep(0.05)

    def meddle(self, dice: random.Random, kind: str, task: WorkflowTask) -> None:
        """Let somebody do something else on the portal itself."""
        with suppress(ValueError, KeyError, Refusal):
            if kind in ("complete", "delegate") and dice.random() < 0.5:
                self.sandbox.delegate(task.remote_id, EMPLOYEE, THIRD)
            elif kind == "start":
                self.sandbox.start_workflow(started_by=EMPLOYEE)
            elif kind in ("add", "update", "delete"):
                self.sandbox.add_template("Somebody else's")
            elif kind in ("complete", "delegate"):
                self.sandbox.complete_task(task.remote_id, EMPLOYEE, answer="no")
            else:
                self.sandbox.terminate_workflow(task.workflow.remote_id)

    def pass_time(self) -> None:
        self.sandbox.advance(STEP)
        span = timedelta(seconds=STEP)
        Worker.objects.update(seen_at=F("seen_at") - span)
        Command.objects.open().update(
            lease_until=F("lease_until") - span,
            next_check_at=F("next_check_at") - span,
            sent_at=F("sent_at") - span,
            requested_at=F("requested_at") - span,
        )
        # what was kept of the portal's clock is of before it was put forward
        for command in Command.objects.open().filter(evidence__ahead__isnull=False):
            command.evidence["ahead"] += STEP
            command.save(update_fields=["evidence"])

    def judge(self, command: Command, before: int, tally: Tally, what: str) -> None:
        writes = self.sandbox.ledger()[before:]
        tally.runs += 1
        tally.ends[command.state] += 1
        text = f"{what}: {command.state} with {len(writes)} in the ledger"
        # an answer that came to a step which had been answered did nothing
        writes = [one for one in writes if one.get("applied", {}).get("effect") != "none"]
        # the same change made twice is one
        if len(writes) > 1 and not isinstance(actions.load(command), UpdateTemplate):
            tally.twice.append(text)
        is_lie = (command.state in DONE and not writes) or (command.state in NOT_DONE and writes)
        if is_lie:
            tally.lies.append(text)
        attempts = AuditEntry.objects.filter(command=command, kind=AuditEntry.Kind.ATTEMPT)
        if len(writes) > attempts.count():
            tally.unasked.append(text)
        if not command.is_settled and command.state != CommandState.NEEDS_HUMAN:
            tally.left_open.append(text)


def file_of(title: str) -> bytes:
    """Return a template file with one step."""
    step = {
        "Type": "ApproveActivity",
        "Name": "A1_2_3_4",
        "Activated": "Y",
        "Properties": {"Title": title, "Users": ["user_2"], "Name": title, "ApproveType": "any"},
        "Children": [],
    }
    root = {
        "Type": "SequentialWorkflowActivity",
        "Name": "Template",
        "Activated": "Y",
        "Properties": {"Title": title},
        "Children": [step],
    }
    return template_files.encode([root])


def given(name: str, content: bytes) -> dict[str, Any]:
    return {
        "name_of": name,
        "description": "",
        "auto_execute": 0,
        "digest": template_files.decode(content).digest(),
        "file": AddTemplate.of_bytes(content),
        "content": content,
        "reason": "",
    }


# --- where a worker dies ------------------------------------------------------------------------


def dying(owner: Any, name: str, *, before: bool) -> Callable[[], Any]:
    """Make a function the place of death: before it runs, or after it has returned."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def die(*args: Any, **kwargs: Any) -> Any:
        if not before:
            original(*args, **kwargs)
        raise Died

    return lambda: mock.patch.object(owner, name, die)


@contextmanager
def dying_around_the_request(piece: int, *, before: bool) -> Iterator[None]:
    """Die before or after the n-th piece of the write is given to the socket."""
    claim, send = sending.claim, http.client.HTTPConnection.send
    seen = {"claimed": False, "pieces": 0}

    def noting(*args: Any, **kwargs: Any) -> bool:
        seen["claimed"] = claim(*args, **kwargs)
        return bool(seen["claimed"])

    def sending_a_piece(connection: Any, data: Any) -> None:
        seen["pieces"] += bool(seen["claimed"])
        if seen["pieces"] == piece and before:
            raise Died
        send(connection, data)
        if seen["pieces"] == piece:
            raise Died

    with (
        mock.patch.object(sending, "claim", noting),
        mock.patch.object(http.client.HTTPConnection, "send", sending_a_piece),
    ):
        yield


POINTS: dict[str, Callable[[], Any]] = {
    "before the claim": dying(sending, "claim", before=True),
    "claimed": dying(sending, "claim", before=False),
    "connected": lambda: dying_around_the_request(1, before=True),
    "half sent": lambda: dying_around_the_request(1, before=False),
    "sent": lambda: dying_around_the_request(2, before=False),
    "answered": dying(sending, "take_answer", before=True),
    "accepted": dying(sending, "take_answer", before=False),
    "verified": dying(settling, "conclude_in_doubt", before=True),
    "ending concluded": dying(EndWorkflow, "apply", before=False),
    "task concluded": dying(TaskAction, "apply", before=False),
    "start concluded": dying(StartWorkflow, "apply", before=False),
    "step concluded": dying(StepAction, "apply", before=False),
    "template concluded": dying(TemplateAction, "apply", before=False),
    "concluded": dying(sending, "settle", before=False),
}
