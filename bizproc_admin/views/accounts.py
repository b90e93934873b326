"""Accounts: made, changed and deactivated by a portal administrator; entered by one-time link."""

from dataclasses import replace

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bizproc_admin.access import accounts, roles, sessions
from bizproc_admin.access.permissions import Capability, Request, requires
from bizproc_admin.access.sessions import open_sessions
from bizproc_admin.audit import AuditAction, By, Facts
from bizproc_admin.forms.accounts import AccountForm, FirstPasswordForm
from bizproc_admin.htmx import page
from bizproc_admin.models import Account, LinkedPerson
from bizproc_admin.views.own_account import ended_text, factor_of
from bizproc_admin.wording.audit_entries import name_of


@require_safe
@requires(Capability.MANAGE_ACCOUNTS)
def account_list(request: Request) -> HttpResponse:
    factors = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)
    accounts_here = (
        accounts.managed_by(request.user)
        .annotate(has_factor=Exists(factors))
        .select_related("home")
        .prefetch_related("groups", "linked_people__person", "linked_people__portal")
        .order_by("-is_active", "first_name", "username")
    )
    context = {"accounts": list(accounts_here), "may_create": request.user.home_id is None}
    return page(request, "accounts/list.html", context, partial="table")


@require_http_methods(["GET", "POST"])
@requires(Capability.MANAGE_ACCOUNTS)
def account_creation(request: Request) -> HttpResponse:
    """Make an account by hand: an operator's act, not that of an account of one portal."""
    if request.user.home_id:
        raise PermissionDenied
    form = AccountForm(request.POST or None, portal=request.portal)
    if form.is_bound and form.is_valid():
        with transaction.atomic():
            form.instance.set_unusable_password()
            account = form.keep()
            facts = Facts(after=form.described())
            accounts.record(account, AuditAction.ACCOUNT_MADE, by=By.of(request), facts=facts)
        return link_page(request, account)
    return form_page(request, form, None)


@require_http_methods(["GET", "POST"])
@requires(Capability.MANAGE_ACCOUNTS)
def account_detail(request: Request, pk: int) -> HttpResponse:
    account = managed(request, pk)
    before = described(account, request)
    form = AccountForm(request.POST or None, instance=account, portal=request.portal)
    if not form.is_bound or not form.is_valid():
        return form_page(request, form, account)
    if account == request.user and form.cleaned_data["role"] != before["role"]:
        form.add_error("role", _("You cannot change your own role: ask another administrator."))
        return form_page(request, form, account)
    with transaction.atomic():
        form.keep()
        facts = Facts(before=before, after=form.described())
        accounts.record(account, AuditAction.ACCOUNT_CHANGED, by=By.of(request), facts=facts)
    messages.success(request, _("Saved."))
    return redirect("account_list")


@require_POST
@requires(Capability.MANAGE_ACCOUNTS)
def account_activation(request: Request, pk: int) -> HttpResponse:
    """Deactivate an active account, or activate it again."""
    account = managed(request, pk)
    if why := why_not_activated(request, account):
        messages.error(request, why)
        return redirect("account_detail", pk=pk)
    with transaction.atomic():
        account.is_active = not account.is_active
        account.save(update_fields=["is_active"])
        if not account.is_active:
            sessions.end_all(account)
        action = (
            AuditAction.ACCOUNT_ACTIVATED if account.is_active else AuditAction.ACCOUNT_DEACTIVATED
        )
        accounts.record(account, action, by=By.of(request))
        roles.follow(account)
    messages.success(request, name_of(action))
    return redirect("account_list")


@require_POST
@requires(Capability.MANAGE_ACCOUNTS)
def account_reset(request: Request, pk: int) -> HttpResponse:
    """Take away an account's password and give a new one-time link.

    An account made by its person's sign-in has no password and gets none: a link to it would let
    somebody else in as that person.
    """
    account = get_object_or_404(accounts.managed_by(request.user), pk=pk, is_active=True)
    if account.home_id:
        messages.error(request, _("This account is opened by Bitrix24 alone: it has no password."))
        return redirect("account_detail", pk=pk)
    with transaction.atomic():
        account.set_unusable_password()
        account.save(update_fields=["password"])
        accounts.record(account, AuditAction.PASSWORD_RESET, by=By.of(request))
    return link_page(request, account)


