"""The authorisation server over HTTP: tokens for codes and refresh tokens, and app.info.

It is another machine than the portal in life, so the portal's limits do not count its requests.
Every request is recorded under the name `oauth.token`, and can be made to fail under it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox import php
from sandbox.oauth import applications, tokens
from sandbox.oauth.addresses import Addresses
from sandbox.oauth.tokens import refused
from sandbox.recording import masked
from sandbox.refusals import Refusal, named
from sandbox.state.clock import utc_text
from sandbox.state.faults import AFTER, BEFORE, LIE, REPLACED, Broken, Fault
from sandbox.state.portal import Portal
from sandbox.state.records import Application, Grant

NAME = "oauth.token"
#: error -> (text, status); an unknown application is told with status 200 and no text.
_KNOWN: dict[str, tuple[str | None, int]] = {
    "wrong_client": (None, 200),
    "invalid_client": ("The client credentials are invalid", 400),
    "invalid_grant": ("Invalid refresh token", 400),
    "invalid_request": ('No "refresh_token" parameter found', 400),
    "insufficient_scope": (
        "The request requires higher privileges than provided by the access token",
        401,
    ),
    "invalid_scope": ("Given scope exceeds permissions associated with given grant", 403),
    "INVALID_SCOPE": ("Given scope exceeds permissions associated with given grant", 403),
    "NOT_INSTALLED": ("Application not installed", 401),
    "PAYMENT_REQUIRED": ("Payment required", 401),
    "NO_AUTH_FOUND": ("Wrong authorization data", 401),
}


@dataclass
class Told:
    """What goes back over HTTP; a fault says how the answer is damaged on its way."""

    status: int
    body: dict[str, Any]
    fault: Fault | None = None


class _WithoutText(Refusal):
    """A refusal that is its code and nothing else."""

    def envelope(self) -> dict[str, Any]:
        """Return the JSON object of the answer."""
        return {"error": self.code}


def known(code: str) -> Refusal:
    """Build the refusal that the authorisation server gives under this code."""
    if code not in _KNOWN:
        return named(code)
    text, status = _KNOWN[code]
    return _WithoutText(code, "", status) if text is None else Refusal(code, text, status)


def give_token(
    portal: Portal, params: dict[str, Any], *, addresses: Addresses, source: str
) -> Told:
    """Answer a request for tokens."""

    def honest() -> dict[str, Any]:
        return tokens.answer(portal, _grant(portal, params), addresses=addresses)

    def untrue() -> dict[str, Any]:
        application = _application(portal, params)
        user_id = _owner(portal, params)
        grant = tokens.untrue(portal, application, user_id)
        return tokens.answer(portal, grant, addresses=addresses)

    return _told(portal, params, source, honest=honest, untrue=untrue)


def tell_about(portal: Portal, token: str, *, addresses: Addresses, source: str) -> Told:
    """Answer app.info, the trusted way to learn whose a token is."""

    def honest() -> dict[str, Any]:
        clock, began = portal.clock, portal.now()
        result = _info(portal, token, addresses=addresses)
        finish = portal.now()
        took = finish - began
        shown = {"start": began, "finish": finish, "duration": took, "processing": took}
        return {
            "result": result,
            "time": {**shown, "date_start": clock.iso(began), "date_finish": clock.iso(finish)},
        }

    return _told(portal, {"auth": token}, source, honest=honest, untrue=honest)


def apply_late(portal: Portal, params: dict[str, Any]) -> None:
    """Do what a request asked for whose client had given up."""
    try:
        _grant(portal, params)
    except Refusal:
        return


def _grant(portal: Portal, params: dict[str, Any]) -> Grant:
    kind = php.text(params.get("grant_type"))
    if kind not in ("authorization_code", "refresh_token"):
        _application(portal, params)
        raise refused("invalid_request", "Invalid grant_type parameter or parameter missing")
    application = _application(portal, params)
    given = php.text(params.get("code" if kind == "authorization_code" else "refresh_token"))
    if not given and kind == "refresh_token":
        raise known("invalid_request")
    if not given:
        raise refused("invalid_request", 'Missing parameter. "code" is required')
    if not application.installed or not application.active:
        raise known("NOT_INSTALLED")
    if application.payment_expired:
        raise known("PAYMENT_REQUIRED")
    if kind == "authorization_code":
        return tokens.exchange(portal, application, given)
    return tokens.refresh(portal, application, given)


def _application(portal: Portal, params: dict[str, Any]) -> Application:
    application = portal.applications.get(php.text(params.get("client_id")))
    if application is None:
        raise known("wrong_client")
    if php.text(params.get("client_secret")) != application.client_secret:
        raise known("invalid_client")
    return application


def _owner(portal: Portal, params: dict[str, Any]) -> int:
    code = portal.codes.get(php.text(params.get("code")))
    if code is not None:
        return code.user_id
    given = php.text(params.get("refresh_token"))
    return next((g.user_id for g in portal.grants if g.refresh_token == given), 0)


def _info(portal: Portal, token: str, *, addresses: Addresses) -> dict[str, Any]:
    if not token:
        raise known("NO_AUTH_FOUND")
    grant = portal.grants.get(token)
    if grant is None:
        raise known("invalid_client")
    application = portal.applications[grant.client_id]
    if not application.installed or not application.active:
        raise known("NOT_INSTALLED")
    if application.payment_expired:
        raise known("PAYMENT_REQUIRED")
    if portal.now() >= grant.access_expires:
        raise named("expired_token")
    return {
        "client_id": application.client_id,
        "scope": ",".join(application.scopes),
        "expires": portal.clock.iso(grant.access_expires),
        "user_id": grant.user_id,
        "member_id": applications.member_id(portal),
        "client_endpoint": addresses.client_endpoint,
        "status": tokens.STATUS,
        "install": {
            "installed": True,
            "version": "1",
            "status": tokens.STATUS,
            "scope": ",".join(application.scopes),
            "domain": addresses.portal_host,
            "uri": addresses.portal,
            "client_endpoint": addresses.client_endpoint,
            "member_id": applications.member_id(portal),
        },
    }


def _told(
    portal: Portal,
    params: dict[str, Any],
    source: str,
    *,
    honest: Callable[[], dict[str, Any]],
    untrue: Callable[[], dict[str, Any]],
) -> Told:
    began = portal.now()
    with portal.lock:
        fault = portal.faults.take(NAME, in_batch=False)
        try:
            told = Told(200, _suffer(portal, params, fault, honest=honest, untrue=untrue))
            if fault is not None and fault.kind in ("reset_mid_response", "truncated_json"):
                told.fault = fault
        except Refusal as refusal:
            told = Told(refusal.status, refusal.envelope())
        except Broken as broken:
            told = Told(200, {}, broken.fault)
        portal.commit()
        portal.calls.append(
            {
                "method": NAME,
                "params": masked(params, also=("code",)),
                "start": None,
                "user_id": "",
                "client_id": php.text(params.get("client_id")),
                "status": told.status,
                "error": told.body.get("error"),
                "fault": told.fault.kind if told.fault else None,
                "at": utc_text(began),
                "in_batch": False,
                "source": source,
            }
        )
    return told


def _suffer(
    portal: Portal,
    params: dict[str, Any],
    fault: Fault | None,
    *,
    honest: Callable[[], dict[str, Any]],
    untrue: Callable[[], dict[str, Any]],
) -> dict[str, Any]:
    if fault is None:
        return honest()
    if fault.is_vendor_error:
        raise known(fault.kind)
    if fault.kind in BEFORE or (fault.kind in REPLACED and not fault.applied):
        if fault.kind == "late_apply" and "auth" not in params:
            portal.late.append(
                {"due": portal.now() + fault.delay, "method": NAME, "params": dict(params)}
            )
            portal.touched = True
        raise Broken(fault)
    if fault.kind == LIE:
        return untrue()
    body = honest()
    if fault.kind in ("reset_mid_response", "truncated_json"):
        return body
    if fault.kind in AFTER or fault.kind in REPLACED:
        raise Broken(fault)
    return body
