"""Where an account is signed in: its sessions, each a browser, and how long they last."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from bizproc_admin.access.devices import device_of, is_phone
from bizproc_admin.models import Account, Role

# When a session was last seen is written this seldom: more would be a write a page.
SEEN_EVERY = 300
USED_EVERY = 60
# in a session: when it began and when its person last did something, in seconds since 1970
BEGAN, USED = "began_at", "used_at"
# and the key of the portal whose pages it shows
CHOSEN = "portal"


@dataclass(frozen=True, kw_only=True)
class OpenSession:
    """A session that still opens the console; is_current is that of the page that shows it."""

    pk: int
    device: str
    is_phone: bool
    ip: str
    since: datetime
    seen_at: datetime
    is_current: bool


def open_sessions(account: Account, *, current: str | None = None) -> list[OpenSession]:
    """Return the sessions an account is signed in with: the current one, then by last seen."""
    sessions = [
        OpenSession(
            pk=row.pk,
            device=device_of(row.user_agent),
            is_phone=is_phone(row.user_agent),
            ip=row.ip,
            since=row.created_at,
            seen_at=row.last_seen_at,
            is_current=row.session_key == current,
        )
        for row in living(account)
    ]
    return sorted(sessions, key=lambda one: (not one.is_current, -one.seen_at.timestamp()))


def living(account: Account) -> list[UserSession]:
    """Return the sessions that have neither run out nor lost their right by another password."""
    rows = {row.session_key: row for row in UserSession.objects.filter(user=account)}
    unexpired = Session.objects.filter(session_key__in=rows, expire_date__gt=timezone.now())
    right = account.get_session_auth_hash()
    contents = {session.session_key: session.get_decoded() for session in unexpired}
    return [
        rows[key]
        for key, values in contents.items()
        if constant_time_compare(values.get(HASH_SESSION_KEY, ""), right)
        and not has_run_out(values, account)
    ]


def begin(request: HttpRequest) -> None:
    """Count a session's time from now on: somebody has signed in."""
    request.session[BEGAN] = request.session[USED] = int(time.time())


def use(request: HttpRequest) -> None:
    """Note that a session's person did something; a page that asks by itself is no use of it."""
    now = int(time.time())
    request.session.setdefault(BEGAN, now)
    request.session.setdefault(USED, now)
    if "X-Poll" not in request.headers and now - request.session[USED] >= USED_EVERY:
        request.session[USED] = now


def has_run_out(values: Mapping[str, Any], account: Account) -> bool:
    """Tell whether a session is over: nobody used it for too long, or it is too old altogether."""
    is_administrator = account.role == Role.PORTAL_ADMINISTRATOR
    idle = settings.IDLE_TIME_ADMINISTRATOR if is_administrator else settings.IDLE_TIME
    now = time.time()
    is_idle = now - values.get(USED, now) > idle
    return bool(is_idle or now - values.get(BEGAN, now) > settings.SESSION_COOKIE_AGE)


def end_all(account: Account) -> None:
    """End every session of an account that is stopped: opened again, it signs in anew."""
    for session in UserSession.objects.filter(user=account):
        session.end()


def forget_old() -> None:
    """Delete the sessions that have run out, and of every one that is gone where it was used."""
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
    UserSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()


def seen(request: HttpRequest, account: Account) -> None:
    """Note that a session is in use; a page that stays open asks for its frame, and so tells."""
    records = get_authentication_records(request, account)
    key = request.session.session_key
    if not records or not key or time.time() - records[-1]["at"] < SEEN_EVERY:
        return
    if cache.add(f"session-seen-{key}", "seen", timeout=SEEN_EVERY):
        UserSession.objects.filter(session_key=key).update(last_seen_at=timezone.now())
