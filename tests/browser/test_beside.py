"""A workflow opened beside its list: what moves, what stays, and where the way back leads."""

import re
from time import sleep

import pytest
from playwright.sync_api import expect

from bizproc_admin.models import Command, Workflow
from tests.browser.conftest import PHONE, WIDE, faults_of

pytestmark = [pytest.mark.usefixtures("company"), pytest.mark.portable]

ASKED = "?size=25&sort=idle"


@pytest.fixture
def keys(page, enter, administrator):
    """The list on a wide screen; the keys of its rows, in their order."""
    page.set_viewport_size(WIDE)
    page.goto(f"{enter(administrator)}/workflows/{ASKED}")
    return page.locator("tr[data-row]").evaluate_all("rows => rows.map((r) => r.dataset.row)")


def title(page):
    return page.locator("#workflow-panel-title")


def named(key):
    return Workflow.objects.with_names().get(pk=key).document_name


def top_of(page, key):
    return page.locator(f"#workflow-row-{key}").bounding_box()["y"]


def is_open(page, key):
    """The panel, the row and the address say that this one is open."""
    expect(title(page)).to_have_text(named(key))
    expect(page.locator("tr[data-open]")).to_have_attribute("data-row", key)
    expect(page).to_have_url(re.compile(rf"/workflows/{re.escape(ASKED)}&open={key}$"))


def test_it_opens_beside_its_list_and_closes_to_its_row(page, keys):
    before = top_of(page, keys[5])
    page.locator(f"#workflow-link-{keys[3]}").click()
    is_open(page, keys[3])
    expect(title(page)).to_be_focused()
    assert top_of(page, keys[5]) == before
    page.reload()
    is_open(page, keys[3])
    assert page.locator("tr[data-row]").count() == 25
    page.keyboard.press("Escape")
    expect(title(page)).to_have_count(0)
    expect(page.locator(f"#workflow-link-{keys[3]}")).to_be_focused()
    expect(page).to_have_url(re.compile(rf"{re.escape(ASKED)}$"))
    page.keyboard.press("Enter")
    is_open(page, keys[3])
    page.locator("#workflow-panel-close").click()
    expect(page.locator(f"#workflow-link-{keys[3]}")).to_be_focused()
    page.locator(f"#workflow-link-{keys[3]}").click()
    page.get_by_role("link", name="Open the page").click()
    expect(page).to_have_url(re.compile(rf"/workflows/{keys[3]}/$"))
    page.locator(".crumbs > a").click()
    expect(page).to_have_url(re.compile(rf"{re.escape(ASKED)}#workflow-row-{keys[3]}$"))


def test_keys_and_arrows_lead_along_the_rows_and_back_closes_it_at_once(page, keys):
    page.locator(f"#workflow-link-{keys[0]}").click()
    is_open(page, keys[0])
    trail = page.locator("#workflow-panel .trail")
    expect(trail).to_contain_text("1 of 25")
    page.keyboard.press("j")
    is_open(page, keys[1])
    trail.get_by_role("link", name="Next").click()
    is_open(page, keys[2])
    page.keyboard.press("k")
    is_open(page, keys[1])
    expect(trail).to_contain_text("2 of 25")
    page.go_back()
    expect(title(page)).to_have_count(0)
    expect(page.locator(f"#workflow-link-{keys[1]}")).to_be_focused()
    expect(page.locator("tr[data-open]")).to_have_count(0)
    page.go_forward()
    is_open(page, keys[1])


def test_no_step_back_leads_to_what_is_shown_already(page, keys):
    listed = page.url
    page.goto(listed.replace(f"workflows/{ASKED}", "people/"))
    page.goto(listed)
    page.locator(f"#workflow-link-{keys[0]}").click()
    is_open(page, keys[0])
    page.keyboard.press("j")
    is_open(page, keys[1])
    page.keyboard.press("Escape")
    expect(title(page)).to_have_count(0)
    expect(page.locator(f"#workflow-link-{keys[1]}")).to_be_focused()
    expect(page).to_have_url(listed)
    page.go_back()
    expect(page).to_have_url(re.compile("/people/$"))
    page.go_forward()
    expect(page).to_have_url(listed)
    page.go_forward()
    # led to it, or by its address, it closes the same way; and only once
    for again in (lambda: None, page.reload):
        again()
        is_open(page, keys[1])
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        expect(title(page)).to_have_count(0)
        expect(page).to_have_url(listed)
        page.go_forward()
    is_open(page, keys[1])


def test_what_is_still_coming_is_closed_once_it_has_come(page, keys):
    page.locator(f"#workflow-link-{keys[0]}").click()
    is_open(page, keys[0])
    listed = page.url.partition("&open")[0]
    page.route(f"**/workflows/{keys[1]}/**", lambda route: (sleep(0.5), route.continue_()))
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    expect(title(page)).to_have_count(0)
    expect(page.locator(f"#workflow-link-{keys[1]}")).to_be_focused()
    expect(page).to_have_url(listed)


