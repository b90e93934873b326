"""Operations on local applications, their codes and their tokens."""

from typing import Any

from sandbox.methods import actions
from sandbox.oauth import addresses, applications, tokens
from sandbox.outgoing import announcing
from sandbox.scenarios import called_steps
from sandbox.scenarios.company import YEAR
from sandbox.state.portal import Portal
from sandbox.state.records import pack


class ApplicationOperations:
    """What is installed, and what people have been given for it."""

    def __init__(self, portal: Portal) -> None:
        """Act on this portal."""
        self._portal = portal

    def add_application(
        self, scopes: list[str] | None = None, redirect_uri: str = "", **more: Any
    ) -> dict[str, Any]:
        """Install a local application; more settings as in `records.Application`."""
        portal = self._portal
        with portal.lock:
            application = applications.add(portal, scopes=scopes, redirect_uri=redirect_uri, **more)
            portal.commit()
            return pack(application)

    def change_application(self, client_id: str | None = None, **changes: Any) -> dict[str, Any]:
        """Change an application's settings, of the first one when no id is given."""
        portal = self._portal
        with portal.lock:
            application = applications.named(portal, client_id)
            removed = application.installed and changes.get("installed") is False
            if removed:
                announcing.announce(
                    portal, application, announcing.UNINSTALL, {"CLEAN": 0}, user_id=0
                )
            applications.change(portal, application, changes)
            if removed:
                announcing.forget(portal, application)
            portal.commit()
            return pack(application)

    def remove_application(self, client_id: str | None = None) -> None:
        """Uninstall an application; its tokens are good for nothing any more."""
        self.change_application(client_id, installed=False)

    def announce_application(
        self, event: str, client_id: str | None = None, user_id: int = 1
    ) -> None:
        """Tell an application that it was installed or updated: ONAPPINSTALL or ONAPPUPDATE.

        Editing a local application tells nothing by itself.
        """
        portal = self._portal
        if event not in (announcing.INSTALL, announcing.UPDATE):
            raise ValueError(f"{event!r} is neither ONAPPINSTALL nor ONAPPUPDATE.")
        with portal.lock:
            application = applications.named(portal, client_id)
            data = {"VERSION": 1, "ACTIVE": "Y", "INSTALLED": "Y"}
            announcing.announce(portal, application, event, data, user_id=int(user_id))
            portal.commit()

    def actions(self) -> list[dict[str, Any]]:
        """Return what applications have registered: kind, code, and the definition of each."""
        with self._portal.lock:
            return [
                {
                    "client_id": action.client_id,
                    "kind": action.kind,
                    "code": action.code,
                    "definition": {
                        "HANDLER": action.handler,
                        "AUTH_USER_ID": action.auth_user_id,
                        "USE_SUBSCRIPTION": action.use_subscription,
                        "NAME": action.name,
                        "DESCRIPTION": action.description,
                        "PROPERTIES": action.properties,
                        "RETURN_PROPERTIES": action.return_properties,
                        "DOCUMENT_TYPE": list(action.document_type),
                        "FILTER": action.filter,
                    },
                }
                for action in self._portal.actions
                if action.client_id in self._portal.applications
            ]

    def serve_actions(self, address: str, client_id: str | None = None) -> int:
        """Serve the demo's actions at an address, and send it the calls that wait for one.

        Returns how many. Until then they wait, whatever the clock does.
        """
        portal = self._portal
        actions.check_handler(address)
        with portal.lock:
            number = called_steps.serve(portal, str(address), client_id)
            portal.touched = True
            portal.commit()
            return number

    def applications(self) -> list[dict[str, Any]]:
        """Return the applications with their secrets, removed ones included."""
        with self._portal.lock:
            return [pack(application) for application in self._portal.applications]

    def oauth_code(self, user_id: int, client_id: str | None = None) -> str:
        """Return a code, as if this person had just signed in and been sent back."""
        portal = self._portal
        with portal.lock:
            application = applications.named(portal, client_id)
            code = tokens.issue_code(portal, application, portal.users[int(user_id)].id)
            portal.commit()
            return code

    def tokens_for(self, user_id: int, client_id: str | None = None) -> dict[str, Any]:
        """Return what the token server answers to a person's code."""
        portal = self._portal
        with portal.lock:
            application = applications.named(portal, client_id)
            grant = tokens.issue(portal, application, portal.users[int(user_id)].id)
            portal.commit()
            return tokens.answer(portal, grant, addresses=addresses.known(portal))

    def expire_tokens(self, user_id: int | None = None) -> None:
        """Make access tokens expire now, of one person or of all."""
        portal = self._portal
        with portal.lock:
            tokens.expire(portal, None if user_id is None else int(user_id))
            portal.commit()

    def revoke_tokens(self, user_id: int | None = None) -> None:
        """Make access and refresh tokens worthless, of one person or of all."""
        portal = self._portal
        with portal.lock:
            tokens.revoke(portal, None if user_id is None else int(user_id))
            portal.commit()

    def set_token_lifetime(self, seconds: float) -> None:
        """Let the access tokens given from now on live for so many seconds."""
        portal = self._portal
        lifetime = float(seconds)
        if not 0 <= lifetime <= 10 * YEAR:
            raise ValueError("A token lives for ten years at most.")
        with portal.lock:
            portal.token_lifetime = lifetime
            portal.touched = True
            portal.commit()
