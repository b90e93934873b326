"""What happens to accounts, each with its line in the audit history."""

from collections.abc import Iterable

from allauth.usersessions.models import UserSession
from django.db import transaction
from django.db.models import QuerySet

from bizproc_admin import audit
from bizproc_admin.access import second_factor
from bizproc_admin.audit import AuditAction, By, Facts
from bizproc_admin.models import Account, AuditEntry, Person
from bizproc_admin.portals import tokens


def managed_by(administrator: Account) -> QuerySet[Account]:
    """Return the accounts an administrator manages: all, or those of the portal it belongs to."""
    if administrator.home_id is None:
        return Account.objects.all()
    return Account.objects.filter(home=administrator.home_id)


def record(
    account: Account, action: AuditAction, *, by: By, facts: Facts = audit.NOTHING_MORE
) -> None:
    """Write into the history what happened to an account; part of the caller's transaction."""
    audit.record(AuditEntry.Kind.ACCOUNT, action, by=by, target=account.as_target, facts=facts)


def remove_second_factor(account: Account, *, by: By) -> bool:
    """Take away an account's second factor, whose phone is lost; tells whether there was one."""
    with transaction.atomic():
        if not second_factor.remove(account):
            return False
        record(account, AuditAction.SECOND_FACTOR_TAKEN_AWAY, by=by)
    return True


def end_sessions(account: Account, sessions: Iterable[UserSession], *, by: By) -> int:
    """End sessions of an account: their browsers are signed out with the next request."""
    ended = list(sessions)
    if not ended:
        return 0
    with transaction.atomic():
        for session in ended:
            session.end()
        facts = Facts(inputs={"sessions": len(ended)})
        record(account, AuditAction.SESSIONS_ENDED, by=by, facts=facts)
    return len(ended)


def forget_connection(account: Account, person: Person, *, by: By) -> None:
    """Delete the tokens an account's person gave by signing in through a portal."""
    with transaction.atomic():
        tokens.forget(person)
        inputs = {
            "person": person.name,
            "number": person.remote_id,
            "portal": person.portal.name,
        }
        record(account, AuditAction.CONNECTION_FORGOTTEN, by=by, facts=Facts(inputs=inputs))
