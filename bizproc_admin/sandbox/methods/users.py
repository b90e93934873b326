"""user.*, profile: the people of the portal.

https://apidocs.bitrix24.com/api-reference/user/user-get
https://apidocs.bitrix24.com/api-reference/user/user-current
https://apidocs.bitrix24.com/api-reference/common/users/profile
"""

from typing import Any

from bizproc_admin.sandbox import overriding, php
from bizproc_admin.sandbox.clock import database_text, iso
from bizproc_admin.sandbox.listing import PAGE_SIZE, Page, sort_rows
from bizproc_admin.sandbox.methods.registry import Caller, Params, method
from bizproc_admin.sandbox.people_filter import FIELDS, matches, value_of
from bizproc_admin.sandbox.portal import Portal
from bizproc_admin.sandbox.records import User

_SCOPES = ("user", "user_basic", "user_brief")
_BRIEF = (
    "ID", "XML_ID", "ACTIVE", "NAME", "LAST_NAME", "SECOND_NAME", "TITLE", "IS_ONLINE",
    "TIME_ZONE", "TIME_ZONE_OFFSET", "TIMESTAMP_X", "DATE_REGISTER", "PERSONAL_PROFESSION",
    "PERSONAL_GENDER", "PERSONAL_BIRTHDAY", "PERSONAL_PHOTO", "PERSONAL_CITY", "WORK_POSITION",
    "UF_EMPLOYMENT_DATE", "UF_DEPARTMENT", "USER_TYPE",
)  # fmt: skip
_BASIC = ("EMAIL", "PERSONAL_MOBILE", "PERSONAL_WWW", "WORK_PHONE", "UF_PHONE_INNER")
_FULL = ("LAST_LOGIN", "LAST_ACTIVITY_DATE")
_PARAMETERS = {"FILTER", "SORT", "ORDER", "SELECT", "ADMIN_MODE", "IMAGE_RESIZE", "NAME_FORMAT"}


@method("user.get", scopes=_SCOPES)
def user_get(portal: Portal, caller: Caller, params: Params) -> Page:
    """List people; an empty answer has no total."""
    given = params.get("FILTER")
    source = given if php.is_array(given) else params.values
    tests = {
        key.upper(): value
        for key, value in php.items(source)
        if php.is_array(given) or key.upper() not in _PARAMETERS
    }
    found = [user for user in portal.users if _may_see(caller.user, user)]
    for key, wanted in tests.items():
        test = matches(key, wanted, now=portal.now())
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
    offset = max(params.start or 0, 0)
    rows = [_shown(user, caller.scopes, portal) for user in found[offset : offset + PAGE_SIZE]]
    if not rows:
        return Page([])
    wanted_fields = [php.text(item).upper() for item in php.values(params.get("SELECT"))]
    if wanted_fields:
        rows = [{k: v for k, v in row.items() if k == "ID" or k in wanted_fields} for row in rows]
    following = offset + len(rows)
    return Page(rows, len(found), following if following < len(found) else None)


def _may_see(viewer: User, user: User) -> bool:
    if viewer.user_type == "extranet" and viewer.id != user.id:
        return False
    return user.user_type in ("employee", "extranet", "email")


@method("user.current", scopes=_SCOPES)
def user_current(portal: Portal, caller: Caller, params: Params) -> dict[str, Any]:
    """Return the caller."""
    return _shown(caller.user, caller.scopes, portal)


@method("user.admin")
def user_admin(portal: Portal, caller: Caller, params: Params) -> bool:
    """Tell whether the caller administers the portal."""
    return caller.is_admin


@method("profile")
def profile(portal: Portal, caller: Caller, params: Params) -> dict[str, Any]:
    """Return the few things about the caller that need no scope."""
    user = caller.user
    row = {
        "ID": str(user.id),
        "ADMIN": user.admin,
        "NAME": user.name,
        "LAST_NAME": user.last_name,
        "PERSONAL_GENDER": user.gender,
        "TIME_ZONE": user.time_zone,
    }
    return overriding.shown(portal, "user", user.id, row)


def _shown(user: User, scopes: tuple[str, ...], portal: Portal) -> dict[str, Any]:
    full = "user" in scopes
    names = [*_BRIEF]
    if full or "user_basic" in scopes:
        names += _BASIC
    if full:
        names += _FULL
    everything = {
        "ID": str(user.id),
        "XML_ID": "",
        "ACTIVE": user.active,
        "NAME": user.name,
        "LAST_NAME": user.last_name,
        "SECOND_NAME": user.second_name,
        "TITLE": "",
        "EMAIL": user.email,
        "LAST_LOGIN": iso(user.last_login) or "",
        "DATE_REGISTER": iso(user.registered),
        "TIME_ZONE": user.time_zone,
        "TIME_ZONE_OFFSET": "10800",
        "IS_ONLINE": "Y" if user.online and user.active else "N",
        "TIMESTAMP_X": {},
        "LAST_ACTIVITY_DATE": database_text(user.last_login) or {},
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
    row = {name: everything[name] for name in names if name in everything}
    return overriding.shown(portal, "user", user.id, row, add=True)
