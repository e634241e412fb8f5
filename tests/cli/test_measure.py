"""`rostra measure`, on a database that another program started."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from click.testing import CliRunner, Result

from rostra.cli import main

Run = Callable[..., Result]
VIEWS = "insert into status_views (status_id, day, views) select n, $1, n from generate_series(1, 60) n"


@pytest.fixture
async def dsn(migrated_dsn: str) -> str:
    """A database of its own, in which sixty posts that are gone were seen yesterday."""
    connection = await asyncpg.connect(migrated_dsn)
    await connection.execute(VIEWS, datetime.now(UTC).date() - timedelta(days=1))
    await connection.close()
    return migrated_dsn


@pytest.fixture
def rostra(dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `rostra measure`."""
    monkeypatch.setenv("ROSTRA_DATABASE_URL", dsn)
    monkeypatch.setenv("ROSTRA_DATA", str(tmp_path))
    monkeypatch.setenv("ROSTRA_DOMAIN", "social.example")

    def run(*words: str, code: int = 0) -> Result:
        result = CliRunner().invoke(main, ["measure", *words])
        assert result.exit_code == code, result.output
        return result

    return run


def test_a_sample_is_drawn_once_and_drawn_again(rostra: Run) -> None:
    drawn = json.loads(rostra("draw", "--size", "50", "--seed", "a seed", "--json").stdout)
    assert drawn["plan"]["seed"] == "a seed"
    assert drawn["plan"]["views"] == 60 * 61 / 2
    assert sum(stratum["draws"] for stratum in drawn["plan"]["strata"]) == 50
    (check,) = json.loads(rostra("redraw", "--json").stdout)
    assert check["is_sound"]
    assert check["statuses"] == drawn["check"]["statuses"]
    assert "the same" in rostra("redraw", str(drawn["sample"])).stdout
    assert "another sample" in rostra("draw", code=1).output


def test_a_sample_that_was_changed_ends_with_status_one(rostra: Run, dsn: str) -> None:
    number = json.loads(rostra("draw", "--size", "50", "--json").stdout)["sample"]

    async def change() -> None:
        connection = await asyncpg.connect(dsn)
        await connection.execute("delete from label_items where position = 3")
        await connection.close()

    asyncio.run(change())
    assert "the sample is not the one of the seed" in rostra("redraw", str(number), code=1).stdout


def test_words_for_people_and_figures_for_programs(rostra: Run) -> None:
    assert "not sampled" in rostra("estimate").stderr
    assert "no sample was drawn" in rostra("redraw").stderr
    assert "of       1830 views" in rostra("draw", "--size", "20").stdout
    (estimate, *_) = json.loads(rostra("estimate", "--json", "--weeks", "2").stdout)
    assert (estimate["clause"], estimate["unknown"], estimate["high"]) == ("", 1.0, 1.0)
    assert "any clause" in rostra("estimate").stdout
    assert "0 cases wait" in rostra("forecast").stdout
    assert json.loads(rostra("forecast", "--json").stdout)["forecast"]["backlog"] == 0


@pytest.mark.parametrize(
    "words", [("redraw", "1"), ("draw", "--from", "2999-01-01"), ("draw", "--from", "2020-01-02", "--to", "2020-01-01")]
)
def test_what_cannot_be_done_is_said_in_one_line(rostra: Run, words: tuple[str, ...]) -> None:
    result = rostra(*words, code=1)
    assert len(result.output.splitlines()) == 1
