"""Shipping as a process: killed without warning again and again, and asked and told by its commands."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from rostra.cli.continuity import continuity
from rostra.continuity.keys import SigningKey
from rostra.continuity.records import ShipStatus
from rostra.continuity.site import next_epoch
from rostra.continuity.targets import open_target
from tests.continuity.shipping import verified
from tests.continuity.world import DOMAIN, Origin, running_origin
from tests.ports import free_port

ROOT = Path(__file__).parent.parent.parent
KILLS = 6


@pytest.fixture(scope="module")
async def origin(home: Path, cluster_template: Path) -> AsyncIterator[Origin]:
    async with running_origin(home / "data", cluster_template) as made:
        await made.register([str(home / "one"), str(home / "two")])
        yield made


def environment(origin: Origin, **more: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
        "ROSTRA_DATA": str(origin.data_dir),
        "ROSTRA_DOMAIN": DOMAIN,
        "ROSTRA_CONTINUITY_TARGETS": ",".join(origin.settings.continuity_targets),
        "ROSTRA_CONTINUITY_INTERVAL": "0.2",
        **more,
    }


async def rostra(origin: Origin, *words: str, **more: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "rostra", *words, cwd=ROOT, env=environment(origin, **more),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


async def ended(process: asyncio.subprocess.Process) -> tuple[int, str, str]:
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_killed_at_any_moment_it_leaves_one_chain_and_loses_nothing(origin: Origin) -> None:
    chance = random.Random(4711)
    written = 0
    process: asyncio.subprocess.Process | None = None
    for _ in range(KILLS):
        process = await rostra(origin, "continuity", "ship")
        # From before it has begun to well into its work.
        until = asyncio.get_running_loop().time() + chance.uniform(0.1, 1.4)
        while asyncio.get_running_loop().time() < until:
            await origin.write_post(f"post {written}")
            await origin.store_file(f"files/{written}", f"file {written}".encode())
            written += 1
        process.send_signal(signal.SIGKILL)
        await process.wait()
    asked_at = datetime.now(UTC)
    assert (await ended(await rostra(origin, "continuity", "ship", "--once")))[0] == 0
    status = origin.place.find_status()
    assert status is not None
    for address, target in zip(origin.settings.continuity_targets, status.targets, strict=True):
        assert target.safe_until is not None
        assert target.safe_until >= asked_at
        found = await verified(origin, address)
        assert found.problems == []
        assert not any("never sent" in note for note in found.notes), "nothing was lost on the way"
        assert found.files == written


async def test_what_is_shipped_already_is_seen_by_once_too_and_a_second_one_is_refused(origin: Origin) -> None:
    first = await rostra(origin, "continuity", "ship")
    try:
        before = datetime.now(UTC)
        while (status := origin.place.find_status()) is None or status.at < before:
            await asyncio.sleep(0.02)
        code, _, err = await ended(await rostra(origin, "continuity", "ship"))
        assert (code, f"process {first.pid} ships already" in err) == (5, True)
        code, _, err = await ended(await rostra(origin, "continuity", "ship", "--once"))
        assert (code, "everything up to now is at all targets" in err) == (0, True)
    finally:
        first.send_signal(signal.SIGTERM)
        assert (await ended(first))[0] == 0


async def test_verify_says_that_nothing_is_wrong_and_then_what_is(origin: Origin, home: Path) -> None:
    code, out, _ = await ended(await rostra(origin, "continuity", "verify"))
    assert (code, out.count("nothing is wrong")) == (0, 2)
    file = sorted((home / "two").glob("*/media/*/*"))[0]
    body = file.read_bytes()
    file.unlink()
    try:
        code, out, _ = await ended(await rostra(origin, "continuity", "verify", "--target", "2", "--media"))
        assert code == 1
        assert f"media/{file.parent.name}/{file.name}: is missing" in out
        assert (await ended(await rostra(origin, "continuity", "verify", "--target", "1", "--media")))[0] == 0
    finally:
        file.write_bytes(body)


def test_status_says_it_in_plain_words_and_for_programs(origin: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(origin).items():
        monkeypatch.setenv(name, value)
    status = origin.place.find_status()
    assert status is not None
    origin.place.write_status(msgspec.structs.replace(status, at=datetime.now(UTC)))
    said = CliRunner().invoke(continuity, ["status"]).output
    assert "If this server vanished now" in said
    assert "last base copy" in said
    for address in origin.settings.continuity_targets:
        assert address in said
    told = msgspec.json.decode(CliRunner().invoke(continuity, ["status", "--json"]).output)
    assert msgspec.convert(told["status"], ShipStatus).site == status.site
    assert told["headline"][0] in said


async def test_a_server_that_was_replaced_while_it_was_off_does_not_start(origin: Origin) -> None:
    identity = origin.place.find_identity()
    assert identity is not None
    epoch, sealed = next_epoch(
        origin.key.root, identity.site, 2, SigningKey.generate(), datetime.now(UTC), "restore", None
    )
    async with open_target(origin.settings.continuity_targets[0]) as target:
        await target.put(f"{identity.site.id}/epochs/000002", sealed)
    origin.stop()
    port = str(free_port())
    for _ in range(2):
        # Found at a target the first time, and remembered then.
        code, out, err = await ended(await rostra(origin, "up", "--port", port))
        assert (code, out) == (9, "")
        assert f"{epoch.host} has taken over (epoch 2, restore)" in err
        assert "look-only" in err
        origin.settings.continuity_targets[0]
    assert origin.place.find_replaced() is not None


async def test_targets_without_a_set_up_are_said_loudly(home: Path, cluster_template: Path) -> None:
    fresh = Origin(home / "fresh", cluster_template)
    port = str(free_port())
    process = await rostra(
        fresh, "up", "--port", port,
        ROSTRA_CONTINUITY_TARGETS=str(home / "nowhere"), ROSTRA_APP_FACTORY="tests.cli.tiny:create_app",
        ROSTRA_WORKER_RUN="tests.cli.tiny:run",
    )  # fmt: skip
    assert process.stderr is not None
    try:
        assert b"THERE ARE NO COPIES" in await asyncio.wait_for(process.stderr.readline(), 60)
    finally:
        process.send_signal(signal.SIGTERM)
        await ended(process)
