"""Event clusters: posts that speak of the same place and day gather around it, so that a call to be somewhere armed is
seen as one thing, with its growth and the days that are left, and not as many single posts.

A post joins when it is written, in the same transaction. Most posts name neither and cost nothing. Of a draft that is
refused it is counted whose it was, for whoever organises something and is refused is part of it: for ninety days, and
nothing of what it said.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final

from rostra.detect.naming.gazetteer import kinds_of_places
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.kit.errors import NotFound
from rostra.kit.ids import MAX_ID
from rostra.policy.facts import EventFacts
from rostra.screening import cluster_queries
from rostra.screening.cluster_queries import Cluster, ClusterHead, ClusterRefusal, ClusterStatus

_MOST_PAIRS: Final = 4
_SHOWN: Final = 100
_PAGE: Final = 40
_GREW_WITHIN: Final = timedelta(days=30)
_KEPT_FOR: Final = timedelta(days=90)


def clusters_of(event: EventFacts) -> list[tuple[str, date | None]]:
    """The pairs of place and day by which a post belongs to clusters; empty for nearly all posts.

    Both named is enough. Of one alone there must be a weapon or a call upon others as well: people speak of towns and
    of next Friday all the time.
    """
    if event.places and event.dates:
        return list(_pairs(event))[:_MOST_PAIRS]
    if not (event.weapons or event.imperative):
        return []
    alone: list[tuple[str, date | None]] = [(place, None) for place in event.places]
    alone += [("", day) for day in _days(event)]
    return alone[:_MOST_PAIRS]


async def gather_status(
    tx: Tx, event: EventFacts, risk: float, at: datetime, *, status_id: int, account_id: int, is_edit: bool
) -> None:
    """Have a status that is being written join its clusters, and leave those of what it said before."""
    if is_edit:
        await cluster_queries.leave(tx, status_id)
    if named := clusters_of(event):
        await cluster_queries.join(
            tx,
            named,
            status_id=status_id,
            account_id=account_id,
            weapons=event.weapons,
            targets=event.targets,
            imperative=event.imperative,
            risk=risk,
            at=at,
        )


async def gather_refused(tx: Tx, event: EventFacts, risk: float, at: datetime, *, account_id: int) -> None:
    """Count a draft that was refused in its clusters."""
    if named := clusters_of(event):
        await cluster_queries.refuse(
            tx,
            named,
            account_id=account_id,
            weapons=event.weapons,
            targets=event.targets,
            imperative=event.imperative,
            risk=risk,
            at=at,
        )


async def forget_refusals(db: Database, clock: Clock) -> None:
    """Forget whose drafts were refused, after ninety days."""
    async with db.transaction() as tx:
        await cluster_queries.forget_refusals(tx, clock.now() - _KEPT_FOR)


async def list_clusters(db: Database, clock: Clock, limit: int = _SHOWN) -> list[Cluster]:
    """What is still to come or has no day, the most dangerous first."""
    at = clock.now()
    async with db.read() as conn:
        return await cluster_queries.list_clusters(conn, at, at - _GREW_WITHIN, limit, kinds_of_places())


async def list_refusals(db: Database, cluster_id: int) -> list[ClusterRefusal]:
    """Whose drafts were refused that belong to a cluster, the latest first."""
    async with db.read() as conn:
        return await cluster_queries.list_refusals(conn, cluster_id, _SHOWN)


async def get_cluster(db: Database, cluster_id: int, before: int = MAX_ID) -> tuple[ClusterHead, list[ClusterStatus]]:
    """A cluster with a page of its posts, the newest first. Raises NotFound."""
    async with db.read() as conn:
        head = await cluster_queries.find_cluster(conn, cluster_id)
        if head is None:
            raise NotFound
        return head, await cluster_queries.list_statuses(conn, cluster_id, before, _PAGE)


def _days(event: EventFacts) -> Iterator[date]:
    return (date.fromisoformat(day) for day in event.dates)


def _pairs(event: EventFacts) -> Iterator[tuple[str, date | None]]:
    return ((place, day) for day in _days(event) for place in event.places)
