"""Roles that follow the portal: who administers it administers here, who heads people manages."""

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

from bizproc_admin import audit
from bizproc_admin.access import sessions
from bizproc_admin.audit import AuditAction, Facts
from bizproc_admin.models import Account, AuditEntry, Person, Role


def role_of(person: Person) -> Role | None:
    """Return the role a person of the portal has here; None when the portal lets them not in.

    Guests come in as little as they see of the company there: one may look for any colleague here.
    """
    if person.is_administrator:
        return Role.PORTAL_ADMINISTRATOR
    if person.is_head:
        return Role.MANAGER
    is_let_in = person.portal.admits_everybody and not person.is_guest
    return Role.PARTICIPANT if is_let_in else None


def follow(account: Account) -> None:
    """Bring an account to what the portal says of its people: dismissed, back, or another role.

    Auditors are named here and stay what they are; accounts nobody has signed in to through a
    portal are left alone.
    """
    if not account.follows_portal or not (account.is_active or account.dismissed_at):
        return
    person = person_of(account)
    if person is None:
        return
    if name_after(account, person):
        account.save(update_fields=["first_name", "last_name"])
    if not person.is_active or person.gone_at is not None:
        if account.is_active:
            change(account, AuditAction.ACCOUNT_DISMISSED, is_active=False)
        return
    if not account.is_active:
        change(account, AuditAction.ACCOUNT_BACK, is_active=True)
    if account.role == Role.AUDITOR:
        return
    role = role_of(person)
    if role != account.role:
        assign(account, role)


def name_after(account: Account, person: Person) -> bool:
    """Call an account as its person is called; tells whether that is a change. Does not save.

    Somebody known by number alone takes no name away.
    """
    first, last = person.first_name[:150], person.last_name[:150]
    if not (first or last) or (account.first_name, account.last_name) == (first, last):
        return False
    account.first_name, account.last_name = first, last
    return True


def given_by_portal(account: Account) -> Role | None:
    """Return the role an account's person has on the portal, None where the portal gives none."""
    person = person_of(account)
    if person is None or not person.is_active or person.gone_at is not None:
        return None
    return role_of(person)


def person_of(account: Account) -> Person | None:
    """Return the person on the account's own portal, whom its role follows."""
    people = Person.objects.filter(linked_account__user=account, portal=account.home)
    return people.select_related("portal").first()


def assign(account: Account, role: Role | None) -> None:
    """Give an account the role its portal gives, and put that on record."""
    before = account.role
    with transaction.atomic():
        account.groups.set(Group.objects.filter(name=role.value) if role else [])
        account.role = role
        audit.record(
            AuditEntry.Kind.ACCOUNT,
            AuditAction.ROLE_FOLLOWED,
            by=audit.PORTAL,
            target=account.as_target,
            facts=Facts(
                before={"role": before.value if before else None},
                after={"role": role.value if role else None},
            ),
        )


def change(account: Account, action: AuditAction, *, is_active: bool) -> None:
    """Stop or open an account because the portal says so."""
    with transaction.atomic():
        account.is_active = is_active
        account.dismissed_at = None if is_active else timezone.now()
        account.save(update_fields=["is_active", "dismissed_at"])
        if not is_active:
            sessions.end_all(account)
        audit.record(AuditEntry.Kind.ACCOUNT, action, by=audit.PORTAL, target=account.as_target)
