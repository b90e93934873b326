"""What a browser fetches before a page is there, with files as they are collected."""

import pytest
from playwright.sync_api import expect

from bizproc_admin.models import Command
from tests.browser.conftest import LIST

pytestmark = [pytest.mark.usefixtures("company", "collected"), pytest.mark.portable]
MOST_REQUESTS = 8


def test_a_first_visit_of_a_list_takes_few_requests(page, enter, administrator):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{enter(administrator)}/workflows/", wait_until="networkidle")
    assert "js" in page.evaluate("document.documentElement.dataset")
    assert len(asked) <= MOST_REQUESTS, asked


def test_the_script_that_is_collected_does_what_its_modules_do(page, enter, olga, tasks, slowly):
    page.goto(enter(olga) + LIST)
    page.locator(f"#row-answer-{tasks[0].pk}-1").click()
    expect(page.locator(f"#workflow-task-row-{tasks[0].pk}")).to_contain_text("sending in")
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator(f"#workflow-task-link-{tasks[1].pk}").click()
    page.locator("#answer-comment").fill("typed")
    expect(page.locator("#draft-note")).to_contain_text("Kept as a draft")
    assert Command.objects.count() == 1


def test_a_shape_that_comes_later_is_drawn_also_where_it_did_not_come_at_first(
    page, enter, administrator
):
    page.route("**/icons/*.svg", lambda route: route.abort())
    page.goto(f"{enter(administrator)}/workflows/", wait_until="networkidle")
    sprite, menu = page.locator("#icons"), page.locator("tr details.menu").first
    expect(sprite.locator("#i-trash-2")).to_have_count(0)
    page.unroute("**/icons/*.svg")
    menu.locator("summary").click()
    expect(menu.get_by_text("Kill…")).to_be_visible()
    expect(sprite.locator("#i-trash-2")).to_have_count(1)
    drawn = menu.locator('use[href="#i-trash-2"]').evaluate("use => use.getBBox().width")
    assert drawn > 0
    assert sprite.locator("#i-trash-2").count() == 1
