"""Operations on the gateway: keys, sessions, and how long a soft end waits."""

from typing import Any

from sandbox.gateway import keys
from sandbox.scenarios.company import YEAR
from sandbox.state.portal import ALL_SCOPES, Portal
from sandbox.state.records import GatewayKey, pack

_CHANGEABLE = ("scopes", "redirect_uris", "name", "read_only", "connected", "active", "portal")


class GatewayOperations:
    """What an account at the gateway could change."""

    def __init__(self, portal: Portal) -> None:
        """Act on this portal."""
        self._portal = portal

    def add_gateway_key(
        self,
        kind: str = "personal",
        user_id: int = 1,
        scopes: list[str] | None = None,
        redirect_uris: list[str] | None = None,
        *,
        read_only: bool = False,
    ) -> str:
        """Make a key: a "personal" one, one of an "application", or one of "management"."""
        portal = self._portal
        if kind not in keys.KINDS:
            raise ValueError(f"{kind!r} is none of {', '.join(keys.KINDS)}.")
        with portal.lock:
            key = GatewayKey(
                keys.fresh(keys.KINDS[kind]),
                int(user_id) if kind == "personal" else 0,
                list(ALL_SCOPES if scopes is None else map(str, scopes)),
                list(map(str, redirect_uris or [])),
                read_only=bool(read_only),
            )
            portal.gateway_keys.put(key.key, key)
            portal.commit()
            return key.key

    def change_gateway_key(self, key: str, **changes: Any) -> dict[str, Any]:
        """Change a key: scopes, redirect_uris, name, read_only, connected, active, portal."""
        portal = self._portal
        with portal.lock:
            found = portal.gateway_keys[key]
            for name, value in changes.items():
                if name not in _CHANGEABLE:
                    raise ValueError(f"{name!r} of a key cannot be changed.")
                setattr(found, name, type(getattr(found, name))(value))
            portal.gateway_keys.put(key, found)
            portal.commit()
            return pack(found)

    def gateway_keys(self) -> list[dict[str, Any]]:
        """Return the keys."""
        with self._portal.lock:
            return [pack(key) for key in self._portal.gateway_keys]

    def end_gateway_sessions(self) -> None:
        """Let the sessions of all people run out now."""
        portal = self._portal
        with portal.lock:
            for session in list(portal.gateway_sessions):
                session.expires = portal.now()
                portal.gateway_sessions.put(session.token, session)
            portal.commit()

    def fill_gateway_limit(self, requests: int, source: str = "127.0.0.1") -> None:
        """Count requests of a neighbour on the same address to the gateway in this minute."""
        with self._portal.lock:
            for _ in range(min(int(requests), 1000)):
                self._portal.gateway_limit.admit(source)

    def set_gateway_soft_delay(self, seconds: float) -> None:
        """Let the current step of a workflow go on for so long after it was to end softly."""
        if not 0 <= float(seconds) <= YEAR:
            raise ValueError("A step goes on for a year at most.")
        self._portal.gateway_soft_delay = float(seconds)
