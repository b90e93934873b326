"""The client's reads and writes of application actions, with the portal's ledger as the oracle."""

import pytest

from bizproc_admin import bitrix
from bizproc_admin.bitrix import Classification, classify
from sandbox import Sandbox
from tests.contract.test_client_template_writes import writer_of
from tests.contract.test_client_writes import transport_of

HANDLER = "http://127.0.0.1:8000/calls/"
GIVEN = {"HANDLER": HANDLER, "NAME": {"en": "Check"}, "USE_SUBSCRIPTION": "Y"}
FINAL, REJECTED = Classification.NOT_APPLIED_FINAL, Classification.REJECTED


@pytest.fixture(scope="module")
def portal():
    with Sandbox() as running:
        yield running


@pytest.fixture
def sandbox(portal):
    portal.reset()
    yield portal
    assert portal.complaints() == []


@pytest.fixture
def actions(sandbox):
    return writer_of(sandbox).application_actions


def reader_of(sandbox, *, user=1):
    return bitrix.Reader(writer_of(sandbox, user=user).transport, sleep=lambda _: None)


def listed(sandbox):
    return reader_of(sandbox).application_actions.registered().kinds


def test_both_kinds_are_registered_changed_listed_and_deleted(sandbox, actions):
    assert listed(sandbox) == {}
    for kind, code in (("activity", "a.1"), ("robot", "r-2")):
        for written in (
            actions.add(kind, code, GIVEN),
            actions.update(kind, code, {"NAME": {"en": "Anew"}, "FILTER": ""}),
        ):
            assert (written.result, classify(written)) == (True, Classification.ACCEPTED)
    assert listed(sandbox) == {"a.1": "activity", "r-2": "robot"}
    actions.delete("activity", "a.1")
    assert listed(sandbox) == {"r-2": "robot"}
    assert len(sandbox.ledger()) == 5


def test_what_each_refusal_proves(sandbox, actions):
    actions.add("robot", "taken", GIVEN)
    long = {"p": {"NAME": "x" * 65_535}}
    placed = {"USE_PLACEMENT": "Y", "PLACEMENT_HANDLER": HANDLER}
    actions.add("activity", "placed", {**GIVEN, **placed})
    for kind, proves, act in (
        (bitrix.ActionTaken, REJECTED, lambda: actions.add("activity", "taken", GIVEN)),
        (bitrix.ActionNotSaved, REJECTED, lambda: actions.add("activity", "c" * 129, GIVEN)),
        (
            bitrix.ActionNotSaved,
            REJECTED,
            lambda: actions.add("robot", "l", {**GIVEN, "RETURN_PROPERTIES": long}),
        ),
        (bitrix.ActionNotFound, REJECTED, lambda: actions.delete("activity", "taken")),
        (bitrix.ActionNotFound, REJECTED, lambda: actions.update("robot", "no", GIVEN)),
        (bitrix.InvalidInput, FINAL, lambda: actions.add("robot", "a b", GIVEN)),
        (bitrix.InvalidInput, FINAL, lambda: actions.add("robot", "a", {**GIVEN, "NAME": ""})),
        (bitrix.InvalidInput, FINAL, lambda: actions.update("robot", "taken", {"NAME": ""})),
        (
            bitrix.HandlerRefused,
            FINAL,
            lambda: actions.add("robot", "a", {**GIVEN, "HANDLER": "http://localhost/"}),
        ),
        (
            bitrix.HandlerRefused,
            FINAL,
            lambda: actions.add("robot", "a", {**GIVEN, "HANDLER": "ftp://a.example/"}),
        ),
        (
            bitrix.ServerFault,
            Classification.UNKNOWN,
            lambda: actions.add("robot", "a", {**GIVEN, **placed}),
        ),
    ):
        with pytest.raises(kind) as caught:
            act()
        assert classify(caught.value) is proves
    assert len(sandbox.ledger()) == 2


def test_by_a_webhook_and_to_an_employee_nothing_of_it_is_told(sandbox):
    by_webhook = bitrix.Reader(transport_of(sandbox.webhook_url), sleep=lambda _: None)
    for reader in (by_webhook, reader_of(sandbox, user=2)):
        with pytest.raises(bitrix.AccessDenied):
            reader.application_actions.registered()
    with pytest.raises(bitrix.AccessDenied) as caught:
        bitrix.Writer(transport_of(sandbox.webhook_url)).application_actions.delete("robot", "a")
    assert classify(caught.value) is FINAL


@pytest.mark.parametrize("fault", ["html_page", "ACCESS_DENIED"])
def test_half_a_list_is_none(sandbox, actions, fault):
    actions.add("activity", "a", GIVEN)
    sandbox.fail_next(fault, method="bizproc.robot.list", times=9)
    with pytest.raises(bitrix.BitrixError):
        listed(sandbox)


def test_what_makes_no_sense_is_not_sent(sandbox, actions):
    for act in (
        lambda: actions.add("event", "a", GIVEN),
        lambda: actions.delete("robot", " "),
        lambda: actions.update("robot", "a", {}),
    ):
        with pytest.raises(ValueError, match="is"):
            act()
    assert sandbox.calls("bizproc.robot.add") == []
