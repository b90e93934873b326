"""Rows of a list are chosen, frozen as they were seen, and confirmed: what follows is that list."""

import html
import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import commands
from bizproc_admin.audit import By
from bizproc_admin.forms.choosing import MOST_ROWS
from bizproc_admin.models import (
    AuditEntry,
    BulkOperation,
    BulkState,
    Command,
    Document,
    Person,
    Portal,
    Workflow,
    WorkflowTemplate,
)

LIST, CREATION = "/workflows/", "/operations/creation/"
TERMINATE, KILL = "workflow.terminate", "workflow.kill"
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def workflows(portal):
    """Sixty running workflows of two templates, which the mirror alone knows."""
    now = timezone.now()
    templates = [
        WorkflowTemplate.objects.create(portal=portal, remote_id=90 + n, name=name)
        for n, name in enumerate(["Contract approval", "Отпуск"])
    ]
    starter = Person.objects.create(portal=portal, remote_id=501, name="Olga Petrova")
    for number in range(60):
        document = Document.objects.create(
            portal=portal, module="crm", entity="CCrmDocumentDeal", document_id=f"DEAL_{number}",
            kind="deal", name=f"Поставка {number}",
        )  # fmt: skip
        Workflow.objects.create(
            portal=portal, remote_id=f"many.{number:06}", template=templates[number % 3 == 0],
            document=document, started_at=now - timedelta(days=number), modified_at=now,
            observed_at=now, started_by=starter if number % 2 else None,
        )  # fmt: skip
    return list(Workflow.objects.order_by("pk"))


def choose(client, rows=(), *, verb=TERMINATE, key=None, **changes):
    given = {
        "key": key or uuid.uuid4(), "portal": Portal.objects.earliest("pk").pk,
        "list": "workflow", "verb": verb,
        "rows": ".".join(str(getattr(row, "pk", row)) for row in rows), **changes,
    }  # fmt: skip
    return client.post(CREATION, given)


def frozen(answer):
    """Return the operation that an answer leads to, and the keys of its list."""
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    operation = BulkOperation.objects.get(pk=answer.url.split("/")[2])
    assert answer.url == reverse("operation_confirmation", args=[operation.pk])
    return operation, [item[0] for part in operation.parts.order_by("place") for item in part.items]


def confirm(client, operation, **given):
    given = {"reason": "They hang.", "status": "Stopped", **given}
    return client.post(reverse("operation_confirmation", args=[operation.pk]), given)


def said(answer):
    text = html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode()))
    return re.sub(r"\s+", " ", text)


def test_a_list_shows_check_boxes_to_whom_may_do_something_to_many(
    as_, administrator, auditor, workflows
):
    Workflow.objects.filter(pk=workflows[0].pk).update(is_running=False)
    page = as_(administrator).get(LIST, {"show": "all", "size": 100})
    assert page.content.decode().count("data-choose aria-label") == 59
    ended = as_(administrator).get(LIST, {"show": "ended"})
    assert "data-choose" not in ended.content.decode()
    assert "data-choose" not in as_(auditor).get(LIST).content.decode()
    assert choose(as_(auditor), workflows).status_code == 403
    assert not BulkOperation.objects.exists()


