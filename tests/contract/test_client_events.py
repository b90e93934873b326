"""The client's events of an application, and whose a token is, over HTTP."""

import pytest

from bizproc_admin import bitrix
from sandbox import Sandbox
from tests.unit.bitrix.stub import FreePacer

HANDLER = "http://127.0.0.1:9/calls/1/"


@pytest.fixture(scope="module")
def portal():
    with Sandbox(auth_url="http://localhost:{port}") as running:
        yield running


@pytest.fixture
def sandbox(portal):
    portal.reset()
    yield portal
    assert portal.complaints() == []


def way_to(sandbox, *, user=1):
    token = sandbox.tokens_for(user)["access_token"]
    return bitrix.Transport(
        bitrix.AccessToken(f"{sandbox.portal_url}/rest/", token),
        pacer=FreePacer(),
        timeouts=bitrix.Timeouts(connect=1, read=0.5, total=1),
    )


def server_of(sandbox):
    told = sandbox.oauth
    return bitrix.TokenServer(
        told["token_url"], client_id=told["client_id"], client_secret=told["client_secret"]
    )


def test_an_event_is_bound_once_and_listed(sandbox):
    writer, reader = bitrix.Writer(way_to(sandbox)), bitrix.Reader(way_to(sandbox))
    assert reader.events.bound() == ()
    writer.events.bind("ONAPPTEST", HANDLER)
    (one,) = reader.events.bound()
    assert (one.event, one.handler) == ("ONAPPTEST", HANDLER)
    with pytest.raises(bitrix.Refused):
        writer.events.bind("ONAPPTEST", HANDLER)
    assert len(reader.events.bound()) == 1


def test_an_event_is_unbound_and_one_that_is_not_there_is_no_error(sandbox):
    writer, reader = bitrix.Writer(way_to(sandbox)), bitrix.Reader(way_to(sandbox))
    writer.events.bind("ONAPPTEST", HANDLER)
    writer.events.bind("ONAPPTEST", HANDLER + "2/")
    for count in (1, 0):
        assert writer.events.unbind("ONAPPTEST", HANDLER).result == {"count": count}
    assert [one.handler for one in reader.events.bound()] == [HANDLER + "2/"]


def test_a_test_puts_a_call_with_its_values_into_the_queue(sandbox):
    writer = bitrix.Writer(way_to(sandbox))
    writer.events.bind("ONAPPTEST", HANDLER)
    assert writer.events.test({"nonce": "abc"}).result is True
    assert [entry["method"] for entry in sandbox.ledger()] == ["event.bind", "event.test"]


def test_a_webhook_binds_nothing(sandbox):
    hook = bitrix.Transport(bitrix.WebhookUrl(sandbox.webhook_url), pacer=FreePacer())
    with pytest.raises(bitrix.Refused):
        bitrix.Writer(hook).events.bind("ONAPPTEST", HANDLER)


def test_the_token_server_says_whose_a_token_is(sandbox):
    given = sandbox.tokens_for(1)
    owner = server_of(sandbox).owner_of(given["access_token"])
    assert (owner.client_id, owner.member_id, owner.is_installed) == (
        sandbox.oauth["client_id"], sandbox.oauth["member_id"], True,
    )  # fmt: skip


def test_of_a_removed_application_the_token_server_refuses_for_good(sandbox):
    given = sandbox.tokens_for(1)
    sandbox.remove_application()
    with pytest.raises(bitrix.TokenRefused) as refused:
        server_of(sandbox).owner_of(given["access_token"])
    assert (refused.value.code, refused.value.is_final) == ("token_not_installed", True)
    assert given["access_token"] not in repr(refused.value)
