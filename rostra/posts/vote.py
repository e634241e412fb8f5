"""Opening a poll, voting in it, and its end. How it is shown is in `polls`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from rostra.events import Emit, PollClosed
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.kit.errors import Invalid, NotFound, Refused
from rostra.kit.jobs import Kind, enqueue
from rostra.posts import poll_queries
from rostra.posts.poll_queries import LockedPoll
from rostra.posts.records import PollDraft


class PollEnds(msgspec.Struct, frozen=True):
    """The payload of the job that waits for a poll's end."""

    poll_id: int


CLOSE_POLL: Final = Kind("posts.close_poll", PollEnds)


async def open_poll(tx: Tx, draft: PollDraft, *, status_id: int, account_id: int, at: datetime) -> None:
    """Attach a checked poll to a status, and have its end noticed."""
    expires_at = at + timedelta(seconds=draft.expires_in)
    await poll_queries.insert_poll(tx, draft, status_id=status_id, account_id=account_id, expires_at=expires_at, at=at)
    await _await_end(tx, status_id, expires_at)


async def change_poll(tx: Tx, poll: LockedPoll, draft: PollDraft, at: datetime) -> None:
    """Make a poll what a checked draft says; other options, or another number of choices, void the votes."""
    expires_at = at + timedelta(seconds=draft.expires_in)
    if resets_votes(poll, draft):
        await poll_queries.replace_options(tx, poll.id, draft.options, multiple=draft.multiple)
    await poll_queries.update_poll(tx, poll.id, hide_totals=draft.hide_totals, expires_at=expires_at)
    await _await_end(tx, poll.id, expires_at)


def resets_votes(poll: LockedPoll, draft: PollDraft) -> bool:
    """Whether `draft` asks another question than `poll`."""
    return (poll.options, poll.multiple) != (draft.options, draft.multiple)


async def vote(db: Database, clock: Clock, *, voter_id: int, poll_id: int, choices: Sequence[int]) -> None:
    """Cast the one vote that an account has in a poll that it may see (the caller has looked).

    `choices` are places of options, from 0. Raises Refused for one's own poll, after its end and for a second vote;
    Invalid for choices that the poll does not have; NotFound.
    """
    at = clock.now()
    chosen = sorted(set(choices))
    async with db.transaction() as tx:
        poll = await poll_queries.lock_poll(tx, poll_id)
        if poll is None:
            raise NotFound
        _check_vote(poll, voter_id, chosen, at)
        if not await poll_queries.insert_vote(tx, poll_id, voter_id, chosen, at):
            raise Refused("You have already voted on this poll")
        votes = [count + (place in chosen) for place, count in enumerate(poll.votes)]
        await poll_queries.count_votes(tx, poll_id, votes)


def _check_vote(poll: LockedPoll, voter_id: int, chosen: Sequence[int], at: datetime) -> None:
    if poll.account_id == voter_id:
        raise Refused("You cannot vote in your own poll")
    if poll.expires_at is not None and poll.expires_at <= at:
        raise Refused("The poll has already ended")
    if not chosen:
        raise Invalid("choices", "can't be blank", code="ERR_BLANK")
    if chosen[0] < 0 or chosen[-1] >= len(poll.options):
        raise Invalid("choices", "name an option that the poll does not have")
    if len(chosen) > 1 and not poll.multiple:
        raise Invalid("choices", "must be one option only")


async def close_poll(db: Database, clock: Clock, emit: Emit, poll_id: int) -> None:
    """Say that a poll has ended. One that an edit has prolonged meanwhile has another job for its new end."""
    async with db.transaction() as tx:
        poll = await poll_queries.lock_poll(tx, poll_id)
        if poll is None or poll.expires_at is None:
            return
        if poll.expires_at <= clock.now():
            await emit(tx, PollClosed(poll_id=poll_id))
        elif poll.expires_at <= clock.now() + _EARLY:
            # The database's clock, by which the queue goes, is ahead of ours.
            await _await_end(tx, poll_id, poll.expires_at + _EARLY)


_EARLY: Final = timedelta(seconds=30)


async def _await_end(tx: Tx, poll_id: int, expires_at: datetime) -> None:
    await enqueue(tx, [CLOSE_POLL.job(PollEnds(poll_id), run_at=expires_at)])
