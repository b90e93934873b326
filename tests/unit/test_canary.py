"""The search for leaked secrets finds one in every hiding place it claims to look at."""

import base64
import json
from urllib.parse import quote

import pytest
from django.contrib.sessions.backends.db import SessionStore

from bizproc_admin.models import Portal
from tests import canary

SECRET = "k3y/with+signs=&äö-7f9c21"


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        f"https://portal/rest/1/{quote(SECRET, safe='')}/",
        base64.b64encode(SECRET.encode()).decode(),
        base64.b64encode(f"user:{SECRET}".encode()).decode(),
        base64.b64encode(f"a:{SECRET}!".encode()).decode(),
        SECRET.encode().hex(),
        json.dumps({"token": SECRET}),
    ],
)
def test_a_secret_is_found_in_every_encoding(text):
    assert canary.found([SECRET], {"here": f"before {text} after".encode()}) != []


def test_an_innocent_text_is_left_alone():
    assert canary.found([SECRET], {"here": b"k3y with signs, 7f9c21"}) == []


def test_a_secret_in_a_column_is_found(db):
    Portal.objects.create(name=SECRET[:100], address="https://x")
    assert canary.found([SECRET], {"the database": canary.database()}) != []


def test_a_secret_inside_a_packed_session_is_found(db):
    session = SessionStore()
    session["code"] = SECRET
    session["more"] = "x" * 5000
    session.save()
    assert canary.found([SECRET], {"the database": canary.database()}) != []


def test_a_secret_in_the_brokers_folder_is_found(tmp_path):
    (tmp_path / "queue").mkdir()
    (tmp_path / "queue" / "message").write_text(json.dumps({"body": SECRET}))
    assert canary.found([SECRET], {"there": canary.folder(tmp_path)}) != []
