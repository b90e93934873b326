"""Definitions of application actions, read into typed parts.

A definition is what the portal takes to register one: names of parts in any case, as it treats
them itself, except those directly inside PROPERTIES, RETURN_PROPERTIES and OPTIONS.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

# what the portal falls back to where a language is missing, before what has none
FALLBACK = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalisedText:
    """A text in several languages, by their codes in small letters; "" is the one of none."""

    by_language: Mapping[str, str]

    @classmethod
    def from_api(cls, given: object) -> Self:
        """Read a text, or a map of languages to texts; anything else is no text."""
        if isinstance(given, Mapping):
            texts = {str(key).lower(): plain(text) for key, text in given.items()}
        else:
            texts = {"": plain(given)}
        return cls(by_language={key: text for key, text in texts.items() if text})

    def said_in(self, language: str) -> str:
        """Return the text in a language ("de", "pt-br"), else as the portal falls back."""
        asked = language.lower().replace("-", "_")
        for key in (asked, asked.partition("_")[0], FALLBACK, ""):
            if key in self.by_language:
                return self.by_language[key]
        return next(iter(self.by_language.values()), "")

    def __bool__(self) -> bool:
        return bool(self.by_language)


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinedProperty:
    """A property of an application action: given to it, or given back by it.

    id keeps its case; type is in small letters ("string" where none is told). options are the keys
    and titles of a choice in their order. default is as registered: a text, a number, a list.
    """

    id: str
    names: LocalisedText
    descriptions: LocalisedText
    type: str
    is_required: bool
    is_multiple: bool
    default: Any
    options: tuple[tuple[str, str], ...]

    @classmethod
    def from_api(cls, key: str, given: object) -> Self:
        parts = by_upper_name(given)
        return cls(
            id=key,
            names=LocalisedText.from_api(parts.get("NAME")),
            descriptions=LocalisedText.from_api(parts.get("DESCRIPTION")),
            type=plain(parts.get("TYPE")).strip().lower() or "string",
            is_required=is_yes(parts.get("REQUIRED")),
            is_multiple=is_yes(parts.get("MULTIPLE")),
            default=parts.get("DEFAULT"),
            options=tuple((key, plain(title)) for key, title in pairs(parts.get("OPTIONS"))),
        )

    def named_in(self, language: str) -> str:
        """Return its name in a language; its id where it has none."""
        return self.names.said_in(language) or self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionDefinition:
    """What an application action was registered with.

    subscription is "Y" where its steps wait for an answer, "N" where they do not, "" where the
    designer chooses. document_type is a triple, empty where none is told. include and exclude are
    the rules of its filter: "b24", "box", or a document type in full or shortened.
    """

    names: LocalisedText
    descriptions: LocalisedText
    handler: str
    subscription: str
    user_number: str
    document_type: tuple[str, ...]
    include: tuple[tuple[str, ...] | str, ...]
    exclude: tuple[tuple[str, ...] | str, ...]
    properties: tuple[DefinedProperty, ...]
    return_properties: tuple[DefinedProperty, ...]

    @classmethod
    def from_api(cls, given: object) -> Self:
        """Read a definition; what is missing or of another type is empty."""
        parts = by_upper_name(given)
        filters = by_upper_name(parts.get("FILTER"))
        subscription = plain(parts.get("USE_SUBSCRIPTION")).strip().upper()
        return cls(
            names=LocalisedText.from_api(parts.get("NAME")),
            descriptions=LocalisedText.from_api(parts.get("DESCRIPTION")),
            handler=plain(parts.get("HANDLER")),
            subscription=subscription if subscription in ("Y", "N") else "",
            user_number=plain(parts.get("AUTH_USER_ID")),
            document_type=tuple(plain(part) for _key, part in pairs(parts.get("DOCUMENT_TYPE"))),
            include=rules(filters.get("INCLUDE")),
            exclude=rules(filters.get("EXCLUDE")),
            properties=properties(parts.get("PROPERTIES")),
            return_properties=properties(parts.get("RETURN_PROPERTIES")),
        )

    def named_in(self, language: str) -> str:
        """Return its name in a language, else as the portal falls back; it may be empty."""
        return self.names.said_in(language)


def properties(given: object) -> tuple[DefinedProperty, ...]:
    """Read properties in their order."""
    return tuple(DefinedProperty.from_api(key, one) for key, one in pairs(given))


def rules(given: object) -> tuple[tuple[str, ...] | str, ...]:
    """Read the rules of one side of a filter."""
    return tuple(
        plain(one) if isinstance(one, str) else tuple(plain(part) for _key, part in pairs(one))
        for _key, one in pairs(given)
    )


def by_upper_name(given: object) -> dict[str, Any]:
    """Return a map by its names in capitals; anything else is an empty one."""
    return {key.upper(): one for key, one in pairs(given)} if isinstance(given, Mapping) else {}


def pairs(given: object) -> list[tuple[str, Any]]:
    """Return the entries of what PHP calls an array: a map, or a list by its places."""
    if isinstance(given, Mapping):
        return [(str(key), one) for key, one in given.items()]
    if isinstance(given, (list, tuple)):
        return [(str(place), one) for place, one in enumerate(given)]
    return []


def is_yes(given: object) -> bool:
    return plain(given).strip().upper() in ("Y", "1", "TRUE", "YES")


def plain(given: object) -> str:
    """Return a plain value as text; whatever is no plain one is an empty text."""
    if isinstance(given, bool):
        return "Y" if given else "N"
    return str(given) if isinstance(given, (int, float, str)) else ""


NOTHING_DEFINED: Final = ActionDefinition.from_api(None)
