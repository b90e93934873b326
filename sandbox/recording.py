"""What calls and ledger keep of parameters: no credential, and of a long text only its likeness.

A file is sent as base64 of up to 14 MB. Names and sizes of files are in the ledger's `applied`; of
what was sent, texts over 10,000 characters are kept as their beginning, length and SHA-256.
"""

import hashlib
import re
from typing import Any

_IN_TEXT = re.compile(r"([?&](?:auth|access_token|refresh_token|client_secret|ap|aplogin)=)[^&]*")
_SECRET_NAMES = {"auth", "access_token", "refresh_token", "client_secret", "ap", "aplogin"}
_LONGEST = 10_000
_BEGINNING = 100


def masked(params: dict[str, Any], *, also: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return parameters with every credential hidden; `also` names more of them."""
    # "token" would be a secret; the names the server reserves are gone already.
    hidden = {*_SECRET_NAMES, *also}
    return {key: _hidden(key, value, hidden) for key, value in params.items() if not _drops(key)}


def _drops(key: str) -> bool:
    return key.lower() == "token"


def _hidden(key: str, value: Any, hidden: set[str]) -> Any:
    if key.lower() in hidden:
        return "***"
    # Commands of a batch may carry credentials in their query strings.
    if isinstance(value, str):
        return _IN_TEXT.sub(r"\1***", shortened(value))
    if isinstance(value, dict):
        return {name: _hidden(name, item, hidden) for name, item in value.items()}
    return [_hidden("", item, hidden) for item in value] if isinstance(value, list) else value


def shortened(value: Any) -> Any:
    """Return a value in which no text is long, at any depth of an array."""
    if isinstance(value, dict):
        return {name: shortened(item) for name, item in value.items()}
    if isinstance(value, list):
        return [shortened(item) for item in value]
    if not isinstance(value, str) or len(value) <= _LONGEST:
        return value
    digest = hashlib.sha256(value.encode(errors="replace")).hexdigest()
    return f"{value[:_BEGINNING]}... ({len(value)} characters, SHA-256 {digest})"
