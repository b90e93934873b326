"""The sandbox as a Python object: a real HTTP server in threads of this process."""

import threading
from pathlib import Path
from types import TracebackType
from typing import Any

from sandbox import scenarios
from sandbox.gateway import keys
from sandbox.http.server import Server
from sandbox.oauth import addresses, applications
from sandbox.operations import Operations
from sandbox.outgoing.sender import Sender
from sandbox.state.portal import ADMINISTRATOR, EMPLOYEE, Portal
from sandbox.state.state_file import StateFile


class Sandbox(Operations):
    """An emulated portal; `with Sandbox() as sandbox` serves it on a free loopback port."""

    def __init__(
        self,
        *,
        scenario: str = "empty",
        workflows: int | None = None,
        seed: int = 1,
        limits: str = "off",
        latency: float = 0,
        state: str | Path | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        with_control: bool = True,
        redirect_uri: str | None = None,
        token_lifetime: float | None = None,
        password: str | None = None,
        language: str | None = None,
        zone: str | None = None,
        statuses: str = "usual",
        portal_url: str | None = None,
        auth_url: str | None = None,
        call_hosts: tuple[str, ...] = (),
    ) -> None:
        """Prepare the portal: from the state file when it holds one, else from the scenario.

        What is said here of the application, the language and the zone wins over what the state
        file says. `{port}` in a public address stands for the port that is listened on.
        Applications are called on this machine and on `call_hosts`, and nowhere else.
        """
        self.portal = Portal(seed=seed, limits=limits)
        self.portal.password = password or self.portal.password
        self.portal.redirect_uri = redirect_uri or ""
        if token_lifetime is not None:
            self.portal.token_lifetime = self.portal.first_token_lifetime = token_lifetime
        if language is not None:
            self.portal.language = self.portal.first_language = language
        self.portal.newer_statuses = self.portal.first_newer_statuses = statuses == "2026"
        if zone is not None:
            self.portal.first_zone = zone
            self.portal.clock.set_zone(zone)
        super().__init__(self.portal)
        # Listening comes first: a taken port must be told before anything is built or saved.
        self._server = Server((host, port), self.portal, latency=latency, with_control=with_control)
        self._state: StateFile | None = None
        bound, port = self._server.server_address[:2]
        self.portal.address = f"http://{bound!s}:{port}"
        try:
            self.portal.public_url = addresses.without_end(portal_url, port=port)
            self.portal.first_public_url = self.portal.public_url
            self.portal.auth_url = addresses.without_end(auth_url, port=port)
            self._fill(scenario, workflows=workflows, state=state)
            if redirect_uri is not None:
                self.change_application(redirect_uri=redirect_uri)
            if token_lifetime is not None:
                self.set_token_lifetime(token_lifetime)
            if language is not None:
                self.set_language(language)
            if zone is not None:
                self.set_zone(zone)
        except BaseException:
            self._server.server_close()
            raise
        self._thread: threading.Thread | None = None
        self._sender = Sender(self.portal, call_hosts)

    def _fill(self, scenario: str, *, workflows: int | None, state: str | Path | None) -> None:
        self._state = StateFile(state) if state is not None else None
        self.portal.store = self._state
        if self._state is None or not self._state.restore(self.portal):
            self.portal.first = {"scenario": scenario, "workflows": workflows}
            scenarios.load(self.portal, **self.portal.first)
        # A file written before there were applications has none.
        applications.make_first(self.portal)
        keys.make_first(self.portal)
        self.portal.commit()

    def __enter__(self) -> "Sandbox":
        self.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def open(self) -> None:
        """Start to serve; the socket listens already, so the first request cannot come early."""
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()
        self._sender.start()

    def close(self) -> None:
        """Stop serving and save."""
        self._sender.stop()
        if self._thread is not None:
            self._server.stop()
            self._thread.join()
            self._thread = None
        else:
            self._server.server_close()
        with self.portal.lock:
            self.portal.commit()
            self.portal.store = None
            if self._state is not None:
                self._state.close()

    @property
    def portal_url(self) -> str:
        """Return the portal's public address."""
        return addresses.known(self.portal).portal

    @property
    def webhook_url(self) -> str:
        """Return the administrator's webhook, ending in a slash."""
        return self.webhook_of(ADMINISTRATOR)

    @property
    def employee_webhook_url(self) -> str:
        """Return an employee's webhook, ending in a slash."""
        return self.webhook_of(EMPLOYEE)

    @property
    def control_url(self) -> str | None:
        """Return the address of the control plane, or None when it is off."""
        return f"{self.portal.address}/_sandbox/" if self._server.with_control else None

    @property
    def oauth(self) -> dict[str, str]:
        """Return what the settings of the first application show, and where tokens are got."""
        application = applications.named(self.portal, None)
        places = addresses.known(self.portal)
        return {
            "client_id": application.client_id,
            "client_secret": application.client_secret,
            "authorize_url": f"{places.portal}/oauth/authorize/",
            "token_url": places.token_url,
            "server_endpoint": places.server_endpoint,
            "member_id": applications.member_id(self.portal),
        }

    @property
    def gateway_url(self) -> str:
        """Return the base of the gateway's addresses, without a slash at its end."""
        return f"{self.portal.address}/gateway/v1"

    @property
    def gateway_key(self) -> str:
        """Return the administrator's personal key of the gateway."""
        return self._gateway_key(keys.PERSONAL)

    @property
    def gateway_app_key(self) -> str:
        """Return the key of the gateway's first application."""
        return self._gateway_key(keys.APPLICATION)

    def _gateway_key(self, prefix: str) -> str:
        return next(one.key for one in self.portal.gateway_keys if one.key.startswith(prefix))

    def webhook_of(self, user_id: int) -> str:
        """Return the first webhook of a person."""
        webhook = next(w for w in self.portal.webhooks if w.user_id == user_id)
        return f"{self.portal_url}/rest/{webhook.user_id}/{webhook.code}/"

    def announcement(self) -> dict[str, Any]:
        """Return what the program prints when it is ready."""
        return {
            "portal_url": self.portal_url,
            "webhook_url": self.webhook_url,
            "employee_webhook_url": self.employee_webhook_url,
            "control_url": self.control_url,
            "oauth": self.oauth,
            "gateway_url": self.gateway_url,
            "gateway_key": self.gateway_key,
            "gateway_app_key": self.gateway_app_key,
        }
