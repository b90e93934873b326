"""Who comes in through a portal, as which account, and who does not.

A portal's code is exchanged while the browser waits, bounded by SIGN_IN_TIMEOUT: one of the two
places where a web request calls out (the other is the portal's iframe).
"""

from dataclasses import dataclass, replace

from django.db import transaction
from django.utils import timezone

from bizproc_admin import audit, bitrix, doorbell
from bizproc_admin.access import roles
from bizproc_admin.audit import AuditAction, By, Facts
from bizproc_admin.models import (
    Account,
    AuditEntry,
    Command,
    CommandState,
    Feed,
    FeedName,
    LinkedPerson,
    Person,
    Portal,
    Role,
)
from bizproc_admin.models.searching import searchable
from bizproc_admin.portals import clients, tokens


class SignInRefused(Exception):
    """Somebody is not let in through a portal; the code says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Admitted:
    """Who came in through a portal, and whether an account made by hand was taken over."""

    account: Account
    person: Person
    is_taken_over: bool


def admit(portal: Portal, *, code: str, domain: str, by: By) -> Admitted:
    """Exchange a portal's code, learn who it is of, and give their account, new or found.

    Calls the token server and profile. Raises SignInRefused, which is on record then, or a
    BitrixError when the portal could not be asked. Nothing is called that the registered portal
    does not name.
    """
    try:
        person, pair = identify(portal, code=code, domain=domain, by=by)
        with transaction.atomic():
            # what was learnt of the person stays learnt, also when they are not let in
            outcome = account_of(person, by=by)
            if isinstance(outcome, Admitted):
                tokens.keep(person, pair)
        if isinstance(outcome, SignInRefused):
            raise outcome
    except SignInRefused as refusal:
        put_on_record(portal, refusal, by=by)
        raise
    # once the tokens are committed: what begins to wait meanwhile looks for them itself
    resume_work(person)
    if person.is_administrator and portal.actions_listed_at is None:
        have_actions_listed(portal)
    return outcome


def identify(portal: Portal, *, code: str, domain: str, by: By) -> tuple[Person, bitrix.TokenPair]:
    """Learn from the portal who a code is of; the first administrator pins its identity."""
    if domain.lower() != portal.host:
        raise SignInRefused("foreign_domain")
    pair = tokens.token_server(portal).exchange(code)
    try:
        tokens.verify(pair, portal)
    except bitrix.BadAnswer:
        raise SignInRefused("foreign_portal") from None
    profile = clients.for_sign_in(portal, pair.access_token).system.profile()
    if pair.user_id is not None and pair.user_id != profile.id:
        raise SignInRefused("foreign_portal")
    if not portal.member_id:
        pin(portal, pair.member_id, is_administrator=profile.admin, by=by)
    return person_of(portal, profile), pair


def pin(portal: Portal, member_id: str, *, is_administrator: bool, by: By) -> None:
    """Keep a portal's identity, once, on the word of one of its administrators."""
    if not is_administrator:
        raise SignInRefused("not_pinned")
    with transaction.atomic():
        pinned = Portal.objects.filter(pk=portal.pk, member_id="").update(member_id=member_id)
        if pinned:
            audit.record(
                AuditEntry.Kind.CONNECTION,
                AuditAction.PORTAL_PINNED,
                by=replace(by, account=None, name="portal"),
                target=portal.as_target,
                facts=Facts(inputs={"member_id": member_id}),
            )
    portal.refresh_from_db()
    if portal.member_id != member_id:
        raise SignInRefused("foreign_portal")


def person_of(portal: Portal, profile: bitrix.Profile) -> Person:
    """Return the person a profile is of; the portal has just said that they work there."""
    person, _made = Person.objects.get_or_create(
        portal=portal,
        remote_id=profile.id,
        defaults={"user_type": "employee", "time_zone": profile.time_zone[:64]},
    )
    person.is_administrator = profile.admin
    person.is_active, person.gone_at = True, None
    # somebody seen only by number so far, or renamed since the last pass
    if profile.name or profile.last_name:
        person.first_name, person.last_name = profile.name[:255], profile.last_name[:255]
        person.name = f"{profile.name} {profile.last_name}".strip()[:511]
        words = f"{person.remote_id} {person.name} {person.position}"
        person.search_text = searchable(words)
    person.save(
        update_fields=[
            "is_administrator", "is_active", "gone_at",
            "first_name", "last_name", "name", "search_text",
        ]
    )  # fmt: skip
    return person


