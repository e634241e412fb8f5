"""Shipping beside a server at work, while things go wrong."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import msgspec
import pytest

from rostra.continuity import names
from rostra.continuity.keys import SigningKey
from rostra.continuity.records import Piece
from rostra.continuity.sealed import peek
from rostra.continuity.ship import base as base_module
from rostra.continuity.ship import basestream, deliver, lane, queries
from rostra.continuity.ship.basestream import BaseFailed, Made, Sink
from rostra.continuity.ship.fence import OtherServer
from rostra.continuity.ship.parts import ShipFailed
from rostra.continuity.ship.run import AlreadyShipping, ship, ship_once
from rostra.continuity.site import next_epoch, publish
from rostra.continuity.targets import open_target
from rostra.kit.clock import Clock
from rostra.kit.settings import Settings
from tests.continuity.shipping import Flaky, flaky, hurried, shipping, verified
from tests.continuity.world import Origin, running_origin

__all__ = ["flaky", "hurried"]


@pytest.fixture
async def origin(home: Path, cluster_template: Path) -> AsyncIterator[Origin]:
    """A server with two targets; `one` and `two` are beside it."""
    data = home / os.urandom(4).hex()
    async with running_origin(data, cluster_template) as made:
        await made.register([f"{data}-one", f"{data}-two"])
        made.settings = msgspec.structs.replace(made.settings, continuity_interval=0.05)
        yield made


async def as_admin(origin: Origin, statement: str) -> object:
    from rostra.kit.db import connect

    connection = await connect(origin.server.admin_dsn)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def write_much(origin: Origin, megabytes: int) -> None:
    """So much log that does not compress."""
    await origin.execute("create table if not exists noise (body bytea)")
    await origin.execute("alter table noise alter body set storage external")
    for _ in range(megabytes):
        await origin.execute("insert into noise values ($1)", os.urandom(1 << 20))


def pieces_at(address: str) -> list[Piece]:
    files = sorted(Path(address).glob("*/wal/*/*/*"))
    return [msgspec.json.decode(peek(file.read_bytes(), file.name).about, type=Piece) for file in files]


async def test_a_target_that_is_away_holds_nobody_up_and_catches_up(origin: Origin, flaky: dict[str, Flaky]) -> None:
    one, two = origin.settings.continuity_targets
    async with shipping(origin) as background:
        await background.safe()
        flaky[two].is_away = True
        for number in range(3):
            await origin.write_post(f"post {number}")
            await origin.store_file(f"files/{number}", os.urandom(100))
            await background.safe(0)
        status = origin.place.find_status()
        assert status is not None
        assert status.targets[0].problem is None
        assert "nobody answers" in str(status.targets[1].problem)
        assert status.targets[1].behind >= 3
        flaky[two].is_away = False
        await background.safe()
    for address in (one, two):
        assert (await verified(origin, address)).problems == []
    assert [file.name for file in origin.place.spool.iterdir()] == [
        f"{max(int(p.name) for p in Path(one).glob('*/wal/*/*/*')):012d}"
    ], "only the end of the chain stays here"


@pytest.mark.parametrize("fault", ["is_away", "hangs"])
async def test_a_target_that_is_too_far_behind_is_cut_off_and_gets_a_new_base(
    origin: Origin, flaky: dict[str, Flaky], monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    # A put that hangs is given up only after its target was cut off.
    monkeypatch.setattr(lane, "_PATIENCE", 1.0)
    one, two = origin.settings.continuity_targets
    origin.settings = msgspec.structs.replace(origin.settings, continuity_spool_mib=1)
    async with shipping(origin) as background:
        await background.safe()
        setattr(flaky[two], fault, True)
        await origin.write_post("on its way")
        await background.wait_for(lambda: (status := origin.place.find_status()) and status.targets[1].problem)
        await write_much(origin, 3)
        await background.wait_for(lambda: any("cut off" in line for line in background.said))
        await background.safe(0)
        status = origin.place.find_status()
        assert status is not None
        assert status.targets[1].safe_until is None
        setattr(flaky[two], fault, False)
        await origin.write_post("after it")
        await background.safe()
    assert len(list(Path(one).glob("*/bases/*/manifest"))) == 1
    assert len(list(Path(two).glob("*/bases/*/manifest"))) == 2
    assert (await verified(origin, one)).problems == []
    # What it lacks lies before its new base, whose log is whole.
    problems = (await verified(origin, two)).problems
    assert len(problems) == 1
    assert "are missing" in problems[0]


async def test_a_piece_that_rots_before_it_is_sent_is_never_sent_and_who_lacks_it_gets_a_new_base(
    origin: Origin, flaky: dict[str, Flaky]
) -> None:
    one, two = origin.settings.continuity_targets

    def only_the_first_has() -> set[str]:
        first, second = ({file.name for file in Path(each).glob("*/wal/*/*/*")} for each in (one, two))
        return (first - second) & {file.name for file in origin.place.spool.iterdir()}

    async with shipping(origin) as background:
        await background.safe()
        flaky[two].is_away = True
        await origin.write_post("on its way")
        await background.wait_for(only_the_first_has)
        rotten = origin.place.spool / max(only_the_first_has())
        body = rotten.read_bytes()
        rotten.write_bytes(body[:-1] + bytes([body[-1] ^ 1]))
        await origin.write_post("behind it")
        await background.safe(0)
        flaky[two].is_away = False
        await background.wait_for(lambda: any("cut off" in line for line in background.said))
        await origin.write_post("after it")
        await background.safe()
    assert len(list(Path(two).glob("*/bases/*/manifest"))) == 2
    assert (await verified(origin, one)).problems == []
    problems = (await verified(origin, two)).problems
    assert len(problems) == 1
    assert "missing" in problems[0], "and nothing is broken"


async def test_log_that_the_database_threw_away_is_a_gap_and_everybody_gets_a_full_base(origin: Origin) -> None:
    one, two = origin.settings.continuity_targets
    async with shipping(origin) as background:
        await background.safe()
    await as_admin(origin, "alter system set max_slot_wal_keep_size = '16MB'")
    await as_admin(origin, "select pg_reload_conf()")
    for _ in range(200):
        await origin.write_post("nobody receives this")
        await as_admin(origin, "select pg_switch_wal()")
        await as_admin(origin, "checkpoint")
        if await as_admin(origin, "select wal_status from pg_replication_slots") == "lost":
            break
    else:
        raise AssertionError("the slot is not lost")
    async with shipping(origin) as background:
        await origin.write_post("and this is received again")
        await background.safe()
        assert any("gap" in line for line in background.said)
    for address in (one, two):
        assert [piece.gap for piece in pieces_at(address)].count(True) == 1
        assert len(list(Path(address).glob("*/bases/*/manifest"))) == 2
        found = await verified(origin, address)
        assert found.problems == []
        assert any("never sent" in note for note in found.notes)


async def test_a_slot_that_somebody_dropped_is_made_again_without_a_gap(origin: Origin) -> None:
    async with shipping(origin) as background:
        await background.safe()
    await as_admin(origin, f"select pg_drop_replication_slot('{queries.SLOT}')")
    await origin.write_post("between")
    async with shipping(origin) as background:
        await background.safe()
    assert not any(piece.gap for piece in pieces_at(origin.settings.continuity_targets[0]))


async def test_a_database_that_crashes_and_starts_again_is_followed_without_a_gap(origin: Origin) -> None:
    async with shipping(origin) as background:
        await background.safe()
        process = origin.server.launch.__self__._process  # pyright: ignore
        process.kill()
        process.wait()
        await asyncio.sleep(0.3)
        await origin.start()
        await origin.write_post("after the crash")
        await background.safe()
    for address in origin.settings.continuity_targets:
        assert (await verified(origin, address)).problems == []
        assert not any(piece.gap for piece in pieces_at(address))


async def test_of_two_processes_only_one_ships(origin: Origin) -> None:
    async with shipping(origin) as background:
        await background.safe()
        with pytest.raises(AlreadyShipping, match=str(os.getpid())):
            await ship_once(origin.settings, origin.server.dsn)


async def test_a_server_that_was_replaced_ends_and_remembers_by_whom(origin: Origin) -> None:
    identity = origin.place.find_identity()
    assert identity is not None
    now = datetime.now(UTC)
    stop = asyncio.Event()
    task = asyncio.ensure_future(ship(origin.settings, origin.server.dsn, stop, say=lambda _: None))
    epoch, sealed = next_epoch(origin.key.root, identity.site, 2, SigningKey.generate(), now, "restore", None)
    async with open_target(origin.settings.continuity_targets[1]) as target:
        await publish(target, identity.site, identity.site_object, identity.epoch, identity.epoch_object)
        await publish(target, identity.site, identity.site_object, epoch, sealed)
    with pytest.raises(OtherServer):
        await asyncio.wait_for(task, 60)
    replaced = origin.place.find_replaced()
    assert replaced is not None
    assert (replaced.epoch, replaced.host, replaced.why) == (2, epoch.host, "restore")


async def test_a_false_certificate_of_a_successor_is_an_alarm_and_ends_nothing(origin: Origin) -> None:
    identity = origin.place.find_identity()
    assert identity is not None
    stranger = SigningKey.generate()
    _, sealed = next_epoch(stranger, identity.site, 2, stranger, datetime.now(UTC), "restore", None)
    async with shipping(origin) as background:
        await background.safe()
        async with open_target(origin.settings.continuity_targets[0]) as target:
            await target.put(f"{identity.site.id}/{names.epoch(2)}", sealed)
        await background.wait_for(lambda: any("false certificate" in line for line in background.said))
        await origin.write_post("it goes on")
        await background.safe()
    assert origin.place.find_replaced() is None


async def test_a_base_that_breaks_off_at_one_target_reaches_the_other_and_is_swept_away(
    origin: Origin, flaky: dict[str, Flaky]
) -> None:
    _, two = origin.settings.continuity_targets
    async with open_target(two) as inner:
        flaky[two] = Flaky(inner)
        flaky[two].breaks_at = "part-000001"
    async with shipping(origin) as background:
        await background.safe(0)
        assert list(Path(two).glob("*/bases/*/part-000000"))
        assert not list(Path(two).glob("*/bases/*/manifest"))
        flaky[two].breaks_at = None
        await background.safe()
        await background.wait_for(lambda: len(list(Path(two).glob("*/bases/*"))) == 1)
    assert (await verified(origin, two)).problems == []


async def test_a_base_that_the_database_breaks_off_is_made_again(
    origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, parts = base_module.stream_base, 0

    async def broken(settings: Settings, parent: Path | None, sink: Sink) -> Made:
        nonlocal parts
        parts += 1
        if parts > 2:
            return await whole(settings, parent, sink)
        await sink(b"half of it")
        raise BaseFailed("pg_basebackup: server closed the connection unexpectedly")

    monkeypatch.setattr(base_module, "stream_base", broken)
    one, _ = origin.settings.continuity_targets
    async with shipping(origin) as background:
        await background.safe()
        assert any("server closed the connection" in line for line in background.said)
        await background.wait_for(lambda: len(list(Path(one).glob("*/bases/*"))) == 1)
        status = origin.place.find_status()
        assert status is not None
        assert status.alarms == []


async def test_the_program_that_ends_in_the_middle_makes_no_base(
    origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pg_basebackup").write_text(
        "#!/bin/sh\nhead -c 100000 /dev/zero | tar -cf - -C / etc/hostname 2>/dev/null | head -c 5000\n"
        "echo 'pg_basebackup: error: could not read from the socket' >&2\nexit 1\n"
    )
    (tmp_path / "pg_basebackup").chmod(0o755)
    monkeypatch.setattr(basestream, "client_program", lambda _, name: tmp_path / name)

    async def sink(_run: bytes) -> None:
        return

    with pytest.raises(BaseFailed, match="pg_basebackup: could not read from the socket"):
        await base_module.stream_base(origin.settings, None, sink)


async def test_log_goes_out_while_a_base_waits_for_its_share_of_the_line(
    origin: Origin, flaky: dict[str, Flaky], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = origin.settings.continuity_targets
    has_share = asyncio.Event()

    async def sleep(_seconds: float) -> None:
        await has_share.wait()

    monkeypatch.setattr(lane, "Bandwidth", partial(lane.Bandwidth, sleep=sleep))
    # The first part takes all that there is for hours.
    origin.settings = msgspec.structs.replace(origin.settings, continuity_bandwidth=0.001)
    async with shipping(origin) as background:
        await background.wait_for(lambda: one in flaky and any("part-000000" in key for key in flaky[one].puts))
        before = [key for key in flaky[one].puts if "/wal/" in key]
        await origin.write_post("meanwhile")
        await background.wait_for(lambda: len([key for key in flaky[one].puts if "/wal/" in key]) > len(before))
        assert not any("part-000001" in key for key in flaky[one].puts)
        has_share.set()
        await background.safe()
        assert any("part-000001" in key for key in flaky[one].puts)


async def test_files_from_before_there_was_a_register_are_copied_and_none_is_sent_twice(
    origin: Origin, flaky: dict[str, Flaky]
) -> None:
    one, _ = origin.settings.continuity_targets
    (origin.data_dir / "media/old").mkdir(parents=True)
    (origin.data_dir / "media/old/1").write_bytes(b"from an older version")
    sent = lambda: [key for key in flaky[one].puts if "/media/" in key]  # noqa: E731
    async with shipping(origin) as background:
        await background.safe()
        assert len(sent()) == 1
    # As after a restore: nothing is known here of what the target has.
    for file in origin.place.targets.iterdir():
        file.unlink()
    await origin.store_file("new/2", b"new")
    async with shipping(origin) as background:
        await background.safe()
        assert len(sent()) == 2


async def test_a_target_that_is_silent_is_taken_for_away(
    origin: Origin, flaky: dict[str, Flaky], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, two = origin.settings.continuity_targets
    monkeypatch.setattr(lane, "_PATIENCE", 0.3)
    monkeypatch.setattr(lane, "_SLOWEST", 100 << 20)
    async with shipping(origin) as background:
        await background.safe()
        flaky[two].hangs = True
        await origin.write_post("one goes on")
        await background.safe(0)
        await background.wait_for(lambda: problems(origin)[1])
        assert "no answer within" in str(problems(origin)[1])
        flaky[two].hangs = False
        await background.safe()
        await background.wait_for(lambda: problems(origin) == [None, None])


def problems(origin: Origin) -> list[str | None]:
    status = origin.place.find_status()
    assert status is not None
    return [target.problem for target in status.targets]


async def test_a_second_server_with_the_same_identity_is_noticed_and_not_written_over(
    origin: Origin, flaky: dict[str, Flaky], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = origin.settings.continuity_targets
    monkeypatch.setattr(deliver, "_LOOK_EVERY", 0.0)
    async with shipping(origin) as background:
        await background.safe()
        newest = sorted(Path(one).glob("*/wal/*/*/*"))[-1]
        later = newest.with_name(f"{int(newest.name) + 3:012d}")
        later.write_bytes(b"of a server that was copied together with its disk")
        for number in range(5):
            await origin.write_post(f"post {number}")
            await asyncio.sleep(0.1)
        await background.wait_for(lambda: "a second server runs with the same identity" in str(problems(origin)[0]))
        assert later.read_bytes() == b"of a server that was copied together with its disk"
        later.unlink()
        await background.safe()
    assert (await verified(origin, one)).problems == []


async def test_many_that_wait_are_sent_a_few_at_a_time_and_none_is_missing(
    origin: Origin, flaky: dict[str, Flaky], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, two = origin.settings.continuity_targets
    async with shipping(origin) as background:
        await background.safe()
        flaky[two].is_away = True
        newest = max(int(file.name) for file in Path(two).glob("*/wal/*/*/*"))
        await background.wait_for(lambda: problems(origin)[1])
        for number in range(10):
            await origin.write_post(f"post {number}")
            await background.safe(0)
        flaky[two].breaks_at = f"{newest + 6:012d}"
        flaky[two].is_away = False
        await background.wait_for(lambda: "no room" in str(problems(origin)[1]))
        flaky[two].breaks_at = None
        await background.safe()
    assert (await verified(origin, two)).problems == []


class Later(Clock):
    """The machine's clock, so many hours fast."""

    def __init__(self, hours: float) -> None:
        self.ahead = timedelta(hours=hours)

    def now(self) -> datetime:
        return super().now() + self.ahead


