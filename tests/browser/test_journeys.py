"""Journeys through the program as people make them, with eyes, keyboard and a phone."""

import re
import uuid

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from bizproc_admin import commands
from bizproc_admin.actions import KillWorkflow
from bizproc_admin.audit import By
from bizproc_admin.models import AuditEntry, Command, Person, Workflow
from tests.browser.conftest import faults_of, refused
from tests.conftest import PASSWORD

pytestmark = pytest.mark.usefixtures("company")


def row(page, workflow):
    return page.locator(f"#workflow-row-{workflow.pk}")


def ask(page, workflow, verb):
    """Open the menu of a row and choose a verb; gives the dialog."""
    row(page, workflow).locator("summary").click()
    row(page, workflow).get_by_role("link", name=verb).click()
    dialog = page.locator("#dialog")
    expect(dialog).to_be_visible()
    return dialog


def open_list(page, url, workflow=None):
    page.goto(f"{url}/workflows/?q={workflow.remote_id}" if workflow else f"{url}/workflows/")


def test_signing_in_leads_to_the_overview_whose_numbers_lead_to_lists(
    page, live_server, administrator
):
    page.goto(f"{live_server.url}/workflows/")
    page.get_by_label("Username").fill(administrator.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile(r"/workflows/$"))
    page.get_by_role("link", name="Overview").first.click()
    count = page.locator(".tile__value").nth(1).inner_text()
    page.locator(".tile").nth(1).click()
    expect(page).to_have_url(re.compile("condition=waiting"))
    expect(page.locator(".pager__range")).to_contain_text(f"of {count}")


def test_a_filter_is_chosen_in_its_chip_and_stands_in_the_address(page, enter, administrator):
    open_list(page, enter(administrator))
    everything = page.locator(".pager__range").inner_text()
    page.locator("#filter-template summary").click()
    choice = page.locator("#filter-template .choice").nth(1)
    name = choice.locator(".choice__label").inner_text()
    count = choice.locator(".choice__count").inner_text()
    choice.locator("input").check()
    expect(page.locator("#filter-template summary b")).to_have_text(name)
    expect(page.locator(".pager__range")).to_contain_text(f"of {count}")
    expect(page).to_have_url(re.compile(r"template=\d+"))
    # the chip stays open for another choice, and both count
    page.locator("#filter-template .choice").nth(2).locator("input").check()
    expect(page).to_have_url(re.compile(r"template=\d+&template=\d+"))
    page.go_back()
    expect(page.locator("#filter-template summary b")).to_have_text(name)
    page.get_by_role("link", name="Clear all").click()
    expect(page.locator(".pager__range")).to_have_text(everything)


def test_searching_narrows_while_typing_and_keeps_the_focus(page, enter, administrator, waiting):
    open_list(page, enter(administrator))
    page.keyboard.press("/")
    page.keyboard.type(waiting.remote_id, delay=5)
    expect(page.locator("tr[data-row]")).to_have_count(1)
    expect(page.locator("#search")).to_be_focused()
    expect(page.locator("#search")).to_have_value(waiting.remote_id)


def test_terminating_is_asked_for_in_a_dialog_and_confirmed_on_the_row(
    page, enter, administrator, waiting, sandbox
):
    open_list(page, enter(administrator), waiting)
    dialog = ask(page, waiting, "Terminate…")
    expect(dialog.get_by_role("heading", name="Terminate")).to_be_visible()
    expect(dialog.get_by_role("link", name="Cancel")).to_be_focused()
    dialog.get_by_label("Reason").fill("Договор расторгнут")
    dialog.get_by_role("button", name="Terminate").click()
    expect(dialog).to_be_hidden()
    expect(row(page, waiting)).to_contain_text("Confirmed")
    expect(row(page, waiting)).to_contain_text("Terminated from here")
    assert [e["method"] for e in sandbox.ledger()] == ["bizproc.workflow.terminate"]
    page.goto(page.url.split("/workflows")[0] + reverse("workflow_detail", args=[waiting.pk]))
    expect(page.locator(".lede")).to_contain_text("Terminated from here")


def test_killing_needs_a_reason_and_says_what_it_destroys(
    page, enter, administrator, waiting, sandbox
):
    open_list(page, enter(administrator), waiting)
    dialog = ask(page, waiting, "Kill…")
    expect(dialog).to_contain_text("cannot be undone")
    dialog.get_by_role("button", name="Kill").click()
    # the browser itself asks for the reason first; a blank one is refused by the server
    dialog.get_by_label("Reason").fill("   ")
    dialog.get_by_role("button", name="Kill").click()
    expect(dialog.locator(".field__error")).to_be_visible()
    assert sandbox.ledger() == []
    dialog.get_by_label("Reason").fill("Started by mistake")
    dialog.get_by_role("button", name="Kill").click()
    expect(row(page, waiting)).to_contain_text("Killed from here")


def test_a_dialog_is_worked_and_left_by_the_keyboard(page, enter, administrator, waiting):
    open_list(page, enter(administrator), waiting)
    page.keyboard.press("j")
    expect(page.locator(f"#workflow-link-{waiting.pk}")).to_be_focused()
    menu = row(page, waiting).locator("summary")
    menu.focus()
    page.keyboard.press("Enter")
    link = row(page, waiting).get_by_role("link", name="Terminate…")
    link.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#dialog")).to_be_hidden()
    expect(menu).to_be_focused()
    assert not Command.objects.exists()


