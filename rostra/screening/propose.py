"""What to look at next so that the model learns most: among recent posts that nothing was found in, two in three of
which the model is least sure, and one in three at random, without which nobody would know what it misses.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime
from random import Random
from typing import Final, Literal

import msgspec
import numpy as np

from rostra.detect.cascade import Cascade
from rostra.detect.fusion import chances
from rostra.detect.reading import CATEGORIES, Category
from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.errors import Conflict, Forbidden, Invalid, NotFound
from rostra.ledger.append import Entry, append
from rostra.screening import learn_queries
from rostra.screening.active import ActivePolicy, Current
from rostra.screening.detectors import load_detectors
from rostra.screening.learn import read_all
from rostra.screening.learn_queries import TextRow
from rostra.screening.lessons import LABELLED

_LOOKED_AT: Final = 1_000
_MOST: Final = 200


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A public post to look at, and why. `category` is the one of which the model is least sure."""

    status_id: int
    username: str
    domain: str | None
    text: str
    why: Literal["uncertain", "random"]
    category: Category
    chance: float


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A post that somebody is asked about, with the chance of each category, and what is to be asked after it."""

    row: TextRow
    chances: dict[Category, float]
    then: tuple[int, ...]


async def propose(
    db: Database, clock: Clock, policies: ActivePolicy, number: int, *, but_of: int | None = None
) -> list[Proposal]:
    """At most so many posts (and at most 200), none of one's own; the random ones are others every hour."""
    current = await policies.current(db)
    async with db.read() as conn:
        rows = await learn_queries.list_unflagged(conn, _LOOKED_AT)
    rows = [row for row in rows if row.account_id != but_of]
    if not rows or number < 1:
        return []
    cascade = (await asyncio.to_thread(load_detectors)).cascade
    return await asyncio.to_thread(_choose, cascade, current, rows, min(number, _MOST), clock.now())


async def ask(
    db: Database, policies: ActivePolicy, waiting: Sequence[int], *, actor_id: int, again: bool = False
) -> Question | None:
    """The first of these posts that is still there and that nobody has labelled meanwhile; None where none is left.

    The first of all comes `again` although it was labelled, for whoever wants to change what they said.
    """
    async with db.read() as conn:
        rows = await learn_queries.list_open_texts(conn, waiting, actor_id)
        said = await learn_queries.list_said(conn, waiting, actor_id)
    left = [each for place, each in enumerate(waiting) if each in rows and (each not in said or (again and not place))]
    if not left:
        return None
    current = await policies.current(db)
    cascade = (await asyncio.to_thread(load_detectors)).cascade
    row = rows[left[0]]
    judged = await asyncio.to_thread(read_all, cascade, [row])
    found = chances(judged.adjusted(cascade.suited(current.adjustment)))[0]
    return Question(row=row, chances=found, then=tuple(left[1:]))


async def find_said(db: Database, status_id: int, *, actor_id: int) -> list[str] | None:
    """Of which categories somebody found a post; None where theirs is not the last word."""
    async with db.read() as conn:
        found = (await learn_queries.list_said(conn, [status_id], actor_id)).get(status_id)
    return found.categories if found is not None and found.is_mine else None


async def label_status(
    db: Database,
    clock: Clock,
    status_id: int,
    categories: Collection[Category],
    *,
    actor_id: int,
    revision: int | None = None,
) -> None:
    """Write down of which categories a person finds a post, none where it is of none; nothing else follows from it.

    Raises NotFound, Forbidden for one's own post, Invalid for a category that is not known, and Conflict where it says
    something else by now than in the `revision` that the person has read.
    """
    if unknown := set(categories) - set(CATEGORIES):
        raise Invalid("categories", f"has {min(unknown)}, which is none of {', '.join(CATEGORIES)}")
    at = clock.now()
    async with db.transaction() as tx:
        status = await learn_queries.find_labelled(tx, status_id)
        if status is None:
            raise NotFound
        if status.account_id == actor_id:
            raise Forbidden("Somebody else has to look at your own post")
        if revision not in (None, status.revision):
            raise Conflict("The post was edited meanwhile")
        named = [category for category in CATEGORIES if category in categories]
        entry = Entry(
            type=LABELLED,
            subject_kind="status",
            subject_id=status.id,
            revision=status.revision,
            account_id=status.account_id,
            actor_id=actor_id,
            details={"categories": named},
        )
        await append(tx, at, entry)


def _choose(cascade: Cascade, current: Current, rows: Sequence[TextRow], number: int, at: datetime) -> list[Proposal]:
    judged = read_all(cascade, rows)
    adjustment = cascade.suited(current.adjustment)
    logits = judged.adjusted(adjustment)
    sure = np.abs(logits)
    uncertain = np.argsort(sure.min(axis=1), kind="stable")[: number - number // 3].tolist()
    left = [place for place in range(len(rows)) if place not in set(uncertain)]
    hour = at.replace(minute=0, second=0, microsecond=0)
    random = Random(int(hour.timestamp())).sample(left, min(number // 3, len(left)))  # noqa: S311 - no secret
    scores, least = chances(logits), sure.argmin(axis=1)

    def proposal(place: int, why: Literal["uncertain", "random"]) -> Proposal:
        row, category = rows[place], CATEGORIES[int(least[place])]
        return Proposal(
            status_id=row.id,
            username=row.username,
            domain=row.domain,
            text=row.whole,
            why=why,
            category=category,
            chance=scores[place][category],
        )

    return [proposal(place, "uncertain") for place in uncertain] + [proposal(place, "random") for place in random]