def test_what_is_frozen_is_shown_and_exactly_that_is_carried_out(
    as_, administrator, workflows, portal
):
    client = as_(administrator)
    chosen = [*workflows[:4], workflows[6]]
    operation, keys = frozen(choose(client, chosen))
    assert keys == sorted(one.pk for one in chosen)
    # whatever changes meanwhile: the list stays, and what will be missing from it is told
    Workflow.objects.filter(pk=chosen[0].pk).update(is_running=False)
    Workflow.objects.filter(pk=chosen[1].pk).update(modified_at=timezone.now())
    page = client.get(reverse("operation_confirmation", args=[operation.pk]))
    text = said(page)
    assert "Terminate 5 workflows" in text
    assert "Отпуск 3" in text
    assert "the portal itself 3" in text
    assert "under a day 1" in text
    assert "1 has already ended" in text
    assert "less than a minute" in text
    assert text.count("Поставка") == 5
    refused = confirm(client, operation, reason="", status="Typed")
    assert refused.status_code == 422
    assert "Typed" in refused.content.decode()
    assert "This field is required" in said(refused)
    assert BulkOperation.objects.get().state == BulkState.DRAFT
    done = confirm(client, operation)
    assert (done.status_code, done.url) == (302, f"/operations/{operation.pk}/")
    operation.refresh_from_db()
    assert operation.state == BulkState.PREPARING
    assert (operation.reason, operation.inputs) == ("They hang.", {"status": "Stopped"})
    commands.prepare(operation.pk, worker="test")
    made = Command.objects.order_by("pk")
    assert [one.workflow_id for one in made] == keys[1:]
    assert {one.inputs["status"] for one in made} == {"Stopped"}
    assert made[0].seen_modified == chosen[1].modified_at
    assert [one["target"] for one in operation.left_out] == [chosen[0].remote_id]
    # asked for anew, the status text that all got is there again to be changed
    made.filter(pk=made[0].pk).update(state="rejected", error_code="access_denied")
    anew = commands.retry(operation, by=By(account=administrator), key=uuid.uuid4())
    form = client.get(reverse("operation_confirmation", args=[anew.pk])).context["form"]
    assert list(form.fields) == ["status", "reason", "regardless"]
    assert form["status"].value() == "Stopped"
    assert confirm(client, anew, status="Anew").status_code == 302
    assert BulkOperation.objects.get(pk=anew.pk).inputs == {"status": "Anew"}
    # sent again it changes nothing, and leads to the same page
    assert confirm(client, operation, reason="Anew").url == done.url
    operation.refresh_from_db()
    assert operation.reason == "They hang."
    asked_for = AuditEntry.objects.filter(action="bulk.asked")
    assert asked_for.filter(target_id=str(operation.pk)).count() == 1


def test_all_that_match_are_those_of_the_filters_and_of_when_the_list_was_opened(
    as_, administrator, workflows
):
    client = as_(administrator)
    template = workflows[0].template
    shown = client.get(LIST, {"template": template.pk, "sort": "starter", "size": 25}).context[
        "list"
    ]
    late = Workflow.objects.get(pk=workflows[0].pk)
    late.pk, late.remote_id = None, "late.1"
    late.save()
    operation, keys = frozen(choose(client, whole="1", query=shown.whole))
    assert keys == [one.pk for one in workflows if one.template == template]
    assert operation.source["whole"] is True
    assert len(keys) == shown.page.total == 20


@pytest.mark.parametrize(
    "query",
    ["?template=999999", "?age=sideways", "?show=nonsense", "?templat=1", "?q=" + "x" * 201],
)
def test_all_is_refused_where_a_filter_is_not_understood(as_, administrator, workflows, query):
    answer = choose(as_(administrator), whole="1", query=query)
    assert answer.status_code == 422
    assert "was not understood" in said(answer)
    assert not BulkOperation.objects.exists()


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "No row is chosen"),
        ({"rows": "9999999"}, "No row is chosen"),
        ({"rows": "1.x"}, "This is no choice of rows"),
        ({"rows": ".".join(map(str, range(1, MOST_ROWS + 2)))}, "chosen by filters"),
        ({"verb": "workflow_task.delegate"}, "cannot be done to rows of this list"),
        ({"list": "people"}, "not known here"),
        ({"key": "no key"}, "Enter a valid UUID"),
    ],
)
def test_a_choice_that_means_nothing_freezes_nothing_and_says_why(
    as_, administrator, workflows, given, why
):
    answer = as_(administrator).post(
        CREATION,
        {
            "key": uuid.uuid4(),
            "portal": Portal.objects.earliest("pk").pk,
            "list": "workflow",
            "verb": TERMINATE,
            **given,
        },
    )
    assert (answer.status_code, why in said(answer)) == (422, True), said(answer)
    assert not BulkOperation.objects.exists()


def test_only_what_one_sees_is_frozen(as_, administrator, manager, workflows, portal):
    elsewhere = Workflow.objects.get(pk=workflows[0].pk)
    other = type(portal).objects.create(name="Zero", address="https://elsewhere.example/")
    elsewhere.pk, elsewhere.portal = None, other
    elsewhere.save()
    _operation, keys = frozen(choose(as_(administrator), [elsewhere, workflows[1]]))
    assert keys == [workflows[1].pk]
    # a manager acts on many, but on no workflows: that is on record
    assert choose(as_(manager), workflows[:2]).status_code == 403
    denied = AuditEntry.objects.get(kind="denied")
    assert (denied.actor, denied.error_code) == (manager, "terminate_workflows")


