"""`rostra account`, on a database that another program started."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from rostra.cli import main
from rostra.kit.db import connect
from rostra.oauth.tokens import hash_token

Run = Callable[..., Result]


@pytest.fixture
def rostra(fresh_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    for name, value in {
        "DATABASE_URL": fresh_dsn, "DATA": str(tmp_path), "DOMAIN": "social.example", "ARGON2_TIME_COST": "1",
        "ARGON2_MEMORY_KIB": "64",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"ROSTRA_{name}", value)

    def run(*words: str) -> Result:
        return CliRunner().invoke(main, ["account", *words])

    return run


def rows(dsn: str, statement: str) -> list[dict[str, Any]]:
    async def read() -> list[dict[str, Any]]:
        connection = await connect(dsn)
        found = await connection.fetch(statement)
        await connection.close()
        return [dict(row) for row in found]

    return asyncio.run(read())


def printed(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_an_account_is_created_and_can_be_used_at_once(rostra: Run, fresh_dsn: str) -> None:
    made = printed(
        rostra(
            "create",
            "alice",
            "--email",
            "a@example.com",
            "--password",
            "correct horse",
            "--role",
            "admin",
            "--confirmed",
        )
    )
    assert made["username"] == "alice"
    assert made["url"] == "https://social.example/@alice"
    assert (made["role"], made["confirmed"], made["approved"]) == ("admin", True, True)
    assert "password" not in made
    token = printed(rostra("token", "@alice", "--scopes", "read write follow push"))
    assert token["token_type"] == "Bearer"
    assert token["scope"] == "read write follow push"
    assert token["account_id"] == made["id"]
    kept = rows(fresh_dsn, "select token_hash, account_id, scopes from access_tokens")
    assert kept[0]["token_hash"] == hash_token(token["access_token"])
    assert kept[0]["account_id"] == int(made["id"])


def test_all_tokens_of_the_command_line_belong_to_one_app(rostra: Run, fresh_dsn: str) -> None:
    printed(rostra("create", "alice", "--email", "a@example.com", "--confirmed"))
    for _ in range(2):
        printed(rostra("token", "alice", "--scopes", "read"))
    assert len(rows(fresh_dsn, "select id from apps")) == 1
    assert len(rows(fresh_dsn, "select id from access_tokens")) == 2


def test_a_password_is_made_up_where_none_is_given(rostra: Run) -> None:
    made = printed(rostra("create", "alice", "--email", "a@example.com"))
    assert len(made["password"]) >= 16
    assert made["confirmed"] is False
    assert len(printed(rostra("password", "alice"))["password"]) >= 16


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("create", "a b", "--email", "x@example.com"), "username must contain only"),
        (("create", "bob", "--email", "nobody"), "email is not an e-mail address"),
        (("create", "bob", "--email", "x@example.com", "--password", "short"), "password is too short"),
        (("create", "Alice", "--email", "A@example.com"), "username has already been taken"),
        (("show", "nobody"), "there is no account called nobody"),
        (("token", "alice", "--scopes", "everything"), "The scope is unknown"),
        (("role", "alice", "user"), "the server must have an owner"),
        (("disable", "alice"), "the last owner's"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(rostra: Run, words: tuple[str, ...], said: str) -> None:
    printed(rostra("create", "alice", "--email", "a@example.com", "--role", "owner", "--confirmed"))
    result = rostra(*words)
    assert result.exit_code == 1
    assert said in result.stderr
    assert result.stderr.startswith("rostra: ")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_roles_states_and_passwords_change(rostra: Run, fresh_dsn: str) -> None:
    printed(rostra("create", "alice", "--email", "a@example.com"))
    assert printed(rostra("confirm", "alice"))["confirmed"] is True
    assert printed(rostra("role", "alice", "moderator"))["role"] == "moderator"
    printed(rostra("token", "alice"))
    assert printed(rostra("disable", "alice"))["disabled"] is True
    assert rows(fresh_dsn, "select id from access_tokens") == []
    assert printed(rostra("enable", "alice"))["disabled"] is False
    before = rows(fresh_dsn, "select password_hash from users")
    assert "password" not in printed(rostra("password", "alice", "--password", "another horse"))
    assert rows(fresh_dsn, "select password_hash from users") != before


def test_what_is_done_to_logins_stands_in_the_audit_log(rostra: Run, fresh_dsn: str) -> None:
    made = printed(rostra("create", "alice", "--email", "a@example.com"))
    for words in ("confirm", "role", "role", "disable", "disable", "enable", "enable"):
        printed(rostra(words, "alice", *(("moderator",) if words == "role" else ())))
    printed(rostra("password", "alice"))
    noted = rows(fresh_dsn, "select actor_id, action, subject, details from audit_events order by id")
    assert [row["action"] for row in noted] == [
        "account.created", "account.confirmed", "account.role", "account.disabled", "account.enabled",
        "account.password",
    ]  # fmt: skip
    assert {(row["actor_id"], row["subject"]) for row in noted} == {(None, noted[0]["subject"])}
    assert (noted[0]["details"], noted[2]["details"]) == ({"role": "user"}, {"old": "user", "new": "moderator"})
    assert str(made["id"]) == noted[0]["subject"]


def test_a_directory_on_which_no_server_was_started_is_said_to_be_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DATABASE_URL", "DOMAIN", "DATA", "DEV"):
        monkeypatch.delenv(f"ROSTRA_{name}", raising=False)
    words = ["account", "create", "alice", "--email", "a@example.com", "--data", str(tmp_path / "new")]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 3
    assert "no server was started on" in result.stderr
    assert "port" not in result.stderr


def test_accounts_are_listed_for_people_and_for_programs(rostra: Run) -> None:
    assert printed(rostra("list", "--json")) == []
    printed(rostra("create", "alice", "--email", "a@example.com", "--role", "owner", "--confirmed"))
    printed(rostra("create", "bob", "--email", "b@example.com"))
    assert [user["username"] for user in printed(rostra("list", "--json"))] == ["alice", "bob"]
    assert [user["username"] for user in printed(rostra("list", "--json", "--role", "owner"))] == ["alice"]
    assert printed(rostra("list", "--json", "--pending")) == []
    lines = rostra("list").stdout.splitlines()
    assert lines[0].split() == ["alice", "owner", "active", "a@example.com"]
    assert lines[1].split() == ["bob", "user", "unconfirmed", "b@example.com"]
    assert printed(rostra("show", "bob"))["email"] == "b@example.com"


def test_what_is_missing_is_the_command_lines_fault(rostra: Run) -> None:
    assert rostra("create", "alice").exit_code == 2
    assert rostra("role", "alice", "king").exit_code == 2
