"""SQL of event clusters."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Final

import msgspec

from rostra.kit.db import Reader, Tx, as_records

# A cluster for each pair of place and day.
_CLUSTER: Final = """
with named as (
  select place, day from unnest($1::text[], $2::date[]) as n(place, day)),
cluster as (
  insert into event_clusters (id, place, day, first_at, last_at)
  select make_id($3), n.place, n.day, $3, $3 from named n order by n.place, n.day
  on conflict (place, coalesce(day, '-infinity')) do update set last_at = greatest(event_clusters.last_at, $3)
  returning id)
"""

# The status is in each of them once.
JOIN: Final = f"""{_CLUSTER}
insert into event_cluster_statuses (cluster_id, status_id, account_id, reach, weapons, targets, imperative, risk, at)
select c.id, $4, $5, coalesce((select st.followers_count from account_stats st where st.account_id = $5), 0),
  $6, $7, $8, $9, $3 from cluster c
on conflict (cluster_id, status_id) do update set weapons = excluded.weapons, targets = excluded.targets,
  imperative = excluded.imperative, risk = excluded.risk
"""

# So is whoever's draft was refused, however often they try.
REFUSE: Final = f"""{_CLUSTER}
insert into event_cluster_refusals as r (cluster_id, account_id, weapons, targets, imperative, risk, first_at, last_at)
select c.id, $4, $5, $6, $7, $8, $3, $3 from cluster c
on conflict (cluster_id, account_id) do update set drafts = r.drafts + 1, last_at = greatest(r.last_at, $3),
  imperative = r.imperative or excluded.imperative, risk = greatest(r.risk, excluded.risk),
  weapons = array(select distinct w from unnest(r.weapons || excluded.weapons) w order by w limit 10),
  targets = array(select distinct w from unnest(r.targets || excluded.targets) w order by w limit 10)
"""

FORGET_REFUSALS: Final = "delete from event_cluster_refusals where last_at < $1"

LEAVE: Final = "delete from event_cluster_statuses where status_id = $1"

# $1 now, $2 today, $3 since when a cluster must have grown. Nothing that is over, and nothing that one person alone
# speaks of without a weapon or a call; and no kind of place ($5) all of whose posts name a town besides,
# for the squares of two towns are two. At most the five hundred that grew last are looked at.
CLUSTERS: Final = """
select c.id, c.place, c.day, c.first_at, c.last_at, s.statuses, s.authors, s.reach, s.latest, s.earlier, s.weapons,
  s.targets, s.imperatives, s.risk, s.refused, s.refused_authors
from (
  select * from event_clusters where last_at > $3 and (day is null or day >= $2) order by last_at desc limit 500) c
cross join lateral (
  with part as materialized (
    select status_id, account_id, reach, 0 as drafts, weapons, targets, imperative, risk, at
    from event_cluster_statuses where cluster_id = c.id
    union all
    select null, account_id, 0, drafts, weapons, targets, imperative, risk, last_at
    from event_cluster_refusals where cluster_id = c.id)
  select count(x.status_id) as statuses, count(distinct x.account_id) as authors,
    coalesce(sum(x.reach), 0)::bigint as reach,
    count(x.status_id) filter (where x.at > $1::timestamptz - interval '24 hours') as latest,
    count(x.status_id) filter (where x.at <= $1::timestamptz - interval '24 hours'
      and x.at > $1::timestamptz - interval '48 hours') as earlier,
    count(*) filter (where x.imperative) as imperatives,
    coalesce(max(x.risk), 0) as risk,
    coalesce(sum(x.drafts), 0)::bigint as refused,
    count(*) filter (where x.drafts > 0) as refused_authors,
    array(select distinct w from part y, unnest(y.weapons) w order by w limit 10) as weapons,
    array(select distinct w from part y, unnest(y.targets) w order by w limit 10) as targets
  from part x) s
where (s.authors > 1 or cardinality(s.weapons) > 0 or s.imperatives > 0)
  and (c.place <> all($5::text[]) or exists (
    select from event_cluster_statuses x where x.cluster_id = c.id and not exists (
      select from event_cluster_statuses y join event_clusters t on t.id = y.cluster_id
      where y.status_id = x.status_id and t.day is not distinct from c.day and t.place <> '' and t.place <> all($5)))
    or exists (
    select from event_cluster_refusals x where x.cluster_id = c.id and not exists (
      select from event_cluster_refusals y join event_clusters t on t.id = y.cluster_id
      where y.account_id = x.account_id and t.day is not distinct from c.day and t.place <> '' and t.place <> all($5))))
