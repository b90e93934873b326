"""A renamed portal: noticed, compared with what is known, and followed with its history."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import bitrix, syncing
from bizproc_admin.models import AddressChange, AuditEntry, Outage, PersonToken, Portal, Workflow
from bizproc_admin.portals import clients, tokens

pytestmark = pytest.mark.portable


@pytest.fixture
def client(as_, administrator):
    return as_(administrator)


@pytest.fixture
def renamed(workflow, portal, sandbox, settings):
    """The portal, renamed: its old name sends everybody on to the new one, which is given.

    127.1 is another way to write the address it listens at; localhost is its token server.
    """
    port = urlsplit(sandbox.portal_url).port
    settings.PORTAL_HOSTS_ALLOWED = [*settings.PORTAL_HOSTS_ALLOWED, f"127.1:{port}"]
    sandbox.rename_portal("http://127.1:{port}")
    return f"http://127.1:{port}"


def proposed(client, portal, address, committing):
    with committing():
        answer = client.post(reverse("portal_address", args=[portal.pk]), {"address": address})
    assert answer.status_code == 302, answer.context["form"].errors
    return AddressChange.objects.latest("pk")


def html(answer):
    return answer.content.decode().replace("&#x27;", "'")


def test_a_renamed_portal_is_said_on_every_page_and_its_new_address_is_proposed(
    client, portal, renamed
):
    with pytest.raises(bitrix.Moved):
        clients.reader(portal, purpose=bitrix.Purpose.SCREEN).system.profile()
    portal.refresh_from_db()
    assert portal.outage is Outage.MOVED
    assert portal.moved_to == renamed
    assert "answers under another address" in html(client.get(reverse("overview")))
    page = html(client.get(reverse("portal_detail", args=[portal.pk])))
    assert f"sends the console on to {renamed}" in page
    assert f'value="{renamed}"' in html(client.get(reverse("portal_address", args=[portal.pk])))


def test_it_is_followed_with_its_history_once_what_is_known_was_found_there(
    client, portal, renamed, workflow, sandbox, sync, committing
):
    change = proposed(client, portal, renamed, committing)
    assert change.state == AddressChange.State.PROVEN
    assert change.found["identity"] is None
    assert change.counted("same") == change.counted("answered") >= 3
    page = html(client.get(reverse("portal_address", args=[portal.pk])))
    assert change.found["samples"][0]["here"] in page
    assert "Follow the portal to" in page
    portal.refresh_from_db()
    assert portal.address != renamed
    with committing():
        client.post(reverse("portal_following", args=[portal.pk, change.pk]))
    portal.refresh_from_db()
    assert (portal.address, portal.outage, portal.moved_to) == (renamed, None, "")
    assert portal.is_connected
    sync()
    assert Workflow.objects.get(pk=workflow.pk).is_running
    entry = AuditEntry.objects.get(action="portal.followed")
    assert entry.detail.inputs["to"] == portal.host
    assert entry.detail.inputs["same"] == change.counted("same")
    assert "Followed a portal to its new address" in html(client.get(reverse("audit_entry_list")))


def test_another_portal_that_answers_is_not_followed(
    client, portal, renamed, sandbox, workflow, committing
):
    Workflow.objects.update(remote_id="1.1")
    for person in portal.people.all():
        person.name = f"Другой {person.pk}"
        person.save()
    change = proposed(client, portal, renamed, committing)
    assert change.state == AddressChange.State.DOUBTFUL
    page = html(client.get(reverse("portal_address", args=[portal.pk])))
    assert "not proven to be this portal" in page
    assert "Follow the portal to" not in page
    client.post(reverse("portal_following", args=[portal.pk, change.pk]))
    portal.refresh_from_db()
    assert portal.address != renamed
    assert not AuditEntry.objects.filter(action="portal.followed").exists()


def test_where_the_identity_is_pinned_the_token_server_decides(
    client, door, approver, portal, renamed, committing, sandbox
):
    sandbox.change_application(redirect_uri="http://testserver/sign-in/bitrix24/callback/")
    change = proposed(client, portal, renamed, committing)
    assert change.found["identity"] is True
    assert change.state == AddressChange.State.PROVEN


def test_a_pinned_portal_that_is_still_where_it_was_is_not_followed_elsewhere(
    client, door, approver, portal, sandbox, settings, committing
):
    port = urlsplit(sandbox.portal_url).port
    settings.PORTAL_HOSTS_ALLOWED = [*settings.PORTAL_HOSTS_ALLOWED, f"127.1:{port}"]
    change = proposed(client, portal, f"http://127.1:{port}", committing)
    assert change.found["identity"] is False
    assert change.counted("same") == change.counted("answered") > 0
    assert change.state == AddressChange.State.DOUBTFUL


def test_a_refresh_after_the_renaming_loses_nobodys_token(door, approver, renamed):
    row = PersonToken.objects.first()
    tokens.note_expired(row)
    assert tokens.usable(row.person).version == row.version + 1
    assert not PersonToken.objects.lost().exists()


def test_a_sign_in_must_still_come_from_the_registered_address(door, client, comes_in, renamed):
    assert comes_in(client, 1).status_code != 302


def test_a_look_whose_message_was_lost_is_found(client, portal, renamed, committing):
    client.post(reverse("portal_address", args=[portal.pk]), {"address": renamed})
    started = []
    syncing.find_lost_looks(start=lambda *work, **_: started.append(work))
    assert started == []
    AddressChange.objects.update(asked_at=timezone.now() - timedelta(seconds=61))
    syncing.find_lost_looks(start=lambda *work, **_: started.append(work))
    assert started == [("look_at_address", AddressChange.objects.get().pk)]


def test_a_look_that_cannot_be_made_is_made_again(client, portal, renamed, sandbox, committing):
    client.post(reverse("portal_address", args=[portal.pk]), {"address": renamed})
    change = AddressChange.objects.get()
    sandbox.fail_next("bad_gateway", times=9)
    syncing.look_at_address(change.pk)
    change.refresh_from_db()
    assert (change.state, change.failure) == (AddressChange.State.ASKED, "bad_answer")
    page = html(client.get(reverse("portal_address", args=[portal.pk])))
    assert "could not be read just now" in page
    sandbox.clear_faults()
    syncing.look_at_address(change.pk)
    change.refresh_from_db()
    assert change.state == AddressChange.State.PROVEN


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("https://127.0.0.1\\.bitrix24.com", "not the address of a portal"),
        ("http://acme.bitrix24.com", "https://"),
        ("https://evil.example", "Bitrix24 cloud"),
    ],
)
def test_only_an_address_that_may_be_called_is_compared(client, portal, written, said):
    answer = client.post(reverse("portal_address", args=[portal.pk]), {"address": written})
    assert answer.status_code == 422
    assert said in str(answer.context["form"].errors["address"])
    assert written in html(answer)
    assert not AddressChange.objects.exists()


def test_neither_its_own_address_nor_that_of_another_portal_is_taken(client, portal):
    Portal.objects.create(name="B", address="https://b.bitrix24.com")
    for written in (portal.address, "https://b.bitrix24.com/"):
        answer = client.post(reverse("portal_address", args=[portal.pk]), {"address": written})
        assert answer.status_code == 422


def test_a_comparison_is_taken_once(client, portal, renamed, committing):
    change = proposed(client, portal, renamed, committing)
    address = reverse("portal_following", args=[portal.pk, change.pk])
    client.post(address)
    client.post(address)
    assert AuditEntry.objects.filter(action="portal.followed").count() == 1
