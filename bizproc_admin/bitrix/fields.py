"""Raw rows read field by field: strict, and naming the field that is wrong.

The portal writes numbers as strings, empty objects as lists and booleans as Y and N; all that is
accepted here. Whatever is of no such shape, or larger than a database can hold, raises `OddRow`.
"""

from collections.abc import Mapping
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from typing import Any, Final

from . import texts
from .errors import BadAnswer

Raw = Mapping[str, Any]

#: The largest numbers that the columns of every database hold.
LARGEST: Final = 2**63 - 1
SMALL: Final = 2**31 - 1

#: The edges of what UTC can tell.
EARLIEST: Final = datetime(1, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)

_EXCERPT: Final = 60


class OddRow(BadAnswer):
    """One field of one row cannot be read: `field` names it, `oddity` says what is wrong.

    Oddities: missing, no_object, no_text, empty, too_long, no_number, too_large, not_above_zero,
    no_moment, no_boolean.
    """

    code = "odd_row"

    def __init__(self, detail: str, *, field: str, oddity: str) -> None:
        super().__init__(detail)
        self.field = field
        self.oddity = oddity


class Fields:
    """Read one row field by field, naming the field that is wrong."""

    __slots__ = ("kind", "raw")

    def __init__(self, raw: object, *, kind: str) -> None:
        # the second question costs as much as a whole field, and a list has ten thousand rows
        if type(raw) is not dict and not isinstance(raw, Mapping):
            detail = f"{kind} is not an object but {type(raw).__name__}"
            raise OddRow(detail, field="", oddity="no_object")
        self.raw: Raw = raw
        self.kind = kind

    def bad(self, name: str, wanted: str, *, oddity: str) -> BadAnswer:
        """Build the error about one field, naming the row it is in."""
        row = f" (ID {self.raw['ID']!r:.{_EXCERPT}})" if name != "ID" and "ID" in self.raw else ""
        if name not in self.raw:
            detail = f"{self.kind}.{name} is missing, wanted {wanted}{row}"
            return OddRow(detail, field=name, oddity="missing")
        detail = f"{self.kind}.{name} is {self.raw[name]!r:.{_EXCERPT}}, wanted {wanted}{row}"
        return OddRow(detail, field=name, oddity=oddity)

    def text(self, name: str, *, longest: int | None = None) -> str:
        """Return a text, empty where there is none; what names something has a longest form."""
        value = self.raw.get(name)
        if value is None or value is False:
            return ""
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(self.integer(name))
        if not isinstance(value, str):
            raise self.bad(name, "a text", oddity="no_text")
        if longest is not None and len(value) > longest:
            raise self.bad(name, f"at most {longest} characters", oddity="too_long")
        return value

    def line(self, name: str) -> str:
        """Return a name or caption, which the portal may have written for a page of HTML."""
        return texts.line(self.text(name))

    def required_text(self, name: str, *, longest: int | None = None) -> str:
        """Return a text that must not be empty."""
        value = self.text(name, longest=longest)
        if not value:
            raise self.bad(name, "a text that is not empty", oddity="empty")
        return value

    def integer(self, name: str, *, largest: int = LARGEST) -> int:
        """Return a whole number, which the portal writes as a string; none is beyond `largest`."""
        value = self.raw.get(name)
        number: int | None = None
        if isinstance(value, int) and not isinstance(value, bool):
            number = value
        elif isinstance(value, str):
            digits = value.removeprefix("-")
            if digits.isascii() and digits.isdigit():
                # longer than any number that is held, and never read at any length
                number = int(value) if len(digits) < 20 else LARGEST + 1
        if number is None:
            raise self.bad(name, "a whole number", oddity="no_number")
        if not -largest <= number <= largest:
            raise self.bad(name, f"a whole number up to {largest}", oddity="too_large")
        return number

    def optional_id(self, name: str) -> int | None:
        """Return an id, or None where the portal has none or writes 0."""
        if self.raw.get(name) in (None, "", False):
            return None
        number = self.integer(name)
        if number < 0:
            raise self.bad(name, "a number above 0", oddity="not_above_zero")
        return number or None

    def optional_number(self, name: str, *, largest: int = SMALL) -> int:
        """Return a number that counts or sorts, 0 where the portal has none."""
        return 0 if self.raw.get(name) in (None, "", False) else self.count(name, largest=largest)

    def count(self, name: str, *, largest: int = SMALL) -> int:
        """Return a whole number that is never below 0, a state for one."""
        number = self.integer(name, largest=largest)
        if number < 0:
            raise self.bad(name, "a number not below 0", oddity="no_number")
        return number

    def positive(self, name: str) -> int:
        """Return an id that must be there."""
        value = self.integer(name)
        if value < 1:
            raise self.bad(name, "a number above 0", oddity="not_above_zero")
        return value

    def moment(self, name: str) -> datetime:
        """Return an aware moment; one that UTC cannot hold becomes the nearest that it can."""
        value = self.raw.get(name)
        wanted = "a date with time and offset"
        if not isinstance(value, str):
            raise self.bad(name, wanted, oddity="no_moment")
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise self.bad(name, wanted, oddity="no_moment") from None
        if moment.tzinfo is None:
            raise self.bad(name, wanted, oddity="no_moment")
        return _held(moment)

    def optional_moment(self, name: str) -> datetime | None:
        """Return an aware moment, or None where the portal has none."""
        return None if self.raw.get(name) in (None, "", False) else self.moment(name)

    def boolean(self, name: str) -> bool:
        """Return a yes or no, which the portal writes as a boolean or as Y and N."""
        value = self.raw.get(name)
        if isinstance(value, bool):
            return value
        if value == "Y":
            return True
        if value == "N":
            return False
        raise self.bad(name, "true, false, Y or N", oddity="no_boolean")

    def mapping(self, name: str) -> Raw:
        """Return an object; PHP writes an empty one as a list."""
        value = self.raw.get(name)
        if isinstance(value, Mapping):
            return value
        if value is None or value == []:
            return {}
        if isinstance(value, list):
            return {str(number): item for number, item in enumerate(value)}
        raise self.bad(name, "an object", oddity="no_object")

    def ids(self, name: str) -> tuple[int, ...]:
        """Return a list of ids; a single one and nothing at all are lists, too."""
        value = self.raw.get(name)
        if value in (None, "", False):
            return ()
        items = value if isinstance(value, list) else [value]
        if not all(_is_id(one) for one in items):
            raise self.bad(name, "a list of ids", oddity="no_number")
        return tuple(int(one) for one in items)


class SecretFields(Fields):
    """Read an answer that holds secrets: an error names the field, and never shows a value."""

    __slots__ = ()

    def bad(self, name: str, wanted: str, *, oddity: str) -> BadAnswer:
        """Build the error about one field."""
        return BadAnswer(f"{self.kind}.{name} is missing or wrong, wanted {wanted}")


def _held(moment: datetime) -> datetime:
    """Return a moment that can be moved to UTC: the edges of time lie beyond it in some zones."""
    if MINYEAR < moment.year < MAXYEAR:
        return moment
    try:
        moment.astimezone(UTC)
    except OverflowError:
        return LATEST if moment.year > 1 else EARLIEST
    return moment


def _is_id(value: object) -> bool:
    if isinstance(value, str):
        return value.isascii() and value.isdigit() and len(value) < 19 and int(value) > 0
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST
