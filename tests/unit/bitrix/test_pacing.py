"""The local bucket: people first, and slower after a refusal."""

from datetime import UTC, datetime, timedelta

import pytest

from bizproc_admin import bitrix


class Time:
    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds

    def sleep(self, seconds):
        self.seconds += seconds

    def now(self):
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def pacer(time):
    return bitrix.LocalPacer(per_second=2, burst=10, clock=time, wait=time.sleep, now=time.now)


def acquire(pacer, *, purpose=bitrix.Purpose.PASSES, patience=60.0, clock, method="m"):
    pacer.acquire(method, purpose=purpose, deadline=clock() + patience)


def test_a_burst_goes_at_once_and_then_the_pace_is_kept(pacer, time):
    for _ in range(6):
        acquire(pacer, clock=time)
    assert time() == 0
    for _ in range(10):
        acquire(pacer, clock=time)
    assert time() == pytest.approx(5)


def test_the_last_part_of_the_burst_is_kept_for_people(pacer, time):
    for _ in range(6):
        acquire(pacer, clock=time)
    with pytest.raises(bitrix.PaceExceeded) as caught:
        acquire(pacer, patience=0.1, clock=time)
    assert caught.value.retry_after == pytest.approx(0.5)
    for _ in range(4):
        acquire(pacer, purpose=bitrix.Purpose.VERIFY, patience=0, clock=time)
    with pytest.raises(bitrix.PaceExceeded):
        acquire(pacer, purpose=bitrix.Purpose.VERIFY, patience=0, clock=time)


def test_after_a_refusal_the_bucket_counts_as_full_and_the_pace_halves(pacer, time):
    pacer.rate_limited()
    acquire(pacer, purpose=bitrix.Purpose.VERIFY, clock=time)
    assert time() == pytest.approx(1)  # one permit at 1 a second instead of 2


def test_the_pace_recovers_minute_by_minute(pacer, time):
    pacer.rate_limited()
    time.sleep(60 * 20)
    for _ in range(16):
        acquire(pacer, clock=time)
    assert time() - 1200 == pytest.approx(5)


def test_an_exhausted_method_waits_alone(pacer, time):
    pacer.method_exhausted("slow", time.now() + timedelta(seconds=30))
    acquire(pacer, method="quick", patience=0, clock=time)
    with pytest.raises(bitrix.PaceExceeded):
        acquire(pacer, method="slow", patience=10, clock=time)
    acquire(pacer, method="slow", patience=40, clock=time)
    assert time() >= 30
