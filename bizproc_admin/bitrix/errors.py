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

Every error says two things: `code` with `values` (its kind and what is particular of it, to be
kept and put into words by whoever shows it) and `for_logs` (one line). Neither holds a secret.
"""

from typing import Final

from . import addresses

TEXT_LIMIT: Final = 2_000

#: What is kept of an error beside its code: plain values, as JSON has them.
Values = dict[str, str | int | float | bool | None]


class BitrixError(Exception):
    """Anything that kept a call from giving its result.

    `code` is the key of its kind, and stays when a class is renamed; `vendor_code` is the portal's
    own code where it gave one.
    """

    code: str = "bitrix_error"
    vendor_code: str = ""

    def __init__(self, detail: str = "", *, method: str = "") -> None:
        super().__init__(detail)
        self.detail = detail[:TEXT_LIMIT]
        self.method = method
        #: Seconds from the beginning of the call to its failure; 0 where nothing was waited for.
        self.lasted = 0.0
        #: Whether it is of one target alone: another can be read all the same.
        self.is_of_target = False

    @property
    def values(self) -> Values:
        """Return what is particular of this error, without secrets."""
        return {"method": self.method}

    @property
    def for_logs(self) -> str:
        """Return one line of facts, without secrets."""
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

    code = "not_sent"


class PaceExceeded(NotSent):
    """Our own pacing refused the request, because sending it would exceed the portal's limit."""

    code = "pace_exceeded"

    def __init__(self, detail: str = "", *, method: str = "", retry_after: float = 1.0) -> None:
        super().__init__(detail, method=method)
        self.retry_after = retry_after

    @property
    def values(self) -> Values:
        """Return what is particular of this error: the seconds to wait."""
        return super().values | {"seconds": self.retry_after}


class Resting(NotSent):
    """The portal has not answered several times in a row: it is asked again in a while only."""

    code = "resting"

    def __init__(self, detail: str = "", *, method: str = "", retry_after: float = 1.0) -> None:
        super().__init__(detail, method=method)
        self.retry_after = retry_after

    @property
    def values(self) -> Values:
        """Return what is particular of this error: the seconds to wait."""
        return super().values | {"seconds": self.retry_after}


class NoAnswer(BitrixError):
    """The request may have left, and no complete answer came back: the outcome is unknown."""

    code = "no_answer"


class Interrupted(NoAnswer):
    """The connection broke before the answer was whole: the outcome is unknown."""

    code = "interrupted"


class BadAnswer(BitrixError):
    """The portal answered with something that cannot be understood.

    `transient` tells whether asking again may help: a proxy's error page may go away, a field of
    the wrong type will not.
    """

    code = "bad_answer"

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
    def values(self) -> Values:
        """Return what is particular of this error; the detail is for who looks after the portal."""
        return super().values | {"status": self.status, "detail": self.detail}

    @property
    def for_logs(self) -> str:
        """Return one line of facts, without secrets."""
        return super().for_logs + (f" status={self.status}" if self.status is not None else "")


class TooLong(BadAnswer):
    """An answer is longer than we are willing to hold; asking for less may help."""

    code = "too_long"


class FilterIgnored(BadAnswer):
    """Rows came back that do not match the filter: acting on them would hit the wrong workflows."""

    code = "filter_ignored"


class Incomplete(BadAnswer):
    """A list broke off: the portal counts more rows than it gives, however it is asked."""

    code = "incomplete"


class NotAdministrator(BitrixError):
    """Whoever the connection belongs to may not see everything: what is absent proves nothing."""

    code = "not_administrator"


class Moved(BitrixError):
    """The portal answered with a redirect to `host`, which is never followed.

    `origin` is the address of that host; `is_elsewhere` tells whether it is another one than was
    asked, else its code says whether it is at home or astray.
    """

    code = "moved"

    def __init__(self, *, location: str, status: int, method: str = "", asked: str = "") -> None:
        to, here = addresses.read_origin(location), addresses.read_origin(asked)
        self.origin = to.origin if to else here.origin if here and location[:1] == "/" else ""
        self.host = self.origin.partition("://")[2]
        self.status = status
        self.is_elsewhere = to is not None and (here is None or to.host != here.host)
        if not self.is_elsewhere:
            self.code = "moved_at_home" if self.host else "moved_astray"
        super().__init__(f"redirect to {self.host}", method=method)

    @property
    def values(self) -> Values:
        """Return what is particular of this error: where it leads."""
        return super().values | {"host": self.host, "status": self.status}
