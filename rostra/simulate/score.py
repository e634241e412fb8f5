"""What came of a trial, against what is known of every post: the figures by which the processes are compared."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from rostra.simulate import queries
from rostra.simulate.history import BEGIN, DAYS, FIRST_DOUBLING, Post
from rostra.simulate.trial import AFTERWARDS, Day, Trial

END = BEGIN + timedelta(days=DAYS) + AFTERWARDS


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """One process's results. Hours are of work, views are of violent posts before anybody or anything acted."""

    id: str
    title: str
    posts: int
    violent_posts: int
    violent_views: int
    violent_views_possible: int
    refused_at_once: int
    held_at_once: int
    removed_by_people: int
    found_share: float
    wrong_refusals: int
    wrong_holds: int
    wrong_hold_hours: float
    wrong_removals: int
    # Of these: with the copies of another post, and by the clock of a hold that nobody looked at.
    wrong_with_copies: int
    wrong_by_clock: int
    reviewer_hours: float
    looks: int
    violent_looks: int
    letters: int
    examples: int
    answer_p90_hours: float
    answer_worst_hours: float
    breaches: int
    unanswered: int
    most_open_reports: int
    alarm_day: float | None
    unstated: int
    pack_verified: bool | None
    days: list[Day]
    # Views of violent posts by day of the history.
    by_day: list[float]
    counts: dict[str, int]


async def score(trial: Trial, pack_verified: bool | None) -> Figures:
    """The figures of a trial that is over."""
    async with trial.stage.db.read() as conn:
        removals = await queries.list_removals(conn)
        holds = await queries.list_holds(conn)
        suspensions = await queries.list_suspensions(conn)
        alarms = await queries.list_alarms(conn)
        counts = await queries.count_all(conn)
        unstated = await queries.count_unstated(conn)
    sight = _Sight(trial, removals, holds, suspensions)
    violent = [post for post in trial.history.posts if post.violent]
    harmless = [post for post in trial.history.posts if not post.violent]
    views = {post.number: sight.views(post) for post in violent}
    took = sorted(letter.took(END) / timedelta(hours=1) for letter in trial.letters.letters)
    held_wrongly = [sight.held[post.number] for post in harmless if post.number in sight.held]
    return Figures(
        id=trial.process.id,
        title=trial.process.title,
        posts=len(trial.history.posts),
        violent_posts=len(violent),
        violent_views=round(sum(views.values())),
        violent_views_possible=sum(post.views for post in violent),
        refused_at_once=sum(post.number in trial.refused for post in violent),
        held_at_once=sum(post.number in sight.held for post in violent),
        removed_by_people=sum(sight.removed_how.get(post.number, "clock") != "clock" for post in violent),
        found_share=sum(sight.stopped(post) for post in violent) / max(1, len(violent)),
        wrong_refusals=sum(post.number in trial.refused for post in harmless),
        wrong_holds=len(held_wrongly),
        wrong_hold_hours=sum(held_wrongly, timedelta()) / timedelta(hours=1) / max(1, len(held_wrongly)),
        wrong_removals=sum(post.number in sight.removed for post in harmless),
        wrong_with_copies=sum(sight.removed_how.get(post.number) == "copies" for post in harmless),
        wrong_by_clock=sum(sight.removed_how.get(post.number) == "clock" for post in harmless),
        reviewer_hours=trial.seconds / 3600,
        looks=trial.looks,
        violent_looks=trial.violent_looks,
        letters=len(took),
        examples=len(trial.letters.letters[-1].letter.posts) if trial.letters.letters else 0,
        answer_p90_hours=_percentile(took, 0.9),
        answer_worst_hours=took[-1] if took else 0.0,
        breaches=sum(letter.took(END) > timedelta(hours=letter.letter.hours) for letter in trial.letters.letters),
        unanswered=sum(letter.answered_at is None for letter in trial.letters.letters),
        most_open_reports=max((day.open_reports for day in trial.days), default=0),
        alarm_day=_alarm_day(alarms),
        unstated=unstated,
        pack_verified=pack_verified,
        days=trial.days,
        by_day=_by_day(violent, views),
        counts=counts,
    )


class _Sight:
    """When each post was to be seen."""

    def __init__(self, trial: Trial, removals: Any, holds: Any, suspensions: Any) -> None:
        self._status_of = trial.status_of
        self._refused = trial.refused
        number_of = trial.post_of
        # The first time that a decision took the post away, of those that stood to the end.
        self.removed: dict[int, datetime] = {}
        self.removed_how: dict[int, Literal["person", "copies", "clock"]] = {}
        for row in removals:
            number = number_of.get(row["subject_id"])
            if number is not None and row["ended_at"] is None:
                self.removed.setdefault(number, row["starts_at"])
                how = "clock" if row["automated_decision"] else "person" if row["bulk_id"] is None else "copies"
                self.removed_how.setdefault(number, how)
        # How long it waited before it was published, or until the end.
        self.held: dict[int, timedelta] = {}
        for row in holds:
            number = number_of.get(row["status_id"])
            if number is not None:
                self.held[number] = (row["decided_at"] or END) - row["created_at"]
        by_account = {writer.account_id: number for number, writer in enumerate(trial.stage.writers)}
        self._suspended: dict[int, list[tuple[datetime, datetime]]] = {}
        for row in suspensions:
            author = by_account.get(row["subject_id"])
            if author is not None:
                span = (row["starts_at"], row["ended_at"] or END)
                self._suspended.setdefault(author, []).append(span)

    def stopped(self, post: Post) -> bool:
        """Whether the post was refused, removed or never written, and not left as it was."""
        return (
            self._status_of[post.number] is None
            or post.number in self.removed
            or any(begin <= END <= end for begin, end in self._suspended.get(post.author, ()))
        )

    def views(self, post: Post) -> float:
        """How many saw it. A post that was held has its readers from when it is published."""
        if self._status_of[post.number] is None:
            return 0.0
        begin = post.at + self.held.get(post.number, timedelta())
        end = self.removed.get(post.number, END)
        if begin >= end:
            return 0.0
        shift = begin - post.at
        seen = post.views_until(end - shift)
        for since, until in self._suspended.get(post.author, ()):
            low, high = max(begin, since), min(end, until)
            if low < high:
                seen -= post.views_until(high - shift) - post.views_until(low - shift)
        return max(0.0, seen)


def _by_day(violent: list[Post], views: dict[int, float]) -> list[float]:
    days = [0.0] * DAYS
    for post in violent:
        days[(post.at - BEGIN).days] += views[post.number]
    return days


def _percentile(values: list[float], share: float) -> float:
    """The smallest value that at least that share of them do not exceed."""
    return values[max(0, math.ceil(share * len(values)) - 1)] if values else 0.0


def _alarm_day(alarms: list[datetime]) -> float | None:
    """Days from the first doubling to the first alarm after it."""
    after = [at for at in alarms if at >= FIRST_DOUBLING]
    return (after[0] - FIRST_DOUBLING) / timedelta(days=1) if after else None
