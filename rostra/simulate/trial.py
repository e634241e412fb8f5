"""One process tried on the history: posts, reports and letters come as the history says; people work by the hour.

Everything that a server would do is done by its own code on a real database: publishing and screening, reports and
cases, leases and decisions, notices and their clocks, statements and the ledger. Only readers are arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from rostra.kit.errors import Conflict, NotFound, RostraError
from rostra.ledger.seal import seal
from rostra.moderation.cases.queue import Query, release, take_next
from rostra.moderation.decisions.bulk import run_bulk, start_bulk
from rostra.moderation.decisions.decide import decide_case
from rostra.moderation.decisions.expiry import expire_actions, expire_holds, miss_deadlines
from rostra.moderation.records import Draft, Wish
from rostra.moderation.reports.report import ReportDraft, report
from rostra.notices.find import MOST_COPIES, signature_of
from rostra.posts import view_queries
from rostra.posts.publish import publish
from rostra.posts.records import Draft as PostDraft
from rostra.screening.judgement import Rejected
from rostra.screening.near_queries import READ_BACK, find_near
from rostra.simulate import queries
from rostra.simulate.history import BEGIN, DAYS, Complaint, History, Letter, Post
from rostra.simulate.letters import Correspondence
from rostra.simulate.process import CLAUSE, COPY_SECONDS, Process, finds_violent, seconds_for
from rostra.simulate.sampling import Sampler
from rostra.simulate.stage import Stage

REMOVE: Final = (Wish(kind="remove"),)
# After the last day, for the answer to the ultimatum.
AFTERWARDS: Final = timedelta(days=1)


class Day(msgspec.Struct, frozen=True):
    """The evening of a day: reports that wait, cases that wait, hours worked so far."""

    at: datetime
    open_reports: int
    open_cases: int
    hours: float


class Trial:
    """A process at work. `hours` is what its people have, altogether, for each day."""

    def __init__(self, stage: Stage, process: Process, history: History, hours: float) -> None:
        self.stage = stage
        self.process = process
        self.history = history
        self.hours_a_day = hours
        # The status of each post of the history: None where it was refused or its author barred.
        self.status_of: list[int | None] = [None] * len(history.posts)
        self.post_of: dict[int, int] = {}
        self.refused: set[int] = set()
        self.barred_posts: set[int] = set()
        self.seconds = 0.0
        self.looks = 0
        self.violent_looks = 0
        self.days: list[Day] = []
        self.letters = Correspondence(self)
        self.sampler = Sampler(self)
        self._budget = 0.0
        self._barred: set[int] = set()
        self._left_alone: list[int] = []

    async def run(self, progress: Callable[[float], None]) -> None:
        """Live through the history, hour by hour."""
        end = BEGIN + timedelta(days=DAYS) + AFTERWARDS
        posts, complaints, letters = iter(self.history.posts), iter(self.history.complaints), iter(self.history.letters)
        post, complaint, letter = next(posts, None), next(complaints, None), next(letters, None)
        hour = BEGIN
        while hour < end:
            until = hour + timedelta(hours=1)
            while True:
                coming = [each.at for each in (post, complaint, letter) if each is not None and each.at < until]
                if not coming:
                    break
                first = min(coming)
                if post is not None and post.at == first:
                    await self._publish(post)
                    post = next(posts, None)
                elif complaint is not None and complaint.at == first:
                    await self._complain(complaint)
                    complaint = next(complaints, None)
                elif letter is not None:
                    await self._receive(letter)
                    letter = next(letters, None)
            await self._work(until)
            hour = until
            if hour.hour == 0:
                await self._evening(hour)
                progress((hour - BEGIN) / (end - BEGIN))
        await seal(self.stage.db, self.stage.clock, self.stage.signer)

    def at(self, moment: datetime) -> None:
        """Turn the clock; never back."""
        self.stage.clock.moment = max(moment, self.stage.clock.moment)

    async def _publish(self, post: Post) -> None:
        self.at(post.at)
        writer = self.stage.writers[post.author]
        if writer.account_id in self._barred:
            self.barred_posts.add(post.number)
            return
        draft = PostDraft(text=post.text, language=post.language)
        stage = self.stage
        try:
            made = await publish(
                stage.db, stage.clock, stage.urls, stage.desk.emit, stage.screen, author=writer, draft=draft
            )
        except Rejected:
            self.refused.add(post.number)
            return
        self.status_of[post.number] = made.status_id
        self.post_of[made.status_id] = post.number
        await stage.follow()

    async def _complain(self, complaint: Complaint) -> None:
        status_id = self.status_of[complaint.post]
        if status_id is None:
            return
        self.at(complaint.at)
        author = self.stage.writers[self.history.posts[complaint.post].author]
        draft = ReportDraft(target_id=author.account_id, status_ids=[status_id], category="violation")
        try:
            await report(self.stage.desk, self.stage.writers[complaint.reporter].account_id, draft)
        except NotFound:
            # Out of sight already: nobody sees it to report it.
            return
        self.stage.pending.clear()

    async def _receive(self, letter: Letter) -> None:
        self.at(letter.at)
        await self.letters.receive(letter)

    async def _work(self, until: datetime) -> None:
        """Spend an hour's share of the day's hours; what is not needed is not saved up."""
        self.at(until)
        await expire_holds(self.stage.desk)
        await expire_actions(self.stage.desk)
        if self.process.ordered:
            await miss_deadlines(self.stage.desk)
            async with self.stage.db.transaction() as tx:
                await view_queries.rerank(tx, self.stage.clock.now(), only_due=False)
            async with self.stage.db.read() as conn:
                self._barred = await queries.list_barred(conn)
        elif self.process.ladder:
            async with self.stage.db.read() as conn:
                self._barred = await queries.list_barred(conn)
        self._budget = min(self._budget, 0.0) + self.hours_a_day * 3600 / 24
        await self.letters.answer()
        await self.sampler.work()
        while self._budget > 0 and await self._next():
            pass
        self._left_alone.clear()

    def spend(self, seconds: float) -> bool:
        """Take working time; False where there is none left."""
        if self._budget <= 0:
            return False
        self._budget -= seconds
        self.seconds += seconds
        return True

    @property
    def has_time(self) -> bool:
        """Whether anything is left of the hour's work."""
        return self._budget > 0

    def has_half(self) -> bool:
        """Whether half of the hour's work is left."""
        return self._budget > self.hours_a_day * 3600 / 48

    async def _next(self) -> bool:
        """Look at one item. False where nothing waits."""
        found = await self._find()
        if found is None:
            return False
        case_id, status_id = found
        reviewer = self.stage.reviewers[self.looks % len(self.stage.reviewers)]
        number = self.post_of.get(status_id)
        async with self.stage.db.read() as conn:
            shown = await queries.find_revision(conn, status_id)
        if number is None or shown is None:
            # About an account: left to those who know it.
            self._left_alone.append(case_id)
            return True
        post = self.history.posts[number]
        self.spend(seconds_for(self.process, self.history.seed, number))
        self.looks += self.process.voters
        self.violent_looks += self.process.voters * post.violent
        violent = finds_violent(self.process, self.history.seed, number, post.violent)
        draft = Draft(
            outcome="violates" if violent else "ok",
            clause=CLAUSE if violent else "",
            wishes=REMOVE if violent else (),
            facts="Calls for violence against people." if violent else "",
            revision=shown[0],
        )
        try:
            await decide_case(self.stage.desk, reviewer, case_id, draft)
        except RostraError:
            self._left_alone.append(case_id)
            return True
        self.stage.pending.clear()
        if violent and self.process.ordered:
            await self._remove_copies(status_id, draft)
        return True

    async def _find(self) -> tuple[int, int] | None:
        if not self.process.ordered:
            async with self.stage.db.read() as conn:
                return await queries.find_oldest(conn, self._left_alone)
        reviewer = self.stage.reviewers[self.looks % len(self.stage.reviewers)]
        while True:
            case_id = await take_next(self.stage.desk, reviewer, Query(), self._left_alone)
            if case_id is None:
                return None
            async with self.stage.db.read() as conn:
                found = await queries.find_subject_of(conn, case_id)
            if found is not None:
                return case_id, found
            await release(self.stage.desk, reviewer, case_id)
            self._left_alone.append(case_id)

    async def _remove_copies(self, status_id: int, draft: Draft) -> None:
        """Act on the previewed near-copies with one decision: a glance at each."""
        stage = self.stage
        async with stage.db.read() as conn:
            now = stage.clock.now()
            shown = await queries.find_revision(conn, status_id)
            made = signature_of(shown[1] if shown else "")
            rows = await find_near(conn, made, since=now - READ_BACK, until=now, limit=MOST_COPIES) if made.bits else []
            copies = await queries.list_in_sight(conn, [row.status_id for row in rows if row.status_id != status_id])
        if not copies:
            return
        reviewer = stage.reviewers[self.looks % len(stage.reviewers)]
        self.spend(COPY_SECONDS * len(copies))
        self.looks += len(copies)
        self.violent_looks += len(copies)
        bulk = msgspec.structs.replace(draft, revision=None)
        try:
            bulk_id = await start_bulk(stage.desk, reviewer, "status", copies, bulk)
        except Conflict:
            return
        await run_bulk(stage.desk, bulk_id)
        stage.pending.clear()

    async def _evening(self, midnight: datetime) -> None:
        """Count the day's views, as readers saw them, and how the work stands."""
        await self.sampler.count_views(midnight)
        await self.stage.screen.tally.flush(self.stage.db)
        async with self.stage.db.read() as conn:
            reports = await queries.count_open_reports(conn)
            counts = await queries.count_all(conn)
        self.days.append(Day(midnight, reports, counts["open_cases"], self.seconds / 3600))
        if self.process.ordered:
            await seal(self.stage.db, self.stage.clock, self.stage.signer)
