"""What people come for every day, counted in presses of a button from where they begin."""

from datetime import timedelta

import pytest
from django.db.models import Count
from playwright.sync_api import expect

from bizproc_admin.models import BulkOperation, Workflow
from tests.browser.conftest import WIDE

pytestmark = [pytest.mark.usefixtures("company"), pytest.mark.portable]

COUNTING = """addEventListener("pointerdown", () => {
    sessionStorage.setItem("presses", Number(sessionStorage.getItem("presses")) + 1);
}, true)"""
PRESSES = "() => Number(sessionStorage.getItem('presses'))"


@pytest.fixture
def home(page, enter, chief):
    """The overview on a laptop; from here on each press is counted."""
    page.set_viewport_size(WIDE)
    page.add_init_script(COUNTING)
    page.goto(enter(chief) + "/")
    expect(page.get_by_role("heading", name="What needs you now")).to_be_visible()
    return page.url


def begin(page, address):
    page.goto(address)
    page.evaluate("sessionStorage.setItem('presses', 0)")


def test_three_long_idle_ones_of_a_template_are_ended_in_nine(page, home, company):
    idle = Workflow.objects.running().filter(modified_at__lt=company.now() - timedelta(days=30))
    most = idle.values("template_copy").annotate(n=Count("pk")).order_by("-n").first()
    assert most["n"] >= 3
    begin(page, home)
    page.locator(".tile", has_text="Idle").click()
    page.locator("#filter-template > summary").click()
    page.locator("#filter-template .choice", has_text=most["template_copy"]).first.click()
    rows = page.locator("tr[data-row]")
    expect(rows).to_have_count(most["n"])
    for place in range(3):
        rows.nth(place).locator("input[data-choose]").click()
    bar = page.locator("#choosing")
    expect(bar).to_contain_text("3 chosen")
    bar.get_by_role("button", name="Terminate…").click()
    dialog = page.locator("#dialog")
    dialog.get_by_label("Reason").click()
    page.keyboard.type("Nobody needs them any more")
    dialog.get_by_role("button", name="Terminate").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Terminate 3 workflows")
    assert page.evaluate(PRESSES) <= 9
    operation = BulkOperation.objects.get(confirmed_at__isnull=False)
    assert (operation.total, operation.reason) == (3, "Nobody needs them any more")
    keys = [item[0] for part in operation.parts.all() for item in part.items]
    ended = Workflow.objects.filter(pk__in=keys)
    assert {one.template_copy for one in ended} == {most["template_copy"]}


def test_who_ended_one_and_why_is_known_after_two(page, home, waiting):
    page.goto(f"{home}workflows/{waiting.pk}/")
    page.locator("#terminate").click()
    page.locator("#dialog").get_by_label("Reason").fill("The contract was withdrawn")
    page.locator("#dialog").get_by_role("button", name="Terminate").click()
    expect(page.locator(".lede")).to_contain_text("Terminated from here")
    begin(page, home)
    page.get_by_role("link", name="Workflows", exact=False).first.click()
    page.get_by_role("link", name="Ended").click()
    cell = page.locator(f"#workflow-row-{waiting.pk} .data-table__wide")
    expect(cell).to_contain_text("Robin Berg")
    expect(cell).to_contain_text("The contract was withdrawn")
    assert page.evaluate(PRESSES) <= 2


def test_what_is_stuck_with_whom_is_known_after_one(page, home, waiting):
    late = waiting.portal.now() - timedelta(days=9)
    waiting.tasks.update(overdue_at=late)
    Workflow.objects.filter(pk=waiting.pk).update(overdue_at=late)
    person = waiting.tasks.open().first().assignments.filter(status=0).first().person
    begin(page, home)
    page.locator(".tile[href*=overdue]").click()
    row = page.locator(f"#workflow-row-{waiting.pk}")
    expect(row).to_contain_text(waiting.document_name)
    expect(row.locator(".data-table__wide")).to_contain_text(person.name)
    expect(row.locator(".data-table__num")).to_contain_text("9 d")
    assert page.evaluate(PRESSES) == 1
