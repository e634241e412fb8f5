"""Telling authors of this server what was decided on what is theirs, and that it was taken back: the letters, and what
their pages show.

A decision is told half a minute after it was made, once, and not at all where it was undone meanwhile. Nobody is named.
The words of the explanation are the law's minimum and stand in `rostra/dsa`; here are those around it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final

import msgspec

from rostra.dsa.decided import Decided as Reasons
from rostra.dsa.explain import Redress, Section, appeal_ends, as_text, explain
from rostra.events import AuthorTold, Decided, MailOrdered
from rostra.kit.db import Reader, Tx
from rostra.kit.errors import NotFound
from rostra.moderation.cases.evidence import Snapshot, find_snapshots
from rostra.moderation.decisions import action_queries
from rostra.moderation.decisions import tell_queries as queries
from rostra.moderation.decisions.statement import gather
from rostra.moderation.decisions.tell_queries import Recipient, Sanctions, StrikeRow
from rostra.moderation.desk import Desk
from rostra.moderation.records import ActionRow, DecisionRow, Reversal
from rostra.policy.records import Clause
from rostra.screening.active import Current
from rostra.text.urls import Urls

# Whoever decides in error has this long to undo it before anybody hears of it.
DELAY: Final = timedelta(seconds=30)
# Letters that one person gets within an hour.
MOST_LETTERS: Final = 10

_TEXTS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "subject.status": "A decision about your post on {site}",
        "subject.account": "A decision about your account on {site}",
        "hello": "Hello {name},",
        "lead": "the moderators of {site} have made a decision that concerns you. This letter says what it is, why it "
        "was made, and what you can do if you think that it is wrong.",
        "page": "All of it, with what was looked at:\n{link}",
        "back.subject": "A decision about you on {site} was taken back",
        "back.undo": "the moderators of {site} have taken back a decision that you were told of: it should not have "
        "been made. What it did is undone, and it counts for nothing.",
        "back.review": "the moderators of {site} have looked again at a decision that you were told of, and have taken "
        "it back. What it did is undone, and it counts for nothing.",
        "back.superseded": "you have changed your post, and what was decided about its earlier version on {site} no "
        "longer holds.",
        "back.page": "The decision:\n{link}",
    },
    "it": {
        "subject.status": "Una decisione sul tuo post su {site}",
        "subject.account": "Una decisione sul tuo account su {site}",
        "hello": "Ciao {name},",
        "lead": "i moderatori di {site} hanno preso una decisione che ti riguarda. Questa lettera dice quale, perché è "
        "stata presa e che cosa puoi fare se pensi che sia sbagliata.",
        "page": "Tutto, con ciò che è stato esaminato:\n{link}",
        "back.subject": "Una decisione che ti riguarda su {site} è stata ritirata",
        "back.undo": "i moderatori di {site} hanno ritirato una decisione che ti avevano comunicato: non andava presa. "
        "I suoi effetti sono annullati e non conta nulla.",
        "back.review": "i moderatori di {site} hanno riesaminato una decisione che ti avevano comunicato e l’hanno "
        "ritirata. I suoi effetti sono annullati e non conta nulla.",
        "back.superseded": "hai modificato il tuo post, e ciò che era stato deciso sulla versione precedente su {site} "
        "non vale più.",
        "back.page": "La decisione:\n{link}",
    },
}


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A decision as its author reads it, without anybody's name. `told_at` None: not told yet."""

    decision: DecisionRow
    actions: tuple[ActionRow, ...]
    clause: Clause | None
    reasons: Reasons
    told_at: datetime | None
    appeal_until: date
    seen: Snapshot | None = None
    strikes: tuple[StrikeRow, ...] = ()


def decision_url(urls: Urls, decision_id: int) -> str:
    """Where an author reads of a decision."""
    return f"{urls.base}/settings/decisions/{decision_id}"


def starts_at(event: Decided) -> datetime | None:
    """When to tell of a decision."""
    return None if event.at is None else event.at + DELAY


async def tell_author(desk: Desk, decision_id: int) -> None:
    """Write to the author, once; nothing where the decision does nothing, or was reversed meanwhile."""
    current = await desk.policies.current(desk.db)
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        decision = await queries.lock_decision(tx, decision_id)
        if decision is None or decision.outcome != "violates" or decision.reversed_at is not None:
            return
        recipient = await queries.find_recipient(tx, decision.account_id)
        told = (await _read(tx, desk.urls, [decision], current, at))[0]
        if recipient is None or not told.actions:
            return
        if not await queries.insert_notice(tx, decision.id, "decision", decision.account_id, at):
            return
        await queries.mark_notified(tx, decision.id, at)
        if recipient.confirmed and await _has_room(tx, told, at):
            await desk.emit(tx, write_letter(told, recipient, desk.urls))
        await desk.emit(tx, AuthorTold(decision_id=decision.id, account_id=decision.account_id, at=at))


async def _has_room(tx: Tx, told: Told, at: datetime) -> bool:
    """Whether one more letter helps: one decision over hundreds of posts is not hundreds of letters. Apps and the pages
    tell of all of them; what is done to an account is always written."""
    if any(action.subject_kind == "account" for action in told.actions):
        return True
    return await queries.count_letters(tx, told.decision.account_id, at - timedelta(hours=1)) <= MOST_LETTERS


