"""`rostra moderation`, on a database that another program started."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
from click.testing import CliRunner, Result

from rostra.cli import main
from rostra.cli.options import bring_up_to_date
from rostra.kit.clock import Clock
from rostra.kit.db import connect
from rostra.screening.cases import NewCase, open_case

Run = Callable[..., Result]


@pytest.fixture
def rostra(pg_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs `rostra` on a database with a moderator, somebody else, and a case about them."""
    name = f"moderation_{os.urandom(4).hex()}"
    dsn = pg_server.format(database=name)

    async def execute(statement: str) -> None:
        admin = await asyncpg.connect(pg_server.format(database="postgres"))
        await admin.execute(statement)
        await admin.close()

    async def open_one() -> None:
        connection = await connect(dsn)
        ada = await connection.fetchval("select id from accounts where username = 'ada'")
        case = NewCase(kind="account", subject_id=ada, account_id=ada, source="person", clause="violence.threat")
        await open_case(connection, Clock().now(), case)
        await connection.close()

    asyncio.run(execute(f"create database {name}"))
    asyncio.run(bring_up_to_date(dsn))
    monkeypatch.setenv("ROSTRA_DATABASE_URL", dsn)
    monkeypatch.setenv("ROSTRA_DATA", str(tmp_path))
    monkeypatch.setenv("ROSTRA_DOMAIN", "social.example")

    def run(*words: str, stdin: str = "", code: int = 0) -> Result:
        result = CliRunner().invoke(main, [*words], input=stdin)
        assert result.exit_code == code, result.output
        return result

    for who, role in (("mod", "moderator"), ("ada", "user")):
        words = ("--email", f"{who}@example.com", "--role", role, "--confirmed", "--password", "a long enough phrase")
        run("account", "create", who, *words)
    asyncio.run(open_one())
    yield run
    asyncio.run(execute(f"drop database {name} with (force)"))


def the_case(rostra: Run, state: str = "queued") -> dict[str, object]:
    (case,) = json.loads(rostra("moderation", "queue", "--state", state, "--json").stdout)
    return case


def test_a_case_is_listed_shown_decided_and_turned_round(rostra: Run) -> None:
    assert "violence.threat" in rostra("moderation", "queue").stdout
    case_id = str(the_case(rostra)["id"])
    assert "severity: 2" in rostra("moderation", "show", case_id).stdout
    made = rostra("moderation", "decide", case_id, "violates", "--as", "mod", "--act", "freeze:24h", "--json")
    decision = json.loads(made.stdout)
    assert [(action["kind"], action["ends_at"] is not None) for action in decision["actions"]] == [("freeze", True)]
    assert the_case(rostra, "closed")["outcome"] == "violates"
    result = rostra("moderation", "reverse", str(decision["decision"]["id"]), "--as", "mod")
    assert "was turned round" in result.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--as", "ada"), "not of the staff"),
        (("--as", "nobody"), "not of the staff"),
        (("--as", "mod", "--act", "dance"), "is no act"),
        (("--as", "mod", "--act", "freeze:soon"), "is no time"),
        (("--as", "mod", "--act", "remove"), "cannot remove a post"),
        (("--as", "mod", "--clause", "nonsense"), "a clause of the policy"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_happens(rostra: Run, words: tuple[str, ...], says: str) -> None:
    case_id = str(the_case(rostra)["id"])
    result = rostra("moderation", "decide", case_id, "violates", *words, code=1)
    assert says in result.stderr
    assert the_case(rostra)["id"] == int(case_id)


def test_a_reporter_is_warned_muted_and_heard_again(rostra: Run) -> None:
    assert "warned first" in rostra("moderation", "mute-reporter", "ada", "--as", "mod", code=1).stderr
    assert "is warned" in rostra("moderation", "warn-reporter", "ada", "--as", "mod").stderr
    assert "without effect" in rostra("moderation", "mute-reporter", "ada", "--as", "mod").stderr
    assert "heard again" in rostra("moderation", "mute-reporter", "ada", "--off", "--as", "mod").stderr
    assert "nobody here" in rostra("moderation", "mute-reporter", "eve", "--as", "mod", code=1).stderr


def test_a_bulk_decision_needs_ids(rostra: Run) -> None:
    words = ("moderation", "bulk", "violates", "-", "--as", "mod", "--clause", "violence.threat", "--act", "remove")
    assert "is no id" in rostra(*words, stdin="12\nx\n", code=1).stderr
    assert "nothing was chosen" in rostra(*words, stdin="\n", code=1).stderr
