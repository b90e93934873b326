"""Who calls: a webhook in the address, or an access token of an application, and what each is
refused for, in the portal's order of checks."""

from sandbox.incoming import Incoming
from sandbox.methods.registry import Caller, Method
from sandbox.oauth import applications
from sandbox.refusals import insufficient_scope, named
from sandbox.state.portal import Portal


def authorise(portal: Portal, incoming: Incoming, wanted: Method) -> Caller:
    """Return the caller of a method, or refuse."""
    if incoming.login or incoming.code:
        return _by_webhook(portal, incoming, wanted)
    if incoming.token:
        return _by_token(portal, incoming.token, wanted)
    raise named("NO_AUTH_FOUND")


def _by_webhook(portal: Portal, incoming: Incoming, wanted: Method) -> Caller:
    webhook = next((w for w in portal.webhooks if w.code == incoming.code and w.active), None)
    if webhook is None or incoming.login != str(webhook.user_id):
        raise named("INVALID_CREDENTIALS")
    scopes = tuple(webhook.scopes)
    if not wanted.allowed_by(scopes):
        raise insufficient_scope(by_token=False)
    user = portal.users.get(webhook.user_id)
    if user is None or not user.active:
        raise named("INVALID_CREDENTIALS")
    return Caller(user, scopes, webhook.code)


def _by_token(portal: Portal, token: str, wanted: Method) -> Caller:
    grant = portal.grants.get(token)
    application = portal.applications.get(grant.client_id) if grant else None
    if grant is None or application is None:
        raise named("invalid_token")
    if not application.installed or not application.active:
        raise named("ERROR_OAUTH")
    if application.payment_expired:
        raise named("PAYMENT_REQUIRED")
    if portal.now() >= grant.access_expires:
        raise named("expired_token")
    scopes = tuple(application.scopes)
    if not wanted.allowed_by(scopes):
        raise insufficient_scope(by_token=True)
    user = portal.users.get(grant.user_id)
    if user is None or not user.active:
        raise named("authorization_error")
    if not applications.is_open_to(application, user.id):
        raise named("user_access_error")
    return Caller(user, scopes, application.client_id, application)
