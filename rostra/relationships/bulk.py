"""Follows, blocks and mutes of many pairs in one transaction, by the rules of `follow` and `block`, with as many
statements for a hundred pairs as for one.

For what is done in batches: imports, and the move of an account. The events are those of a batch, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from rostra.events import Emit, FollowedTogether, UnfollowedTogether
from rostra.kit.db import Tx
from rostra.relationships import bulk_queries
from rostra.relationships.bulk_queries import Pair, Standing, Wish

Outcome = Literal["followed", "requested", "changed", "self", "absent", "blocked", "moved"]
"""What became of a wish to follow; the last four say why nothing did."""


async def follow_all(
    tx: Tx, emit: Emit, wishes: Sequence[Wish], at: datetime, *, tells: bool = True
) -> dict[Pair, Outcome]:
    """Follow or ask to, each as `follow.follow` does; where that was done already, change the options. `tells` is
    whether those who are followed are notified. What became of each (account, target)."""
    wanted = {(wish.account_id, wish.target_id): wish for wish in wishes}
    if not wanted:
        return {}
    await bulk_queries.lock_all(tx, [account_id for pair in wanted for account_id in pair])
    standing = await bulk_queries.find_standing(tx, list(wanted))
    outcomes: dict[Pair, Outcome] = {(each.account_id, each.target_id): _outcome(each) for each in standing}
    by_outcome: dict[Outcome, list[Wish]] = {}
    for pair, outcome in outcomes.items():
        by_outcome.setdefault(outcome, []).append(wanted[pair])
    if changed := by_outcome.get("changed"):
        await bulk_queries.update_follows(tx, changed)
    if requested := by_outcome.get("requested"):
        await bulk_queries.insert_requests(tx, requested, at)
    if followed := by_outcome.get("followed"):
        await bulk_queries.insert_follows(tx, followed, at)
    if requested or followed:
        pairs, asked = _pairs(followed), _pairs(requested)
        await emit(tx, FollowedTogether(pairs=pairs, requested=asked, tells=tells))
    return outcomes


def _outcome(standing: Standing) -> Outcome:
    if standing.account_id == standing.target_id:
        return "self"
    if not standing.found or standing.suspended:
        return "absent"
    if standing.blocked_by or standing.blocking or standing.apart:
        return "blocked"
    if standing.following or standing.requested:
        return "changed"
    if standing.viewer_moved:
        return "moved"
    return "requested" if standing.locked or standing.viewer_silenced else "followed"


async def unfollow_all(tx: Tx, emit: Emit, pairs: Sequence[Pair], *, empties_homes: bool = True) -> None:
    """End follows and withdraw requests. `empties_homes`: what was seen of those who were followed leaves the home
    timelines."""
    if not pairs:
        return
    await bulk_queries.lock_all(tx, [account_id for pair in pairs for account_id in pair])
    await bulk_queries.delete_requests(tx, pairs)
    gone = await bulk_queries.delete_follows(tx, pairs)
    if gone and empties_homes:
        await emit(tx, UnfollowedTogether(pairs=gone))


async def block_all(tx: Tx, emit: Emit, pairs: Sequence[Pair], at: datetime) -> list[Pair]:
    """Block, each as `block.block` does. Oneself is passed over, and so are accounts that are not there; the others
    are returned."""
    if not pairs:
        return []
    await bulk_queries.lock_all(tx, [account_id for pair in pairs for account_id in pair])
    standing = await bulk_queries.find_standing(tx, pairs)
    there = [(each.account_id, each.target_id) for each in standing if each.found and each.account_id != each.target_id]
    new = await bulk_queries.insert_blocks(tx, there, at)
    if not new:
        return there
    both = [*new, *((target_id, account_id) for account_id, target_id in new)]
    await bulk_queries.delete_requests(tx, both)
    await bulk_queries.delete_follows(tx, both)
    # Said even where there was no follow: posts also arrive by hashtags.
    await emit(tx, UnfollowedTogether(pairs=both))
    await bulk_queries.forget_notices(tx, new)
    return there


async def unblock_all(tx: Tx, pairs: Sequence[Pair]) -> None:
    """Lift blocks; nothing that they ended comes back."""
    await bulk_queries.delete_blocks(tx, pairs)


async def mute_all(tx: Tx, mutes: Sequence[tuple[int, int, bool]], at: datetime) -> list[Pair]:
    """Mute without end, as (account, target, whether notifications are hidden too). Oneself is passed over, and so are
    accounts that are not there; the others are returned."""
    standing = await bulk_queries.find_standing(tx, [each[:2] for each in mutes])
    there = {(each.account_id, each.target_id) for each in standing if each.found and each.account_id != each.target_id}
    held = [each for each in mutes if each[:2] in there]
    await bulk_queries.upsert_mutes(tx, held, at)
    await bulk_queries.forget_notices(tx, [each[:2] for each in held if each[2]])
    return [each[:2] for each in held]


async def unmute_all(tx: Tx, pairs: Sequence[Pair]) -> None:
    """Lift mutes."""
    await bulk_queries.delete_mutes(tx, pairs)


async def block_domains(tx: Tx, emit: Emit, account_id: int, domains: Sequence[str], at: datetime) -> None:
    """Hide everybody on these servers (names in canonical form, not this server's), and end the follows between them
    and the account."""
    await bulk_queries.insert_domain_blocks(tx, account_id, domains, at)
    tied = await bulk_queries.find_tied_to_domains(tx, account_id, domains)
    await unfollow_all(tx, emit, [pair for other in tied for pair in ((account_id, other), (other, account_id))])
    if tied:
        await bulk_queries.forget_notices(tx, [(account_id, other) for other in tied])


async def unblock_domains(tx: Tx, account_id: int, domains: Sequence[str]) -> None:
    """Lift the blocks of these domains."""
    await bulk_queries.delete_domain_blocks(tx, account_id, domains)


def _pairs(wishes: Sequence[Wish] | None) -> list[Pair]:
    return [(wish.account_id, wish.target_id) for wish in wishes or ()]
