"""The shared pace: exact to the request, fair to people, slower when the portal complains."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bizproc_admin import bitrix
from bizproc_admin.bitrix import Purpose
from bizproc_admin.bitrix.pacing import SHARES
from bizproc_admin.heartbeats import worker_name
from bizproc_admin.models import MethodBudget, PaceBucket, Place, Portal, Worker
from bizproc_admin.portals.outages import LEFT_ALONE_AFTER, PortalHealth
from bizproc_admin.portals.pacing import (
    BEYOND_BURST,
    KEPT_FOR_PASSES,
    OPERATING_LIMIT,
    OPERATING_STOP,
    SLOWEST_INTERVAL,
    DatabasePacer,
)

pytestmark = pytest.mark.django_db

METHOD = "bizproc.workflow.instances"
START = 1_800_000_000.0
RATE = 2.0
BURST = 10


class Time:
    """A clock that moves only when somebody sleeps or says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return START + self.seconds

    def clock(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.seconds += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def pacer(db: None, time: Time, settings: object) -> DatabasePacer:
    settings.PACE_PER_SECOND = RATE
    settings.PACE_BURST = BURST
    portal = Portal.objects.create(name="Northwind", address="https://northwind.example")
    return DatabasePacer(portal, now=time.now, clock=time.clock, sleep=time.sleep)


def taken(pacer: DatabasePacer, *, purpose: Purpose = Purpose.VERIFY) -> int:
    """Take permits until there is none; give how many there were."""
    count = 0
    while pacer.take(purpose=purpose):
        count += 1
        assert count < 1000
    return count


def test_a_quiet_portal_admits_exactly_the_burst_and_then_the_rate(
    pacer: DatabasePacer, time: Time
) -> None:
    assert taken(pacer) == BURST
    for _ in range(20):
        time.seconds += 1 / RATE
        assert taken(pacer) == 1
    time.seconds += 3.0
    assert taken(pacer) == 3 * RATE
    time.seconds += 3600.0
    assert taken(pacer) == BURST


def test_a_permit_comes_not_a_moment_before_it_is_due(pacer: DatabasePacer, time: Time) -> None:
    taken(pacer)
    time.seconds += 1 / RATE - 0.001
    assert taken(pacer) == 0
    time.seconds += 0.002
    assert taken(pacer) == 1


def test_each_purpose_leaves_a_part_of_the_burst_to_the_more_urgent_ones(
    pacer: DatabasePacer,
) -> None:
    shares = [SHARES[one] for one in Purpose if one not in (Purpose.PASSES, Purpose.LEARNING)]
    assert shares == sorted(shares, reverse=True)
    assert taken(pacer, purpose=Purpose.BULK) == int(BURST * SHARES[Purpose.BULK])
    assert taken(pacer, purpose=Purpose.SCREEN) > 0
    assert taken(pacer, purpose=Purpose.WRITE) > 0
    assert taken(pacer, purpose=Purpose.BULK) == 0
    assert taken(pacer) > 0
    assert not pacer.take(purpose=Purpose.WRITE)


def test_passes_keep_a_fifth_of_the_rate_however_much_people_ask(
    pacer: DatabasePacer, time: Time
) -> None:
    passes = people = 0
    for _ in range(1000):
        time.seconds += 0.1
        people += taken(pacer)
        passes += taken(pacer, purpose=Purpose.LEARNING)
    allowed = 100 * RATE
    assert passes >= KEPT_FOR_PASSES * allowed - 1
    assert people >= (1 - KEPT_FOR_PASSES) * allowed - BURST
    assert passes + people <= allowed + BURST + BEYOND_BURST


def test_of_one_portal_two_calls_are_under_way_and_one_place_is_peoples(
    pacer: DatabasePacer, settings: object
) -> None:
    settings.PACE_BURST = 1000
    first = pacer.acquire(METHOD, purpose=Purpose.PASSES, deadline=0)
    with pytest.raises(bitrix.PaceExceeded):
        pacer.acquire(METHOD, purpose=Purpose.BULK, deadline=0)
    second = pacer.acquire(METHOD, purpose=Purpose.SCREEN, deadline=0)
    with pytest.raises(bitrix.PaceExceeded):
        pacer.acquire(METHOD, purpose=Purpose.VERIFY, deadline=0)
    first()
    again = pacer.acquire(METHOD, purpose=Purpose.VERIFY, deadline=0)
    first()  # what has left already takes nobody else's place
    with pytest.raises(bitrix.PaceExceeded):
        pacer.acquire(METHOD, purpose=Purpose.VERIFY, deadline=0)
    again()
    second()
    pacer.acquire(METHOD, purpose=Purpose.PASSES, deadline=0)


def test_portals_that_share_a_pace_have_places_of_their_own(
    pacer: DatabasePacer, time: Time, settings: object
) -> None:
    settings.PACE_BURST = 1000
    other = Portal.objects.create(name="Southwind", address="https://southwind.example")
    beside = DatabasePacer(
        other, now=time.now, clock=time.clock, sleep=time.sleep, shares_with=pacer.portal_id
    )
    pacer.acquire(METHOD, purpose=Purpose.PASSES, deadline=0)
    pacer.acquire(METHOD, purpose=Purpose.SCREEN, deadline=0)
    # two calls that hang keep nobody from asking for another portal
    leave = beside.acquire(METHOD, purpose=Purpose.PASSES, deadline=0)
    with pytest.raises(bitrix.PaceExceeded):
        beside.acquire(METHOD, purpose=Purpose.BULK, deadline=0)
    leave()
    beside.acquire(METHOD, purpose=Purpose.BULK, deadline=0)


def test_who_waits_for_a_place_writes_nothing_meanwhile(pacer: DatabasePacer) -> None:
    """It asks ten times a second, for a minute beside a portal that never answers."""
    held = pacer.place(purpose=Purpose.PASSES)
    assert held is not None
    with CaptureQueriesContext(connection) as asked:
        assert pacer.place(purpose=Purpose.PASSES) is None
    assert {query["sql"].split()[0] for query in asked} == {"SELECT"}
    held()
    assert pacer.place(purpose=Purpose.PASSES) is not None


def test_a_place_held_by_a_dead_process_is_free_again(pacer: DatabasePacer, time: Time) -> None:
    pacer.acquire(METHOD, purpose=Purpose.PASSES, deadline=0)
    Worker.objects.create(
        name=worker_name(), queue="background", seen_at=timezone.now(), started_at=timezone.now()
    )
    Place.objects.free_of(Worker.objects.dead().values_list("name", flat=True))
    with pytest.raises(bitrix.PaceExceeded):
        pacer.acquire(METHOD, purpose=Purpose.PASSES, deadline=0)
    Worker.objects.update(seen_at=timezone.now() - timedelta(minutes=1))
    Place.objects.free_of(Worker.objects.dead().values_list("name", flat=True))
    pacer.acquire(METHOD, purpose=Purpose.PASSES, deadline=0)
    # and of one nobody knows, once no call can last that long any more
    time.seconds += 1000
    pacer.acquire(METHOD, purpose=Purpose.PASSES, deadline=time.seconds)


def test_a_portal_that_does_not_answer_is_asked_by_one_caller_every_half_minute(
    pacer: DatabasePacer,
) -> None:
    portal = Portal.objects.get(pk=pacer.portal_id)
    health = PortalHealth(portal, is_own=True)
    for _ in range(LEFT_ALONE_AFTER):
        pacer.acquire(METHOD, purpose=Purpose.PASSES, deadline=0)()
        health.failed(bitrix.NoAnswer("silence"))
    with pytest.raises(bitrix.Resting) as refused:
        pacer.acquire(METHOD, purpose=Purpose.VERIFY, deadline=1000)
    assert 25 < refused.value.retry_after <= 30
    Portal.objects.update(retry_at=timezone.now())
    pacer.acquire(METHOD, purpose=Purpose.PASSES, deadline=0)()
    with pytest.raises(bitrix.Resting):
        pacer.acquire(METHOD, purpose=Purpose.VERIFY, deadline=1000)
    health.answered()
    pacer.acquire(METHOD, purpose=Purpose.VERIFY, deadline=0)()


def test_two_portals_do_not_share_a_pace(pacer: DatabasePacer, time: Time) -> None:
    other = Portal.objects.create(name="Southwind", address="https://southwind.example")
    taken(pacer)
    assert taken(DatabasePacer(other, now=time.now)) == BURST


def test_waiting_for_a_permit_ends_when_it_is_due(pacer: DatabasePacer, time: Time) -> None:
    taken(pacer)
    pacer.acquire(METHOD, purpose=Purpose.VERIFY, deadline=60.0)
    assert 1 / RATE <= time.seconds <= 2 / RATE


def test_waiting_past_the_deadline_is_refused_at_once(pacer: DatabasePacer, time: Time) -> None:
    taken(pacer)
    with pytest.raises(bitrix.PaceExceeded):
        pacer.acquire(METHOD, purpose=Purpose.VERIFY, deadline=0.1)
    assert time.seconds < 0.1


def test_a_complaint_of_the_portal_empties_the_bucket_and_halves_the_rate(
    pacer: DatabasePacer, time: Time
) -> None:
    pacer.rate_limited()
    assert taken(pacer) == 0
    admitted = 0
    for _ in range(80):
        time.seconds += 0.25
        admitted += taken(pacer)
    # 40 at the usual rate; the slower one has begun to recover by then
    assert 19 <= admitted <= 22


def test_the_rate_recovers_in_the_course_of_minutes(pacer: DatabasePacer, time: Time) -> None:
    pacer.rate_limited()
    time.seconds += 600.0
    assert taken(pacer) == BURST
    time.seconds += 1.0
    assert taken(pacer) == RATE


def test_the_rate_is_never_slower_than_the_slowest(pacer: DatabasePacer) -> None:
    for _ in range(20):
        pacer.rate_limited()
    assert PaceBucket.objects.get().interval == SLOWEST_INTERVAL


def test_an_exhausted_method_waits_until_the_portal_frees_it_and_others_do_not(
    pacer: DatabasePacer, time: Time
) -> None:
    pacer.method_exhausted(METHOD, datetime.fromtimestamp(START + 30, UTC))
    assert pacer.blocked_for(METHOD, purpose=Purpose.VERIFY) == 30
    pacer.acquire("bizproc.task.list", purpose=Purpose.VERIFY, deadline=1.0)
    with pytest.raises(bitrix.PaceExceeded) as refused:
        pacer.acquire(METHOD, purpose=Purpose.VERIFY, deadline=10.0)
    assert refused.value.retry_after == 30

    pacer.acquire(METHOD, purpose=Purpose.VERIFY, deadline=time.seconds + 40)
    assert 30 <= time.seconds < 31


def test_background_work_stops_before_a_method_is_worn_out_and_people_go_on(
    pacer: DatabasePacer,
) -> None:
    MethodBudget.objects.create(
        portal_id=pacer.portal_id,
        method=METHOD,
        operating=OPERATING_LIMIT * OPERATING_STOP,
        resets_at=START + 100,
    )
    assert pacer.blocked_for(METHOD, purpose=Purpose.PASSES) == 100
    assert pacer.blocked_for(METHOD, purpose=Purpose.VERIFY) == 0


@pytest.fixture(autouse=True)
def one_row_per_portal(db: None) -> Iterator[None]:
    yield
    assert PaceBucket.objects.count() <= Portal.objects.count()
