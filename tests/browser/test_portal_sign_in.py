"""Coming in through the portal, with the portal's own form in a real browser."""

import pytest
from playwright.sync_api import expect

from bizproc_admin.models import Account, Role


def test_a_person_of_the_portal_signs_in_and_is_led_where_they_wanted(page, come_in):
    come_in("pavel.orlov", "/workflows/")
    expect(page.get_by_role("heading", name="Workflows", level=1)).to_be_visible()
    account = Account.objects.get(follows_portal=True)
    assert account.role == Role.PARTICIPANT


@pytest.mark.browser_context_args(java_script_enabled=False)
def test_it_works_without_javascript(page, come_in):
    come_in("anna.koroleva")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert Account.objects.get(follows_portal=True).role == Role.PORTAL_ADMINISTRATOR


def test_somebody_already_signed_in_on_the_portal_is_let_in_at_once(page, come_in, live_server):
    come_in("pavel.orlov", "/workflow-tasks/")
    page.context.clear_cookies(name="session")
    page.goto(f"{live_server.url}/workflows/")
    page.get_by_role("button", name="Sign in with Bitrix24").click()
    page.wait_for_url(f"{live_server.url}/workflows/*")
    expect(page.get_by_role("heading", name="Workflows", level=1)).to_be_visible()
