"""Secrets: unreadable at rest, unseen in memory, replaced key by key."""

import logging
import pickle

import pytest
from cryptography.fernet import Fernet

from bizproc_admin.secrets import fields
from bizproc_admin.secrets.fields import MaskSecrets, Secret, UnreadableSecret, mask

ADDRESS = "https://acme.bitrix24.com/rest/1/s3cr3tc0de/"


@pytest.fixture
def keys(settings):
    def use(*some: str) -> None:
        settings.FIELD_KEYS = list(some)
        fields.keyring.cache_clear()

    yield use
    fields.keyring.cache_clear()


def stored(secret):
    return fields.EncryptedTextField().get_prep_value(secret)


def read(text):
    return fields.EncryptedTextField().from_db_value(text)


def test_a_secret_shows_itself_only_when_asked_by_name():
    secret = Secret(ADDRESS)
    for text in (repr(secret), str(secret), f"{secret}", f"{[secret]}"):
        assert "s3cr3t" not in text
    assert secret.reveal() == ADDRESS
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_at_rest_it_is_unreadable_and_comes_back_whole():
    text = stored(Secret(ADDRESS))
    assert "s3cr3t" not in text
    assert read(text) == Secret(ADDRESS)
    assert stored(None) is None
    assert read(None) is None


def test_a_new_key_in_front_encrypts_and_the_old_one_still_opens(keys):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    keys(old)
    text = stored(Secret(ADDRESS))
    keys(new, old)
    assert read(text) == Secret(ADDRESS)
    fresh = stored(Secret(ADDRESS))
    keys(new)
    assert read(fresh) == Secret(ADDRESS)
    with pytest.raises(UnreadableSecret) as raised:
        read(text).reveal()
    assert "s3cr3t" not in str(raised.value)


def test_whatever_is_logged_the_code_of_a_webhook_is_masked():
    record = logging.LogRecord("any", logging.INFO, "x", 1, "POST %s failed", (ADDRESS,), None)
    assert MaskSecrets().filter(record)
    assert record.getMessage() == "POST https://acme.bitrix24.com/rest/1/***/ failed"


def test_a_traceback_is_masked_too():
    try:
        raise ValueError(ADDRESS)
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("any", logging.ERROR, "x", 1, "broke", (), info)
    MaskSecrets().filter(record)
    assert "s3cr3t" not in (record.exc_text or "")
    assert "***" in (record.exc_text or "")


def test_masking_keeps_everything_else():
    assert mask("/rest/12/abc/user.get and /rest/api") == "/rest/12/***/user.get and /rest/api"
