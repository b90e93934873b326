"""What a list's head offers: saved views, columns, and asking anew."""

import pytest
from playwright.sync_api import expect

from bizproc_admin.models import SavedView, Workflow

pytestmark = [pytest.mark.usefixtures("company"), pytest.mark.portable]


def test_a_view_is_saved_from_the_menu_and_a_column_it_hides_stays_hidden_in_rows_asked_anew(
    page, enter, administrator, waiting
):
    page.goto(f"{enter(administrator)}/workflows/?q={waiting.remote_id}")
    menu, dialog = page.locator("#workflow-views > summary"), page.locator("#dialog")
    menu.click()
    page.get_by_role("link", name="Columns…").click()
    dialog.get_by_label("Waiting for, ended by").uncheck()
    dialog.get_by_role("button", name="Show these").click()
    cells = page.locator(f"#workflow-row-{waiting.pk} > td, thead th")
    expect(cells.nth(0)).to_be_visible()
    expect(page.locator("tr > :nth-child(3)")).to_have_count(2)
    for place in range(2):
        expect(page.locator("tr > :nth-child(3)").nth(place)).to_be_hidden()
    menu.click()
    page.get_by_role("link", name="Save as a new view…").click()
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.locator(".field__error")).to_be_visible()
    dialog.get_by_label("Name").fill("Just one")
    dialog.get_by_role("button", name="Save").click()
    expect(menu).to_contain_text("Just one")
    Workflow.objects.filter(pk=waiting.pk).update(state_text="Something else now")
    page.evaluate(f"htmx.trigger(document.body, 'workflow-{waiting.pk}-changed')")
    expect(page.locator(f"#workflow-row-{waiting.pk}")).to_contain_text("Something else now")
    expect(page.locator("tr > :nth-child(3)").nth(1)).to_be_hidden()
    page.get_by_role("link", name="Clear all").click()
    expect(menu).to_contain_text("changed")
    menu.click()
    entry = page.locator("#workflow-views .menu__item").first
    expect(entry).to_contain_text("1")
    entry.click()
    expect(menu).not_to_contain_text("changed")
    assert SavedView.objects.get().query == f"hide=waiting&q={waiting.remote_id}"


def test_a_list_asks_by_itself_unless_that_is_off_and_anew_by_r(page, enter, administrator):
    page.clock.install()
    page.goto(f"{enter(administrator)}/workflows/")
    asked = []
    page.on("request", lambda request: asked.append(request.url))

    def pulses(seconds):
        """Return what asked for rows; the frame goes on being asked for."""
        asked.clear()
        page.clock.run_for(seconds * 1000)
        page.wait_for_timeout(300)
        assert [one for one in asked if "/workflows/pulse/" in one]
        return [one for one in asked if "/workflows/pulse/" in one and "alone=1" not in one]

    assert pulses(11)
    page.get_by_role("button", name="Stop refreshing by itself").click()
    off = page.get_by_role("button", name="Not refreshed by itself")
    expect(off).to_be_focused()
    assert not pulses(25)
    page.reload()
    expect(off).to_be_visible()
    assert not pulses(11)
    with page.expect_response("**/workflows/?"):
        page.keyboard.press("r")
    with page.expect_response("**/workflows/pulse/**"):
        off.click()
    expect(off).to_be_hidden()
    assert pulses(11)