order by s.risk * ln(1 + s.authors) * (1 + cardinality(s.weapons)) desc, s.authors desc, c.id desc limit $4
"""

REFUSALS: Final = """
select r.drafts, r.weapons, r.imperative, r.risk, r.first_at, r.last_at, a.username
from event_cluster_refusals r join accounts a on a.id = r.account_id
where r.cluster_id = $1 order by r.last_at desc, r.account_id desc limit $2
"""

STATUSES: Final = """
select x.status_id, x.at, x.reach, x.weapons, x.imperative, x.risk, s.withheld is not null as is_withheld,
  case when s.visibility in ('public', 'unlisted') or s.withheld is not null then s.text end as text,
  a.username, a.domain
from event_cluster_statuses x join statuses s on s.id = x.status_id join accounts a on a.id = s.account_id
where x.cluster_id = $1 and x.status_id < $2 order by x.status_id desc limit $3
"""

CLUSTER: Final = "select id, place, day, first_at, last_at from event_clusters where id = $1"


class Cluster(msgspec.Struct, frozen=True, kw_only=True):
    """Posts about one place, day or both. `latest` and `earlier` count those of the last 24 hours and of the 24 before;
    `risk` is the highest of the posts' and drafts'. `authors` are all who wrote of it, also those `refused_authors` of
    them whose drafts were refused; `refused` is how many drafts."""

    id: int
    place: str
    day: date | None
    first_at: datetime
    last_at: datetime
    statuses: int
    authors: int
    reach: int
    latest: int
    earlier: int
    weapons: list[str]
    targets: list[str]
    imperatives: int
    risk: float
    refused: int
    refused_authors: int


class ClusterHead(msgspec.Struct, frozen=True, kw_only=True):
    """What a cluster is about."""

    id: int
    place: str
    day: date | None
    first_at: datetime
    last_at: datetime


class ClusterStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A post of a cluster. `text` is None where it is not for everybody, and was not held: a rendezvous of friends is
    theirs."""

    status_id: int
    at: datetime
    reach: int
    weapons: list[str]
    imperative: bool
    risk: float
    text: str | None
    is_withheld: bool
    username: str
    domain: str | None


class ClusterRefusal(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whose drafts were refused that belong to a cluster: how many, and what was found in them."""

    username: str
    drafts: int
    weapons: list[str]
    imperative: bool
    risk: float
    first_at: datetime
    last_at: datetime


async def join(
    tx: Tx,
    named: Sequence[tuple[str, date | None]],
    *,
    status_id: int,
    account_id: int,
    weapons: Sequence[str],
    targets: Sequence[str],
    imperative: bool,
    risk: float,
    at: datetime,
) -> None:
    """Put a status into the clusters of these pairs of place and day."""
    await tx.execute(
        JOIN, [place for place, _ in named], [day for _, day in named], at, status_id, account_id, list(weapons),
        list(targets), imperative, risk,
    )  # fmt: skip


async def refuse(
    tx: Tx,
    named: Sequence[tuple[str, date | None]],
    *,
    account_id: int,
    weapons: Sequence[str],
    targets: Sequence[str],
    imperative: bool,
    risk: float,
    at: datetime,
) -> None:
    """Count a draft of somebody's that was refused in the clusters of these pairs of place and day."""
    await tx.execute(
        REFUSE, [place for place, _ in named], [day for _, day in named], at, account_id, list(weapons), list(targets),
        imperative, risk,
    )  # fmt: skip


async def forget_refusals(tx: Tx, before: datetime) -> None:
    """Forget whose drafts were refused, the last of them before then."""
    await tx.execute(FORGET_REFUSALS, before)


async def list_refusals(conn: Reader, cluster_id: int, limit: int) -> list[ClusterRefusal]:
    """Whose drafts were refused that belong to a cluster, the latest first."""
    return as_records(ClusterRefusal, await conn.fetch(REFUSALS, cluster_id, limit))


async def leave(tx: Tx, status_id: int) -> None:
    """Take a status out of all clusters: it says something else now."""
    await tx.execute(LEAVE, status_id)


async def list_clusters(
    conn: Reader, at: datetime, since: datetime, limit: int, kinds_of_places: Collection[str]
) -> list[Cluster]:
    """The clusters that grew since then, the most dangerous first."""
    return as_records(Cluster, await conn.fetch(CLUSTERS, at, at.date(), since, limit, sorted(kinds_of_places)))


async def find_cluster(conn: Reader, cluster_id: int) -> ClusterHead | None:
    """What a cluster is about."""
    rows = as_records(ClusterHead, await conn.fetch(CLUSTER, cluster_id))
    return rows[0] if rows else None


async def list_statuses(conn: Reader, cluster_id: int, before: int, limit: int) -> list[ClusterStatus]:
    """The posts of a cluster, the newest first."""
    return as_records(ClusterStatus, await conn.fetch(STATUSES, cluster_id, before, limit))
