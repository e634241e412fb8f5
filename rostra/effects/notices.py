"""Notices of hosts and authorities: their mailbox and clocks, near-copies, the evidence pack."""

from __future__ import annotations

from datetime import timedelta

from rostra.effects.reactions import HANDLERS, Tick, every, on
from rostra.events import (
    NoticeReceived,
)
from rostra.measurement.prevalence_queries import list_estimates
from rostra.notices.clocks import tick as tick_notices
from rostra.notices.mailbox import parse_imap_url, read_mailbox
from rostra.notices.pack import MAKE_PACK, PackWanted, make_pack
from rostra.notices.pack_chart import Figure, prevalence_files
from rostra.notices.tell import tell_received
from rostra.resources import Resources


async def _tell_received(event: NoticeReceived, res: Resources) -> None:
    await tell_received(res.desk, event.notice_id)


async def _expand_notice(event: NoticeReceived, res: Resources) -> None:
    # This and two more are imported when they come: with them comes what judging takes (`screening/active.py`).
    from rostra.notices.expand import expand

    await expand(res.desk, event.notice_id)


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


HANDLERS.add(MAKE_PACK, _make_pack, attempts=3, concurrency=1, timeout=900)
on(NoticeReceived, "notices.tell_received", _tell_received, priority=5)
on(NoticeReceived, "notices.expand", _expand_notice, priority=10, timeout=600, concurrency=2)
every("* * * * *", "notices.tick", _tick_notices, timeout=60)
every("* * * * *", "notices.mailbox", _read_notices, attempts=1, timeout=600)
