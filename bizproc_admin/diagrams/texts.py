"""How much room a text takes, reckoned with the widest font that may have to stand in.

A page is drawn on the server, which does not know the reader's fonts: DejaVu Sans is the widest of
those the pages fall back to, so what fits in its widths fits in every other.
"""

import unicodedata
from functools import lru_cache

# widths of DejaVu Sans Bold in twentieths of an em, rounded up
_WIDTHS = {
    7: " 'ijlìíîï",
    8: ",./:;IJ\\|·ÌÍÎÏ’",
    9: "-f",
    10: "!()[]_`rt–",
    11: '"*г',
    12: "?cszçзстэ",
    13: "Lvxy«»ýÿГвухья",
    14: "$0123456789EFTaekoÈÉÊËàáâãäåèéêëðòóôõöøЁЕТабеийкнопчё“”„€₽",
    15: "CPSYZbdghnpqu{}ÇÝÞßñùúûüþЗРСЭлрцъ",
    16: "ABKRVXÀÁÂÃÄÅАБВУХЬЯ",
    17: "#+<=>DGHNOQU^~ÐÑÒÓÔÕÖ×ØÙÚÛÜ÷ИЙКЛНОПЧдм",
    18: "&Ды",
    19: "wЦЪ",
    20: "%@MМФжфю—…",
    21: "mæЫ",
    22: "WÆш",
    23: "щ",
    24: "Ю",
    25: "ЖШ",
    27: "Щ",
}
_WIDTH_OF = {letter: width / 20 for width, letters in _WIDTHS.items() for letter in letters}
REGULAR = 0.92  # of the bold widths


@lru_cache(maxsize=8192)
def _em(letter: str) -> float:
    known = _WIDTH_OF.get(letter)
    if known is not None:
        return known
    if unicodedata.combining(letter) or unicodedata.category(letter) in ("Cf", "Mn"):
        return 0.0
    return 1.3 if unicodedata.east_asian_width(letter) in ("W", "F") else 1.0


def width_of(text: str, size: float, *, is_bold: bool = False) -> float:
    """Return how wide a text of one line may be, in pixels, at a font size in pixels."""
    return sum(_em(letter) for letter in text) * size * (1 if is_bold else REGULAR)


@lru_cache(maxsize=16384)
def line_count(text: str, width: float, size: float, *, is_bold: bool = False) -> int:
    """Return in how many lines a text may stand in a width; long words are broken, too."""
    words = text.split()
    if not words:
        return 0
    space = width_of(" ", size, is_bold=is_bold)
    lines, used = 1, 0.0
    for word in words:
        wide = width_of(word, size, is_bold=is_bold)
        if used and used + space + wide <= width:
            used += space + wide
            continue
        lines += bool(used)
        used = wide
        if wide > width:  # broken anywhere; a line may stay a letter short
            letter = 1.3 * size
            full = int(wide // max(width - letter, letter))
            lines, used = lines + full, max(wide - full * (width - letter), letter)
    return lines