def test_the_same_form_sent_twice_freezes_once_and_another_choice_anew(
    as_, administrator, other_administrator, workflows
):
    client, key = as_(administrator), uuid.uuid4()
    first, _keys = frozen(choose(client, workflows[:2], key=key))
    assert frozen(choose(client, workflows[:2], key=key))[0] == first
    other, keys = frozen(choose(client, workflows[2:4], key=key))
    assert (other == first, keys) == (False, [one.pk for one in workflows[2:4]])
    # another's draft is nobody else's
    url = reverse("operation_confirmation", args=[first.pk])
    assert as_(other_administrator).get(url).status_code == 404
    assert confirm(as_(other_administrator), first).status_code == 404
    BulkOperation.objects.filter(pk=first.pk).update(state="dropped")
    gone = confirm(client, first)
    assert (gone.status_code, "was thrown away" in said(gone)) == (422, True)
    assert set(BulkOperation.objects.values_list("state", flat=True)) == {"draft", "dropped"}


@pytest.mark.parametrize(
    ("verb", "count", "asks"),
    [(TERMINATE, 50, False), (TERMINATE, 51, True), (KILL, 1, False), (KILL, 2, True)],
)
def test_the_number_is_typed_for_several_kills_and_for_anything_large(
    as_, administrator, workflows, verb, count, asks
):
    client = as_(administrator)
    operation, _keys = frozen(choose(client, workflows[:count], verb=verb))
    wrong = confirm(client, operation, typed=str(count + 1))
    assert wrong.status_code == (422 if asks else 302)
    if asks:
        assert f"type {count}" in said(wrong)
        assert confirm(client, operation, typed=f" {count} ").status_code == 302
    operation.refresh_from_db()
    assert operation.state == BulkState.PREPARING


def test_an_approval_and_what_others_do_with_the_same_is_told_before(
    as_, administrator, other_administrator, workflows, portal
):
    type(portal).objects.filter(pk=portal.pk).update(approval_above=2)
    theirs, _keys = frozen(choose(as_(other_administrator), workflows[:4]))
    confirm(as_(other_administrator), theirs)
    client = as_(administrator)
    mine, _keys = frozen(choose(client, workflows[2:8], verb=KILL))
    url = reverse("operation_confirmation", args=[mine.pk])
    text = said(client.get(url))
    assert "2 are part of “Terminate 4 workflows”, which Boris Ivanov has asked for" in text
    assert "another administrator has to approve it" in text
    commands.prepare(theirs.pk, worker="test")
    assert "2: Boris Ivanov has asked for something" in said(client.get(url))
    answer = client.post(url, {"reason": "Mine.", "typed": "6", "regardless": "on"}, **HTMX)
    assert answer.headers["HX-Redirect"] == f"/operations/{mine.pk}/"
    mine.refresh_from_db()
    assert (mine.state, mine.regardless) == (BulkState.AWAITING, True)


def test_no_form_of_another_site_freezes_anything(administrator, workflows):
    client = Client(enforce_csrf_checks=True)
    client.force_login(administrator)
    assert choose(client, workflows[:1]).status_code == 403
    assert not BulkOperation.objects.exists()
    # what the page itself holds is enough, without a script
    form = client.get(LIST).content.decode().split('id="choosing"')[1].split("</form>")[0]
    given = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    given |= {"verb": TERMINATE, "row": [one.pk for one in workflows[:2]]}
    _operation, keys = frozen(client.post(CREATION, given))
    assert keys == [one.pk for one in workflows[:2]]


def test_what_was_chosen_of_another_portal_is_not_taken_for_this_one_s(
    as_, administrator, workflows, portal
):
    other = Portal.objects.create(name="Other", address="https://other.example", is_connected=True)
    client = as_(administrator)
    page = client.get(LIST).content.decode()
    assert f'name="portal" value="{portal.pk}"' in page
    client.post(reverse("portal_choice"), {"portal": other.pk})
    for given in ({"whole": "1"}, {"rows": str(workflows[0].pk)}):
        answer = choose(client, portal=portal.pk, verb=KILL, **given)
        assert answer.status_code == 422
        assert "Another portal is looked at since this page was opened: Other" in said(answer)
    assert not BulkOperation.objects.exists()
    client.post(reverse("portal_choice"), {"portal": portal.pk})
    operation, _keys = frozen(choose(client, workflows[:2]))
    page = client.get(reverse("operation_confirmation", args=[operation.pk]))
    assert f"Portal {portal.name}" in said(page)
