"""What a scope covers."""

from __future__ import annotations

import pytest

from rostra.oauth.errors import OAuthError
from rostra.oauth.scopes import choose_scopes, satisfies


@pytest.mark.parametrize(
    ("granted", "wanted", "enough"),
    [
        ("read", "read:statuses", True),
        ("read:statuses", "read:statuses", True),
        ("read:statuses", "read", False),
        ("read:statuses", "read:accounts", False),
        ("read", "write:statuses", False),
        ("follow", "read:follows", True),
        ("follow", "write:mutes", True),
        ("follow", "write:statuses", False),
        ("admin:read", "admin:read:accounts", True),
        ("read", "admin:read:accounts", False),
        ("read", "profile", False),
    ],
)
def test_a_wide_scope_covers_its_narrow_ones(granted: str, wanted: str, enough: bool) -> None:
    assert satisfies({granted}, wanted) is enough


def test_without_a_wish_an_app_gets_to_read() -> None:
    assert choose_scopes("", ["read", "write"]) == ["read"]
    assert choose_scopes("", ["profile"]) == ["profile"]


@pytest.mark.parametrize("asked", ["write", "read nonsense", "read:nonsense", "push"])
def test_an_app_gets_no_more_than_it_registered_for(asked: str) -> None:
    with pytest.raises(OAuthError, match="invalid_scope"):
        choose_scopes(asked, ["read"])
