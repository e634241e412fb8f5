"""The host's letters and their answers: in Rostra as notices with a clock, elsewhere passed on to the queue."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from rostra.accounts.permissions import may
from rostra.kit.errors import Conflict
from rostra.moderation.cases.open import open_case
from rostra.notices.answer import approve, draft, send
from rostra.notices.intake import Arrival, take_in
from rostra.notices.providers import ProviderDraft, add_provider, get_provider
from rostra.simulate import queries
from rostra.simulate.history import Letter
from rostra.simulate.process import ANSWER_SECONDS

if TYPE_CHECKING:
    from rostra.simulate.trial import Trial


class Answered(msgspec.Struct, kw_only=True):
    """A letter, what of it could be found, and when its last example was dealt with and answered."""

    letter: Letter
    # Posts that ever were to be seen.
    status_ids: list[int]
    # Examples that were out of sight already when the letter came.
    gone: int = 0
    notice_id: int | None = None
    answered_at: datetime | None = None

    def took(self, end: datetime) -> timedelta:
        """How long the answer took, up to the end of the simulation where there is none."""
        return (self.answered_at or end) - self.letter.at


class Correspondence:
    """A trial's letters."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self.letters: list[Answered] = []
        self._provider_id: int | None = None

    async def receive(self, letter: Letter) -> None:
        """Take a letter in."""
        trial, stage = self._trial, self._trial.stage
        ids = [status_id for number in letter.posts if (status_id := trial.status_of[number]) is not None]
        async with stage.db.read() as conn:
            in_sight = set(await queries.list_in_sight(conn, ids))
        answered = Answered(letter=letter, status_ids=ids, gone=len(letter.posts) - len(in_sight))
        self.letters.append(answered)
        if trial.process.ordered:
            answered.notice_id = await self._notice(letter)
            await stage.follow()
            return
        for status_id in sorted(in_sight):
            author = stage.writers[trial.history.posts[trial.post_of[status_id]].author]
            async with stage.db.transaction() as tx:
                await open_case(
                    tx, stage.clock.now(), kind="status", subject_id=status_id, account_id=author.account_id,
                    clause="", severity=2, policy="", source="report",
                )  # fmt: skip

    async def _notice(self, letter: Letter) -> int:
        trial, stage = self._trial, self._trial.stage
        if self._provider_id is None:
            current = await stage.desk.policies.current(stage.db)
            wish = ProviderDraft(name="The host", host="cloud", contact="abuse@host.example", domains=("host.example",))
            self._provider_id = await add_provider(stage.db, stage.clock, wish, bundle=current.bundle, actor_id=None)
        async with stage.db.read() as conn:
            provider = await get_provider(conn, self._provider_id)
        table = io.StringIO()
        writer = csv.writer(table)
        writer.writerow(["url", "quote"])
        for number in letter.posts:
            post = trial.history.posts[number]
            name = stage.writers[post.author].username
            # What never appeared here, the host has from elsewhere: it quotes the text.
            status_id = trial.status_of[number]
            writer.writerow([stage.urls.status(name, status_id) if status_id else "", post.text])
        taken = await take_in(
            stage.desk,
            Arrival(
                body=table.getvalue().encode(),
                content_type="text/csv",
                channel="api",
                proof="token",
                provider=provider,
                key=f"{letter.at:%Y%m%d%H}-{letter.kind}",
                subject="Examples of what your users post",
            ),
        )
        return taken.notice_id

    async def answer(self) -> None:
        """Answer the letters of which every example is dealt with."""
        stage = self._trial.stage
        for letter in self.letters:
            if letter.answered_at is not None or not self._trial.has_time:
                continue
            async with stage.db.read() as conn:
                waiting = await queries.count_undecided(conn, letter.status_ids, letter.notice_id)
            if waiting or (letter.notice_id is not None and not await self._send(letter)):
                continue
            self._trial.spend(ANSWER_SECONDS)
            letter.answered_at = stage.clock.now()

    async def _send(self, letter: Answered) -> bool:
        """Have the answer drafted, stand by it and send it; False where an example is still open."""
        stage, notice_id = self._trial.stage, letter.notice_id
        assert notice_id is not None
        reviewer = next(each for each in stage.reviewers if may(each.role, "notices"))
        answer_id = await draft(stage.desk, reviewer, notice_id)
        try:
            await approve(stage.desk, reviewer, notice_id, answer_id)
        except Conflict:
            return False
        await send(stage.desk, reviewer, notice_id, by_hand=True)
        stage.pending.clear()
        return True
