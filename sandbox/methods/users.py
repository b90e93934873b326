"""user.*, profile: the people of the portal; `searching` has user.search.

https://apidocs.bitrix24.com/api-reference/user/user-get
https://apidocs.bitrix24.com/api-reference/user/user-current
https://apidocs.bitrix24.com/api-reference/common/users/profile
"""

from datetime import datetime
from typing import Any

from sandbox import php
from sandbox.lists.listing import PAGE_SIZE, Page, sort_rows
from sandbox.lists.people_filter import FIELDS, matches, value_of
from sandbox.methods.registry import Caller, Params, method
from sandbox.state import overriding
from sandbox.state.portal import Portal
from sandbox.state.records import User

SCOPES = ("user", "user_basic", "user_brief")
_BRIEF = (
    "ID", "XML_ID", "ACTIVE", "NAME", "LAST_NAME", "SECOND_NAME", "TITLE", "IS_ONLINE",
    "TIME_ZONE", "TIME_ZONE_OFFSET", "TIMESTAMP_X", "DATE_REGISTER", "PERSONAL_PROFESSION",
    "PERSONAL_GENDER", "PERSONAL_BIRTHDAY", "PERSONAL_PHOTO", "PERSONAL_CITY", "WORK_POSITION",
    "UF_EMPLOYMENT_DATE", "UF_DEPARTMENT", "USER_TYPE",
)  # fmt: skip
_BASIC = ("EMAIL", "PERSONAL_MOBILE", "PERSONAL_WWW", "WORK_PHONE", "UF_PHONE_INNER")
_FULL = ("LAST_LOGIN", "LAST_ACTIVITY_DATE")
_TITLES = {
    "ID": "ID",
    "XML_ID": "External ID",
    "ACTIVE": "Active",
    "NAME": "First name",
    "LAST_NAME": "Last name",
    "SECOND_NAME": "Middle name",
    "TITLE": "Title",
    "IS_ONLINE": "Online",
    "TIME_ZONE": "Time zone",
    "TIME_ZONE_OFFSET": "Time zone offset",
    "DATE_REGISTER": "Registered on",
    "PERSONAL_PROFESSION": "Profession",
    "PERSONAL_GENDER": "Gender",
    "PERSONAL_BIRTHDAY": "Date of birth",
    "PERSONAL_PHOTO": "Photo",
    "PERSONAL_CITY": "City",
    "WORK_POSITION": "Position",
    "UF_EMPLOYMENT_DATE": "Hired on",
    "UF_DEPARTMENT": "Departments",
    "USER_TYPE": "User type",
    "EMAIL": "E-Mail",
    "PERSONAL_MOBILE": "Mobile phone",
    "PERSONAL_WWW": "Website",
    "WORK_PHONE": "Work phone",
    "UF_PHONE_INNER": "Extension number",
    "LAST_LOGIN": "Last login",
}
_PARAMETERS = {"FILTER", "SORT", "ORDER", "SELECT", "ADMIN_MODE", "IMAGE_RESIZE", "NAME_FORMAT"}


@method("user.get", scopes=SCOPES)
def user_get(portal: Portal, caller: Caller, params: Params) -> Page:
    """List people; an empty answer has no total."""
    given = params.get("FILTER")
    source = given if php.is_array(given) else params.values
    tests = {
        key.upper(): value
        for key, value in php.items(source)
        if php.is_array(given) or key.upper() not in _PARAMETERS
    }
    found = [user for user in portal.users if may_see(caller.user, user)]
    for key, wanted in tests.items():
        test = matches(key, wanted, now=portal.now(), zone=portal.clock.zone)
        if test is None and not php.is_array(given):
            continue
        if test is None:
            portal.complain("filter key dropped", key, method="user.get")
        else:
            found = [user for user in found if test(user)]
    name = php.text(params.get("SORT")).upper()
    descending = php.text(params.get("ORDER")).lower() == "desc"
    ordering = {name if name in FIELDS else "ID": descending and name in FIELDS, "ID": False}
    if name == "ID":
        ordering = {"ID": descending}
    sort_rows(found, ordering, value_of)
    return page(portal, caller, params, found)


