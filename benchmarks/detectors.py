"""Measure the detectors one by one, without a server: `python -m benchmarks detectors [--stored N]`.

Signatures and look-ups of near-copies among a million stored posts, hashes of pictures and look-ups among a million
known ones, word lists, links, languages. Times are of one core on the machine as it is; each is the middle one of many.
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import asyncpg
import msgspec
import numpy as np
import pyvips
import uvloop

import rostra
from rostra.detect import links, lists, near, pdq
from rostra.detect.bank import HashBank, build_index
from rostra.detect.language import recognise
from rostra.detect.reading import Reading
from rostra.kit.db import open_database
from rostra.kit.jobs import install
from rostra.kit.migrate import migrate
from rostra.kit.postgres import EmbeddedPostgres
from rostra.screening import near_queries

ROOT: Final = Path(rostra.__file__).parent
NOW: Final = datetime(2026, 9, 1, tzinfo=UTC)
STORED: Final = 1_000_000
_SPAN: Final = timedelta(days=90)
# Of the stored posts so many are copies of one text, as spam is: one in twenty.
_COPIES: Final = 20
_DRAWN: Final = 100_000
_INSERTS: Final = 2000
_LOOKS: Final = 200
_ACCOUNTS: Final = 20_000
_COLUMNS: Final = ("status_id", "account_id", "at", "signature", *(f"band_{band}" for band in range(1, 7)))
_SPAM: Final = (
    "earn money fast from home with this one simple trick that the banks do not want you to know about, join our "
    "channel today and get rich before your friends do"
)
_LIST_ENTRIES: Final = 20_000


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was measured, and what is aimed at where something is."""

    name: str
    value: float
    unit: str
    most: float | None = None

    def __str__(self) -> str:
        aim = "" if self.most is None else f"   ≤ {self.most:g}  {'ok' if self.value <= self.most else 'MISSED'}"
        return f"{self.name:<58}{self.value:>12,.2f} {self.unit:<6}{aim}"


class _Words(msgspec.Struct, frozen=True):
    id: str
    entries: tuple[str, ...]
    language: str = ""


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks detectors", description=__doc__)
    parser.add_argument("--stored", type=int, default=STORED, help=f"stored posts and known pictures [{STORED}]")
    run(parser.parse_args(arguments).stored)


def run(stored: int = STORED) -> list[Figure]:
    """All figures, printed as they come."""
    figures: list[Figure] = []
    for figure in _all(stored):
        print(figure, flush=True)
        figures.append(figure)
    return figures


def _all(stored: int) -> Iterator[Figure]:
    talk = Talk()
    yield from _texts(talk)
    yield from _pictures()
    with tempfile.TemporaryDirectory(prefix="rostra-bench-") as folder:
        yield from _banks(Path(folder), stored)
    yield from uvloop.run(_near(talk, stored))


class Talk:
    """Makes posts: words that follow each other as they do in the demonstration's posts."""

    def __init__(self) -> None:
        self._random = random.Random(5)
        text = " ".join(path.read_text() for path in sorted((ROOT / "demo" / "content").glob("*.toml")))
        words = re.findall(r"[^\W\d_]+", text.lower())
        self._next: dict[str, list[str]] = {}
        for word, after in pairwise(words):
            self._next.setdefault(word, []).append(after)
        self.words = words

    def post(self) -> str:
        """About a hundred letters."""
        words = [self._random.choice(self.words)]
        for _ in range(self._random.randrange(8, 28)):
            words.append(self._random.choice(self._next.get(words[-1], self.words)))
        return " ".join(words)

    def copy(self) -> str:
        """The spam, with up to three words changed and a link of its own."""
        words = _SPAM.split()
        for _ in range(self._random.randrange(4)):
            words[self._random.randrange(len(words))] = self._random.choice(self.words)
        return f"{' '.join(words)} https://{self._random.randrange(10**6)}.example/{self._random.randrange(10**6)}"


