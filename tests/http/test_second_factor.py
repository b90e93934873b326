"""The second factor: set up, asked for, recovered from, removed; and who must have one."""

import re
import time
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bizproc_admin.models import Account, AuditEntry, LinkedPerson, Person, Role
from tests.conftest import PASSWORD

pytestmark = pytest.mark.portable

SIGN_IN, CODE, ACTIVATION = "/sign-in/", "/sign-in/code/", "/own-account/second-factor/activation/"
CODES = "/own-account/second-factor/recovery-codes/"


@pytest.fixture
def required(settings):
    settings.REQUIRE_SECOND_FACTOR = True


def code_of(secret, *, periods=0):
    """Give the code an authenticator app shows now, or some periods of half a minute from now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + periods))


def wrong_code(secret):
    right = {code_of(secret, periods=periods) for periods in (-2, -1, 0, 1, 2)}
    return next(
        code for code in ("000000", "111111", "222222", "333333", "4", "5") if code not in right
    )


def password_given(account, **extra):
    client = Client()
    answer = client.post(SIGN_IN, {"login": account.username, "password": PASSWORD, **extra})
    return client, answer


def set_up(client):
    """Set a second factor up as somebody does who reads the key from the page; gives the key."""
    page = client.get(ACTIVATION)
    secret = page.context["form"].secret
    assert client.post(ACTIVATION, {"code": code_of(secret)}).status_code == 302
    return secret


@pytest.fixture
def protected(administrator):
    """An account with a second factor, and its key."""
    client, _answer = password_given(administrator)
    secret = set_up(client)
    cache.clear()
    return administrator, secret


def test_the_code_of_the_set_up_does_not_sign_in_again(administrator):
    client, _answer = password_given(administrator)
    secret = set_up(client)
    other, _answer = password_given(administrator)
    answer = other.post(CODE, {"code": code_of(secret)})
    assert answer.status_code == 422
    assert not signed_in(other)
    assert "used before" in answer.content.decode()
    assert other.post(CODE, {"code": code_of(secret, periods=1)}).status_code == 302


def signed_in(client):
    return "_auth_user_id" in client.session


def said(kind):
    return list(
        AuditEntry.objects.filter(kind=kind).order_by("pk").values_list("action", "error_code")
    )


def test_the_page_shows_the_key_as_a_picture_and_as_text(administrator):
    client, _answer = password_given(administrator)
    page = client.get(ACTIVATION)
    secret = page.context["form"].secret
    text = page.content.decode()
    assert 'src="data:image/svg+xml;base64,' in text
    # on the phone itself there is nothing to scan with
    assert re.search(rf'href="otpauth://totp/[^"]*secret={secret}', text)
    assert secret in re.sub(r"\s", "", re.search(r'id="key"[^>]*>([^<]+)<', text).group(1))


def test_setting_it_up_gives_recovery_codes_and_is_on_record(administrator):
    client, _answer = password_given(administrator)
    page = client.get(ACTIVATION)
    code = code_of(page.context["form"].secret)
    answer = client.post(ACTIVATION, {"code": code})
    assert answer.url == CODES
    codes = client.get(CODES).context["unused_codes"]
    assert len(codes) == 10
    assert said("account") == [("second_factor.set_up", "")]
    entry = AuditEntry.objects.get(kind="account")
    assert (entry.actor, entry.target_id) == (administrator, str(administrator.pk))


def test_the_key_is_stored_encrypted_and_in_no_audit_entry(protected):
    _account, secret = protected
    stored = Authenticator.objects.get(type="totp")
    assert secret not in str(stored.data)
    for entry in AuditEntry.objects.with_details():
        assert secret not in str(entry.detail.__dict__)


def test_a_wrong_first_code_sets_nothing_up(administrator):
    client, _answer = password_given(administrator)
    secret = client.get(ACTIVATION).context["form"].secret
    answer = client.post(ACTIVATION, {"code": wrong_code(secret)})
    assert answer.status_code == 422
    assert "not right" in answer.content.decode()
    assert answer.context["form"].secret == secret
    assert not Authenticator.objects.exists()


def test_the_password_alone_lets_nobody_in(protected):
    account, secret = protected
    client, answer = password_given(account)
    assert answer.url == CODE
    assert not signed_in(client)
    assert client.get(reverse("overview")).status_code == 302
    assert client.get(CODE).status_code == 200
    assert client.post(CODE, {"code": code_of(secret)}).status_code == 302
    assert signed_in(client)
    assert AuditEntry.objects.filter(kind="sign_in", actor=account).count() == 2


def test_a_code_leads_on_to_the_page_that_was_wanted(protected):
    account, secret = protected
    client, _answer = password_given(account, next="/workflows/?q=pump")
    assert client.post(CODE, {"code": code_of(secret)}).url == "/workflows/?q=pump"


def test_a_phone_whose_clock_is_half_a_minute_off_is_believed(protected):
    account, secret = protected
    client, _answer = password_given(account)
    client.post(CODE, {"code": code_of(secret, periods=-1)})
    assert signed_in(client)


def test_a_code_works_once_as_long_as_it_lasts(protected, monkeypatch):
    account, secret = protected
    code, now = code_of(secret), time.time()
    first, _answer = password_given(account)
    first.post(CODE, {"code": code})
    assert signed_in(first)
    monkeypatch.setattr("allauth.mfa.totp.internal.auth.TOTP._mark_code_used", lambda *_: True)
    monkeypatch.setattr("allauth.mfa.totp.internal.auth.time.time", lambda: now + 29)
    second, _answer = password_given(account)
    assert second.post(CODE, {"code": code}).status_code == 422
    assert not signed_in(second)


def test_a_wrong_code_is_said_and_on_record_without_the_code(protected):
    account, secret = protected
    client, _answer = password_given(account)
    wrong = wrong_code(secret)
    answer = client.post(CODE, {"code": wrong})
    assert answer.status_code == 422
    assert not signed_in(client)
    entry = AuditEntry.objects.get(kind="sign_in_failed")
    assert (entry.error_code, entry.target_id) == ("second_factor", str(account.pk))
    assert wrong not in str(entry.detail.__dict__)


def test_guessing_codes_is_slowed_down_and_on_record(protected):
    account, secret = protected
    client, _answer = password_given(account)
    for _ in range(5):
        client.post(CODE, {"code": wrong_code(secret)})
    answer = client.post(CODE, {"code": code_of(secret)})
    assert "Too many" in answer.content.decode()
    assert not signed_in(client)
    assert said("sign_in_failed")[-1] == ("session.sign_in", "too_many_attempts")


def test_a_recovery_code_lets_in_once(protected):
    account, _secret = protected
    code = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()[0]
    client, _answer = password_given(account)
    client.post(CODE, {"code": f"{code[:4]} {code[4:]}"})
    assert signed_in(client)
    cache.clear()
    again, _answer = password_given(account)
    assert again.post(CODE, {"code": code}).status_code == 422
    assert not signed_in(again)


def test_somebody_may_turn_back_before_the_code(protected, manager):
    account, _secret = protected
    client, _answer = password_given(account)
    answer = client.post(reverse("account_logout"), {"next": SIGN_IN})
    assert answer.url == SIGN_IN
    assert client.get(SIGN_IN).status_code == 200
    client.post(SIGN_IN, {"login": "maria", "password": PASSWORD})
    assert client.session["_auth_user_id"] == str(manager.pk)


def test_new_recovery_codes_take_the_place_of_the_old_and_are_on_record(protected):
    account, secret = protected
    client, _answer = password_given(account)
    client.post(CODE, {"code": code_of(secret)})
    old = client.get(CODES).context["unused_codes"]
    assert client.get(f"{CODES}creation/").status_code == 200
    assert client.post(f"{CODES}creation/").url == CODES
    new = client.get(CODES).context["unused_codes"]
    assert not set(old) & set(new)
    assert said("account")[-1] == ("second_factor.codes_made", "")
    file = client.get(f"{CODES}file/")
    assert file["Content-Disposition"] == 'attachment; filename="recovery-codes.txt"'
    assert all(code in file.content.decode() for code in new)


def test_removing_it_is_on_record_and_the_password_is_enough_again(protected):
    account, secret = protected
    client, _answer = password_given(account)
    client.post(CODE, {"code": code_of(secret)})
    removal = reverse("mfa_deactivate_totp")
    assert client.get(removal).status_code == 200
    assert client.post(removal).url == reverse("mfa_index")
    assert client.get(reverse("mfa_index")).url == reverse("own_account")
    assert not Authenticator.objects.exists()
    assert said("account")[-1] == ("second_factor.removed", "")
    other, _answer = password_given(account)
    assert signed_in(other)


def test_what_protects_the_account_is_changed_only_after_a_confirmation(protected, as_):
    """A browser left open on somebody's desk does not open the recovery codes."""
    account, _secret = protected
    client = as_(account)
    asked = client.get(CODES)
    assert asked.url.startswith(reverse("account_reauthenticate"))
    page = client.get(asked.url)
    assert page.status_code == 200
    assert reverse("mfa_reauthenticate") in page.content.decode()
    wrong = client.post(asked.url, {"password": "not-this-one"})
    assert wrong.status_code == 422
    given = client.post(asked.url, {"password": PASSWORD, "next": CODES})
    assert given.url == CODES
    assert client.get(CODES).status_code == 200


