"""What becomes of an answer is told where the person is by then, and said to the ear."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from bizproc_admin import commands
from bizproc_admin.models import Command, CommandState
from tests.browser.conftest import LIST, PHONE, WIDE, faults_of

COMPLETE = "bizproc.task.complete"
# what can be pressed and lies, in what is seen, under something else
COVERED = """selector => {
    const over = document.querySelector(selector).getBoundingClientRect();
    const meets = (box) => box.width && box.left < over.right && over.left < box.right
        && box.top < over.bottom && over.top < box.bottom;
    return [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
        .filter((one) => !one.closest(selector) && one.checkVisibility())
        .filter((one) => meets(one.getBoundingClientRect()))
        .map((one) => one.outerHTML.slice(0, 80));
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_a_refusal_is_told_on_the_page_the_person_went_on_to(
    page, enter, olga, tasks, settings, sandbox, size, scheme
):
    settings.UNDO_TIME = 1
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    url = enter(olga)
    page.goto(f"{url}{LIST}{tasks[0].pk}/")
    page.locator(".task-panel__acts [data-act='agree']").click()
    page.wait_for_url(f"{url}{LIST}**")
    page.goto(f"{url}/workflows/")
    sandbox.fail_next("ERROR_TASK_EXECUTION", method=COMPLETE)
    page.wait_for_timeout(1100)
    commands.sweep()
    assert Command.objects.get().state == CommandState.REJECTED
    news = page.get_by_role("alert").filter(has_text="the portal refused")
    expect(news).to_contain_text("Approve 0")
    counted = page.locator("[data-news-count]:visible")
    expect(counted).to_have_text("1")
    assert page.evaluate(COVERED, "#news .news__item") == []
    assert faults_of(page) == []
    # still there on the next page, until it is dismissed
    page.goto(f"{url}/workflows/")
    page.get_by_role("button", name="Dismiss: “Yes”: the portal refused, Approve 0").click()
    expect(page.locator("#news .news__item")).to_have_count(0)
    expect(counted).to_have_count(0)
    page.reload()
    expect(page.locator("#news .news__item")).to_have_count(0)


def test_what_leaves_and_what_was_confirmed_is_said_and_not_how_many_rows_there_are(
    page, enter, olga, tasks, settings
):
    settings.UNDO_TIME = 2
    page.set_viewport_size(WIDE)
    page.goto(enter(olga) + LIST)
    page.evaluate("""() => {
        window.heard = [];
        new MutationObserver(() => window.heard.push(document.getElementById("status").textContent))
            .observe(document.getElementById("status"), { childList: true });
    }""")
    page.locator(f"#row-answer-{tasks[0].pk}-1").click()
    status = page.locator("#status")
    expect(status).to_contain_text("“Yes”, sending in")
    expect(status).to_contain_text("Approve 0. Press U to undo it.")
    page.wait_for_timeout(2100)
    commands.sweep()
    expect(status).to_contain_text(": confirmed, ")
    page.keyboard.press("j")
    page.locator(f"#workflow-task-row-{tasks[1].pk} [data-act='delegate']").press("Enter")
    page.locator("#dialog").get_by_role("combobox").fill("а")
    expect(status).to_contain_text("found")
    assert not [text for text in page.evaluate("window.heard") if " of 3" in text]


def test_news_push_no_row_away_from_under_a_finger(page, enter, olga, tasks, slowly):
    page.set_viewport_size(PHONE)
    page.goto(enter(olga) + LIST)
    page.locator(f"#row-answer-{tasks[0].pk}-1").click()
    row = page.locator(f"#workflow-task-row-{tasks[2].pk}")
    expect(page.locator("#take-back-bar")).to_contain_text("Approve 0")
    before = row.bounding_box()["y"]
    Command.objects.update(state=CommandState.REJECTED, settled_at=timezone.now())
    expect(page.locator("#news .news__item")).to_be_in_viewport()
    assert abs(row.bounding_box()["y"] - before) < 1


@pytest.mark.parametrize("place", ["list", "beside", "phone"])
def test_one_bar_for_several_answers_covers_nothing_that_can_be_pressed(
    page, enter, olga, tasks, slowly, place
):
    page.set_viewport_size(PHONE if place == "phone" else WIDE)
    opened = f"?open={tasks[2].pk}" if place == "beside" else ""
    page.goto(enter(olga) + LIST + opened)
    bar = page.locator("#take-back-bar")
    for number in (0, 1):
        page.locator(f"#row-answer-{tasks[number].pk}-1").click()
        expect(bar).to_contain_text(f"Approve {number}")
        if place != "phone":
            assert page.evaluate(COVERED, "#take-back-bar") == []
    expect(bar).to_contain_text("2 answers leave")
    expect(bar.locator(".take-back-bar__item")).to_have_count(1)
    # what lies under it on a phone can be brought out from there
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    assert page.evaluate(COVERED, "#take-back-bar") == []
    page.get_by_role("button", name="Undo last").click()
    expect(bar).to_contain_text("“Yes”, sending in")
    page.locator(f"#row-answer-{tasks[1].pk}-1").click()
    bar.get_by_role("button", name="All").click()
    expect(bar).to_be_hidden()
    for number in (0, 1):
        expect(page.locator(f"#row-answer-{tasks[number].pk}-1")).to_be_visible()
    assert set(Command.objects.values_list("error_code", flat=True)) == {"taken_back"}
