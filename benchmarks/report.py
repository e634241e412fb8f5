"""What was measured as records and as text, and how it compares with what is aimed at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from benchmarks.restart import Restart
from benchmarks.scenarios import SCENARIOS
from benchmarks.streams import FanOut

HEADER: Final = (
    f"{'scenario':<14}{'conn':>5}{'req/s':>8}{'p50 ms':>8}{'p99 ms':>8} │{'web ms':>8}{'db ms':>7}{'jobs ms':>8}"
    f"{'all ms':>8} │{'floor ms':>9}{'to floor':>9}{'bytes':>8}"
)
_HOME_TO_FLOOR: Final = 0.5
_FLAT: Final = 0.2
_POSTS_A_SECOND: Final = 300
_IDLE_MIB: Final = 250


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One scenario under one number of connections. Milliseconds; web, database and jobs are CPU for each request.

    `settled_rate` is requests a second until the last of their jobs is done as well.
    """

    name: str
    connections: int
    rate: float
    settled_rate: float
    p50: float
    p99: float
    web: float
    database: float
    jobs: float
    # CPU of the floor, and our throughput as a part of the floor's.
    floor_cpu: float
    to_floor: float
    bytes: int
    failed: int
    memory: float

    @property
    def cpu(self) -> float:
        """All parts together."""
        return self.web + self.database + self.jobs

    def __str__(self) -> str:
        failed = f"   {self.failed} FAILED" if self.failed else ""
        settled = f"   {self.settled_rate:.0f}/s with their jobs" if self.settled_rate < self.rate * 0.99 else ""
        return (
            f"{self.name:<14}{self.connections:>5}{self.rate:>8.0f}{self.p50:>8.2f}{self.p99:>8.2f} │{self.web:>8.3f}"
            f"{self.database:>7.3f}{self.jobs:>8.3f}{self.cpu:>8.3f} │{self.floor_cpu:>9.3f}"
            f"{self.to_floor:>9.2f}{self.bytes:>8}{settled}{failed}"
        )


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """All that was measured with so many stored posts."""

    posts: int
    rows: list[Row]
    restart: Restart | None = None
    streams: list[FanOut] = []


def restart_lines(found: Restart) -> Iterator[str]:
    yield f"restart in {found.start:.1f} s; idle {found.idle_memory:.0f} MiB without the database"
    yield (
        f"home timeline, one connection: very first request {found.first_request:.1f} ms, "
        f"an account's first {found.first_of_account:.2f} ms, its second {found.warm:.2f} ms"
    )


def stream_line(found: FanOut) -> str:
    return (
        f"stream to {found.clients} clients: first after {found.first_p50:.0f} ms, last after {found.last_p50:.0f} ms "
        f"(worst {found.last_worst:.0f}); {found.cpu_per_receipt:.3f} ms CPU a receipt"
    )


def verdicts(sizes: Sequence[Size]) -> Iterator[str]:
    """One line for each thing that is aimed at: the figure, the aim, whether it is met."""
    for size in sizes:
        for row in size.rows:
            if row.connections == max(r.connections for r in size.rows):
                yield from _row_verdicts(size.posts, row)
        if size.restart is not None:
            yield _verdict("idle memory, MiB", size.posts, size.restart.idle_memory, most=_IDLE_MIB)
    if len(sizes) > 1:
        yield from _flatness(sizes[0], sizes[-1])


def _row_verdicts(posts: int, row: Row) -> Iterator[str]:
    budget = SCENARIOS[row.name].budget
    if budget:
        yield _verdict(f"{row.name}: ms CPU", posts, row.cpu, most=budget)
    if row.name == "home":
        yield _verdict("home: to floor", posts, row.to_floor, least=_HOME_TO_FLOOR)
    if row.name == "post":
        yield _verdict("post: acknowledged a second", posts, row.rate, least=_POSTS_A_SECOND)
        yield _verdict("post: a second with their fan-out", posts, row.settled_rate, least=_POSTS_A_SECOND)


def _flatness(small: Size, large: Size) -> Iterator[str]:
    """Throughput with the larger number of posts to that with the smaller one, each against its own floor."""
    before = {(row.name, row.connections): row for row in small.rows}
    yield f"flat from {small.posts:,} to {large.posts:,} posts: throughput against the floor, and CPU"
    for row in large.rows:
        other = before.get((row.name, row.connections))
        if other is not None:
            ratio = row.to_floor / other.to_floor
            mark = "ok" if ratio > 1 - _FLAT else "MISSED"
            yield f"  {row.name:<14}{row.connections:>4}  × {ratio:.2f}   CPU × {row.cpu / other.cpu:.2f}   {mark}"


def _verdict(what: str, posts: int, value: float, *, most: float | None = None, least: float | None = None) -> str:
    met = value <= most if most is not None else value >= (least or 0)
    aim = f"≤ {most:g}" if most is not None else f"≥ {least:g}"
    return f"{what:<36}{posts:>10,} posts {value:>9.3f}   {aim:<8} {'ok' if met else 'MISSED'}"
