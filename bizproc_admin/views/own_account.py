"""My account: who I am here, how I sign in, and where I am signed in."""

from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from bizproc_admin.access import accounts
from bizproc_admin.access.permissions import open_to_accounts, signed_in
from bizproc_admin.access.sessions import open_sessions
from bizproc_admin.audit import By
from bizproc_admin.models import Account, LinkedPerson, Person, PersonToken, Portal, Role
from bizproc_admin.views.signing_in import lead_to


@dataclass(frozen=True, kw_only=True)
class Connection:
    """What an account is on one portal, and whether the console may act there for its person.

    state is there, lost, none, off where nobody can sign in through the portal, or operator where
    the account is one that no portal may open.
    """

    portal: Portal
    person: Person | None
    token: PersonToken | None
    is_operator: bool

    @property
    def state(self) -> str:
        if not self.portal.has_application:
            return "off"
        if self.is_operator:
            return "operator"
        if self.token is None:
            return "none"
        return "lost" if self.token.lost_at else "there"

    @property
    def leads_there(self) -> bool:
        """Tell whether the page offers to sign in through the portal."""
        return self.person is not None and self.state in ("there", "lost", "none")


@open_to_accounts
@require_safe
def own_account(request: HttpRequest) -> HttpResponse:
    account = signed_in(request)
    connections = connections_of(account)
    sessions = open_sessions(account, current=request.session.session_key)
    context = {
        "account": account,
        "connections": connections,
        "sessions": sessions,
        "has_others": any(not session.is_current for session in sessions),
        "factor": factor_of(account),
    }
    response = render(request, "accounts/own.html", context)
    lead_to(response, [one.portal for one in connections if one.leads_there])
    return response


@open_to_accounts
@require_POST
def own_session_ending(request: HttpRequest, pk: int) -> HttpResponse:
    """End one session of one's own: a browser that was left open, a lost phone."""
    account = signed_in(request)
    session = get_object_or_404(UserSession, pk=pk, user=account)
    if session.session_key == request.session.session_key:
        messages.error(request, _("This is the session you look at: sign out to end it."))
    else:
        accounts.end_sessions(account, [session], by=By.of(request))
        messages.success(request, _("Ended. That browser is signed out."))
    return redirect("own_account")


@open_to_accounts
@require_POST
def own_sessions_ending(request: HttpRequest) -> HttpResponse:
    """End every session of one's own but this one."""
    account = signed_in(request)
    others = UserSession.objects.filter(user=account).exclude(
        session_key=request.session.session_key
    )
    count = accounts.end_sessions(account, others, by=By.of(request))
    messages.success(request, ended_text(count))
    return redirect("own_account")


@open_to_accounts
@require_POST
def own_connection_removal(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget the tokens one's own person gave a portal's application; what waits for them waits."""
    account = signed_in(request)
    link = get_object_or_404(
        LinkedPerson.objects.select_related("person__portal"), user=account, portal=pk
    )
    if PersonToken.objects.filter(person=link.person).exists():
        accounts.forget_connection(account, link.person, by=By.of(request))
    messages.success(
        request, _("Forgotten. What you have asked for and is not sent yet waits for you.")
    )
    return redirect("own_account")


def connections_of(account: Account) -> list[Connection]:
    """Return what an account is on each portal it reaches, in two queries."""
    people = account.people
    tokens = PersonToken.objects.in_bulk([person.pk for person in people.values()])
    return [
        Connection(
            portal=portal,
            person=(person := people.get(portal.pk)),
            token=tokens.get(person.pk) if person else None,
            is_operator=account.home_id is None and account.role == Role.PORTAL_ADMINISTRATOR,
        )
        for portal in Portal.objects.reached_by(account)
    ]


def factor_of(account: Account) -> dict[str, object]:
    """Return when the second factor was set up and used, and how many recovery codes are left."""
    factors = {one.type: one for one in Authenticator.objects.filter(user=account)}
    codes = factors.get(Authenticator.Type.RECOVERY_CODES)
    return {
        "app": factors.get(Authenticator.Type.TOTP),
        "codes_left": len(codes.wrap().get_unused_codes()) if codes else 0,
    }


def ended_text(count: int) -> str:
    """Say how many sessions were ended."""
    if not count:
        return _("There was no other session.")
    return ngettext("Ended %(count)d session.", "Ended %(count)d sessions.", count) % {
        "count": count
    }
