"""Local applications of the portal: how one is made, found, and what it shows of itself."""

import random
from typing import Any

from sandbox.state.field_types import checked
from sandbox.state.portal import Portal
from sandbox.state.records import Application

#: What the application that every scenario starts with may do.
FIRST_SCOPES = ("bizproc", "user", "department", "task")
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_FIXED = ("id", "client_id")
#: What an application is taken away by, or made another version of itself.
_MAKES_ANEW = ("installed", "name", "scopes", "redirect_uri", "client_secret")


def make_first(portal: Portal) -> None:
    """Give a portal without applications its first one; the same seed, the same secrets."""
    if not len(portal.applications):
        add(portal, scopes=None, redirect_uri=portal.redirect_uri, name="bizproc-admin")


def add(portal: Portal, *, scopes: list[str] | None, redirect_uri: str, **more: Any) -> Application:
    """Install one more local application."""
    scopes = list(FIRST_SCOPES) if scopes is None else scopes
    given = {"scopes": scopes, "redirect_uri": redirect_uri, **more}
    settings = checked(Application, given, fixed=_FIXED)
    number = portal.next_number("application")
    rng = random.Random(f"application {number} of {portal.seed}")
    client_id = f"local.{rng.getrandbits(56):014x}.{rng.randrange(10_000_000, 99_999_999)}"
    secret = "".join(rng.choices(_LETTERS, k=50))
    application = Application(
        **{"client_secret": secret, **settings}, id=number, client_id=client_id
    )
    portal.applications.put(client_id, application)
    return application


def change(portal: Portal, application: Application, changes: dict[str, Any]) -> None:
    """Change the settings of an application; one that comes back starts without old tokens.

    Removing or updating it takes what it has registered out of the portal.
    """
    checked(Application, changes, fixed=_FIXED)
    if changes.get("installed") and not application.installed:
        for grant in [g for g in portal.grants if g.client_id == application.client_id]:
            portal.grants.drop(grant.access_token)
    if any(name in changes and changes[name] != getattr(application, name) for name in _MAKES_ANEW):
        for action in [a for a in portal.actions if a.client_id == application.client_id]:
            portal.actions.drop(action.key)
    for name, value in changes.items():
        setattr(application, name, value)
    portal.applications.put(application.client_id, application)


def named(portal: Portal, client_id: str | None) -> Application:
    """Return an application, the first one when no id is given."""
    if client_id is None:
        return min(portal.applications, key=lambda application: application.id)
    return portal.applications[client_id]


def is_open_to(application: Application, user_id: int) -> bool:
    """Tell whether a person may use the application."""
    return application.users is None or user_id in application.users


def member_id(portal: Portal) -> str:
    """Return the portal's own id, 32 hexadecimal digits."""
    return f"{random.Random(f'member of {portal.seed}').getrandbits(128):032x}"
