"""The states of a command against every mixture of faults that a portal and a worker can make."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar

import pytest
from django.conf import settings as configured
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bizproc_admin import actions, bitrix, commands
from bizproc_admin.actions import NotPossible, Observation, TerminateWorkflow, Verdict
from bizproc_admin.audit import By
from bizproc_admin.commands import sending
from bizproc_admin.models import (
    Account,
    AuditEntry,
    Command,
    CommandState,
    Document,
    Portal,
    Workflow,
    WorkflowTemplate,
)

pytestmark = pytest.mark.django_db

# what one send may meet: whether the portal acts on it, and what comes back
SENDS = [
    "done",
    "done, no answer",
    "done, worker killed",
    "not done, no answer",
    "not done, worker killed",
    "not done, said true",
    "done late, no answer",
    "never sent",
    "too many requests",
    "refused",
    "forbidden",
]
MOST_CALLS_IN_DOUBT = 3


class Killed(BaseException):
    """The worker's process ended here."""


@dataclass
class World:
    """A portal with one workflow, and what it and the workers will do next."""

    sends: list[str]
    looks: list[bool]
    is_running: bool = True
    applied: int = 0
    in_doubt: int = 0
    said_true: bool = False
    in_doubt_since: float | None = None
    too_early: bool = False
    lied: bool = False
    ended_by_others: bool = False
    clock: float = 0.0
    late: list[float] = field(default_factory=list)

    def look(self) -> bool:
        if self.looks and not self.looks.pop(0):
            raise bitrix.NoAnswer("silence")
        for due in [due for due in self.late if due <= self.clock]:
            self.late.remove(due)
            self.apply()
        return self.is_running

    def apply(self) -> None:
        if self.is_running:
            self.is_running = False
            self.applied += 1

    def send(self) -> bitrix.Written:
        how = self.sends.pop(0) if self.sends else "done"
        if self.in_doubt_since is not None:
            self.too_early |= self.clock < self.in_doubt_since + configured.SETTLE_TIME
        if how not in ("never sent", "too many requests", "forbidden"):
            self.in_doubt += 1
            self.in_doubt_since = self.clock
        if how.startswith("done late"):
            self.late.append(self.clock + 100)
        elif how.startswith("done"):
            if not self.is_running:
                raise bitrix.Refused("", "The business process is not found.", status=400)
            self.apply()
        match how:
            case "never sent":
                raise bitrix.NotSent("refused connection")
            case "too many requests":
                raise bitrix.RateLimited("QUERY_LIMIT_EXCEEDED", status=503)
            case "refused":
                raise bitrix.Refused("", "The business process is not found.", status=400)
            case "forbidden":
                raise bitrix.AccessDenied("ACCESS_DENIED", "Access denied!", status=403)
        if "killed" in how:
            raise Killed
        if "no answer" in how:
            raise bitrix.NoAnswer("silence")
        self.said_true = True
        self.lied |= how == "not done, said true"
        return bitrix.Written(
            result=True, time=None, duration_ms=1, status=200, sent_at=timezone.now()
        )


class Termination(TerminateWorkflow):
    """Terminate, on the world of one example."""

    world: ClassVar[World]

    def look(self, reader: bitrix.Reader) -> Observation:
        is_present = self.world.look()
        return Observation(
            verdict=Verdict.UNTOUCHED if is_present else Verdict.ENDED,
            asked_at=timezone.now(),
            modified=self.workflow.modified_at,
            snapshot={} if is_present else None,
            code="" if is_present else "already_ended",
        )

    def send(self, writer: bitrix.Writer) -> bitrix.Written:
        return self.world.send()


@pytest.fixture
def make_workflow(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Workflow]:
    """Give a new workflow of the world each time."""
    monkeypatch.setitem(actions.ACTIONS, Termination.name, Termination)
    template = WorkflowTemplate.objects.create(portal=portal, remote_id=1)
    document = Document.objects.create(
        portal=portal, module="crm", entity="CCrmDocumentDeal", document_id="DEAL_1", kind="deal"
    )

    def make() -> Workflow:
        now = timezone.now()
        return Workflow.objects.create(
            portal=portal,
            remote_id=uuid.uuid4().hex,
            template=template,
            document=document,
            started_at=now,
            modified_at=now,
            observed_at=now,
        )

    return make


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    sends=st.lists(st.sampled_from(SENDS), max_size=5),
    looks=st.lists(st.booleans(), max_size=6),
    steps=st.lists(st.sampled_from([1, 30, 110, 200]), max_size=8),
    ends_after=st.none() | st.integers(0, 8),
)
def test_no_mixture_of_faults_repeats_a_write_or_makes_a_state_lie(
    make_workflow: Callable[[], Workflow],
    administrator: Account,
    sends: list[str],
    looks: list[bool],
    steps: list[int],
    ends_after: int | None,
) -> None:
    world = Termination.world = World(sends=list(sends), looks=list(looks))
    action = Termination(workflow=make_workflow(), reason="It hangs.")
    command = commands.issue(action, by=By(account=administrator), key=uuid.uuid4())

    for number, seconds in enumerate([*steps, *[400] * 30]):
        if ends_after == number and world.is_running:
            world.is_running = False
            world.ended_by_others = True
        run_what_is_due(command)
        pass_time(seconds, world)
        command.refresh_from_db()
        if command.is_settled:
            break

    assert command.is_settled or command.state == CommandState.NEEDS_HUMAN
    assert world.applied <= 1
    assert world.in_doubt <= MOST_CALLS_IN_DOUBT
    assert not world.too_early
    match command.state:
        case CommandState.CONFIRMED:
            assert world.said_true
            assert world.applied or (world.lied and world.ended_by_others)
        case CommandState.GONE:
            assert not world.is_running
        case CommandState.REJECTED | CommandState.NOT_APPLIED | CommandState.CANCELLED:
            assert not world.applied
        case CommandState.NEEDS_HUMAN:
            assert world.lied
            assert not world.applied
    entries = AuditEntry.objects.filter(command=command).order_by("seq")
    assert [entry.kind for entry in entries].count("intent") == 1
    assert entries.filter(kind="attempt").count() == command.epoch
    assert entries.last().outcome == command.state
    assert action.workflow.commands.get() == command
    action.workflow.refresh_from_db()
    assert action.workflow.is_running == (
        command.state not in (CommandState.CONFIRMED, CommandState.GONE)
    )


