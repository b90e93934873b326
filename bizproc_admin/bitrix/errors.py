"""Everything that can go wrong between us and a portal, each case a class of its own.

The classes exist because what a caller may do next depends on *how* a call failed::

    BitrixError
    ├── NotSent                  no byte of the request left: certainly not applied
    │   ├── Resting              it does not answer, and is asked again in a while only
    │   └── PaceExceeded         our own pacing refused to let it go
    ├── NoAnswer                 it may have left, and no complete answer came: outcome unknown
    │   └── Interrupted              the connection broke before the answer was whole
    ├── BadAnswer                an answer came that cannot be understood: outcome unknown
    │   ├── OddRow               one field of one row cannot be read (see `fields`)
    │   ├── TooLong              it is longer than we are willing to hold
    │   ├── Incomplete           a list broke off before its own total
    │   └── FilterIgnored        rows came back that do not match the filter sent
    ├── NotAdministrator         what we read with may not see everything
    ├── Moved                    3xx, never followed
    └── Refused                  well-formed JSON with the key `error`: see `refusals`

Every error says three things: `for_people` (what happened, what it means, what to do),
`for_readers` (the same of a reading, which changes nothing) and `for_logs` (one line, no secrets).
"""

from typing import ClassVar, Final

from . import addresses

TEXT_LIMIT: Final = 2_000


class BitrixError(Exception):
    """Anything that kept a call from giving its result."""

    people: ClassVar[str] = "The portal could not be asked. Try again later."
    reading: ClassVar[str] = ""

    def __init__(self, detail: str = "", *, method: str = "") -> None:
        super().__init__(detail)
        self.detail = detail[:TEXT_LIMIT]
        self.method = method
        #: Seconds from the beginning of the call to its failure; 0 where nothing was waited for.
        self.lasted = 0.0

    @property
    def for_people(self) -> str:
        """Say what happened, what it means and what to do."""
        return self.people

    @property
    def for_readers(self) -> str:
        """Say the same of a reading: nothing can have happened on the portal."""
        return self.reading or self.for_people

    @property
    def for_logs(self) -> str:
        """Give one line of facts, without secrets."""
        facts = [f"error={type(self).__name__}"]
        if self.method:
            facts.append(f"method={self.method}")
        if self.detail:
            facts.append(f"detail={self.detail!r}")
        return " ".join(facts)

    def __str__(self) -> str:
        return self.for_logs


class NotARead(RuntimeError):
    """A reader was asked to call something that is not known to be a read: a fault in the code."""


class NotSent(BitrixError):
    """No byte of the request reached the portal, so nothing can have happened there."""

    people = (
        "The portal could not be reached. Nothing was changed there. It is tried again by itself; "
        "if this lasts, check that the portal's address still works."
    )


class PaceExceeded(NotSent):
    """Our own pacing refused the request, because sending it would exceed the portal's limit."""

    people = (
        "The portal limits how often it may be asked, and that limit is used up for the moment. "
        "Nothing was sent. It will be tried again by itself."
    )

    def __init__(self, detail: str = "", *, method: str = "", retry_after: float = 1.0) -> None:
        super().__init__(detail, method=method)
        self.retry_after = retry_after


class Resting(NotSent):
    """The portal has not answered several times in a row: it is asked again in a while only."""

    people = (
        "The portal does not answer. Nothing was sent. It is asked again by itself until it does, "
        "and what you asked for is sent then."
    )

    def __init__(self, detail: str = "", *, method: str = "", retry_after: float = 1.0) -> None:
        super().__init__(detail, method=method)
        self.retry_after = retry_after


class NoAnswer(BitrixError):
    """The request may have left, and no complete answer came back: the outcome is unknown."""

    people = (
        "The portal did not answer in time. Whether it did what was asked is not known yet. "
        "Its data is read again to find out."
    )
    reading = "The portal did not answer in time. It was only read: nothing was changed there."


class Interrupted(NoAnswer):
    """The connection broke before the answer was whole: the outcome is unknown."""

    people = (
        "The connection to the portal broke before its answer was here. Whether it did what was "
        "asked is not known yet. Its data is read again to find out."
    )
    reading = (
        "The connection to the portal broke before its answer was here. It was only read: nothing "
        "was changed there."
    )


