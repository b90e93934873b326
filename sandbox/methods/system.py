"""app.info, scope, methods, method.get, server.time: what the API says of itself.

https://apidocs.bitrix24.com/api-reference/common/system/index
"""

from typing import Any

from sandbox import php
from sandbox.methods.foreign import CLOUD_SCOPES, named
from sandbox.methods.registry import METHODS, Caller, Params, method
from sandbox.oauth.tokens import STATUS
from sandbox.state.portal import Portal


@method("app.info")
def app_info(portal: Portal, caller: Caller, params: Params) -> dict[str, Any]:
    """Describe the application, or what the webhook may do when there is none behind it."""
    application = caller.application
    if application is not None:
        return {
            "ID": application.id,
            "CODE": application.client_id,
            "VERSION": 1,
            "STATUS": STATUS,
            "INSTALLED": application.installed,
            "PAYMENT_EXPIRED": "Y" if application.payment_expired else "N",
            "DAYS": None,
            "LANGUAGE_ID": portal.language,
            "LICENSE": "ru_pro100",
            "LICENSE_TYPE": "pro100",
            "LICENSE_FAMILY": "pro",
        }
    return {"SCOPE": list(caller.scopes), "LICENSE": "ru_pro100"}


@method("scope")
def scope(portal: Portal, caller: Caller, params: Params) -> list[str]:
    """Return the granted scopes, or all that a portal in the cloud knows."""
    return list(CLOUD_SCOPES) if _is_on(params.get("FULL")) else list(caller.scopes)


@method("methods")
def methods(portal: Portal, caller: Caller, params: Params) -> list[str]:
    """Return the names of methods, those that the webhook may call unless asked otherwise."""
    wanted = php.text(params.get("SCOPE"))
    if wanted:
        return sorted(name for name, item in METHODS.items() if wanted in item.scopes)
    full = _is_on(params.get("FULL"))
    return sorted(name for name, i in METHODS.items() if full or i.allowed_by(caller.scopes))


@method("method.get")
def method_get(portal: Portal, caller: Caller, params: Params) -> dict[str, bool]:
    """Tell whether a method exists and may be called."""
    found = named(php.text(params.get("NAME")))
    return {
        "isExisting": found is not None,
        "isAvailable": found is not None and found.allowed_by(caller.scopes),
    }


@method("server.time")
def server_time(portal: Portal, caller: Caller, params: Params) -> str | None:
    """Return the portal's time."""
    return portal.clock.iso(portal.now())


def _is_on(value: Any) -> bool:
    return not php.is_empty(value) and value != "false"
