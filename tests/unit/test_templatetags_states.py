"""States in words: every one has an icon, and the same one everywhere."""

import pytest

from bizproc_admin.models import AuditEntry, Command, CommandState
from bizproc_admin.models.commands import WORDS
from bizproc_admin.templatetags.icons import ICONS
from bizproc_admin.templatetags.states import badge, command_badge, outcome_badge
from bizproc_admin.wording.looks import LOOKS


@pytest.mark.parametrize("word", sorted({*WORDS.values(), "ok", "failed", "denied"}))
def test_every_word_has_an_icon_of_the_sprite_and_a_tone(word):
    assert LOOKS[word].icon in ICONS
    assert LOOKS[word].tone


@pytest.mark.parametrize("state", CommandState)
def test_a_command_says_its_state_beside_an_icon(state):
    shown = command_badge(Command(state=state))
    assert "<use href=" in shown
    said = str(LOOKS[state.word].text)
    assert ("a person must look" if state == CommandState.NEEDS_HUMAN else said) in shown


def test_only_a_command_under_way_is_marked_busy():
    assert 'aria-busy="true"' in command_badge(Command(state=CommandState.SENDING))
    assert "aria-busy" not in command_badge(Command(state=CommandState.CONFIRMED))


def test_an_outcome_is_said_as_commands_say_it():
    entry = AuditEntry(kind="outcome", outcome=CommandState.REJECTED)
    assert "Refused" in outcome_badge(entry)
    assert "badge--danger" in outcome_badge(entry)


@pytest.mark.parametrize(
    "shown",
    [
        command_badge(Command(state=CommandState.CANCELLED, error_code="taken_back")),
        outcome_badge(AuditEntry(outcome=CommandState.CANCELLED, error_code="taken_back")),
    ],
)
def test_what_a_person_took_back_is_not_said_to_be_refused(shown):
    assert "Taken back" in shown
    assert "Refused" not in shown
    assert "badge--" not in shown


def test_an_entry_without_an_outcome_shows_none():
    assert outcome_badge(AuditEntry(kind="sign_out")) == ""


def test_what_a_badge_says_is_escaped():
    assert "<b>" not in badge("<b>bold</b>", icon="lock")
