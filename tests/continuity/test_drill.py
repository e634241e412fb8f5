"""Drills against a copy that shipping made: one that passes, and copies that would not have saved anybody."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import msgspec
import pytest
import zstandard

from rostra.accounts.two_factor import SEALED_FOR
from rostra.cli.continuity_drill import Span, describe
from rostra.cli.drill_try import open_secrets
from rostra.continuity import names
from rostra.continuity.drill.collect import collect_drills
from rostra.continuity.drill.ledger_key import check_ledger_key
from rostra.continuity.drill.notes import CheckFailed, Notes
from rostra.continuity.drill.run import Copy, DrillOptions, drill
from rostra.continuity.drill.scratch import PREFIX, remove_leftovers, scratch
from rostra.continuity.keys import RecoveryKey
from rostra.continuity.place import Place
from rostra.continuity.records import Census, DrillLog, DrillRecord, DrillStep
from rostra.continuity.restore.records import NotRestorable
from rostra.continuity.sealed import Broken, peek, seal
from rostra.continuity.ship.run import ship, ship_once
from rostra.continuity.situation import read_situation
from rostra.continuity.targets import open_target
from rostra.kit.clock import Clock
from rostra.kit.db import open_database
from rostra.kit.lock import DirectoryLock
from rostra.kit.sealing import Sealer
from rostra.kit.secretfile import load_secrets
from rostra.kit.settings import load_settings
from rostra.ledger.keys import load_signer
from rostra.ledger.seal import seal as seal_ledger
from tests.continuity.world import DOMAIN, Origin, running_origin

FILES = 60


class Shipped(msgspec.Struct):
    """A server that runs, and a target that has all of it."""

    origin: Origin
    target: Path


@pytest.fixture(scope="module")
async def shipped(home: Path, cluster_template: Path) -> AsyncIterator[Shipped]:
    async with running_origin(home / "origin", cluster_template) as origin:
        target = home / "target"
        await origin.register([str(target)])
        sealer = Sealer(load_secrets(origin.settings).secret_key)
        await origin.execute("update users set totp_secret = $1", sealer.encrypt(SEALED_FOR, b"a secret"))
        async with open_database(origin.server.dsn, max_size=2) as db:
            await seal_ledger(db, Clock(), load_signer(origin.settings))
        await origin.write_post("the last post")
        for number in range(FILES):
            await origin.store_file(f"avatars/{number}.png", f"picture {number}".encode() * 100)
        await ship_once(origin.settings, origin.server.dsn)
        yield Shipped(origin, target)


@pytest.fixture
def copied(shipped: Shipped, home: Path) -> Shipped:
    """The same with a target of its own, to be damaged."""
    place = home / f"damaged-{datetime.now(UTC).timestamp()}"
    shutil.copytree(shipped.target, place)
    return Shipped(shipped.origin, place)


async def nothing(_copy: Copy, notes: Notes) -> None:
    """Tries nothing out, for drills whose restore is what matters."""
    notes.answered()


async def opened_only(copy: Copy, notes: Notes) -> None:
    """Only tries secrets and keys out."""
    async with open_database(copy.dsn, max_size=2) as db:
        with notes.step("secrets") as found:
            found(await open_secrets(copy, db))
        with notes.step("ledger") as found:
            found(await check_ledger_key(db, copy.settings))


async def hold(shipped: Shipped, home: Path, trying: object = nothing, **more: object) -> DrillRecord:
    options = DrillOptions(target=str(shipped.target), key=shipped.origin.key, scratch=home / "scratch", **more)
    record = await drill(options, trying, lambda _: None)
    assert list((home / "scratch").glob(f"{PREFIX}*")) == []
    return record


async def command(shipped: Shipped, home: Path, *more: str) -> asyncio.subprocess.Process:
    """The command as an operator starts it, on another machine unless `more` names the original."""
    key = home / "key"
    key.write_text(" ".join(shipped.origin.key.words))
    words = ("drill", str(shipped.target), "--key", str(key), "--scratch", str(home / "scratch"), *more)
    env = {name: value for name, value in os.environ.items() if not name.startswith("ROSTRA_")}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "rostra", "continuity", *words),
        env=env | {"ROSTRA_DOMAIN": DOMAIN},
        cwd=home,
        stdout=asyncio.subprocess.PIPE,
    )


async def kept(shipped: Shipped) -> list[DrillRecord]:
    """What the server finds of drills at its target."""
    place = Place(shipped.target)
    place.ensure()
    identity = shipped.origin.place.find_identity()
    assert identity is not None
    async with open_target(str(shipped.target)) as target:
        return await collect_drills([target], identity.site, place)


def objects(shipped: Shipped, kind: str) -> list[Path]:
    return sorted(path for path in (shipped.target / site_of(shipped) / kind).rglob("*") if path.is_file())


def site_of(shipped: Shipped) -> str:
    identity = shipped.origin.place.find_identity()
    assert identity is not None
    return identity.site.id


async def test_a_full_drill_of_a_good_copy_passes_and_is_kept(shipped: Shipped, home: Path) -> None:
    began = datetime.now(UTC)
    process = await command(shipped, home, "--full", "--json", "--data", str(shipped.origin.data_dir))
    said, _ = await process.communicate()
    record = msgspec.json.decode(said, type=DrillRecord)
    assert record.problems == []
    assert process.returncode == 0
    assert list((home / "scratch").glob(f"{PREFIX}*")) == []
    assert record.ok
    steps = {step.name: step for step in record.steps}
    assert steps["opening the secrets that are stored"].found == "1 opened"
    assert steps["holding the ledger's key against its checkpoints"].found == "it has signed 0 entries"
    assert steps["starting the server"].found in ("cut off by the kernel", "cut off by the program")
    assert {"signing in", "reading timelines", "writing a post and reading it back"} <= set(steps)
    assert "checking every table and index with pg_amcheck" in steps
    assert (record.rpo, record.media, record.full) == (0.0, FILES, True)
    assert record.rto is not None
    assert 0 < record.rto < (record.ended_at - record.at).total_seconds()
    assert record.tables > 50
    assert record.until is not None
    assert record.until < began
    assert await kept(shipped) == [record]
    # Nobody was fenced, and the original knows nothing of the rehearsal.
    assert len(objects(shipped, names.EPOCHS)) == 1
    assert await shipped.origin.fetchval("select count(*) from accounts") == 1
    await _is_found_by_the_server_that_ships(shipped.origin)


async def _is_found_by_the_server_that_ships(origin: Origin) -> None:
    stop = asyncio.Event()
    shipping = asyncio.ensure_future(ship(origin.settings, origin.server.dsn, stop, say=lambda _: None))
    while not read_situation(origin.settings).drills:
        assert not shipping.done()
        await asyncio.sleep(0.05)
    stop.set()
    await shipping
    assert [drill.ok for drill in read_situation(origin.settings).drills] == [True]


async def test_a_quick_drill_draws_files_by_lot(shipped: Shipped, home: Path) -> None:
    record = await hold(shipped, home)
    assert (record.ok, record.media, record.full) == (True, 50, False)
    assert record.rpo is not None


async def test_secrets_that_did_not_seal_what_is_stored_fail_a_drill(shipped: Shipped, home: Path) -> None:
    secrets, ledger = (shipped.origin.data_dir / name for name in ("secrets.json", "ledger.pem"))
    before, key = secrets.read_text(), ledger.read_text()
    secrets.write_text(json.dumps({**json.loads(before), "secret_key": "another"}))
    ledger.unlink()
    try:
        await ship_once(shipped.origin.settings, shipped.origin.server.dsn)
        record = await hold(shipped, home, opened_only)
    finally:
        secrets.write_text(before)
        ledger.write_text(key)
        await ship_once(shipped.origin.settings, shipped.origin.server.dsn)
    assert not record.ok
    assert "does not open 1 of 1 stored secrets (totp)" in record.problems[0]
    assert "no key of the ledger" in record.problems[1]


async def test_a_missing_file_and_an_old_copy_fail_a_drill(copied: Shipped, home: Path) -> None:
    objects(copied, names.MEDIA)[0].unlink()
    record = await hold(copied, home, full=True, lost_at_most=timedelta(0))
    assert not record.ok
    assert f"1 of {FILES} files are missing or broken" in record.problems[0]
    assert "does ship run?" in record.problems[1]


async def test_a_flipped_byte_fails_a_drill_and_the_failure_is_kept(copied: Shipped, home: Path) -> None:
    for path in objects(copied, names.BASES):
        if path.name.startswith("part-"):
            body = bytearray(path.read_bytes())
            body[len(body) // 2] ^= 1
            path.write_bytes(bytes(body))
    record = await hold(copied, home)
    assert not record.ok
    assert "part-" in record.problems[0]
    assert (record.rto, record.rpo, record.until) == (None, None, None)
    assert (await kept(copied))[0] == record


async def test_a_copy_that_lacks_rows_of_the_census_fails_a_drill(copied: Shipped, home: Path) -> None:
    identity = copied.origin.place.find_identity()
    assert identity is not None
    path = objects(copied, names.CENSUS)[-1]
    name = f"{names.CENSUS}/{path.name}"
    raw = path.read_bytes()
    header = peek(raw, name)
    census = msgspec.json.decode(zstandard.decompress(raw[-header.size :]), type=Census)
    statuses = msgspec.structs.replace(census.tables["statuses"], rows=2)
    more = msgspec.structs.replace(census, tables={**census.tables, "statuses": statuses})
    body = zstandard.compress(msgspec.json.encode(more))
    made, _ = seal(identity.signing_key, body, site=identity.site.id, name=name, epoch=1, made_at=header.made_at)
    path.write_bytes(made)
    record = await hold(copied, home)
    assert not record.ok
    assert "statuses: 1 rows, not 2" in record.problems[0]


async def test_a_step_that_fails_in_a_way_nobody_thought_of_is_kept_too(shipped: Shipped, home: Path) -> None:
    async def broken(_copy: Copy, _notes: Notes) -> None:
        raise ZeroDivisionError("a bug")

    record = await hold(shipped, home, broken)
    assert (record.ok, record.problems) == (False, ["a bug"])


async def test_what_a_killed_drill_left_goes_with_the_next(shipped: Shipped, home: Path) -> None:
    process = await command(shipped, home)
    while not list((home / "scratch").glob(f"{PREFIX}*/data/postgres")):
        assert process.returncode is None
        await asyncio.sleep(0.05)
    process.kill()
    await process.wait()
    [left] = (home / "scratch").glob(f"{PREFIX}*")
    # What it had started just then has its lock until it is a program of its own.
    lock = DirectoryLock(left)
    while not lock.acquire("the test"):
        await asyncio.sleep(0.05)
    lock.release()
    assert (await hold(shipped, home)).ok
    assert not left.exists()


def test_a_directory_that_is_a_drill_s_at_work_is_left_alone(tmp_path: Path) -> None:
    with scratch(tmp_path) as working:
        dead = tmp_path / f"{PREFIX}dead"
        dead.mkdir()
        (tmp_path / "mine").mkdir()
        assert remove_leftovers(tmp_path) == [dead]
        assert working.is_dir()
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_record_is_told_loudly() -> None:
    at = datetime.now(UTC)
    steps = [DrillStep(name="signing in", seconds=0.5, found="well"), DrillStep(name="reading", seconds=2, problem="x")]
    record = DrillRecord(
        at=at, ended_at=at, target="s3://copies", host="h", full=False, ok=False, until=at, rpo=1.25, rto=61.0,
        steps=steps, problems=["reading: x"],
    )  # fmt: skip
    said = describe(record)
    assert "would be lost: 1.2 seconds at most" in said
    assert "back after: 1 minute (61.0 s)" in said
    assert said.endswith("FAILED: reading: x\nTHE DRILL FAILED: this copy would not have saved you")
    good = describe(msgspec.structs.replace(record, ok=True, rpo=0.0, problems=[]))
    assert "would be lost: nothing" in good
    assert good.endswith("THE DRILL PASSED")


@pytest.mark.parametrize(("written", "seconds"), [("90s", 90), ("15m", 900), ("12h", 43200), ("7d", 604800)])
def test_a_span_is_a_number_with_a_unit(written: str, seconds: int) -> None:
    assert Span().convert(written, None, None).total_seconds() == seconds


@pytest.mark.parametrize("written", ["7", "d", "0d", "1w", "-1h"])
def test_what_is_no_span_is_refused(written: str) -> None:
    with pytest.raises(click.BadParameter):
        Span().convert(written, None, None)


async def test_a_drill_with_another_key_is_refused(shipped: Shipped, home: Path) -> None:
    options = DrillOptions(target=str(shipped.target), key=RecoveryKey.generate(), scratch=home / "scratch")
    with pytest.raises((Broken, NotRestorable), match="recovery key"):
        await drill(options, nothing, lambda _: None)


async def test_a_claim_of_a_drill_that_no_root_has_signed_is_passed_over(copied: Shipped) -> None:
    identity = copied.origin.place.find_identity()
    assert identity is not None
    at = datetime.now(UTC)
    record = DrillRecord(at=at, ended_at=at, target="t", host="h", full=True, ok=True)
    name = names.drill(at)
    raw, _ = seal(identity.signing_key, b"", site=identity.site.id, name=name, epoch=1, made_at=at, about=record)
    path = copied.target / identity.site.id / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(raw)
    assert record not in await kept(copied)


async def test_a_target_that_is_away_loses_nothing_of_what_is_known(shipped: Shipped, tmp_path: Path) -> None:
    at = datetime.now(UTC)
    known = DrillRecord(at=at, ended_at=at, target="t", host="h", full=True, ok=True)
    place = Place(tmp_path)
    place.ensure()
    place.write_json("drills.json", DrillLog(drills=[known]))
    identity = shipped.origin.place.find_identity()
    assert identity is not None
    assert known in await collect_drills([], identity.site, place)


async def test_another_key_than_the_ledger_s_own_is_told_apart(shipped: Shipped, tmp_path: Path) -> None:
    settings = load_settings({}, {"data_dir": tmp_path, "domain": DOMAIN})
    load_signer(settings)
    async with open_database(shipped.origin.server.dsn, max_size=2) as db:
        with pytest.raises(CheckFailed, match="not one that has ever signed"):
            await check_ledger_key(db, settings)
        assert await check_ledger_key(db, shipped.origin.settings) == "it has signed 0 entries"
