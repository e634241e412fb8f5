"""The way back of a server whose database was an external one: all but the database, and one server alone at a time."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from rostra.cli import main
from rostra.cli.continuity_report import describe
from rostra.continuity.place import Place
from rostra.continuity.restore import external
from rostra.continuity.restore.here import fetch_media
from rostra.continuity.restore.records import Listeners, MediaFound, NotRestorable, Options, Report
from rostra.continuity.restore.run import fetch_rest, restore
from rostra.continuity.ship.fence import OtherServer
from rostra.continuity.ship.run import ship_once
from rostra.kit.settings import load_settings
from tests.continuity.world import DOMAIN, Origin, running_origin, some_home

FILES = {"avatars/1.png": b"a picture" * 1000, "media/2.jpg": b"another"}


class Old:
    """The server that was: `origin` has its database, which its operator keeps, and its data directory."""

    def __init__(self, origin: Origin, home: Path, last: int) -> None:
        self.origin = origin
        self.home = home
        self.last = last
        self.target = home / "target"

    def options(self, name: str, **more: Any) -> Options:
        given = {"target": str(self.target), "key": self.origin.key, "data_dir": self.home / name, "durable": False}
        return Options(**(given | more))

    async def restore(self, name: str, **more: Any) -> Report:
        return await restore(self.options(name, **more), Listeners())

    async def ship(self) -> None:
        await ship_once(self.origin.settings, self.origin.server.dsn)

    @property
    def epochs(self) -> int:
        return len(list(self.target.glob("*/epochs/*")))


@pytest.fixture
async def old(cluster_template: Path) -> AsyncIterator[Old]:
    with some_home() as home:
        async with running_origin(home / "origin", cluster_template) as origin:
            await origin.register([str(home / "target")])
            origin.settings = msgspec.structs.replace(
                origin.settings, database_url=origin.server.dsn, smtp_url="smtp://mail.example"
            )
            for key, body in FILES.items():
                await origin.store_file(key, body)
            await origin.store_file("cache/3.jpg", b"another server's")
            (origin.data_dir / "banks").mkdir()
            (origin.data_dir / "banks/known.txt").write_text("a bank")
            made = Old(origin, home, await origin.write_post("the last"))
            await made.ship()
            yield made


def files_in(data: Path) -> dict[str, bytes]:
    store = data / "media"
    return {str(path.relative_to(store)): path.read_bytes() for path in store.rglob("*") if path.is_file()}


async def run(*words: object, **environ: str) -> Result:
    """A command, which has a loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, main, [str(word) for word in words], env=environ)


async def test_settings_secrets_and_banks_come_back_and_what_is_to_be_done_is_said(old: Old) -> None:
    report = await old.restore("new")
    data, origin = old.home / "new", old.origin.data_dir
    for name in ("secrets.json", "banks/known.txt", "continuity/media.key"):
        assert (data / name).read_bytes() == (origin / name).read_bytes(), name
    settings = load_settings({}, {"data_dir": data})
    assert (settings.domain, settings.smtp_url, settings.database_url) == (DOMAIN, "smtp://mail.example", None)
    assert (report.external_database, report.problems, report.media) == (True, [], MediaFound())
    told = describe(report)
    assert "THE DATABASE IS NOT HERE" in told
    for step in ("ROSTRA_DATABASE_URL", "rostra migrate", "--media-only", "rostra doctor", "rostra up"):
        assert step in told, step
    assert Place(data).find_json("restored.json", Report) == report
    assert Place(data).find_half_restored() is None


async def test_the_old_server_finds_itself_replaced(old: Old) -> None:
    report = await old.restore("new")
    assert (report.new_epoch, old.epochs) == (2, 2)
    with pytest.raises(OtherServer):
        await old.ship()
    assert old.origin.place.find_replaced() is not None
    identity = Place(old.home / "new").find_identity()
    assert identity is not None
    assert identity.epoch.number == 2


async def test_files_come_when_the_database_is_there(old: Old) -> None:
    await old.restore("new")
    data = old.home / "new"
    with pytest.raises(NotRestorable, match="set ROSTRA_DATABASE_URL"):
        await fetch_rest(old.options("new"))
    assert files_in(data) == {}
    found = await fetch_rest(old.options("new", database_url=old.origin.server.dsn))
    assert (found.fetched, found.lacking) == (2, 0)
    assert files_in(data) == FILES
    assert not (data / "continuity/media-wanted").exists()


