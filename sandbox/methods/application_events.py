"""event.bind, event.unbind, event.get, event.test: what an application is told of itself.

https://apidocs.bitrix24.com/api-reference/events/event-bind.html
"""

from sandbox import php
from sandbox.methods.actions import check_handler
from sandbox.methods.registry import Caller, Params, Written, method
from sandbox.outgoing import announcing
from sandbox.refusals import Refusal, access_denied, named
from sandbox.state.portal import Portal
from sandbox.state.records import Application, EventHandler


@method("event.bind", changes=True)
def bind(portal: Portal, caller: Caller, params: Params) -> Written:
    """Bind a handler to an event; who is no administrator binds for themselves."""
    application = _application_of(caller)
    event, handler = _required(params, "EVENT").upper(), _required(params, "HANDLER")
    person = php.intval(params.get("AUTH_TYPE"))
    if not caller.is_admin:
        if person not in (0, caller.id):
            raise access_denied()
        person = caller.id
    if event not in announcing.EVENTS:
        raise Refusal("ERROR_EVENT_NOT_FOUND", "Event not found!")
    check_handler(handler)
    if any(_is(one, event, handler, person) for one in announcing.bound(portal, application)):
        raise Refusal("ERROR_CORE", "Unable to set event handler: Handler already binded")
    number = portal.next_number("handler")
    made = EventHandler(number, application.client_id, event, handler, person)
    portal.handlers.put(number, made)
    return Written(result=True, applied={"event": event, "handler": handler})


@method("event.unbind", changes=True)
def unbind(portal: Portal, caller: Caller, params: Params) -> Written:
    """Unbind a handler for one person, or for all when none is named; tells how many there were."""
    application = _application_of(caller)
    caller.must_be_admin()
    event, handler = _required(params, "EVENT").upper(), _required(params, "HANDLER")
    given = params.get("AUTH_TYPE")
    person = None if given is None else php.intval(given)
    found = [
        one for one in announcing.bound(portal, application) if _is(one, event, handler, person)
    ]
    for one in found:
        portal.handlers.drop(one.id)
    applied = {"event": event, "handler": handler, "count": len(found)}
    return Written(result={"count": len(found)}, applied=applied)


@method("event.get")
def get(portal: Portal, caller: Caller, params: Params) -> list[dict[str, str]]:
    """Return what the calling application has bound."""
    return [
        {"event": one.event, "handler": one.handler, "auth_type": str(one.user_id)}
        for one in announcing.bound(portal, _application_of(caller))
    ]


@method("event.test", changes=True, upper=False)
def test(portal: Portal, caller: Caller, params: Params) -> Written:
    """Send what was given to the handlers of ONAPPTEST."""
    application = _application_of(caller)
    query = {"QUERY": params.values}
    announcing.announce(portal, application, announcing.TEST, query, user_id=caller.id)
    return Written(result=True, applied={"event": announcing.TEST})


def _application_of(caller: Caller) -> Application:
    if caller.application is None:
        raise named("WRONG_AUTH_TYPE")
    return caller.application


def _required(params: Params, name: str) -> str:
    given = params.get(name)
    if php.is_empty(given) or php.is_array(given):
        text = f"Argument '{name}' is null or empty"
        raise Refusal("ERROR_ARGUMENT", text, argument=name)
    return php.text(given)


def _is(one: EventHandler, event: str, handler: str, person: int | None) -> bool:
    return (one.event, one.handler) == (event, handler) and person in (None, one.user_id)
