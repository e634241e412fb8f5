"""What can be wrong with something, for those who report it: the clauses of the policy, by their first part."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from rostra.moderation.records import Category
from rostra.policy.records import Clause
from rostra.screening.judgement import say

# What people look for most comes first; what the policy has beside these, after them.
_ORDER: Final = (
    "spam", "fraud", "harassment", "hate", "violence", "sexual", "privacy", "minors", "selfharm", "goods", "rights",
    "terror", "integrity",
)  # fmt: skip
# About the server's own checks: nothing that anybody could report.
_OURS: Final = frozenset({"integrity.unchecked"})


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Clauses with the same first part, as (id, title)."""

    id: str
    clauses: tuple[tuple[str, str], ...]


def groups_of(clauses: Iterable[Clause], language: str) -> list[Group]:
    """The clauses that people can report by, grouped, in the reader's language."""
    found: dict[str, list[tuple[str, str]]] = {}
    for clause in clauses:
        if not clause.retired and clause.id not in _OURS:
            found.setdefault(clause.id.partition(".")[0], []).append((clause.id, say(clause.title, language)))
    places = {first: place for place, first in enumerate(_ORDER)}
    order = sorted(found, key=lambda first: places.get(first, len(places)))
    return [Group(id=first, clauses=tuple(found[first])) for first in order]


def category_of(clause: Clause | None) -> Category:
    """The coarse category that apps know."""
    if clause is None:
        return "other"
    if clause.id.startswith("spam."):
        return "spam"
    return "legal" if clause.ground == "law" else "violation"
