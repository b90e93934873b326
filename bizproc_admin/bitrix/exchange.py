"""One request, from what goes out to a status and a whole body, or to an error with what it proves.

The whole difference between "certainly not sent" and "it may have happened" is made here, so the
connection itself notes when it is open. Redirects, environment proxies and the library's own
retries are off. Secrets are taken out of what goes out in the sending line only, and no exception
of the library, which would carry them, is ever kept or chained.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Final, Protocol

import requests

from . import http
from .errors import BadAnswer, BitrixError, NoAnswer, TooLong

RESPONSE_LIMIT: Final = 10 * 1024 * 1024

log = logging.getLogger(__name__)


class Clock(Protocol):
    """The three things time is used for."""

    def now(self) -> datetime:
        """Return the aware moment."""

    def monotonic(self) -> float:
        """Return seconds that never jump."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the aware moment."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never jump."""
        return monotonic()


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds to connect, between two bytes, and for the whole exchange."""

    connect: float = 5
    read: float = 65
    total: float = 75


class Outgoing(Protocol):
    """What is sent: open are its name and the host, all else may be secret."""

    @property
    def name(self) -> str:
        """Return what logs and errors call it."""

    @property
    def host(self) -> str:
        """Return the host it goes to."""

    @property
    def verb(self) -> str:
        """Return the HTTP method."""

    def address(self) -> str:
        """Return the whole address."""

    def headers(self) -> Mapping[str, str]:
        """Return the headers besides those of the session."""

    def body(self) -> bytes:
        """Return the body."""


def send(
    outgoing: Outgoing,
    session: requests.Session,
    *,
    timeouts: Timeouts,
    clock: Clock,
    limit: int = RESPONSE_LIMIT,
) -> http.Exchange:
    """Send one request and read its whole body, noting what may have left."""
    sent_at, began = clock.now(), clock.monotonic()
    failure: BitrixError | None = None
    response = None
    watch = http.Watch(total=timeouts.total)
    # The failure is raised outside of `except`: inside, it would drag the library's own
    # exception along, and with it the secrets.
    try:
        with watch:
            response = session.request(
                outgoing.verb,
                outgoing.address(),
                data=outgoing.body(),
                headers=outgoing.headers(),
                timeout=(timeouts.connect, timeouts.read),
                allow_redirects=False,
                stream=True,
            )
            body = http.read_body(response, limit=limit)
    except http.Unreadable as error:
        status = None if response is None else response.status_code
        kind = TooLong if isinstance(error, http.Oversized) else BadAnswer
        failure = kind(str(error), method=outgoing.name, status=status)
    except (requests.RequestException, *http.LIBRARY_ERRORS) as error:
        failure = watch.failure(error, method=outgoing.name)
    finally:
        if response is not None:
            response.close()
    duration_ms = round((clock.monotonic() - began) * 1000)
    if failure is None and watch.expired:
        failure = NoAnswer(f"no whole answer within {watch.total:g} s", method=outgoing.name)
    if failure is not None or response is None:
        failure = failure or NoAnswer("no answer", method=outgoing.name)
        failure.lasted = duration_ms / 1000
        log.info("call %s portal=%s ms=%d", failure.for_logs, outgoing.host, duration_ms)
        raise failure
    log.info(
        "call method=%s portal=%s status=%d ms=%d",
        outgoing.name,
        outgoing.host,
        response.status_code,
        duration_ms,
    )
    return http.Exchange(
        status=response.status_code,
        location=response.headers.get("Location", ""),
        body=body,
        sent_at=sent_at,
        duration_ms=duration_ms,
        date=response.headers.get("Date", ""),
        retry_after=response.headers.get("Retry-After", ""),
    )
