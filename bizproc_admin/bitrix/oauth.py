"""Tokens for acting as a person: how a code becomes a pair of tokens, and a pair a new one.

The vendor documents the request with everything in its address; ours carries the secrets in a
form, so that no log of a proxy holds them. A refresh replaces both tokens: whoever calls it keeps
the new pair before using it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Self, TypeVar
from urllib.parse import urlencode

from . import addresses, http, texts
from .credentials import MASK, TOKEN, hide, portal_of
from .errors import BadAnswer, BitrixError, NoAnswer, NotSent
from .exchange import Clock, SystemClock, Timeouts, send
from .fields import SecretFields
from .token_errors import TokenNotAsked, TokenRefused, TokenUnanswered, TokenUnreadable

#: Shorter than for a portal: a refresh is awaited by others, and is no long work for the server.
TIMEOUTS: Final = Timeouts(connect=5, read=15, total=20)
_RESPONSE_LIMIT: Final = 256 * 1024
#: About thirty years: a longer life is a mistake, and more than a date can be moved by.
_LONGEST_LIFE: Final = 10**9
_APP_INFO: Final = "/rest/app.info"

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPair:
    """An access token and the refresh token that renews it once; `domain` is not the portal's."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    client_endpoint: str
    server_endpoint: str
    domain: str
    member_id: str
    user_id: int | None
    scopes: tuple[str, ...]
    status: str

    @classmethod
    def from_api(cls, raw: object) -> Self:
        """Read an answer of the token server."""
        row = SecretFields(raw, kind="token answer")
        access, refresh = row.required_text("access_token"), row.required_text("refresh_token")
        if not TOKEN.fullmatch(access):
            raise row.bad("access_token", "a token", oddity="empty")
        if not refresh.isprintable():
            raise row.bad("refresh_token", "a token", oddity="empty")
        if (expires_in := row.positive("expires_in")) > _LONGEST_LIFE:
            raise row.bad("expires_in", "a life in seconds", oddity="no_number")
        try:
            portal_url = portal_of(row.required_text("client_endpoint"))
        except ValueError:
            raise row.bad("client_endpoint", "an endpoint", oddity="no_text") from None
        user_id = row.optional_id("user_id")
        if user_id is not None and user_id < 1:
            raise row.bad("user_id", "a number above 0", oddity="not_above_zero")
        return cls(
            access_token=access,
            refresh_token=refresh,
            expires_in=expires_in,
            client_endpoint=f"{portal_url}/rest/",
            server_endpoint=row.text("server_endpoint"),
            domain=row.text("domain"),
            member_id=row.required_text("member_id"),
            user_id=user_id,
            scopes=tuple(one.strip() for one in row.text("scope").split(",") if one.strip()),
            status=row.text("status"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenOwner:
    """Whose an access token is: the application's, the portal's and the person's."""

    client_id: str
    member_id: str
    is_installed: bool

    @classmethod
    def from_api(cls, raw: object) -> Self:
        """Read the token server's answer to app.info."""
        answer = SecretFields(raw, kind="app.info answer")
        row = SecretFields(answer.raw.get("result"), kind="app.info answer")
        install = row.raw.get("install")
        told = install.get("installed") if isinstance(install, Mapping) else None
        return cls(
            client_id=row.required_text("client_id"),
            member_id=row.required_text("member_id"),
            # where it is not said, a token that works is of an application that is there
            is_installed=told not in (False, "N", 0, "0"),
        )


class TokenServer:
    """Ask the server that gives out tokens, in the name of one application."""

    def __init__(
        self,
        token_url: str,
        *,
        client_id: str,
        client_secret: str,
        timeouts: Timeouts | None = None,
        user_agent: str = "bizproc-admin",
        clock: Clock | None = None,
    ) -> None:
        parts = addresses.read(token_url)
        if parts is None:
            raise ValueError("The token server's address looks like https://host/oauth/token/.")
        if not parts.is_bare:
            raise ValueError("The token server's address has nothing after its path.")
        if not client_id or not client_secret:
            raise ValueError("An application has a client id and a client secret.")
        self._token_url = f"{parts.origin}{parts.path}"
        self._origin = parts.origin
        self._host = parts.netloc
        self._client_id = client_id
        self._client_secret = client_secret
        self._timeouts = timeouts or TIMEOUTS
        self._user_agent = user_agent
        self._clock = clock or SystemClock()

    def __repr__(self) -> str:
        return f"TokenServer({self._token_url} {self._client_id} {MASK})"

    def exchange(self, code: str) -> TokenPair:
        """Turn the code of a sign-in into a pair; it lives 30 seconds and works once."""
        grant = self._grant("authorization_code", name="oauth.exchange", secret=("code", code))
        del code  # a developer's page shows the variables of every frame
        return self._granted(grant)

    def refresh(self, refresh_token: str) -> TokenPair:
        """Turn a refresh token into a new pair; the old one is spent, also if no answer comes."""
        secret = ("refresh_token", refresh_token)
        grant = self._grant("refresh_token", name="oauth.refresh", secret=secret)
        del refresh_token, secret
        return self._granted(grant)

    def owner_of(self, access_token: str) -> TokenOwner:
        """Return whose an access token is; asked of the server that gave it, not of the portal.

        Calls app.info there. TokenRefused tells that the token, or its application, is no more.
        """
        question = _Grant(
            name="oauth.app_info",
            host=self._host,
            token_url=f"{self._origin}{_APP_INFO}",
            form={"auth": access_token},
            secrets=(self._client_secret, access_token),
        )
        del access_token
        owner = self._outcome(question, TokenOwner.from_api)
        if isinstance(owner, BitrixError):
            raise owner
        return owner

    def _grant(self, grant_type: str, *, name: str, secret: tuple[str, str]) -> "_Grant":
        form = {
            "grant_type": grant_type,
            "client_id": self._client_id,
            "client_secret": self._client_secret,
            secret[0]: secret[1],
        }
        secrets = (self._client_secret, secret[1])
        return _Grant(
            name=name, host=self._host, token_url=self._token_url, form=form, secrets=secrets
        )

    def _granted(self, grant: "_Grant") -> TokenPair:
        """Return the pair, or raise from here, where no variable holds an answer."""
        outcome = self._outcome(grant, TokenPair.from_api)
        if isinstance(outcome, BitrixError):
            raise outcome
        return outcome

    def _outcome(self, grant: "_Grant", read: Callable[[object], T]) -> T | BitrixError:
        try:
            with http.session(self._user_agent) as session:
                exchange = send(
                    grant,
                    session,
                    timeouts=self._timeouts,
                    clock=self._clock,
                    limit=_RESPONSE_LIMIT,
                )
            answer = _read(exchange, grant)
            return answer if isinstance(answer, BitrixError) else read(answer)
        except BitrixError as error:
            return _about_tokens(error, grant)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grant:
    """What goes out for one request for tokens: its form holds secrets."""

    name: str
    host: str
    token_url: str
    form: Mapping[str, str] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    verb: str = "POST"

    def address(self) -> str:
        return self.token_url

    def headers(self) -> Mapping[str, str]:
        return {"Content-Type": "application/x-www-form-urlencoded"}

    def body(self) -> bytes:
        return urlencode(self.form).encode()


def _read(exchange: http.Exchange, grant: _Grant) -> Mapping[str, object] | BitrixError:
    """Turn an answer into what it says or into the refusal, whatever its status says."""
    answer = http.parse(exchange.body)
    if not isinstance(answer, Mapping):
        what = f"no JSON object, {len(exchange.body)} bytes"
        transient = not 300 <= exchange.status < 400
        return TokenUnreadable(what, method=grant.name, status=exchange.status, transient=transient)
    if "error" in answer:
        return TokenRefused(
            hide(http.plain(answer["error"]), *grant.secrets),
            hide(texts.words(http.plain(answer.get("error_description"))), *grant.secrets),
            status=exchange.status,
            method=grant.name,
        )
    if exchange.status != 200:
        return TokenUnreadable(
            "neither tokens nor an error",
            method=grant.name,
            status=exchange.status,
            transient=exchange.status >= 500,
        )
    return answer


def _about_tokens(error: BitrixError, grant: _Grant) -> BitrixError:
    """Say the same about the token server, in an error that holds on to no frame."""
    if isinstance(error, NotSent):
        return TokenNotAsked(error.detail, method=grant.name)
    if isinstance(error, NoAnswer):
        return TokenUnanswered(error.detail, method=grant.name)
    status = error.status if isinstance(error, BadAnswer) else None
    return TokenUnreadable(error.detail, method=grant.name, status=status)
