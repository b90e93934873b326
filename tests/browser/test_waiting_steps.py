"""Steps that wait for an application, in a real browser: from testing the calls to an answer."""

import re
import time

from playwright.sync_api import expect

from bizproc_admin import commands
from bizproc_admin.models import ApplicationStep, CallReceiver, Command, StepState
from tests.browser.conftest import PHONE, WIDE
from tests.http import waiting


def until(is_so, portal, seconds=15):
    """Do what a worker does meanwhile, until something has come to pass."""
    over = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < over, "it did not come to pass"
        commands.serve(portal.pk, worker="test")
        time.sleep(0.1)


def test_an_action_is_registered_its_step_is_answered_and_its_next_step_seen(
    page, come_in, door, sandbox, live_server, settings
):
    settings.PUBLIC_URL = live_server.url.replace("localhost", "127.0.0.1")
    settings.PORTAL_HOSTS_ALLOWED = [*settings.PORTAL_HOSTS_ALLOWED, "127.0.0.1:1"]
    sandbox.set_build("26")
    page.set_viewport_size(WIDE)
    url = come_in("anna.koroleva", f"/portals/{door.pk}/")
    page.get_by_role("button", name="Test the calls").click()
    until(lambda: CallReceiver.objects.filter(learnt_at__isnull=False).exists(), door)
    page.goto(f"{url}/portals/{door.pk}/")
    expect(page.get_by_text("Proven since")).to_be_visible()
    # an action with one value to be answered
    page.goto(f"{url}/templates/application-actions/registration/")
    page.locator("[name=kind][value=activity]").check()
    page.locator("[name=code]").fill("price_check")
    page.locator("[name=names_text]").first.fill("Check the price")
    page.locator("[name=subscription][value=Y]").check()
    page.locator("[name=more][value=answered]").click()
    page.locator("[name=answered-0-id]").fill("note")
    page.locator("[name=answered-0-names_text]").first.fill("Note")
    page.locator("#main [name=reason], main [name=reason]").first.fill("For the price list.")
    page.get_by_role("button", name="Register it on the portal").click()
    until(lambda: Command.objects.filter(state="confirmed", action__contains="regist"), door)
    # a template that uses it is started; its step calls
    kind = next(one for one in sandbox.ledger() if one["method"] == "bizproc.activity.add")
    number = waiting.template(sandbox, kind["applied"]["type"], title="Price of the pumps")
    waiting.workflow_of(sandbox, number)
    until(ApplicationStep.objects.waiting().exists, door)
    step = ApplicationStep.objects.waiting().get()
    until(lambda: ApplicationStep.objects.get(pk=step.pk).workflow_id, door)
    sandbox.advance(30)
    page.set_viewport_size(PHONE)
    page.goto(f"{url}/waiting-steps/")
    page.locator(f"a[href='/waiting-steps/{step.pk}/']").first.click()
    page.get_by_label(re.compile("^Note")).fill("12,50 each")
    page.locator("[name=reason]").first.fill("The connector is down.")
    page.get_by_role("button", name="Answer", exact=True).click()
    until(
        lambda: ApplicationStep.objects.filter(pk=step.pk, state=StepState.CONFIRMED).exists(),
        door,
    )
    expect(page.locator("#step-stand")).to_contain_text("The workflow went on after the answer")
    page.get_by_role("link", name="Open the workflow").click()
    expect(page.locator("main")).to_contain_text("Утвердить счёт")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    (sent,) = [one for one in sandbox.ledger() if one["method"] == "bizproc.event.send"]
    assert sent["applied"]["values"] == {"note": "12,50 each"}