async def test_what_the_next_base_builds_on_stays_while_slow_targets_take_this_one(
    origin: Origin, flaky: dict[str, Flaky]
) -> None:
    one, two = origin.settings.continuity_targets
    async with shipping(origin) as background:
        await background.wait_for(lambda: len(flaky) == 2)
        flaky[one].slow_at = flaky[two].slow_at = "/manifest"
        await background.wait_for(lambda: list(Path(one).glob("*/bases/*/manifest")))
        await background.safe()
    (manifest,) = Path(one).glob("*/bases/*/manifest")
    assert [file.name for file in origin.place.backup_manifests.iterdir()] == [manifest.parent.name]


async def test_the_next_base_holds_what_changed_and_old_ones_go_with_their_log(origin: Origin) -> None:
    one, _ = origin.settings.continuity_targets
    manifests = lambda: sorted(Path(one).glob("*/bases/*/manifest"))  # noqa: E731

    async def made_at(hours: float, count: int) -> None:
        async with shipping(origin, clock=Later(hours)) as background:
            await background.wait_for(lambda: len(manifests()) == count)
            await background.wait_for(
                lambda: (
                    (status := origin.place.find_status())
                    and [bool(t.safe_until) for t in status.targets] == [True, True]
                )
            )
            said.extend(background.said)

    said: list[str] = []
    await made_at(0, 1)
    await origin.write_post("between the bases")
    await made_at(25, 2)
    first, second = (msgspec.json.decode(peek(m.read_bytes(), "m").about, type=base_module.Base) for m in manifests())
    assert (second.kind, second.parent) == ("incremental", first.id), said
    assert second.raw_size < first.raw_size / 2
    assert (await verified(origin, one)).problems == []
    # A month later a full one is needed, as the parent is still there but its place in the week is not looked at.
    origin.settings = msgspec.structs.replace(origin.settings, continuity_full_every=2)
    await made_at(25 * 31, 3)
    third = manifests()[-1]
    origin.settings = msgspec.structs.replace(origin.settings, continuity_keep_bases=1)

    def is_followed_by_its_log() -> bool:
        newest = manifests()[-1]
        base = msgspec.json.decode(peek(newest.read_bytes(), "m").about, type=base_module.Base)
        return newest != third and pieces_at(one)[-1].end >= base.end

    async with shipping(origin, clock=Later(25 * 62)) as background:
        await background.wait_for(lambda: first.id not in {m.parent.name for m in manifests()})
        await background.wait_for(lambda: pieces_at(one)[0].start >= second.end)
        await background.wait_for(is_followed_by_its_log)
    assert (await verified(origin, one)).problems == []


