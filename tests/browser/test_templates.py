"""Diagrams of workflow templates as a browser draws them: words fit, everybody can read them."""

from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from bizproc_admin import syncing
from bizproc_admin.models import AuditEntry, TemplateFile, Workflow, WorkflowTemplate
from tests.browser.conftest import faults_of

pytestmark = pytest.mark.usefixtures("company")
SAMPLE = Path(__file__).parent.parent / "samples" / "bp-379.bpt"
PHONE = {"width": 390, "height": 844}
# parallels and approvals, a state machine, a loop, nodes, 200 steps, sixty conditions, code
TEMPLATES = (1, 17, 18, 19, 20, 21, 23)

# the boxes whose words need more room than was reserved, and those smaller than can be read
UNFIT = """() => [...document.querySelectorAll("foreignObject")].filter((box) => {
  const room = box.getBoundingClientRect();
  return [...box.querySelectorAll("*")].some((part) => {
    const place = part.getBoundingClientRect();
    const small = part.childElementCount === 0 && parseFloat(getComputedStyle(part).fontSize) < 12;
    return place.bottom > room.bottom + 1.5 || place.right > room.right + 1.5 || small;
  });
}).map((box) => box.textContent.trim())"""


def address(number, query=""):
    template = WorkflowTemplate.objects.get(remote_id=number)
    return reverse("workflow_template_detail", args=[template.pk]) + query


def test_every_form_of_template_can_be_read_by_everybody(page, enter, administrator):
    url = enter(administrator)
    for number in TEMPLATES:
        for query in ("", "?folds=all&step=3"):
            page.goto(url + address(number, query))
            assert page.evaluate(UNFIT) == [], (number, query)
    for scheme, rules in (("light", None), ("dark", {"runOnly": ["color-contrast"]})):
        page.emulate_media(color_scheme=scheme)
        for number in (1, 17, 23):
            page.goto(url + address(number, "?step=3"))
            assert faults_of(page, rules) == [], number
    page.set_viewport_size(PHONE)
    for number in TEMPLATES:
        page.goto(url + address(number, "?step=2"))
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, number
        expect(page.locator(".diagram")).to_be_hidden()
        expect(page.locator(".outline li").first).to_be_visible()
    page.set_viewport_size({"width": 1000, "height": 1400})
    expect(page.locator(".diagram")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator(".diagram")).to_be_hidden()
    expect(page.locator(".outline li").first).to_be_visible()


def test_blocks_are_unfolded_steps_are_told_of_and_constants_shown(page, enter, administrator):
    url = enter(administrator)
    page.goto(url + address(17))
    page.locator(".way").first.click()
    expect(page.locator(".diagram .step").first).to_be_visible()
    assert "folds=" in page.url
    page.locator(".diagram .step").first.click()
    expect(page.locator("#step")).to_be_visible()
    page.get_by_role("link", name="Close").click()
    expect(page.locator("#step")).to_have_count(0)
    expect(page.locator(".diagram .step").first).to_be_visible()

    page.goto(url + address(1))
    page.locator(".outline a.step").first.focus()
    assert page.locator(".outline").bounding_box()["height"] > 100
    page.keyboard.press("Enter")
    expect(page.locator("#step")).to_be_visible()

    page.goto(url + address(22))
    page.get_by_role("link", name="Show…").click()
    dialog = page.locator("#dialog")
    expect(dialog).to_contain_text("written into the audit history")
    dialog.get_by_role("button", name="Show them").click()
    expect(dialog.locator("dd").first).to_be_visible()
    assert AuditEntry.objects.filter(action="workflow_template.constants_seen").count() == 1

    workflow = Workflow.objects.running().filter(open_tasks__gt=0, template__remote_id=1).first()
    page.goto(url + reverse("workflow_detail", args=[workflow.pk]))
    expect(page.locator('.diagram [data-mark="here"]').first).to_be_visible()


def test_the_fields_that_a_file_brings_use_the_width_of_the_page(page, enter, administrator):
    """A list's document has dozens of them: in one of three columns they were a page long."""
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(enter(administrator) + reverse("template_upload"))
    page.locator("input[type=file]").set_input_files(SAMPLE)
    page.locator("main button[type=submit]").click()
    page.wait_for_url("**/files/*/")
    syncing.read_file(TemplateFile.objects.get().pk)
    fields = page.locator("section", has=page.locator("#fields-title"))
    expect(fields).to_be_visible()
    whole = page.locator("#file-body").bounding_box()["width"]
    assert fields.bounding_box()["width"] == whole
    first, second = (fields.locator("li").nth(place).bounding_box() for place in (0, 1))
    assert first["y"] == second["y"]
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
