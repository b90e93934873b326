"""Names and numbers as the console shows them."""

import pytest

from bizproc_admin.templatetags.names import TINTS, initials, tint
from bizproc_admin.templatetags.numbers import grouped


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Olga Petrova", "OP"),
        ("Анна Королёва", "АК"),
        ("Anna Maria von Braun", "AB"),
        ("ООО «Север»", "ОС"),
        ("admin", "AD"),
        ("  ", "?"),
        (None, "?"),
    ],
)
def test_initials_are_the_first_letters_of_the_first_and_last_word(name, letters):
    assert initials(name) == letters


def test_a_name_keeps_its_tint_and_names_differ():
    assert tint("Olga Petrova") == tint("Olga Petrova")
    assert {tint(chr(letter)) for letter in range(65, 75)} == set(TINTS)
    assert tint(None) in TINTS


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0"), (999, "999"), (3002, "3,002"), (1234567, "1,234,567")]
)
def test_thousands_are_set_apart(number, said):
    assert grouped(number) == said


def test_no_number_is_said_as_nothing():
    assert grouped(None) == ""
