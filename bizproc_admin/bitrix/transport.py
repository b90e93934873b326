"""One call of the portal: from a method and its parameters to a value or an error."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import requests

from . import http, texts
from .credentials import Credential
from .envelopes import BATCH_LIMIT, BatchReply, Call, Reply, by_key, count, query
from .errors import BadAnswer, BitrixError, Moved, TooLong
from .exchange import RESPONSE_LIMIT, Clock, Outgoing, SystemClock, Timeouts, send
from .health import Health, Indifferent
from .objects import AnswerTime
from .pacing import Pacer, Purpose, Release
from .refusals import METHOD_EXHAUSTED, MethodExhausted, RateLimited, Refused, refusal

#: When nothing better is known: operating time is freed in buckets of a minute.
_RESET_GUESS: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class _OutgoingCall:
    """What goes out for one call: the credential opens it only when it is sent."""

    credential: Credential
    name: str
    params: Mapping[str, Any]
    verb: str = "POST"

    @property
    def host(self) -> str:
        return self.credential.host

    def address(self) -> str:
        return self.credential.address_of(self.name)

    def headers(self) -> Mapping[str, str]:
        return self.credential.headers()

    def body(self) -> bytes:
        return json.dumps(self.params).encode()


class Transport:
    """Send calls to one portal."""

    def __init__(
        self,
        credential: Credential,
        *,
        pacer: Pacer,
        health: Health | None = None,
        timeouts: Timeouts | None = None,
        user_agent: str = "bizproc-admin",
        clock: Clock | None = None,
        response_limit: int = RESPONSE_LIMIT,
    ) -> None:
        self._credential = credential
        self._pacer = pacer
        self._health = health or Indifferent()
        self._timeouts = timeouts or Timeouts()
        self._user_agent = user_agent
        self._clock = clock or SystemClock()
        self._response_limit = response_limit
        self._reads = http.session(user_agent)
        self._resets: dict[str, datetime] = {}
        self.requests = 0

    @property
    def host(self) -> str:
        """Return the portal's host."""
        return self._credential.host

    @property
    def webhook_user_id(self) -> int | None:
        """Return the number of the person the webhook belongs to; a token does not say."""
        return self._credential.user_id

    def now(self) -> datetime:
        """Return the moment by this transport's clock."""
        return self._clock.now()

    def close(self) -> None:
        """Close the connections kept for reads."""
        self._reads.close()

    def obtain_permit(self, method: str, *, purpose: Purpose, patience: float) -> Release:
        """Wait at most `patience` seconds until the pacer lets one request go."""
        deadline = self._clock.monotonic() + patience
        return self._pacer.acquire(method, purpose=purpose, deadline=deadline)

    def call(
        self,
        method: str,
        params: Mapping[str, Any],
        *,
        is_write: bool,
        purpose: Purpose,
        patience: float,
        permit: Release | None = None,
    ) -> Reply:
        """Call one method; wait at most `patience` seconds for a permit, unless one is held."""
        release = permit or self.obtain_permit(method, purpose=purpose, patience=patience)
        exchange, envelope = self._asked(method, params, is_write=is_write, release=release)
        reply = self._answer(method, envelope, exchange)
        self._learn(method, reply.time)
        return reply

    def batch(
        self,
        calls: Mapping[str, Call],
        *,
        is_write: bool,
        purpose: Purpose,
        patience: float,
        halt: bool = False,
        permit: Release | None = None,
    ) -> BatchReply:
        """Send up to 50 calls in one request; waits for a permit unless one is held.

        Calls batch. It answers 200 even when calls of it fail; an empty map comes as a list.
        """
        if not 0 < len(calls) <= BATCH_LIMIT:
            raise ValueError(f"a batch holds 1 to {BATCH_LIMIT} calls, not {len(calls)}")
        paced = next(iter(calls.values())).method
        release = permit or self.obtain_permit(paced, purpose=purpose, patience=patience)
        written = {key: query(one) for key, one in calls.items()}
        asked = {"halt": int(halt), "cmd": written}
        exchange, envelope = self._asked("batch", asked, is_write=is_write, release=release)
        return self._batch_answer(calls, envelope, exchange)

    def _asked(
        self, method: str, params: Mapping[str, Any], *, is_write: bool, release: Release
    ) -> tuple[http.Exchange, Mapping[str, Any]]:
        """Send one request and open its envelope; how that went is noted either way."""
        try:
            try:
                exchange = self._exchange(method, params, is_write=is_write)
            finally:
                release()
            envelope = self._envelope(method, exchange)
        except BitrixError as error:
            self._health.failed(error)
            raise
        self._health.answered()
        return exchange, envelope

    def _exchange(self, method: str, params: Mapping[str, Any], *, is_write: bool) -> http.Exchange:
        call = _OutgoingCall(credential=self._credential, name=method, params=params)
        return self._carried(call, is_write=is_write)

    def _carried(self, call: Outgoing, *, is_write: bool) -> http.Exchange:
        """Send one request: a write on a connection of its own, reads over those kept open."""
        self.requests += 1
        if not is_write:
            return self._send(call, self._reads)
        with http.session(self._user_agent) as session:
            return self._send(call, session)

    def _send(self, call: Outgoing, session: requests.Session) -> http.Exchange:
        exchange = send(
            call,
            session,
            timeouts=self._timeouts,
            clock=self._clock,
            limit=self._response_limit,
        )
        # An echo of the secret must not live on in a text, a log or a developer's page.
        return replace(
            exchange,
            location=self._credential.scrub(exchange.location),
            body=self._credential.scrub_body(exchange.body),
        )

    def _envelope(self, method: str, exchange: http.Exchange) -> Mapping[str, Any]:
        """Turn a body into the envelope, or raise what is wrong with it."""
        if 300 <= exchange.status < 400:
            raise Moved(
                location=exchange.location,
                status=exchange.status,
                method=method,
                asked=self._credential.portal_url,
            )
        envelope = http.parse(exchange.body)
        if envelope is http.TOO_DEEP:
            raise TooLong("the body is nested too deep", method=method, status=exchange.status)
        if not isinstance(envelope, Mapping):
            what = "no JSON" if envelope is http.NOT_JSON else "JSON that is no object"
            raise BadAnswer(
                f"{what}, {len(exchange.body)} bytes",
                method=method,
                status=exchange.status,
                transient=True,
            )
        # The key counts, not its value and not the status: several errors have an empty code.
        if "error" in envelope:
            raise self._refusal(envelope, status=exchange.status, method=method)
        if "result" not in envelope or exchange.status != 200:
            raise BadAnswer(
                "neither a result nor an error" if "result" not in envelope else "odd status",
                method=method,
                status=exchange.status,
                transient=exchange.status >= 500,
            )
        return envelope

    def _refusal(self, raw: Mapping[str, Any], *, status: int | None, method: str) -> Refused:
        """Build the error the portal names, and let the pacer learn from it."""
        code = http.plain(raw.get("error"))
        text = texts.words(http.plain(raw.get("error_description")))
        if code.strip().upper() == METHOD_EXHAUSTED:
            now = self._clock.now()
            resets_at = max(self._resets.get(method, now), now + timedelta(seconds=1))
            if method not in self._resets or self._resets[method] <= now:
                resets_at = now + _RESET_GUESS
            self._pacer.method_exhausted(method, resets_at)
            wait = (resets_at - now).total_seconds()
            return MethodExhausted(
                code, text, resets_at=resets_at, wait=wait, status=status, method=method
            )
        error = refusal(code, text, status=status, method=method)
        if isinstance(error, RateLimited):
            self._pacer.rate_limited()
        return error

    def _answer(self, method: str, envelope: Mapping[str, Any], exchange: http.Exchange) -> Reply:
        return Reply(
            result=envelope["result"],
            total=count(envelope.get("total"), name="total", method=method),
            next=count(envelope.get("next"), name="next", method=method),
            time=AnswerTime.from_api(envelope.get("time")),
            sent_at=exchange.sent_at,
            duration_ms=exchange.duration_ms,
            status=exchange.status,
        )

    def _batch_answer(
        self,
        calls: Mapping[str, Call],
        envelope: Mapping[str, Any],
        exchange: http.Exchange,
    ) -> BatchReply:
        maps = envelope["result"]
        if not isinstance(maps, Mapping):
            raise BadAnswer("batch result is no object", method="batch", status=exchange.status)
        keys = list(calls)
        results = by_key(maps, "result", keys)
        refusals = by_key(maps, "result_error", keys)
        totals = by_key(maps, "result_total", keys)
        nexts = by_key(maps, "result_next", keys)
        times = by_key(maps, "result_time", keys)
        replies: dict[str, Reply] = {}
        failed: dict[str, Refused] = {}
        for key, call in calls.items():
            if key in refusals:
                raw = refusals[key] if isinstance(refusals[key], Mapping) else {}
                failed[key] = self._refusal(raw, status=None, method=call.method)
            elif key in results:
                inner = {
                    "result": results[key],
                    "total": totals.get(key),
                    "next": nexts.get(key),
                    "time": times.get(key),
                }
                replies[key] = self._answer(call.method, inner, exchange)
        # operating time is a state: what the last one of a method tells is all there is to know
        for method, time in {calls[key].method: one.time for key, one in replies.items()}.items():
            self._learn(method, time)
        return BatchReply(
            replies=replies,
            errors=failed,
            missing=frozenset(calls) - replies.keys() - failed.keys(),
            sent_at=exchange.sent_at,
            duration_ms=exchange.duration_ms,
            time=AnswerTime.from_api(envelope.get("time")),
        )

    def _learn(self, method: str, time: AnswerTime | None) -> None:
        if time is None:
            return
        if time.operating_reset_at is not None:
            self._resets[method] = time.operating_reset_at
        self._pacer.told(method, time)
