"""Deciding as tests do it: by the post, with what its reviewer saw."""

from __future__ import annotations

from typing import Any

import asyncpg

from rostra.moderation.decisions.decide import decide_case, decide_subject
from rostra.moderation.desk import Reviewer
from rostra.moderation.records import Draft, Wish
from tests.world import Person, World

REMOVE = (Wish(kind="remove"),)


def reviewer(person: Person, role: Any = "moderator") -> Reviewer:
    return Reviewer(account_id=person.account_id, role=role)


async def open_cases(world: World, source: str = "") -> list[asyncpg.Record]:
    """The open cases, the most urgent first."""
    return await world.db.connection.fetch(
        "select * from cases where state <> 'closed' and ($1 = '' or source = $1) order by rank desc, id", source
    )


async def case_of(world: World, subject_id: int | str) -> asyncpg.Record:
    """The open case of a post or an account."""
    row = await world.db.connection.fetchrow(
        "select * from cases where subject_id = $1 and state <> 'closed'", int(subject_id)
    )
    assert row is not None, "no open case"
    return row


def drafted(outcome: str = "violates", *wishes: Wish, revision: int | None = 0, **more: Any) -> Draft:
    """A draft; what breaks the policy is removed where nothing else is asked for."""
    if outcome == "violates" and not wishes:
        wishes = REMOVE
    return Draft(**({"outcome": outcome, "wishes": wishes, "revision": revision} | more))


async def decide(world: World, status_id: int | str, draft: Draft, by: Person | None, role: Any = "moderator") -> int:
    """Decide a post's open case and let all that follows happen; the decision's id."""
    who = reviewer(by, role) if by else None
    made = await decide_case(world.res.desk, who, (await case_of(world, status_id))["id"], draft)
    await world.settle()
    return made


async def act(world: World, kind: Any, subject_id: int | str, draft: Draft, by: Person, role: Any = "moderator") -> int:
    """Decide without a report; the decision's id."""
    made = await decide_subject(world.res.desk, reviewer(by, role), kind, int(subject_id), draft)
    await world.settle()
    return made
