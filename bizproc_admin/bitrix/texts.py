"""Texts that the portal wrote for its own pages, where HTML would show them: made plain."""

import html
import re
from typing import Final

#: A tag of HTML, and the tags that end a line.
_MARK: Final = re.compile(r"</?[a-zA-Z][^<>]*>")
_ENDS_LINE: Final = re.compile(r"<br\b|</?(p|div|li|ul|ol|tr|h\d)\b", re.IGNORECASE)
_BREAK: Final = re.compile(r"\s*<br\s*/?>\s*", re.IGNORECASE)


def words(text: str) -> str:
    """Return a message: its tags taken off, its entities resolved, its lines kept."""
    text = _MARK.sub(lambda mark: "\n" if _ENDS_LINE.match(mark[0]) else "", text)
    return re.sub(r"[ \t]*\n\s*", "\n", html.unescape(text).replace("\xa0", " ")).strip()


def line(text: str) -> str:
    """Return a name or a caption: entities resolved, breaks as blanks; other tags are its own."""
    if "&" not in text and "<" not in text:
        return text
    return html.unescape(_BREAK.sub(" ", text)).replace("\xa0", " ")
