"""bizproc.activity.* and bizproc.robot.*: actions and automation rules that applications register.

https://apidocs.bitrix24.com/api-reference/bizproc/bizproc-activity/index
https://apidocs.bitrix24.com/api-reference/bizproc/bizproc-robot/index
"""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from sandbox import bpt, php
from sandbox.methods.registry import Caller, Params, Written, method
from sandbox.refusals import Refusal
from sandbox.state import documents
from sandbox.state.portal import Portal
from sandbox.state.records import ACTIVITY, ROBOT, Action, Application, action_key

_SCOPE = ("bizproc",)
_CODE = re.compile(r"[A-Za-z0-9._-]+")
_PROPERTY = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
#: What lies directly inside these keeps the case of its names; all else is upper-cased.
_OWN_NAMES = ("PROPERTIES", "RETURN_PROPERTIES", "OPTIONS")
#: The order of checks after code, handler and name.
_CHECKED = {
    ACTIVITY: ("PROPERTIES", "RETURN_PROPERTIES", "DOCUMENT_TYPE", "FILTER"),
    ROBOT: ("PROPERTIES", "DOCUMENT_TYPE", "RETURN_PROPERTIES", "FILTER"),
}
_LONGEST_CODE, _LONGEST_HANDLER, _TOO_LONG = 128, 1000, 65_535


def add(portal: Portal, caller: Caller, given: dict[str, Any], kind: str) -> Written:
    """Register an action for the calling application."""
    application = caller.administered_application()
    if not given:
        raise _invalid("Empty data!")
    fields = _upper(given)
    code = _code(fields)
    check_handler(fields.get("HANDLER"))
    if php.is_empty(fields.get("NAME")):
        raise _invalid("Empty activity NAME!")
    _check(fields, kind)
    key = action_key(application.client_id, code)
    if key in portal.actions:
        raise Refusal("ERROR_ACTIVITY_ALREADY_INSTALLED", "Activity or Robot already installed!")
    action = Action(key, application.client_id, code, kind, id=portal.numbers.get("action", 0) + 1)
    _set(portal, action, fields)
    _save(portal, action)
    portal.reserve_number("action", action.id)
    return Written(result=True, applied=_told(action))


def update(portal: Portal, caller: Caller, given: dict[str, Any], kind: str) -> Written:
    """Change what an application has registered; what is not sent stays."""
    application = caller.administered_application()
    params = _upper(given)
    action = _registered(portal, application, _code(params), kind)
    fields = dict(php.items(params.get("FIELDS")))
    if fields.get("HANDLER") is not None:
        check_handler(fields["HANDLER"])
    cleared = [name for name in _CLEARED if php.is_empty(fields.get(name, "x"))]
    _check({name: value for name, value in fields.items() if name not in cleared}, kind)
    if php.is_empty(fields.get("NAME")):
        fields.pop("NAME", None)
    if not any(name in fields for name in _FIELDS):
        raise _invalid("No fields to update")
    changed = Action(**{name: getattr(action, name) for name in Action.__slots__})
    _set(portal, changed, fields)
    _save(portal, changed)
    return Written(result=True, applied=_told(changed))


def delete(portal: Portal, caller: Caller, given: dict[str, Any], kind: str) -> Written:
    """Forget an action; steps that wait for it go on waiting, later ones fault."""
    application = caller.administered_application()
    action = _registered(portal, application, _code(_upper(given)), kind)
    portal.actions.drop(action.key)
    return Written(result=True, applied={"code": action.code, "type": action.type})


def codes(portal: Portal, caller: Caller, kind: str) -> list[str]:
    """Return the codes of what the calling application has registered, all of them."""
    application = caller.administered_application()
    return [a.code for a in _of_application(portal, application.client_id) if a.kind == kind]


def _offer(kind: str) -> None:
    """Put the four methods of a kind into the table."""

    def reading(function: Callable[..., Any], name: str, *, changes: bool = True) -> None:
        def call(portal: Portal, caller: Caller, params: Params) -> Any:
            return function(portal, caller, params.values, kind)

        method(f"bizproc.{kind}.{name}", scopes=_SCOPE, changes=changes)(call)

    reading(add, "add")
    reading(update, "update")
    reading(delete, "delete")
    reading(lambda portal, caller, _, kind: codes(portal, caller, kind), "list", changes=False)


_offer(ACTIVITY)
_offer(ROBOT)


# -- checking -----------------------------------------------------------------------------------


def _upper(value: Any, *, own_names: bool = False) -> Any:
    if not php.is_array(value):
        return value
    found = {}
    for key, item in php.items(value):
        name = key if own_names else key.upper()
        found[name] = _upper(item, own_names=name in _OWN_NAMES)
    # What is a list stays one: a document type, the rules of a filter.
    return list(found.values()) if isinstance(value, list) else found


