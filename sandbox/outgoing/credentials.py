"""What the portal sends along so that an application knows it, and may act for somebody."""

import hashlib
from typing import Any

from sandbox.oauth import addresses, applications, tokens
from sandbox.state.portal import Portal
from sandbox.state.records import Application, OutgoingCall


def credentials(portal: Portal, call: OutgoingCall) -> dict[str, Any]:
    """Return `auth` of a call: with tokens where a person was resolved; nothing without the app."""
    if call.auth:
        return call.auth
    application = portal.applications.get(call.client_id)
    if application is None or not application.installed:
        return {}
    places, known = addresses.known(portal), identity(portal, application)
    user = portal.users.get(call.user_id)
    if user is None or not user.active or not applications.is_open_to(application, user.id):
        return known
    grant = tokens.issue(portal, application, user.id)
    return {**tokens.answer(portal, grant, addresses=places), **known}


def identity(portal: Portal, application: Application) -> dict[str, Any]:
    """Return what says which portal calls, and proves it to the application."""
    return {
        "domain": addresses.known(portal).portal_host,
        "member_id": applications.member_id(portal),
        "application_token": application_token(portal, application),
    }


def application_token(portal: Portal, application: Application) -> str:
    """Return what the portal proves itself by to an application, always the same."""
    parts = (
        applications.member_id(portal),
        str(application.id),
        application.client_secret,
        f"shared key of {portal.seed}",
    )
    return hashlib.md5("|".join(parts).encode(), usedforsecurity=False).hexdigest()
