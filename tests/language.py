"""A language of the tests: each message ends in a sign nobody sees, so that a stored one is found.

What the program says is said in the language of whoever reads it, so nothing that was ever
translated may be kept. Within a request or a job every message that is translated carries `SIGN`;
answers lose it again before a test looks at them, and the database is searched for it after each
test. A process of its own speaks the language from its start (`tests.workers.settings`).
"""

import functools
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from django.http import HttpResponse
from django.test.client import ClientHandler
from django.utils import translation

from tests import tables

SIGN = "\u2063"  # an invisible separator
ESCAPED = json.dumps(SIGN)[1:-1]
TRANSLATORS = ("gettext", "pgettext", "ngettext", "npgettext")
# a session lives as long as one browser is open, and so do the messages that wait in it
OF_ONE_BROWSER = ("django_session",)

# how many requests and jobs are under way, in whatever threads
speaking = 0
_counting = threading.Lock()


@contextmanager
def spoken() -> Iterator[None]:
    """Let every message be translated into the language of the tests."""
    _count(1)
    try:
        yield
    finally:
        _count(-1)


def _count(by: int) -> None:
    global speaking
    with _counting:
        speaking += by


def install() -> None:
    """Stand in for the functions that every translation goes through."""
    for name in TRANSLATORS:
        setattr(translation._trans, name, translator(name))


def uninstall() -> None:
    for name in TRANSLATORS:
        delattr(translation._trans, name)
    from bizproc_admin.wording import times

    times._date.cache_clear()  # its days were said in the language


def translator(name: str) -> Callable[..., str]:
    def translated(*arguments: Any) -> str:
        from django.utils.translation import trans_real

        said: str = getattr(trans_real, name)(*arguments)
        return said + SIGN if speaking and said else said

    return translated


def within(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that speaks the language while it runs."""

    @functools.wraps(function)
    def speaking_function(*arguments: Any, **named: Any) -> Any:
        with spoken():
            return function(*arguments, **named)

    return speaking_function


def functions_of(module: ModuleType) -> Iterator[str]:
    """Yield the names of what a module offers to be called."""
    for name, value in vars(module).items():
        if callable(value) and not isinstance(value, type) and not name.startswith("_"):
            yield name


class SpeakingHandler(ClientHandler):
    """Django's test client, whose requests are answered in the language, to be read without."""

    def __call__(self, environ: dict[str, Any]) -> HttpResponse:
        with spoken():
            response: HttpResponse = super().__call__(environ)
        is_plain = not response.streaming and "Content-Encoding" not in response
        if is_plain and response["Content-Type"].startswith("text/"):
            response.content = plain(response.content.decode(response.charset)).encode()
        for name, value in response.items():
            response[name] = plain(value)
        return response


def plain(text: str) -> str:
    """Return a text without the signs."""
    return text.replace(SIGN, "").replace(ESCAPED, "")


def stored(filled: Iterable[tables.Filled] | None = None) -> list[str]:
    """Return where translated messages are stored: the column, and how its text begins.

    filled is what was read of the database.
    """
    return [
        f"{table}.{name}: {text[:100]!r}"
        for table, columns, rows in (tables.filled() if filled is None else filled)
        if table not in OF_ONE_BROWSER
        for row in rows
        for name, value in zip(columns, row, strict=True)
        if (text := text_of(value)) and (SIGN in text or ESCAPED in text)
    ]


def text_of(value: object) -> str:
    """Return the text in which a stored value could hold a message; "" for what holds none."""
    if isinstance(value, str):
        return value
    return json.dumps(value, default=str) if isinstance(value, (dict, list)) else ""
