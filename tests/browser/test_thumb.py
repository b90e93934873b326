"""Lists under a thumb: a row leads where its link does, but for what else can be pressed."""

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from bizproc_admin.models import ApplicationStep, StepState
from tests.browser.conftest import PHONE, refused

pytestmark = [pytest.mark.usefixtures("company"), pytest.mark.portable]

LISTS = (
    "workflow_list",
    "workflow_task_list",
    "person_list",
    "audit_entry_list",
    "workflow_template_list",
    "application_step_list",
    "command_list",
)

# where a touch of each part of a row leads: the row's own link, another control, or nowhere
WHERE = """(row) => {
    row.scrollIntoView({ block: "center" });
    const own = row.querySelector("td.data-table__title a.two__main");
    const box = row.getBoundingClientRect();
    const found = { own: 0, control: 0, nowhere: 0 };
    for (let x = box.left + 3; x < box.right; x += 12) {
        for (let y = box.top + 3; y < box.bottom; y += 8) {
            const there = document.elementFromPoint(x, y);
            const control = there?.closest("a, button, summary, label, input");
            found[control === own ? "own" : control ? "control" : "nowhere"] += 1;
        }
    }
    return found;
}"""
# the middle of every other thing that can be pressed belongs to that
COVERED = """(row) => [...row.querySelectorAll("a, button, summary, label")]
    .filter((one) => !one.matches("td.data-table__title a.two__main"))
    .filter((one) => one.checkVisibility() && one.getBoundingClientRect().width > 2)
    .filter((one) => {
        const { x, y, width, height } = one.getClientRects()[0];
        const there = document.elementFromPoint(x + width / 2, y + height / 2);
        return !one.contains(there) && !there?.contains(one);
    })
    .map((one) => one.outerHTML)"""


@pytest.fixture
def listed(company, waiting, chief):
    """Something for each of the lists."""
    ApplicationStep.objects.create(
        portal=company, workflow=waiting, state=StepState.WAITING, since=timezone.now()
    )
    refused(waiting, chief)


def test_on_a_phone_the_whole_row_is_its_link(page, enter, chief, listed):
    page.set_viewport_size(PHONE)
    url = enter(chief)
    for name in LISTS:
        asked = "?whose=everybody" if name == "workflow_task_list" else ""
        page.goto(url + reverse(name) + asked)
        row = page.locator("tr:has(td.data-table__title a.two__main)").first
        where = row.evaluate(WHERE)
        assert where["nowhere"] == 0 and where["own"] > where["control"], (name, where)
        assert row.evaluate(COVERED) == [], name
        link = row.locator("td.data-table__title a.two__main")
        address = link.get_attribute("href")
        box = row.bounding_box()
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] - 4)
        expect(page).to_have_url(url + address)


def test_what_else_a_row_offers_is_still_pressed(page, enter, chief, waiting):
    page.set_viewport_size(PHONE)
    page.goto(f"{enter(chief)}/workflows/?q={waiting.remote_id}")
    box = page.locator(f"#choose-{waiting.pk}")
    box.click()
    expect(box).to_be_checked()
    page.locator(f"#workflow-menu-{waiting.pk} > summary").click()
    page.get_by_role("link", name="Terminate…").click()
    expect(page.locator("#dialog")).to_be_visible()


def test_on_a_wide_screen_the_text_of_a_row_can_be_selected(page, enter, chief, waiting):
    page.goto(f"{enter(chief)}/workflows/?q={waiting.remote_id}")
    state = page.locator(f"#workflow-row-{waiting.pk} .state__text")
    expect(state).to_be_visible()
    over = """(one) => {
        const { x, y } = one.getBoundingClientRect();
        return document.elementFromPoint(x + 5, y + 5) === one;
    }"""
    assert state.evaluate(over)
