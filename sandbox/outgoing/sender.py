"""The thread that posts the queued calls, one after the other, and never holds the portal's lock
while it waits for an application.

Only addresses of this machine are called, and hosts that were named when the sandbox was started;
any other name is not even looked up. Whatever is answered is received and not heeded.
"""

import ipaddress
import threading
from http.client import HTTPConnection, HTTPSConnection
from urllib.parse import urlsplit

from sandbox import php
from sandbox.due import bring_up_to_date
from sandbox.outgoing import queue
from sandbox.outgoing.credentials import credentials
from sandbox.state.portal import Portal
from sandbox.state.records import OutgoingCall

_PATIENCE = 5.0
_LONGEST_SLEEP = 1.0
_FORM = "application/x-www-form-urlencoded"


class NotAllowed(Exception):
    """The address is neither of this machine nor of a host that was named."""


class Sender:
    """Posts what is queued at one portal."""

    def __init__(self, portal: Portal, hosts: tuple[str, ...]) -> None:
        """Post to this machine and to these hosts."""
        self._portal = portal
        self._hosts = frozenset(host.lower() for host in hosts)
        self._stopped = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._stopped = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the call that is under way; what is queued stays queued."""
        self._stopped = True
        self._portal.stirred.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        portal = self._portal
        while not self._stopped:
            portal.stirred.clear()
            call, pause = self._next()
            if call is not None:
                self._send(call)
            else:
                portal.stirred.wait(pause)

    def _next(self) -> tuple[OutgoingCall | None, float | None]:
        """Return a call that is due, or else how long to sleep; None until something stirs."""
        portal = self._portal
        with portal.lock:
            if any(late["due"] <= portal.now() for late in portal.late):
                bring_up_to_date(portal)
            now = portal.now()
            due = next((call for call in portal.outgoing if call.due <= now), None)
            idle = not len(portal.outgoing) and not portal.late
            return due, None if idle else _LONGEST_SLEEP

    def _send(self, call: OutgoingCall) -> None:
        portal = self._portal
        with portal.lock:
            auth = credentials(portal, call)
            form = {**call.form, "auth": auth}
            portal.commit()
        status, error = 0, ""
        try:
            if not auth:
                raise NotAllowed("the application is gone")
            status = self._post(call.address, php.build_query(form).encode())
        except Exception as problem:  # noqa: BLE001 - the thread goes on whatever an address does
            error = f"{type(problem).__name__}: {problem}"
        with portal.lock:
            # A reset may have emptied the queue meanwhile, and numbered anew.
            if portal.outgoing.get(call.id) is call:
                portal.outgoing.drop(call.id)
                queue.note(portal, call, status=status, error=error)
                portal.commit()

    def _post(self, address: str, body: bytes) -> int:
        parts = urlsplit(address)
        host = parts.hostname or ""
        if not _is_of_this_machine(host) and host not in self._hosts:
            raise NotAllowed(f"{host} was not named as a host to call")
        kind = HTTPSConnection if parts.scheme.lower() == "https" else HTTPConnection
        connection = kind(host, parts.port, timeout=_PATIENCE)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request("POST", target, body, {"Content-Type": _FORM})
            answer = connection.getresponse()
            answer.read(65_536)
            return answer.status
        finally:
            connection.close()


def _is_of_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
