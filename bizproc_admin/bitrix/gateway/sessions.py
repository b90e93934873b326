"""The session of an application's key: a code from the browser becomes a token, once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from bizproc_admin.bitrix.credentials import TOKEN
from bizproc_admin.bitrix.errors import BadAnswer
from bizproc_admin.bitrix.pacing import Purpose

from .key import GatewayKey
from .transport import GatewayTransport, Request

#: A session that lives longer than this is a mistake.
_LONGEST_LIFE = 31 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A token and for how many seconds it is good; it is not renewed."""

    token: str = field(repr=False)
    expires_in: int


def sign_in_address(key: GatewayKey, *, redirect_uri: str, state: str) -> str:
    """Return where a browser is sent to sign in for a key; the gateway wants the key named there.

    By itself the key of an application opens nothing.
    """
    asked = {"app_key": key.reveal(), "redirect_uri": redirect_uri, "state": state}
    return key.address_of(f"oauth/authorize?{urlencode(asked)}")


def give_session(way: GatewayTransport, *, code: str, redirect_uri: str) -> Session:
    """Exchange a code. Calls POST oauth/token, whose answer comes with an envelope or without."""
    content = {"app_key": way.key.reveal(), "code": code, "redirect_uri": redirect_uri}
    reply = way.request(
        Request(name="token", path="oauth/token", verb="POST", content=content),
        is_write=True,
        purpose=Purpose.WRITE,
        patience=2.0,
        is_bare=True,
    )
    told = reply.data.get("data", reply.data) if isinstance(reply.data, Mapping) else None
    token = told.get("access_token") if isinstance(told, Mapping) else None
    if not isinstance(told, Mapping) or not isinstance(token, str) or not TOKEN.fullmatch(token):
        raise BadAnswer("the answer holds no session", method="gateway.token")
    lives = told.get("expires_in", 86_400)
    is_number = isinstance(lives, int) and not isinstance(lives, bool)
    return Session(
        token=token, expires_in=lives if is_number and 0 < lives <= _LONGEST_LIFE else 86_400
    )
