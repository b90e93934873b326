"""What an open list asks by itself: one question, and what it is told goes where it belongs."""

import pytest
from playwright.sync_api import expect

from bizproc_admin.models import CommandState, Workflow
from tests.browser.conftest import LIST

pytestmark = [pytest.mark.usefixtures("company"), pytest.mark.portable]
TICK = 10_500


def tick(page, *, status):
    with page.expect_response(lambda told: "/pulse/" in told.url and told.status == status):
        page.clock.run_for(TICK)


def test_an_open_list_asks_one_question_in_ten_seconds(page, enter, administrator):
    page.clock.install()
    page.goto(f"{enter(administrator)}/workflows/")
    tick(page, status=200)
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    for _time in range(5):
        tick(page, status=204)
    assert len(asked) == 5, asked
    page.goto(page.url.replace("/workflows/", "/audit/"))
    with page.expect_response("**/frame/"):
        page.clock.run_for(16_000)


def test_only_the_row_that_changed_is_replaced_and_focus_choice_and_menu_stay(
    page, enter, administrator, waiting
):
    page.clock.install()
    page.goto(f"{enter(administrator)}/workflows/?sort=template&size=25")
    rows = page.locator("#workflow-rows tr[data-reads]")
    keys = [rows.nth(n).get_attribute("id").split("-")[-1] for n in range(3)]
    tick(page, status=200)
    page.locator(f"#choose-{keys[0]}").click()
    page.locator(f"#workflow-link-{keys[0]}").focus()
    page.evaluate("window.second = document.querySelectorAll('#workflow-rows tr')[1]")
    count = page.locator("#nav .nav__count").first.text_content()
    Workflow.objects.filter(pk=keys[0]).update(state_text="Something else now", open_tasks=1)
    Workflow.objects.filter(pk=keys[2]).update(is_running=False)
    tick(page, status=200)
    expect(page.locator(f"#choose-{keys[0]}")).to_be_checked()
    expect(page.locator(f"#workflow-link-{keys[0]}")).to_be_focused()
    expect(rows.nth(2)).to_have_attribute("data-state", "ended")
    assert page.evaluate("second === document.querySelectorAll('#workflow-rows tr')[1]")
    expect(page.locator("#nav .nav__count").first).not_to_have_text(count)
    # a row whose menu is open waits for it to be closed
    page.locator(f"#workflow-menu-{keys[1]} > summary").click()
    expect(page.locator(f"#workflow-menu-{keys[1]} .menu__item").first).to_be_visible()
    Workflow.objects.filter(pk=keys[1]).update(is_running=False)
    tick(page, status=200)
    expect(page.locator(f"#workflow-menu-{keys[1]} .menu__item").first).to_be_visible()
    assert page.evaluate("second.isConnected")
    page.keyboard.press("Escape")
    tick(page, status=200)
    expect(rows.nth(1)).to_have_attribute("data-state", "ended")
    tick(page, status=204)


def test_an_open_list_whose_session_is_over_says_so(page, enter, olga, tasks, context):
    page.clock.install()
    page.goto(enter(olga) + LIST)
    context.clear_cookies()
    page.clock.run_for(TICK)
    page.wait_for_url("**/sign-in/**")


def test_a_list_that_nobody_looks_at_asks_nothing_and_once_when_it_is_seen(
    page, enter, administrator
):
    page.clock.install()
    page.goto(f"{enter(administrator)}/workflows/")
    page.wait_for_load_state("networkidle")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("Object.defineProperty(document, 'hidden', { value: true, writable: true })")
    page.clock.run_for(5 * TICK)
    page.wait_for_timeout(300)
    assert not asked
    with page.expect_response("**/pulse/**"):
        page.evaluate(
            "document.hidden = false; document.dispatchEvent(new Event('visibilitychange'))"
        )
    assert len(asked) == 1


def test_what_came_of_ones_own_act_is_told_by_the_list(page, enter, olga, tasks, slowly):
    page.clock.install()
    page.goto(enter(olga) + LIST)
    tick(page, status=200)
    page.locator(f"#row-answer-{tasks[0].pk}-1").click()
    expect(page.locator(f"#workflow-task-row-{tasks[0].pk}")).to_contain_text("sending in")
    made = tasks[0].commands.get()
    type(made).objects.filter(pk=made.pk).update(
        state=CommandState.REJECTED, settled_at=made.requested_at
    )
    page.clock.run_for(TICK)
    expect(page.locator("#news-items .news__item")).to_have_count(1)


def test_a_dialog_gives_the_focus_back_though_its_row_was_painted_anew(page, enter, administrator):
    page.clock.install()
    page.goto(f"{enter(administrator)}/workflows/?size=25")
    key = page.locator("#workflow-rows tr[data-reads]").first.get_attribute("data-row")
    tick(page, status=200)
    page.locator(f"#workflow-menu-{key} > summary").click()
    page.get_by_role("link", name="Terminate…").click()
    expect(page.locator("#dialog")).to_be_visible()
    page.evaluate("window.first = document.querySelector('#workflow-rows tr[data-reads]')")
    Workflow.objects.filter(pk=key).update(state_text="Something else now", open_tasks=1)
    tick(page, status=200)
    assert not page.evaluate("first.isConnected")
    page.keyboard.press("Escape")
    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.locator(f"#workflow-menu-{key} > summary")).to_be_focused()
