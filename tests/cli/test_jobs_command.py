"""`rostra jobs`, on a database that another program started."""

from __future__ import annotations

import json

import msgspec
import pytest
from click.testing import CliRunner, Result

from rostra.cli import main
from rostra.kit import jobs
from rostra.kit.db import connect


class Note(msgspec.Struct, frozen=True):
    text: str = ""


NOTE, OTHER = jobs.Kind("note", Note), jobs.Kind("other", Note)


@pytest.fixture
async def dsn(migrated_dsn: str) -> str:
    """A database with two dead jobs, 1 and 2, of different names, and one that is due."""
    connection = await connect(migrated_dsn)
    await jobs.enqueue(connection, [NOTE.job(Note("a")), OTHER.job(Note("b")), NOTE.job(Note("c"))])
    await connection.execute("update pgqueuer set status = 'failed' where id <= 2")
    await connection.close()
    return migrated_dsn


@pytest.fixture
def rostra(dsn: str, tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ROSTRA_DATABASE_URL", dsn)
    monkeypatch.setenv("ROSTRA_DATA", str(tmp_path))
    monkeypatch.setenv("ROSTRA_DOMAIN", "social.example")

    def run(*words: str, stdin: str = "") -> Result:
        return CliRunner().invoke(main, ["jobs", *words], input=stdin)

    return run


def test_list_counts_by_name(rostra):
    note, other = json.loads(rostra("list", "--json").stdout)
    assert (note["name"], note["due"], note["dead"], note["running"], note["later"]) == ("note", 1, 1, 0, 0)
    assert (other["name"], other["due"], other["dead"]) == ("other", 0, 1)
    assert "note" in rostra("list").stdout


def test_dead_shows_payloads_as_json(rostra):
    found = json.loads(rostra("dead", "--json").stdout)
    assert {job["id"]: job["payload"] for job in found} == {1: {"text": "a"}, 2: {"text": "b"}}
    assert [job["id"] for job in json.loads(rostra("dead", "--json", "--name", "other").stdout)] == [2]
    assert "other" in rostra("dead").stdout


def test_retry_queues_dead_jobs_again(rostra):
    assert json.loads(rostra("retry", "1", "--json").stdout) == {"retried": 1}
    assert rostra("retry", "--all").stdout == "1 retried\n"
    assert json.loads(rostra("dead", "--json").stdout) == []
    assert "No job is dead" in rostra("dead").stdout


def test_retrying_what_is_not_dead_fails(rostra):
    result = rostra("retry", "1", "3")
    assert result.exit_code == 1
    assert result.stdout == "1 retried\n"
    assert "1 of the given ids could not be retried" in result.stderr


def test_discard_removes_and_asks_before_it_removes_all(rostra):
    assert rostra("discard", "--all", stdin="n\n").exit_code == 1
    assert json.loads(rostra("discard", "--all", "--name", "other", "--yes", "--json").stdout) == {"discarded": 1}
    assert rostra("discard", "--all", stdin="y\n").stdout == "1 discarded\n"
    assert len(json.loads(rostra("list", "--json").stdout)) == 1


@pytest.mark.parametrize("words", [("retry",), ("retry", "1", "--all"), ("discard",), ("retry", "x")])
def test_a_choice_that_is_none_or_two_is_refused(rostra, words):
    assert rostra(*words).exit_code == 2
