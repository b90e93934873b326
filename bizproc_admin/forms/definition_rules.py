"""What may be registered as an application action: as strict as the portal, said before it is sent.

A definition has the portal's names of its parts; what is wrong is told by the path of the part it
is about: ("HANDLER",) or ("PROPERTIES", "sum", "NAME").
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

Path = tuple[str, ...]
Problems = list[tuple[Path, str]]

CODE: Final = re.compile(r"[A-Za-z0-9._-]+")
PROPERTY: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
TYPE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_:.\\-]{0,99}")
LONGEST_CODE: Final = 128
LONGEST_HANDLER: Final = 1000
# bytes of properties as the portal keeps them
TOO_LONG: Final = 65_535
MOST_PROPERTIES: Final = 100
PARTS: Final = (
    "HANDLER", "AUTH_USER_ID", "USE_SUBSCRIPTION", "NAME", "DESCRIPTION", "PROPERTIES",
    "RETURN_PROPERTIES", "DOCUMENT_TYPE", "FILTER", "USE_PLACEMENT", "PLACEMENT_HANDLER",
)  # fmt: skip
PROPERTY_PARTS: Final = (
    "NAME",
    "DESCRIPTION",
    "TYPE",
    "REQUIRED",
    "MULTIPLE",
    "DEFAULT",
    "OPTIONS",
)
OWN_NAMES: Final = ("PROPERTIES", "RETURN_PROPERTIES")
PLACES: Final = ("b24", "box")


def problems_of(code: object, definition: Mapping[str, Any]) -> Problems:
    """Return what the portal would not take of a definition, in the order it looks."""
    found: Problems = [(("CODE",), text) for text in code_problems(code)]
    found += [(("HANDLER",), text) for text in handler_problems(definition.get("HANDLER"))]
    if is_empty_text(definition.get("NAME")):
        found.append((("NAME",), _("It needs a name in one language at least.")))
    for part in ("NAME", "DESCRIPTION"):
        found += text_problems((part,), definition.get(part))
    if definition.get("USE_SUBSCRIPTION") not in ("Y", "N"):
        words = _("Say Y (its steps wait for an answer) or N (they go on at once).")
        found.append((("USE_SUBSCRIPTION",), words))
    for part in OWN_NAMES:
        found += properties_problems(part, definition.get(part))
    found += type_problems(definition.get("DOCUMENT_TYPE"))
    found += filter_problems(definition.get("FILTER"))
    found += placement_problems(definition)
    number = definition.get("AUTH_USER_ID")
    if not is_empty(number) and not (str(number).isascii() and str(number).isdecimal()):
        found.append((("AUTH_USER_ID",), _("This is the number of a person on the portal.")))
    return found


def code_problems(code: object) -> list[str]:
    if is_empty(code):
        return [_("It needs a code.")]
    if not isinstance(code, str) or not CODE.fullmatch(code):
        return [_("A code is made of Latin letters, digits, dots, hyphens and underscores.")]
    if len(code) > LONGEST_CODE:
        return [_("A code has at most 128 characters.")]
    return []


def handler_problems(handler: object) -> list[str]:
    if is_empty(handler):
        return [_("It needs the address that the portal is to call.")]
    if not isinstance(handler, str):
        return [_("An address is a text.")]
    try:
        parts = urlsplit(handler)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if host.find(".") <= 0 or any(character.isspace() for character in handler):
        return [_("The portal takes only an address whose host contains a dot.")]
    if parts.scheme.lower() not in ("http", "https"):
        return [_("The portal calls https:// and http:// addresses alone.")]
    if len(handler) > LONGEST_HANDLER:
        return [_("An address has at most 1,000 characters.")]
    return []


def properties_problems(part: str, given: object) -> Problems:
    if given is None or given == "":
        return []
    if not isinstance(given, (Mapping, list)):
        return [((part,), _("Properties are an object: each id with its definition."))]
    if isinstance(given, list):
        return [((part,), _("Properties are an object: each id with its definition."))] * bool(
            given
        )
    found: Problems = []
    if len(given) > MOST_PROPERTIES:
        found.append(((part,), _("At most %(most)d properties.") % {"most": MOST_PROPERTIES}))
    for key, one in given.items():
        if not PROPERTY.fullmatch(key):
            words = _("An id begins with a Latin letter; letters, digits and underscores follow.")
            found.append(((part, key), words))
        if isinstance(one, Mapping):
            found += property_problems((part, key), one)
        else:
            found.append(((part, key), _("A property is an object with a name.")))
    if serialized_length(given) >= TOO_LONG:
        words = _("All of these are together too long: the portal keeps less than 65,535 bytes.")
        found.append(((part,), words))
    return found


def property_problems(path: Path, given: Mapping[str, Any]) -> Problems:
    found: Problems = []
    if is_empty_text(given.get("NAME")):
        found.append(((*path, "NAME"), _("It needs a name in one language at least.")))
    for part in ("NAME", "DESCRIPTION"):
        found += text_problems((*path, part), given.get(part))
    kind = given.get("TYPE")
    if not is_empty(kind) and not (isinstance(kind, str) and TYPE.fullmatch(kind)):
        found.append(((*path, "TYPE"), _("This is no type of a property.")))
    for part in ("REQUIRED", "MULTIPLE"):
        if not is_empty(given.get(part)) and given[part] not in ("Y", "N", True, 1, "1"):
            found.append(((*path, part), _("Say Y or N.")))
    options = given.get("OPTIONS")
    if not (options is None or options == "" or isinstance(options, (Mapping, list))):
        found.append(((*path, "OPTIONS"), _("Options are an object: each value with its title.")))
    elif kind == "select" and not options:
        found.append(((*path, "OPTIONS"), _("A choice needs at least one option.")))
    for part in set(given) - set(PROPERTY_PARTS):
        found.append(((*path, part), _("The portal knows no such part of a property.")))
    return found


def text_problems(path: Path, given: object) -> Problems:
    """Return what is wrong with a text that may be in several languages."""
    if is_empty(given):
        return []
    if isinstance(given, Mapping):
        texts = list(given.values())
        if any(not re.fullmatch(r"[A-Za-z]{2,3}(?:[_-][A-Za-z]{2,4})?|", key) for key in given):
            return [(path, _("Languages are named by their codes: en, de, ru."))]
    else:
        texts = [given]
    if any(not isinstance(text, (str, int, float)) for text in texts):
        return [(path, _("This is a text, or an object of languages and texts."))]
    return []


def type_problems(given: object) -> Problems:
    if is_empty(given) or (isinstance(given, list) and len(given) == 3 and are_texts(given)):
        return []
    words = _("A document type has three parts: module, entity and type.")
    return [(("DOCUMENT_TYPE",), words)]


def filter_problems(given: object) -> Problems:
    if is_empty(given):
        return []
    path = ("FILTER",)
    if not isinstance(given, Mapping):
        return [(path, _("A filter is an object with INCLUDE and EXCLUDE."))]
    found: Problems = []
    for part, rules in given.items():
        if part not in ("INCLUDE", "EXCLUDE"):
            found.append(((*path, part), _("A filter has INCLUDE and EXCLUDE alone.")))
        elif not isinstance(rules, list) or not all(is_rule(one) for one in rules):
            words = _(
                "Rules are a list: each is b24, box, or a document type in full or shortened, "
                "such as crm, CCrmDocumentDeal."
            )
            found.append(((*path, part), words))
    return found


def is_rule(given: object) -> bool:
    if isinstance(given, str):
        return given in PLACES
    return isinstance(given, list) and 1 <= len(given) <= 3 and are_texts(given)


def are_texts(given: list[Any]) -> bool:
    return all(isinstance(one, str) and one for one in given)


def placement_problems(definition: Mapping[str, Any]) -> Problems:
    placed = definition.get("USE_PLACEMENT")
    if not is_empty(placed) and placed not in ("Y", "N"):
        return [(("USE_PLACEMENT",), _("Say Y or N."))]
    if placed != "Y":
        return []
    problems = handler_problems(definition.get("PLACEMENT_HANDLER"))
    return [(("PLACEMENT_HANDLER",), text) for text in problems]


def rule_of(text: str) -> str | list[str]:
    """Read a rule of a filter from one line; parts of a document type stand between commas."""
    parts = [part.strip() for part in text.split(",")]
    return parts[0] if len(parts) == 1 and parts[0] in PLACES else parts


def rule_written(rule: str | Sequence[str]) -> str:
    """Return a rule of a filter as one line."""
    return rule if isinstance(rule, str) else ", ".join(rule)


def is_empty_text(given: object) -> bool:
    """Tell whether a text in one or several languages says nothing."""
    if isinstance(given, Mapping):
        return all(is_empty(text) for text in given.values())
    return is_empty(given)


def is_empty(given: object) -> bool:
    """Tell whether the portal takes a value for none, as PHP does."""
    return given in (None, "", "0", 0, False) or (isinstance(given, (Mapping, list)) and not given)


def serialized_length(value: object) -> int:
    """Return of how many bytes a value is as the portal keeps it: serialized by PHP."""
    if value is None:
        return 2
    if isinstance(value, bool):
        return 4
    if isinstance(value, int):
        return len(f"i:{value};")
    if isinstance(value, float):
        return len(f"d:{value!r};")
    if isinstance(value, Mapping):
        entries = list(value.items())
    elif isinstance(value, (list, tuple)):
        entries = list(enumerate(value))
    else:
        size = len(str(value).encode("utf-8", "surrogatepass"))
        return len(f's:{size}:"";') + size
    inner = sum(serialized_length(array_key(key)) + serialized_length(one) for key, one in entries)
    return len(f"a:{len(entries)}:{{}}") + inner


def array_key(key: object) -> object:
    """Return a key as PHP keeps it: whole numbers are no texts."""
    is_number = isinstance(key, str) and re.fullmatch(r"0|-?[1-9][0-9]{0,17}", key)
    return int(key) if is_number else key  # type: ignore[call-overload]
