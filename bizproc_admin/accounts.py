"""What happens to accounts, each with its line in the audit history."""

from collections.abc import Iterable

from allauth.usersessions.models import UserSession
from django.db import transaction
from django.db.models import QuerySet

from bizproc_admin import audit, second_factor, tokens
from bizproc_admin.audit import AuditAction
from bizproc_admin.models import Account, AuditEntry, Person


def managed_by(administrator: Account) -> QuerySet[Account]:
    """Give the accounts an administrator manages: all, or those of the portal it belongs to."""
    if administrator.home_id is None:
        return Account.objects.all()
    return Account.objects.filter(home=administrator.home_id)


def recorded(
    account: Account,
    action: AuditAction,
    *,
    actor: Account | None,
    ip: str | None = None,
    origin: str = "screen",
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
    inputs: dict[str, object] | None = None,
) -> None:
    """Put a change of an account on record; part of the caller's transaction."""
    audit.record(
        AuditEntry.Kind.ACCOUNT,
        action,
        actor=actor,
        actor_name="" if actor else origin,
        outcome="ok",
        target_kind="account",
        target_id=str(account.pk),
        target_label=account.known_as,
        before=before,
        after=after,
        inputs=inputs,
        origin=origin,
        ip=ip,
    )


def remove_second_factor(
    account: Account, *, actor: Account | None, ip: str | None = None, origin: str = "screen"
) -> bool:
    """Take away an account's second factor, whose phone is lost; tells whether there was one."""
    with transaction.atomic():
        if not second_factor.remove(account):
            return False
        recorded(account, AuditAction.SECOND_FACTOR_TAKEN_AWAY, actor=actor, ip=ip, origin=origin)
    return True


def end_sessions(
    account: Account, sessions: Iterable[UserSession], *, actor: Account, ip: str | None
) -> int:
    """End sessions of an account: their browsers are signed out with the next request."""
    ended = list(sessions)
    if not ended:
        return 0
    with transaction.atomic():
        for session in ended:
            session.end()
        recorded(
            account, AuditAction.SESSIONS_ENDED, actor=actor, ip=ip, inputs={"sessions": len(ended)}
        )
    return len(ended)


def forget_connection(account: Account, person: Person, *, ip: str | None) -> None:
    """Delete the tokens an account's person gave by signing in through a portal."""
    with transaction.atomic():
        tokens.forget(person)
        recorded(
            account,
            AuditAction.CONNECTION_FORGOTTEN,
            actor=account,
            ip=ip,
            inputs={
                "person": person.name,
                "number": person.remote_id,
                "portal": person.portal.name,
            },
        )