def _code(fields: dict[str, Any]) -> str:
    given = fields.get("CODE")
    if php.is_empty(given):
        raise _invalid("Empty activity code!")
    code = php.text(given)
    if php.is_array(given) or not _CODE.fullmatch(code):
        raise _invalid("Wrong activity code!")
    return code


def check_handler(given: Any) -> None:
    """Refuse what has no dot in its host, not at the beginning, and then other protocols."""
    try:
        parts = urlsplit("" if php.is_array(given) else php.text(given))
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if host.find(".") <= 0:
        raise Refusal("ERROR_WRONG_HANDLER_URL", "Wrong handler URL")
    if parts.scheme.lower() not in ("http", "https"):
        raise Refusal("ERROR_UNSUPPORTED_PROTOCOL", "Unsupported handler protocol")


def _check(fields: dict[str, Any], kind: str) -> None:
    for name in _CHECKED[kind]:
        given = fields.get(name)
        if given is None:
            continue
        if name == "DOCUMENT_TYPE":
            if documents.read_type(given) is None:
                raise _invalid("Wrong activity DOCUMENT_TYPE!")
        elif name == "FILTER":
            if not php.is_array(given):
                raise _invalid("Wrong activity FILTER!")
        else:
            _check_properties(given)


def _check_properties(given: Any) -> None:
    if not php.is_array(given):
        raise _invalid("Wrong properties array!")
    for key, definition in php.items(given):
        if not _PROPERTY.fullmatch(key):
            raise _invalid(f"Wrong property key ({key})!")
        if php.is_empty(dict(php.items(definition)).get("NAME")):
            raise _invalid(f"Empty property NAME ({key})!")


# -- keeping ------------------------------------------------------------------------------------

#: What counts as a field; a PLACEMENT_HANDLER alone does not.
_FIELDS = (
    "HANDLER", "AUTH_USER_ID", "USE_SUBSCRIPTION", "NAME", "DESCRIPTION", "PROPERTIES",
    "RETURN_PROPERTIES", "DOCUMENT_TYPE", "FILTER", "USE_PLACEMENT",
)  # fmt: skip


#: What an empty value clears.
_CLEARED = {"DOCUMENT_TYPE", "FILTER"}


def _set(portal: Portal, action: Action, fields: dict[str, Any]) -> None:
    """Write the fields that were sent into an action."""
    for name in _FIELDS[:-1]:
        if fields.get(name) is not None or name in fields.keys() & _CLEARED:
            setattr(action, name.lower(), _kept(name, fields[name]))
    if fields.get("USE_PLACEMENT") is not None:
        action.placement_handler = _placement(portal, action, fields)


def _kept(name: str, given: Any) -> Any:
    if name == "HANDLER":
        return php.text(given)
    if name == "AUTH_USER_ID":
        return php.intval(given)
    if name == "USE_SUBSCRIPTION":
        return given if given in ("Y", "N") else ""
    if name in ("PROPERTIES", "RETURN_PROPERTIES"):
        return dict(php.items(given))
    if name == "DOCUMENT_TYPE":
        # A list, as a triple would come back from the state file.
        return list(documents.read_type(given) or ())
    return (given or {}) if name == "FILTER" else given


def _placement(portal: Portal, action: Action, fields: dict[str, Any]) -> str:
    if fields["USE_PLACEMENT"] != "Y":
        return ""
    check_handler(fields.get("PLACEMENT_HANDLER"))
    handler = php.text(fields["PLACEMENT_HANDLER"])
    for other in _of_application(portal, action.client_id):
        if other.key != action.key and other.placement_handler == handler:
            raise Refusal("ERROR_CORE", "Unable to set placement handler: Handler already binded")
    return handler


def _save(portal: Portal, action: Action) -> None:
    if (
        len(action.code) > _LONGEST_CODE
        or len(action.handler) > _LONGEST_HANDLER
        or len(bpt.serialize(action.properties)) >= _TOO_LONG
        or len(bpt.serialize(action.return_properties)) >= _TOO_LONG
    ):
        raise Refusal("ERROR_ACTIVITY_ADD_FAILURE", "Activity save error!")
    portal.actions.put(action.key, action)


def _of_application(portal: Portal, client_id: str) -> list[Action]:
    found = [action for action in portal.actions if action.client_id == client_id]
    return sorted(found, key=lambda action: action.id)


def _registered(portal: Portal, application: Application, code: str, kind: str) -> Action:
    action = portal.actions.get(action_key(application.client_id, code))
    if action is None or action.kind != kind:
        raise Refusal("ERROR_ACTIVITY_NOT_FOUND", "Activity or Robot not found!")
    return action


def _told(action: Action) -> dict[str, Any]:
    return {
        "code": action.code,
        "type": action.type,
        "handler": action.handler,
        "use_subscription": action.use_subscription,
        "properties": list(action.properties),
        "return_properties": list(action.return_properties),
    }


def _invalid(text: str) -> Refusal:
    return Refusal("ERROR_ACTIVITY_VALIDATION_FAILURE", text)
