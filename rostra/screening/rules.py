"""How the rules of the active policy fare: their hits of today, and which are paused."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.errors import NotFound
from rostra.ledger.append import Entry, append
from rostra.policy.parse import parse_bundle
from rostra.policy.records import Bundle
from rostra.screening import policy_queries
from rostra.screening.policy_queries import Files


class RuleState(msgspec.Struct, frozen=True, kw_only=True):
    """A rule and its day. `paused` says why it goes on as a shadow: daily_cap, band or person."""

    rule: str
    clause: str
    mode: str
    live: int
    shadow: int
    judged: int
    paused: str | None


async def rule_states(db: Database, clock: Clock) -> list[RuleState]:
    """The rules of the active policy, in the order of the bundle. Empty where none was ever active."""
    at = clock.now()
    async with db.read() as conn:
        state = await policy_queries.read_state(conn, at)
        files = None if state.version_id is None else await policy_queries.find_files(conn, state.version_id)
        if files is None:
            return []
        hits = {
            row.rule: row for row in await policy_queries.list_hits(conn, files.version, at.date() - timedelta(days=1))
        }
        paused = {row.rule: row.reason for row in await policy_queries.list_paused(conn, at)}
    judged = hits[""].live if "" in hits else 0
    return [
        RuleState(
            rule=rule.id,
            clause=rule.clause,
            mode=rule.mode,
            live=hits[rule.id].live if rule.id in hits else 0,
            shadow=hits[rule.id].shadow if rule.id in hits else 0,
            judged=judged,
            paused=paused.get(rule.id),
        )
        for rule in _bundle(files).rules
    ]


async def resume_rule(db: Database, clock: Clock, rule: str, *, actor_id: int | None) -> None:
    """Have a paused rule count again. Raises NotFound where it is not paused."""
    at = clock.now()
    async with db.transaction() as tx:
        state = await policy_queries.read_state(tx, at)
        if not await policy_queries.resume_rule(tx, rule):
            raise NotFound(f"no rule called {rule} is paused")
        entry = Entry(
            type="rule_resumed",
            subject_kind="rule",
            subject_id=0,
            actor_id=actor_id,
            policy=state.version or "",
            details={"rule": rule},
        )
        await append(tx, at, entry)


def _bundle(files: Files) -> Bundle:
    return parse_bundle({name: text.encode() for name, text in files.files.items()}).bundle
