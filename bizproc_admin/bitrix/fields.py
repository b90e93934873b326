"""Raw rows read field by field: strict, and naming the field that is wrong.

The portal writes numbers as strings, empty objects as lists and booleans as Y and N; all that is
accepted here. Whatever is of no such shape raises `BadAnswer`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from .errors import BadAnswer

Raw = Mapping[str, Any]

_EXCERPT: Final = 60


class Fields:
    """Read one row field by field, naming the field that is wrong."""

    __slots__ = ("kind", "raw")

    def __init__(self, raw: object, *, kind: str) -> None:
        if not isinstance(raw, Mapping):
            raise BadAnswer(f"{kind} is not an object but {type(raw).__name__}")
        self.raw: Raw = raw
        self.kind = kind

    def bad(self, name: str, wanted: str) -> BadAnswer:
        """Build the error about one field, naming the row it is in."""
        row = f" (ID {self.raw['ID']!r:.{_EXCERPT}})" if name != "ID" and "ID" in self.raw else ""
        if name not in self.raw:
            return BadAnswer(f"{self.kind}.{name} is missing, wanted {wanted}{row}")
        value = f"{self.raw[name]!r:.{_EXCERPT}}"
        return BadAnswer(f"{self.kind}.{name} is {value}, wanted {wanted}{row}")

    def text(self, name: str) -> str:
        """Give a text, empty when the portal has none."""
        value = self.raw.get(name)
        if value is None or value is False:
            return ""
        if isinstance(value, str):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        raise self.bad(name, "a text")

    def required_text(self, name: str) -> str:
        """Give a text that must not be empty."""
        value = self.text(name)
        if not value:
            raise self.bad(name, "a text that is not empty")
        return value

    def integer(self, name: str) -> int:
        """Give a whole number, which the portal writes as a string."""
        value = self.raw.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, str):
            digits = value.removeprefix("-")
            if digits.isascii() and digits.isdigit() and len(digits) < 19:
                return int(value)
        raise self.bad(name, "a whole number")

    def optional_id(self, name: str) -> int | None:
        """Give an id, or None where the portal has none or writes 0."""
        if self.raw.get(name) in (None, "", False):
            return None
        return self.integer(name) or None

    def positive(self, name: str) -> int:
        """Give an id that must be there."""
        value = self.integer(name)
        if value < 1:
            raise self.bad(name, "a number above 0")
        return value

    def moment(self, name: str) -> datetime:
        """Give an aware moment."""
        value = self.raw.get(name)
        if isinstance(value, str):
            try:
                moment = datetime.fromisoformat(value)
            except ValueError:
                raise self.bad(name, "a date with time and offset") from None
            if moment.tzinfo is not None:
                return moment
        raise self.bad(name, "a date with time and offset")

    def optional_moment(self, name: str) -> datetime | None:
        """Give an aware moment, or None where the portal has none."""
        return None if self.raw.get(name) in (None, "", False) else self.moment(name)

    def boolean(self, name: str) -> bool:
        """Give a yes or no, which the portal writes as a boolean or as Y and N."""
        value = self.raw.get(name)
        if isinstance(value, bool):
            return value
        if value == "Y":
            return True
        if value == "N":
            return False
        raise self.bad(name, "true, false, Y or N")

    def mapping(self, name: str) -> Raw:
        """Give an object; PHP writes an empty one as a list."""
        value = self.raw.get(name)
        if isinstance(value, Mapping):
            return value
        if value is None or value == []:
            return {}
        if isinstance(value, list):
            return {str(number): item for number, item in enumerate(value)}
        raise self.bad(name, "an object")

    def integers(self, name: str) -> tuple[int, ...]:
        """Give a list of numbers; a single number and nothing at all are lists, too."""
        value = self.raw.get(name)
        if value in (None, "", False):
            return ()
        items = value if isinstance(value, list) else [value]
        return tuple(Fields({name: item}, kind=self.kind).integer(name) for item in items)


class SecretFields(Fields):
    """Read an answer that holds secrets: an error names the field, and never shows a value."""

    __slots__ = ()

    def bad(self, name: str, wanted: str) -> BadAnswer:
        """Build the error about one field."""
        return BadAnswer(f"{self.kind}.{name} is missing or wrong, wanted {wanted}")
