"""Changing the keys that secrets are encrypted with, while the program runs.

Every value is replaced by a conditional update on what was read, so that a token refreshed or a
webhook replaced meanwhile is never overwritten by its older self.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction

from bizproc_admin.secrets.fields import EncryptedBytesField, EncryptedTextField, keyring

AT_ONCE = 100
# a file may have megabytes
FILES_AT_ONCE = 1
# where the second factor's secrets lie in an authenticator's data
FACTOR_SECRETS = ("secret", "seed", "migrated_codes")


@dataclass(kw_only=True)
class Rotation:
    """What a rotation found: encrypted anew, already with the first key, opened by no key."""

    rotated: int = 0
    current: int = 0
    lost: int = 0


def rotate() -> Rotation:
    """Encrypt every stored secret with the first key of FIELD_KEYS."""
    rotation = Rotation()
    for field in encrypted_fields():
        rotate_column(field, rotation)
    rotate_factors(rotation)
    return rotation


def encrypted_fields() -> Iterator[EncryptedTextField | EncryptedBytesField]:
    """Return every column that holds a secret, whatever model it is of."""
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if isinstance(field, (EncryptedTextField, EncryptedBytesField)):
                yield field


def rotate_column(field: EncryptedTextField | EncryptedBytesField, done: Rotation) -> None:
    """Encrypt one column anew, a few rows at a time, past every field's own decryption."""
    quote = connection.ops.quote_name
    table, column = quote(field.model._meta.db_table), quote(str(field.column))
    key = quote(str(field.model._meta.pk.column))
    at_once = FILES_AT_ONCE if isinstance(field, EncryptedBytesField) else AT_ONCE
    last: int | None = None
    while True:
        where = f"WHERE {column} IS NOT NULL" + ("" if last is None else f" AND {key} > %s")
        query = f"SELECT {key}, {column} FROM {table} {where} ORDER BY {key} LIMIT {at_once}"  # noqa: S608  # names of our own tables
        with connection.cursor() as cursor:
            cursor.execute(query, [] if last is None else [last])
            rows = cursor.fetchall()
        if not rows:
            return
        for pk, value in rows:
            if (fresh := anew(value, done)) is None:
                continue
            with connection.cursor() as cursor:
                cursor.execute(
                    f"UPDATE {table} SET {column} = %s WHERE {key} = %s AND {column} = %s",  # noqa: S608
                    [fresh, pk, value],
                )
        last = rows[-1][0]


def rotate_factors(done: Rotation) -> None:
    """Encrypt the secrets of second factors anew; they lie inside a JSON column."""
    for pk in Authenticator.objects.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            one = Authenticator.objects.select_for_update().get(pk=pk)
            fresh = {
                name: value
                for name in FACTOR_SECRETS
                if isinstance(one.data.get(name), str)
                and (value := anew(one.data[name], done)) is not None
            }
            if fresh:
                one.data |= fresh
                one.save(update_fields=["data"])


def anew(value: str | bytes | memoryview, done: Rotation) -> str | bytes | None:
    """Return a value encrypted with the first key, None where it is already or cannot be read."""
    token = value.encode() if isinstance(value, str) else bytes(value)
    try:
        Fernet(settings.FIELD_KEYS[0].encode()).decrypt(token)
    except InvalidToken:
        pass
    else:
        done.current += 1
        return None
    try:
        fresh = keyring().rotate(token)
    except InvalidToken:
        done.lost += 1
        return None
    done.rotated += 1
    return fresh.decode() if isinstance(value, str) else fresh
