"""Moments at the edges of time, and whose clock a page shows and a form means."""

import uuid
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from bizproc_admin import syncing
from bizproc_admin.models import AuditEntry, Feed, Person, Portal, SyncRun, Workflow, WorkflowTask
from sandbox.engine.kinds import REQUEST

pytestmark = pytest.mark.portable
# a participant is led from the overview to the inbox
ALLOWED = (200, 302, 403)

ADMINISTRATOR, EMPLOYEE = 1, 2
NEVER, FIRST = "9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+00:00"
NOWHERE = {"time_zone": "", "zone_offset": None}
WHEREABOUTS = [
    NOWHERE,
    {"time_zone": "", "zone_offset": 14_400},
    {"time_zone": "", "zone_offset": -36_000},
    {"time_zone": "America/Los_Angeles", "zone_offset": None},
    {"time_zone": "Pacific/Kiritimati", "zone_offset": None},
]


@pytest.fixture(autouse=True)
def no_time_to_take_back(settings):
    settings.UNDO_TIME = 0


@pytest.fixture
def person(approver):
    return Person.objects.get(linked_account__user=approver)


def pages_of(task):
    workflow = task.workflow
    return [
        reverse("overview"),
        reverse("workflow_task_list"),
        reverse("workflow_task_list") + "?whose=everybody&sort=-deadline",
        reverse("workflow_task_list") + f"?condition=later&open={task.pk}",
        reverse("workflow_task_detail", args=[task.pk]),
        reverse("workflow_list"),
        reverse("workflow_list") + "?condition=overdue&show=all",
        reverse("workflow_detail", args=[workflow.pk]),
        reverse("person_list"),
        reverse("person_detail", args=[task.assignments.get().person.pk]),
        reverse("portal_detail", args=[task.portal.pk]),
        reverse("audit_entry_list"),
    ]


def changed_only(portal):
    """Read what changed, as beat has it done between whole passes."""
    for feed in Feed.objects.filter(portal=portal, name__in=["workflows", "workflow_tasks"]):
        later = timezone.now() + timedelta(hours=1)
        Feed.objects.filter(pk=feed.pk).update(next_at=None, next_full_at=later)
        syncing.sync(feed.pk, worker="test")
        run = SyncRun.objects.filter(feed=feed).latest_first().first()
        assert (run.state, run.error_code, run.is_full) == (SyncRun.State.COMPLETE, "", False)


# --- the edges of time -------------------------------------------------------------------------


@pytest.mark.parametrize("whereabouts", WHEREABOUTS)
def test_a_deadline_that_means_never_is_shown_on_every_page_wherever_somebody_lives(
    whereabouts, as_, administrator, approver, person, sandbox, sync, portal
):
    number = sandbox.ask(EMPLOYEE, OverdueDate=NEVER)
    sync()
    task = WorkflowTask.objects.get(remote_id=number)
    assert task.overdue_at == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    administrator.linked_people.create(
        portal=portal, person=Person.objects.get(remote_id=ADMINISTRATOR)
    )
    Person.objects.update(**whereabouts)
    for who in (administrator, approver):
        for url in pages_of(task):
            answer = as_(who).get(url)
            assert answer.status_code in ALLOWED, url
            assert who is approver or answer.status_code == 200, url
    shown = as_(approver).get(reverse("workflow_task_list")).content.decode()
    assert "31 Dec 9999" in shown


@pytest.mark.parametrize("moment", [NEVER, FIRST])
def test_moments_at_the_edges_end_no_feed_and_no_page(
    moment, as_, administrator, approver, sandbox, sync, portal, task
):
    workflow = task.workflow
    sandbox.override_row(
        "workflow", workflow.remote_id,
        {"MODIFIED": moment, "STARTED": moment, "OWNED_UNTIL": moment},
    )  # fmt: skip
    sandbox.override_row(
        "task", task.remote_id,
        {"MODIFIED": moment, "OVERDUE_DATE": moment, "WORKFLOW_STARTED": moment},
    )  # fmt: skip
    Feed.objects.update(newest_modified=None)
    sync()
    workflow.refresh_from_db()
    assert workflow.modified_at == datetime.fromisoformat(moment)
    for url in pages_of(task):
        assert as_(administrator).get(url).status_code == 200, url
        assert as_(approver).get(url).status_code in ALLOWED, url


def test_a_watermark_at_the_beginning_of_time_is_read_from(portal, sandbox, workflow):
    Feed.objects.update(newest_modified=datetime.min.replace(tzinfo=UTC))
    changed_only(portal)


