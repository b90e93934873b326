"""user.search: people by the beginnings of their names, position or department.

https://apidocs.bitrix24.com/api-reference/user/user-search
"""

from sandbox import php
from sandbox.lists.listing import Page, sort_rows
from sandbox.lists.people_filter import FIELDS, matches, value_of
from sandbox.methods.registry import Caller, Params, method
from sandbox.methods.users import SCOPES, may_see, page
from sandbox.state.portal import Portal
from sandbox.state.records import User

_TEXTS = ("NAME", "LAST_NAME", "SECOND_NAME", "WORK_POSITION", "UF_DEPARTMENT_NAME")
_PARAMETERS = {"FILTER", "SORT", "ORDER", "SELECT", "ADMIN_MODE", "IMAGE_RESIZE"}


@method("user.search", scopes=SCOPES)
def user_search(portal: Portal, caller: Caller, params: Params) -> Page:
    """List the people whose texts begin so; FIND looks into all of them, one word after another."""
    given = params.get("FILTER")
    tests = dict(php.items(given if php.is_array(given) else params.values))
    found = [user for user in portal.users if may_see(caller.user, user)]
    for key, wanted in tests.items():
        name = key.upper()
        if name == "FIND":
            words = php.text(wanted).casefold().split()
            found = [user for user in found if _has_all(portal, user, words)]
        elif name in _TEXTS:
            start = php.text(wanted).casefold().strip()
            found = [user for user in found if _begins(portal, user, name, start)]
        elif test := matches(name, wanted, now=portal.now(), zone=portal.clock.zone):
            found = [user for user in found if test(user)]
        elif php.is_array(given) or name not in _PARAMETERS:
            portal.complain("filter key dropped", key, method="user.search")
    column = php.text(params.get("SORT")).upper()
    descending = php.text(params.get("ORDER")).lower() == "desc"
    if column in FIELDS:
        sort_rows(found, {column: descending, "ID": False}, value_of)
    return page(portal, caller, params, found)


def _begins(portal: Portal, user: User, name: str, start: str) -> bool:
    return any(text.casefold().startswith(start) for text in _texts(portal, user, name))


def _has_all(portal: Portal, user: User, words: list[str]) -> bool:
    texts = [text for name in _TEXTS for text in _texts(portal, user, name)]
    known = [part.casefold() for text in texts for part in text.split()]
    return all(any(part.startswith(word) for part in known) for word in words)


def _texts(portal: Portal, user: User, name: str) -> list[str]:
    if name == "UF_DEPARTMENT_NAME":
        departments = [portal.departments.get(number) for number in user.departments]
        return [department.name for department in departments if department is not None]
    return [str(value_of(user, name) or "")]
