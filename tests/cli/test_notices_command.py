"""`rostra notices` on a database of its own: what is typed arrives, what is printed can be read by machines."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from rostra.cli import main
from tests.notices.letters import letter

BASE = "https://social.example"
Run = Callable[..., Result]


@pytest.fixture
def run(fresh_dsn: str, tmp_path: Path) -> Run:
    """Runs a command on the database."""
    environ = {
        "ROSTRA_DATABASE_URL": fresh_dsn,
        "ROSTRA_DATA": str(tmp_path / "data"),
        "ROSTRA_DOMAIN": "social.example",
    }

    def invoke(*arguments: object, given: bytes | None = None) -> Result:
        return CliRunner().invoke(main, ["notices", *map(str, arguments)], input=given, env=environ)

    return invoke


def read(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_provider_is_added_gets_a_token_and_is_retired(run: Run) -> None:
    assert run("provider", "add", "Example Cloud", "--domain", "cloud.example", "--hours", 12).exit_code == 0
    assert run("provider", "add", "example cloud").exit_code == 1
    assert run("provider", "add", "Bad", "--contact", "a@b@c").exit_code == 1
    token = run("provider", "token", "Example Cloud").stdout.strip()
    assert token.startswith("rn_")
    found = next(each for each in read(run("provider", "list", "--json")) if each["name"] == "Example Cloud")
    assert (found["has_token"], found["domains"], found["reply_within"]) == (True, ["cloud.example"], "PT43200S")
    assert run("provider", "retire", "Example Cloud").exit_code == 0
    assert "retired" in run("provider", "list").stdout
    assert run("provider", "token", "Nobody").exit_code == 1


def test_a_notice_is_taken_in_from_a_file_or_a_pipe(run: Run, tmp_path: Path) -> None:
    run("provider", "add", "Example Cloud")
    file = tmp_path / "report.eml"
    file.write_bytes(letter(f"{BASE}/@carl/1").as_bytes())
    first = int(run("add", file, "--provider", "example cloud").stdout)
    second = int(run("add", "-", "--regime", "terrorist", given=f"{BASE}/@carl/2".encode()).stdout)
    rows = read(run("list", "--json"))["notices"]
    assert [(row["id"], row["regime"], row["provider"]) for row in rows] == [
        (second, "terrorist", None), (first, "host", "Example Cloud"),
    ]  # fmt: skip
    assert str(first) in run("list").stdout
    shown = read(run("show", first, "--json"))
    assert shown["items"][0]["url"] == f"{BASE}/@carl/1"
    assert f"{BASE}/@carl/1" in run("show", first).stdout
    refused = run("add", "-", given=b"hello")
    assert (refused.exit_code, "names no address" in refused.output) == (1, True)
    assert run("show", 17).exit_code == 1


def test_whose_a_notice_is_can_be_said_afterwards(run: Run) -> None:
    assert run("provider", "add", "Example Cloud", "--hours", 6).exit_code == 0
    letter = f"Please look at {BASE}/@carl/1".encode()
    number = run("add", "-", given=letter).stdout.strip()
    before = read(run("show", number, "--json"))["notice"]
    assert before["provider"] is None
    again = run("add", "-", "--provider", "Example Cloud", given=letter)
    assert (again.stdout.strip(), "is one of Example Cloud now" in again.stderr) == (number, True)
    after = read(run("show", number, "--json"))["notice"]
    assert (after["provider"], after["due_at"] < before["due_at"]) == ("Example Cloud", True)
    assert run("provider", "add", "Other Cloud").exit_code == 0
    other = run("add", "-", "--provider", "Other Cloud", given=letter)
    assert other.stderr.strip().endswith("this was taken in before")
    assert read(run("show", number, "--json"))["notice"]["provider"] == "Example Cloud"


def test_a_drill_is_run_and_its_pack_verifies_without_the_server(run: Run, fresh_dsn: str, tmp_path: Path) -> None:
    environ = {
        "ROSTRA_DATABASE_URL": fresh_dsn,
        "ROSTRA_DATA": str(tmp_path / "data"),
        "ROSTRA_DOMAIN": "social.example",
    }
    made = CliRunner().invoke(
        main,
        ["account", "create", "anna", "--email", "anna@social.example", "--role", "moderator", "--confirmed"],
        env=environ,
    )
    assert made.exit_code == 0, made.output
    result = run("drill", "--as", "anna", "--json")
    drilled = read(result)
    assert drilled["verified"]
    assert drilled["found"] == drilled["copies"]
    out = tmp_path / "pack.zip"
    assert run("pack", drilled["notice_id"], "--out", out).exit_code == 0
    verified = run("verify", out)
    assert (verified.exit_code, "verified" in verified.stdout) == (0, True)
    out.write_bytes(out.read_bytes()[:-1] + b"\x01")
    assert run("verify", out).exit_code == 1
    assert run("drill", "--as", "nobody").exit_code == 1


def test_a_notice_that_is_not_there_is_named(run: Run, tmp_path: Path) -> None:
    for words in (("show", 7), ("pack", 7, "--out", tmp_path / "pack.zip")):
        result = run(*words)
        assert (result.exit_code, "there is no notice 7; `rostra notices list`" in result.stderr) == (1, True)
    assert not (tmp_path / "pack.zip").exists()
    assert "Validation failed" not in run("provider", "add", "Bad", "--host", "nobody").stderr


def test_without_a_mailbox_it_says_what_is_missing(run: Run) -> None:
    result = run("mailbox")
    assert result.exit_code == 3
    assert "notices_imap_url" in result.output
