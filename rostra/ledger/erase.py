"""Taking a person out of the ledger. The leaves stay, and with them every proof; what leads from there to the person
goes.

Of each event that names the person the hash is kept that stands in its leaf, then the columns are emptied (the database
lets exactly that happen, once the hash is kept), and in the end the person's salt is deleted. That it was done, and for
how many events, is an event itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import structlog

from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.ledger import queries
from rostra.ledger.append import Entry, append
from rostra.ledger.leaf import Event, about_of, by_of
from rostra.ledger.seal import salted

log = structlog.get_logger()

# The transaction holds up the sequencer, and nobody else.
_BATCH: Final = 500


async def erase_account(tx: Tx, at: datetime, account_id: int) -> bool:
    """Take an account out of some of the events that name it; whether there may be more. The last piece forgets its
    salt. Can be repeated, also for an account of which new events have come since."""
    await queries.lock(tx)
    found = await queries.list_events_of(tx, account_id, _BATCH)
    if found:
        await _erase(tx, at, account_id, await salted(tx, found))
    if len(found) == _BATCH:
        return True
    await queries.delete_salt(tx, account_id)
    return False


async def erase_departed(db: Database, clock: Clock) -> int:
    """Erase everybody who is named in the ledger and whose account is gone: of those who left, what was decided about
    them afterwards. How many they were; for a periodic job."""
    erased = 0
    while True:
        async with db.read() as conn:
            departed = await queries.list_departed(conn, _BATCH)
        for account_id in departed:
            more = True
            while more:
                async with db.transaction() as tx:
                    more = await erase_account(tx, clock.now(), account_id)
        erased += len(departed)
        if len(departed) < _BATCH:
            return erased


async def _erase(tx: Tx, at: datetime, account_id: int, events: Sequence[Event]) -> None:
    about = [event for event in events if _is_about(event, account_id)]
    by = [event for event in events if event.actor_id == account_id]
    kept = [(event.id, "about", about_of(event)) for event in about]
    kept += [(event.id, "by", commitment) for event in by if (commitment := by_of(event)) is not None]
    await queries.keep_commitments(tx, kept, at)
    if about:
        await queries.empty_about(tx, [event.id for event in about])
    if by:
        await queries.empty_by(tx, [event.id for event in by])
    details = {"events": len(events)}
    await append(tx, at, Entry(type="erased", subject_kind="account", subject_id=0, details=details))
    log.info("a person was taken out of the ledger", events=len(events))


def _is_about(event: Event, account_id: int) -> bool:
    return event.account_id == account_id or (event.subject_kind == "account" and event.subject_id == account_id)
