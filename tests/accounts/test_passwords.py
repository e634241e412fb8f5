"""Passwords are hashed with argon2id, and a missing account costs what a wrong password costs."""

from __future__ import annotations

from pathlib import Path

import pytest
from argon2 import extract_parameters

from rostra.accounts.passwords import Passwords, check_password
from rostra.kit.errors import InvalidFields
from tests import world as worlds


@pytest.fixture
def passwords(tmp_path: Path) -> Passwords:
    return Passwords(worlds.test_settings(tmp_path))


async def test_only_the_password_matches_its_hash(passwords: Passwords) -> None:
    kept = await passwords.hash("correct horse")
    assert kept.startswith("$argon2id$")
    assert "correct" not in kept
    assert await passwords.matches(kept, "correct horse")
    assert not await passwords.matches(kept, "correct horse ")
    assert not await passwords.matches("x", "correct horse")
    assert not await passwords.matches("", "")


async def test_a_missing_account_costs_a_whole_check(passwords: Passwords, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    verify = passwords._verify
    monkeypatch.setattr(passwords, "_verify", lambda kept, given: checked.append(kept) or verify(kept, given))
    assert not await passwords.matches(None, "correct horse")
    real = extract_parameters(await passwords.hash("correct horse"))
    assert extract_parameters(checked[0]) == real


async def test_stronger_settings_show_in_old_hashes(tmp_path: Path, passwords: Passwords) -> None:
    kept = await passwords.hash("correct horse")
    assert not passwords.is_outdated(kept)
    assert Passwords(worlds.test_settings(tmp_path, argon2_time_cost=2)).is_outdated(kept)
    assert passwords.is_outdated("x")


@pytest.mark.parametrize("password", ["", "short", "x" * 129])
def test_length_is_all_that_is_asked(password: str) -> None:
    with pytest.raises(InvalidFields):
        check_password(password)
    check_password("12345678")