def _texts(talk: Talk) -> Iterator[Figure]:
    posts = [talk.post() for _ in range(2000)]
    letters = sum(map(len, posts)) / len(posts)
    yield Figure(
        name=f"signature of a post of {letters:.0f} letters", value=_each(near.signature, posts), unit="µs", most=150
    )
    yield Figure(
        name="signature of a post of 5,000 letters", value=_each(near.signature, [" ".join(posts[:60])[:5000]] * 50),
        unit="µs",
    )  # fmt: skip
    known = near.KnownBad(near.BadEntry("spam", random.Random(n).randbytes(32)) for n in range(10_000))
    yield Figure(
        name="look-up among 10,000 texts known to be bad",
        value=_each(known.match, [near.signature(post) for post in posts]),
        unit="µs",
        most=50,
    )
    entries = tuple({" ".join(talk.post().split()[:3]) for _ in range(_LIST_ENTRIES)})
    words = lists.WordLists([_Words("some", entries)])
    readings = [(post, Reading(normal=post, language="en")) for post in posts]
    yield Figure(
        name=f"word lists with {len(entries):,} expressions", value=_each(lambda pair: words.find(*pair), readings),
        unit="µs",
    )  # fmt: skip
    few = lists.WordLists([_Words("some", tuple(f"zebra{n} crossing" for n in range(500)))])
    yield Figure(
        name="word lists with 500 expressions, without a hit", value=_each(lambda pair: few.find(*pair), readings),
        unit="µs",
    )  # fmt: skip
    linked = [f"{post} https://sub.domain{n}.example/path?x={n}" for n, post in enumerate(posts)]
    yield Figure(name="hosts of links", value=_each(links.find_hosts, linked), unit="µs")
    yield Figure(name="language", value=_each(recognise, posts), unit="µs", most=100)


def _pictures() -> Iterator[Figure]:
    noise = np.random.default_rng(1).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    small = pyvips.Image.new_from_memory(noise.tobytes(), 40, 30, 3, "uchar").copy(interpretation="srgb")
    preview = small.resize(13.85).copy_memory()
    yield Figure(
        name=f"PDQ of a stored preview ({preview.width}x{preview.height})",
        value=_each(pdq.hash_image, [preview] * 20) / 1000,
        unit="ms",
    )


def _banks(folder: Path, stored: int) -> Iterator[Figure]:
    drawn = np.random.default_rng(2)
    hashes = drawn.integers(0, 256, (stored, 32), dtype=np.uint8)
    (folder / "some.txt").write_text("".join(f"{row.tobytes().hex()}\n" for row in hashes))
    began = time.process_time()
    build_index([folder / "some.txt"], folder / "index")
    yield Figure(
        name=f"index of {stored:,} pictures, built", value=time.process_time() - began, unit="s CPU",
        most=2 * stored / 1_000_000,
    )  # fmt: skip
    yield Figure(name="  its file", value=(folder / "index").stat().st_size / (1 << 20), unit="MiB")
    bank = HashBank(folder / "index")
    others = [drawn.bytes(32) for _ in range(7)]
    asked = [
        _flip(hashes[row].tobytes(), drawn.choice(256, 31, replace=False)) for row in drawn.integers(0, stored, 300)
    ]
    assert all(len(bank.match(hashed, 100)) == 1 for hashed in asked)
    name = f"picture among {stored:,}"
    yield Figure(name=name, value=_each(lambda h: bank.match(h, 100), asked) / 1000, unit="ms", most=5)
    yield Figure(
        name=f"{name}, in its eight positions",
        value=_each(lambda h: bank.match(h, 100, turned=others), asked[:100]) / 1000,
        unit="ms",
    )


async def _near(talk: Talk, stored: int) -> list[Figure]:
    folder = Path(tempfile.mkdtemp(prefix="rostra-bench-"))
    server = EmbeddedPostgres(folder)
    try:
        server.launch()
        await server.wait_ready()
        await migrate(server.dsn, ROOT / "migrations", after=install)
        connection = await asyncpg.connect(server.dsn)
        await store(connection, talk, stored)
        figures = [await _size_of(connection, stored)]
        async with open_database(server.dsn) as db:
            async with db.transaction() as tx:
                figures += await _insert(tx, talk)
            async with db.read() as conn:
                figures += await look(conn, talk, stored)
        await connection.close()
        return figures
    finally:
        server.stop()
        run = folder / "run"
        for path in (run.resolve(), folder):
            shutil.rmtree(path, ignore_errors=True)


