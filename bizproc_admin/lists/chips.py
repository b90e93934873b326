"""What stands above a list: parts, chips and their choices, as a page shows them."""

from dataclasses import dataclass
from typing import Any

from django.forms import BoundField

from bizproc_admin.models import Person, WorkflowTemplate

# choices of one filter that are shown at most
MOST = 500
# of values of a filter: key, label and number of rows; None where that is not told
Counts = list[tuple[Any, Any, int | None]]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One value of a filter: count is how many rows it would leave, None where that is not told.

    is_least says that there may be more of them.
    """

    key: str
    label: str
    count: int | None = None
    is_chosen: bool = False
    is_least: bool = False


@dataclass(frozen=True, kw_only=True)
class Chip:
    """A filter as it stands above a list.

    values are the chosen keys, chosen the same in words; choices are None where they are fetched
    when the chip is opened; clear is the query string without it. fields are given where nothing
    is chosen but typed; has_own tells that so many days of one's own may be.
    """

    name: str
    label: str
    values: list[str]
    chosen: list[str]
    clear: str
    is_single: bool
    choices: list[Choice] | None = None
    fields: list[BoundField] | None = None
    has_own: bool = False


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a list, one of which is always shown, or a state, one of which may be.

    id is the filter and its key; count is how many rows it would leave, None while not counted.
    """

    id: str
    label: str
    url: str
    is_current: bool
    count: int | None = None


@dataclass(frozen=True, kw_only=True)
class Column:
    """The column a filter compares; its values' words stand in another, or in the form's choices.

    names is where a value is named by its number whose word is empty.
    """

    key: str
    label: str = ""
    names: type[Person | WorkflowTemplate] | None = None
