"""An administrator sets up a second factor with the key on the page, and signs in with it."""

import time

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import expect

from tests.conftest import PASSWORD

pytestmark = pytest.mark.usefixtures("live_db")


def code_of(key):
    return format_hotp_value(hotp_value(key.replace(" ", ""), int(time.time()) // 30))


def give_password(page, url):
    page.goto(f"{url}/sign-in/")
    page.get_by_label("Username").fill("anna")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_the_first_sign_in_sets_it_up_and_the_next_asks_for_it(
    page, live_server, administrator, settings
):
    settings.REQUIRE_SECOND_FACTOR = True
    give_password(page, live_server.url)
    expect(page.get_by_role("heading")).to_have_text("Set up your second factor")
    width = page.locator(".qr").evaluate("image => image.naturalWidth")
    assert width > 0
    page.get_by_text("Type the key instead").click()
    key = page.locator("#key").input_value()
    # somebody types it into a phone: all of it can be read
    assert page.locator("#key").evaluate(
        "e => e.scrollHeight <= e.clientHeight && e.scrollWidth <= e.clientWidth"
    )
    page.get_by_label("Code", exact=True).fill(code_of(key))
    page.get_by_role("button", name="Set it up").click()
    expect(page.get_by_role("heading")).to_have_text("Recovery codes")
    recovery = page.locator(".codes li").first.inner_text()
    page.get_by_role("link", name="I have kept them, go on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    page.get_by_role("link", name="Anna Koroleva").click()
    expect(page.get_by_text("This one")).to_be_visible()

    page.context.clear_cookies()
    give_password(page, live_server.url)
    expect(page.get_by_label("Code", exact=True)).to_be_focused()
    page.get_by_label("Code", exact=True).fill(recovery)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