def page(portal: Portal, caller: Caller, params: Params, found: list[User]) -> Page:
    """Show the page of people that was asked for; an empty answer has no total."""
    offset = max(params.start or 0, 0)
    rows = [_shown(user, caller.scopes, portal) for user in found[offset : offset + PAGE_SIZE]]
    if not rows:
        return Page([])
    wanted_fields = [php.text(item).upper() for item in php.values(params.get("SELECT"))]
    if wanted_fields:
        rows = [{k: v for k, v in row.items() if k == "ID" or k in wanted_fields} for row in rows]
    following = offset + len(rows)
    return Page(rows, len(found), following if following < len(found) else None)


def may_see(viewer: User, user: User) -> bool:
    """Tell whether somebody is shown another person at all."""
    if viewer.user_type == "extranet" and viewer.id != user.id:
        return False
    return user.user_type in ("employee", "extranet", "email")


@method("user.current", scopes=SCOPES)
def user_current(portal: Portal, caller: Caller, params: Params) -> dict[str, Any]:
    """Return the caller."""
    return _shown(caller.user, caller.scopes, portal, current=True)


@method("user.fields", scopes=SCOPES)
def user_fields(portal: Portal, caller: Caller, params: Params) -> dict[str, str]:
    """Return the fields that the caller is shown, with their names."""
    return {name: _TITLES.get(name, name) for name in _names(caller.scopes)}


@method("user.admin")
def user_admin(portal: Portal, caller: Caller, params: Params) -> bool:
    """Tell whether the caller administers the portal."""
    return caller.is_admin


@method("profile")
def profile(portal: Portal, caller: Caller, params: Params) -> dict[str, Any]:
    """Return the few things about the caller that need no scope."""
    user = caller.user
    row: dict[str, Any] = {
        "ID": str(user.id),
        "ADMIN": user.admin,
        "NAME": user.name,
        "LAST_NAME": user.last_name,
        "PERSONAL_GENDER": user.gender,
    }
    if user.time_zone is not None:
        row["TIME_ZONE"] = user.time_zone
    return overriding.shown(portal, "user", user.id, row)


def _shown(
    user: User, scopes: tuple[str, ...], portal: Portal, *, current: bool = False
) -> dict[str, Any]:
    everything = _fields(user, portal) | _moments(user, portal, current=current)
    row = {name: everything[name] for name in _names(scopes) if everything.get(name) is not None}
    return overriding.shown(portal, "user", user.id, row, add=True)


def _names(scopes: tuple[str, ...]) -> list[str]:
    full = "user" in scopes
    contact = _BASIC if full or "user_basic" in scopes else ()
    return [*_BRIEF, *contact, *(_FULL if full else ())]


def _fields(user: User, portal: Portal) -> dict[str, Any]:
    return {
        "ID": str(user.id),
        "XML_ID": "",
        "ACTIVE": user.active,
        "NAME": user.name,
        "LAST_NAME": user.last_name,
        "SECOND_NAME": user.second_name,
        "TITLE": "",
        "EMAIL": user.email,
        "TIME_ZONE": user.time_zone,
        "TIME_ZONE_OFFSET": str(_ahead(user, portal)),
        "IS_ONLINE": "Y" if user.online and user.active else "N",
        "PERSONAL_GENDER": user.gender,
        "PERSONAL_PROFESSION": "",
        "PERSONAL_BIRTHDAY": "",
        "PERSONAL_CITY": "",
        "PERSONAL_MOBILE": user.phone,
        "PERSONAL_WWW": "",
        "WORK_PHONE": user.phone,
        "WORK_POSITION": user.position,
        "UF_EMPLOYMENT_DATE": "",
        "UF_DEPARTMENT": user.departments,
        "UF_PHONE_INNER": str(100 + user.id),
        "USER_TYPE": user.user_type,
    }


def _moments(user: User, portal: Portal, *, current: bool) -> dict[str, Any]:
    clock = portal.clock
    seen = clock.database_text(user.last_login)
    changed = datetime.fromtimestamp(user.registered, clock.zone)
    # Lists show the two last ones as objects, which are empty in JSON.
    return {
        "LAST_LOGIN": clock.iso(user.last_login) or "",
        "DATE_REGISTER": clock.iso(user.registered),
        "TIMESTAMP_X": f"{changed:%d.%m.%Y %H:%M:%S}" if current else {},
        "LAST_ACTIVITY_DATE": (seen or "") if current else {},
    }


def _ahead(user: User, portal: Portal) -> int:
    try:
        return portal.clock.ahead(user.time_zone or "")
    except (KeyError, OSError, ValueError):
        return user.time_zone_offset
