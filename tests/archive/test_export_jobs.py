"""Archives are made in the background, once in a day, and do not stay for ever."""

from __future__ import annotations

import os
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from rostra.archive import archive_jobs
from rostra.archive.archive_jobs import (
    STUCK_AFTER,
    ArchiveWanted,
    BeingMade,
    TooSoon,
    access_archive,
    list_archives,
    make_archive,
    request_archive,
    sweep_archives,
)
from rostra.archive.export_records import ArchiveAsked
from rostra.archive.verify import verify_archive
from rostra.instance.erase import close_account
from rostra.kit.errors import NotFound
from tests.archive.stage import sources_of
from tests.world import Person, World


async def ask(world: World, person: Person) -> int:
    return await request_archive(world.db, world.clock, world.res.store, person.account_id)


async def latest(world: World, person: Person) -> ArchiveAsked:
    return (await list_archives(world.db, world.res.store, person.account_id))[0]


async def sweep(world: World) -> None:
    folder = world.res.settings.data_dir / "exports"
    await sweep_archives(world.db, world.clock, world.res.emit, folder)
    await world.settle()


async def stored(world: World) -> list[str]:
    return sorted([head.key async for head in world.res.store.list("archives")])


async def test_an_archive_that_was_asked_for_is_made_stored_and_announced(world: World, tmp_path: Path) -> None:
    alice = await world.person("alice", locale="it")
    await alice.post("Hello")
    export_id = await ask(world, alice)
    assert (await latest(world, alice)).state == "waiting"
    await world.settle()
    found = await latest(world, alice)
    assert (found.id, found.state) == (export_id, "ready")
    assert await stored(world) == [found.file_key]
    body = b"".join([part async for part in world.res.store.read(found.file_key)])
    assert len(body) == found.size_bytes
    (tmp_path / "a.zip").write_bytes(body)
    assert verify_archive(tmp_path / "a.zip").problems == []
    assert list((tmp_path / "exports").iterdir()) == []
    (letter,) = (tmp_path / "mail").glob("*.eml")
    message = message_from_bytes(letter.read_bytes(), policy=default)
    assert message["to"] == "alice@example.com"
    assert message["subject"] == "Il tuo archivio da localhost:3000 è pronto"
    assert "http://localhost:3000/settings/export" in message.get_content()


async def test_one_is_made_at_a_time_and_one_in_a_day(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await ask(world, alice)
    with pytest.raises(BeingMade):
        await ask(world, alice)
    await ask(world, bob)
    await world.settle()
    world.clock.tick(hours=23)
    with pytest.raises(TooSoon) as refused:
        await ask(world, alice)
    assert refused.value.again_at == world.clock.now() + timedelta(hours=1)
    world.clock.tick(hours=1)
    await ask(world, alice)


async def test_a_newer_archive_takes_the_place_of_the_older(world: World) -> None:
    alice = await world.person("alice")
    await ask(world, alice)
    await world.settle()
    older = await latest(world, alice)
    world.clock.tick(days=2)
    await ask(world, alice)
    assert (await access_archive(world.db, world.clock, alice.account_id, older.id)).id == older.id
    await world.settle()
    (newer,) = await list_archives(world.db, world.res.store, alice.account_id)
    assert newer.id != older.id
    assert await stored(world) == [newer.file_key]


async def test_an_archive_is_removed_after_seven_days(world: World) -> None:
    alice = await world.person("alice")
    await ask(world, alice)
    await world.settle()
    found = await latest(world, alice)
    world.clock.tick(days=6, hours=23)
    await sweep(world)
    assert await stored(world) == [found.file_key]
    world.clock.tick(hours=1)
    with pytest.raises(NotFound):
        await access_archive(world.db, world.clock, alice.account_id, found.id)
    await sweep(world)
    assert await stored(world) == []
    assert await list_archives(world.db, world.res.store, alice.account_id) == []


async def test_an_archive_goes_with_its_account(world: World) -> None:
    alice = await world.person("alice")
    await ask(world, alice)
    await world.settle()
    assert len(await stored(world)) == 1
    await close_account(world.db, world.clock, world.res.emit, alice.account_id)
    await world.settle()
    assert await stored(world) == []
    assert await world.db.connection.fetchval("select count(*) from exports") == 0


async def test_an_account_that_goes_while_its_archive_is_made_leaves_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = await world.person("alice")
    export_id = await ask(world, alice)
    asked = await latest(world, alice)
    write = archive_jobs.write_archive

    async def write_and_leave(*given: object) -> int:
        size = await write(*given)  # type: ignore[arg-type]
        await world.db.connection.execute("delete from accounts where id = $1", alice.account_id)
        return size

    monkeypatch.setattr(archive_jobs, "write_archive", write_and_leave)
    wanted = ArchiveWanted(export_id=export_id, file_key=asked.file_key)
    await make_archive(sources_of(world), world.res.emit, world.res.settings, wanted)
    assert await stored(world) == []
    # The job may run again, and finds nobody.
    await make_archive(sources_of(world), world.res.emit, world.res.settings, wanted)
    assert await stored(world) == []


async def test_making_one_again_after_a_worker_died_ends_the_same(world: World, tmp_path: Path) -> None:
    alice = await world.person("alice")
    export_id = await ask(world, alice)
    asked = await latest(world, alice)
    wanted = ArchiveWanted(export_id=export_id, file_key=asked.file_key)
    # Died after the file was stored, and before anybody was told.
    await world.res.store.put(asked.file_key, b"half of it", "application/zip")
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "1-dead.zip").write_bytes(b"half of it")
    for _ in range(2):
        await make_archive(sources_of(world), world.res.emit, world.res.settings, wanted)
    await world.settle()
    found = await latest(world, alice)
    assert await stored(world) == [found.file_key]
    head = await world.res.store.find_head(found.file_key)
    assert head is not None
    assert head.size == found.size_bytes
    assert len(list((tmp_path / "mail").glob("*.eml"))) == 1


