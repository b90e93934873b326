"""Names that are typed here: one must not let itself be read as another."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# bidirectional embeddings, overrides and isolates, and what is not seen at all
HIDDEN = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")


def plain_name(value: str) -> None:
    """Refuse a name with characters that are not seen or turn the direction of others."""
    if HIDDEN.search(value):
        raise ValidationError(
            _("This name has characters that are not seen and change how it is read. Type it anew.")
        )
