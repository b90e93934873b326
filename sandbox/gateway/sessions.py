"""Signing in for an application key in a browser, at /v1/oauth/authorize: a token for 24 hours."""

import secrets
from typing import Any
from urllib.parse import urlencode

from sandbox import php
from sandbox.gateway import keys
from sandbox.gateway.refusals import GatewayRefusal
from sandbox.oauth import signing_in
from sandbox.oauth.signing_in import Reply
from sandbox.state.portal import Portal
from sandbox.state.records import GatewayCode, GatewayKey, GatewaySession

_CODE_LIFETIME = 60.0


def authorize(
    portal: Portal, *, query: dict[str, Any], form: dict[str, Any] | None, cookies: str, place: str
) -> Reply:
    """Answer with the portal's sign-in page, or the way back with a code; `place` is this page."""
    given = {**query, **(form or {})}
    key = _application_key(portal, given)
    uri, state = php.text(given.get("redirect_uri")), php.text(given.get("state"))
    if uri not in key.redirect_uris:
        raise GatewayRefusal("INVALID_REDIRECT_URI")
    action = f"{place}?" + urlencode({"app_key": key.key, "redirect_uri": uri, "state": state})
    user, reply = signing_in.person(
        portal, name=key.name, action=action, query=query, form=form, cookies=cookies
    )
    if user is None:
        return reply
    code = GatewayCode(
        secrets.token_urlsafe(24), key.key, user.id, uri, portal.now() + _CODE_LIFETIME
    )
    portal.gateway_codes.put(code.code, code)
    portal.commit()
    back = f"{uri}{'&' if '?' in uri else '?'}{urlencode({'code': code.code, 'state': state})}"
    return Reply(302, "", [("Location", back), *reply.headers])


def give_token(portal: Portal, given: dict[str, Any]) -> dict[str, Any]:
    """Turn a code into the token of a session, once."""
    if not all(php.text(given.get(name)) for name in ("app_key", "code", "redirect_uri")):
        raise GatewayRefusal("MISSING_PARAMS", "Required: app_key, code, redirect_uri")
    key = _application_key(portal, given)
    code = portal.gateway_codes.get(php.text(given["code"]))
    is_right = code is not None and code.key == key.key and code.expires > portal.now()
    if code is None or not is_right or code.redirect_uri != php.text(given["redirect_uri"]):
        raise GatewayRefusal("INVALID_CODE")
    portal.gateway_codes.drop(code.code)
    expires = portal.now() + keys.SESSION_LIFETIME
    session = GatewaySession(keys.fresh(keys.SESSION), key.key, code.user_id, expires)
    portal.gateway_sessions.put(session.token, session)
    portal.commit()
    told = {
        "access_token": session.token,
        "token_type": "Bearer",
        "expires_in": int(keys.SESSION_LIFETIME),
    }
    # The public pages do not show the envelope of this answer: it can be read either way.
    return {"success": True, "data": told, **told}


def _application_key(portal: Portal, given: dict[str, Any]) -> GatewayKey:
    name = php.text(given.get("app_key"))
    key = portal.gateway_keys.get(name)
    if not name:
        raise GatewayRefusal("MISSING_PARAMS", "Required: app_key")
    if key is None or not key.active or not name.startswith(keys.APPLICATION):
        raise GatewayRefusal("INVALID_APP_KEY", "Unknown application key")
    return key
