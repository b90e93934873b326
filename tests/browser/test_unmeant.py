"""No key is pressed for anybody and nothing typed is lost, whatever happens meanwhile."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from bizproc_admin.models import Assignment, Command, Draft, Workflow, WorkflowTask
from tests.browser.conftest import LIST, PHONE, WIDE
from tests.conftest import PASSWORD

POLL_MS = 9000


def title(page):
    return page.locator("#task-title")


def settled_elsewhere(task):
    Assignment.objects.filter(task=task).update(status=1)
    WorkflowTask.objects.filter(pk=task.pk).update(
        is_open=False, status=1, modified_at=timezone.now(), observed_at=timezone.now()
    )


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["beside", "page"])
def test_a_comment_stays_when_its_task_is_settled_elsewhere(page, enter, olga, tasks, size):
    page.set_viewport_size(size)
    page.clock.install()
    beside = size == WIDE
    page.goto(enter(olga) + LIST + (f"?open={tasks[0].pk}" if beside else f"{tasks[0].pk}/"))
    comment = page.locator("#answer-comment")
    comment.press_sequentially("не ")
    settled_elsewhere(tasks[0])
    with page.expect_response(lambda answer: "version=" in answer.url and answer.status == 200):
        page.clock.fast_forward(POLL_MS)
    notice = page.locator("[data-frozen]")
    expect(notice).to_contain_text("This changed while you were writing · Approved")
    expect(page.locator(".task-panel__stand")).to_contain_text("Approved")
    expect(comment).to_be_focused()
    assert notice.bounding_box()["y"] < comment.bounding_box()["y"]
    page.keyboard.type("ок")
    expect(comment).to_have_value("не ")
    expect(page.locator(".task-panel__acts [data-act='agree']")).to_have_count(0)
    # nothing of what is typed on, beside the field, is a shortcut either
    comment.blur()
    page.keyboard.type("jkar")
    expect(title(page)).to_have_text("Approve 0")
    assert not Command.objects.exists()
    page.get_by_role("link", name="Leave it").click()
    expect(comment).to_have_count(0)
    expect(title(page)).to_have_text("Approve 0")


def test_a_form_that_froze_goes_on_when_the_task_comes_back(page, enter, olga, tasks, slowly):
    page.set_viewport_size(WIDE)
    page.clock.install()
    page.goto(f"{enter(olga)}{LIST}?open={tasks[0].pk}")
    comment = page.locator("#answer-comment")
    comment.fill("still true")
    settled_elsewhere(tasks[0])
    page.clock.fast_forward(POLL_MS)
    expect(page.locator("[data-frozen]")).to_be_visible()
    Assignment.objects.filter(task=tasks[0]).update(status=0)
    WorkflowTask.objects.filter(pk=tasks[0].pk).update(is_open=True, status=0)
    page.clock.fast_forward(POLL_MS)
    expect(page.locator("[data-frozen]")).to_be_hidden()
    expect(comment).to_be_editable()
    page.locator("#answer-button-1").click()
    expect(page.locator("#take-back-bar")).to_contain_text("Approve 0")
    assert Command.objects.get().inputs["comment"] == "still true"


def test_an_answer_in_one_tab_freezes_what_is_written_in_another(
    page, enter, olga, tasks, slowly, context
):
    page.set_viewport_size(WIDE)
    page.clock.install()
    url = enter(olga)
    page.goto(f"{url}{LIST}?open={tasks[0].pk}")
    comment = page.locator("#answer-comment")
    comment.fill("one moment")
    other = context.new_page()
    other.set_viewport_size(WIDE)
    other.goto(url + LIST)
    other.locator(f"#row-answer-{tasks[0].pk}-1").click()
    expect(other.locator("#take-back-bar")).to_contain_text("Approve 0")
    page.clock.fast_forward(POLL_MS)
    expect(page.locator("[data-frozen]")).to_contain_text("“Yes”, sending in")
    expect(comment).to_have_value("one moment")
    other.keyboard.press("u")
    expect(other.locator("#take-back-bar")).to_be_hidden()
    page.clock.fast_forward(POLL_MS)
    expect(page.locator("[data-frozen]")).to_be_hidden()
    expect(comment).to_have_value("one moment")
    page.locator("#answer-button-2").click()
    expect(page.locator("#take-back-bar")).to_contain_text("“No”")
    assert Command.objects.latest("pk").inputs["comment"] == "one moment"


def test_keys_rest_after_the_open_task_changed_by_itself(page, enter, olga, tasks, slowly):
    page.set_viewport_size(WIDE)
    page.clock.install()
    page.goto(f"{enter(olga)}{LIST}?open={tasks[0].pk}")
    settled_elsewhere(tasks[0])
    with page.expect_response(lambda answer: "version=" in answer.url and answer.status == 200):
        page.clock.fast_forward(POLL_MS)
    expect(page.locator(".task-panel__stand")).to_contain_text("Approved")
    page.keyboard.press("Tab")
    page.keyboard.press("j")
    page.clock.fast_forward(2500)
    page.keyboard.press("j")
    expect(title(page)).to_have_text("Approve 1")
    page.keyboard.press("a")
    expect(page.locator("#take-back-bar")).to_contain_text("Approve 1")


def test_keys_act_on_what_the_open_task_shows(page, enter, olga, tasks, slowly):
    page.set_viewport_size(WIDE)
    page.goto(f"{enter(olga)}{LIST}?open={tasks[0].pk}")
    # a row that has the focus is not what is read
    page.locator(f"#workflow-task-link-{tasks[2].pk}").focus()
    page.keyboard.press("j")
    expect(title(page)).to_have_text("Approve 1")
    expect(page.locator("tr[data-open]")).to_have_attribute("data-row", str(tasks[1].pk))
    page.locator(f"#workflow-task-link-{tasks[2].pk}").focus()
    page.keyboard.press("k")
    expect(title(page)).to_have_text("Approve 0")
    page.locator(f"#workflow-task-link-{tasks[2].pk}").focus()
    page.keyboard.press("d")
    expect(page.locator("#dialog .dialog__what")).to_have_text("Approve 0")
    page.keyboard.press("Escape")
    page.locator(f"#workflow-task-link-{tasks[2].pk}").focus()
    page.keyboard.press("a")
    expect(page.locator("#take-back-bar")).to_contain_text("Approve 0")
    assert Command.objects.get().task == tasks[0]


def test_on_a_slow_network_an_answer_is_taken_once_and_what_comes_next_waits(
    page, enter, olga, tasks, slowly
):
    page.set_viewport_size(WIDE)
    page.goto(f"{enter(olga)}{LIST}?open={tasks[0].pk}")
    held = []
    page.route("**/completion/", lambda route: held.append(route))
    shown = page.evaluate("""async () => {
        const button = document.querySelector("#answer-button-1");
        button.click();
        const began = performance.now();
        while (!(button.disabled && button.ariaBusy === "true") && performance.now() - began < 5000)
            await new Promise(requestAnimationFrame);
        return performance.now() - began;
    }""")
    assert shown < 100
    expect(page.locator("#answer-button-2")).to_be_disabled()
    page.keyboard.press("a")
    page.keyboard.press("j")
    page.locator("#answer-button-1").click(force=True, no_wait_after=True, timeout=500)
    expect(title(page)).to_have_text("Approve 0")
    assert len(held) == 1
    held[0].continue_()
    expect(title(page)).to_have_text("Approve 1")
    expect(page.locator("#take-back-bar")).to_contain_text("Approve 0")
    assert Command.objects.count() == 1
    # the same for the button of a row
    page.locator("[data-panel-close]").click()
    page.locator(f"#row-answer-{tasks[1].pk}-1").click()
    expect(page.locator(f"#row-answer-{tasks[1].pk}-1")).to_be_disabled()
    held[1].continue_()
    expect(page.locator("#take-back-bar")).to_contain_text("Approve 1")


def test_an_answer_that_arrives_late_takes_the_focus_from_nobody(page, enter, olga, tasks, slowly):
    page.set_viewport_size(WIDE)
    page.goto(f"{enter(olga)}{LIST}?open={tasks[2].pk}")
    held = []
    page.route("**/completion/", lambda route: held.append(route))
    page.locator(f"#row-answer-{tasks[0].pk}-1").click()
    comment = page.locator("#answer-comment")
    comment.press_sequentially("half")
    held[0].continue_()
    expect(page.locator("#take-back-bar")).to_contain_text("Approve 0")
    page.keyboard.type(" a r d")
    expect(comment).to_have_value("half a r d")
    assert Command.objects.count() == 1


def test_ctrl_and_enter_send_the_answer_a_comment_was_opened_for(page, enter, olga, tasks, slowly):
    page.set_viewport_size(WIDE)
    page.goto(f"{enter(olga)}{LIST}?open={tasks[2].pk}")
    comment = page.locator("#answer-comment")
    comment.press_sequentially("for nothing yet")
    page.keyboard.press("Control+Enter")
    comment.fill("")
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    expect(comment).to_be_focused()
    page.keyboard.type("too dear")
    assert not Command.objects.exists()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#take-back-bar")).to_contain_text("“No”, sending in")
    assert Command.objects.get().inputs["answer"] == 2


def test_the_button_of_a_row_sends_what_is_typed_into_its_open_task(
    page, enter, olga, tasks, slowly
):
    page.set_viewport_size(WIDE)
    page.goto(f"{enter(olga)}{LIST}?open={tasks[0].pk}")
    page.locator("#answer-comment").fill("with a discount only")
    page.locator(f"#row-answer-{tasks[0].pk}-1").click()
    expect(title(page)).to_have_text("Approve 1")
    assert Command.objects.get().inputs["comment"] == "with a discount only"


def test_enter_in_a_field_of_one_line_is_no_answer(page, enter, olga, tasks, slowly):
    WorkflowTask.objects.filter(pk=tasks[0].pk).update(
        parameters={"Fields": [{"Id": "N", "Type": "string", "Name": "Number"}]}
    )
    page.goto(f"{enter(olga)}{LIST}{tasks[0].pk}/")
    page.get_by_label("Number").fill("12")
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    assert not Command.objects.exists()


def test_a_dialog_stays_when_an_answer_given_before_arrives(page, enter, olga, tasks, slowly):
    page.set_viewport_size(WIDE)
    page.goto(enter(olga) + LIST)
    held = []
    page.route("**/completion/", lambda route: held.append(route))
    page.locator(f"#row-answer-{tasks[0].pk}-1").click()
    page.locator(f"#workflow-task-row-{tasks[1].pk} [data-act='delegate']").click()
    reason = page.locator("#dialog").get_by_label(re.compile("Reason"))
    reason.fill("on leave")
    held[0].continue_()
    expect(page.locator("#take-back-bar")).to_contain_text("Approve 0")
    expect(reason).to_have_value("on leave")


@pytest.mark.parametrize("captions", [("Yes", "No"), ("Согласовать", "Вернуть на доработку")])
@pytest.mark.parametrize("width", [1440, 1280, 390])
def test_no_row_moves_while_answering_and_taking_back_brings_the_answers_back(
    page, enter, olga, tasks, slowly, width, captions
):
    parameters = {"StatusYesLabel": captions[0], "StatusNoLabel": captions[1]}
    WorkflowTask.objects.filter(pk__in=[task.pk for task in tasks]).update(parameters=parameters)
    page.set_viewport_size({"width": width, "height": 900})
    opened = f"?open={tasks[2].pk}" if width == 1280 else ""
    page.goto(enter(olga) + LIST + opened)
    places = """() => [...document.querySelectorAll("tr[data-row]")].map(
        (row) => Math.round(row.getBoundingClientRect().y))"""
    before = page.evaluate(places)
    row = page.locator(f"#workflow-task-row-{tasks[0].pk}")
    agree = page.locator(f"#row-answer-{tasks[0].pk}-1")
    agree.click()
    expect(row).to_contain_text("sending in")
    assert page.evaluate(places) == before
    page.locator(f"#row-take-back-{tasks[0].pk}").click()
    expect(agree).to_be_enabled()
    expect(row).to_contain_text("taken back")
    assert page.evaluate(places) == before


def test_the_order_of_the_list_is_kept_under_the_pointer(page, enter, olga, tasks):
    page.set_viewport_size(WIDE)
    page.clock.install()
    page.goto(enter(olga) + LIST)
    order = """() => [...document.querySelectorAll("#workflow-task-rows tr")].map(
        (row) => row.id || row.dataset.group).join()"""
    before = page.evaluate(order)
    page.locator(f"#workflow-task-link-{tasks[2].pk}").hover()
    WorkflowTask.objects.filter(pk=tasks[2].pk).update(overdue_at=timezone.now())
    for is_held in (True, False):
        with page.expect_response(lambda told: "/pulse/" in told.url and told.status == 200):
            page.clock.fast_forward(10_500)
        page.wait_for_function(f"() => (({order})() === {before!r}) === {str(is_held).lower()}")
        page.mouse.move(1400, 20)


def test_typing_without_a_pause_is_kept_all_the_time(page, enter, olga, tasks):
    page.set_viewport_size(WIDE)
    page.goto(f"{enter(olga)}{LIST}?open={tasks[0].pk}")
    sent = []
    page.on("request", lambda request: "/draft/" in request.url and sent.append(request))
    page.locator("#answer-comment").press_sequentially("abcdefghij" * 3, delay=100)
    assert len(sent) >= 2
    expect(page.locator("#draft-note")).to_contain_text("Kept as a draft")
    assert Draft.objects.get().values["comment"][0].startswith("abcdefghij")


def test_what_is_typed_out_of_reach_returns_to_whoever_typed_it(
    page, enter, olga, chief, tasks, context
):
    page.set_viewport_size(WIDE)
    url = enter(olga)
    page.goto(f"{url}{LIST}?open={tasks[0].pk}")
    strip = page.locator("#unreached")
    context.set_offline(True)
    expect(strip).to_contain_text("The console has not answered since")
    page.locator("#answer-comment").fill("typed in a tunnel")
    expect(page.locator("#draft-note")).to_contain_text("Kept in this tab")
    page.locator("#answer-button-1").click()
    expect(strip).to_contain_text("press it again")
    expect(page.locator("#answer-button-1")).to_be_enabled()
    expect(page.locator(".toast")).to_have_count(0)
    context.set_offline(False)
    expect(strip).to_be_hidden()
    # the draft is kept, the answer is not sent by itself
    expect(page.locator("#draft-note")).to_contain_text("Kept as a draft")
    assert not Command.objects.exists()
    page.reload()
    expect(page.locator("#answer-comment")).to_have_value("typed in a tunnel")
    Draft.objects.all().delete()
    page.reload()
    expect(page.locator("#answer-comment")).to_have_value("")
    # signed out meanwhile: it returns after the sign-in of the same account, and to nobody else
    context.clear_cookies()
    page.locator("#answer-comment").fill("typed after the session's end")
    expect(page.locator("#signed-out")).to_contain_text("You are signed out")
    expect(page.locator("#answer-comment")).to_be_focused()
    page.locator("#signed-out a").click()
    page.wait_for_url("**/sign-in/**")
    enter(olga)
    page.goto(f"{url}{LIST}?open={tasks[0].pk}")
    expect(page.locator("#answer-comment")).to_have_value("typed after the session's end")
    Draft.objects.all().delete()
    context.clear_cookies()
    page.locator("#answer-comment").fill("for my eyes only")
    expect(page.locator("#signed-out")).to_be_visible()
    enter(chief)
    # the open page takes no part of itself from another's session
    with page.expect_event("load"):
        page.evaluate("htmx.ajax('GET', '/frame/', '#nav')")
    expect(page.locator(".me__name").first).to_have_text("Robin Berg")
    assert "eyes" not in page.evaluate("JSON.stringify({...sessionStorage})")


def test_an_old_tab_says_so_and_gives_back_what_was_typed(page, enter, olga, tasks, context):
    page.set_viewport_size(WIDE)
    url = enter(olga)
    page.goto(f"{url}{LIST}?open={tasks[0].pk}")
    page.route("**/draft/", lambda route: route.abort())
    page.locator("#answer-comment").fill("typed before")
    context.clear_cookies()
    other = context.new_page()
    other.goto(f"{url}/sign-in/")
    other.get_by_label("Username").fill("olga")
    other.get_by_label("Password", exact=True).fill(PASSWORD)
    other.get_by_role("button", name="Sign in", exact=True).click()
    other.wait_for_url(f"{url}{LIST}**")
    page.locator("#answer-button-1").click()
    toast = page.locator(".toast")
    expect(toast).to_contain_text("from before you signed in again")
    expect(page.locator("#answer-comment")).to_have_value("typed before")
    expect(page.locator("#answer-button-1")).to_be_enabled()
    toast.get_by_role("link", name="Open the page anew").click()
    expect(page.locator(".toast")).to_have_count(0)
    expect(page.locator("#answer-comment")).to_have_value("typed before")
    assert not Command.objects.exists()


def test_a_form_that_was_refused_is_opened_anew_and_not_sent_again(
    page, enter, chief, company, context
):
    url = enter(chief)
    page.goto(f"{url}/accounts/creation/")
    page.get_by_label("Username").fill("newcomer")
    context.clear_cookies(name="csrf")
    page.locator("form[data-kept] button[type=submit]").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("sent no cookie")
    page.wait_for_function("'js' in document.documentElement.dataset")
    page.reload()
    expect(page.get_by_label("Username")).to_have_value("newcomer")


def test_signing_out_takes_along_what_was_typed_in_every_tab(page, enter, olga, tasks, context):
    page.set_viewport_size(WIDE)
    url = enter(olga)
    context.route("**/draft/", lambda route: route.abort())
    page.goto(f"{url}{LIST}?open={tasks[0].pk}")
    page.locator("#answer-comment").fill("half a sentence")
    stored = "JSON.stringify({...sessionStorage})"
    assert "half a sentence" in page.evaluate(stored)
    other = context.new_page()
    other.goto(url + LIST)
    other.get_by_role("button", name="Sign out").first.click()
    other.wait_for_url("**/sign-in/**")
    page.wait_for_function(f"!{stored}.includes('half')")
    context.unroute("**/draft/")


def test_a_reason_half_written_returns_when_its_dialog_is_opened_anew(
    page, enter, chief, waiting: Workflow
):
    page.set_viewport_size(WIDE)
    page.goto(f"{enter(chief)}/workflows/{waiting.pk}/")
    page.locator("a[data-dialog][href$='/termination/']").first.click()
    reason = page.locator("#dialog").get_by_label(re.compile("Reason"))
    reason.fill("The contract was")
    page.keyboard.press("Escape")
    expect(reason).to_have_count(0)
    page.locator("a[data-dialog][href$='/termination/']").first.click()
    expect(reason).to_have_value("The contract was")


def test_a_page_that_asks_by_itself_leaves_the_field_one_types_into(page, enter, chief, company):
    company.address_changes.create(address="https://b.example", asked_by=chief)
    page.goto(f"{enter(chief)}/portals/{company.pk}/address/")
    field = page.get_by_label("New address")
    with page.expect_response(lambda told: "x-poll" in told.request.headers):
        field.press_sequentially("https://next")
    field.evaluate("one => (window.typedInto = one)")
    page.wait_for_timeout(1200)
    page.keyboard.type(".example")
    expect(field).to_have_value("https://next.example")
    assert field.evaluate("one => one === window.typedInto && one === document.activeElement")


def test_the_age_of_a_page_goes_on_by_itself(page, enter, olga, tasks):
    page.clock.install()
    page.goto(enter(olga) + LIST)
    pill = page.locator("#workflow-task-pulse .freshness")
    page.route("**/pulse/**", lambda route: route.abort())
    expect(pill).to_contain_text("portal answers")
    page.clock.fast_forward(50_000)
    expect(pill).to_contain_text(re.compile("5[0-9] s old, portal answers"))
    page.clock.fast_forward(60_000)
    expect(pill).to_contain_text("1 min old, nothing newer has come")
    expect(pill).to_have_attribute("data-state", "late")
