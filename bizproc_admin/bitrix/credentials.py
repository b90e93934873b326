"""What opens a portal to us: an address or a token, which must never be seen.

Whoever holds a credential acts as its owner, so the type hides it from `repr`, `str`, formatting,
JSON and pickle. It is given out only by `reveal`, and by the two things that belong in the line
that sends: the address of a method and the headers.
"""

import hmac
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import NoReturn, Self

from .masking import hide, hide_bytes


class Credential(ABC):
    """Hold one portal's address and the secret that opens it."""

    __slots__ = ("_portal_url", "_secret")

    _portal_url: str
    _secret: str

    @property
    def host(self) -> str:
        """Give the portal's host, with its port when there is one."""
        return self._portal_url.split("://", 1)[1].split("/", 1)[0]

    @property
    def portal_url(self) -> str:
        """Give the portal's own address, without a slash at the end."""
        return self._portal_url

    @property
    def user_id(self) -> int | None:
        """Give the number of its owner, or None when the credential does not say."""
        return None

    @abstractmethod
    def reveal(self) -> str:
        """Give the secret: for encrypting it at rest, for nothing else."""

    @abstractmethod
    def address_of(self, method: str) -> str:
        """Give the address of one method: only for the line that sends the request."""

    def headers(self) -> Mapping[str, str]:
        """Give the headers of a call: only for the line that sends the request."""
        return {}

    def scrub(self, text: str) -> str:
        """Hide the secret in a text that came from outside, such as an echo in an error page."""
        return hide(text, self._secret)

    def scrub_body(self, body: bytes) -> bytes:
        """Hide the secret in a body that came from outside."""
        return hide_bytes(body, self._secret)

    @abstractmethod
    def __repr__(self) -> str: ...

    def __str__(self) -> str:
        return repr(self)

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self) or not isinstance(other, Credential):
            return NotImplemented
        places = (self._portal_url, self.user_id), (other._portal_url, other.user_id)
        same = hmac.compare_digest(self._secret.encode(), other._secret.encode())
        return places[0] == places[1] and same

    def __hash__(self) -> int:
        return hash((type(self), self._portal_url, self.user_id))

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(f"A {type(self).__name__} is a secret and is never pickled.")