def account_of(person: Person, *, by: By) -> "Admitted | SignInRefused":
    """Return a person's account: theirs, one linked by hand that is taken over now, or a new one.

    Part of the caller's transaction; a refusal is given back and not raised, so that it commits.
    Two first sign-ins at the same moment make one account: the person's row is locked.
    """
    Person.objects.select_for_update().get(pk=person.pk)
    link = LinkedPerson.objects.filter(person=person).select_related("user").first()
    if link is None:
        if roles.role_of(person) is None:
            if person.portal.admits_everybody:
                return SignInRefused("guest")
            return SignInRefused("few_admitted")
        return Admitted(account=new_account(person, by=by), person=person, is_taken_over=False)
    account = link.user
    if not account.is_active and account.dismissed_at is None:
        return SignInRefused("deactivated")
    if account.home is None and account.role == Role.PORTAL_ADMINISTRATOR:
        return SignInRefused("operator")
    is_taken_over = not account.follows_portal
    if is_taken_over:
        claim_account(account, person, by=by)
    roles.follow(account)
    if account.role is None:
        return SignInRefused("not_admitted")
    return Admitted(account=account, person=person, is_taken_over=is_taken_over)


def claim_account(account: Account, person: Person, *, by: By) -> None:
    """Make an account that was made by hand its person's own: of their portal, without a password.

    From now on the portal opens it and gives its role, so it may reach no other portal.
    """
    account.follows_portal = True
    account.home = person.portal
    account.set_unusable_password()
    account.save(update_fields=["follows_portal", "home", "password"])
    LinkedPerson.objects.filter(user=account).exclude(person=person).delete()
    changed(account, AuditAction.ACCOUNT_CLAIMED, person, by=by)


def new_account(person: Person, *, by: By) -> Account:
    """Make the account of somebody the portal lets in."""
    host = person.portal.host.partition(":")[0]
    account = Account(
        username=f"{person.remote_id}@{host}"[:150],
        home=person.portal,
        follows_portal=True,
    )
    if Account.objects.filter(username=account.username).exists():
        account.username = f"{person.remote_id}@{host}-{person.portal_id}"[:150]
    roles.name_after(account, person)
    account.set_unusable_password()
    account.save()
    LinkedPerson.objects.create(user=account, portal=person.portal, person=person)
    changed(account, AuditAction.ACCOUNT_ADMITTED, person, by=by)
    roles.follow(account)
    return account


def changed(account: Account, action: AuditAction, person: Person, *, by: By) -> None:
    audit.record(
        AuditEntry.Kind.ACCOUNT,
        action,
        by=replace(by, account=account),
        target=account.as_target,
        facts=Facts(
            after={
                "person": person.name,
                "portal": person.portal.name,
                "number": person.remote_id,
            }
        ),
    )


def resume_work(person: Person) -> None:
    """Ring for what waited for this person to sign in again."""
    waiting = Command.objects.filter(
        as_person=person,
        state=CommandState.INTENT,
        error_code=tokens.ReconnectNeeded.code,
    )
    now = timezone.now()
    with transaction.atomic():
        doorbell.ring("serve_portal", person.portal_id, queue=doorbell.INTERACTIVE)
        waiting.update(next_check_at=now, due_since=now, error_code="", error_text="")


def have_actions_listed(portal: Portal) -> None:
    """Have the templates read soon, and with them what the portal's application has registered."""
    Feed.objects.filter(portal=portal, name=FeedName.WORKFLOW_TEMPLATES).update(next_at=None)


def put_on_record(portal: Portal, refusal: SignInRefused, *, by: By) -> None:
    """Record that somebody was not let in through a portal."""
    audit.record_once(
        AuditEntry.Kind.SIGN_IN_FAILED,
        AuditAction.SIGN_IN,
        what=f"{portal.pk}:{refusal.code}",
        by=replace(by, account=None),
        target=portal.as_target,
        outcome="failed",
        error_code=refusal.code,
    )
