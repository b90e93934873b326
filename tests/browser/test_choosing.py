"""Rows are chosen with mouse and keys, stay chosen, and are ended together."""

import re

import pytest
from playwright.sync_api import expect

from bizproc_admin.models import BulkOperation, Workflow
from tests.browser.conftest import faults_of

# what each row read is forgotten, so that the list is told of all of them anew
REPAINT = """() => {
  for (const row of document.querySelectorAll("#workflow-rows tr")) row.dataset.reads = "other";
  const pulse = document.getElementById("workflow-pulse");
  return htmx.ajax("GET", pulse.getAttribute("hx-get"), { source: pulse });
}"""
pytestmark = [pytest.mark.usefixtures("company"), pytest.mark.portable]


def test_rows_are_chosen_stay_chosen_and_are_ended_together(page, enter, administrator):
    page.goto(f"{enter(administrator)}/workflows/?size=25")
    boxes, bar = page.locator("input[data-choose]"), page.locator("#choosing")
    names = page.locator(".data-table__title a.two__main")
    expect(bar).to_be_hidden()
    top = names.nth(5).bounding_box()["y"]
    boxes.nth(1).click()
    boxes.nth(3).click(modifiers=["Shift"])
    expect(bar).to_contain_text("3 chosen")
    expect(page.locator("#status")).to_contain_text("3 chosen")
    assert names.nth(5).bounding_box()["y"] == top
    # by key: the row with the focus; typing a letter elsewhere stays what it is
    names.nth(5).focus()
    page.keyboard.press("x")
    expect(bar).to_contain_text("4 chosen")
    kept = boxes.nth(1).get_attribute("value")
    # painted anew by the page itself, by another order, another page, and a reload
    page.evaluate(REPAINT)
    expect(page.locator("tr[data-chosen]")).to_have_count(4)
    page.locator("#sort-idle").click()
    expect(page).to_have_url(re.compile("sort=-idle"))
    expect(bar).to_contain_text("4 not on this page")
    page.locator("#pager-last").click()
    expect(page.locator(f"#choose-{kept}")).to_be_checked()
    page.reload()
    expect(page.locator(f"#choose-{kept}")).to_be_checked()
    # under the head that stays in sight rows stand as they happen to
    page.evaluate("scrollTo(0, 0)")
    assert faults_of(page) == []
    # the page, then all that match, which no filter but these means
    page.locator("#choose-page").click()
    bar.get_by_role("button", name=re.compile("All 100 matching")).click()
    expect(bar).to_contain_text("All 100 matching are chosen")
    page.locator("#search").fill("договор")
    expect(page.locator("#choosing")).to_be_hidden()
    page.locator("#choose-page").click()
    count = page.locator("tr[data-chosen]").count()
    bar.get_by_role("button", name="Kill…").click()
    dialog = page.locator("#dialog")
    expect(dialog.get_by_role("heading")).to_have_text(f"Kill {count} workflows")
    assert faults_of(page) == []
    dialog.get_by_label("Reason").fill("Договор расторгнут")
    dialog.get_by_label("How many").fill("7777")
    dialog.get_by_role("button", name="Kill").click()
    expect(dialog.locator(".field__error")).to_contain_text(f"type {count}")
    expect(dialog.get_by_label("Reason")).to_have_value("Договор расторгнут")
    dialog.get_by_label("How many").fill(str(count))
    dialog.get_by_role("button", name="Kill").click()
    expect(page).to_have_url(re.compile(r"/operations/\d+/$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"Kill {count} workflows")
    operation = BulkOperation.objects.get(confirmed_at__isnull=False)
    assert (operation.total, operation.reason) == (count, "Договор расторгнут")
    page.goto(page.url.split("/operations")[0] + "/workflows/")
    expect(page.locator("#choosing")).to_be_hidden()


def test_all_that_match_filters_stay_chosen_on_every_page(page, enter, administrator):
    page.goto(f"{enter(administrator)}/workflows/?size=25&condition=no-task")
    page.locator("#choose-page").click()
    bar = page.locator("#choosing")
    bar.get_by_role("button", name=re.compile(r"All \d+ matching")).click()
    expect(bar).to_contain_text(re.compile(r"All \d+ matching are chosen"))
    page.locator("#pager-next").click()
    expect(page).to_have_url(re.compile("page=2"))
    expect(bar).to_contain_text(re.compile(r"All \d+ matching are chosen"))
    expect(page.locator("tr[data-chosen]")).to_have_count(25)


def test_a_chosen_row_that_ends_is_chosen_no_more(page, enter, administrator):
    page.goto(f"{enter(administrator)}/workflows/?size=25")
    boxes, bar = page.locator("input[data-choose]"), page.locator("#choosing")
    boxes.nth(0).click()
    boxes.nth(1).click()
    expect(bar).to_contain_text("2 chosen")
    ended = boxes.nth(1).get_attribute("value")
    Workflow.objects.filter(pk=ended).update(is_running=False, end_cause="unknown")
    page.evaluate(REPAINT)
    expect(page.locator(f"#workflow-row-{ended}")).to_have_attribute("data-state", "ended")
    expect(bar).to_contain_text("1 chosen")
    expect(bar).not_to_contain_text("not on this page")