async def test_a_key_that_may_only_put_is_said_once_and_is_no_trouble(origin: Origin, flaky: dict[str, Flaky]) -> None:
    one, two = origin.settings.continuity_targets
    identity = origin.place.find_identity()
    assert identity is not None
    for address in (one, two):
        # Of a base that came to nothing, so that there is something to remove.
        left = Path(address) / identity.site.id / names.BASES / "000001-20260101T000000000Z"
        left.mkdir(parents=True)
        (left / "part-000000").write_bytes(b"a part")
        async with open_target(address) as inner:
            flaky[address] = Flaky(inner)
            flaky[address].refuses_deletes = True
    async with shipping(origin) as background:
        await background.safe()
        await background.wait_for(lambda: any("lets nothing be removed" in line for line in background.said))
        await origin.write_post("goes on")
        await background.safe()
        status = origin.place.find_status()
        assert status is not None
        assert [target.problem for target in status.targets] == [None, None]
        assert len([line for line in background.said if one in line and "lets nothing" in line]) == 1


async def test_files_that_went_are_removed_when_no_moment_needs_them_and_caches_are_left_out(origin: Origin) -> None:
    identity = origin.place.find_identity()
    assert identity is not None
    one, _ = origin.settings.continuity_targets
    keys = ("a/kept", "a/young", "a/old", "cache/of-another-server", "archives/of-a-person")
    names_of = {key: names.media(identity.media_key, key) for key in keys}
    there = lambda: {str(p.relative_to(Path(one) / identity.site.id)) for p in Path(one).glob("*/media/*/*")}  # noqa: E731
    for key in names_of:
        await origin.store_file(key, key.encode())
    async with shipping(origin) as background:
        await background.safe()
        assert there() == {names_of["a/kept"], names_of["a/young"], names_of["a/old"]}
    for key in ("a/old", "a/young"):
        await origin.remove_file(key)
    await origin.execute("update stored_objects set gone_at = gone_at - interval '20 days' where key = 'a/old'")
    async with shipping(origin, clock=Later(2)) as background:
        await background.wait_for(lambda: names_of["a/old"] not in there())
        await background.safe()
    assert there() == {names_of["a/kept"], names_of["a/young"]}