def run_what_is_due(command: Command) -> None:
    """Do what the sweeper and the doorbell make a worker do now; a killed one is just silent."""
    commands.sweep()
    now = timezone.now()
    mine = Command.objects.filter(pk=command.pk)
    try:
        if mine.due_to_send(now).exists():
            commands.carry_out(command.pk, worker="a worker that never beat")
        elif mine.due_to_settle(now).exists():
            commands.settle(command.pk)
    except Killed:
        pass


def pass_time(seconds: float, world: World) -> None:
    world.clock += seconds
    span = timedelta(seconds=seconds)
    Command.objects.open().update(
        lease_until=F("lease_until") - span,
        next_check_at=F("next_check_at") - span,
        sent_at=F("sent_at") - span,
        requested_at=F("requested_at") - span,
    )


def test_the_same_key_gives_the_same_command_and_other_inputs_are_refused(
    make_workflow: Callable[[], Workflow], administrator: Account, other_administrator: Account
) -> None:
    Termination.world = World(sends=[], looks=[])
    workflow, key = make_workflow(), uuid.uuid4()
    action = Termination(workflow=workflow, reason="It hangs.")
    first = commands.issue(action, by=By(account=administrator), key=key)

    assert commands.issue(action, by=By(account=administrator), key=key) == first
    other = Termination(workflow=workflow, reason="Another reason.")
    with pytest.raises(commands.KeyReused):
        commands.issue(other, by=By(account=administrator), key=key)
    with pytest.raises(commands.KeyReused):
        commands.issue(action, by=By(account=other_administrator), key=key)
    with pytest.raises(commands.TargetBusy) as busy:
        commands.issue(action, by=By(account=other_administrator), key=uuid.uuid4())
    assert busy.value.command == first
    assert AuditEntry.objects.filter(command__isnull=False).count() == 1


def test_who_may_not_is_audited_and_makes_no_command(
    make_workflow: Callable[[], Workflow], auditor: Account
) -> None:
    action = Termination(workflow=make_workflow(), reason="It hangs.")
    with pytest.raises(PermissionDenied):
        commands.issue(action, by=By(account=auditor), key=uuid.uuid4())
    assert Command.objects.count() == 0
    assert AuditEntry.objects.get().kind == AuditEntry.Kind.DENIED


def test_an_ended_workflow_cannot_be_ended_again(
    make_workflow: Callable[[], Workflow], administrator: Account
) -> None:
    workflow = make_workflow()
    workflow.is_running = False
    with pytest.raises(NotPossible, match="workflow_has_ended"):
        commands.issue(
            Termination(workflow=workflow, reason="x"),
            by=By(account=administrator),
            key=uuid.uuid4(),
        )
    assert Command.objects.count() == 0


def test_an_account_that_lost_its_role_meanwhile_is_not_obeyed(
    make_workflow: Callable[[], Workflow], administrator: Account
) -> None:
    world = Termination.world = World(sends=[], looks=[])
    action = Termination(workflow=make_workflow(), reason="It hangs.")
    command = commands.issue(action, by=By(account=administrator), key=uuid.uuid4())
    administrator.groups.clear()

    commands.carry_out(command.pk, worker="a worker")

    command.refresh_from_db()
    assert command.state == CommandState.CANCELLED
    assert command.error_code == "no_longer_allowed"
    assert world.applied == world.in_doubt == 0


def test_a_portal_that_cannot_be_reached_is_given_up_after_the_time_for_it(
    make_workflow: Callable[[], Workflow], administrator: Account
) -> None:
    world = Termination.world = World(sends=[], looks=[False] * 99)
    action = Termination(workflow=make_workflow(), reason="It hangs.")
    command = commands.issue(action, by=By(account=administrator), key=uuid.uuid4())

    while world.clock <= configured.GIVE_UP_TIME + 120:
        run_what_is_due(command)
        pass_time(60, world)

    command.refresh_from_db()
    assert command.state == CommandState.CANCELLED
    assert command.error_code == "portal_unreachable"


def test_an_answer_that_comes_after_its_worker_was_given_up_is_kept_and_used(
    make_workflow: Callable[[], Workflow], administrator: Account
) -> None:
    world = Termination.world = World(sends=["done, worker killed"], looks=[])
    action = Termination(workflow=make_workflow(), reason="It hangs.")
    command = commands.issue(action, by=By(account=administrator), key=uuid.uuid4())
    run_what_is_due(command)
    command.refresh_from_db()
    zombie = Command.objects.get(pk=command.pk)
    world.looks = [False] * 9
    run_what_is_due(command)

    answer = bitrix.Written(
        result=True, time=None, duration_ms=1, status=200, sent_at=timezone.now()
    )
    proof = bitrix.classify(answer)
    assert not sending.take_answer(zombie, zombie.epoch, answer, proof)

    world.looks = []
    pass_time(400, world)
    run_what_is_due(command)
    command.refresh_from_db()
    assert command.state == CommandState.CONFIRMED
    assert AuditEntry.objects.filter(command=command, outcome="late_accepted").count() == 1
