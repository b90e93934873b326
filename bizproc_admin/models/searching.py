"""Words to search by, folded so that "muller" finds Müller and "елкин" finds Ёлкин.

Most of what is searched through is kept folded (search_text); `folds` is the lookup for the rest.
SQLite compares Cyrillic letters exactly, and no database knows that two letters are alike.
"""

import unicodedata
from typing import Any, Final

from django.db.models import CharField, Lookup, TextField
from django.db.models.sql.compiler import SQLCompiler

# letters that are no others with a mark on them
ALIKE: Final = str.maketrans({
    "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h",
})  # fmt: skip

FUNCTION: Final = "bizproc_folded"
# for PostgreSQL: those of them that are one letter each, with what casefold makes of a last sigma,
# and those that are two
FROM, TO = "łøđðıħς", "loddihσ"
LONGER: Final = {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th"}


def searchable(text: str) -> str:
    """Return a text folded: without case, without marks on its letters, written in one way."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(one for one in apart if not unicodedata.combining(one))
    return unicodedata.normalize("NFC", bare).translate(ALIKE)


def words_of(text: str) -> list[str]:
    """Return the words of what somebody searches for."""
    return searchable(text).split()


@CharField.register_lookup
@TextField.register_lookup
class Folds(Lookup):
    """Whether a column contains a text, both folded: reason__folds="müller"."""

    lookup_name = "folds"

    def as_sqlite(self, compiler: SQLCompiler, connection: Any) -> tuple[str, list[Any]]:
        column, values = self.process_lhs(compiler, connection)
        return f"instr({FUNCTION}({column}), %s) > 0", [*values, searchable(str(self.rhs))]

    def as_postgresql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, list[Any]]:
        column, values = self.process_lhs(compiler, connection)
        text = connection.ops.prep_for_like_query(searchable(str(self.rhs)))
        return f"{folded(column)} LIKE %s", [*values, f"%{text}%"]


def folded(column: str) -> str:
    """Return what folds a column of PostgreSQL; an index of words says just the same."""
    bare = f"regexp_replace(normalize(lower({column}), NFKD), '[\u0300-\u036f]', '', 'g')"
    for letter, letters in LONGER.items():
        bare = f"replace({bare}, '{letter}', '{letters}')"
    return f"normalize(translate({bare}, '{FROM}', '{TO}'), NFC)"


def teach(connection: Any, **_: Any) -> None:
    """Teach a connection to SQLite to fold; connected to connection_created."""
    if connection.vendor == "sqlite":
        connection.connection.create_function(FUNCTION, 1, fold_column, deterministic=True)


def fold_column(text: str | None) -> str | None:
    return None if text is None else searchable(text)
