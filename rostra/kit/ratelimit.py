"""How often something may be done in a stretch of time, counted over all processes without a write for each request.

Each process counts in memory and adds what it counted to a shared table about once a second, with one statement whose
answer tells it the totals. Knows neither routes nor people: callers choose keys and limits.

Windows are fixed: they begin at multiples of the period, so that around a border twice the limit can pass within one
period. With several processes more than the limit can pass in a window: by less than what the processes, each between
two of its flushes, let through, and never more than the limit times the number of processes. Where that is too much
(passwords, sign-up) `check_exactly` counts in the database at once. A crash of the database empties the table.
"""

from __future__ import annotations

import asyncio
import ipaddress
import math
from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta

import msgspec

from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.kit.errors import RateLimited
from rostra.kit.flushing import flushing

_MOST_WINDOWS = 50_000

# The order keeps two processes that add to the same rows from waiting for each other.
ADD_COUNTS = """
insert into rate_windows (key, window_start, count)
select key, window_start, count from unnest($1::text[], $2::timestamptz[], $3::int[]) as t (key, window_start, count)
order by key, window_start
on conflict (key, window_start) do update set count = rate_windows.count + excluded.count
returning key, window_start, count
"""

ADD_UP_TO = """
insert into rate_windows (key, window_start, count) values ($1, $2, $3)
on conflict (key, window_start) do update set count = rate_windows.count + excluded.count
where rate_windows.count + excluded.count <= $4
returning count
"""

# A stored key begins with its window's length in seconds.
DELETE_ENDED = """
delete from rate_windows
where window_start < $1 and window_start + split_part(key, ' ', 1)::int * interval '1 second' <= $1
"""


class RateState(msgspec.Struct, frozen=True):
    """What a caller may still do: `remaining` of `limit` until `reset_at`."""

    limit: int
    remaining: int
    reset_at: datetime


class OverLimit(RateLimited):
    """The limit is used up; `state` is for the headers of the answer."""

    def __init__(self, state: RateState, *, retry_after: float) -> None:
        self.state = state
        super().__init__(retry_after=retry_after)


class _Window(msgspec.Struct):
    """`known` by all processes as of the last flush, `sent` in the flush that is under way, `fresh` since."""

    known: int = 0
    sent: int = 0
    fresh: int = 0


Place = tuple[str, datetime]
Count = tuple[str, datetime, int]


