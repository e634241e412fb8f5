"""Scopes of the client API. A wide scope implies its narrow ones: `read` satisfies `read:statuses`."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from rostra.oauth.errors import OAuthError

_READ = (
    "accounts", "blocks", "bookmarks", "favourites", "filters", "follows", "lists", "mutes", "notifications", "search",
    "statuses",
)  # fmt: skip
_WRITE = (
    "accounts", "blocks", "bookmarks", "conversations", "favourites", "filters", "follows", "lists", "media", "mutes",
    "notifications", "reports", "statuses",
)  # fmt: skip
_ADMIN = ("accounts", "reports", "domain_allows", "domain_blocks", "ip_blocks", "email_domain_blocks",
          "canonical_email_blocks")  # fmt: skip

ALL_SCOPES: Final = (
    "profile", "read", *(f"read:{name}" for name in _READ), "write", *(f"write:{name}" for name in _WRITE), "follow",
    "push", "admin:read", *(f"admin:read:{name}" for name in _ADMIN), "admin:write",
    *(f"admin:write:{name}" for name in _ADMIN),
)  # fmt: skip

# The deprecated union of reading and writing what people are to each other.
_FOLLOW: Final = frozenset(f"{verb}:{name}" for verb in ("read", "write") for name in ("follows", "blocks", "mutes"))


def satisfies(granted: Collection[str], wanted: str) -> bool:
    """Whether a token with the scopes `granted` may do what needs `wanted`."""
    if wanted in granted or (wanted in _FOLLOW and "follow" in granted):
        return True
    wide, _, narrow = wanted.rpartition(":")
    return bool(narrow) and bool(wide) and wide in granted


def is_subset(asked: Collection[str], allowed: Collection[str]) -> bool:
    """Whether every scope of `asked` is within `allowed`."""
    return all(satisfies(allowed, scope) for scope in asked)


def parse_scopes(text: str) -> list[str]:
    """The scopes in a parameter, which separates them by spaces; each once, in their order."""
    return list(dict.fromkeys(text.split()))


def choose_scopes(asked: str, allowed: Collection[str]) -> list[str]:
    """The scopes of a grant to an app that is registered for `allowed`: `read` unless it asks for others.

    Raises OAuthError invalid_scope where it asks for more than it is registered for.
    """
    scopes = parse_scopes(asked) or (["read"] if "read" in allowed else list(allowed))
    if any(scope not in ALL_SCOPES for scope in scopes) or not is_subset(scopes, allowed):
        raise OAuthError("invalid_scope", "The scope is unknown, or more than the app is registered for.")
    return scopes
