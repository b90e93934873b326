"""What every suite shares: a portal over HTTP, a cast of accounts, a closed network."""

import gc
import hashlib
import os
import shutil
import socket
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings as configured
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.core.management.commands import flush
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client
from django.utils import timezone
from pytest_django.plugin import DjangoDbBlocker, blocking_manager_key

from bizproc_admin import bitrix
from bizproc_admin.audit import triggers
from bizproc_admin.models import Account, Feed, FeedName, Portal, Role
from bizproc_admin.portals.connections import hint
from bizproc_admin.secrets.fields import Secret
from sandbox import Sandbox
from tests import tables, transitions

os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
PASSWORD = "a-long-enough-password"


# fewer walks over the hundreds of thousands of objects that live as long as the run
gc.set_threshold(50_000, 20, 50)

MOVES = transitions.listen() if transitions.FILE else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if MOVES is not None:
        terminalreporter.section("moves of commands")
        for line in transitions.report(MOVES):
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def migrated(pytestconfig: pytest.Config) -> Path | None:
    """Where SQLite's empty database is kept for later runs: migrating takes longer than a suite.

    It is told by everything that migrations are made of. None where there is nothing to keep.
    """
    if "sqlite" not in configured.DATABASES["default"]["ENGINE"] or not hasattr(
        pytestconfig, "cache"
    ):
        return None
    folder = Path(bitrix.__file__).parent.parent
    sources = [folder.parent / "requirements.txt"]
    sources += [
        one for part in ("migrations", "models", "audit") for one in folder.glob(f"{part}/*.py")
    ]
    told = b"".join(one.read_bytes() for one in sorted(sources))
    return pytestconfig.cache.mkdir("migrated") / f"{hashlib.sha256(told).hexdigest()}.sqlite3"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None, migrated: Path | None) -> None:
    if migrated and migrated.exists():
        shutil.copy(migrated, configured.DATABASES["default"]["TEST"]["NAME"])


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_keepdb: bool, migrated: Path | None) -> bool:
    return django_db_keepdb or bool(migrated and migrated.exists())


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, migrated: Path | None
) -> None:
    if migrated and not migrated.exists():
        unfinished = migrated.with_suffix(f".{os.getpid()}")
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(unfinished)])
        # another suite beside this one may just have kept the same
        for earlier in set(migrated.parent.glob("*.sqlite3")) - {migrated}:
            earlier.unlink(missing_ok=True)
        unfinished.replace(migrated)


@pytest.fixture(scope="session")
def the_sandbox() -> Iterator[Sandbox]:
    # two hosts, as in life: what the token server says of itself is never the portal's
    auth = "http://localhost:{port}"
    with Sandbox(scenario="empty", seed=1, limits="off", auth_url=auth) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(the_sandbox: Sandbox, settings: object) -> Iterator[Sandbox]:
    """The emulated portal as a fresh one; whatever it silently ignored fails the test."""
    the_sandbox.reset()
    addresses = (the_sandbox.portal_url, the_sandbox.oauth["token_url"])
    settings.PORTAL_HOSTS_ALLOWED = [urlsplit(address).netloc for address in addresses]
    yield the_sandbox
    assert the_sandbox.complaints() == []


@pytest.fixture
def portal(db: None, sandbox: Sandbox) -> Portal:
    """The sandbox as a connected portal of this installation."""
    return connected(sandbox.webhook_url, name="Northwind")


@pytest.fixture
def administrator(db: None) -> Account:
    return account("anna", "Anna Koroleva", Role.PORTAL_ADMINISTRATOR)


@pytest.fixture
def other_administrator(db: None) -> Account:
    return account("boris", "Boris Ivanov", Role.PORTAL_ADMINISTRATOR)


@pytest.fixture
def manager(db: None) -> Account:
    return account("maria", "Maria Hoffmann", Role.MANAGER)


@pytest.fixture
def auditor(db: None) -> Account:
    return account("arthur", "Arthur Bell", Role.AUDITOR)


@pytest.fixture
def participant(db: None) -> Account:
    return account("paula", "Paula Brandt", Role.PARTICIPANT)


@pytest.fixture
def nobody(db: None) -> Account:
    """Signed in, without a role."""
    return account("nick", "Nick Nobody", None)


@pytest.fixture
def as_() -> Callable[..., Client]:
    """Give a browser in which an account is signed in; CSRF is checked as in a real one."""

    def signed_in(who: Account | None, *, csrf: bool = False) -> Client:
        client = Client(enforce_csrf_checks=csrf)
        if who is not None:
            client.force_login(who)
        return client

    return signed_in


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """Make the triggers again after a test whose tables were flushed, so that none lacks them."""
    yield
    if {"live_db", "lifts_triggers"} & set(getattr(item, "fixturenames", ())):
        with item.config.stash[blocking_manager_key].unblock():
            triggers.remake()


@pytest.fixture(scope="session", autouse=True)
def flushed_of_what_tests_write() -> Iterator[None]:
    """Let a flush leave what migrations fill: filling it again takes longer than a test."""

    def statements(style: object, connection: BaseDatabaseWrapper, **how: bool) -> list[str]:
        found = connection.introspection.django_table_names(only_existing=True, include_views=False)
        names = [name for name in found if name not in tables.OF_MIGRATIONS]
        return list(connection.ops.sql_flush(style, names, **how))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush, "sql_flush", statements)
        patch.setattr(flush, "emit_post_migrate_signal", lambda *_given, **_how: None)
        yield


@pytest.fixture
def lifts_triggers(transactional_db: None) -> Iterator[None]:
    """For a test that takes the triggers away itself: they are away for the flush, too."""
    yield
    triggers.drop()


@pytest.fixture
def live_db(transactional_db: None) -> Iterator[None]:
    """A database whose commits are real; its triggers step aside for the flush afterwards."""
    yield
    triggers.drop()


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    cache.clear()


@pytest.fixture(autouse=True)
def closed_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing but loopback be reached."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else "unix"
        if host not in ("127.0.0.1", "::1", "localhost", "unix"):
            raise AssertionError(f"a test tried to reach {host}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


def account(username: str, name: str, role: Role | None) -> Account:
    first, _, last = name.partition(" ")
    made = Account.objects.create_user(
        username=username, password=PASSWORD, first_name=first, last_name=last
    )
    if role is not None:
        made.groups.add(Group.objects.get_or_create(name=role.value)[0])
    return made


def connected(webhook: str, *, name: str) -> Portal:
    address = bitrix.WebhookUrl(webhook)
    portal = Portal.objects.create(
        name=name,
        address=address.portal_url,
        webhook=Secret(address.reveal()),
        webhook_hint=hint(address),
        is_connected=True,
        probed_at=timezone.now(),
        utc_offset=10800,
    )
    for feed in FeedName:
        Feed.objects.create(portal=portal, name=feed.value)
    return portal
