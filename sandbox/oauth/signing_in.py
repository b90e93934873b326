"""Signing in to the portal with a browser, and the way back to the application with a code."""

import re
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from sandbox import php
from sandbox.oauth import applications, pages, tokens
from sandbox.oauth.addresses import Addresses
from sandbox.state.portal import Portal
from sandbox.state.records import Application, PortalSession, User

COOKIE = "BITRIX_SANDBOX_SESSION"
_ATTRIBUTES = "Path=/; HttpOnly; SameSite=Lax"
_WRONG = "Incorrect login or password."


@dataclass(frozen=True)
class Reply:
    """A page or a redirect."""

    status: int
    content: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)


def authorize(
    portal: Portal,
    *,
    query: dict[str, Any],
    form: dict[str, Any] | None,
    cookies: str,
    addresses: Addresses,
) -> Reply:
    """Answer /oauth/authorize/: the sign-in page, or the way back to the application.

    `form` is what was posted, None when nothing was.
    """
    with portal.lock:
        given = {**query, **(form or {})}
        client_id, state = php.text(given.get("client_id")), php.text(given.get("state"))
        application = portal.applications.get(client_id)
        refusal = _unusable(portal, application)
        if application is None or refusal is not None:
            return refusal or _trouble(portal, 404, "Application not found", "")
        action = "/oauth/authorize/?" + urlencode({"client_id": client_id, "state": state})
        user, page = person(
            portal,
            name=application.name,
            action=action,
            query=query,
            form=form,
            cookies=cookies,
        )
        if user is None:
            return page
        reply = _back(portal, application, user, state=state, action=action, addresses=addresses)
        portal.commit()
        return Reply(reply.status, reply.content, [*page.headers, *reply.headers])


def person(
    portal: Portal,
    *,
    name: str,
    action: str,
    query: dict[str, Any],
    form: dict[str, Any] | None,
    cookies: str,
) -> tuple[User | None, Reply]:
    """Return who is signed in to the portal, with headers to send along; or the page to sign in.

    `name` is the application's, `action` where the page posts to.
    """
    headers: list[tuple[str, str]] = []
    user = _signed_in(portal, cookies)
    typed, message = "", ""
    if form is not None and "USER_LOGIN" in form:
        typed = php.text(form.get("USER_LOGIN")).strip()
        user = _person(portal, typed, php.text(form.get("USER_PASSWORD")))
        message = "" if user else _WRONG
        headers = [_new_session(portal, user, cookies)] if user else []
    elif not php.is_empty(query.get("logout")):
        user, headers = None, [_end_session(portal, cookies)]
    if user is not None:
        return user, Reply(200, "", headers)
    portal.commit()
    page = pages.sign_in(
        action=action,
        company=_company(portal),
        application=name,
        password=portal.password,
        people=[u for u in portal.users if u.active],
        typed=typed,
        message=message,
    )
    return None, Reply(200, page, headers)


def sign_out(portal: Portal, *, cookies: str) -> Reply:
    """Answer /oauth/logout/: end the portal's session of this browser."""
    with portal.lock:
        header = _end_session(portal, cookies)
        portal.commit()
        reply = _trouble(
            portal, 200, "You are signed out", "Open the application to sign in again."
        )
        return Reply(200, reply.content, [header])


def _unusable(portal: Portal, application: Application | None) -> Reply | None:
    if application is None:
        text = "The address names an application that this portal does not know."
        return _trouble(portal, 404, "Application not found", text)
    if not application.installed or not application.active:
        text = "The application was removed from this portal or is switched off."
        return _trouble(portal, 403, "Application not installed", text)
    if not re.match(r"https?://[^/]", application.redirect_uri):
        text = "The settings of the application name no address to return to."
        return _trouble(portal, 400, "The application cannot be opened", text)
    return None


def _back(
    portal: Portal,
    application: Application,
    user: User,
    *,
    state: str,
    action: str,
    addresses: Addresses,
) -> Reply:
    if not applications.is_open_to(application, user.id):
        page = pages.trouble(
            company=_company(portal),
            title="No access to the application",
            text=f"{user.full_name} may not use “{application.name}”.",
            link=f"{action}&logout=yes",
            label="Sign in as somebody else",
        )
        return Reply(403, page)
    told = {
        "code": tokens.issue_code(portal, application, user.id),
        "state": state,
        "domain": addresses.portal_host,
        "member_id": applications.member_id(portal),
        "scope": ",".join(application.scopes),
        "server_domain": addresses.auth_host,
    }
    base, hash_sign, fragment = application.redirect_uri.partition("#")
    joint = "&" if "?" in base else "?"
    return Reply(302, "", [("Location", f"{base}{joint}{urlencode(told)}{hash_sign}{fragment}")])


def _person(portal: Portal, login: str, password: str) -> User | None:
    if password != portal.password or not login:
        return None
    wanted = login.casefold()
    active = [user for user in portal.users if user.active]
    for names in (
        lambda user: (user.email, str(user.id)),
        lambda user: (pages.login(user),),
    ):
        for user in active:
            if wanted in [name.casefold() for name in names(user) if name]:
                return user
    return None


def _signed_in(portal: Portal, cookies: str) -> User | None:
    session = portal.sessions.get(_key(cookies))
    user = portal.users.get(session.user_id) if session else None
    return user if user is not None and user.active else None


def _new_session(portal: Portal, user: User, cookies: str) -> tuple[str, str]:
    portal.sessions.drop(_key(cookies))
    session = PortalSession(secrets.token_urlsafe(24), user.id)
    portal.sessions.put(session.key, session)
    return "Set-Cookie", f"{COOKIE}={session.key}; {_ATTRIBUTES}"


def _end_session(portal: Portal, cookies: str) -> tuple[str, str]:
    portal.sessions.drop(_key(cookies))
    return "Set-Cookie", f"{COOKIE}=; Max-Age=0; {_ATTRIBUTES}"


def _key(cookies: str) -> str:
    # Other programs on the same host send their cookies too, not all of them well formed.
    for part in cookies.split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value
    return ""


def _trouble(portal: Portal, status: int, title: str, text: str) -> Reply:
    return Reply(status, pages.trouble(company=_company(portal), title=title, text=text))


def _company(portal: Portal) -> str:
    root = next((d for d in portal.departments if d.parent is None), None)
    return root.name if root else "Company"
