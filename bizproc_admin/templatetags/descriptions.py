"""Texts of the portal as safe HTML: its BBCode, the same few tags of HTML, and plain text.

Whatever comes out has passed the sanitiser last, so that nothing before it needs to be trusted.
"""

import re
from html import escape, unescape
from urllib.parse import urlsplit

import nh3
from django import template
from django.utils.html import strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator

from bizproc_admin.models import Portal

register = template.Library()

TAGS = frozenset({"a", "b", "strong", "i", "em", "u", "s", "br", "ul", "ol", "li"})
# what is known to be markup and only shapes the text; all other "<...>" is what somebody wrote
SHAPING = (
    "del|strike|ins|p|div|span|font|table|thead|tbody|tr|td|th|h[1-6]|hr|img|center|small|big|sub|"
    "sup|pre|code|blockquote|label|nobr|colgroup|col|html|head|body|meta|title|script|style|iframe|"
    "object|embed|svg|math|form|input|button|textarea|select|option|link|base|template|noscript|"
    "video|audio|source|annotation-xml|mtext|foreignobject"
)
# the sanitiser drops these with what is in them
UNREADABLE = frozenset(
    {"script", "style", "template", "title", "noscript", "iframe", "object", "svg", "math"}
)

BBCODE = re.compile(
    r"\[(/?)(b|i|u|s|url|list|user|color|size|font|background)(?:=([^\[\]\n]*))?\]|(\[\*\])",
    re.IGNORECASE,
)
NOT_MARKUP = re.compile(rf"<(?!/?(?:{'|'.join(TAGS)}|{SHAPING})(?=[\s/>]))", re.IGNORECASE)
LINES = re.compile(r"</?(?:p|div|tr|h[1-6]|blockquote|pre)(?:\s[^<>]*)?>|<hr[^<>]*>", re.IGNORECASE)
BETWEEN = re.compile(
    r"(?<![ \t])[ \t]*\n[ \t]*(?=</?(?:ul|ol|li)\b)|(</?(?:ul|ol)\b[^<>]*>)[ \t]*\n[ \t]*"
)
BREAK = re.compile(r"<br\s*/?>[ \t]*\n?", re.IGNORECASE)
# deeper nests take the sanitiser time with the square of their depth, whoever wrote them
MOST_TEXT = 30_000
# what is longer is no address; nested ones would grow a text with the square of its length
MOST_ADDRESS = 2000
SCHEMES = ("http", "https", "mailto")
UNSEEN = re.compile(r"[\x00-\x20\x7f]")
MOST_BREAKS = re.compile(r"(?:<br>\s*){3,}")
# a longer text is folded, so that the form below it stays in reach
FOLDED_FROM = 1500
EXCERPT = 500


@register.filter
def is_long(text: str | None) -> bool:
    """Return whether a text of the portal is too long to stand open above a form."""
    return len(text or "") > FOLDED_FROM or (text or "").count("\n") > FOLDED_FROM / 60


@register.filter
def excerpt(text: str | None) -> str:
    """Return the beginning of a text of the portal, without its markup."""
    plain = unescape(strip_tags(render((text or "")[: 4 * EXCERPT]).replace("<br>", " ")))
    return Truncator(" ".join(plain.split())).chars(EXCERPT)


@register.filter
def described(text: str | None, portal: Portal | None = None) -> SafeString:
    """Show a text of the portal with its BBCode or HTML."""
    html = render(text or "", portal_address=portal.address if portal else "")
    return mark_safe(html)  # noqa: S308 - render() has sanitised it


def render(text: str, *, portal_address: str = "") -> str:
    """Return a portal's text as safe HTML; paths of the portal become links into it.

    What is longer than anybody reads here is cut off.
    """
    text = text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}…"
    marked = converted(NOT_MARKUP.sub("&lt;", text.replace("\r\n", "\n").replace("\r", "\n")))
    marked = LINES.sub("\n", BREAK.sub("\n", marked))
    marked = BETWEEN.sub(lambda found: found.group(1) or "", marked).strip()

    def kept(tag: str, name: str, value: str) -> str | None:
        # of what was written only href has come so far; the others are the sanitiser's own
        return address(value, portal_address) if name == "href" else value

    cleaned = nh3.clean(
        marked.replace("\n", "<br>"),
        tags=set(TAGS),
        clean_content_tags=set(UNREADABLE),
        attributes={"a": {"href"}},
        attribute_filter=kept,
        set_tag_attribute_values={"a": {"target": "_blank"}},
        url_schemes=set(SCHEMES),
        link_rel="noopener noreferrer nofollow",
    )
    return MOST_BREAKS.sub("<br><br>", cleaned)


def address(value: str, portal_address: str) -> str | None:
    """Return what a link may lead to: the web, mail, or a path of the portal made absolute."""
    value = UNSEEN.sub("", value)
    if value.startswith("/") and value[1:2] not in ("/", "\\"):
        return f"{portal_address.rstrip('/')}{value}" if portal_address else None
    try:
        parts = urlsplit(value)
    except ValueError:
        return None
    is_whole = parts.scheme == "mailto" or bool(parts.netloc)
    return value if parts.scheme in SCHEMES and is_whole else None


def converted(text: str) -> str:
    """Write BBCode that is opened and closed as HTML; what is not stays as it stands."""
    tokens = list(BBCODE.finditer(text))
    closing = matched(tokens)
    opening = {close: start for start, close in closing.items()}
    written, at, lists = [], 0, 0
    for index, token in enumerate(tokens):
        written.append(text[at : token.start()])
        at = token.end()
        if token.group(4):
            written.append("<li>" if lists else "• ")
        elif index in closing:
            close = tokens[closing[index]]
            lists += token.group(2).lower() == "list"
            inner = text[token.end() : min(close.start(), token.end() + MOST_ADDRESS)]
            written.append(opened(token, inner))
        elif index in opening:
            lists -= token.group(2).lower() == "list"
            written.append(closed(tokens[opening[index]]))
        else:
            written.append(token.group(0))
    written.append(text[at:])
    return "".join(written)


def matched(tokens: list[re.Match[str]]) -> dict[int, int]:
    """Pair each opening token with the one that closes it, by their positions in the list."""
    waiting: dict[str, list[int]] = {}
    pairs = {}
    for index, token in enumerate(tokens):
        if token.group(4):
            continue
        name = token.group(2).lower()
        if not token.group(1):
            waiting.setdefault(name, []).append(index)
        elif waiting.get(name):
            pairs[waiting[name].pop()] = index
    return pairs


def opened(token: re.Match[str], inner: str) -> str:
    name, given = token.group(2).lower(), (token.group(3) or "").strip().strip("\"'")
    if name in ("b", "i", "u", "s"):
        return f"<{name}>"
    if name == "list":
        return "<ol>" if given else "<ul>"
    if name == "url":
        where = given or ("" if "[" in inner else inner.strip())
        return f'<a href="{escape(where)}">'
    if name == "user" and given.isdecimal():
        return f'<a href="/company/personal/user/{given}/">'
    return ""


def closed(token: re.Match[str]) -> str:
    name = token.group(2).lower()
    if name in ("b", "i", "u", "s"):
        return f"</{name}>"
    if name == "list":
        return "</ol>" if token.group(3) else "</ul>"
    return "</a>" if name in ("url", "user") else ""
