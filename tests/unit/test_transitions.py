"""The table of a command's states, and what happens to a move that is not in it."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from bizproc_admin.commands.transitions import TRANSITIONS, IllegalMove, move
from bizproc_admin.models import Account, AuditEntry, Command, CommandState, Portal
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