def test_a_code_confirms_as_well_as_the_password(protected, as_):
    account, secret = protected
    client = as_(account)
    ask = f"{reverse('mfa_reauthenticate')}?next={CODES}"
    assert client.get(ask).status_code == 200
    assert client.post(ask, {"code": wrong_code(secret)}).status_code == 422
    assert client.post(ask, {"code": code_of(secret), "next": CODES}).url == CODES


# --- who must have one --------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/", "/workflows/", "/accounts/", "/own-account/"])
def test_an_administrator_without_one_is_led_to_setting_it_up(required, administrator, address):
    client, _answer = password_given(administrator)
    assert client.get(address).url == ACTIVATION


def test_a_part_of_a_page_leads_the_whole_page_there(required, administrator):
    client, _answer = password_given(administrator)
    answer = client.get("/frame/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (204, ACTIVATION)


def test_nothing_is_done_before_it_is_set_up(required, administrator, manager):
    client, _answer = password_given(administrator)
    client.post(reverse("account_activation", args=[manager.pk]))
    manager.refresh_from_db()
    assert manager.is_active


def test_setting_it_up_and_signing_out_stay_open(required, administrator):
    client, _answer = password_given(administrator)
    page = client.get(ACTIVATION)
    assert page.context["is_required"]
    assert client.get("/healthz").status_code in (200, 503)
    set_up(client)
    assert client.get("/").status_code == 200
    client.post(reverse("account_logout"))
    assert not signed_in(client)


@pytest.mark.parametrize("who", ["manager", "auditor", "participant"])
def test_other_roles_need_none_and_pay_no_query_for_it(who, settings, as_, request):
    client = as_(request.getfixturevalue(who))
    counts = []
    for is_required in (False, False, True):
        settings.REQUIRE_SECOND_FACTOR = is_required
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/workflows/").status_code == 200
        counts.append(len(queries))
    assert counts[2] == counts[1]


def test_who_came_through_the_portal_needs_none(required, client, comes_in):
    comes_in(client, 1)
    assert client.get("/").status_code == 200


def test_who_has_one_is_asked_for_it_after_the_portal_too(client, comes_in, door):
    comes_in(client, 1)
    secret = set_up(client)
    again = Client()
    assert comes_in(again, 1).url == CODE
    assert "_auth_user_id" not in again.session
    answer = again.post(CODE, {"code": code_of(secret, periods=1)})
    assert (answer.status_code, answer.url) == (302, "/home/")
    assert again.get("/").status_code == 200
    entry = AuditEntry.objects.filter(kind="sign_in").latest("pk")
    assert (entry.portal, entry.detail.inputs) == (door, {"through": door.host})


def test_the_page_of_a_session_begun_elsewhere_is_led_there_too(required, as_, administrator):
    assert as_(administrator).get("/").url == ACTIVATION


# --- a lost phone -------------------------------------------------------------------------------


def test_another_administrator_removes_the_one_of_a_lost_phone(
    required, protected, other_administrator, as_, settings
):
    account, _secret = protected
    settings.REQUIRE_SECOND_FACTOR = False
    helper = as_(other_administrator)
    page = helper.get(reverse("account_detail", args=[account.pk])).content.decode()
    removal = reverse("account_second_factor_removal", args=[account.pk])
    assert removal in page
    helper.post(removal)
    assert not Authenticator.objects.exists()
    entry = AuditEntry.objects.get(action="second_factor.taken_away")
    assert (entry.actor, entry.target_id) == (other_administrator, str(account.pk))
    settings.REQUIRE_SECOND_FACTOR = True
    client, _answer = password_given(account)
    assert client.get("/").url == ACTIVATION


def test_removing_what_is_not_there_is_not_on_record(as_, administrator, manager):
    as_(administrator).post(reverse("account_second_factor_removal", args=[manager.pk]))
    assert not AuditEntry.objects.filter(action="second_factor.taken_away").exists()


def test_the_own_one_is_removed_with_a_confirmation_alone(protected, as_):
    account, _secret = protected
    answer = as_(account).post(reverse("account_second_factor_removal", args=[account.pk]))
    assert answer.url == reverse("mfa_deactivate_totp")
    assert Authenticator.objects.filter(user=account).count() == 2
    assert Account.objects.get(pk=account.pk).is_active


def test_the_last_administrator_is_helped_by_the_command_line(protected):
    account, _secret = protected
    call_command("remove_second_factor", account.username, stdout=StringIO())
    assert not Authenticator.objects.exists()
    entry = AuditEntry.objects.get(action="second_factor.taken_away")
    assert (entry.actor, entry.actor_name, entry.origin) == (None, "command line", "command line")
    with pytest.raises(CommandError, match="has no second factor"):
        call_command("remove_second_factor", account.username)
    with pytest.raises(CommandError, match="no account"):
        call_command("remove_second_factor", "whoever")


def test_coming_in_through_the_portal_over_somebody_elses_session_needs_none(
    as_, administrator, comes_in, settings, sandbox
):
    client = as_(administrator)
    settings.REQUIRE_SECOND_FACTOR = True
    comes_in(client, 1)
    assert client.get("/").status_code == 200


def test_coming_in_through_the_portal_over_ones_own_password_needs_none(
    required, comes_in, door, manager, sync
):
    sync()
    person = Person.objects.get(portal=door, remote_id=1)
    LinkedPerson.objects.create(user=manager, portal=door, person=person)
    client, _answer = password_given(manager)
    comes_in(client, 1)
    assert Account.objects.get(pk=manager.pk).role == Role.PORTAL_ADMINISTRATOR
    assert client.get("/").status_code == 200
