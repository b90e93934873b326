"""A bulk operation on its page: it goes on under the eyes of whoever looks, and nothing jumps."""

import uuid

from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from bizproc_admin import commands, doorbell
from bizproc_admin.actions import Item, TerminateWorkflow
from bizproc_admin.audit import By
from bizproc_admin.models import Command, CommandState, Workflow
from tests.browser.conftest import PHONE, WIDE, faults_of

TOP = "() => document.querySelector('#operation-item-table').getBoundingClientRect().top"


def test_it_is_watched_paused_and_cancelled_and_nothing_jumps(
    page, enter, chief, company, monkeypatch
):
    # no worker is there: what becomes of it is this test's to say
    monkeypatch.setattr(doorbell, "ring", lambda *called, **how: None)
    rows = Workflow.objects.running()[:20]
    operation = commands.freeze(
        TerminateWorkflow, portal=company, items=[Item(pk=one.pk) for one in rows],
        by=By(account=chief), key=uuid.uuid4(), source={"list": "workflow", "query": ""},
    )  # fmt: skip
    commands.confirm(operation, by=By(account=chief), reason="Они висят с весны.")
    commands.prepare(operation.pk, worker="test")
    page.set_viewport_size(WIDE)
    url = enter(chief)
    address = url + reverse("operation_detail", args=[operation.pk])
    page.goto(address)
    assert faults_of(page) == []
    top = page.evaluate(TOP)
    button = page.locator("#pause-or-resume")
    button.focus()
    first = operation.commands.order_by("pk")[:5].values("pk")
    Command.objects.filter(pk__in=list(first.values_list("pk", flat=True))).update(
        state=CommandState.CONFIRMED, settled_at=timezone.now()
    )
    expect(page.locator("#number-confirmed .tile__value")).to_have_text("5")
    expect(page.locator("#operation-item-rows .badge--ok")).to_have_count(5)
    expect(page.locator("#status")).to_contain_text("Running: 5 of 20 done")
    expect(button).to_be_focused()
    assert page.evaluate(TOP) == top
    page.keyboard.press("Enter")
    expect(button).to_have_text("Resume")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(button).to_have_text("Pause")
    page.locator("#number-confirmed").click()
    expect(page.locator("#operation-item-rows tr")).to_have_count(5)
    page.locator("#targets-all").click()
    expect(page.locator("#operation-item-rows tr")).to_have_count(20)
    page.get_by_role("link", name="Cancel…").click()
    dialog = page.locator("#dialog")
    expect(dialog).to_contain_text("5 are done, and stay as they are")
    expect(dialog).to_contain_text("15 will not be sent.")
    assert faults_of(page) == []
    dialog.get_by_role("button", name="Cancel the operation").click()
    expect(page.locator(".operation-head .badge")).to_have_text("Cancelling")
    commands.close(operation.pk)
    expect(page.locator(".operation-head .badge")).to_have_text("Cancelled")
    expect(page.locator("#number-not_sent .tile__value")).to_have_text("15")
    expect(page.locator("#operation-live")).not_to_have_attribute("data-poll", "")
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    for where in (address, url + reverse("operation_list")):
        page.goto(where)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert faults_of(page) == []