async def test_a_failed_attempt_leaves_no_file_behind(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = await world.person("alice")
    export_id = await ask(world, alice)
    asked = await latest(world, alice)

    async def full(_sources: object, _key: object, _id: int, path: Path) -> int:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive_jobs, "write_archive", full)
    wanted = ArchiveWanted(export_id=export_id, file_key=asked.file_key)
    with pytest.raises(OSError, match="No space"):
        await make_archive(sources_of(world), world.res.emit, world.res.settings, wanted)
    assert list((tmp_path / "exports").iterdir()) == []
    assert (await latest(world, alice)).state == "waiting"


async def test_one_that_never_comes_is_given_up_and_can_be_asked_for_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = await world.person("alice")
    first = await ask(world, alice)
    wanted = ArchiveWanted(export_id=first, file_key=(await latest(world, alice)).file_key)

    async def fail(*_: object) -> int:
        raise OSError(28, "No space left on device")

    async def sweep_rows() -> None:
        await sweep_archives(world.db, world.clock, world.res.emit, world.res.settings.data_dir)

    # Waiting for one's turn is not failing.
    world.clock.tick(hours=30)
    await sweep_rows()
    with monkeypatch.context() as broken:
        broken.setattr(archive_jobs, "write_archive", fail)
        with pytest.raises(OSError, match="No space"):
            await make_archive(sources_of(world), world.res.emit, world.res.settings, wanted)
    world.clock.tick(hours=3)
    await sweep_rows()
    assert (await latest(world, alice)).state == "waiting"
    world.clock.tick(hours=1)
    await sweep_rows()
    assert (await latest(world, alice)).state == "failed"
    # Too late: it was given up.
    await make_archive(sources_of(world), world.res.emit, world.res.settings, wanted)
    assert (await latest(world, alice)).state == "failed"
    assert await ask(world, alice) != first


async def test_one_whose_job_was_lost_is_given_up_in_the_end(world: World) -> None:
    alice = await world.person("alice")
    await ask(world, alice)
    world.clock.tick(days=7)
    await sweep_archives(world.db, world.clock, world.res.emit, world.res.settings.data_dir)
    assert (await latest(world, alice)).state == "failed"


async def test_one_whose_file_is_lost_does_not_stand_in_the_way(world: World) -> None:
    alice = await world.person("alice")
    first = await ask(world, alice)
    await world.settle()
    await world.res.store.delete([(await latest(world, alice)).file_key])
    assert (await latest(world, alice)).state == "failed"
    assert await ask(world, alice) != first
    await world.settle()
    assert (await latest(world, alice)).state == "ready"


async def test_what_dead_workers_left_is_cleared_and_what_is_being_written_is_not(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "1-old.zip").write_bytes(b"x")
    (folder / "2-new.zip").write_bytes(b"x")
    now = world.clock.now().timestamp()
    os.utime(folder / "1-old.zip", (now, now - STUCK_AFTER.total_seconds() - 1))
    os.utime(folder / "2-new.zip", (now, now - 60))
    await sweep(world)
    assert [path.name for path in folder.iterdir()] == ["2-new.zip"]


async def test_nobody_elses_archive_can_be_had(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    export_id = await ask(world, alice)
    with pytest.raises(NotFound):
        await access_archive(world.db, world.clock, alice.account_id, export_id)
    await world.settle()
    with pytest.raises(NotFound):
        await access_archive(world.db, world.clock, bob.account_id, export_id)
    assert (await access_archive(world.db, world.clock, alice.account_id, export_id)).state == "ready"
