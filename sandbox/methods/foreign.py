"""What else a portal in the cloud knows: its scopes, and the methods of its other tools.

Nobody here was given what those methods need, so whoever is known is told `insufficient_scope`.

https://apidocs.bitrix24.com/api-reference/scopes/permissions
"""

from typing import Any

from sandbox.methods.registry import METHODS, Caller, Method, Params
from sandbox.refusals import insufficient_scope
from sandbox.state.portal import Portal

CLOUD_SCOPES = (
    "ai_admin", "appform", "baas", "biconnector", "bizproc", "calendar", "calendarmobile", "call",
    "cashbox", "catalog", "catalogmobile", "configuration.import", "contact_center", "crm",
    "crm.documentgenerator", "delivery", "department", "disk", "documentgenerator", "entity",
    "forum", "humanresources.hcmlink", "iblock", "im", "imbot", "imconnector", "imopenlines",
    "intranet", "landing", "landing_cloud", "lists", "log", "mail", "mailservice", "main",
    "messageservice", "mobile", "notifications", "pay_system", "placement", "pull",
    "pull_channel", "rating", "rpa", "sale", "salescenter", "sign.b2e", "smile", "socialnetwork",
    "sonet_group", "task", "tasks", "tasks_extended", "tasksmobile", "telephony", "timeman",
    "user", "user.userfield", "user_basic", "user_brief", "userconsent", "userfieldconfig", "vote",
)  # fmt: skip
_NOT_GIVEN = ("a tool that is not here",)
#: First words of the methods of other tools;
_TOOLS = frozenset((
    "ai", "app", "biconnector", "bizcard", "booking", "calendar", "call", "catalog", "crm",
    "disk", "documentgenerator", "entity", "event", "forum", "humanresources", "iblock", "im",
    "imbot", "imconnector", "imopenlines", "imessage", "intranet", "landing", "lists", "log",
    "mail", "mailservice", "main", "messageservice", "mobile", "placement", "pull", "rpa", "sale",
    "salescenter", "sign", "socialnetwork", "sonet_group", "task", "tasks", "telephony",
    "timeman", "userconsent", "userfieldconfig", "userfieldtype", "vote", "voximplant",
))  # fmt: skip
_PARTS = ("user.option.", "user.userfield.", "bizproc.document.")


def named(name: str) -> Method | None:
    """Return the method of a name in any case: one of ours, a foreign one, or None."""
    name = name.lower()
    found = METHODS.get(name)
    if found is None and _is_foreign(name):
        return Method(name, _refuse, scopes=_NOT_GIVEN, changes=False, upper=False)
    return found


def _is_foreign(name: str) -> bool:
    words = name.split(".")
    if not 2 <= len(words) <= 6 or not all(word.replace("_", "").isalnum() for word in words):
        return False
    return words[0] in _TOOLS or name.startswith(_PARTS)


def _refuse(portal: Portal, caller: Caller, params: Params) -> Any:
    raise insufficient_scope(by_token=caller.application is not None)
