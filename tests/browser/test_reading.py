"""Lists are read at a glance: little of a cell is cut, many rows are seen, their order is said."""

import re
from contextlib import suppress

import pytest
from playwright.sync_api import Error, expect

from bizproc_admin.lists import column_choices, list_page, waiting_people
from bizproc_admin.models import Person, Workflow, counting

pytestmark = [pytest.mark.usefixtures("company"), pytest.mark.portable]
CELLS = """() => {
  const all = (place) => [...document.querySelectorAll(place)];
  const seen = all("tr[data-row] > td").filter((cell) => cell.offsetParent);
  const isCut = (one) => one.clientWidth > 2 && one.scrollWidth > one.clientWidth + 1
    && getComputedStyle(one).overflow !== "visible"
    && !one.closest(".visually-hidden");
  const cut = seen.filter((cell) => [cell, ...cell.querySelectorAll("*")].some(isCut));
  const isWhole = (row) => row.getBoundingClientRect().bottom <= innerHeight;
  return [cut.length / seen.length, all("tr[data-row]").filter(isWhole).length];
}"""


def test_little_is_cut_and_many_rows_are_seen(page, enter, administrator):
    url = enter(administrator)
    for width, height in ((1440, 900), (1280, 800)):
        page.set_viewport_size({"width": width, "height": height})
        for path in (
            "/workflows/",
            "/workflows/?condition=waiting",
            "/workflows/?condition=overdue",
            "/workflow-tasks/?whose=everybody",
            "/workflow-tasks/?whose=everybody&condition=overdue",
            "/people/",
        ):
            page.goto(f"{url}{path}")
            share, rows = page.evaluate(CELLS)
            assert share <= 0.1, (width, path)
            if (width, path) == (1440, "/workflows/"):
                assert rows >= 18


def test_the_counts_come_after_the_rows_and_move_nothing(page, enter, administrator):
    page.route("**/counts/**", lambda route: route.abort())
    page.goto(f"{enter(administrator)}/workflows/")
    table = page.locator(".data-table")
    before = table.bounding_box()
    state = page.locator("#condition-locked").bounding_box()
    page.unroute("**/counts/**")
    page.reload()
    expect(page.locator("#show-running .segmented__count")).to_have_text("100")
    assert table.bounding_box() == before
    assert page.locator("#condition-locked").bounding_box()["y"] == state["y"]
    # a filter that is chosen moves no row
    page.locator("#condition-waiting").click()
    expect(page.locator("#workflow-matches")).to_have_text(re.compile(r"^\s*\d+\s+of 100\s*$"))
    assert table.bounding_box()["y"] == before["y"]
    # ages go on without anything being asked
    oldest = page.locator("time[data-ago]").first
    oldest.evaluate("(one) => (one.dateTime = new Date(Date.now() - 5 * 3600e3).toISOString())")
    expect(oldest).to_have_text("5 h")


def test_what_was_glanced_at_is_counted_after_the_rows_and_moves_nothing(
    page, enter, olga, monkeypatch
):
    monkeypatch.setattr(counting, "MANY", 0)
    monkeypatch.setattr(counting, "GLANCED", 1)
    page.route("**/counts/**", lambda route: route.abort())
    page.goto(f"{enter(olga)}/workflows/?show=all")
    matches, views = page.locator("#workflow-matches"), page.locator("#workflow-views")
    expect(matches).to_have_text(re.compile(r"^\s*1\+\s*$"))
    expect(page.locator("#workflow-total")).to_have_text("1+")
    before = [one.bounding_box() for one in (views, page.locator(".data-table"))]
    page.unroute("**/counts/**")
    page.reload()
    expect(matches).to_have_text(re.compile(r"^\s*\d{2,}\s*$"))
    expect(page.locator("#workflow-total")).to_have_text(re.compile(r"^\d{2,}$"))
    assert [one.bounding_box() for one in (views, page.locator(".data-table"))] == before


