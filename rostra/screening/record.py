"""Writing a verdict down, in the transaction that publishes: the event, the text's signature, and what follows.

Those of a new status are written by the statement that writes the status; here is what they are made of. Texts are not
kept, only what was found in them; a rejected draft leaves an event, and counts where people gather around something.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from rostra.kit.db import Tx
from rostra.ledger.append import Entry, append
from rostra.screening import record_queries
from rostra.screening.cases import CaseKind, CaseSource, NewCase, open_case
from rostra.screening.clusters import clusters_of, gather_refused, gather_status
from rostra.screening.judgement import Judgement
from rostra.screening.near_queries import insert_signature

# Figures below this say nothing and are not kept.
LEAST: Final = 0.02


def status_entry(judgement: Judgement, status_id: int, account_id: int, revision: int = 0) -> Entry:
    """The event that keeps the verdict on a status."""
    return _entry(judgement, "status", status_id, account_id, revision)


async def record_edit(
    tx: Tx, judgement: Judgement, at: datetime, *, status_id: int, account_id: int, revision: int
) -> None:
    """Keep the verdict on what a status becomes, in place of all that followed from the one before."""
    event_id = await append(tx, at, status_entry(judgement, status_id, account_id, revision))
    await insert_signature(tx, status_id, account_id, at, judgement.signature)
    was_fresh = await record_queries.supersede_hold(tx, status_id, at)
    await record_queries.take_rule_labels(tx, "status", status_id)
    await follow_verdict(
        tx,
        judgement,
        at,
        event_id,
        status_id=status_id,
        account_id=account_id,
        revision=revision,
        fresh=bool(was_fresh),
    )


def is_followed(judgement: Judgement) -> bool:
    """Whether `follow_verdict` has anything to write for a new status. Of nearly all posts nothing follows."""
    verdict = judgement.verdict
    shown = judgement.labels or judgement.sensitized
    return bool(verdict.action == "hold" or verdict.cases or shown or clusters_of(judgement.event))


async def follow_verdict(
    tx: Tx,
    judgement: Judgement,
    at: datetime,
    event_id: int,
    *,
    status_id: int,
    account_id: int,
    revision: int = 0,
    fresh: bool = True,
) -> None:
    """Write what follows from a verdict that the event keeps: its clusters, a hold, cases, labels."""
    await gather_status(
        tx, judgement.event, judgement.risk, at, status_id=status_id, account_id=account_id, is_edit=revision > 0
    )
    if judgement.verdict.action == "hold":
        await _hold(
            tx, judgement, at, event_id, status_id=status_id, account_id=account_id, revision=revision, fresh=fresh
        )
        await _open_case(tx, judgement, at, event_id, "status", status_id, account_id, judgement.verdict.clause, "hold")
    for clause in judgement.verdict.cases[:1]:
        await _open_case(tx, judgement, at, event_id, "status", status_id, account_id, clause, "rule")
    await _put_labels(tx, judgement, at, event_id, "status", status_id)
    if revision or judgement.labels or judgement.sensitized:
        await record_queries.show_labels(tx, "status", status_id)


async def record_account(tx: Tx, judgement: Judgement, at: datetime, account_id: int) -> int:
    """Keep the verdict on a profile, a name or a draft that was turned away; the event's id."""
    event_id = await append(tx, at, _entry(judgement, "account", account_id, account_id, 0))
    for clause in judgement.verdict.cases[:1]:
        await _open_case(tx, judgement, at, event_id, "account", account_id, account_id, clause, "rule")
    return event_id


async def record_refusal(tx: Tx, judgement: Judgement, at: datetime, account_id: int) -> None:
    """Keep the verdict on what was turned away; a draft counts in the events that it speaks of."""
    await record_account(tx, judgement, at, account_id)
    if judgement.subject.kind in ("post", "edit"):
        await gather_refused(tx, judgement.event, judgement.risk, at, account_id=account_id)


async def record_profile(tx: Tx, judgements: Sequence[Judgement], at: datetime, account_id: int) -> None:
    """Keep the verdicts on a profile that is written, and on its name, in place of what followed from those before."""
    if not judgements:
        return
    await record_queries.take_rule_labels(tx, "account", account_id)
    for judgement in judgements:
        event_id = await record_account(tx, judgement, at, account_id)
        await _put_labels(tx, judgement, at, event_id, "account", account_id)
    await record_queries.show_labels(tx, "account", account_id)


async def record_card(tx: Tx, judgement: Judgement, at: datetime, card_id: int) -> int:
    """Keep the verdict on the preview of a page; the event's id."""
    return await append(tx, at, _entry(judgement, "card", card_id, None, 0))


def _entry(judgement: Judgement, kind: Any, subject_id: int, account_id: int | None, revision: int) -> Entry:
    verdict = judgement.verdict
    details: dict[str, Any] = {"kind": judgement.subject.kind, "action": verdict.action, **judgement.facts}
    if verdict.action == "reject":
        details["sample"] = judgement.sample
    for name in ("rule", "labels", "hits", "shadow", "lifted", "failed", "shadow_failed"):
        if value := getattr(verdict, name):
            details[name] = value
    return Entry(
        type="verdict",
        subject_kind=kind,
        subject_id=subject_id,
        revision=revision,
        account_id=account_id,
        policy=verdict.policy,
        detectors=judgement.detectors,
        clause=verdict.clause,
        details=details,
    )


async def _hold(
    tx: Tx,
    judgement: Judgement,
    at: datetime,
    event_id: int,
    *,
    status_id: int,
    account_id: int,
    revision: int,
    fresh: bool,
) -> None:
    verdict = judgement.verdict
    await record_queries.insert_hold(
        tx,
        status_id=status_id,
        account_id=account_id,
        revision=revision,
        fresh=fresh,
        event_id=event_id,
        policy=verdict.policy,
        clause=verdict.clause,
        rule=verdict.rule,
        severity=judgement.severity,
        reason=judgement.reason,
        spans=[(mark.field, mark.start, mark.end, mark.name) for mark in judgement.marks],
        at=at,
        expires_at=at + judgement.hold.expires,
        expires_to=judgement.hold.then,
    )


async def _put_labels(tx: Tx, judgement: Judgement, at: datetime, event_id: int, kind: Any, subject_id: int) -> None:
    for label in judgement.labels:
        await record_queries.put_label(
            tx, kind, subject_id, label=label.id, title=label.title, covers=label.covers,
            source=f"rule:{label.rule or judgement.verdict.rule}", event_id=event_id, at=at, expires_at=None,
        )  # fmt: skip


async def _open_case(
    tx: Tx,
    judgement: Judgement,
    at: datetime,
    event_id: int,
    kind: CaseKind,
    subject_id: int,
    account_id: int,
    clause: str,
    source: CaseSource,
) -> None:
    verdict = judgement.verdict
    await open_case(
        tx,
        at,
        NewCase(
            kind=kind,
            subject_id=subject_id,
            account_id=account_id,
            source=source,
            clause=clause,
            rule=verdict.rule,
            policy=verdict.policy,
            severity=max(judgement.severity, 1),
            p=_probability(judgement),
            event_id=event_id,
        ),
    )


def _probability(judgement: Judgement) -> float:
    """That the policy is broken, as far as the detectors know: what no score speaks of is as likely as not."""
    scores: dict[str, float] = judgement.facts.get("scores") or {}
    return min(max([0.5, *scores.values()]), 0.99)
