"""Actions and automation rules of the portal's application, in words."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from bizproc_admin.models.application_definitions import DefinedProperty

SUBSCRIPTIONS: dict[str, Promise] = {
    "Y": _("wait for an answer"),
    "N": _("go on at once"),
    "": _("wait or not, as the template's author chooses"),
}
# the types that every portal knows; a document's own beside them are said as they are
TYPES: dict[str, Promise] = {
    "string": _("text, one line"),
    "text": _("text, several lines"),
    "int": _("whole number"),
    "double": _("number"),
    "bool": _("yes or no"),
    "date": _("date"),
    "datetime": _("date and time"),
    "select": _("choice"),
    "user": _("person"),
    "file": _("file"),
}


@dataclass(frozen=True, kw_only=True)
class PropertyLine:
    """A property in words; default is empty where none is set."""

    id: str
    name: str
    names: list[tuple[str, str]]
    description: str
    type: str
    is_required: bool
    is_multiple: bool
    default: str
    options: tuple[tuple[str, str], ...]


def subscription_said(subscription: str) -> str:
    """Return whether the steps of an action wait: subscription is Y, N or empty."""
    return str(SUBSCRIPTIONS.get(subscription, SUBSCRIPTIONS[""]))


def property_lines(properties: Sequence[DefinedProperty], language: str) -> list[PropertyLine]:
    """Return what is said of the properties of an action, in their order."""
    return [
        PropertyLine(
            id=one.id,
            name=one.named_in(language),
            names=list(one.names.by_language.items()),
            description=one.descriptions.said_in(language),
            type=str(TYPES.get(one.type, one.type)),
            is_required=one.is_required,
            is_multiple=one.is_multiple,
            default=default_said(one.default),
            options=one.options,
        )
        for one in properties
    ]


def default_said(default: object) -> str:
    """Return a default value as it was registered: several one after the other."""
    if default is None or default == "":
        return ""
    if isinstance(default, list):
        return ", ".join(default_said(one) for one in default)
    return default if isinstance(default, str) else json.dumps(default, ensure_ascii=False)
