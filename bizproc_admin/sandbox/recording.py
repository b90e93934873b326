"""The record of calls that the control plane shows, without any credential in it."""

import re
from typing import Any

_IN_TEXT = re.compile(r"([?&](?:auth|access_token|refresh_token|client_secret|ap|aplogin)=)[^&]*")
_SECRET_NAMES = {"auth", "access_token", "refresh_token", "client_secret", "ap", "aplogin"}


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
        return _IN_TEXT.sub(r"\1***", value)
    if isinstance(value, dict):
        return {name: _hidden(name, item, hidden) for name, item in value.items()}
    return [_hidden("", item, hidden) for item in value] if isinstance(value, list) else value