async def test_a_file_that_the_store_lost_or_spoilt_is_an_alarm_and_not_copied(origin: Origin) -> None:
    one, _ = origin.settings.continuity_targets
    for key in ("a/lost", "a/spoilt"):
        await origin.store_file(key, b"as it was")
    (origin.data_dir / "media/a/lost").unlink()
    (origin.data_dir / "media/a/spoilt").write_bytes(b"otherwise")
    async with shipping(origin) as background:
        await background.safe()
        status = origin.place.find_status()
        assert status is not None
        said = " ".join(status.alarms)
        assert "a/lost is not in the store" in said
        assert "a/spoilt is not what it was" in said
    assert not list(Path(one).glob("*/media/*/*"))


async def test_secrets_that_change_are_copied_again(origin: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    from rostra.continuity.ship import capsule

    monkeypatch.setattr(capsule, "_PAUSE", 0.1)
    extra = origin.data_dir.parent / f"{origin.data_dir.name}-tls"
    extra.mkdir()
    (extra / "key.pem").write_text("secret")
    origin.settings = msgspec.structs.replace(origin.settings, continuity_extra=(str(extra),))
    one, _ = origin.settings.continuity_targets
    capsules = lambda: sorted(Path(one).glob("*/capsules/*"))  # noqa: E731
    async with shipping(origin) as background:
        await background.safe()
        newest = capsules()[-1]
        (extra / "key.pem").write_text("another")
        await background.wait_for(lambda: capsules()[-1] != newest)


async def test_of_an_external_database_only_files_and_secrets_are_copied(origin: Origin) -> None:
    origin.settings = msgspec.structs.replace(origin.settings, database_url=origin.server.dsn)
    await origin.store_file("a/b", b"file")
    status = await ship_once(origin.settings, origin.server.dsn)
    assert (status.external_database, status.alarms) == (True, [])
    assert [target.safe_until for target in status.targets] == [None, None], "no post is there"
    assert all(status.kept_until(target) for target in status.targets)
    found = await verified(origin, origin.settings.continuity_targets[0], external_database=True)
    assert (found.problems, found.files) == ([], 1)
    assert "the database is an external one" in found.notes[0]
    one, _ = origin.settings.continuity_targets
    assert len(list(Path(one).glob("*/media/*/*"))) == 1
    assert list(Path(one).glob("*/capsules/*"))
    assert not list(Path(one).glob("*/wal/*"))


async def test_once_says_what_is_in_the_way(origin: Origin, flaky: dict[str, Flaky]) -> None:
    _, two = origin.settings.continuity_targets
    async with open_target(two) as inner:
        flaky[two] = Flaky(inner)
        flaky[two].is_away = True
    # With a certain end of the chain: else it would not even begin without that target.
    with pytest.raises(ShipFailed):
        await ship(origin.settings, origin.server.dsn, asyncio.Event(), say=print, once=True, patience=0.5)
