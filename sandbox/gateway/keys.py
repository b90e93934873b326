"""Keys of the gateway and sessions of people: making them, and who calls by them."""

import random
import secrets
from dataclasses import dataclass

from sandbox import incoming
from sandbox.gateway.refusals import GatewayRefusal
from sandbox.methods.registry import Caller
from sandbox.oauth import applications
from sandbox.state.portal import ADMINISTRATOR, ALL_SCOPES, DAY, Portal
from sandbox.state.records import Application, GatewayKey, GatewaySession

PERSONAL, APPLICATION, MANAGEMENT = "vibe_api_", "vibe_app_", "vibe_live_"
KINDS = {"personal": PERSONAL, "application": APPLICATION, "management": MANAGEMENT}
SESSION = "vibe_session_"
SESSION_LIFETIME = DAY
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


@dataclass(frozen=True)
class Keyholder:
    """Who calls the gateway: the key, and as whom it acts on the portal."""

    key: GatewayKey
    caller: Caller


def make_first(portal: Portal) -> None:
    """Give a portal without keys its first two; the same seed, the same keys."""
    if len(portal.gateway_keys):
        return
    rng = random.Random(f"gateway of {portal.seed}")
    for prefix in (PERSONAL, APPLICATION):
        key = prefix + "".join(rng.choices(_LETTERS, k=40))
        user_id = ADMINISTRATOR if prefix == PERSONAL else 0
        uris = [portal.redirect_uri] if portal.redirect_uri else []
        portal.gateway_keys.put(key, GatewayKey(key, user_id, list(ALL_SCOPES), uris))


def fresh(prefix: str) -> str:
    """Return a key nobody can guess."""
    return prefix + secrets.token_hex(20)


def keyholder(portal: Portal, headers: dict[str, str]) -> Keyholder:
    """Return who calls, or refuse."""
    given, token = headers.get("x-api-key", "").strip(), incoming.bearer(headers)
    if not given and token.startswith((PERSONAL, MANAGEMENT)):
        given, token = token, ""
    if not given:
        raise GatewayRefusal("MISSING_API_KEY")
    key = portal.gateway_keys.get(given)
    if key is None or not key.active:
        raise GatewayRefusal("INVALID_API_KEY")
    if given.startswith(MANAGEMENT):
        raise GatewayRefusal("MANAGEMENT_KEY_NO_ENTITY_ACCESS")
    user_id = key.user_id
    if given.startswith(APPLICATION):
        if not token:
            raise GatewayRefusal("INVALID_APP_KEY")
        user_id = _session(portal, key, token).user_id
    user = portal.users.get(user_id)
    if not key.connected or user is None or not user.active:
        raise GatewayRefusal("TOKEN_MISSING")
    application = _application(portal) if given.startswith(APPLICATION) else None
    return Keyholder(key, Caller(user, tuple(key.scopes), given, application))


def _session(portal: Portal, key: GatewayKey, token: str) -> GatewaySession:
    session = portal.gateway_sessions.get(token)
    if session is None or session.key != key.key or session.expires <= portal.now():
        raise GatewayRefusal("TOKEN_EXPIRED")
    return session


def _application(portal: Portal) -> Application:
    # Behind an application key stands an application of the portal.
    return applications.named(portal, None)
