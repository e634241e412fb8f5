"""The way back from a real S3 server and a real SFTP server, and with files in a bucket again."""

from __future__ import annotations

import asyncio
import os

import pytest

from rostra.continuity.restore.media import Fetching
from rostra.continuity.restore.records import Listeners, NotRestorable
from rostra.continuity.restore.run import WANTED, fetch_rest, restore, settings_here
from rostra.continuity.site import read_trust
from rostra.continuity.targets import StoreUnavailable, Target, open_target
from rostra.kit.objectstore import ObjectStore, open_store
from tests.continuity.lost import CACHED, FILES, Lost
from tests.s3 import new_bucket
from tests.sftp import SftpServer, sftp_server

__all__ = ["sftp_server"]


async def fill(target: Target, lost: Lost) -> None:
    """Bring what is left of the server to another target."""
    paths = [path for path in lost.target.rglob("*") if path.is_file()]
    await asyncio.gather(*(target.put(str(path.relative_to(lost.target)), path.read_bytes()) for path in paths))


@pytest.mark.parametrize("kind", ["s3", "sftp"])
async def test_a_server_comes_back_from_anywhere(
    lost: Lost, kind: str, s3_server: str, sftp_server: SftpServer
) -> None:
    address = new_bucket(s3_server) if kind == "s3" else sftp_server.address(f"copies-{os.urandom(4).hex()}")
    storage = new_bucket(s3_server)
    async with open_target(address) as target:
        await fill(target, lost)
        options = lost.options(f"back-from-{kind}", target=address, storage=storage)  # pyright: ignore[reportArgumentType]
        report = await restore(options)
        assert report.problems == []
        assert report.tables == lost.tables
        assert (await read_trust(target, lost.site)).current.number == 2
    store = open_store(storage)
    assert {head.key async for head in store.list()} == set(FILES)
    for key, body in FILES.items():
        assert await store.find(key) == body
    assert await store.find(CACHED) is None
    assert settings_here(options).storage_url == storage
    assert not (options.data_dir / "media").exists()
    # The target that the old server shipped to as well learns who writes now.
    assert (lost.home / "target" / lost.site / "epochs" / "000002").exists()


async def test_files_that_could_not_be_stored_are_fetched_later_from_where_it_stopped(
    lost: Lost, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, stored = ObjectStore.put, list[str]()

    async def put_one(self: ObjectStore, key: str, body: bytes, kind: str) -> None:
        if stored:
            raise StoreUnavailable("the disk is full")
        stored.append(key)
        await put(self, key, body, kind)

    monkeypatch.setattr(ObjectStore, "put", put_one)
    options = lost.options("halfway", lost.copy_of_target("halfway"), purpose="look")
    report = await restore(options, Listeners())
    assert "go on with --media-only" in report.problems[0]
    assert (options.data_dir / "continuity" / WANTED).exists()
    monkeypatch.undo()
    found = await fetch_rest(options)
    assert (found.wanted, found.were_there, found.fetched, found.lacking) == (2, 1, 1, 0)
    with pytest.raises(NotRestorable, match="no files are wanted"):
        await fetch_rest(options)


async def test_a_target_that_stutters_is_asked_again(lost: Lost, monkeypatch: pytest.MonkeyPatch) -> None:
    get, failed = Fetching._get, list[str]()

    async def stutter(self: Fetching, wanted: object) -> bytes:
        if len(failed) < 2:
            failed.append("")
            raise StoreUnavailable("a bad moment")
        return await get(self, wanted)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(Fetching, "_get", stutter)
    report = await restore(lost.options("stutters", purpose="drill"))
    assert (report.media.fetched, report.problems) == (2, [])


async def test_a_target_that_takes_nothing_is_told_before_hours_are_spent(
    lost: Lost, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rostra.continuity.targets.objects import ObjectTarget

    async def refuse(self: ObjectTarget, key: str, body: bytes) -> bool:
        raise StoreUnavailable("403")

    monkeypatch.setattr(ObjectTarget, "put_new", refuse)
    with pytest.raises(NotRestorable, match=r"takes no new objects .* or --look for a copy to look at"):
        await restore(lost.options("read-only"))
    assert not (lost.home / "read-only").exists()
