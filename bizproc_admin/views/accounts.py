"""Accounts: made, changed and deactivated by a portal administrator; entered by one-time link."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bizproc_admin import audit
from bizproc_admin.forms.accounts import AccountForm, FirstPasswordForm
from bizproc_admin.htmx import page
from bizproc_admin.models import Account, AuditEntry, LinkedPerson
from bizproc_admin.permissions import Capability, Request, requires


@require_safe
@requires(Capability.MANAGE_ACCOUNTS)
def account_list(request: Request) -> HttpResponse:
    accounts = list(
        Account.objects.prefetch_related(
            "groups", "linked_people__person", "linked_people__portal"
        ).order_by("-is_active", "username")
    )
    return page(request, "accounts/list.html", {"accounts": accounts}, partial="table")


@require_http_methods(["GET", "POST"])
@requires(Capability.MANAGE_ACCOUNTS)
def account_creation(request: Request) -> HttpResponse:
    form = AccountForm(request.POST or None, portal=request.portal)
    if form.is_bound and form.is_valid():
        with transaction.atomic():
            form.instance.set_unusable_password()
            account = form.keep()
            recorded(request, account, _("Made an account"), after=form.described())
        return link_page(request, account)
    return form_page(request, form, None)


@require_http_methods(["GET", "POST"])
@requires(Capability.MANAGE_ACCOUNTS)
def account_detail(request: Request, pk: int) -> HttpResponse:
    account = get_object_or_404(Account, pk=pk)
    before = described(account, request)
    form = AccountForm(request.POST or None, instance=account, portal=request.portal)
    if form.is_bound and form.is_valid():
        if account == request.user and form.cleaned_data["role"] != before["role"]:
            form.add_error("role", _("You cannot change your own role: ask another administrator."))
        else:
            with transaction.atomic():
                form.keep()
                recorded(
                    request, account, _("Changed an account"), before=before, after=form.described()
                )
            messages.success(request, _("Saved."))
            return redirect("account_list")
    return form_page(request, form, account)


@require_POST
@requires(Capability.MANAGE_ACCOUNTS)
def account_activation(request: Request, pk: int) -> HttpResponse:
    """Deactivate an active account, or activate it again."""
    account = get_object_or_404(Account, pk=pk)
    if account == request.user:
        messages.error(request, _("You cannot deactivate your own account."))
        return redirect("account_detail", pk=pk)
    with transaction.atomic():
        account.is_active = not account.is_active
        account.save(update_fields=["is_active"])
        text = _("Activated an account") if account.is_active else _("Deactivated an account")
        recorded(request, account, text)
    messages.success(request, text)
    return redirect("account_list")


@require_POST
@requires(Capability.MANAGE_ACCOUNTS)
def account_reset(request: Request, pk: int) -> HttpResponse:
    """Take away an account's password and give a new one-time link."""
    account = get_object_or_404(Account, pk=pk, is_active=True)
    with transaction.atomic():
        account.set_unusable_password()
        account.save(update_fields=["password"])
        recorded(request, account, _("Reset the password of an account"))
    return link_page(request, account)


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
            audit.record(
                AuditEntry.Kind.ACCOUNT,
                actor=account,
                action=_("Chose a password"),
                outcome="ok",
                target_kind="account",
                target_id=str(account.pk),
                target_label=account.username,
                ip=audit.ip_of(request),
            )
        messages.success(request, _("Your password is set. Sign in with it."))
        return redirect("account_login")
    context = {"form": form, "account": account}
    return render(request, "accounts/entry.html", context, status=422 if form.is_bound else 200)


# --- parts --------------------------------------------------------------------------------------


def form_page(request: Request, form: AccountForm, account: Account | None) -> HttpResponse:
    context = {"form": form, "account": account}
    status = 422 if form.is_bound else 200
    return page(request, "accounts/form.html", context, partial="form", status=status)


def link_page(request: Request, account: Account) -> HttpResponse:
    """Show a one-time link, once: it is stored nowhere."""
    uid = urlsafe_base64_encode(str(account.pk).encode())
    token = default_token_generator.make_token(account)
    link = request.build_absolute_uri(reverse("account_entry", args=[uid, token]))
    return render(request, "accounts/link.html", {"account": account, "link": link})


def holder_of(uid: str, token: str) -> Account | None:
    """Give the active account a one-time link belongs to, None for a used or old link."""
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
        "person": str(link.person) if link else None,
    }


def recorded(
    request: Request,
    account: Account,
    action: str,
    *,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
) -> None:
    audit.record(
        AuditEntry.Kind.ACCOUNT,
        actor=request.user,
        action=action,
        outcome="ok",
        target_kind="account",
        target_id=str(account.pk),
        target_label=account.username,
        before=before,
        after=after,
        ip=audit.ip_of(request),
    )
