"""The webhook's address is a password: it opens the portal and must never be seen."""

import copy
import json
import logging
import pickle
import traceback
from urllib.parse import quote

import pytest

from bizproc_admin import bitrix
from bizproc_admin.wording.addresses import said_of

from . import leaks
from .stub import SECRET

ADDRESS = f"https://portal.example:8443/rest/14/{SECRET}/"


def test_it_tells_the_host_the_portal_and_the_owner():
    webhook = bitrix.WebhookUrl(f"  {ADDRESS}  ")
    assert webhook.host == "portal.example:8443"
    assert webhook.portal_url == "https://portal.example:8443"
    assert webhook.user_id == 14
    assert webhook.reveal() == ADDRESS


@pytest.mark.parametrize(
    "written",
    [
        ADDRESS.rstrip("/"),
        ADDRESS + "/",
        ADDRESS.replace("/rest/", "/rest//"),
        ADDRESS + "profile.json",
        ADDRESS.replace("portal", "PORTAL"),
    ],
)
def test_every_way_of_copying_it_means_the_same(written):
    assert bitrix.WebhookUrl(written) == bitrix.WebhookUrl(ADDRESS)
    assert hash(bitrix.WebhookUrl(written)) == hash(bitrix.WebhookUrl(ADDRESS))


@pytest.mark.parametrize(
    "written",
    [
        "",
        "portal.example",
        f"ftp://portal.example/rest/1/{SECRET}/",
        f"https:///rest/1/{SECRET}/",
        f"https://portal.example:no/rest/1/{SECRET}/",
        f"https://portal.example:99999/rest/1/{SECRET}/",
        f"https://[portal.example/rest/1/{SECRET}/",
        f"https://user:{SECRET}@portal.example/rest/1/{SECRET}/",
        f"https://portal.example/rest/{SECRET}/",
        f"https://portal.example/rest/admin/{SECRET}/",
        f"https://portal.example/rest/0/{SECRET}/",
        f"https://portal.example/rest/1/{SECRET}%2F/",
        f"https://portal.example/rest/1/{SECRET}/?auth=1",
        f"https://portal.example/rest/1/{SECRET}/#x",
        f"https://portal.example/rest/1/{SECRET}/a/b",
        f"https://portal.example/rest/1/{SECRET}/-",
        f"https://portal.example/api/1/{SECRET}/",
    ],
)
def test_what_is_no_webhook_is_refused_in_a_sentence_without_the_secret(written):
    with pytest.raises(bitrix.BadWebhook) as caught:
        bitrix.WebhookUrl(written)
    assert said_of(caught.value.code).endswith(".")
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_no_way_of_writing_it_shows_the_secret():
    webhook = bitrix.WebhookUrl(ADDRESS)
    shown = [
        repr(webhook),
        str(webhook),
        f"{webhook}",
        f"{webhook!r:>90}",
        "".join(["", str(webhook)]),
    ]
    shown += [str([webhook]), str({"url": webhook}), json.dumps({"a": webhook}, default=str)]
    assert all(SECRET not in one and "portal.example" in one for one in shown)


def test_it_cannot_be_pickled_nor_become_json():
    webhook = bitrix.WebhookUrl(ADDRESS)
    with pytest.raises(TypeError):
        pickle.dumps(webhook)
    with pytest.raises(TypeError):
        json.dumps(webhook)
    assert copy.deepcopy({"a": webhook})["a"] is copy.copy(webhook)
    assert not hasattr(webhook, "__dict__")


def test_it_is_equal_only_to_itself():
    assert bitrix.WebhookUrl(ADDRESS) != bitrix.WebhookUrl(ADDRESS.replace("/14/", "/15/"))
    assert bitrix.WebhookUrl(ADDRESS) != ADDRESS


def test_it_is_hidden_in_texts_from_outside():
    webhook = bitrix.WebhookUrl(ADDRESS)
    assert webhook.scrub(f"cannot find {ADDRESS}!") == (
        "cannot find https://portal.example:8443/rest/14/•••/!"
    )


@pytest.mark.parametrize("script", leaks.SCRIPTS, ids=lambda script: script.__name__)
def test_the_secret_is_in_no_log_and_no_error(stub, transport, caplog, script):
    for name in ("", "urllib3", "urllib3.connectionpool", "requests", "bizproc_admin.bitrix"):
        caplog.set_level(logging.DEBUG, logger=name)
    stub.fallback = script
    reader = bitrix.Reader(transport, sleep=lambda _: None)
    writer = bitrix.Writer(transport)
    shown = [repr(transport), repr(reader)]
    for act in (lambda: writer.workflows.kill("1.2"), reader.system.user_admin):
        try:
            act()
        except bitrix.BitrixError as error:
            shown += leaks.said_by(error)
    assert stub.seen
    assert "bizproc.workflow.kill" in caplog.text
    for text in [*shown, *leaks.logged(caplog)]:
        assert SECRET not in text
        assert quote(SECRET, safe="") not in text