def test_counts_that_come_after_another_filter_was_pressed_are_let_go(
    page, enter, olga, monkeypatch
):
    monkeypatch.setattr(counting, "MANY", 0)
    monkeypatch.setattr(counting, "GLANCED", 1)
    held = []
    page.route("**/counts/?show=all", lambda route: held.append(route))
    page.goto(f"{enter(olga)}/workflows/?show=all")
    page.locator("#show-ended").click()
    expect(page.locator("#show-ended")).to_have_attribute("aria-current", "true")
    expect(page.locator("#show-all .segmented__count")).to_have_text(re.compile(r"\d+"))
    with suppress(Error):  # given up by the page
        held[0].continue_()
    page.wait_for_timeout(300)
    expect(page.locator("#workflow-matches")).to_have_text(re.compile(r"^\s*0\s*$"))


def test_a_phone_sorts_by_a_menu_that_says_the_order(page, enter, administrator):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{enter(administrator)}/workflows/")
    menu = page.locator("#sort-menu")
    expect(menu).to_contain_text("newest first")
    menu.locator("summary").click()
    menu.get_by_text("Idle, longest first").click()
    expect(page).to_have_url(re.compile("sort=-idle"))
    expect(page.locator("#sort-menu summary")).to_contain_text("longest first")


def test_the_way_leads_back_to_the_list_as_it_was_and_on_along_its_rows(page, enter, administrator):
    # where there is no room beside the list
    page.set_viewport_size({"width": 1100, "height": 800})
    page.goto(f"{enter(administrator)}/workflows/?size=25&sort=idle")
    addresses = page.locator("tr[data-row]").evaluate_all(
        "rows => rows.map((row) => row.querySelector('.data-table__title a').pathname)"
    )
    page.locator("tr[data-row] .data-table__title a.two__main").nth(3).click()
    expect(page).to_have_url(re.compile(f"{addresses[3]}$"))
    trail = page.locator(".trail")
    expect(trail).to_contain_text("4 of 25")
    page.keyboard.press("j")
    expect(page).to_have_url(re.compile(f"{addresses[4]}$"))
    # what came since changes nothing: the rows are those the list showed
    Workflow.objects.filter(pk=int(addresses[5].split("/")[2])).update(is_running=False)
    trail.get_by_role("link", name="Next").click()
    expect(page).to_have_url(re.compile(f"{addresses[5]}$"))
    expect(page.locator(".hero")).to_contain_text("Ended")
    page.keyboard.press("k")
    expect(page).to_have_url(re.compile(f"{addresses[4]}$"))
    key = addresses[4].split("/")[2]
    page.locator(".crumbs > a").click()
    expect(page).to_have_url(re.compile(rf"\?size=25&sort=idle#workflow-row-{key}$"))
    expect(page.locator(f"#workflow-link-{key}")).to_be_focused()
    # Back: one step for all rows that were looked at
    page.go_back()
    page.go_back()
    expect(page).to_have_url(re.compile(r"/workflows/\?size=25&sort=idle$"))


def test_back_over_a_filter_leaves_a_page_on_which_everything_works(page, enter, administrator):
    page.goto(f"{enter(administrator)}/workflows/")
    page.get_by_role("link", name="Locked").click()
    expect(page).to_have_url(re.compile("condition=locked$"))
    page.go_back()
    expect(page).to_have_url(re.compile("/workflows/$"))
    expect(page.get_by_role("link", name="Locked")).not_to_have_attribute("aria-current", "true")
    expect(page.locator("html[data-js]")).to_be_attached()
    page.locator(".menu__button").first.click()
    page.get_by_role("link", name="Terminate…").click()
    expect(page.locator("#dialog")).to_be_visible()


def test_among_many_choices_the_server_finds(page, enter, administrator, monkeypatch):
    for module in (column_choices, list_page, waiting_people):
        monkeypatch.setattr(module, "MOST", 13)
    person = Person.objects.filter(assignments__status=0).order_by("-name").first()
    page.goto(f"{enter(administrator)}/workflows/")
    page.locator("#filter-waiting summary").click()
    find = page.locator("#find-waiting")
    find.fill(str(person))
    choice = page.locator(f"#choice-waiting-{person.pk}")
    expect(choice).to_be_visible()
    expect(page.locator("#choices-waiting .choice")).to_have_count(1)
    expect(find).to_be_focused()
    choice.check()
    expect(page).to_have_url(re.compile(rf"\?waiting={person.pk}$"))
    expect(page.locator("#filter-waiting summary")).to_contain_text(str(person))