def test_a_portal_whose_clock_is_nonsense_moves_no_clock_here(portal):
    time = syncing.clocks.bitrix.AnswerTime(finished_at=datetime.fromisoformat(NEVER))
    syncing.clocks.learn_offset(portal, time)
    portal.refresh_from_db()
    assert abs(portal.now() - timezone.now()) < timedelta(minutes=1)


# --- whose clock -------------------------------------------------------------------------------


@pytest.fixture
def berlin(sandbox, portal):
    sandbox.set_zone("Europe/Berlin")
    return portal


def moment_task(sandbox, sync, **field):
    number = sandbox.ask(
        EMPLOYEE, REQUEST,
        RequestedInformation=[{"Name": "When", "Title": "When", "Type": "datetime", **field}],
    )  # fmt: skip
    sync()
    return WorkflowTask.objects.get(remote_id=number)


def answer(as_, who, task, typed, committing):
    with committing():
        return as_(who).post(
            reverse("workflow_task_completion", args=[task.pk]),
            {"key": str(uuid.uuid4()), "answer": "3", "f_0": typed},
            headers={"HX-Request": "true"},
        )


def applied(sandbox):
    (line,) = sandbox.ledger()
    return datetime.fromisoformat(line["applied"]["fields"]["When"])


def test_people_keep_their_offset_to_the_server_and_their_zones_name(sandbox, portal, sync):
    sandbox.change_user(EMPLOYEE, time_zone="", time_zone_offset=14_400)
    sandbox.change_user(ADMINISTRATOR, time_zone="Asia/Tokyo")
    sync()
    by_offset, by_name = (Person.objects.get(remote_id=n) for n in (EMPLOYEE, ADMINISTRATOR))
    assert (by_offset.time_zone, by_offset.zone_offset) == ("", 14_400)
    assert (by_name.time_zone, by_name.zone_offset) == ("Asia/Tokyo", 21_600)


@pytest.mark.parametrize("odd", [None, "", [], {}, "soon", "10" * 30, 10**19, "-999999", True])
def test_an_offset_that_is_none_counts_as_the_portals_own_zone(odd, sandbox, portal, sync):
    sandbox.override_row("user", EMPLOYEE, {"TIME_ZONE_OFFSET": odd})
    sync()
    assert Person.objects.get(remote_id=EMPLOYEE).zone_offset is None


@pytest.mark.parametrize(
    ("user", "typed", "moment"),
    [
        ({}, "2027-07-15T12:00", "2027-07-15T10:00:00+00:00"),
        ({}, "2027-01-15T12:00", "2027-01-15T11:00:00+00:00"),
        ({"time_zone_offset": 14_400}, "2027-07-15T12:00", "2027-07-15T06:00:00+00:00"),
        ({"time_zone_offset": 14_400}, "2027-01-15T12:00", "2027-01-15T07:00:00+00:00"),
        ({"time_zone": "America/New_York"}, "2027-07-15T12:00", "2027-07-15T16:00:00+00:00"),
        ({"time_zone": "America/New_York"}, "2027-01-15T12:00", "2027-01-15T17:00:00+00:00"),
    ],
)
def test_what_is_typed_is_sent_as_the_moment_that_the_persons_clock_shows_then(
    user, typed, moment, as_, approver, berlin, sandbox, sync, committing
):
    sandbox.change_user(EMPLOYEE, **{"time_zone": "", **user})
    task = moment_task(sandbox, sync)
    assert answer(as_, approver, task, typed, committing).status_code == 200
    assert applied(sandbox) == datetime.fromisoformat(moment)


def test_a_default_is_shown_on_the_clock_of_its_day_and_comes_back_as_it_was(
    as_, approver, berlin, sandbox, sync, committing
):
    default = "2027-07-15T10:00:30+00:00"
    task = moment_task(sandbox, sync, Default=default)
    page = as_(approver).get(reverse("workflow_task_detail", args=[task.pk])).content.decode()
    assert 'value="2027-07-15T12:00"' in page
    assert answer(as_, approver, task, "2027-07-15T12:00", committing).status_code == 200
    assert applied(sandbox) == datetime.fromisoformat(default)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("2027-03-28T02:30", "put forward"),
        ("0001-01-01T00:00", "No calendar"),
        ("12027-01-01T00:00", "valid date"),
    ],
)
def test_a_time_that_no_clock_shows_is_said_beside_the_field_and_stays(
    typed, said, as_, approver, berlin, sandbox, sync, committing
):
    task = moment_task(sandbox, sync)
    refused = answer(as_, approver, task, typed, committing)
    assert refused.status_code == 422
    assert said in refused.content.decode()
    assert f'value="{typed}"' in refused.content.decode()
    assert sandbox.ledger() == []


