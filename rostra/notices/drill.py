"""A drill: somebody made up posts something made up, a made-up host complains, and every step of the answer is timed.

The notice goes the real way: intake, expansion, cases, decision, answer, pack, verifier. The posts are for followers of
somebody who has none, say what they are, and are decided to be in order, so that no statement of reasons leaves the
house. In the end the made-up person is erased.
"""

from __future__ import annotations

import json
import secrets
from datetime import datetime
from typing import Final

import msgspec

from rostra.accounts.create import create_account
from rostra.accounts.permissions import check_may
from rostra.accounts.records import NewAccount
from rostra.instance.erase import close_account
from rostra.kit.clock import Clock
from rostra.kit.errors import NotFound
from rostra.kit.settings import Settings
from rostra.ledger.append import Entry, append
from rostra.moderation.decisions.bulk import run_bulk
from rostra.moderation.desk import Desk, Reviewer
from rostra.notices import answer as answers
from rostra.notices import item_queries
from rostra.notices.act import Act, act
from rostra.notices.expand import expand
from rostra.notices.intake import Arrival, take_in
from rostra.notices.pack import make_pack
from rostra.notices.pack_verify import verify
from rostra.posts.publish import publish
from rostra.posts.records import Draft
from rostra.screening.screen import Screen

COPIES: Final = 3
_WORDS: Final = (
    "amber", "barrel", "candle", "dolphin", "ember", "falcon", "garden", "harbour", "island", "juniper", "kettle",
    "lantern", "meadow", "nutmeg", "orchard", "pebble", "quarry", "ribbon", "saddle", "timber", "umbrella", "velvet",
    "walnut", "yarrow", "zephyr",
)  # fmt: skip


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """A step, and how many seconds it took."""

    name: str
    seconds: float


class DrillResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a drill measured. `verified` is whether the evidence pack proved itself."""

    notice_id: int
    stages: list[Stage]
    copies: int
    found: int
    verified: bool

    @property
    def seconds(self) -> float:
        """From the notice to the answer that could be sent."""
        return sum(stage.seconds for stage in self.stages)


class _Actor(msgspec.Struct, frozen=True):
    account_id: int
    username: str


class _Watch:
    """Takes the time between steps."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since: datetime = clock.now()
        self.stages: list[Stage] = []

    def lap(self, name: str) -> None:
        now = self._clock.now()
        self.stages.append(Stage(name=name, seconds=round((now - self._since).total_seconds(), 3)))
        self._since = now


async def run_drill(desk: Desk, screen: Screen, settings: Settings, reviewer: Reviewer) -> DrillResult:
    """Rehearse the whole answer to a notice. Raises Forbidden."""
    check_may(reviewer.role, "notices")
    actor = await _make_up_somebody(desk)
    try:
        urls = await _post(desk, screen, actor)
        watch = _Watch(desk.clock)
        notice_id = await _complain(desk, urls[0], reviewer)
        watch.lap("intake")
        await expand(desk, notice_id)
        watch.lap("expansion")
        copies = await _decide(desk, reviewer, notice_id)
        watch.lap("decision")
        answer_id = await answers.draft(desk, reviewer, notice_id)
        watch.lap("draft")
        await answers.approve(desk, reviewer, notice_id, answer_id)
        await answers.send(desk, reviewer, notice_id, by_hand=True)
        watch.lap("approval")
        archive = await make_pack(desk, settings, notice_id, actor_id=reviewer.account_id)
        watch.lap("pack")
        verify(archive)
        watch.lap("verification")
        await answers.move(desk, reviewer, notice_id, "closed", "")
    finally:
        await close_account(desk.db, desk.clock, desk.emit, actor.account_id)
    made = DrillResult(notice_id=notice_id, stages=watch.stages, copies=COPIES, found=copies, verified=True)
    await _write_down(desk, reviewer, made)
    return made


async def _make_up_somebody(desk: Desk) -> _Actor:
    name = f"drill_{secrets.token_hex(5)}"
    new = NewAccount(
        username=name, email=f"{name}@drill.invalid", password_hash=secrets.token_hex(16), confirmed=True,
        approved=True, display_name="Drill",
    )  # fmt: skip
    async with desk.db.transaction() as tx:
        return _Actor(await create_account(tx, desk.urls, new, desk.clock.now()), name)


async def _post(desk: Desk, screen: Screen, actor: _Actor) -> list[str]:
    """The posts, by their addresses: one and its copies."""
    nonsense = " ".join(secrets.choice(_WORDS) for _ in range(14))
    urls: list[str] = []
    for number in range(COPIES + 1):
        draft = Draft(text=f"This is a drill: {nonsense}{' 🔔' * number}", visibility="private", language="en")
        made = await publish(desk.db, desk.clock, desk.urls, desk.emit, screen, author=actor, draft=draft)
        urls.append(desk.urls.status(actor.username, made.status_id))
    return urls


async def _complain(desk: Desk, url: str, reviewer: Reviewer) -> int:
    report = {
        "xarf_version": "4.0.0", "report_id": f"drill-{secrets.token_hex(8)}", "category": "content", "type": "drill",
        "reporter": {"org": "Drill", "contact": "drill@drill.invalid", "domain": "drill.invalid"},
        "timestamp": desk.clock.now().isoformat(), "urls": [url], "respond_within_hours": 24,
    }  # fmt: skip
    arrival = Arrival(
        body=json.dumps(report).encode(), content_type="application/json", channel="drill", proof="person",
        actor_id=reviewer.account_id,
    )  # fmt: skip
    return (await take_in(desk, arrival)).notice_id


async def _decide(desk: Desk, reviewer: Reviewer, notice_id: int) -> int:
    """Decide the example and its copies; how many copies were found."""
    async with desk.db.read() as conn:
        item = (await item_queries.list_items(conn, notice_id))[0]
        tally = (await item_queries.tally_copies(conn, [item.id])).get(item.id)
        posts = await item_queries.list_found(conn, [item.subject_id or 0])
    post = posts.get(item.subject_id or 0)
    if post is None:
        raise NotFound
    wanted = Act(
        item_id=item.id, outcome="ok", with_copies=tally is not None, revision=post.revision,
        seen=tally.seen if tally else "", note="drill",
    )  # fmt: skip
    bulk_id = await act(desk, reviewer, notice_id, wanted)
    if bulk_id is not None:
        await run_bulk(desk, bulk_id)
    return tally.total if tally else 0


async def _write_down(desk: Desk, reviewer: Reviewer, made: DrillResult) -> None:
    details = {
        "seconds": {stage.name: stage.seconds for stage in made.stages}, "copies": made.copies, "found": made.found,
        "verified": made.verified,
    }  # fmt: skip
    async with desk.db.transaction() as tx:
        entry = Entry(
            type="notice_drill", subject_kind="notice", subject_id=made.notice_id, actor_id=reviewer.account_id,
            details=details,
        )  # fmt: skip
        await append(tx, desk.clock.now(), entry)