async def store(connection: asyncpg.Connection, talk: Talk, stored: int) -> None:
    """Fill the table with posts of ninety days. A tenth of their signatures are of texts; the others have the same keys
    in other combinations, so that as many share one."""
    drawn = np.random.default_rng(3)
    made = [signature for _ in range(min(stored, _DRAWN)) if (signature := near.signature(talk.post())).bits]
    copies = [near.signature(talk.copy()) for _ in range(stored // _COPIES)]
    rows = drawn.integers(0, len(made), (stored, near.BANDS + 1))
    is_copy = np.zeros(stored, dtype=np.bool_)
    is_copy[drawn.choice(stored, len(copies), replace=False)] = True
    unused = iter(copies)

    def records(first: int, last: int) -> Iterator[tuple[Any, ...]]:
        for number in range(first, last):
            bands = tuple(made[row].bands[band] for band, row in enumerate(rows[number][1:].tolist()))
            signature = next(unused) if is_copy[number] else near.Signature(bands, made[rows[number][0]].bits)
            at = NOW - _SPAN + _SPAN * number / stored
            span = near_queries.span_of(at)
            keys = (near_queries.key_of(span, band) for band in signature.bands)
            yield (number, number * 7919 % _ACCOUNTS, at, near_queries.bits_of(signature), *keys)

    for first in range(0, stored, 100_000):
        await connection.copy_records_to_table(
            "near_signatures", records=records(first, min(stored, first + 100_000)), columns=_COLUMNS
        )
    await connection.execute("vacuum analyze near_signatures")


async def _size_of(connection: asyncpg.Connection, stored: int) -> Figure:
    size = await connection.fetchval("select pg_total_relation_size('near_signatures')")
    return Figure(name=f"signatures of {stored:,} posts in the database", value=size / (1 << 20), unit="MiB")


async def _insert(tx: Any, talk: Talk) -> list[Figure]:
    made = [near.signature(talk.post()) for _ in range(_INSERTS)]
    before = await tx.fetchval("select pg_current_wal_insert_lsn()::text")
    began = time.perf_counter()
    for number, signature in enumerate(made):
        await near_queries.insert_signature(tx, 1 << 40 | number, number, NOW, signature)
    each = (time.perf_counter() - began) / _INSERTS
    written = await tx.fetchval("select pg_current_wal_insert_lsn() - $1::text::pg_lsn", before)
    return [
        Figure(name="storing a signature, one statement", value=each * 1e6, unit="µs"),
        Figure(name="  its part of the log", value=float(written) / _INSERTS, unit="bytes"),
    ]


async def look(conn: Any, talk: Talk, stored: int) -> list[Figure]:
    posts = [near.signature(talk.post()) for _ in range(_LOOKS)]
    copies = [near.signature(talk.copy()) for _ in range(_LOOKS)]
    copies_said = f"of a text with {stored // _COPIES:,} copies"
    day, whole = NOW - timedelta(days=1), NOW - _SPAN
    figures: list[Figure] = []
    for said, since in (("of a day", day), ("of 90 days", whole)):
        for what, asked in (("of a new text", posts), (copies_said, copies)):

            async def count(signature: near.Signature, since: datetime = since) -> object:
                return await near_queries.count_near(conn, signature, since=since, until=NOW)

            figures.append(
                Figure(
                    name=f"counting copies {said}, {what}", value=await _each_async(count, asked), unit="ms", most=10
                )
            )
    for what, asked in (("of a new text", posts), (copies_said, copies)):

        async def find(signature: near.Signature) -> object:
            return await near_queries.find_near(conn, signature, since=whole, until=NOW)

        figures.append(Figure(name=f"finding copies {what}", value=await _each_async(find, asked), unit="ms", most=10))
    return figures


def _flip(hashed: bytes, bits: Any) -> bytes:
    return (int.from_bytes(hashed) ^ sum(1 << int(bit) for bit in bits)).to_bytes(32)


def _each(run: Callable[[Any], object], asked: list[Any]) -> float:
    """The middle of the microseconds that one took, after a few to warm up."""
    for one in asked[:5]:
        run(one)
    took: list[float] = []
    for one in asked:
        began = time.perf_counter()
        run(one)
        took.append(time.perf_counter() - began)
    return sorted(took)[len(took) // 2] * 1e6


async def _each_async(run: Callable[[Any], Awaitable[object]], asked: list[Any]) -> float:
    """The middle of the milliseconds that one took. The first few plan their statement."""
    took: list[float] = []
    for one in asked[:10] + asked:
        began = time.perf_counter()
        await run(one)
        took.append(time.perf_counter() - began)
    return sorted(took[10:])[len(asked) // 2] * 1000


if __name__ == "__main__":
    main()
