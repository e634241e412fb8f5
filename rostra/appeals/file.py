"""Filing an appeal: by the author against what was done, by a reporter against that nothing was, once for each side.

Free of charge, for six months from the notice, also for those who are suspended, and for those who sent a legal notice
without having an account (Regulation (EU) 2022/2065, Article 20).
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec

from rostra.accounts.sessions import hash_secret
from rostra.appeals import queries
from rostra.appeals.records import ANSWER_WITHIN, LONGEST, AppealRow, Side
from rostra.appeals.review_queries import had_panel
from rostra.dsa.explain import Redress, appeal_ends
from rostra.kit.db import Reader
from rostra.kit.errors import Conflict, Invalid, NotFound, Refused
from rostra.ledger.append import Entry, append
from rostra.moderation.decisions import action_queries, decision_queries, tell_queries
from rostra.moderation.desk import Desk
from rostra.moderation.records import DecisionRow


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """As what somebody may appeal, and until when; `appeal` is the one that their side has filed, `by_panel` whether a
    panel has decided it."""

    decision: DecisionRow
    side: Side
    report_id: int | None
    language: str
    until: date
    appeal: AppealRow | None
    by_panel: bool = False

    def is_open(self, at: datetime) -> bool:
        """Whether an appeal may be filed now."""
        return self.appeal is None and self.decision.reversed_at is None and _day(at) <= self.until

    def redress(self, at: datetime) -> Redress:
        """How far an appeal is now, for the explanation of the decision."""
        back, appeal = self.decision.reversed_at, self.appeal
        if back is not None and self.decision.reversed_why != "appeal":
            return Redress(until=self.until, state="back", ended_on=_day(back))
        if appeal is None:
            return Redress(until=self.until, state="open" if self.is_open(at) else "late")
        ended = None if appeal.decided_at is None else _day(appeal.decided_at)
        return Redress(until=self.until, state=appeal.state, filed_on=_day(appeal.filed_at), ended_on=ended)


async def find_standing(
    desk: Desk, decision_id: int, *, account_id: int | None = None, token: str = ""
) -> Standing | None:
    """As what somebody is concerned in a decision; None where they are not, or there is nothing to appeal against.
    `token` is that of a legal notice."""
    async with desk.db.read() as conn:
        return await _standing(conn, decision_id, account_id, token)


async def _standing(conn: Reader, decision_id: int, account_id: int | None, token: str) -> Standing | None:
    decision = await decision_queries.find_decision(conn, decision_id)
    if decision is None:
        return None
    if account_id is not None and decision.account_id == account_id:
        if decision.outcome != "violates" or not await action_queries.list_actions(conn, [decision_id]):
            return None
        told_at = await tell_queries.find_told_at(conn, decision_id)
        language = await queries.find_language(conn, account_id)
        return await _with_appeal(conn, decision, "author", None, language, told_at)
    if decision.outcome == "violates" or (account_id is None and not token):
        return None
    found = await queries.find_report_of(conn, decision_id, account_id, hash_secret(token) if token else None)
    if found is None:
        return None
    report_id, language = found
    told_at = await queries.find_reporter_told_at(conn, report_id)
    if account_id is not None:
        language = await queries.find_language(conn, account_id)
    return await _with_appeal(conn, decision, "reporter", report_id, language, told_at)


async def _with_appeal(
    conn: Reader, decision: DecisionRow, side: Side, report_id: int | None, language: str | None, told: datetime | None
) -> Standing:
    appeal = await queries.find_of_decision(conn, decision.id, side)
    return Standing(
        decision=decision,
        side=side,
        report_id=report_id,
        language=language or "en",
        until=appeal_ends(told or decision.created_at),
        appeal=appeal,
        by_panel=appeal is not None and appeal.decided_by is None and await had_panel(conn, appeal.id),
    )


async def file_appeal(
    desk: Desk, *, decision_id: int, text: str, evidence: str = "", account_id: int | None = None, token: str = ""
) -> int:
    """File an appeal as `account_id`, or by the `token` of a legal notice; its id.

    Raises NotFound where whoever asks is not concerned, Invalid for the text, Refused where it is too late or was taken
    back already, Conflict where their side has appealed.
    """
    text, evidence = text.strip(), evidence.strip()
    if not text:
        raise Invalid("text", "can't be blank", code="ERR_BLANK")
    for field, value in (("text", text), ("evidence", evidence)):
        if len(value) > LONGEST:
            raise Invalid(field, f"is too long (maximum is {LONGEST} characters)", code="ERR_TOO_LONG")
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        standing = await _standing(tx, decision_id, account_id, token)
        if standing is None:
            raise NotFound
        decision = standing.decision
        if standing.appeal is not None:
            raise Conflict("An appeal against this was filed already")
        if not standing.is_open(at):
            raise Refused("This was taken back already" if decision.reversed_at else "The time for an appeal is over")
        appeal_id = await queries.insert_appeal(
            tx,
            (
                decision_id, standing.side, account_id, standing.report_id, text, evidence, standing.language, at,
                at + ANSWER_WITHIN,
            ),
        )  # fmt: skip
        if appeal_id is None:
            raise Conflict("An appeal against this was filed already")
        await append(tx, at, _entry(decision, appeal_id, standing.side))
    return appeal_id


def _entry(decision: DecisionRow, appeal_id: int, side: Side) -> Entry:
    return Entry(
        type="appeal_filed",
        subject_kind="appeal",
        subject_id=appeal_id,
        account_id=decision.account_id,
        policy=decision.policy,
        clause=decision.clause,
        details={"decision": str(decision.id), "side": side},
    )