async def test_where_the_database_is_there_already_all_is_back_at_once(old: Old) -> None:
    ready: list[Path] = []
    options = old.options("new", database_url=old.origin.server.dsn)
    report = await restore(options, Listeners(ready=ready.append))
    data = old.home / "new"
    assert ready == [data]
    assert files_in(data) == FILES
    assert load_settings({}, {"data_dir": data}).database_url == old.origin.server.dsn
    assert report.last_post is not None
    assert report.last_post.id == str(old.last)
    assert "THE DATABASE IS NOT HERE" not in describe(report)
    # What was written with the old server's key is good, and the new one goes on from there.
    again = await old.restore("newer", database_url=old.origin.server.dsn)
    assert (again.new_epoch, files_in(old.home / "newer")) == (3, FILES)


async def test_a_file_that_is_not_at_the_target_is_a_problem(old: Old) -> None:
    shutil.rmtree(next(old.target.glob("*/media")))
    report = await old.restore("new", database_url=old.origin.server.dsn)
    assert sorted(report.media.missing) == sorted(FILES)
    assert "2 of 2 files are missing" in report.problems[0]


async def test_what_is_deleted_while_files_arrive_stays_deleted(old: Old, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the new server may do, which runs already then."""

    async def fetch_and_delete(*args: Any) -> MediaFound:
        found = await fetch_media(*args)
        await old.origin.remove_file("avatars/1.png")
        return found

    monkeypatch.setattr(external, "fetch_media", fetch_and_delete)
    report = await old.restore("new", database_url=old.origin.server.dsn)
    assert report.media.fetched == 2
    assert set(files_in(old.home / "new")) == {"media/2.jpg"}


async def test_a_database_that_is_none_of_a_server_is_refused_before_anything_is_done(old: Old) -> None:
    other = old.origin.server.dsn.replace("/rostra?", "/postgres?")
    assert other != old.origin.server.dsn
    with pytest.raises(NotRestorable, match="is not that of a server"):
        await old.restore("new", database_url=other)
    assert not (old.home / "new").exists()
    assert old.epochs == 1


@pytest.mark.parametrize("purpose", ["look", "drill"])
async def test_there_is_nothing_to_be_looked_at_or_tried(old: Old, purpose: str) -> None:
    with pytest.raises(NotRestorable, match=r"database of origin\.test was an external one"):
        await old.restore("new", purpose=purpose, database_url=old.origin.server.dsn)
    assert not (old.home / "new").exists()
    assert old.epochs == 1


async def test_no_empty_database_is_made_in_its_place(old: Old) -> None:
    await old.restore("new")
    data = old.home / "new"
    # As where the parts ran alone, which keep no note of their start.
    (data / "last-start.json").unlink(missing_ok=True)
    for words in (("up",), ("migrate",), ("account", "list")):
        result = await run(*words, "--data", data)
        assert (result.exit_code, "set ROSTRA_DATABASE_URL" in result.stderr) == (3, True), (words, result.output)
    assert not (data / "postgres").exists()


async def test_what_fails_before_the_new_epoch_leaves_nothing(old: Old) -> None:
    (epochs,) = old.target.glob("*/epochs")

    def fail(step: Any) -> None:
        if step.name == "opening a new epoch":
            raise RuntimeError("the light goes out")

    with pytest.raises(RuntimeError):
        await restore(old.options("new"), Listeners(step=fail))
    assert list((old.home / "new").iterdir()) == []
    assert len(list(epochs.iterdir())) == 1


async def test_older_base_copies_of_an_embedded_database_are_not_taken_for_its_end(old: Old) -> None:
    (site,) = (path.parent for path in old.target.glob("*/capsules"))
    (site / "bases/000001-20260101T000000000Z").mkdir(parents=True)
    (site / "bases/000001-20260101T000000000Z/manifest").write_bytes(b"of the time before")
    report = await old.restore("new")
    assert report.external_database
    assert any("--to a moment of then restores them" in line for line in report.warnings)


async def test_the_command_says_what_comes_from_here_and_what_does_not(old: Old) -> None:
    key = old.home / "recovery.key"
    key.write_text(old.origin.key.identity)
    data = old.home / "new"
    command = ("continuity", "restore", old.target, "--key", key, "--data", data)
    refused = await run(*command)
    assert (refused.exit_code, "say --yes" in refused.output, data.exists()) == (1, True, False)
    assert "its database was an external one" in refused.output
    result = await run(*command, "--yes")
    assert result.exit_code == 0, result.output
    assert "THE DATABASE IS NOT HERE" in result.stderr
    assert "ready: start it now" not in result.stderr
    assert "NOT from here: it was an external one" in result.stdout
    files = await run(*command, "--media-only", ROSTRA_DATABASE_URL=old.origin.server.dsn)
    assert (files.exit_code, "2 of 2 files are there" in files.stderr) == (0, True), files.output