@require_POST
@requires(Capability.MANAGE_ACCOUNTS)
def account_second_factor_removal(request: Request, pk: int) -> HttpResponse:
    """Take away the second factor of somebody who has lost the phone; they set it up anew."""
    account = managed(request, pk)
    if account == request.user:
        return redirect("mfa_deactivate_totp")
    if accounts.remove_second_factor(account, by=By.of(request)):
        messages.success(request, _("Removed. The password alone lets this account in until then."))
    return redirect("account_detail", pk=pk)


@require_POST
@requires(Capability.MANAGE_ACCOUNTS)
def account_session_ending(request: Request, pk: int, session_pk: int) -> HttpResponse:
    """End one session of an account."""
    account = managed(request, pk)
    session = get_object_or_404(UserSession, pk=session_pk, user=account)
    accounts.end_sessions(account, [session], by=By.of(request))
    messages.success(request, ended_text(1))
    return redirect("account_detail", pk=pk)


@require_POST
@requires(Capability.MANAGE_ACCOUNTS)
def account_sessions_ending(request: Request, pk: int) -> HttpResponse:
    """End every session of an account, but the one this is asked in."""
    account = managed(request, pk)
    theirs = UserSession.objects.filter(user=account).exclude(
        session_key=request.session.session_key
    )
    count = accounts.end_sessions(account, theirs, by=By.of(request))
    messages.success(request, ended_text(count))
    return redirect("account_detail", pk=pk)


@never_cache
@login_not_required
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def account_entry(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Let the holder of a one-time link choose a password."""
    account = holder_of(uid, token)
    if account is None:
        return render(request, "accounts/entry.html", {"form": None}, status=404)
    form = FirstPasswordForm(account, request.POST or None)
    if form.is_bound and form.is_valid():
        with transaction.atomic():
            form.save()
            by = replace(By.of(request), account=account)
            accounts.record(account, AuditAction.PASSWORD_CHOSEN, by=by)
        messages.success(request, _("Your password is set. Sign in with it."))
        return redirect("account_login")
    context = {"form": form, "account": account}
    return render(request, "accounts/entry.html", context, status=422 if form.is_bound else 200)


def form_page(request: Request, form: AccountForm, account: Account | None) -> HttpResponse:
    context: dict[str, object] = {"form": form, "account": account}
    if account is not None:
        context |= {
            "factor": factor_of(account),
            "sessions": open_sessions(account, current=request.session.session_key),
            "links": account.linked_people.select_related("person", "portal"),
        }
    status = 422 if form.is_bound else 200
    return page(request, "accounts/form.html", context, partial="form", status=status)


def link_page(request: Request, account: Account) -> HttpResponse:
    """Show a one-time link, once: it is stored nowhere."""
    uid = urlsafe_base64_encode(str(account.pk).encode())
    token = default_token_generator.make_token(account)
    link = request.build_absolute_uri(reverse("account_entry", args=[uid, token]))
    return render(request, "accounts/link.html", {"account": account, "link": link})


def holder_of(uid: str, token: str) -> Account | None:
    """Return the active account a one-time link belongs to, None for a used or old link."""
    try:
        pk = int(urlsafe_base64_decode(uid).decode())
    except (ValueError, UnicodeDecodeError):
        return None
    account = Account.objects.filter(pk=pk, is_active=True).first()
    if account is None or not default_token_generator.check_token(account, token):
        return None
    return account


def described(account: Account, request: Request) -> dict[str, object]:
    link = LinkedPerson.objects.filter(user=account, portal=request.portal).first()
    return {
        "username": account.username,
        "name": account.get_full_name(),
        "role": account.role.value if account.role else None,
        "person": link.person.name if link else None,
        "number": link.person.remote_id if link else None,
    }


def managed(request: Request, pk: int) -> Account:
    """Return an account that the administrator manages; any other one does not exist for it."""
    return get_object_or_404(accounts.managed_by(request.user).select_related("home"), pk=pk)


def why_not_activated(request: Request, account: Account) -> str:
    """Say why an account is neither deactivated nor activated here, empty where it may be."""
    if account == request.user:
        return _("You cannot deactivate your own account.")
    if account.dismissed_at:
        return _("The portal says that this person is dismissed. Back there, they are back here.")
    return ""
