"""What follows from what happened: the map of the system. One line for each event and handler.

`emit` writes a job for each handler into the transaction of the event, so that they exist if and only if it commits.
Each handler is retried alone; all of them bear being repeated.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec

from rostra.accounts.confirm import send_confirmation_again
from rostra.accounts.credentials import send_reset_link
from rostra.accounts.verify import verify_links
from rostra.appeals.panel_vote import fit_jurors, tick_panels
from rostra.appeals.review import close_moot
from rostra.appeals.tell import tell_outcome
from rostra.archive import import_archive, move
from rostra.archive.archive_jobs import FOLDER as ARCHIVES_FOLDER
from rostra.archive.archive_jobs import MAKE_ARCHIVE, ArchiveWanted, make_archive, sweep_archives
from rostra.archive.export_archive import Sources
from rostra.archive.import_csv import run_csv
from rostra.archive.import_posts import Tools
from rostra.archive.import_records import RUN_ARCHIVE, RUN_IMPORT, UNDO_IMPORT, ImportWanted
from rostra.events import (
    AccountClosed,
    AccountDeleted,
    AccountHidden,
    AccountShown,
    AppealDecided,
    AuthorTold,
    Decided,
    DecisionReversed,
    DomainPolicyChanged,
    Event,
    Favourited,
    FilesLetGo,
    FiltersChanged,
    Followed,
    FollowedTogether,
    FollowRequested,
    LegalNoticeFiled,
    LegalNoticeRead,
    LeverMoved,
    LinkRequested,
    MailOrdered,
    MediaJudged,
    Moved,
    NoticeReceived,
    Notified,
    PollClosed,
    ProfileChanged,
    PushOrdered,
    Reported,
    ReportsClosed,
    SignedUp,
    StatusDeleted,
    StatusEdited,
    StatusesImported,
    StatusPublished,
    StatusRejudged,
    StatusWithheld,
    TagUnfollowed,
    TokensRevoked,
    Unfavourited,
    Unfollowed,
    UnfollowedTogether,
)
from rostra.instance.erase import erase_account
from rostra.instance.sweep import sweep as sweep_logins
from rostra.kit.db import Tx
from rostra.kit.jobs import Handlers, Job, Kind, enqueue
from rostra.kit.jobs import sweep as sweep_jobs
from rostra.kit.mail import Message
from rostra.kit.ratelimit import sweep as sweep_windows
from rostra.ledger.erase import erase_departed
from rostra.ledger.keys import load_signer
from rostra.ledger.seal import seal
from rostra.ledger.witness import write_letters
from rostra.levers.tell import tell_staff
from rostra.levers.watch import watch as watch_levers
from rostra.measurement import transparency
from rostra.measurement.golden import collect_golden
from rostra.measurement.labelling import draw_second
from rostra.measurement.prevalence import estimate_weeks
from rostra.measurement.prevalence_queries import list_estimates
from rostra.measurement.sample import sample_daily
from rostra.measurement.transparency_statements import Register, hand_in
from rostra.measurement.watch import watch_prevalence
from rostra.media.attach import purge_orphans
from rostra.media.backfill import hash_unhashed
from rostra.moderation.cases.evidence import drop_kept, sweep_snapshots
from rostra.moderation.decisions.automatic import record_rule
from rostra.moderation.decisions.bulk import BULK, BulkWanted, run_bulk
from rostra.moderation.decisions.expiry import expire_actions, expire_holds, miss_deadlines
from rostra.moderation.decisions.tell import starts_at as told_at
from rostra.moderation.decisions.tell import tell_author, tell_reversal
from rostra.moderation.domains.decisions import expire_domains
from rostra.moderation.domains.domain_effects import apply_domain_policy
from rostra.moderation.reports.legal import forget_senders, resolve_notice
from rostra.moderation.reports.legal_tell import tell_legal
from rostra.moderation.reports.report_outcome import starts_at as reporters_told_at
from rostra.moderation.reports.report_outcome import tell_change, tell_reporters
from rostra.notices.clocks import tick as tick_notices
from rostra.notices.expand import expand as expand_notice
from rostra.notices.mailbox import parse_imap_url, read_mailbox
from rostra.notices.pack import MAKE_PACK, PackWanted, make_pack
from rostra.notices.pack_chart import Figure, prevalence_files
from rostra.notices.tell import tell_received
from rostra.notifications.notify import Notifier
from rostra.notifications.push import Pusher
from rostra.posts.card import FETCH_CARD, CardWanted, fetch_card, link_card
from rostra.posts.once import forget_keys
from rostra.posts.schedule import PUBLISH_SCHEDULED, TimeHasCome, publish_scheduled
from rostra.posts.views import rerank_cases, sweep_views
from rostra.posts.vote import CLOSE_POLL, PollEnds, close_poll
from rostra.relationships.follow import accept_all_requests
from rostra.resources import Resources
from rostra.screening.labels import expire_labels
from rostra.screening.learn import learn_nightly
from rostra.screening.replay_job import REPLAY_POLICY, ReplayWanted, run_ordered
from rostra.screening.watch import watch_rules
from rostra.search.index import index, reopen, take_out_of_search
from rostra.search.trends import count_trends
from rostra.timelines.announce import (
    AnyAnnouncement,
    ChangedFilters,
    DeletedStatuses,
    EditedStatus,
    EndedStreams,
    NewNotifications,
    NewStatus,
    announce,
)
from rostra.timelines.fan_out import fan_out, fill_in, put_back_shown, take_out, take_out_hidden, trim_all
from rostra.timelines.tag_follows import take_out_tag

E = TypeVar("E", bound=Event)


class Reaction(msgspec.Struct, frozen=True):
    """A handler of an event: the job that it becomes, and whether an event needs it."""

    kind: Kind[Any]
    wanted: Callable[[Any], bool]
    # When; None: at once.
    starts_at: Callable[[Any], datetime | None]


HANDLERS: Handlers[Resources] = Handlers()
_ANNOUNCED_TOGETHER = 300
_REACTIONS: defaultdict[type[Event], list[Reaction]] = defaultdict(list)


def on(
    event: type[E],
    name: str,
    handler: Callable[[E, Resources], Awaitable[None]],
    *,
    when: Callable[[E], bool] = lambda _: True,
    starts_at: Callable[[E], datetime | None] = lambda _: None,
    priority: int = 0,
    **policy: Any,
) -> None:
    """Have `handler` run, as the job `name`, after each `event` for which `when` holds: at once, or at the time that
    `starts_at` says."""
    kind: Kind[Any] = Kind(name, event, priority)
    HANDLERS.add(kind, handler, **policy)
    _REACTIONS[event].append(Reaction(kind, cast("Callable[[Any], bool]", when), starts_at))


class Tick(msgspec.Struct, frozen=True):
    """The payload of a periodic job: nothing but that it is time."""


def every(expression: str, name: str, handler: Callable[[Tick, Resources], Awaitable[None]], **policy: Any) -> None:
    """Have `handler` run, as the job `name`, whenever the cron `expression` comes due (UTC), once for all workers."""
    kind = Kind(name, Tick)
    HANDLERS.add(kind, handler, **policy)
    HANDLERS.every(expression, kind.job(Tick()))


def jobs_for(event: Event) -> list[Job]:
    """The jobs that an event becomes."""
    return [
        reaction.kind.job(event, run_at=reaction.starts_at(event))
        for reaction in _REACTIONS[type(event)]
        if reaction.wanted(event)
    ]


async def emit(tx: Tx, event: Event) -> None:
    """Queue the handlers of `event` in the transaction that made it happen."""
    await enqueue(tx, jobs_for(event))


async def _fan_out(event: StatusPublished, res: Resources) -> None:
    await fan_out(res.db, event.status_id)
    await announce(res.db, NewStatus(status_id=event.status_id))


async def _fill_in(event: Followed, res: Resources) -> None:
    await fill_in(res.db, event.account_id, event.target_id)


async def _take_out(event: Unfollowed, res: Resources) -> None:
    await take_out(res.db, event.account_id, event.target_id)


async def _take_out_hidden(event: AccountHidden, res: Resources) -> None:
    await take_out_hidden(res.db, event.account_id)


async def _put_back_shown(event: AccountShown, res: Resources) -> None:
    await put_back_shown(res.db, event.account_id)


async def _take_out_tag(event: TagUnfollowed, res: Resources) -> None:
    await take_out_tag(res.db, event.account_id, event.tag_id)


async def _accept_all(event: ProfileChanged, res: Resources) -> None:
    await accept_all_requests(res.db, res.clock, emit, event.account_id)


async def _send_mail(event: MailOrdered, res: Resources) -> None:
    await res.mailer.send(Message(to=event.to, subject=event.subject, text=event.text))


async def _send_link(event: LinkRequested, res: Resources) -> None:
    send = send_confirmation_again if event.purpose == "confirm" else send_reset_link
    await send(res.db, res.clock, emit, res.urls, event.email)


async def _erase(event: AccountClosed, res: Resources) -> None:
    await erase_account(res.db, res.clock, emit, event.account_id)


async def _make_archive(wanted: ArchiveWanted, res: Resources) -> None:
    sources = Sources(db=res.db, store=res.store, urls=res.urls, clock=res.clock)
    await make_archive(sources, emit, res.settings, wanted)


async def _sweep_archives(_: Tick, res: Resources) -> None:
    await sweep_archives(res.db, res.clock, emit, res.settings.data_dir / ARCHIVES_FOLDER)


async def _apply_domain_policy(event: DomainPolicyChanged, res: Resources) -> None:
    await apply_domain_policy(res.db, res.clock, emit, event.domain)


async def _remove_files(event: ProfileChanged | AccountDeleted | StatusDeleted | FilesLetGo, res: Resources) -> None:
    async with res.db.read() as conn:
        keys = await drop_kept(conn, event.media_keys)
    await res.store.delete(keys)


async def _sweep_evidence(_: Tick, res: Resources) -> None:
    async with res.db.transaction() as tx:
        keys = await sweep_snapshots(tx, res.clock.now())
    await res.store.delete(keys)


async def _bulk(wanted: BulkWanted, res: Resources) -> None:
    await run_bulk(res.desk, wanted.bulk_id)


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


def _announce(make: Callable[[E], AnyAnnouncement]) -> Callable[[E, Resources], Awaitable[None]]:
    """A handler that tells the web processes."""

    async def tell(event: E, res: Resources) -> None:
        await announce(res.db, make(event))

    return tell


async def _announce_deletion(event: StatusDeleted, res: Resources) -> None:
    gone = [event.status_id, *event.boost_ids]
    for start in range(0, len(gone), _ANNOUNCED_TOGETHER):
        await announce(res.db, DeletedStatuses(status_ids=gone[start : start + _ANNOUNCED_TOGETHER]))


async def _index(event: StatusPublished | StatusEdited | MediaJudged, res: Resources) -> None:
    await index(res.db, [event.status_id])


async def _take_out_of_search(event: StatusWithheld, res: Resources) -> None:
    await take_out_of_search(res.db, event.status_id)


async def _reopen(event: ProfileChanged, res: Resources) -> None:
    await reopen(res.db, event.account_id)


async def _verify_links(event: ProfileChanged, res: Resources) -> None:
    await verify_links(res.db, res.clock, res.http, event.account_id)


async def _count_trends(_: Tick, res: Resources) -> None:
    await count_trends(res.db, res.clock)


async def _link_card(event: StatusPublished | StatusEdited, res: Resources) -> None:
    await link_card(res.db, res.clock, res.urls, event.status_id)


async def _fetch_card(wanted: CardWanted, res: Resources) -> None:
    await fetch_card(res.db, res.clock, res.http, res.store, res.images, res.screen, wanted)


async def _close_poll(ends: PollEnds, res: Resources) -> None:
    await close_poll(res.db, res.clock, emit, ends.poll_id)


async def _publish_scheduled(due: TimeHasCome, res: Resources) -> None:
    await publish_scheduled(res.db, res.clock, res.urls, emit, res.screen, due.scheduled_id)


async def _forget_keys(_: Tick, res: Resources) -> None:
    await forget_keys(res.db, res.clock)


def _notifier(res: Resources) -> Notifier:
    return Notifier(res.db, res.clock, emit)


async def _push(event: PushOrdered, res: Resources) -> None:
    pusher = Pusher(res.db, res.clock, res.urls, http=res.http, vapid=res.vapid, sealer=res.sealer, filters=res.filters)
    await pusher.push(event)


async def _sweep(_: Tick, res: Resources) -> None:
    async with res.db.transaction() as tx:
        await sweep_jobs(tx, res.clock.now())
    async with res.db.transaction() as tx:
        await sweep_windows(tx, res.clock.now())
    await purge_orphans(res.db, res.store, res.clock)


async def _hash_pictures(_: Tick, res: Resources) -> None:
    await hash_unhashed(res.db, res.store, res.images)


async def _sweep_logins(_: Tick, res: Resources) -> None:
    await sweep_logins(res.db, res.clock)


async def _expire(_: Tick, res: Resources) -> None:
    await expire_holds(res.desk)
    await expire_actions(res.desk)
    await expire_domains(res.desk)
    await miss_deadlines(res.desk)
    await expire_labels(res.db, res.clock)


async def _tell_received(event: NoticeReceived, res: Resources) -> None:
    await tell_received(res.desk, event.notice_id)


async def _tell_legal(event: LegalNoticeRead, res: Resources) -> None:
    await tell_legal(res.desk, event.report_id)


async def _expand_notice(event: NoticeReceived, res: Resources) -> None:
    await expand_notice(res.desk, event.notice_id)


async def estimates_for_pack(res: Resources) -> dict[str, bytes]:
    """The files of an evidence pack that say what samples of the last half year have shown."""
    today = res.clock.now().date()
    async with res.db.read() as conn:
        estimates = await list_estimates(conn, today - timedelta(weeks=26), today + timedelta(days=7))
    figures = [
        Figure(
            first=each.first,
            until=each.until,
            clause=each.clause,
            share=each.share,
            low=each.low,
            high=each.high,
            labelled=each.labelled,
        )
        for each in estimates
    ]
    return prevalence_files(figures)


async def _make_pack(wanted: PackWanted, res: Resources) -> None:
    extras = await estimates_for_pack(res)
    await make_pack(res.desk, res.settings, wanted.notice_id, actor_id=wanted.actor_id, extras=extras)


async def _read_notices(_: Tick, res: Resources) -> None:
    if res.settings.notices_imap_url:
        server = parse_imap_url(res.settings.notices_imap_url)
        await read_mailbox(res.desk, server, res.settings.notices_authserv_id or "")


async def _tick_notices(_: Tick, res: Resources) -> None:
    await tick_notices(res.desk)


async def _replay(wanted: ReplayWanted, res: Resources) -> None:
    await run_ordered(res.db, res.clock, res.screen.policies, wanted)


async def _watch_rules(_: Tick, res: Resources) -> None:
    await watch_rules(res.db, res.clock, res.screen.policies)


async def _watch_levers(_: Tick, res: Resources) -> None:
    await watch_levers(res.db, res.clock, emit)
    res.screen.levers.forget()


async def _tell_of_lever(event: LeverMoved, res: Resources) -> None:
    await tell_staff(res.db, emit, res.urls, event)


async def _learn(_: Tick, res: Resources) -> None:
    await learn_nightly(res.db, res.clock, res.screen.policies)


async def _rerank(_: Tick, res: Resources) -> None:
    async with res.db.transaction() as tx:
        await rerank_cases(tx, res.clock.now())


async def _rerank_due(_: Tick, res: Resources) -> None:
    async with res.db.transaction() as tx:
        await rerank_cases(tx, res.clock.now(), only_due=True)


async def _sample(_: Tick, res: Resources) -> None:
    await sample_daily(res.db, res.clock)
    await draw_second(res.db, res.clock)
    await collect_golden(res.db, res.clock)


async def _estimate(_: Tick, res: Resources) -> None:
    await estimate_weeks(res.db, res.clock, res.screen.policies)
    await watch_prevalence(res.db, res.clock, emit, res.urls, res.screen.policies)


async def _sweep_views(_: Tick, res: Resources) -> None:
    await sweep_views(res.db, res.clock)


async def _seal(_: Tick, res: Resources) -> None:
    await seal(res.db, res.clock, load_signer(res.settings))


async def _erase_departed(_: Tick, res: Resources) -> None:
    await erase_departed(res.db, res.clock)


async def _tell_witnesses(_: Tick, res: Resources) -> None:
    await write_letters(res.db, emit, res.settings.ledger_witnesses, res.urls.base)


async def _hand_in(_: Tick, res: Resources) -> None:
    if res.settings.dsa_token is not None:
        register = Register(url=res.settings.dsa_url, token=res.settings.dsa_token)
        await hand_in(res.db, res.clock, res.http, register)


async def _make_overview(_: Tick, res: Resources) -> None:
    service = transparency.service_of(await res.instance.configured(res.db), res.settings.domain)
    await transparency.make_overview(res.db, res.clock, service)


async def _count_recipients(_: Tick, res: Resources) -> None:
    await transparency.count_recipients(res.db, res.clock)


async def _fill_in_together(event: FollowedTogether, res: Resources) -> None:
    for account_id, target_id in event.pairs:
        await fill_in(res.db, account_id, target_id)


async def _tell_followed(event: FollowedTogether, res: Resources) -> None:
    notifier = _notifier(res)
    for account_id, target_id in event.pairs:
        await notifier.followed(Followed(account_id=account_id, target_id=target_id))
    for account_id, target_id in event.requested:
        await notifier.follow_requested(FollowRequested(account_id=account_id, target_id=target_id))


async def _take_out_together(event: UnfollowedTogether, res: Resources) -> None:
    for account_id, target_id in event.pairs:
        await take_out(res.db, account_id, target_id)


async def _index_imported(event: StatusesImported, res: Resources) -> None:
    await index(res.db, event.status_ids)


async def _record_rules(event: StatusesImported, res: Resources) -> None:
    for status_id in event.restricted:
        await record_rule(res.desk, status_id)


async def _import_list(wanted: ImportWanted, res: Resources) -> None:
    await run_csv(res.db, res.clock, emit, wanted.import_id)


async def _import_archive(wanted: ImportWanted, res: Resources) -> None:
    tools = Tools(db=res.db, clock=res.clock, urls=res.urls, screen=res.screen, store=res.store, images=res.images)
    await import_archive.run_archive(tools, emit, _imports_of(res), wanted.import_id)


async def _undo_import(wanted: ImportWanted, res: Resources) -> None:
    await import_archive.run_undo(res.db, res.clock, emit, _imports_of(res), wanted.import_id)


async def _sweep_imports(_: Tick, res: Resources) -> None:
    await import_archive.sweep_imports(res.db, res.clock, _imports_of(res))


def _imports_of(res: Resources) -> Path:
    return import_archive.folder_of(res.settings.data_dir)


async def _carry_over(event: Moved, res: Resources) -> None:
    if event.move_id is not None:
        await move.carry_over(res.db, res.clock, emit, event.move_id)


async def _trim(_: Tick, res: Resources) -> None:
    await trim_all(res.db, res.clock)


on(StatusPublished, "timelines.fan_out", _fan_out, priority=10)
on(Followed, "timelines.fill_in", _fill_in)
on(Unfollowed, "timelines.take_out", _take_out)
on(FollowedTogether, "timelines.fill_in_together", _fill_in_together, when=lambda event: bool(event.pairs), timeout=600)
on(UnfollowedTogether, "timelines.take_out_together", _take_out_together, timeout=600)
on(TagUnfollowed, "timelines.take_out_tag", _take_out_tag)
on(AccountHidden, "timelines.take_out_hidden", _take_out_hidden, timeout=3600)
on(AccountShown, "timelines.put_back_shown", _put_back_shown, timeout=3600)
on(ProfileChanged, "relationships.accept_all", _accept_all, when=lambda event: event.unlocked)
on(MailOrdered, "accounts.send_mail", _send_mail, priority=15)
on(LinkRequested, "accounts.send_link", _send_link, priority=15)
on(AccountClosed, "accounts.erase", _erase, timeout=3600)
on(AccountDeleted, "accounts.remove_files", _remove_files, when=lambda event: bool(event.media_keys))
on(ProfileChanged, "accounts.remove_images", _remove_files, when=lambda event: bool(event.media_keys))
on(
    ProfileChanged,
    "accounts.verify_links",
    _verify_links,
    when=lambda event: event.has_unverified_links,
    priority=-5,
    timeout=90,
    concurrency=4,
)
on(DomainPolicyChanged, "moderation.apply_domain_policy", _apply_domain_policy, timeout=3600, concurrency=1)
on(FilesLetGo, "media.remove_files", _remove_files)
on(StatusPublished, "posts.link_card", _link_card, when=lambda event: event.has_links, priority=-5)
on(StatusEdited, "posts.link_edited", _link_card, when=lambda event: event.has_links, priority=-5)
on(StatusDeleted, "posts.remove_files", _remove_files, when=lambda event: bool(event.media_keys))
HANDLERS.add(FETCH_CARD, _fetch_card, attempts=3, concurrency=8)
HANDLERS.add(CLOSE_POLL, _close_poll)
HANDLERS.add(PUBLISH_SCHEDULED, _publish_scheduled)
# Whatever stops one (a full disk, a store that is away) takes a while to be put right.
HANDLERS.add(
    MAKE_ARCHIVE, _make_archive, attempts=3, first_delay=timedelta(minutes=10), timeout=3 * 3600, concurrency=1
)
HANDLERS.add(REPLAY_POLICY, _replay, attempts=2, concurrency=1, timeout=4 * 3600)
on(
    StatusPublished,
    "notifications.published",
    lambda event, res: _notifier(res).published(event),
    when=lambda event: event.reblog_of_id is not None or event.has_mentions or event.rings,
)
on(StatusEdited, "notifications.edited", lambda event, res: _notifier(res).edited(event))
on(Favourited, "notifications.favourited", lambda event, res: _notifier(res).favourited(event))
on(Unfavourited, "notifications.unfavourited", lambda event, res: _notifier(res).unfavourited(event))
on(
    StatusDeleted,
    "notifications.unboosted",
    lambda event, res: _notifier(res).unboosted(event),
    when=lambda event: event.reblog_of_id is not None,
)
on(Followed, "notifications.followed", lambda event, res: _notifier(res).followed(event))
on(FollowedTogether, "notifications.followed_together", _tell_followed, when=lambda event: event.tells, timeout=600)
on(FollowRequested, "notifications.follow_requested", lambda event, res: _notifier(res).follow_requested(event))
on(PollClosed, "notifications.poll_closed", lambda event, res: _notifier(res).poll_closed(event))
on(Reported, "notifications.reported", lambda event, res: _notifier(res).reported(event))
on(SignedUp, "notifications.signed_up", lambda event, res: _notifier(res).signed_up(event))
# Not all at once, so that push services which do not answer leave room for the rest.
on(PushOrdered, "notifications.push", _push, priority=-5, first_delay=timedelta(seconds=30), timeout=30, concurrency=12)
on(StatusPublished, "search.index", _index, when=lambda event: event.reblog_of_id is None)
on(StatusEdited, "search.edited", _index)
on(MediaJudged, "search.judged", _index)
on(StatusesImported, "search.index_imported", _index_imported)
on(StatusWithheld, "search.withheld", _take_out_of_search)
on(ProfileChanged, "search.reopen", _reopen, when=lambda event: event.searchable_changed, timeout=600)
on(StatusEdited, "live.edited", _announce(lambda event: EditedStatus(status_id=event.status_id)))
on(MediaJudged, "live.judged", _announce(lambda event: EditedStatus(status_id=event.status_id)))
on(StatusDeleted, "live.deleted", _announce_deletion)
on(StatusWithheld, "live.withheld", _announce(lambda event: DeletedStatuses(status_ids=[event.status_id])))
on(FiltersChanged, "live.filters", _announce(lambda event: ChangedFilters(account_id=event.account_id)))
on(
    Notified,
    "live.notified",
    _announce(lambda event: NewNotifications(notifications=event.notifications)),
    priority=5,
)
on(
    TokensRevoked,
    "live.revoked",
    _announce(lambda event: EndedStreams(account_id=event.account_id, token_ids=event.token_ids)),
    priority=20,
)
HANDLERS.add(BULK, _bulk, attempts=20, concurrency=2, timeout=3600)
on(StatusPublished, "moderation.record_rule", _record_rule, when=lambda event: event.restricted)
on(StatusRejudged, "moderation.record_edited", _record_rule)
on(StatusesImported, "moderation.record_imported", _record_rules, when=lambda event: bool(event.restricted))
HANDLERS.add(RUN_IMPORT, _import_list, attempts=20, concurrency=2, timeout=3600)
HANDLERS.add(RUN_ARCHIVE, _import_archive, attempts=20, concurrency=1, timeout=4 * 3600)
HANDLERS.add(UNDO_IMPORT, _undo_import, attempts=20, concurrency=1, timeout=4 * 3600)
on(Moved, "archive.carry_over", _carry_over, when=lambda event: event.follows, attempts=20, concurrency=1, timeout=3600)
every("43 4 * * *", "archive.sweep_imports", _sweep_imports, timeout=600)
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
on(LegalNoticeRead, "moderation.tell_legal", _tell_legal, priority=5)
on(LegalNoticeRead, "notifications.legal_read", lambda event, res: _notifier(res).legal_read(event), priority=5)
every("31 3 * * *", "moderation.forget_senders", _forget_senders, timeout=600)
on(DecisionReversed, "appeals.close_moot", _close_moot, when=lambda event: event.why != "appeal")
on(AppealDecided, "appeals.tell", _tell_outcome, priority=5)
every("*/5 * * * *", "appeals.tick_panels", _tick_panels, timeout=120)
every("7 4 * * *", "appeals.fit_jurors", _fit_jurors, timeout=600)
on(AuthorTold, "notifications.author_told", lambda event, res: _notifier(res).author_told(event), priority=5)
every("53 4 * * *", "moderation.sweep_evidence", _sweep_evidence, timeout=600)
on(LeverMoved, "levers.tell", _tell_of_lever, priority=15)
HANDLERS.add(MAKE_PACK, _make_pack, attempts=3, concurrency=1, timeout=900)
on(NoticeReceived, "notices.tell_received", _tell_received, priority=5)
on(NoticeReceived, "notices.expand", _expand_notice, priority=10, timeout=600, concurrency=2)
every("* * * * *", "notices.tick", _tick_notices, timeout=60)
every("* * * * *", "notices.mailbox", _read_notices, attempts=1, timeout=600)
every("11 * * * *", "kit.sweep", _sweep, timeout=600)
every("*/5 * * * *", "media.hash_pictures", _hash_pictures, timeout=600)
every("17 * * * *", "posts.forget_keys", _forget_keys)
every("43 * * * *", "archive.sweep", _sweep_archives, timeout=600)
every("41 * * * *", "instance.sweep", _sweep_logins, timeout=600)
every("23 * * * *", "timelines.trim", _trim)
every("* * * * *", "moderation.expire", _expire, timeout=300)
every("* * * * *", "levers.watch", _watch_levers, timeout=50)
every("*/5 * * * *", "screening.watch", _watch_rules)
every("37 3 * * *", "screening.learn", _learn, timeout=3600)
every("* * * * * */10", "ledger.seal", _seal, timeout=600)
every("29 * * * *", "ledger.erase_departed", _erase_departed, timeout=600)
every("13 6 * * *", "ledger.tell_witnesses", _tell_witnesses)
every("*/10 * * * *", "search.trends", _count_trends, timeout=300)
every("*/5 * * * *", "posts.rerank_cases", _rerank, timeout=120)
every("* * * * *", "posts.rerank_due", _rerank_due, timeout=50)
every("29 2 * * *", "posts.sweep_views", _sweep_views, timeout=3600)
every("19 0 * * *", "measurement.sample", _sample, timeout=3600)
every("49 * * * *", "measurement.estimate", _estimate, timeout=600)
every("52 * * * *", "transparency.hand_in", _hand_in, attempts=1, timeout=1800)
every("7 * * * *", "transparency.overview", _make_overview, timeout=600)
every("48 23 * * *", "transparency.recipients", _count_recipients)
