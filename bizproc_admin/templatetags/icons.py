"""Icons that cost nothing per row: one sprite a page, drawn from there by reference.

A list of 50 rows shows 200 icons. Parsing an SVG for each is most of the rendering time, so a
literal `{% icon "lock" %}` becomes plain text when the template is compiled, and the shapes
themselves are written once, by `{% drawn %}`: those the page shows. What comes into an open page
later may show any: static/js/icons.js fetches the rest once, to be kept for good. The shapes come
out of the lucide package at run time; none is kept in this repository.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from types import MappingProxyType
from zipfile import ZipFile

from django import template
from django.template.base import FilterExpression, Node, NodeList, Parser, TextNode, Token
from django.template.context import Context
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

# What the sprite holds. A name that is missing here is an error at compile time.
ICONS = (
    "arrow-down",
    "arrow-left",
    "arrow-right",
    "arrow-up",
    "arrow-up-down",
    "ban",
    "building-2",
    "calendar-clock",
    "check",
    "chevron-down",
    "chevron-left",
    "chevron-right",
    "chevrons-up-down",
    "circle",
    "circle-alert",
    "circle-check",
    "circle-dashed",
    "circle-dot",
    "circle-play",
    "circle-question-mark",
    "circle-stop",
    "circle-x",
    "clock",
    "cloud-off",
    "code",
    "columns-3",
    "copy",
    "download",
    "ellipsis",
    "external-link",
    "eye",
    "file-search",
    "file-text",
    "flag",
    "fold-vertical",
    "form",
    "funnel",
    "globe",
    "history",
    "hourglass",
    "house",
    "inbox",
    "info",
    "key-round",
    "keyboard",
    "layers",
    "layout-dashboard",
    "link",
    "list-checks",
    "loader-circle",
    "lock",
    "lock-open",
    "log-in",
    "log-out",
    "mail",
    "menu",
    "monitor",
    "mouse-pointer-click",
    "octagon-x",
    "pause",
    "pen-line",
    "pencil",
    "phone-incoming",
    "play",
    "plug",
    "plus",
    "refresh-cw",
    "repeat",
    "scroll-text",
    "search",
    "send",
    "server-off",
    "settings",
    "shield-check",
    "shield-x",
    "smartphone",
    "split",
    "square-check",
    "stamp",
    "star",
    "tag",
    "timer",
    "trash-2",
    "triangle-alert",
    "unfold-vertical",
    "unplug",
    "user",
    "user-plus",
    "user-x",
    "users",
    "variable",
    "wifi-off",
    "workflow",
    "x",
    "zap",
)


def _reference(name: str) -> SafeString:
    return mark_safe(  # noqa: S308 - the names are the literals above
        f'<svg class="icon" aria-hidden="true"><use href="#i-{name}"/></svg>'
    )


REFERENCES: Mapping[str, SafeString] = MappingProxyType({name: _reference(name) for name in ICONS})


class IconNode(Node):
    """Look up an icon whose name is only known while rendering."""

    def __init__(self, name: FilterExpression) -> None:
        self.name = name

    def render(self, context: Context) -> SafeString:
        """Return the reference, or a plain circle where the name is unknown: a page still shows."""
        return REFERENCES.get(str(self.name.resolve(context)), REFERENCES["circle"])


@register.tag
def icon(parser: Parser, token: Token) -> Node:
    """Show an icon of the page's sprite: `{% icon "lock" %}`."""
    parts = token.split_contents()
    if len(parts) != 2:
        raise template.TemplateSyntaxError("icon takes one name")
    name = parser.compile_filter(parts[1])
    if name.filters or not isinstance(name.var, str):
        return IconNode(name)
    if name.var not in REFERENCES:
        raise template.TemplateSyntaxError(f"the sprite holds no icon {name.var!r}")
    return TextNode(REFERENCES[name.var])


USED = re.compile(r'<use href="#i-([a-z0-9-]+)"')


class DrawnNode(Node):
    """Write what it holds, and before it the shapes of the icons that it shows."""

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist

    def render(self, context: Context) -> SafeString:
        shown = self.nodelist.render(context)
        symbols, whole = symbols_of(set(USED.findall(shown))), reverse("icons", args=[digest()])
        return mark_safe(  # noqa: S308 - from the package, nothing of a user's; and a template's
            f'<svg hidden aria-hidden="true" id="icons" data-whole="{whole}">{symbols}</svg>{shown}'
        )


@register.tag
def drawn(parser: Parser, token: Token) -> Node:
    """Show a page's icons: `{% drawn %}…{% enddrawn %}` around all of its body."""
    if len(token.split_contents()) != 1:
        raise template.TemplateSyntaxError("drawn takes nothing")
    nodelist = parser.parse(("enddrawn",))
    parser.delete_first_token()
    return DrawnNode(nodelist)


def symbols_of(names: Iterable[str]) -> str:
    """Return the shapes of icons to be referred to, in the order of their names."""
    return "".join(_symbols()[name] for name in sorted(names) if name in _symbols())


@cache
def digest() -> str:
    """Return what changes with any of the shapes."""
    return sha256("".join(_symbols().values()).encode()).hexdigest()[:12]


@cache
def _symbols() -> Mapping[str, str]:
    # One look into the package's archive: its own tag opens and parses it anew for every icon.
    with files("lucide").joinpath("lucide.zip").open("rb") as file, ZipFile(file) as archive:
        return {
            name: f'<symbol id="i-{name}" viewBox="0 0 24 24">'
            f"{_shapes(archive.read(f'{name}.svg').decode())}</symbol>"
            for name in ICONS
        }


def _shapes(svg: str) -> str:
    inner = svg[svg.index(">", svg.index("<svg")) + 1 : svg.rindex("</svg>")]
    return "".join(line.strip() for line in inner.splitlines()).replace(" />", "/>")