def test_a_deadline_of_the_summer_is_shown_by_the_summers_rule(
    as_, approver, berlin, sandbox, sync
):
    number = sandbox.ask(EMPLOYEE, OverdueDate="2027-07-15T10:00:00+00:00")
    sync()
    task = WorkflowTask.objects.get(remote_id=number)
    assert "12:00:00 CEST" in as_(approver).get(task_url(task)).content.decode()
    Person.objects.update(zone_offset=14_400)
    assert "16:00:00 UTC+06:00" in as_(approver).get(task_url(task)).content.decode()


def task_url(task):
    return reverse("workflow_task_detail", args=[task.pk])


def test_today_ends_when_the_viewers_day_does(as_, approver, person, sandbox, sync):
    person.time_zone = "Pacific/Kiritimati"
    person.save()
    here = timezone.now().astimezone(ZoneInfo(person.time_zone))
    midnight = (here + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    numbers = {
        group: sandbox.ask(EMPLOYEE, OverdueDate=(midnight + timedelta(minutes=n)).isoformat())
        for group, n in (("today", -1), ("later", 1))
    }
    sync()
    Person.objects.update(time_zone=person.time_zone)
    for group, number in numbers.items():
        url = reverse("workflow_task_list") + f"?condition={group}"
        shown = {line.task.remote_id for line in as_(approver).get(url).context["list"].lines}
        if group == "today" and midnight - here < timedelta(minutes=2):
            continue
        assert shown & set(numbers.values()) == {number}


# --- the portal's zone -------------------------------------------------------------------------


def test_the_portals_zone_is_proposed_from_what_it_sends(berlin, sandbox, sync):
    sync()
    portal = Portal.objects.get()
    assert (portal.time_zone, portal.proposed_zone) == ("", "Europe/Berlin")
    sandbox.change_user(EMPLOYEE, time_zone="Europe/Paris")
    sync()
    assert Portal.objects.get().proposed_zone == "Europe/Paris"
    sandbox.set_zone("Asia/Kolkata")
    sync()
    assert Portal.objects.get().proposed_zone == "Asia/Kolkata"


def test_an_administrator_sets_the_portals_zone_and_it_is_on_record(
    as_, administrator, portal, sync
):
    sync()
    client, url = as_(administrator), reverse("portal_time_zone", args=[portal.pk])
    detail = reverse("portal_detail", args=[portal.pk])
    assert "Europe/Moscow" in client.get(detail).content.decode()
    form = client.get(url).content.decode()
    assert "As proposed: Europe/Moscow" in form
    assert "Europe/Istanbul (UTC+03:00)" in form
    for _ in range(2):
        assert client.post(url, {"zone": "Europe/Istanbul"}).url == detail
    portal.refresh_from_db()
    assert (portal.time_zone, str(portal.zone)) == ("Europe/Istanbul", "Europe/Istanbul")
    entry = AuditEntry.objects.with_details().get(action="portal.time_zone")
    assert entry.detail.inputs == {"before": "", "after": "Europe/Istanbul"}
    assert (
        "Set the time zone of a portal" in client.get(reverse("audit_entry_list")).content.decode()
    )
    assert "do not fit" not in client.get(detail).content.decode()
    client.post(url, {"zone": "Asia/Tokyo"})
    assert "own times do not fit" in client.get(detail).content.decode()
    assert client.post(url, {"zone": ""}).url == detail
    assert Portal.objects.get().zone_name == "Europe/Moscow"


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "x" * 100])
def test_a_zone_that_does_not_exist_is_refused_beside_the_field(zone, as_, administrator, portal):
    url = reverse("portal_time_zone", args=[portal.pk])
    refused = as_(administrator).post(url, {"zone": zone})
    assert refused.status_code == 422
    assert "field__error" in refused.content.decode()
    assert Portal.objects.get().time_zone == ""
    assert not AuditEntry.objects.filter(action="portal.time_zone").exists()


def test_a_portal_of_which_only_an_offset_is_known_shows_that(as_, administrator, workflow):
    Portal.objects.update(proposed_zone="", utc_offset=19_800)
    page = as_(administrator).get(reverse("portal_detail", args=[workflow.portal_id]))
    assert "UTC+05:30" in page.content.decode()
    assert Workflow.objects.get().portal.zone.utcoffset(None) == timedelta(seconds=19_800)
