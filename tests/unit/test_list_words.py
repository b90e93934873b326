"""What a row says of a workflow, and what the heads of the list lead to."""

from datetime import UTC, datetime, timedelta

import pytest
from django.http import QueryDict
from django.utils import timezone

from bizproc_admin.lists.pager import heads_of, pager_of
from bizproc_admin.lists.paging import Page
from bizproc_admin.lists.repainting import digest_of
from bizproc_admin.lists.workflow_filters import WorkflowFilterForm
from bizproc_admin.lists.workflow_lines import WorkflowLine, standing_of, tells
from bizproc_admin.models import Assignment, Command, EndCause, Person, Portal, Workflow
from bizproc_admin.models import WorkflowTask as Task

PORTAL = Portal(pk=1, name="Northwind", address="https://northwind.bitrix24.com/")


def made(waits=(), **fields):
    now = timezone.now()
    values = {
        "pk": 7,
        "portal": PORTAL,
        "started_at": now - timedelta(days=3),
        "modified_at": now - timedelta(hours=4),
        "observed_at": now,
        "document_copy": "A document",
        **fields,
    }
    workflow = Workflow(**values)
    return WorkflowLine(
        workflow=workflow,
        portal=PORTAL,
        key="7",
        url="",
        template="",
        document="",
        starter="",
        link="",
        waits=list(waits),
        more=0,
        template_url="",
        late="",
        since=workflow.modified_at,
        until=None,
        command=None,
        standing=standing_of(workflow, list(waits), PORTAL.now(), portal=PORTAL),
        now=PORTAL.now(),
    )


def wait(name="Approve the supplier"):
    return Assignment(
        task=Task(name=name, modified_at=timezone.now()), person=Person(pk=3, name="Olga Petrova")
    )


def test_a_task_is_what_a_workflow_stands_at():
    standing = made([wait()], open_tasks=1, state_text="Participated 0% (0 of 1)").standing
    assert (standing.text, standing.note) == ("Approve the supplier", "0 of 1")
    assert standing.tone == ""


def test_a_task_past_its_deadline_needs_attention():
    past = timezone.now() - timedelta(days=2)
    assert made([wait()], open_tasks=1, overdue_at=past).standing.tone == "warn"


def test_a_lock_is_said_with_its_moment():
    standing = made(owned_until=timezone.now() - timedelta(hours=5)).standing
    assert standing.text.startswith("Locked since")
    assert standing.note == "for 5 h"


def test_a_locked_workflow_with_a_task_says_both():
    standing = made(
        [wait()], open_tasks=1, owned_until=timezone.now() - timedelta(hours=5)
    ).standing
    assert standing.text == "Approve the supplier"
    assert standing.note.startswith("Locked since")


def test_a_step_under_way_is_said():
    assert made(owned_until=timezone.now() + timedelta(minutes=5)).standing.text == "Running now"


def test_without_a_task_it_waits_for_something_else():
    standing = made().standing
    assert (standing.text, standing.note) == (
        "No open task",
        "timer or another system",
    )


@pytest.mark.parametrize("cause", EndCause)
def test_an_end_is_said_with_the_span_it_lies_in(cause):
    day = datetime(2026, 3, 2, tzinfo=UTC)
    standing = made(
        is_running=False,
        end_cause=cause,
        ended_after=day.replace(hour=14, minute=2),
        ended_before=day.replace(hour=14, minute=3),
    ).standing
    assert standing.text == cause.label
    assert "between 14:02 and 14:03" in standing.note


def test_a_refusal_leaves_the_row_after_a_day_and_an_open_command_never():
    workflow = made().workflow
    assert tells(Command(settled_at=None), workflow)
    assert tells(Command(settled_at=timezone.now() - timedelta(hours=1)), workflow)
    assert not tells(Command(settled_at=timezone.now() - timedelta(hours=25)), workflow)


def test_rows_that_read_the_same_have_the_same_digest():
    assert made(document_copy="A").reads != made(document_copy="B").reads
    same = made(document_copy="A")
    assert digest_of([same.reads]) == digest_of([same.reads])


def filters(query=""):
    return WorkflowFilterForm(QueryDict(query), portal=None)


def test_a_first_click_on_age_shows_the_oldest_and_the_next_turns_it():
    first = heads_of(filters("sort=template"))["started"]
    assert (first.url, first.order) == ("?sort=started", "none")
    again = heads_of(filters("sort=started"))["started"]
    assert (again.url, again.order) == ("?sort=-started", "descending")


def test_a_first_click_on_idle_shows_the_longest_idle():
    assert heads_of(filters())["idle"].url == "?sort=-idle"
    assert heads_of(filters("sort=-idle"))["idle"].order == "descending"


def test_a_first_click_on_a_name_goes_up_and_the_next_down():
    assert heads_of(filters())["template"].url == "?sort=template"
    assert heads_of(filters("sort=template"))["template"].url == "?sort=-template"


def test_sorting_starts_at_the_first_page_and_keeps_the_filters():
    assert heads_of(filters("q=pumps&page=9"))["state"].url == "?q=pumps&sort=state"


def test_pages_are_anchored_at_the_row_the_list_was_opened_with():
    pager = pager_of(
        filters("page=2"), Page(rows=[1], number=2, size=25, total=90, upto=400, goes_on=True)
    )
    assert pager.next_url == "?page=3&upto=400"
    assert pager.previous_url == "?upto=400"
    assert pager.last_url == "?page=4&upto=400"


def test_another_number_of_rows_starts_anew():
    sizes = pager_of(filters("page=2"), Page(rows=[1], number=2, size=25, total=90, upto=4)).sizes
    assert [size.url for size in sizes][1] == "?size=50"
    assert [size.is_current for size in sizes] == [True, False, False, False]


def test_a_filter_that_is_not_understood_is_said_and_leaves_no_row():
    found = filters("condition=sideways&age=7d")
    assert found.problems
    assert found.narrow(Workflow.objects.all()).query.is_empty()
    assert found.query() == "?age=7d"