def test_a_menu_that_could_not_be_filled_leads_on_and_is_filled_when_opened_anew(
    page, enter, administrator, waiting
):
    open_list(page, enter(administrator), waiting)
    menu, links = row(page, waiting).locator("summary"), row(page, waiting).locator(".menu__item")
    page.route("**/menu/", lambda route: route.abort())
    menu.click()
    expect(links).to_have_text(["Open"])
    menu.click()
    page.unroute("**/menu/")
    menu.click()
    expect(row(page, waiting).get_by_role("link", name="Terminate…")).to_be_visible()


def test_the_second_tab_is_shown_the_first_ones_command(
    page, enter, administrator, other_administrator, waiting, monkeypatch
):
    open_list(page, enter(administrator), waiting)
    dialog = ask(page, waiting, "Terminate…")
    monkeypatch.setattr("bizproc_admin.doorbell.ring", lambda *args, **kwargs: None)
    commands.issue(
        KillWorkflow(workflow=waiting, reason="first"),
        by=By(account=other_administrator),
        key=uuid.uuid4(),
    )
    dialog.get_by_label("Reason").fill("second")
    dialog.get_by_role("button", name="Terminate").click()
    expect(dialog).to_contain_text("Boris Ivanov is already killing this")
    assert Command.objects.count() == 1


def test_a_workflow_is_terminated_without_javascript(
    browser, live_server, administrator, waiting, enter, context
):
    enter(administrator)
    plain = browser.new_context(java_script_enabled=False, storage_state=context.storage_state())
    page = plain.new_page()
    page.goto(f"{live_server.url}/workflows/?q={waiting.remote_id}")
    row(page, waiting).locator("summary").click()
    # a menu is filled when it is opened; without JavaScript it leads to the workflow's own page
    row(page, waiting).get_by_role("link", name="Open", exact=True).click()
    page.get_by_role("link", name="Terminate…").click()
    page.get_by_label("Reason").fill("No script")
    page.get_by_role("button", name="Terminate").click()
    expect(page).to_have_url(re.compile(r"/commands/\d+/$"))
    expect(page.locator("#command-body")).to_contain_text("Confirmed")
    plain.close()


def test_new_rows_wait_behind_a_chip_and_open_rows_change_in_place(
    page, enter, administrator, company
):
    page.clock.install()
    open_list(page, enter(administrator))
    first = page.locator("tr[data-row]").first.get_attribute("id")
    changed = Workflow.objects.get(pk=int(first.rsplit("-", 1)[1]))
    copy = Workflow.objects.get(pk=changed.pk)
    copy.pk, copy.remote_id = None, "new-one"
    copy.save()
    changed.mark_ended(cause="unknown", after=changed.observed_at, before=company.now())
    page.clock.run_for(11_000)
    expect(page.locator("#workflow-newer")).to_contain_text("1 newer")
    expect(page.locator(f"#{first}")).to_contain_text("Ended, cause unknown")
    assert page.locator("tr[data-row]").first.get_attribute("id") == first
    page.locator("#workflow-newer").click()
    expect(page.locator(f"#workflow-row-{copy.pk}")).to_be_visible()
    expect(page.locator("#workflow-newer")).to_have_count(0)


def test_on_a_phone_rows_are_blocks_and_nothing_runs_off_the_side(
    page, enter, administrator, waiting
):
    page.set_viewport_size({"width": 390, "height": 844})
    url = enter(administrator)
    for address in (
        "/",
        "/workflows/",
        f"/workflows/{waiting.pk}/",
        "/audit/",
        "/accounts/",
        "/people/",
        "/templates/",
        "/templates/search/",
        f"/templates/{waiting.template_id}/versions/",
        "/own-account/",
    ):
        page.goto(url + address)
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, address
    open_list(page, url, waiting)
    expect(page.locator("thead")).to_have_css("display", "none")
    page.get_by_text("More", exact=True).click()
    expect(page.locator(".phone-tabs__sheet").get_by_role("link", name="Portals")).to_be_visible()


ADDRESSES = (
    "overview",
    "workflow_list",
    "audit_entry_list",
    "account_list",
    "account_creation",
    "portal_list",
    "portal_creation",
    "workflow_template_list",
    "template_mention_list",
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_an_accessibility_fault(
    page, enter, administrator, company, waiting, scheme, sandbox
):
    page.emulate_media(color_scheme=scheme)
    url = enter(administrator)
    command = refused(waiting, administrator)
    page.goto(url + "/workflows/?show=nonsense")
    entry = AuditEntry.objects.order_by("-pk").first()
    pages = [reverse(name) for name in ADDRESSES] + [
        reverse("workflow_detail", args=[waiting.pk]),
        reverse("workflow_kill", args=[waiting.pk]),
        reverse("workflow_choices", args=["starter"]),
        reverse("command_detail", args=[command.pk]),
        reverse("account_detail", args=[administrator.pk]),
        reverse("own_account"),
        reverse("mfa_activate_totp"),
        reverse("person_list"),
        reverse("person_detail", args=[Person.objects.exclude(headed=None).earliest("pk").pk]),
        reverse("portal_detail", args=[company.pk]),
        reverse("workflow_template_versions", args=[waiting.template_id]),
        *([reverse("audit_entry_detail", args=[entry.pk])] if entry else []),
        "/workflows/?q=nothing-like-this",
        "/404/",
    ]
    # what is not a matter of colour is the same in both
    rules = {"runOnly": ["color-contrast"]} if scheme == "dark" else None
    faults = []
    for address in pages:
        page.goto(url + address)
        faults += [(address, *fault) for fault in faults_of(page, rules)]
    assert faults == []


def test_a_page_that_is_not_allowed_says_whom_to_ask(page, enter, auditor, administrator):
    page.goto(enter(auditor) + "/accounts/")
    expect(page.get_by_role("heading")).to_have_text("Your role does not allow this")
    expect(page.locator(".narrow__lede")).to_contain_text("Anna Koroleva")
