"""What is said of errors of a portal and of findings: each kind of them has its words."""

import ast
import inspect
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bizproc_admin import bitrix
from bizproc_admin.bitrix import probing, token_errors
from bizproc_admin.bitrix.gateway import probing as gateway_probing
from bizproc_admin.wording import findings, portal_errors
from bizproc_admin.wording.portal_errors import for_people, for_readers


def kinds_below(kind):
    for one in kind.__subclasses__():
        yield one
        yield from kinds_below(one)


KINDS = sorted({bitrix.BitrixError, *kinds_below(bitrix.BitrixError)}, key=lambda kind: kind.code)


def make(kind):
    parameters = inspect.signature(kind).parameters
    given = {
        "detail": "a detail",
        "vendor_code": "CODE",
        "text": "the portal's own words",
        "resets_at": datetime(2026, 1, 1, 12, 30, tzinfo=UTC),
        "wait": 1.0,
        "location": "https://new.example/",
        "status": 400,
        "field": "ID",
        "oddity": "missing",
    }
    return kind(**{name: given[name] for name in parameters if name in given})


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_speaks_to_people_and_to_readers(kind):
    error = make(kind)
    assert kind.code in portal_errors.PEOPLE
    people, readers = (said(error.code, error.values) for said in (for_people, for_readers))
    assert people[0].isupper()
    assert readers[0].isupper()
    assert "%" not in people + readers
    assert "what was asked" not in readers
    assert kind is bitrix.BitrixError or people != for_people("bitrix_error", {})


def test_what_a_token_server_says_for_good_has_words_of_its_own():
    for vendor_code in token_errors.FOR_GOOD:
        error = bitrix.TokenRefused(vendor_code, "", status=400)
        assert error.code in portal_errors.PEOPLE, vendor_code


def test_no_words_are_of_an_error_that_does_not_exist():
    codes = {kind.code for kind in KINDS}
    codes |= {bitrix.TokenRefused(code, "").code for code in token_errors.FOR_GOOD}
    codes |= {"moved_at_home", "moved_astray", "bad_answer_with_status"}
    assert set(portal_errors.PEOPLE) == codes
    assert set(portal_errors.READERS) == codes


@pytest.mark.parametrize(("status", "said"), [(503, " (HTTP 503)"), (200, ""), (None, "")])
def test_an_answer_that_is_no_data_names_its_status(status, said):
    error = bitrix.BadAnswer("no JSON", status=status, transient=True)
    for text in (for_people(error.code, error.values), for_readers(error.code, error.values)):
        assert f"could not be understood{said}. " in text


def test_an_error_without_any_text_still_says_something():
    nothing, code = bitrix.Refused("", ""), bitrix.Refused("X", " ")
    assert for_people(nothing.code, nothing.values) == "The portal refused: it gave no reason"
    assert for_people(code.code, code.values) == "The portal refused: X"


def test_until_when_a_method_is_blocked_is_said():
    error = make(bitrix.MethodExhausted)
    assert "until 12:30 UTC" in for_people(error.code, error.values)


def test_a_code_nobody_knows_any_more_is_still_an_error_of_the_portal():
    assert for_people("of_an_older_version", {}) == for_people("bitrix_error", {})


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("no_answer", "The portal did not answer in time. It was only read: nothing was changed"),
        ("bad_answer", "The portal gave an answer that could not be understood. It was only read"),
        ("access_denied", "The portal reported a fault of its own."),
    ],
)
def test_a_code_without_its_values_says_what_it_can(code, said):
    assert portal_errors.of_code(code).startswith(said)


def test_every_finding_has_words_and_none_is_taken_for_an_error():
    # both ways to a portal are looked over, each in its own file
    whole = "\n".join(Path(one.__file__).read_text() for one in (probing, gateway_probing))
    tree = ast.parse(whole)
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert set(findings.WORDS) <= texts
    assert not set(findings.WORDS) & set(portal_errors.PEOPLE)
    codes = {
        value.value
        for node in ast.walk(tree)
        if isinstance(node, (ast.keyword, ast.Assign))
        and (node.arg == "code" if isinstance(node, ast.keyword) else _names(node) == ["code"])
        for value in ast.walk(node.value)
        if isinstance(value, ast.Constant) and isinstance(value.value, str)
    }
    assert codes <= set(findings.WORDS)


def _names(node):
    return [target.id for target in node.targets if isinstance(target, ast.Name)]
