"""Secrets hidden in texts that came from outside, in every spelling such a text may hold."""

import json
from typing import Final
from urllib.parse import quote, quote_plus

MASK: Final = "•••"
#: Shorter secrets are not searched for: hiding every "a" would garble the text.
_HIDE_FROM: Final = 6


def hide(text: str, *secrets: str) -> str:
    """Hide the secrets in a text."""
    for spelling in _spellings(secrets):
        text = text.replace(spelling, MASK)
    return text


def hide_bytes(body: bytes, *secrets: str) -> bytes:
    """Hide the secrets in a body."""
    for spelling in _spellings(secrets):
        body = body.replace(spelling.encode(), MASK.encode())
    return body


def _spellings(secrets: tuple[str, ...]) -> list[str]:
    """Give the secrets as they are, as in an address, and as JSON writes them."""
    found = []
    for secret in secrets:
        if len(secret) >= _HIDE_FROM:
            in_json = json.dumps(secret)[1:-1]
            found += [secret, quote(secret, safe=""), quote_plus(secret), quote(secret)]
            found += [in_json, in_json.replace("/", "\\/")]
    return list(dict.fromkeys(found))