class Tally:
    """The counts of one process: pure bookkeeping, without clock or database."""

    def __init__(self) -> None:
        self._windows: dict[Place, _Window] = {}

    def add(self, place: Place, limit: int, cost: int) -> int | None:
        """Count `cost` and return the window's count, or return None and count nothing where that exceeds `limit`."""
        window = self._windows.get(place)
        if window is None:
            window = self._windows[place] = self._make_room()
        count = window.known + window.sent + window.fresh + cost
        if count > limit:
            return None
        window.fresh += cost
        return count

    def count(self, place: Place) -> int:
        """What is counted in the window as far as this process knows."""
        window = self._windows.get(place)
        return 0 if window is None else window.known + window.sent + window.fresh

    def take(self) -> list[Count]:
        """What is to be added to the shared counts; to be followed by `learn` or `give_back`."""
        taken: list[Count] = []
        for (key, start), window in self._windows.items():
            if window.fresh:
                taken.append((key, start, window.fresh))
                window.sent, window.fresh = window.sent + window.fresh, 0
        return taken

    def learn(self, totals: Iterable[Count]) -> None:
        """The shared counts after what was taken had been added to them."""
        for key, start, total in totals:
            if window := self._windows.get((key, start)):
                window.known, window.sent = total, 0

    def give_back(self) -> None:
        """What was taken could not be added."""
        for window in self._windows.values():
            window.sent, window.fresh = 0, window.sent + window.fresh

    def forget_ended(self, now: datetime) -> None:
        """Drop the windows that have ended before `now`."""
        self._windows = {
            place: window for place, window in self._windows.items() if window.fresh or _end_of(place) > now
        }

    def _make_room(self) -> _Window:
        # Floods from many addresses must not fill the memory. A key that comes back is counted from its next flush on.
        if len(self._windows) >= _MOST_WINDOWS:
            for place in list(self._windows)[: _MOST_WINDOWS // 10]:
                del self._windows[place]
        return _Window()


class RateLimiter:
    """The rate limits of one process. `scale` multiplies every limit; 0 switches them off."""

    def __init__(self, clock: Clock, *, scale: float = 1.0) -> None:
        self._clock = clock
        self._scale = scale
        self._tally = Tally()
        self._flushing = asyncio.Lock()
        # The present window of each period: making datetimes costs more than counting.
        self._present: dict[int, tuple[datetime, datetime]] = {}

    def check(self, key: str, limit: int, period: int, cost: int = 1) -> RateState:
        """Count `cost` against `limit` in the present window of `period` seconds, in memory.

        Raises OverLimit, counting nothing. Keys are the caller's, as `posts:123`; periods do not mix.
        """
        return self._check(self._clock.now(), key, limit, period, cost)

    def check_each(self, limits: Sequence[tuple[str, int, int]]) -> RateState:
        """`check` each (key, limit, period) in turn and return the tightest state, of equals the last.

        Raises OverLimit; those before the one that is used up have counted."""
        now = self._clock.now()
        tightest: RateState | None = None
        for key, limit, period in limits:
            state = self._check(now, key, limit, period, 1)
            if tightest is None or state.remaining <= tightest.remaining:
                tightest = state
        assert tightest is not None
        return tightest

    def _check(self, now: datetime, key: str, limit: int, period: int, cost: int) -> RateState:
        place, reset_at = self._window(key, period, now)
        if not self._scale:
            return RateState(limit, limit, reset_at)
        limit = self._scaled(limit)
        count = self._tally.add(place, limit, cost)
        if count is None:
            left = max(limit - self._tally.count(place), 0)
            raise OverLimit(RateState(limit, left, reset_at), retry_after=(reset_at - now).total_seconds())
        return RateState(limit, limit - count, reset_at)

    async def check_exactly(self, db: Database, key: str, limit: int, period: int, cost: int = 1) -> RateState:
        """Like `check`, counted in the database at once and exactly; for rare and sensitive acts.

        It counts in a transaction of its own, so that the count stays when the act fails; not to be called inside one.
        """
        now = self._clock.now()
        place, reset_at = self._window(key, period, now)
        if not self._scale:
            return RateState(limit, limit, reset_at)
        limit = self._scaled(limit)
        count: int | None = None
        if cost <= limit:
            async with db.transaction() as tx:
                count = await tx.fetchval(ADD_UP_TO, *place, cost, limit)
        if count is None:
            raise OverLimit(RateState(limit, 0, reset_at), retry_after=(reset_at - now).total_seconds())
        return RateState(limit, limit - count, reset_at)

    async def flush(self, db: Database) -> None:
        """Add what was counted to the shared counts and learn the totals; one statement, or none."""
        async with self._flushing:
            taken = self._tally.take()
            if not taken:
                return
            keys, starts, counts = zip(*taken, strict=True)
            try:
                async with db.transaction() as tx:
                    rows = await tx.fetch(ADD_COUNTS, list(keys), list(starts), list(counts))
            except BaseException:
                self._tally.give_back()
                raise
            self._tally.learn((row["key"], row["window_start"], row["count"]) for row in rows)
            self._tally.forget_ended(self._clock.now())

    def sharing(self, db: Database, *, interval: float = 1.0) -> AbstractAsyncContextManager[None]:
        """Flush every `interval` seconds within this scope, and at its end."""
        return flushing(lambda: self.flush(db), every=interval, failing="rate limits are not shared")

    def _scaled(self, limit: int) -> int:
        return limit if self._scale == 1 else max(1, math.ceil(limit * self._scale))

    def _window(self, key: str, period: int, now: datetime) -> tuple[Place, datetime]:
        """The window that `now` falls into, and its end."""
        present = self._present.get(period)
        if present is None or not present[0] <= now < present[1]:
            start = datetime.fromtimestamp(now.timestamp() // period * period, UTC)
            present = self._present[period] = (start, start + timedelta(seconds=period))
        return (f"{period} {key}", present[0]), present[1]


async def sweep(tx: Tx, now: datetime) -> None:
    """Delete the shared counts of windows that ended before `now`; to be called every few minutes."""
    await tx.execute(DELETE_ENDED, now)


def address_key(ip: str) -> str:
    """What requests from one place share: the IPv4 address, or the /64 of the IPv6 address.

    IPv6 hands a whole /64 to every household. Anything that is no address shares the key `unknown`.
    """
    try:
        address = ipaddress.ip_address(ip.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))
        address = address.ipv4_mapped
    return str(address)


def _end_of(place: Place) -> datetime:
    key, start = place
    return start + timedelta(seconds=int(key.partition(" ")[0]))
