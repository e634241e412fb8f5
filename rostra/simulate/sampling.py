"""Views as readers give them, counted into the database at the end of each day; in Rostra also the daily sample of
them, labelled by the same people in the same hours."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from rostra.measurement.labelling import Answer, label_item, take_item
from rostra.measurement.sample import sample_daily
from rostra.measurement.watch import watch_prevalence
from rostra.posts import view_queries
from rostra.simulate import queries
from rostra.simulate.process import CLAUSE, LABEL_SECONDS, chance

if TYPE_CHECKING:
    from rostra.simulate.trial import Trial

# After so long nobody looks at a post any more: less than one view in a hundred thousand is left.
_OVER: Final = timedelta(days=4)
# The hour in which the day before is drawn from.
_DRAWN_AT: Final = 1


class Sampler:
    """A trial's views and samples."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial

    async def count_views(self, midnight: datetime) -> None:
        """Add the views of the day that ends, of what was in sight at its end."""
        trial = self._trial
        before = midnight - timedelta(days=1)
        rows: list[tuple[int, int]] = []
        recent = {
            status_id: post
            for post in trial.history.posts
            if before - _OVER < post.at < midnight and (status_id := trial.status_of[post.number]) is not None
        }
        async with trial.stage.db.read() as conn:
            in_sight = await queries.list_shown(conn, sorted(recent))
        for status_id in in_sight:
            post = recent[status_id]
            views = round(post.views_until(midnight)) - round(post.views_until(before))
            if views > 0:
                rows.append((status_id, views))
        async with trial.stage.db.transaction() as tx:
            await view_queries.add(tx, before.date(), rows)

    async def work(self) -> None:
        """Soon after midnight draw from the day that is over and look for a rise; label what was drawn, by the hour."""
        trial, stage = self._trial, self._trial.stage
        if not trial.process.ordered:
            return
        if stage.clock.now().hour == _DRAWN_AT:
            await sample_daily(stage.db, stage.clock)
            await watch_prevalence(stage.db, stage.clock, stage.desk.emit, stage.urls, stage.desk.policies)
            stage.pending.clear()
        for reviewer in stage.reviewers:
            while await self._label(reviewer.account_id):
                pass

    async def _label(self, account_id: int) -> bool:
        """Label one item, if there is one and time for it; at most half of an hour's work goes into labels."""
        trial, stage = self._trial, self._trial.stage
        if not trial.has_half():
            return False
        offer = await take_item(stage.db, stage.clock, account_id)
        if offer is None:
            return False
        trial.spend(LABEL_SECONDS)
        number = trial.post_of[offer.snapshot.subject_id]
        post = trial.history.posts[number]
        drawn = chance(trial.history.seed, "label", number, account_id)
        violent = drawn >= trial.process.misses if post.violent else drawn < trial.process.mistakes
        trial.violent_looks += post.violent
        said = Answer(outcome="violates", clause=CLAUSE) if violent else Answer(outcome="fine")
        await label_item(stage.db, stage.clock, stage.desk.policies, account_id, offer.number, said)
        stage.pending.clear()
        return True
