"""A base that builds on others is put together again, and where it is damaged an older one does as well."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from rostra.continuity.census import count_tables
from rostra.continuity.keys import RecoveryKey
from rostra.continuity.records import Base, TableCensus
from rostra.continuity.restore.records import Listeners, NotRestorable, Options, Report
from rostra.continuity.restore.run import restore
from rostra.continuity.sealed import peek
from rostra.continuity.ship.run import ship
from rostra.kit.clock import Clock
from tests.continuity.world import Origin, running_origin


class Shipped(msgspec.Struct):
    home: Path
    target: Path
    key: RecoveryKey
    tables: dict[str, TableCensus]

    @property
    def bases(self) -> list[Base]:
        found = sorted(self.target.glob("*/bases/*/manifest"))
        return [msgspec.json.decode(peek(path.read_bytes(), "").about, type=Base) for path in found]

    async def restore(self, name: str, target: Path, said: list[str] | None = None) -> Report:
        options = Options(
            target=str(target), key=self.key, data_dir=self.home / name, purpose="drill", prove=True, durable=False
        )
        return await restore(options, Listeners(say=(said if said is not None else []).append))


class Later(Clock):
    """The machine's clock, so many hours fast."""

    def __init__(self, hours: float) -> None:
        self.ahead = timedelta(hours=hours)

    def now(self) -> datetime:
        return super().now() + self.ahead


async def ship_with_base(origin: Origin, hours: float, count: int) -> None:
    """Ship as it is done so many hours from now, until there are so many bases and all is safe."""
    (target,) = origin.settings.continuity_targets
    stop, clock = asyncio.Event(), Later(hours)
    shipping = asyncio.create_task(ship(origin.settings, origin.server.dsn, stop, say=lambda _: None, clock=clock))
    async with asyncio.timeout(60):
        while len(list(Path(target).glob("*/bases/*/manifest"))) < count:
            await asyncio.sleep(0.02)
    stop.set()
    await shipping
    await ship(origin.settings, origin.server.dsn, asyncio.Event(), say=lambda _: None, clock=clock, once=True)


@pytest.fixture(scope="module")
async def shipped(home: Path, cluster_template: Path) -> AsyncIterator[Shipped]:
    async with running_origin(home / "origin", cluster_template) as origin:
        await origin.register([str(home / "target")])
        for number in range(3):
            await origin.write_post(f"post {number}")
            await ship_with_base(origin, 25 * number, number + 1)
        yield Shipped(home, home / "target", origin.key, await count_tables(origin.server.dsn))


async def test_a_base_that_builds_on_two_others_is_put_together_again(shipped: Shipped) -> None:
    assert [base.kind for base in shipped.bases] == ["full", "incremental", "incremental"]
    report = await shipped.restore("combined", shipped.target)
    assert report.bases == [base.id for base in shipped.bases]
    assert report.tables == shipped.tables
    assert report.problems == []


async def test_where_one_of_them_is_damaged_those_before_it_do_with_more_of_the_log(shipped: Shipped) -> None:
    target, said = shipped.home / "damaged", list[str]()
    shutil.copytree(shipped.target, target)
    full, first, _ = shipped.bases
    (part,) = target.glob(f"*/{first.parts[0].name}")
    raw = part.read_bytes()
    part.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    report = await shipped.restore("older", target, said)
    assert report.bases == [full.id]
    assert report.tables == shipped.tables
    assert report.proof is not None
    assert "its bytes were changed" in said[0]
    assert "an older base is used instead" in said[0]


async def test_a_base_whose_parent_is_gone_is_not_used(shipped: Shipped) -> None:
    target, said = shipped.home / "orphan", list[str]()
    shutil.copytree(shipped.target, target)
    _, first, second = shipped.bases
    (manifest,) = target.glob(f"*/bases/{first.id}/manifest")
    manifest.unlink()
    report = await shipped.restore("without", target, said)
    assert report.bases == [shipped.bases[0].id]
    assert any(f"bases/{first.id}/manifest: is missing, and the base {second.id} builds on it" in line for line in said)


async def test_where_the_full_one_is_damaged_nothing_can_be_had(shipped: Shipped) -> None:
    target = shipped.home / "none"
    shutil.copytree(shipped.target, target)
    (part,) = target.glob(f"*/{shipped.bases[0].parts[0].name}")
    part.unlink()
    with pytest.raises(NotRestorable, match=f"{shipped.bases[0].parts[0].name}: is missing\nthere is no base backup"):
        await shipped.restore("nothing", target)
    assert not list((shipped.home / "nothing").iterdir())
