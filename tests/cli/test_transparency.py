"""`rostra transparency`, on a database that another program started."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from rostra.cli import main
from rostra.dsa.schema import COLUMNS
from rostra.dsa.statement import make_statement
from rostra.kit.db import connect
from tests.conftest import NOON
from tests.dsa.decisions import decided

Run = Callable[..., Result]
DAYS = ("--from", "2026-05-04", "--to", "2026-05-04")


@pytest.fixture
async def dsn(fresh_dsn: str) -> str:
    """A database with three statements of reasons of one day."""
    connection = await connect(fresh_dsn)
    for number in range(3):
        decision_id = await connection.fetchval(
            "insert into decisions (id, subject_kind, subject_id, account_id, event_id, policy, outcome,"
            " automated_detection, automated_decision, created_at)"
            " values (make_id($1), 'account', 1, 1, 1, 'v1', 'violates', false, false, $1) returning id", NOON,
        )  # fmt: skip
        body = make_statement(decided(puid=f"p-{number}", decided_at=NOON))
        await connection.execute(
            "insert into statements (puid, decision_id, account_id, body, created_at) values ($1, $2, 1, $3, $4)",
            f"p-{number}", decision_id, body, NOON,
        )  # fmt: skip
    await connection.close()
    return fresh_dsn


@pytest.fixture
def rostra(dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    for name, value in {"DATABASE_URL": dsn, "DATA": str(tmp_path), "DOMAIN": "social.example"}.items():
        monkeypatch.setenv(f"ROSTRA_{name}", value)

    def run(*words: str) -> Result:
        return CliRunner().invoke(main, ["transparency", *words])

    return run


def printed(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_statements_are_written_as_the_database_takes_them(rostra: Run):
    found = printed(rostra("statements", *DAYS))

    assert [body["puid"] for body in found["statements"]] == ["p-0", "p-1", "p-2"]
    assert printed(rostra("statements", "--from", "2026-05-05", "--to", "2026-05-06"))["statements"] == []


def test_statements_are_written_to_a_file_as_csv(rostra: Run, tmp_path: Path):
    file = tmp_path / "out.csv"
    result = rostra("statements", *DAYS, "--csv", str(file))

    assert result.exit_code == 0, result.output
    assert "3 statements of reasons" in result.stderr
    rows = list(csv.DictReader(io.StringIO(file.read_text())))
    assert (len(rows), tuple(rows[0])) == (3, COLUMNS)


@pytest.mark.parametrize("words", [(), ("--from", "2026-05-04"), ("--from", "2026-05-04", "--to", "2026-05-03")])
def test_days_that_cannot_be_are_refused(rostra: Run, words: tuple[str, ...]):
    assert rostra("statements", *words).exit_code == 2


def test_nothing_is_handed_in_without_a_token(rostra: Run):
    result = rostra("hand-in")

    assert result.exit_code == 3
    assert "dsa_token" in result.stderr


def test_a_report_is_looked_at_and_then_published_once(rostra: Run, tmp_path: Path):
    days = ("--from", "2026-05-01", "--to", "2026-05-04")
    archive = tmp_path / "report.zip"

    assert printed(rostra("report", *days))["period"] == {"begins": "2026-05-01", "ends": "2026-05-04"}
    assert rostra("report", *days, "--out", str(archive)).exit_code == 0
    assert "1.1_identification.csv" in zipfile.ZipFile(archive).namelist()
    published = rostra("report", *days, "--publish")
    assert published.exit_code == 0, published.output
    assert "https://social.example/transparency/reports/" in published.stderr
    again = rostra("report", *days, "--publish")
    assert again.exit_code == 1
    assert "note" in again.stderr
    assert rostra("report", *days, "--publish", "--note", "Corrected.").exit_code == 0


@pytest.mark.parametrize("words", [(), ("--year", "2025", *DAYS), ("--from", "2026-05-04")])
def test_a_report_is_of_a_year_or_of_days(rostra: Run, words: tuple[str, ...]):
    assert rostra("report", *words).exit_code == 2
