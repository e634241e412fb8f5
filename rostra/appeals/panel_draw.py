"""Putting an appeal before a panel: what its jurors see, who is drawn, who stands in for whom.

Jurors see words and no pictures, and nothing of which exposure is above 1; nobody is named. The seed of each draw, and
a hash of those who could have been drawn, are in the ledger, so that an auditor can draw again.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from rostra.accounts.permissions import check_may, roles_with
from rostra.appeals import juror_queries, panel_queries, queries
from rostra.appeals.panel_queries import PanelRow
from rostra.appeals.records import AppealRow
from rostra.appeals.tell import write_summons
from rostra.appeals.viewpoints import SIZE, Drawn, draw, fingerprint
from rostra.dsa.personal import without_personal
from rostra.kit.db import Tx
from rostra.kit.errors import Conflict, Forbidden, NotFound, Refused
from rostra.ledger.append import Entry, append
from rostra.moderation.cases.evidence import Snapshot, find_snapshots
from rostra.moderation.decisions import action_queries, decision_queries
from rostra.moderation.desk import Desk, Reviewer
from rostra.moderation.records import DecisionRow
from rostra.policy.records import Clause

# How long a juror has, and how long the whole takes at most.
JUROR_HAS: Final = timedelta(days=2)
PANEL_HAS: Final = timedelta(days=6)
_MOST_EXPOSURE: Final = 1


async def send_to_panel(desk: Desk, reviewer: Reviewer, appeal_id: int) -> int:
    """Draw a panel for an appeal; its id.

    Raises NotFound; Forbidden for who had a part in it; Conflict where it is decided, was before a panel, or somebody
    else looks at it; Refused("jurors") where there are too few, Refused("content") where it is not for jurors.
    """
    check_may(reviewer.role, "decide")
    at = desk.clock.now()
    current = await desk.policies.current(desk.db)
    async with desk.db.transaction() as tx:
        appeal = await queries.lock_appeal(tx, appeal_id)
        decision = await decision_queries.find_decision(tx, appeal.decision_id) if appeal else None
        if appeal is None or decision is None:
            raise NotFound
        if appeal.state != "filed" or await panel_queries.find_panel_of(tx, appeal_id) is not None:
            raise Conflict("This appeal is decided, or a panel has looked at it")
        if appeal.assigned_to not in (None, reviewer.account_id) and appeal.lease_until and appeal.lease_until > at:
            raise Conflict("Somebody else is looking at this appeal")
        if await queries.took_part(tx, decision.id, reviewer.account_id):
            raise Forbidden("Somebody who had no part in this has to look at it")
        clause = current.clauses.get(decision.clause)
        panel_id = await _draw(tx, desk, appeal, decision, clause, None, reviewer.account_id, at)
        await queries.send_to_panel(tx, appeal_id)
    return panel_id


async def ask_known(desk: Desk, reviewer: Reviewer, appeal_id: int) -> int:
    """Put an appeal that staff have decided before jurors who do not know it, to see how often they are right; the
    panel's id. It changes nothing else. Raises as `send_to_panel`, Conflict where it is not decided yes or no."""
    check_may(reviewer.role, "measure")
    at = desk.clock.now()
    current = await desk.policies.current(desk.db)
    async with desk.db.transaction() as tx:
        appeal = await queries.lock_appeal(tx, appeal_id)
        decision = await decision_queries.find_decision(tx, appeal.decision_id) if appeal else None
        if appeal is None or decision is None:
            raise NotFound
        if appeal.state not in ("upheld", "overturned") or appeal.decided_by is None:
            raise Conflict("Only what a person has upheld or overturned is a question with an answer")
        truth = "uphold" if appeal.state == "upheld" else "overturn"
        clause = current.clauses.get(decision.clause)
        return await _draw(tx, desk, appeal, decision, clause, truth, reviewer.account_id, at)


