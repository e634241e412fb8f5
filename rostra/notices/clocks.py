"""The clocks of notices: who is told that time is passing, and what a clock leaves behind that ran out.

A missed clock is marked once, by the minute's job or by the answer that came too late, and never unmarked: the database
refuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from rostra.accounts.permissions import check_may, roles_with
from rostra.events import MailOrdered
from rostra.kit.db import Tx
from rostra.kit.errors import Invalid, NotFound
from rostra.ledger.append import Entry, append
from rostra.moderation.desk import Desk, Reviewer
from rostra.notices import queries
from rostra.notices.intake import mark_of
from rostra.notices.queries import Alarm
from rostra.notices.records import ANSWERED, Regime

_LETTERS: Final[dict[str, tuple[str, str]]] = {
    "en": (
        "{mark} {provider}: an answer is due at {due}",
        "The notice of {provider} has used {share} of its time and is not answered yet (it is: {state}).\n\n"
        "Due: {due}\n\n{link}\n",
    ),
    "it": (
        "{mark} {provider}: una risposta è attesa entro {due}",
        "La segnalazione di {provider} ha consumato {share} del suo tempo e non ha ancora risposta (stato: {state})."
        "\n\n"
        "Scadenza: {due}\n\n{link}\n",
    ),
}
_SHARES: Final = {1: "50 %", 2: "80 %"}
NOBODY: Final = {"en": "an unknown sender", "it": "un mittente sconosciuto"}


async def tick(desk: Desk) -> None:
    """What each minute brings: alarms that are due, and clocks that ran out."""
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        await _mark_missed(tx, at)
        alarms = await queries.take_alarms(tx, at)
        staff = await queries.list_staff(tx, roles_with("notices")) if alarms else []
        for alarm in alarms:
            await append(tx, at, _entry("notice_alarm", alarm.id, {"share": _SHARES[alarm.alarms]}))
            for address, language in staff:
                await desk.emit(tx, _letter(desk, alarm, address, language))


async def stop_clocks(tx: Tx, notice_id: int, at: datetime) -> None:
    """The answer is out: all clocks of the notice are met, or were missed."""
    if await queries.meet_clocks(tx, notice_id, at):
        await queries.breach(tx, [notice_id], at)


async def set_clock(desk: Desk, reviewer: Reviewer, notice_id: int, regime: Regime, due_at: datetime, why: str) -> None:
    """Have one more clock run, or give one that runs another end (an extension that the sender granted).

    Raises Forbidden, NotFound, and Invalid for an end that is over or a clock that was missed.
    """
    check_may(reviewer.role, "notices")
    at = desk.clock.now()
    if due_at <= at:
        raise Invalid("due_at", "is over already")
    async with desk.db.transaction() as tx:
        state = await queries.lock_notice(tx, notice_id)
        if state is None or state in ANSWERED or state in ("quarantined", "refused"):
            raise NotFound
        clocks = {clock.regime: clock for clock in await queries.list_clocks(tx, notice_id)}
        if regime in clocks and clocks[regime].missed_at is not None:
            raise Invalid("regime", "was missed: it stays")
        await queries.insert_clock(tx, notice_id, regime, at, due_at)
        before = clocks.get(regime)
        details = {"regime": regime, "due": due_at.isoformat(), "before": before.due_at.isoformat() if before else ""}
        await append(tx, at, _entry("notice_clock_set", notice_id, details, reviewer.account_id))
        await queries.insert_step(tx, notice_id, state, reviewer.account_id, at, f"{regime}: {why}"[:500])


async def _mark_missed(tx: Tx, at: datetime) -> None:
    missed = await queries.miss_clocks(tx, at)
    await queries.breach(tx, sorted({notice_id for notice_id, _ in missed}), at)
    for notice_id, regime in missed:
        await append(tx, at, _entry("notice_breached", notice_id, {"regime": regime}))


def _letter(desk: Desk, alarm: Alarm, address: str, language: str) -> MailOrdered:
    spoken = "it" if language.startswith("it") else "en"
    subject, text = _LETTERS[spoken]
    values = {
        "mark": mark_of(alarm.id),
        "provider": alarm.provider or NOBODY[spoken],
        "due": f"{alarm.due_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
        "share": _SHARES[alarm.alarms],
        "state": alarm.state,
        "link": f"{desk.urls.base}/admin/notices/{alarm.id}",
    }
    return MailOrdered(to=address, subject=subject.format(**values), text=text.format(**values))


def _entry(type_: str, notice_id: int, details: Mapping[str, object], actor_id: int | None = None) -> Entry:
    return Entry(type=type_, subject_kind="notice", subject_id=notice_id, actor_id=actor_id, details=dict(details))
