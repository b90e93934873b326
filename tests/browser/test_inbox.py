"""Working through the inbox as people do: by keyboard, with a thumb, without JavaScript."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from bizproc_admin import commands
from bizproc_admin.models import Command, CommandState, Draft, Person, WorkflowTask
from tests.browser.conftest import LIST, PHONE, WIDE, faults_of


def title(page):
    return page.locator("#task-title")


def test_by_keyboard_one_after_the_other_is_answered(page, enter, olga, tasks, slowly):
    page.set_viewport_size(WIDE)
    page.goto(enter(olga) + LIST)
    expect(page).to_have_title("(3) Workflow tasks · Northwind · bizproc-admin")
    page.keyboard.press("j")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(title(page)).to_have_text("Approve 0")
    assert f"open={tasks[0].pk}" in page.url
    page.keyboard.press("a")
    expect(title(page)).to_have_text("Approve 1")
    expect(page.locator(f"#workflow-task-row-{tasks[0].pk}")).to_contain_text("“Yes”, sending in")
    expect(page.locator("#take-back-bar")).to_contain_text("Approve 0")
    page.keyboard.press("r")
    expect(title(page)).to_have_text("Approve 2")
    # this one wants words first: nothing is sent, the comment has the focus
    page.keyboard.press("r")
    expect(page.locator("#answer-comment")).to_be_focused()
    page.keyboard.type("a r d are letters here")
    assert Command.objects.count() == 2
    page.locator("[data-act='disagree']").last.click()
    expect(page.locator("#task-outcome")).to_contain_text("“No”, sending in")
    answers = list(Command.objects.order_by("pk").values_list("inputs__answer", flat=True))
    assert answers == [1, 2, 2]


def test_a_key_pressed_the_moment_the_panel_appears_is_an_answer_beside_the_list(
    page, enter, olga, tasks, slowly
):
    page.set_viewport_size(WIDE)
    page.goto(enter(olga) + LIST)
    page.evaluate("""() => new MutationObserver((_, observer) => {
        if (!document.querySelector("#workflow-task-panel [data-act='agree']")) return;
        observer.disconnect();
        document.activeElement.blur();
        document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "a", bubbles: true }));
    }).observe(document.body, { childList: true, subtree: true })""")
    page.get_by_role("link", name=re.compile("^Approve 0")).click()
    expect(page.locator("#take-back-bar")).to_contain_text("Approve 0")
    expect(title(page)).to_have_text("Approve 1")
    expect(page.locator("tr[data-row]")).to_have_count(3)


def test_after_the_last_of_a_filtered_list_no_other_task_opens(page, enter, olga, tasks, slowly):
    page.set_viewport_size(WIDE)
    WorkflowTask.objects.filter(pk=tasks[0].pk).update(search_text="found by this word")
    page.goto(f"{enter(olga)}{LIST}?q=word&open={tasks[0].pk}")
    page.keyboard.press("a")
    expect(page.locator("#task-outcome")).to_contain_text("“Yes”, sending in")
    expect(title(page)).to_have_text("Approve 0")


def test_captions_are_read_in_full_beside_an_open_task(page, enter, olga, tasks):
    captions = {"StatusYesLabel": "Согласовать", "StatusNoLabel": "Вернуть на доработку"}
    WorkflowTask.objects.filter(pk=tasks[0].pk).update(parameters=captions)
    for width in (1200, 1440, 1100):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(
            f"{enter(olga)}{LIST}?open={tasks[1].pk}" if width >= 1200 else f"{enter(olga)}{LIST}"
        )
        row = page.locator(f"#workflow-task-row-{tasks[0].pk}")
        for caption in row.locator(".inbox__caption").all():
            assert caption.evaluate(
                "e => e.scrollHeight <= e.clientHeight + 1 && e.scrollWidth <= e.clientWidth"
            )
        frame = page.locator(".data-table-frame")
        assert frame.evaluate("e => e.scrollWidth <= e.clientWidth")
        assert row.locator("a[data-panel]").first.bounding_box()["width"] > 60


def test_whom_a_task_waits_for_is_said_beside_an_open_one_too(page, enter, chief, tasks, person):
    page.set_viewport_size(WIDE)
    url = f"{enter(chief)}{LIST}?whose=everybody&assignee={person.pk}"
    for address, said in ((url, False), (f"{url}&open={tasks[0].pk}", True)):
        page.goto(address)
        row = page.locator(f"#workflow-task-row-{tasks[1].pk}")
        expect(row.locator(".inbox__waits")).to_be_visible(visible=said)
        expect(row.locator(".inbox__who")).to_be_visible(visible=not said)
        expect(row.locator(".inbox__waits")).to_contain_text(f"for {person}")


def test_the_second_key_of_a_way_somewhere_is_no_answer(page, enter, olga, tasks):
    page.set_viewport_size(WIDE)
    page.goto(f"{enter(olga)}{LIST}?open={tasks[0].pk}")
    page.keyboard.press("g")
    page.keyboard.press("a")
    page.keyboard.press("g")
    page.keyboard.press("w")
    page.wait_for_url("**/workflows/")
    assert not Command.objects.exists()


def test_keys_work_with_another_alphabet_switched_on(page, enter, olga, tasks, slowly):
    page.set_viewport_size(WIDE)
    page.goto(enter(olga) + LIST)
    press = """key => (document.activeElement ?? document.body).dispatchEvent(
        new KeyboardEvent("keydown", { ...key, bubbles: true, cancelable: true }))"""
    page.evaluate(press, {"key": "\u043e", "code": "KeyJ"})
    expect(page.locator(f"#workflow-task-link-{tasks[0].pk}")).to_be_focused()
    page.evaluate(press, {"key": "\u0444", "code": "KeyA"})
    expect(page.locator("#take-back-bar")).to_contain_text("“Yes”")
    page.evaluate(press, {"key": "\u0433", "code": "KeyU"})
    expect(page.locator("#take-back-bar")).to_be_hidden()


def test_of_tasks_opened_in_haste_the_last_one_is_shown(page, enter, olga, tasks):
    page.set_viewport_size(WIDE)
    page.goto(enter(olga) + LIST)
    page.evaluate(
        "keys => keys.forEach((k) => document.getElementById(`workflow-task-link-${k}`).click())",
        [task.pk for task in tasks],
    )
    expect(title(page)).to_have_text("Approve 2")
    page.wait_for_url(f"**open={tasks[2].pk}")


def test_escape_leaves_a_field_first_and_then_the_panel(page, enter, olga, tasks):
    page.set_viewport_size(WIDE)
    page.goto(enter(olga) + LIST)
    page.get_by_role("link", name=re.compile("^Approve 2")).click()
    page.locator("#answer-comment").fill("Half a sentence")
    page.keyboard.press("Escape")
    expect(page.locator("#answer-comment")).to_have_value("Half a sentence")
    expect(title(page)).to_be_focused()
    page.keyboard.press("Escape")
    expect(title(page)).to_be_hidden()
    expect(page.locator(f"#workflow-task-link-{tasks[2].pk}")).to_be_focused()
    assert "open=" not in page.url


def test_what_was_typed_is_there_again_however_the_task_was_left(page, enter, olga, tasks):
    page.set_viewport_size(WIDE)
    page.goto(enter(olga) + LIST)
    page.get_by_role("link", name=re.compile("^Approve 2")).click()
    page.locator("#answer-comment").fill("Half a sentence")
    # at once on to another one, with no time for anything
    page.get_by_role("link", name=re.compile("^Approve 0")).click()
    expect(title(page)).to_have_text("Approve 0")
    page.get_by_role("link", name=re.compile("^Approve 2")).click()
    expect(page.locator("#answer-comment")).to_have_value("Half a sentence")
    page.locator("#answer-comment").press("End")
    with page.expect_response(lambda answer: "more" in (answer.request.post_data or "")):
        page.locator("#answer-comment").press_sequentially(", and more")
    expect(page.locator("#draft-note")).to_contain_text("Kept as a draft")
    assert Draft.objects.get().values == {"comment": ["Half a sentence, and more"]}
    expect(page.locator("#answer-comment")).to_be_focused()
    page.reload()
    expect(page.locator("#answer-comment")).to_have_value("Half a sentence, and more")
    page.get_by_role("button", name="Discard").click()
    expect(page.locator("#answer-comment")).to_have_value("")
    assert not Draft.objects.exists()


def test_what_an_answer_still_needs_has_the_focus(page, enter, olga, tasks):
    page.set_viewport_size(WIDE)
    page.goto(enter(olga) + LIST)
    comment = page.locator("#answer-comment")
    page.get_by_role("link", name=re.compile("^No….*Approve 2")).click()
    expect(comment).to_be_focused()
    page.locator("#answer-button-2").click()
    expect(page.locator("#completion .field__error")).to_contain_text("needs a comment")
    expect(comment).to_be_focused()


def test_an_answer_is_taken_back_and_can_be_given_anew(page, enter, olga, tasks, slowly, sandbox):
    page.set_viewport_size(WIDE)
    page.goto(enter(olga) + LIST)
    with page.expect_request("**/completion/") as answered:
        page.get_by_role("button", name=re.compile("^Yes.*Approve 0$")).click()
    expect(page.locator("#take-back-bar")).to_contain_text("“Yes”, sending in")
    # what the page asks by itself says so: it keeps nobody's session alive
    with page.expect_request(lambda asked: "x-poll" in asked.headers):
        pass
    assert "x-poll" not in answered.value.headers
    page.keyboard.press("u")
    row = page.locator(f"#workflow-task-row-{tasks[0].pk}")
    expect(row).to_contain_text("taken back")
    expect(page.locator("#take-back-bar")).to_be_hidden()
    assert Command.objects.get().state == CommandState.CANCELLED
    assert sandbox.ledger() == []


def test_an_answer_is_confirmed_where_it_was_given(page, enter, olga, tasks, settings, sandbox):
    settings.UNDO_TIME = 1
    page.set_viewport_size(WIDE)
    page.goto(f"{enter(olga)}{LIST}?open={tasks[0].pk}")
    page.keyboard.press("a")
    row = page.locator(f"#workflow-task-row-{tasks[0].pk}")
    expect(row).to_contain_text("sending in")
    page.wait_for_timeout(1100)
    commands.sweep()
    expect(row).to_contain_text("confirmed")
    assert [entry["method"] for entry in sandbox.ledger()] == ["bizproc.task.complete"]


def test_on_a_phone_a_thumb_is_enough(page, enter, olga, tasks, slowly):
    page.set_viewport_size(PHONE)
    page.goto(enter(olga) + LIST)
    page.locator(f"#workflow-task-link-{tasks[0].pk}").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Approve 0")
    button = page.locator(".task-panel__acts [data-act='agree']")
    box = button.bounding_box()
    assert box["height"] >= 44
    assert box["y"] + box["height"] < PHONE["height"]
    button.click()
    expect(title(page)).to_have_text("Approve 1")
    assert page.url.endswith(f"{LIST}{tasks[1].pk}/")
    back = page.locator("#take-back-bar button")
    assert back.bounding_box()["height"] >= 44
    back.click()
    expect(page.locator("#take-back-bar")).to_be_hidden()
    assert Command.objects.get().error_code == "taken_back"
    # nothing is wider than the screen
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_on_a_phone_the_list_one_came_from_is_kept(page, enter, olga, tasks, slowly):
    page.set_viewport_size(PHONE)
    WorkflowTask.objects.filter(pk=tasks[1].pk).update(search_text="something else")
    WorkflowTask.objects.exclude(pk=tasks[1].pk).update(search_text="found by this word")
    page.goto(f"{enter(olga)}{LIST}?q=word&sort=-name")
    page.locator(f"#workflow-task-link-{tasks[2].pk}").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Approve 2")
    page.locator(".task-panel__acts [data-act='agree']").click()
    expect(title(page)).to_have_text("Approve 0")
    assert page.url.endswith(f"{LIST}{tasks[0].pk}/?q=word&sort=-name")
    page.get_by_role("link", name="Workflow tasks").first.click()
    expect(page.get_by_label("Search")).to_have_value("word")
    assert page.url.partition("#")[0].endswith(f"{LIST}?q=word&sort=-name")


def test_back_and_the_address_lead_to_the_same_task(page, enter, olga, tasks):
    page.set_viewport_size(WIDE)
    url = enter(olga)
    page.goto(url + LIST)
    page.locator(f"#workflow-task-link-{tasks[0].pk}").click()
    expect(title(page)).to_have_text("Approve 0")
    page.locator(f"#workflow-task-link-{tasks[1].pk}").click()
    expect(title(page)).to_have_text("Approve 1")
    page.go_back()
    expect(title(page)).to_have_text("Approve 0")
    page.reload()
    expect(title(page)).to_have_text("Approve 0")
    page.locator("[data-panel-close]").click()
    expect(title(page)).to_have_count(0)
    assert "open=" not in page.url


def test_the_address_of_an_open_task_is_its_page_on_a_phone(page, enter, olga, tasks):
    page.set_viewport_size(PHONE)
    page.goto(f"{enter(olga)}{LIST}?open={tasks[0].pk}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Approve 0")
    assert page.url.endswith(f"{LIST}{tasks[0].pk}/")


def test_somebody_is_found_and_the_part_is_given_to_them(page, enter, olga, tasks, person):
    page.set_viewport_size(WIDE)
    page.goto(f"{enter(olga)}{LIST}?open={tasks[0].pk}")
    page.keyboard.press("d")
    dialog = page.locator("#dialog")
    expect(dialog.get_by_role("combobox")).to_be_focused()
    expect(dialog).to_be_visible()
    colleague = Person.objects.working().exclude(pk=person.pk).order_by("pk")[3]
    find = dialog.get_by_label("To whom: find a person")
    find.fill("nobody-like-it")
    expect(dialog).to_contain_text("Nobody who works there is found.")
    find.fill(colleague.name)
    option = dialog.get_by_role("option").first
    expect(option).to_contain_text(colleague.name)
    expect(find).to_have_attribute("aria-expanded", "true")
    find.press("Escape")
    expect(dialog).to_be_visible()
    expect(option).to_be_hidden()
    find.press("ArrowDown")
    expect(find).to_have_attribute("aria-activedescendant", option.get_attribute("id"))
    assert faults_of(page) == []
    find.press("Enter")
    expect(find).to_have_value(colleague.name)
    expect(option).to_have_attribute("aria-selected", "true")
    dialog.get_by_role("button", name="Delegate").click()
    expect(dialog).to_be_hidden()
    command = Command.objects.get()
    assert command.action == "workflow_task.delegate"
    expect(page.locator("#task-outcome")).to_contain_text("Delegation to")


def test_what_is_typed_survives_what_others_do_meanwhile(page, enter, olga, tasks):
    page.set_viewport_size(WIDE)
    page.goto(f"{enter(olga)}{LIST}?open={tasks[0].pk}")
    comment = page.locator("#answer-comment")
    comment.fill("half a sentence")
    WorkflowTask.objects.filter(pk=tasks[0].pk).update(
        state_text="50 %", modified_at=timezone.now(), observed_at=timezone.now()
    )
    with page.expect_response(lambda answer: "version=" in answer.url, timeout=15_000) as told:
        pass
    assert told.value.status == 204
    expect(comment).to_have_value("half a sentence")


def test_without_javascript_all_of_it_works(
    browser, enter, olga, tasks, slowly, live_server, context
):
    url = enter(olga)
    plain = browser.new_context(java_script_enabled=False, storage_state=context.storage_state())
    page = plain.new_page()
    page.goto(f"{url}{LIST}{tasks[0].pk}/")
    page.get_by_role("button", name="Yes").click()
    expect(page.locator("h1")).to_have_text("Approve 1")
    page.locator("#take-back-bar").get_by_role("button", name="Undo").click()
    expect(page.locator(".notices")).to_contain_text("Taken back")
    assert Command.objects.get().error_code == "taken_back"
    plain.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_the_pages_have_no_barrier(page, enter, olga, tasks, scheme, size, slowly):
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    url = enter(olga)
    faults = []
    for address in (
        LIST, f"{LIST}?open={tasks[2].pk}", f"{LIST}{tasks[2].pk}/",
        f"{LIST}{tasks[2].pk}/delegation/", f"{LIST}?q=nothing-like-it",
    ):  # fmt: skip
        page.goto(url + address)
        faults += [(address, *fault) for fault in faults_of(page)]
    page.goto(url + LIST)
    page.locator("tr[data-row] button[data-act='agree']").first.click()
    expect(page.locator("#take-back-bar")).to_be_visible()
    faults += [("take back", *fault) for fault in faults_of(page)]
    assert faults == []
