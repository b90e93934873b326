"""JSON whose order means something: PostgreSQL's own type for it forgets the order of keys."""

import json
from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    OrderedTextField = models.TextField[Any, Any]
else:
    OrderedTextField = models.TextField


class OrderedJSONField(OrderedTextField):
    """Store a value as the text of its JSON, which keeps the order of its keys."""

    def from_db_value(self, value: str | None, *_: object) -> Any:
        return None if value is None else json.loads(value)

    def get_prep_value(self, value: Any) -> str | None:
        return None if value is None else written(value)


def written(value: Any) -> str:
    """Return the JSON of a value."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def read(text: Any) -> Any:
    """Return what `written` gave; what is no text is given back as it is."""
    return json.loads(text) if isinstance(text, str) else text
