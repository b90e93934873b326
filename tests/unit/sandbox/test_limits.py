"""The leaky bucket and the operating time, on the portal's clock."""

from sandbox.state.clock import Clock
from sandbox.state.limits import Limits


def make(*, on=True):
    clock = Clock(source=lambda: 1_000_000.0)
    return Limits(clock, on=on), clock


def test_fifty_requests_fit_and_the_next_is_refused_until_the_bucket_leaks():
    limits, clock = make()
    assert all(limits.admit("a") for _ in range(50))
    assert not limits.admit("a")
    clock.advance(0.5)
    assert limits.admit("a")
    assert not limits.admit("a")
    assert limits.admit("b")


def test_without_limits_nothing_is_refused():
    limits, _ = make(on=False)
    assert all(limits.admit("a") for _ in range(200))


def test_operating_time_blocks_one_method_of_one_webhook_and_drops_out_later():
    limits, clock = make()
    for _ in range(3):
        limits.spend("hook", "slow", 200, began=clock.now())
    assert limits.exhausted("hook", "slow")
    assert not limits.exhausted("hook", "other")
    assert not limits.exhausted("another", "slow")
    clock.advance(601)
    assert not limits.exhausted("hook", "slow")


def test_short_calls_are_not_recorded():
    limits, clock = make()
    limits.spend("hook", "fast", 0.1, began=clock.now())
    assert limits.operating("hook", "fast") == 0


def test_the_reset_is_ten_minutes_after_the_oldest_recorded_call():
    limits, clock = make()
    assert limits.reset_at("hook", "m", began=clock.now()) == 1_000_600
    limits.spend("hook", "m", 5, began=clock.now())
    clock.advance(100)
    assert limits.reset_at("hook", "m", began=clock.now()) == 1_000_600