def test_a_filter_leaves_it_open_and_says_that_its_row_is_gone(page, keys):
    page.locator(f"#workflow-link-{keys[1]}").click()
    is_open(page, keys[1])
    Workflow.objects.filter(pk=keys[1]).update(is_running=False, end_cause="unknown")
    page.keyboard.press("r")
    expect(page.locator(f"#workflow-row-{keys[1]}")).to_have_count(0)
    trail = page.locator("#workflow-panel .trail")
    expect(trail).to_contain_text("Not among the rows shown")
    page.evaluate(f"htmx.trigger(document.body, 'workflow-{keys[1]}-changed')")
    expect(page.locator("#workflow-panel .lede")).to_contain_text("Ended")
    # on from where it stood
    page.keyboard.press("j")
    expect(title(page)).to_have_text(named(keys[2]))
    page.get_by_role("link", name="Locked").click()
    expect(page).to_have_url(re.compile(rf"condition=locked.*&open={keys[2]}$"))
    expect(title(page)).to_have_text(named(keys[2]))


def test_what_the_page_asks_by_itself_closes_nothing_and_moves_no_focus(page, keys):
    page.clock.install()
    page.reload()
    page.locator(f"#workflow-link-{keys[2]}").click()
    is_open(page, keys[2])
    page.locator("#workflow-panel-page").focus()
    Workflow.objects.filter(pk=keys[4]).update(state_text="Read anew")
    Workflow.objects.filter(pk=keys[2]).update(document_copy="Another name", state_text="So it is")
    for _turn in range(3):
        page.clock.run_for(11_000)
        page.wait_for_timeout(200)
    expect(title(page)).to_have_text("Another name")
    expect(page.locator(f"#workflow-link-{keys[2]}")).to_have_text("Another name")
    expect(page.locator("tr[data-open]")).to_have_attribute("data-row", keys[2])
    expect(page.locator("#workflow-panel-page")).to_be_focused()


def test_what_is_done_to_it_from_there_is_told_there(page, keys):
    page.locator(f"#workflow-link-{keys[0]}").click()
    page.locator("#workflow-panel #terminate").click()
    page.locator("#dialog [name=reason]").fill("No longer needed")
    page.locator("#dialog").get_by_role("button", name="Terminate").click()
    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.locator("#workflow-panel .lede")).to_contain_text("Terminated from here")
    expect(page.locator(f"#workflow-row-{keys[0]}")).to_contain_text("Terminated from here")
    expect(page.locator("#workflow-panel #terminate")).to_have_count(0)
    assert Command.objects.get().workflow_id == int(keys[0])
    is_open(page, keys[0])


def test_a_text_that_waits_to_be_copied_holds_nothing_up(page, keys, waiting):
    page.goto(page.url.split("?")[0] + f"?q={waiting.remote_id}&open={waiting.pk}")
    expect(page.get_by_role("button", name="Copy a reminder").first).to_be_visible()
    waiting.tasks.update(name="Asked otherwise")
    page.evaluate(f"htmx.trigger(document.body, 'workflow-{waiting.pk}-changed')")
    expect(page.locator("#workflow-panel .task-list")).to_contain_text("Asked otherwise")


def test_where_there_is_no_room_it_is_a_page_and_so_is_its_address(page, keys):
    page.set_viewport_size({"width": 1100, "height": 800})
    page.locator(f"#workflow-link-{keys[1]}").click()
    expect(page).to_have_url(re.compile(rf"/workflows/{keys[1]}/$"))
    page.set_viewport_size(PHONE)
    page.goto(page.url.replace(f"/workflows/{keys[1]}/", f"/workflows/{ASKED}&open={keys[1]}"))
    expect(page).to_have_url(re.compile(rf"/workflows/{keys[1]}/$"))
    # the list it leads back to opens nothing
    page.locator(".crumbs > a").click()
    expect(page).to_have_url(re.compile(rf"{re.escape(ASKED)}#workflow-row-{keys[1]}$"))
    expect(page.locator("tr[data-row]")).to_have_count(25)


def test_another_tab_shows_the_page(page, keys, context):
    with context.expect_page() as opening:
        page.locator(f"#workflow-link-{keys[1]}").click(modifiers=["Control"])
    expect(opening.value).to_have_url(re.compile(rf"/workflows/{keys[1]}/$"))
    expect(title(page)).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_has_no_barrier_and_its_list_can_be_read(page, keys, scheme):
    page.emulate_media(color_scheme=scheme)
    for width in (1440, 1200):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(page.url.split("?")[0] + f"{ASKED}&open={keys[0]}")
        expect(title(page)).to_be_visible()
        frame = page.locator(".data-table-frame")
        assert frame.evaluate("e => e.scrollWidth <= e.clientWidth")
        cell = page.locator(f"#workflow-row-{keys[1]} .data-table__title").bounding_box()
        assert cell["width"] > 200
        acts = page.locator(".workflow-panel__acts").bounding_box()
        assert acts["y"] + acts["height"] <= 900
        assert faults_of(page) == []
