"""Changing the keys of the installation while it works."""

import tracemalloc
import uuid

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from bizproc_admin.access.second_factor import SecondFactorAdapter
from bizproc_admin.models import Command, CommandFile, Person, PersonToken
from bizproc_admin.secrets import fields, key_rotation
from bizproc_admin.secrets.fields import Secret, keyring
from bizproc_admin.secrets.key_rotation import rotate

pytestmark = pytest.mark.portable


@pytest.fixture
def keys(settings):
    """Put another list of keys in force."""

    def put(*names):
        settings.FIELD_KEYS = list(names)
        fields.keyring.cache_clear()

    yield put
    fields.keyring.cache_clear()


@pytest.fixture
def stored(door, workflow, administrator):
    """One of each kind of secret there is."""
    person = Person.objects.filter(portal=door).first()
    PersonToken.objects.create(
        person=person,
        access_token=Secret("the-access-token"),
        refresh_token=Secret("the-refresh-token"),
        given_at=timezone.now(),
    )
    command = Command.objects.create(
        key=uuid.uuid4(), digest="", portal=door, action="workflow_task.complete", effect="x",
        target_kind="workflow_task", target_id="1", target_label="", actor=administrator,
        actor_name="", actor_role="",
    )  # fmt: skip
    CommandFile.objects.create(command=command, place=0, name="a.pdf", content=b"%PDF \xff")
    adapter = SecondFactorAdapter()
    Authenticator.objects.create(
        user=administrator, type="totp", data={"secret": adapter.encrypt("TOTPSECRET")}
    )
    return door


def test_everything_is_readable_with_the_new_key_alone(stored, keys, settings):
    old, new = settings.FIELD_KEYS[0], Fernet.generate_key().decode()
    keys(new, old)
    done = rotate()
    assert (done.rotated, done.current, done.lost) == (7, 0, 0)
    keys(new)
    stored.refresh_from_db()
    assert stored.webhook.reveal().startswith(stored.address)
    assert len(stored.client_secret.reveal()) > 10
    row = PersonToken.objects.get()
    assert (row.access_token.reveal(), row.refresh_token.reveal()) == (
        "the-access-token",
        "the-refresh-token",
    )
    assert CommandFile.objects.get().content == b"%PDF \xff"
    secret = Authenticator.objects.get().data["secret"]
    assert SecondFactorAdapter().decrypt(secret) == "TOTPSECRET"


def test_a_rotation_that_was_interrupted_goes_on_where_it_was(stored, keys, settings, monkeypatch):
    old, new = settings.FIELD_KEYS[0], Fernet.generate_key().decode()
    keys(new, old)
    calls = []
    anew = key_rotation.anew

    def breaking(value, done):
        calls.append(value)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return anew(value, done)

    monkeypatch.setattr(key_rotation, "anew", breaking)
    with pytest.raises(KeyboardInterrupt):
        rotate()
    monkeypatch.setattr(key_rotation, "anew", anew)
    done = rotate()
    assert (done.rotated, done.current) == (5, 2)


def test_a_token_refreshed_meanwhile_is_not_overwritten(stored, keys, settings, monkeypatch):
    old, new = settings.FIELD_KEYS[0], Fernet.generate_key().decode()
    keys(new, old)
    anew = key_rotation.anew

    def refreshed_meanwhile(value, done):
        if keyring().decrypt(value.encode() if isinstance(value, str) else bytes(value)) == (
            b"the-access-token"
        ):
            PersonToken.objects.update(access_token=Secret("a-newer-token"))
        return anew(value, done)

    monkeypatch.setattr(key_rotation, "anew", refreshed_meanwhile)
    rotate()
    assert PersonToken.objects.get().access_token.reveal() == "a-newer-token"


def test_many_files_are_never_held_at_once(stored, keys, settings):
    command = Command.objects.get()
    CommandFile.objects.bulk_create(
        CommandFile(command=command, place=place, name="a", content=bytes(1_000_000))
        for place in range(1, 20)
    )
    keys(Fernet.generate_key().decode(), settings.FIELD_KEYS[0])
    tracemalloc.start()
    assert rotate().rotated == 26
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 15_000_000


def test_what_no_key_opens_is_said_and_left(stored, keys, capsys):
    keys(Fernet.generate_key().decode())
    with pytest.raises(SystemExit):
        call_command("rotate_keys")
    assert "7 unreadable" in capsys.readouterr().out


def test_no_secret_lies_in_the_database_as_it_is(stored, portal):
    with connection.cursor() as cursor:
        cursor.execute("SELECT access_token, refresh_token FROM bizproc_admin_persontoken")
        row = cursor.fetchone()
        cursor.execute("SELECT content FROM bizproc_admin_commandfile")
        content = bytes(cursor.fetchone()[0])
    assert "the-access-token" not in row[0]
    assert "the-refresh-token" not in row[1]
    assert b"%PDF" not in content