class BadAnswer(BitrixError):
    """The portal answered with something that cannot be understood.

    `transient` tells whether asking again may help: a proxy's error page may go away, a field of
    the wrong type will not.
    """

    people = (
        "The portal gave an answer that could not be understood{status}. Whether it did what was "
        "asked is not known. If this repeats, show the technical line to whoever looks after the "
        "portal."
    )
    reading = (
        "The portal gave an answer that could not be understood{status}. It was only read: nothing "
        "was changed there. If this lasts, tell whoever looks after the portal."
    )

    def __init__(
        self,
        detail: str = "",
        *,
        method: str = "",
        status: int | None = None,
        transient: bool = False,
    ) -> None:
        super().__init__(detail, method=method)
        self.status = status
        self.transient = transient

    @property
    def for_people(self) -> str:
        """Say what happened, what it means and what to do."""
        return self.people.replace("{status}", self._status)

    @property
    def for_readers(self) -> str:
        """Say the same of a reading: nothing can have happened on the portal."""
        return (self.reading or self.people).replace("{status}", self._status)

    @property
    def _status(self) -> str:
        """Give the HTTP status where it is part of what went wrong."""
        return "" if self.status in (None, 200) else f" (HTTP {self.status})"

    @property
    def for_logs(self) -> str:
        """Give one line of facts, without secrets."""
        return super().for_logs + (f" status={self.status}" if self.status is not None else "")


class TooLong(BadAnswer):
    """An answer is longer than we are willing to hold; asking for less may help."""

    people = (
        "The portal's answer was too long to be taken in. Nothing was done with it. Show the "
        "technical line to whoever looks after the portal."
    )
    reading = (
        "The portal's answer was too long to be taken in. It was only read: nothing was changed "
        "there. If this lasts, tell whoever looks after the portal."
    )


class FilterIgnored(BadAnswer):
    """Rows came back that do not match the filter: acting on them would hit the wrong workflows."""

    people = (
        "The portal ignored the filter it was given and returned other rows. Nothing was done with "
        "them. If this repeats, the portal's version handles filters differently: report it."
    )
    reading = ""


class Incomplete(BadAnswer):
    """A list broke off: the portal counts more rows than it gives, however it is asked."""

    people = (
        "The portal counts more rows than it gives. What it left out is not known, so nothing was "
        "taken for ended. If this lasts, tell whoever looks after the portal."
    )
    reading = ""


class NotAdministrator(BitrixError):
    """Whoever the connection belongs to may not see everything: what is absent proves nothing."""

    code = "not_administrator"
    people = (
        "The connection no longer belongs to a portal administrator, so the portal shows it only "
        "a part. Nothing was changed. Give its owner administrator rights on the portal again, or "
        "replace the connection by one of an administrator."
    )


class Moved(BitrixError):
    """The portal answered with a redirect to `host`, which is never followed.

    `origin` is the address of that host; `is_elsewhere` tells whether it is another one than was
    asked.
    """

    people = (
        "The portal has moved: it answered with a redirect to {host}. Nothing was done. Follow it "
        "to its new address under Portals."
    )
    at_home = (
        "The portal answered with a redirect to a page of its own (HTTP {status}) instead of data: "
        "it may ask for https or for a sign-in, or be under maintenance. Nothing was done. Open "
        "the portal in a browser to see what it shows."
    )
    astray = (
        "The portal answered with a redirect that leads nowhere (HTTP {status}). Nothing was done. "
        "Open the portal in a browser to see what it shows."
    )

    def __init__(self, *, location: str, status: int, method: str = "", asked: str = "") -> None:
        to, here = addresses.read_origin(location), addresses.read_origin(asked)
        self.origin = to.origin if to else here.origin if here and location[:1] == "/" else ""
        self.host = self.origin.partition("://")[2]
        self.status = status
        self.is_elsewhere = to is not None and (here is None or to.host != here.host)
        super().__init__(f"redirect to {self.host}", method=method)

    @property
    def for_people(self) -> str:
        """Say what happened, what it means and what to do."""
        said = self.people if self.is_elsewhere else self.at_home if self.host else self.astray
        return said.format(host=self.host, status=self.status)
