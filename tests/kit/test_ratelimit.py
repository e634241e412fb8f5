"""Rate limits: exact in one process, bounded over several, exact where it matters."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rostra.kit.clock import FixedClock
from rostra.kit.ratelimit import OverLimit, Place, RateLimiter, RateState, Tally, address_key, sweep

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
PLACE: Place = ("300 k", NOON)


async def stored(db) -> dict[str, int]:
    return dict(await db.connection.fetch("select key, count from rate_windows"))


def test_a_limit_lets_through_exactly_that_many_and_counts_down(clock: FixedClock):
    limiter = RateLimiter(clock)
    left = [limiter.check("k", 3, 300).remaining for _ in range(3)]
    assert left == [2, 1, 0]
    with pytest.raises(OverLimit) as refused:
        limiter.check("k", 3, 300)
    assert refused.value.state == RateState(3, 0, clock.now() + timedelta(seconds=300))
    assert refused.value.retry_after == 300


def test_windows_begin_at_multiples_of_the_period_and_start_afresh(clock: FixedClock):
    limiter = RateLimiter(clock)
    clock.tick(seconds=100)
    state = limiter.check("k", 1, 300)
    assert state.reset_at == NOON + timedelta(seconds=300)
    clock.tick(seconds=199)
    with pytest.raises(OverLimit) as refused:
        limiter.check("k", 1, 300)
    assert refused.value.retry_after == 1
    clock.tick(seconds=1)
    assert limiter.check("k", 1, 300).remaining == 0


def test_keys_and_periods_do_not_mix(clock: FixedClock):
    limiter = RateLimiter(clock)
    for key, period in (("a", 60), ("b", 60), ("a", 300)):
        assert limiter.check(key, 1, period).remaining == 0


def test_a_refused_request_is_not_counted(clock: FixedClock):
    limiter = RateLimiter(clock)
    limiter.check("k", 5, 300, cost=4)
    with pytest.raises(OverLimit) as refused:
        limiter.check("k", 5, 300, cost=2)
    assert refused.value.state.remaining == 1
    assert limiter.check("k", 5, 300).remaining == 0


def test_the_scale_multiplies_limits_and_zero_switches_them_off(clock: FixedClock):
    assert RateLimiter(clock, scale=2.5).check("k", 3, 300) == RateState(8, 7, NOON + timedelta(seconds=300))
    off = RateLimiter(clock, scale=0)
    assert [off.check("k", 1, 300).remaining for _ in range(9)] == [1] * 9
    assert RateLimiter(clock, scale=0.001).check("k", 3, 300).limit == 1


async def test_two_processes_learn_of_each_other_when_they_flush(db, clock: FixedClock):
    one, two = RateLimiter(clock), RateLimiter(clock)
    for _ in range(3):
        one.check("k", 5, 300)
    await one.flush(db)
    two.check("k", 5, 300)
    await two.flush(db)
    assert two.check("k", 5, 300).remaining == 0
    with pytest.raises(OverLimit):
        two.check("k", 5, 300)


async def test_a_flush_is_one_statement_and_nothing_new_is_none(db, clock: FixedClock):
    limiter = RateLimiter(clock)
    for number in range(50):
        limiter.check(f"k{number}", 5, 300)
    db.statements.clear()
    await limiter.flush(db)
    await limiter.flush(db)
    assert len([statement for statement in db.statements if "rate_windows" in statement]) == 1
    assert len(await stored(db)) == 50


async def test_what_could_not_be_flushed_is_flushed_later(db, clock: FixedClock):
    class Unreachable:
        def transaction(self):
            raise ConnectionRefusedError

        read = transaction

    limiter = RateLimiter(clock)
    limiter.check("k", 5, 300)
    with pytest.raises(ConnectionRefusedError):
        await limiter.flush(Unreachable())
    limiter.check("k", 5, 300)
    await limiter.flush(db)
    assert await stored(db) == {"300 k": 2}
    assert limiter.check("k", 5, 300).remaining == 2


async def test_the_end_of_sharing_flushes(db, clock: FixedClock):
    limiter = RateLimiter(clock)
    async with limiter.sharing(db, interval=3600):
        limiter.check("k", 5, 300)
    assert await stored(db) == {"300 k": 1}


async def test_sharing_flushes_by_itself(db, clock: FixedClock):
    one, two = RateLimiter(clock), RateLimiter(clock)
    async with one.sharing(db, interval=0.01), two.sharing(db, interval=0.01):
        for _ in range(4):
            one.check("k", 5, 300)
        two.check("k", 5, 300)
        for _ in range(1000):
            try:
                two.check("k", 5, 300)
            except OverLimit:
                break
            await asyncio.sleep(0.01)
        else:
            pytest.fail("never told")


async def test_an_exact_check_is_exact_across_processes(db, clock: FixedClock):
    one, two = RateLimiter(clock), RateLimiter(clock)
    assert (await one.check_exactly(db, "k", 3, 300)).remaining == 2
    assert (await two.check_exactly(db, "k", 3, 300)).remaining == 1
    assert (await one.check_exactly(db, "k", 3, 300)).remaining == 0
    for limiter in (one, two):
        with pytest.raises(OverLimit) as refused:
            await limiter.check_exactly(db, "k", 3, 300)
        assert refused.value.retry_after == 300
    clock.tick(seconds=300)
    assert (await two.check_exactly(db, "k", 3, 300)).remaining == 2


async def test_an_exact_check_of_more_than_the_limit_is_refused_at_first_sight(db, clock: FixedClock):
    with pytest.raises(OverLimit):
        await RateLimiter(clock).check_exactly(db, "k", 3, 300, cost=4)
    assert (await RateLimiter(clock, scale=0).check_exactly(db, "k", 3, 300, cost=4)).remaining == 3
    assert await stored(db) == {}


async def test_the_sweep_deletes_only_windows_that_have_ended(db, clock: FixedClock):
    limiter = RateLimiter(clock)
    for period in (60, 300, 86400):
        limiter.check("k", 5, period)
    await limiter.flush(db)
    clock.tick(seconds=60)
    await sweep(db.connection, clock.now())
    assert sorted(await stored(db)) == ["300 k", "86400 k"]


def test_a_flood_of_keys_does_not_fill_the_memory(clock: FixedClock):
    limiter = RateLimiter(clock)
    for number in range(120_000):
        limiter.check(str(number), 5, 300)
    assert len(limiter._tally._windows) <= 50_000


def test_ended_windows_are_forgotten():
    tally = Tally()
    tally.add(PLACE, 5, 1)
    tally.learn(tally.take())
    tally.forget_ended(NOON + timedelta(seconds=299))
    assert tally.count(PLACE) == 1
    tally.forget_ended(NOON + timedelta(seconds=300))
    assert tally.count(PLACE) == 0


@given(
    processes=st.integers(1, 5),
    limit=st.integers(1, 30),
    steps=st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["ask", "ask", "ask", "flush", "fail"])), max_size=250),
)
def test_what_passes_over_several_processes_is_bounded(processes: int, limit: int, steps: list[tuple[int, str]]):
    """The two bounds of the module's docstring, and that nobody is refused while the limit is not used up."""
    tallies = [Tally() for _ in range(processes)]
    passed, shared = 0, 0
    batch, largest = [0] * processes, [0] * processes
    for number, act in steps:
        who = number % processes
        if act == "ask":
            if tallies[who].add(PLACE, limit, 1) is None:
                assert passed >= limit
                continue
            passed += 1
            batch[who] += 1
            largest[who] = max(largest[who], batch[who])
        elif act == "flush":
            taken = tallies[who].take()
            shared += sum(count for _, _, count in taken)
            tallies[who].learn([(*PLACE, shared)] if taken else [])
            batch[who] = 0
        else:
            tallies[who].take()
            tallies[who].give_back()
    assert passed <= processes * limit
    assert passed < limit + sum(largest) or passed == 0


@pytest.mark.parametrize(
    ("ip", "key"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("unix:", "unknown"),
    ],
)
def test_requests_from_one_place_share_a_key(ip: str, key: str):
    assert address_key(ip) == key