async def _draw(
    tx: Tx,
    desk: Desk,
    appeal: AppealRow,
    decision: DecisionRow,
    clause: Clause | None,
    truth: Literal["uphold", "overturn"] | None,
    actor_id: int,
    at: datetime,
) -> int:
    found = await find_snapshots(tx, [decision.snapshot_id] if decision.snapshot_id else [])
    seen = found.get(decision.snapshot_id or 0)
    if not await _is_for_jurors(tx, decision, seen):
        raise Refused("content")
    assert seen is not None
    candidates = await juror_queries.list_candidates(tx, decision.id, appeal.id, roles_with("panel"))
    seed = secrets.token_hex(16)
    order = draw(candidates, seed)
    if len(order) < SIZE or len({one.side for one in order[:SIZE]}) < 2:
        raise Refused("jurors")
    names = await panel_queries.list_names(tx, decision.id, appeal.id)
    question = make_question(
        appeal, decision, seen, clause, names, [a.kind for a in await action_queries.list_actions(tx, [decision.id])]
    )
    panel_id = await panel_queries.insert_panel(
        tx, (None if truth else appeal.id, decision.id, truth, question, seed, at, at + PANEL_HAS)
    )
    await summon(tx, desk, panel_id, order[:SIZE], at)
    details: dict[str, Any] = {
        "appeal": str(appeal.id),
        "seed": seed,
        "size": SIZE,
        "candidates": len(candidates),
        "candidates_sha256": fingerprint(candidates),
        "known": truth is not None,
    }
    entry = Entry(
        type="panel_drawn", subject_kind="panel", subject_id=panel_id, account_id=decision.account_id,
        actor_id=actor_id, policy=decision.policy, clause=decision.clause, details=details,
    )  # fmt: skip
    await append(tx, at, entry)
    return panel_id


async def _is_for_jurors(tx: Tx, decision: DecisionRow, seen: Snapshot | None) -> bool:
    """Whether it is a post of words, and of none that are harsh to look at."""
    if decision.subject_kind != "status" or seen is None or seen.content.get("media"):
        return False
    return await panel_queries.find_exposure(tx, decision.id) <= _MOST_EXPOSURE


async def summon(tx: Tx, desk: Desk, panel_id: int, drawn: Sequence[Drawn], at: datetime) -> None:
    """Ask these jurors, by letter as well."""
    await panel_queries.insert_members(tx, panel_id, drawn, at, at + JUROR_HAS)
    for to in await juror_queries.list_summoned(tx, [one.juror_id for one in drawn]):
        await desk.emit(tx, write_summons(to.email, to.name, to.locale, desk.urls, panel_id))


async def substitute(tx: Tx, desk: Desk, panel: PanelRow, at: datetime) -> int:
    """Ask somebody else for each who has declined or not answered, out of the same group where there is anybody; how
    many that are."""
    members = await panel_queries.list_members(tx, panel.id)
    missing = SIZE - sum(member.state in ("asked", "voted") for member in members)
    if missing <= 0:
        return 0
    were = {member.juror_id for member in members}
    candidates = await juror_queries.list_candidates(tx, panel.decision_id, panel.appeal_id, roles_with("panel"))
    order = [one for one in draw(candidates, panel.seed) if one.juror_id not in were]
    standing = [member.side for member in members if member.state in ("asked", "voted")]
    chosen: list[Drawn] = []
    for _ in range(missing):
        sides = [*standing, *(one.side for one in chosen)]
        fewer = 0 if sides.count(0) <= sides.count(1) else 1
        rest = [one for one in order if one not in chosen]
        pick = next((one for one in rest if one.side == fewer), rest[0] if rest else None)
        if pick is None:
            break
        chosen.append(pick)
    if chosen:
        await summon(tx, desk, panel.id, chosen, at)
        entry = Entry(
            type="panel_substituted", subject_kind="panel", subject_id=panel.id, details={"jurors": len(chosen)}
        )
        await append(tx, at, entry)
    return len(chosen)


def make_question(
    appeal: AppealRow,
    decision: DecisionRow,
    seen: Snapshot,
    clause: Clause | None,
    names: Sequence[str],
    acts: Sequence[str],
) -> dict[str, Any]:
    """What jurors see: {text, spoiler_text, context ([{who, text}]), language, clause_id, clause and clause_text (by
    language), side, outcome, acts, facts, appeal, evidence}. People are letters, what points to them is taken out."""
    content = seen.content
    above: list[dict[str, Any]] = content.get("context") or []
    known = [*names, *(str(content.get(key) or "") for key in ("acct", "display_name"))]
    known += [part for one in above for part in (str(one["acct"]), str(one["acct"]).partition("@")[0])]
    letters: dict[str, str] = {str(content.get("acct")): "*"}
    for one in above:
        letters.setdefault(str(one["acct"]), chr(ord("A") + len(letters) - 1))

    def clean(text: object) -> str:
        return without_personal(str(text or ""), known)

    return {
        "text": clean(content.get("text")),
        "spoiler_text": clean(content.get("spoiler_text")),
        "context": [{"who": letters[str(one["acct"])], "text": clean(one.get("text"))} for one in above],
        "language": content.get("language"),
        "clause_id": decision.clause,
        "clause": dict(clause.title) if clause else {},
        "clause_text": dict(clause.text) if clause else {},
        "side": appeal.side,
        "outcome": decision.outcome,
        "acts": list(acts),
        "facts": clean(decision.facts),
        "appeal": clean(appeal.text),
        "evidence": clean(appeal.evidence),
    }
