"""One call of the gateway: from a path to what is in the envelope, or to an error."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlencode

from bizproc_admin.bitrix import http, texts
from bizproc_admin.bitrix.envelopes import BatchReply, Call, Reply, count
from bizproc_admin.bitrix.errors import BadAnswer, BitrixError, Moved
from bizproc_admin.bitrix.objects import AnswerTime
from bizproc_admin.bitrix.pacing import Purpose, Release
from bizproc_admin.bitrix.refusals import Refused
from bizproc_admin.bitrix.transport import Transport

from .key import GatewayKey
from .refusals import NotOffered, TooManyRequests, refusal

#: What pacing and logs call every request by: the gateway counts them all alike.
NAME: Final = "gateway"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request to the gateway; `name` is what logs and errors call it."""

    name: str
    path: str
    verb: str = "GET"
    query: Mapping[str, str | int] = field(default_factory=dict)
    content: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayReply:
    """A good reply: the data, how many there are of it, and when it was asked for."""

    data: Any
    total: int | None
    time: AnswerTime | None
    sent_at: datetime
    duration_ms: int
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outgoing:
    """What goes out: the credential opens it only when it is sent."""

    key: GatewayKey
    request: Request

    @property
    def name(self) -> str:
        return f"{NAME}.{self.request.name}"

    @property
    def verb(self) -> str:
        return self.request.verb

    @property
    def host(self) -> str:
        return self.key.host

    def address(self) -> str:
        query = urlencode({name: str(value) for name, value in self.request.query.items()})
        return self.key.address_of(self.request.path) + (f"?{query}" if query else "")

    def headers(self) -> Mapping[str, str]:
        return self.key.headers()

    def body(self) -> bytes:
        content = self.request.content
        return b"" if content is None else json.dumps(content).encode()


class GatewayTransport(Transport):
    """Send requests to the gateway, for one portal; the portal's own methods are not offered."""

    def __init__(self, key: GatewayKey, **options: Any) -> None:
        super().__init__(key, **options)
        self.key = key

    def call(self, method: str, *_: Any, permit: Release | None = None, **__: Any) -> Reply:
        """Refuse a method of the portal: there is no raw passage to it."""
        if permit is not None:
            permit()
        raise NotOffered("", "", method=method)

    def batch(self, calls: Mapping[str, Call], **_: Any) -> BatchReply:
        """Refuse methods of the portal."""
        raise NotOffered("", "", method=next(iter(calls.values())).method)

    def request(
        self,
        request: Request,
        *,
        is_write: bool,
        purpose: Purpose,
        patience: float,
        permit: Release | None = None,
        is_bare: bool = False,
    ) -> GatewayReply:
        """Send one request; wait at most `patience` seconds for a permit, unless one is held.

        A bare answer need not have an envelope: it is given whole.
        """
        release = permit or self.obtain_permit(NAME, purpose=purpose, patience=patience)
        outgoing = _Outgoing(key=self.key, request=request)
        try:
            try:
                exchange = self._carried(outgoing, is_write=is_write)
            finally:
                release()
            reply = self._opened(request, exchange, is_bare=is_bare)
        except BitrixError as error:
            if isinstance(error, TooManyRequests):
                # it counts what comes of one source, whoever asks for which portal
                until = self.now() + timedelta(seconds=error.retry_after)
                self._pacer.rate_limited()
                self._pacer.method_exhausted(NAME, until)
            self._health.failed(error)
            raise
        self._health.answered()
        return reply

    def _opened(self, request: Request, exchange: http.Exchange, *, is_bare: bool) -> GatewayReply:
        """Turn a body into what its envelope holds, or raise what is wrong with it."""
        method, status = f"{NAME}.{request.name}", exchange.status
        if 300 <= status < 400:
            asked = self.key.portal_url
            raise Moved(location=exchange.location, status=status, method=method, asked=asked)
        if status == 204 and not exchange.body:
            return self._reply(None, None, exchange)
        envelope = http.parse(exchange.body)
        if status == 429 and not isinstance(envelope, Mapping):
            raise _refused(None, exchange, method=method)
        if not isinstance(envelope, Mapping):
            what = f"no JSON object, {len(exchange.body)} bytes"
            raise BadAnswer(what, method=method, status=status, transient=True)
        if "error" in envelope or envelope.get("success") is False:
            raise _refused(envelope.get("error"), exchange, method=method)
        if is_bare and status < 300:
            return self._reply(envelope, None, exchange)
        if envelope.get("success") is not True or "data" not in envelope or status >= 300:
            is_transient = status >= 500
            what = "neither data nor an error"
            raise BadAnswer(what, method=method, status=status, transient=is_transient)
        meta = envelope.get("meta")
        total = meta.get("total") if isinstance(meta, Mapping) else None
        return self._reply(
            envelope["data"], count(total, name="meta.total", method=method), exchange
        )

    def _reply(self, data: Any, total: int | None, exchange: http.Exchange) -> GatewayReply:
        return GatewayReply(
            data=data,
            total=total,
            time=_time(exchange.date),
            sent_at=exchange.sent_at,
            duration_ms=exchange.duration_ms,
            status=exchange.status,
        )


def _refused(raw: object, exchange: http.Exchange, *, method: str) -> Refused:
    told = raw if isinstance(raw, Mapping) else {}
    waits = [told.get("retryAfter"), _seconds(exchange.retry_after)]
    known = [one for one in waits if isinstance(one, (int, float)) and not isinstance(one, bool)]
    return refusal(
        http.plain(told.get("code")),
        texts.words(http.plain(told.get("message"))),
        status=exchange.status,
        method=method,
        retry_after=max(map(float, known), default=None),
    )


def _seconds(text: str) -> int | None:
    """Return the seconds that a header names; one that names a moment says nothing here."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _time(date: str) -> AnswerTime | None:
    """Return the gateway's clock, which is as near to the portal's as it tells."""
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return None
    return AnswerTime(finished_at=moment) if moment.tzinfo is not None else None
