"""The moderation desk: decisions and those whom they concern, reports, appeals, levers, and what expires."""

from __future__ import annotations

from rostra.appeals.panel_vote import fit_jurors, tick_panels
from rostra.appeals.review import close_moot
from rostra.appeals.tell import tell_outcome
from rostra.effects.reactions import HANDLERS, Tick, emit, every, on
from rostra.events import (
    AppealDecided,
    Decided,
    DecisionReversed,
    DomainPolicyChanged,
    LegalNoticeFiled,
    LegalNoticeRead,
    LeverMoved,
    Reported,
    ReportsClosed,
    StatusesImported,
    StatusPublished,
    StatusRejudged,
)
from rostra.levers.tell import tell_staff
from rostra.levers.watch import watch as watch_levers
from rostra.moderation.cases.evidence import sweep_snapshots
from rostra.moderation.decisions.automatic import record_rule
from rostra.moderation.decisions.bulk import BULK, BulkWanted, run_bulk
from rostra.moderation.decisions.bulk_reverse import run_reversal
from rostra.moderation.decisions.expiry import expire_actions, expire_holds, miss_deadlines
from rostra.moderation.decisions.tell import starts_at as told_at
from rostra.moderation.decisions.tell import tell_author, tell_reversal
from rostra.moderation.domains.decisions import expire_domains
from rostra.moderation.domains.domain_effects import apply_domain_policy
from rostra.moderation.reports.legal import forget_senders, resolve_notice
from rostra.moderation.reports.legal_tell import tell_legal
from rostra.moderation.reports.read_better import read_better
from rostra.moderation.reports.report_outcome import starts_at as reporters_told_at
from rostra.moderation.reports.report_outcome import tell_change, tell_reporters
from rostra.resources import Resources
from rostra.screening.labels import expire_labels


async def _apply_domain_policy(event: DomainPolicyChanged, res: Resources) -> None:
    await apply_domain_policy(res.db, res.clock, emit, event.domain)


async def _sweep_evidence(_: Tick, res: Resources) -> None:
    async with res.db.transaction() as tx:
        keys = await sweep_snapshots(tx, res.clock.now())
    await res.store.delete(keys)


async def _bulk(wanted: BulkWanted, res: Resources) -> None:
    await run_bulk(res.desk, wanted.bulk_id)
    await run_reversal(res.desk, wanted.bulk_id)


async def _tell_author(event: Decided, res: Resources) -> None:
    await tell_author(res.desk, event.decision_id)


async def _tell_reporters(event: Decided, res: Resources) -> None:
    await tell_reporters(res.desk, res.sealer, event.report_ids, decision_id=event.decision_id)


async def _tell_closed(event: ReportsClosed, res: Resources) -> None:
    await tell_reporters(res.desk, res.sealer, event.report_ids)


async def _tell_change(event: DecisionReversed, res: Resources) -> None:
    await tell_change(res.desk, res.sealer, event)


async def _resolve_legal(event: LegalNoticeFiled, res: Resources) -> None:
    await resolve_notice(res.desk, event.report_id)


async def _read_better(event: Reported | LegalNoticeRead, res: Resources) -> None:
    await read_better(res.desk, event.report_id)


async def _forget_senders(_: Tick, res: Resources) -> None:
    await forget_senders(res.desk)


async def _close_moot(event: DecisionReversed, res: Resources) -> None:
    await close_moot(res.desk, event)


async def _tick_panels(_: Tick, res: Resources) -> None:
    await tick_panels(res.desk)


async def _fit_jurors(_: Tick, res: Resources) -> None:
    await fit_jurors(res.desk)


async def _tell_outcome(event: AppealDecided, res: Resources) -> None:
    await tell_outcome(res.desk, event.appeal_id)


async def _tell_reversal(event: DecisionReversed, res: Resources) -> None:
    await tell_reversal(res.desk, event.decision_id, event.why)


async def _record_rule(event: StatusPublished | StatusRejudged, res: Resources) -> None:
    await record_rule(res.desk, event.status_id)


async def _expire(_: Tick, res: Resources) -> None:
    await expire_holds(res.desk)
    await expire_actions(res.desk)
    await expire_domains(res.desk)
    await miss_deadlines(res.desk)
    await expire_labels(res.db, res.clock)


async def _tell_legal(event: LegalNoticeRead, res: Resources) -> None:
    await tell_legal(res.desk, event.report_id)


async def _watch_levers(_: Tick, res: Resources) -> None:
    await watch_levers(res.db, res.clock, emit)
    res.screen.levers.forget()


async def _tell_of_lever(event: LeverMoved, res: Resources) -> None:
    await tell_staff(res.db, emit, res.urls, event)


async def _record_rules(event: StatusesImported, res: Resources) -> None:
    for status_id in event.restricted:
        await record_rule(res.desk, status_id)


on(DomainPolicyChanged, "moderation.apply_domain_policy", _apply_domain_policy, timeout=3600, concurrency=1)
HANDLERS.add(BULK, _bulk, attempts=20, concurrency=2, timeout=3600)
on(StatusPublished, "moderation.record_rule", _record_rule, when=lambda event: event.restricted)
on(StatusRejudged, "moderation.record_edited", _record_rule)
on(StatusesImported, "moderation.record_imported", _record_rules, when=lambda event: bool(event.restricted))
on(Decided, "moderation.tell_author", _tell_author, when=lambda event: event.is_local, starts_at=told_at, priority=5)
on(DecisionReversed, "moderation.tell_reversal", _tell_reversal, priority=5)
on(
    Decided,
    "moderation.tell_reporters",
    _tell_reporters,
    when=lambda event: bool(event.report_ids),
    starts_at=reporters_told_at,
)
on(ReportsClosed, "moderation.tell_closed", _tell_closed, starts_at=reporters_told_at)
on(DecisionReversed, "moderation.tell_change", _tell_change)
on(LegalNoticeFiled, "moderation.resolve_legal", _resolve_legal, priority=10)
on(Reported, "moderation.read_better", _read_better)
on(LegalNoticeRead, "moderation.read_better_legal", _read_better)
on(LegalNoticeRead, "moderation.tell_legal", _tell_legal, priority=5)
every("31 3 * * *", "moderation.forget_senders", _forget_senders, timeout=600)
on(DecisionReversed, "appeals.close_moot", _close_moot, when=lambda event: event.why != "appeal")
on(AppealDecided, "appeals.tell", _tell_outcome, priority=5)
every("*/5 * * * *", "appeals.tick_panels", _tick_panels, timeout=120)
every("7 4 * * *", "appeals.fit_jurors", _fit_jurors, timeout=600)
every("53 4 * * *", "moderation.sweep_evidence", _sweep_evidence, timeout=600)
on(LeverMoved, "levers.tell", _tell_of_lever, priority=15)
every("* * * * *", "moderation.expire", _expire, timeout=300)
every("* * * * *", "levers.watch", _watch_levers, timeout=50)
