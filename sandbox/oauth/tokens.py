"""Codes and tokens: issuing, exchanging, refreshing, and making them worthless."""

import secrets
from typing import Any

from sandbox.oauth import applications
from sandbox.oauth.addresses import Addresses
from sandbox.refusals import Refusal
from sandbox.state.portal import DAY, Portal
from sandbox.state.records import Application, Code, Grant

CODE_LIFETIME = 30.0
REFRESH_LIFETIME = 180 * DAY
STATUS = "L"
_KEPT_AFTER_USE = 30 * DAY


def refused(code: str, text: str) -> Refusal:
    """Build a refusal of the authorisation server; most are bad requests."""
    return Refusal(code, text, 400)


def issue_code(portal: Portal, application: Application, user_id: int) -> str:
    """Make the code that the browser carries to the application."""
    now = portal.now()
    for old in [code for code in portal.codes if code.expires < now - DAY]:
        portal.codes.drop(old.code)
    code = Code(_secret(), application.client_id, user_id, now + CODE_LIFETIME)
    portal.codes.put(code.code, code)
    return code.code


def exchange(portal: Portal, application: Application, given: str) -> Grant:
    """Turn a code into tokens, once."""
    code = portal.codes.get(given)
    if code is None or code.used or code.client_id != application.client_id:
        raise refused("invalid_grant", "Code doesn't exist or is invalid for the client")
    if portal.now() > code.expires:
        raise refused("invalid_grant", "The authorization code has expired")
    code.used = True
    portal.codes.put(code.code, code)
    return issue(portal, application, code.user_id)


def refresh(portal: Portal, application: Application, given: str) -> Grant:
    """Turn a refresh token into new tokens; the old access token lives on until it expires."""
    grant = next((g for g in portal.grants if g.refresh_token == given), None)
    if grant is None or grant.spent or grant.client_id != application.client_id:
        raise refused("invalid_grant", "Invalid refresh token")
    if portal.now() >= grant.refresh_expires:
        raise refused("invalid_grant", "Refresh token has expired")
    grant.spent = True
    portal.grants.put(grant.access_token, grant)
    return issue(portal, application, grant.user_id)


def issue(portal: Portal, application: Application, user_id: int) -> Grant:
    """Give a person new tokens for an application."""
    now = portal.now()
    for old in [g for g in portal.grants if _is_forgotten(g, now)]:
        portal.grants.drop(old.access_token)
    grant = Grant(
        access_token=_secret(),
        refresh_token=_secret(),
        client_id=application.client_id,
        user_id=user_id,
        issued=now,
        access_expires=now + portal.token_lifetime,
        refresh_expires=now + REFRESH_LIFETIME,
    )
    portal.grants.put(grant.access_token, grant)
    return grant


def untrue(portal: Portal, application: Application, user_id: int) -> Grant:
    """Make tokens that look right and are known to nobody."""
    now = portal.now()
    return Grant(
        _secret(),
        _secret(),
        application.client_id,
        user_id,
        now,
        now + portal.token_lifetime,
        now + REFRESH_LIFETIME,
    )


def answer(portal: Portal, grant: Grant, *, addresses: Addresses) -> dict[str, Any]:
    """Write the token server's answer; `domain` is its own, not the portal's."""
    application = portal.applications[grant.client_id]
    return {
        "access_token": grant.access_token,
        "expires": int(grant.access_expires),
        "expires_in": int(grant.access_expires - grant.issued),
        "scope": ",".join(application.scopes),
        "domain": addresses.auth_host,
        "server_endpoint": addresses.server_endpoint,
        "status": STATUS,
        "client_endpoint": addresses.client_endpoint,
        "member_id": applications.member_id(portal),
        "user_id": grant.user_id,
        "refresh_token": grant.refresh_token,
    }


def expire(portal: Portal, user_id: int | None) -> None:
    """Make access tokens expire now; refresh tokens go on."""
    for grant in [g for g in portal.grants if user_id in (None, g.user_id)]:
        grant.access_expires = min(grant.access_expires, portal.now())
        portal.grants.put(grant.access_token, grant)


def revoke(portal: Portal, user_id: int | None) -> None:
    """Make access tokens expire now and refresh tokens worthless."""
    expire(portal, user_id)
    for grant in [g for g in portal.grants if user_id in (None, g.user_id)]:
        grant.spent = True
        portal.grants.put(grant.access_token, grant)


def _is_forgotten(grant: Grant, now: float) -> bool:
    if grant.spent:
        return grant.access_expires < now - _KEPT_AFTER_USE
    return grant.refresh_expires < now - _KEPT_AFTER_USE


def _secret() -> str:
    return secrets.token_hex(35)
