"""Under which addresses the portal and its authorisation server are reached.

They are two hosts in life. Here they share a socket, so each may be told its public address; what
leads to the authorisation server is known by the host or the path that its address names. Without
an address of its own it lives below /oauth on the portal's.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from sandbox.state.portal import Portal

_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?")
_EVERYWHERE = ("0.0.0.0", "[::]")  # noqa: S104 - compared with, not listened on


@dataclass(frozen=True)
class Addresses:
    """The two public addresses, without a slash at the end."""

    portal: str
    auth: str

    @property
    def client_endpoint(self) -> str:
        """Return where the portal answers its methods."""
        return f"{self.portal}/rest/"

    @property
    def server_endpoint(self) -> str:
        """Return where the authorisation server answers its own methods."""
        return f"{self.auth}/rest/"

    @property
    def token_url(self) -> str:
        """Return where tokens are given; `server_endpoint` leads back to it."""
        return f"{self.auth.removesuffix('/oauth')}/oauth/token/"

    @property
    def portal_host(self) -> str:
        """Return the portal's host and port."""
        return urlsplit(self.portal).netloc

    @property
    def auth_host(self) -> str:
        """Return the authorisation server's host and port."""
        return urlsplit(self.auth).netloc


def known(portal: Portal, headers: dict[str, str] | None = None) -> Addresses:
    """Return the addresses; a portal that was told none follows a request that came by a proxy."""
    home = portal.public_url or _by_request(portal, headers or {}) or portal.address
    auth = portal.auth_url or f"{home}/oauth"
    # At one address both would answer the same /rest/.
    shared = not urlsplit(auth).path and _host(auth) == _host(home)
    return Addresses(home, f"{auth}/oauth" if shared else auth)


def own_place(portal: Portal, path: str, headers: dict[str, str]) -> str | None:
    """Return the part of a path below the authorisation server's address; None for the portal's."""
    path = re.sub("/+", "/", f"/{path}/")
    addresses = known(portal, headers)
    prefix = urlsplit(addresses.auth).path
    below = bool(prefix) and path.startswith(f"{prefix}/")
    place = path.removeprefix(prefix if below else "").strip("/")
    asked = _host("//" + headers.get("host", ""))
    apart = asked == _host(addresses.auth) != _host(addresses.portal)
    if below or place.startswith("oauth/") or (apart and place.startswith("rest/")):
        return place.removeprefix("oauth/")
    return None


def moved(portal: Portal, target: str, headers: dict[str, str]) -> str | None:
    """Return where a request to a former address of a renamed portal is sent on to."""
    asked = _host("//" + headers.get("host", ""))
    return f"{portal.public_url}{target}" if asked in portal.former_hosts else None


def rename(portal: Portal, address: str) -> None:
    """Let the portal answer under another address; the one it leaves sends everybody on."""
    left = _host(known(portal).portal)
    portal.public_url = without_end(address, port=urlsplit(portal.address).port or 80)
    portal.former_hosts = (portal.former_hosts | {left}) - {_host(portal.public_url)}


def without_end(address: str | None, *, port: int) -> str:
    """Return a public address without the slash at its end, or raise when it is none.

    `{port}` in it stands for the port that is listened on.
    """
    if not address:
        return ""
    address = address.replace("{port}", str(port))
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"{address!r} is no address like https://portal.example.")
    return address.rstrip("/")


def _by_request(portal: Portal, headers: dict[str, str]) -> str | None:
    scheme = headers.get("x-forwarded-proto", "").split(",")[0].strip().lower()
    everywhere = (urlsplit(portal.address).netloc.rpartition(":")[0]) in _EVERYWHERE
    if scheme not in ("http", "https") and not everywhere:
        return None
    host = headers.get("host", "")
    if not _HOST.fullmatch(host) or _host(f"//{host}") == _host(portal.auth_url):
        return None
    return f"{scheme if scheme in ('http', 'https') else 'http'}://{host}"


def _host(address: str) -> str:
    return re.sub(r":(80|443)$", "", urlsplit(address).netloc.lower())
