"""Events of an application itself, told to the handlers that it has bound."""

from typing import Any

from sandbox.outgoing import queue
from sandbox.outgoing.credentials import identity
from sandbox.state.portal import Portal
from sandbox.state.records import Application, EventHandler

TEST, INSTALL = "ONAPPTEST", "ONAPPINSTALL"
UPDATE, UNINSTALL = "ONAPPUPDATE", "ONAPPUNINSTALL"
EVENTS = (TEST, INSTALL, UPDATE, UNINSTALL)


def bound(portal: Portal, application: Application) -> list[EventHandler]:
    """Return what an application has bound, in the order of binding."""
    return [one for one in portal.handlers if one.client_id == application.client_id]


def announce(
    portal: Portal, application: Application, event: str, data: dict[str, Any], *, user_id: int
) -> None:
    """Queue an event; a handler may have named somebody else to act for."""
    for handler in bound(portal, application):
        if handler.event == event:
            # An application that is being removed is told without tokens.
            auth = identity(portal, application) if event == UNINSTALL else {}
            queue.put(
                portal,
                application,
                name=event,
                address=handler.handler,
                form={"event": event, "data": {**data, "LANGUAGE_ID": portal.language}},
                user_id=handler.user_id or user_id,
                auth=auth,
            )


def forget(portal: Portal, application: Application) -> None:
    """Unbind everything of an application."""
    for handler in bound(portal, application):
        portal.handlers.drop(handler.id)
