"""The whole walk: a server shipped, was killed and deleted, and comes back from what is at the target."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from rostra.accounts.sessions import find_viewer
from rostra.continuity.place import Place
from rostra.continuity.records import Fork
from rostra.continuity.restore.records import Listeners, NotRestorable, Options, Report, Step
from rostra.continuity.restore.run import restore, settings_here
from rostra.continuity.ship.run import ship_once
from rostra.continuity.site import read_trust
from rostra.continuity.targets import open_target
from rostra.kit.clock import Clock
from rostra.kit.db import open_database
from rostra.kit.postgres import EmbeddedPostgres
from rostra.kit.settings import Settings
from tests.continuity.lost import CACHED, FILES, Lost
from tests.continuity.serving import SESSION, serving, work_off


@asynccontextmanager
async def started(data_dir: Path, **more: str) -> AsyncIterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(data_dir, durable=False, more=more)
    server.launch()
    try:
        await server.wait_ready()
        yield server
    finally:
        server.stop()


async def fetchval(dsn: str, query: str, *args: object) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query, *args)
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def target(lost: Lost) -> Path:
    return lost.copy_of_target("whole")


@pytest.fixture(scope="module")
async def taken(lost: Lost, target: Path) -> tuple[Options, Report, list[Step]]:
    """The server, taken over on a new machine."""
    steps: list[Step] = []
    options = lost.options("back", target, prove=True)
    return options, await restore(options, Listeners(step=steps.append)), steps


async def test_the_copy_holds_every_row_that_was_shipped_and_proves_it(
    lost: Lost, taken: tuple[Options, Report, list[Step]]
) -> None:
    _, report, _ = taken
    assert report.problems == []
    assert report.tables == lost.tables
    assert report.proof is not None
    assert report.proof.tables == len(lost.tables)
    assert report.files_verified > 1000
    assert report.last_post is not None
    assert (report.last_post.id, report.last_post.author) == (lost.last, "@ada")
    assert report.last_transaction is not None
    assert report.last_transaction <= report.until


async def test_every_file_is_back_but_for_what_other_servers_have(
    taken: tuple[Options, Report, list[Step]],
) -> None:
    options, report, _ = taken
    assert (report.media.wanted, report.media.fetched, report.media.lacking) == (len(FILES), len(FILES), 0)
    for key, body in FILES.items():
        assert (options.data_dir / "media" / key).read_bytes() == body
    assert not (options.data_dir / "media" / CACHED).exists()
    assert not (options.data_dir / "continuity" / "media-wanted").exists()


async def test_secrets_are_back_for_their_owner_alone_and_settings_without_the_old_machine(
    lost: Lost, taken: tuple[Options, Report, list[Step]]
) -> None:
    options, _, _ = taken
    assert (options.data_dir / "secrets.json").read_bytes() == lost.secrets
    private = [options.data_dir / name for name in ("secrets.json", "rostra.toml", "continuity/media.key")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}
    settings = settings_here(options)
    assert (settings.domain, settings.continuity_targets) == ("origin.test", (str(lost.home / "target"),))
    assert "data_dir" not in (options.data_dir / "rostra.toml").read_text()


async def test_the_steps_come_to_their_end(taken: tuple[Options, Report, list[Step]]) -> None:
    _, report, steps = taken
    ended = [step for step in steps if step.has_ended]
    assert {step.name for step in ended} == set(report.seconds)
    for step in ended:
        if step.unit in ("bytes", "pieces") and step.name not in ("recovery", "comparing every table with the census"):
            assert step.done == step.total, step.name


async def test_a_new_epoch_tells_the_old_server_that_it_was_replaced(
    lost: Lost, target: Path, taken: tuple[Options, Report, list[Step]]
) -> None:
    options, report, _ = taken
    async with open_target(str(target)) as opened:
        trust = await read_trust(opened, lost.site, lost.key.root.public)
    assert report.new_epoch == trust.current.number == 2
    assert trust.current.why == "restore"
    assert trust.current.fork is not None
    assert (trust.current.fork.epoch, trust.current.fork.sequence) == (1, report.last_piece)
    identity = Place(options.data_dir).find_identity()
    assert identity is not None
    assert identity.epoch == trust.current


async def test_people_stay_signed_in_and_jobs_are_done_once(
    lost: Lost, taken: tuple[Options, Report, list[Step]]
) -> None:
    options, _, _ = taken
    settings = settings_here(options)
    async with started(options.data_dir) as server:
        assert lost.jobs > 0
        assert await fetchval(server.dsn, "select count(*) from pgqueuer") == lost.jobs
        async with open_database(server.dsn, max_size=1) as db:
            assert (viewer := await find_viewer(db, Clock(), SESSION)) is not None
            assert viewer.username == "ada"
        async with serving(settings, server.dsn) as client:
            assert (await client.get("/api/v1/accounts/verify_credentials")).json()["username"] == "ada"
            await work_off(settings, server.dsn)
            assert await fetchval(server.dsn, "select count(*) from pgqueuer where entrypoint like 'timelines%'") == 0
            home = (await client.get("/api/v1/timelines/home")).json()
            assert [status["id"] for status in home] == [lost.last]
            written = await client.post("/api/v1/statuses", json={"status": "on the new machine"})
        assert written.status_code == 200


async def test_the_restored_server_ships_and_can_be_restored_itself(
    lost: Lost, target: Path, taken: tuple[Options, Report, list[Step]]
) -> None:
    options, _, _ = taken
    settings = settings_here(options)
    given = {name: getattr(settings, name) for name in settings.__struct_fields__}
    settings = Settings(**(given | {"continuity_targets": (str(target),)}))
    async with started(options.data_dir) as server:
        await ship_once(settings, server.dsn)
        posts = await fetchval(server.dsn, "select count(*) from statuses")
    report = await lost.restore("again", target, prove=True)
    assert (report.epoch, report.new_epoch, report.problems) == (2, 3, [])
    assert report.tables["statuses"].rows == posts == 2
    assert report.proof is not None
    async with open_target(str(target)) as opened:
        trust = await read_trust(opened, lost.site)
    assert isinstance(trust.current.fork, Fork)
    assert trust.current.fork.epoch == 2


async def test_what_was_deleted_by_mistake_is_there_at_the_moment_before(lost: Lost) -> None:
    report = await lost.restore("before", lost.copy_of_target("before"), to=lost.moment, purpose="drill")
    assert report.last_post is not None
    assert report.last_post.id == lost.deleted
    assert report.until == lost.moment
    async with started(lost.home / "before") as server:
        found = await fetchval(server.dsn, "select text from statuses where id = $1", int(lost.deleted))
        assert found == "the first"
        assert await fetchval(server.dsn, "select count(*) from statuses where id = $1", int(lost.last)) == 0


async def test_a_server_at_an_earlier_moment_is_that_one_even_before_its_first_base(lost: Lost) -> None:
    """It was taken over as it was at a moment, and died before it had shipped a base of its own."""
    target = lost.copy_of_target("earlier")
    first = await lost.restore("earlier", target, to=lost.moment)
    report = await lost.restore("earlier-again", target, prove=True)
    assert (report.epoch, report.new_epoch) == (1, 3)
    assert report.tables == first.tables
    assert report.last_post is not None
    assert report.last_post.id == lost.deleted
    assert report.until < lost.moment
    # What came after it is not gone for ever: there is always a way to the moments of the old server.
    undone = await lost.restore(
        "undone", target, to=(await lost.restore("seen", purpose="drill")).until, purpose="drill"
    )
    assert undone.tables == lost.tables


async def test_a_moment_after_the_last_one_is_the_last_one(lost: Lost) -> None:
    report = await lost.restore("after", to=datetime.now(UTC), purpose="drill")
    assert report.tables == lost.tables


async def test_a_moment_without_a_later_commit_is_reached_all_the_same(lost: Lost) -> None:
    """Nothing was committed between the last post and the end of the log."""
    whole = await lost.restore("whole", purpose="drill")
    report = await lost.restore("nearly", to=whole.until - timedelta(milliseconds=1), purpose="drill")
    assert report.tables == lost.tables


async def test_a_copy_to_look_at_answers_and_takes_nothing_in(lost: Lost) -> None:
    target = lost.copy_of_target("look")
    report = await lost.restore("look", target, to=lost.moment, purpose="look")
    assert report.new_epoch is None
    async with open_target(str(target)) as opened:
        assert (await read_trust(opened, lost.site)).current.number == 1
    data = lost.home / "look"
    assert not Place(data).is_set_up
    settings = settings_here(lost.options("look", target))
    assert settings.continuity_targets == ()
    async with started(data, default_transaction_read_only="on") as server:
        before = await fetchval(server.dsn, "select last_used_on from access_tokens")
        async with serving(settings, server.dsn) as client:
            found = await client.get(f"/api/v1/statuses/{lost.deleted}")
            assert found.json()["content"] == "<p>the first</p>"
            assert (await client.get("/api/v1/timelines/home")).status_code == 200
            page = await client.get("/public/local")
            assert "nothing can be written here" in page.text
            assert "the first" in page.text
            for method, path in (("POST", "/api/v1/statuses"), ("DELETE", f"/api/v1/statuses/{lost.deleted}")):
                refused = await client.request(method, path, json={"status": "x"})
                assert refused.status_code == 503
                assert "a copy to look at" in refused.json()["error"]
            assert "takes nothing in" in (await client.post("/web/statuses")).text
        assert await fetchval(server.dsn, "select last_used_on from access_tokens") == before


async def test_a_directory_with_anything_in_it_is_refused_before_anything_is_read(lost: Lost) -> None:
    data = lost.home / "full"
    data.mkdir()
    (data / "a file").touch()
    with pytest.raises(NotRestorable, match="is not empty, and nothing is ever overwritten"):
        await restore(Options(target="sftp://nobody@192.0.2.1/", key=lost.key, data_dir=data))
