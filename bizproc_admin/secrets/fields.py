"""Secrets at rest: encrypted with a ring of keys, masked wherever they could be printed.

The first key of FIELD_KEYS encrypts, every key decrypts, so that a key can be replaced while the
program runs.
"""

import logging
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

# /rest/<user id>/<code>/: the code is the secret part of an inbound webhook's address
WEBHOOK_CODE = re.compile(r"(/rest/\d+/)([^/\s\"'?&]+)")


if TYPE_CHECKING:
    SecretTextField = models.TextField["Secret | None", "Secret | None"]
    SecretBinaryField = models.BinaryField["bytes", "bytes"]
else:
    SecretTextField = models.TextField
    SecretBinaryField = models.BinaryField


class Secret:
    """Hold a secret text that shows itself only when asked by name."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself; the caller keeps it out of logs, pages and exceptions."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.reveal() == self.reveal()

    def __hash__(self) -> int:
        return hash(self.reveal())

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __reduce__(self) -> Any:
        raise TypeError("a secret is never pickled")


class SealedSecret(Secret):
    """A secret as it is stored: pages carry it along without a key, whoever reveals it needs one.

    reveal() raises UnreadableSecret when no key of FIELD_KEYS opens it.
    """

    __slots__ = ()

    def reveal(self) -> str:
        try:
            return keyring().decrypt(self._text.encode()).decode()
        except InvalidToken:
            raise UnreadableSecret from None


class EncryptedTextField(SecretTextField):
    """Store a Secret as a Fernet token, opened only when it is revealed."""

    def get_prep_value(self, value: Secret | None) -> str | None:
        if value is None:
            return None
        return keyring().encrypt(value.reveal().encode()).decode()

    def from_db_value(self, value: str | None, *_: object) -> Secret | None:
        return None if value is None else SealedSecret(value)


class EncryptedBytesField(SecretBinaryField):
    """Store bytes as a Fernet token; reading raises UnreadableSecret without its key."""

    def get_prep_value(self, value: bytes | None) -> bytes | None:
        return None if value is None else keyring().encrypt(value)

    def from_db_value(self, value: bytes | memoryview | None, *_: object) -> bytes | None:
        if value is None:
            return None
        try:
            return keyring().decrypt(bytes(value))
        except InvalidToken:
            raise UnreadableSecret from None


class UnreadableSecret(Exception):
    """No key of FIELD_KEYS opens a stored secret: the key that wrote it is missing."""

    def __str__(self) -> str:
        return "a stored secret cannot be read with the keys in FIELD_KEYS"


class MaskSecrets(logging.Filter):
    """Mask webhook codes in every log line, whoever wrote it."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if "/rest/" in text:
            record.msg, record.args = mask(text), None
        if record.exc_info and record.exc_text is None:
            record.exc_text = mask(logging.Formatter().formatException(record.exc_info))
        return True


def mask(text: str) -> str:
    """Replace the secret part of any webhook address in a text by asterisks."""
    return WEBHOOK_CODE.sub(r"\1***", text)


@cache
def keyring() -> MultiFernet:
    """Return the ring of keys of this installation."""
    try:
        return MultiFernet([Fernet(key.encode()) for key in settings.FIELD_KEYS])
    except ValueError:
        raise ImproperlyConfigured(
            "FIELD_KEYS must be a comma-separated list of Fernet keys"
        ) from None