async def tell_reversal(desk: Desk, decision_id: int, why: Reversal) -> None:
    """Write to an author who was told of a decision that it was taken back, once."""
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        decision = await queries.lock_decision(tx, decision_id)
        if decision is None or await queries.find_told_at(tx, decision_id) is None:
            return
        recipient = await queries.find_recipient(tx, decision.account_id)
        if recipient is None or not await queries.insert_notice(tx, decision_id, "reversal", decision.account_id, at):
            return
        # What came of an appeal is told by a letter of its own.
        if recipient.confirmed and why != "appeal":
            await desk.emit(tx, write_reversal(decision_id, why, recipient, desk.urls))
        await desk.emit(tx, AuthorTold(decision_id=decision_id, account_id=decision.account_id, at=at))


async def list_told(desk: Desk, account_id: int, below: int, limit: int) -> list[Told]:
    """Decisions on what is somebody's, the newest first, below an id; without snapshots and strikes."""
    current = await desk.policies.current(desk.db)
    async with desk.db.read() as conn:
        decisions = await queries.list_of_author(conn, account_id, below, limit)
        return await _read(conn, desk.urls, decisions, current, desk.clock.now())


async def get_told(desk: Desk, account_id: int, decision_id: int) -> Told:
    """One decision on what is somebody's, with all that they may know of it. Raises NotFound."""
    current = await desk.policies.current(desk.db)
    async with desk.db.read() as conn:
        decision = await queries.find_of_author(conn, decision_id, account_id)
        if decision is None:
            raise NotFound
        told = (await _read(conn, desk.urls, [decision], current, desk.clock.now()))[0]
        told_at = await queries.find_told_at(conn, decision_id)
        strikes = await queries.list_strikes(conn, account_id, decision_id)
    until = appeal_ends(told_at) if told_at else told.appeal_until
    return msgspec.structs.replace(told, told_at=told_at, appeal_until=until, strikes=tuple(strikes))


async def get_statement(desk: Desk, account_id: int, decision_id: int) -> dict[str, Any]:
    """The statement of reasons as it was made. Raises NotFound where there is none, or it is somebody else's."""
    async with desk.db.read() as conn:
        body = await queries.find_statement(conn, decision_id, account_id)
    if body is None:
        raise NotFound
    return body


async def find_sanctions(desk: Desk, account_id: int) -> Sanctions:
    """What holds of an account now."""
    async with desk.db.read() as conn:
        return await queries.find_sanctions(conn, account_id)


async def _read(conn: Reader, urls: Urls, decisions: list[DecisionRow], current: Current, at: datetime) -> list[Told]:
    actions = await action_queries.list_actions(conn, [decision.id for decision in decisions])
    seen = await find_snapshots(conn, [one.snapshot_id for one in decisions if one.snapshot_id is not None])
    return [_tell(urls, decision, actions, current, seen.get(decision.snapshot_id or 0), at) for decision in decisions]


def _tell(
    urls: Urls, decision: DecisionRow, actions: list[ActionRow], current: Current, seen: Snapshot | None, at: datetime
) -> Told:
    own = tuple(action for action in actions if action.decision_id == decision.id)
    clause = current.clauses.get(decision.clause)
    return Told(
        decision=decision,
        actions=own,
        clause=clause,
        reasons=gather(urls, decision, own, clause, current.labels, seen),
        told_at=None,
        appeal_until=appeal_ends(at),
        seen=seen,
    )


def explained(told: Told, language: str, urls: Urls, redress: Redress | None = None) -> tuple[Section, ...]:
    """The explanation as people read it; `redress` None: an appeal can still be filed."""
    return explain(
        told.reasons,
        language,
        appeal_url=decision_url(urls, told.decision.id),
        redress=redress or Redress(until=told.appeal_until),
        clause_url=f"{urls.base}/policy" if told.clause else "",
    )


def write_letter(told: Told, to: Recipient, urls: Urls) -> MailOrdered:
    """The letter that tells of a decision."""
    texts = _texts(to.locale)
    site = urls.domain
    parts = (
        texts["hello"].format(name=to.username),
        texts["lead"].format(site=site),
        as_text(explained(told, to.locale, urls)),
        texts["page"].format(link=decision_url(urls, told.decision.id)),
    )
    subject = texts[f"subject.{told.decision.subject_kind}"].format(site=site)
    return MailOrdered(to=to.email, subject=subject, text="\n\n".join(part.strip() for part in parts) + _end(site))


def write_reversal(decision_id: int, why: Reversal, to: Recipient, urls: Urls) -> MailOrdered:
    """The letter that tells that a decision was taken back."""
    texts = _texts(to.locale)
    parts = (
        texts["hello"].format(name=to.username),
        texts[f"back.{why}"].format(site=urls.domain),
        texts["back.page"].format(link=decision_url(urls, decision_id)),
    )
    subject = texts["back.subject"].format(site=urls.domain)
    return MailOrdered(to=to.email, subject=subject, text="\n\n".join(parts) + _end(urls.domain))


def _texts(locale: str) -> dict[str, str]:
    return _TEXTS.get(locale.replace("_", "-").partition("-")[0], _TEXTS["en"])


def _end(site: str) -> str:
    return f"\n\n-- \n{site}\n"
