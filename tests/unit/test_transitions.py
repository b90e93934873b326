"""The table of a command's states, and what happens to a move that is not in it."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import ClassVar

import pytest
from django.utils import timezone

from bizproc_admin import actions, bitrix, commands
from bizproc_admin.actions import Observation, TerminateWorkflow, Verdict
from bizproc_admin.commands import sending
from bizproc_admin.commands.transitions import TRANSITIONS, IllegalMove, move
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
from bizproc_admin.models.commands import CHECKING, TERMINAL

State = CommandState


def test_every_state_is_reached_and_every_open_one_can_be_left() -> None:
    reached = {State.INTENT} | {to for moves in TRANSITIONS.values() for to in moves}
    assert reached == set(State)
    assert set(TRANSITIONS) == set(State) - set(TERMINAL)


def test_what_is_checked_can_be_settled_by_a_reading() -> None:
    for state in CHECKING:
        assert State.CONFIRMED in TRANSITIONS[state]


def test_only_an_intent_is_sent_and_no_send_confirms_itself() -> None:
    assert [was for was, moves in TRANSITIONS.items() if State.SENDING in moves] == [State.INTENT]
    assert State.CONFIRMED not in TRANSITIONS[State.SENDING]


@pytest.mark.django_db
def test_an_illegal_move_raises_where_it_is_told_to(command: Command) -> None:
    with pytest.raises(IllegalMove, match="sending to confirmed"):
        move(command, State.CONFIRMED)
    assert fresh(command).state == State.SENDING


@pytest.mark.django_db
def test_elsewhere_what_was_sent_becomes_unknown_and_is_on_record(
    command: Command, settings: object, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ILLEGAL_MOVES_RAISE = False
    assert not move(command, State.CONFIRMED, proof="accepted")

    kept = fresh(command)
    assert (kept.state, kept.proof, kept.lease_until) == (State.UNKNOWN, "accepted", None)
    assert kept.next_check_at is not None
    entry = AuditEntry.objects.get(command=command)
    assert (entry.outcome, entry.error_code) == ("unknown", "illegal_move")
    why = {"was": "sending", "to": "confirmed", "proof": "accepted"}
    assert (entry.detail.inputs, kept.error_values) == ({"error": why}, why)
    assert "illegal_move" in caplog.text


@pytest.mark.django_db
@pytest.mark.parametrize(("state", "sends"), [*((state, 1) for state in TERMINAL), ("intent", 0)])
def test_a_settled_command_and_one_never_sent_stay_as_they_are(
    command: Command, settings: object, caplog: pytest.LogCaptureFixture, state: str, sends: int
) -> None:
    settings.ILLEGAL_MOVES_RAISE = False
    Command.objects.filter(pk=command.pk).update(state=state, sends=sends)
    kept = fresh(command)

    assert not move(kept, State.ACCEPTED)

    assert (kept.state, fresh(command).state) == (state, state)
    assert not AuditEntry.objects.exists()
    assert "illegal_move" in caplog.text


@pytest.mark.django_db
def test_a_fault_in_an_unknown_command_is_told_once_and_looked_into_again(
    command: Command, settings: object
) -> None:
    settings.ILLEGAL_MOVES_RAISE = False
    for _time in range(3):
        move(command, State.DISPUTED)
    assert fresh(command).state == State.UNKNOWN
    assert AuditEntry.objects.count() == 1


@pytest.fixture
def command(portal: Portal, administrator: Account) -> Command:
    """A command that a worker is sending."""
    return Command.objects.create(
        key=uuid.uuid4(), digest="", portal=portal, action="workflow.terminate", effect="end",
        target_kind="workflow", target_id="1", target_label="Vacation", actor=administrator,
        actor_name="Anna", actor_role="", state=State.SENDING, epoch=1, sends=1,
        lease_until=timezone.now() + timedelta(seconds=90),
    )  # fmt: skip


def fresh(command: Command) -> Command:
    return Command.objects.get(pk=command.pk)


class Scripted(TerminateWorkflow):
    """An action on a part of a task, say, whose target looks as the test wants it."""

    ends_target = False
    verdict: ClassVar[Verdict]

    def look(self, reader: bitrix.Reader) -> Observation:
        return Observation(verdict=self.verdict, asked_at=timezone.now(), code="timed_out")

    def apply(self, command: Command, seen: Observation) -> None:
        pass


@pytest.fixture
def long_ago(
    command: Command, monkeypatch: pytest.MonkeyPatch, administrator: Account
) -> Callable[..., Command]:
    """Put the command into a state, with its last send longer ago than a write may be held up."""
    monkeypatch.setitem(actions.ACTIONS, "workflow.terminate", Scripted)
    now = timezone.now()
    portal = command.portal
    workflow = Workflow.objects.create(
        portal=portal, remote_id="1", started_at=now, modified_at=now, observed_at=now,
        template=WorkflowTemplate.objects.create(portal=portal, remote_id=1),
        document=Document.objects.create(
            portal=portal, module="crm", entity="CCrmDocumentDeal", document_id="DEAL_1"
        ),
    )  # fmt: skip

    def put(state: CommandState, *, sends: int, requested_ago: int = 600) -> Command:
        Command.objects.filter(pk=command.pk).update(
            state=state, sends=sends, epoch=sends, workflow=workflow,
            sent_at=now - timedelta(seconds=600),
            requested_at=now - timedelta(seconds=requested_ago),
        )  # fmt: skip
        return fresh(command)

    return put


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("was", "sends", "verdict", "to"),
    [
        (State.INTENT, 1, Verdict.DONE, State.CONFIRMED),
        (State.INTENT, 1, Verdict.DELIVERED, State.DELIVERED),
        (State.INTENT, 1, Verdict.ENDED, State.GONE),
        (State.INTENT, 1, Verdict.OVERTAKEN, State.NOT_APPLIED),
        (State.INTENT, 0, Verdict.OVERTAKEN, State.CANCELLED),
        (State.ACCEPTED, 1, Verdict.DONE, State.CONFIRMED),
        (State.ACCEPTED, 1, Verdict.ENDED, State.GONE),
        (State.ACCEPTED, 1, Verdict.OVERTAKEN, State.NOT_APPLIED),
        (State.ACCEPTED, 1, Verdict.UNTOUCHED, State.INTENT),
        (State.ACCEPTED, 2, Verdict.UNTOUCHED, State.NEEDS_HUMAN),
        (State.DISPUTED, 1, Verdict.DONE, State.CONFIRMED),
        (State.DISPUTED, 1, Verdict.DELIVERED, State.DELIVERED),
        (State.DISPUTED, 1, Verdict.ENDED, State.GONE),
        (State.DISPUTED, 1, Verdict.OVERTAKEN, State.NOT_APPLIED),
        (State.DISPUTED, 1, Verdict.UNTOUCHED, State.INTENT),
        (State.DISPUTED, 2, Verdict.UNTOUCHED, State.NEEDS_HUMAN),
        (State.DECLINED, 2, Verdict.DONE, State.CONFIRMED),
        (State.DECLINED, 1, Verdict.ENDED, State.GONE),
        (State.DECLINED, 1, Verdict.OVERTAKEN, State.NOT_APPLIED),
        (State.DECLINED, 1, Verdict.UNTOUCHED, State.REJECTED),
        (State.UNKNOWN, 1, Verdict.DONE, State.CONFIRMED),
        (State.UNKNOWN, 1, Verdict.ENDED, State.GONE),
        (State.UNKNOWN, 1, Verdict.OVERTAKEN, State.NOT_APPLIED),
        (State.UNKNOWN, 1, Verdict.UNTOUCHED, State.INTENT),
        (State.UNKNOWN, 3, Verdict.UNTOUCHED, State.NOT_APPLIED),
        (State.NEEDS_HUMAN, 2, Verdict.DONE, State.CONFIRMED),
        (State.NEEDS_HUMAN, 2, Verdict.DELIVERED, State.DELIVERED),
        (State.NEEDS_HUMAN, 2, Verdict.ENDED, State.GONE),
        (State.NEEDS_HUMAN, 2, Verdict.OVERTAKEN, State.NOT_APPLIED),
        (State.NEEDS_HUMAN, 2, Verdict.UNTOUCHED, State.NEEDS_HUMAN),
    ],
)
def test_what_a_reading_shows_moves_a_command(
    long_ago: Callable[..., Command], was: str, sends: int, verdict: Verdict, to: str
) -> None:
    Scripted.verdict = verdict
    command = long_ago(was, sends=sends)
    if was == State.INTENT:
        commands.carry_out(command.pk, worker="test")
    else:
        commands.settle(command.pk)
    assert fresh(command).state == to


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sends", "requested_ago", "to"),
    [
        (1, 0, State.INTENT),
        (1, 100_000, State.CANCELLED),
        (2, 100_000, State.NOT_APPLIED),
    ],
)
def test_a_send_that_never_left_is_repeated_until_it_has_waited_too_long(
    long_ago: Callable[..., Command], sends: int, requested_ago: int, to: str
) -> None:
    command = long_ago(State.SENDING, sends=sends, requested_ago=requested_ago)
    error = bitrix.NotSent("no route")
    assert sending.take_answer(command, command.epoch, error, bitrix.classify(error))
    kept = fresh(command)
    assert (kept.state, kept.sends) == (to, sends - 1)
