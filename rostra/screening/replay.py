"""Replaying a version of the policy over stored posts: what it would newly hit and newly free, compared with the active
one on the same facts, by clause, language and reach; and a random sample of both for people to judge.

Facts of the moment that nobody kept (near-copies then, the author's rate and strikes then) stay at their defaults in
both versions; `unknown_facts` names those that the candidate relies on.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from math import sqrt
from random import Random
from time import perf_counter
from typing import Any, Final

import msgspec

from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.errors import NotFound
from rostra.kit.ids import first_id_at
from rostra.policy.decide import Verdict
from rostra.policy.evaluate import Policy
from rostra.policy.facts import AuthorFacts, DetectorFacts, Facts, PostFacts
from rostra.policy.records import STRENGTH
from rostra.screening import replay_queries
from rostra.screening.banks import Banks
from rostra.screening.detectors import BundleDetectors, Found, PictureBanks
from rostra.screening.replay_queries import Labelled, ReplayRow, Sample, Stored
from rostra.screening.subject import Part, Picture, Subject

BATCH: Final = 500
SAMPLED: Final = 100
# Facts of the moment; what replay says of rules that use them is said with that.
UNKNOWN: Final = frozenset({
    "near.copies", "near.authors", "near.known_bad", "near.known_bad_clause", "near.known_bad_similarity",
    "author.posts_last_hour",
    "author.strikes", "author.held", "author.reports", "author.like_suspended", "post.strangers",
    "external.asked", "external.available", "external.flagged", "external.categories", "external.score",
})  # fmt: skip
_VALID_FOR: Final = timedelta(days=7)
_Z: Final = 1.959964


class Candidate(msgspec.Struct, frozen=True):
    """A version of the policy with the detectors that go with its lists."""

    policy: Policy
    detectors: BundleDetectors


class Change(msgspec.Struct, frozen=True):
    """What one version says of a post and the other does not."""

    status_id: int
    # 'hit': the candidate is stricter; 'freed': it is milder.
    change: str
    rule: str
    clause: str
    before: str
    after: str


class Tallies:
    """What a replay adds up. Each change of a kind is as likely in the sample as any other (a reservoir), from a seed
    that is written down."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.judged = 0
        self.by_clause: Counter[tuple[str, str]] = Counter()
        self.by_language: Counter[tuple[str, str]] = Counter()
        self.by_action: Counter[tuple[str, str]] = Counter()
        self.reach: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self._seen: Counter[str] = Counter()
        self._samples: dict[str, list[Change]] = {"hit": [], "freed": []}
        self._random = Random(seed)  # noqa: S311 - a sample that can be drawn again, no secret

    def add(self, stored: Stored, language: str, before: Verdict, after: Verdict) -> None:
        """Count what the two versions say of a post."""
        self.judged += 1
        self.failed.update(after.failed)
        step = STRENGTH[after.action] - STRENGTH[before.action]
        if step == 0:
            return
        kind, said = ("hit", after) if step > 0 else ("freed", before)
        self.by_clause[kind, said.clause] += 1
        self.by_language[kind, language or "und"] += 1
        self.by_action[before.action, after.action] += 1
        self.reach[kind] += stored.followers_count
        self._sample(Change(stored.id, kind, said.rule, said.clause, before.action, after.action))

    @property
    def samples(self) -> list[Change]:
        return [change for kind in ("hit", "freed") for change in self._samples[kind]]

    def result(self, unknown: Sequence[str], seconds: float) -> dict[str, Any]:
        """As it is kept: counts by what, and how fast it went."""
        return {
            "hit": self._seen["hit"],
            "freed": self._seen["freed"],
            "reach": dict(self.reach),
            "by_clause": _nested(self.by_clause),
            "by_language": _nested(self.by_language),
            "by_action": [[before, after, count] for (before, after), count in sorted(self.by_action.items())],
            "failed_rules": dict(self.failed),
            "unknown_facts": sorted(unknown),
            "seed": self.seed,
            "posts_per_second": round(self.judged / seconds, 1) if seconds > 0 else 0.0,
        }

    def _sample(self, change: Change) -> None:
        kept, seen = self._samples[change.change], self._seen[change.change]
        self._seen[change.change] += 1
        if len(kept) < SAMPLED:
            kept.append(change)
        elif (place := self._random.randint(0, seen)) < SAMPLED:
            kept[place] = change


async def replay(
    db: Database,
    clock: Clock,
    candidate: Candidate,
    baseline: Candidate,
    banks: Banks,
    *,
    days: int,
    author_id: int | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> int:
    """Try `candidate` on the posts of the last `days` days; the id of the replay, whose result is kept."""
    at = clock.now()
    first_id = first_id_at(at - timedelta(days=days))
    async with db.read() as conn:
        total = await replay_queries.count_since(conn, first_id)
    async with db.transaction() as tx:
        versions = (candidate.policy.version, baseline.policy.version)
        replay_id = await replay_queries.start(tx, *versions, days, author_id, at, total)
    try:
        tallies = Tallies(replay_id)
        seconds = await _run(db, replay_id, candidate, baseline, banks, first_id, at, tallies, total, progress)
    except Exception as error:
        async with db.transaction() as tx:
            await replay_queries.fail(tx, replay_id, type(error).__name__, clock.now())
        raise
    rows = [msgspec.structs.astuple(change) for change in tallies.samples]
    async with db.transaction() as tx:
        await replay_queries.insert_samples(tx, replay_id, rows)
        result = tallies.result(sorted(candidate.policy.named & UNKNOWN), seconds)
        await replay_queries.finish(tx, replay_id, tallies.judged, result, clock.now())
    return replay_id


async def _run(
    db: Database,
    replay_id: int,
    candidate: Candidate,
    baseline: Candidate,
    banks: Banks,
    first_id: int,
    at: datetime,
    tallies: Tallies,
    total: int,
    progress: Callable[[int, int], None],
) -> float:
    """Go through the posts; the seconds that judging took."""
    seconds = 0.0
    while True:
        async with db.read() as conn:
            batch = await replay_queries.list_stored(conn, first_id, BATCH)
        if batch:
            seconds += await asyncio.to_thread(judge_batch, batch, candidate, baseline, banks, at.date(), tallies)
            first_id = batch[-1].id + 1
            progress(tallies.judged, max(total, tallies.judged))
            async with db.transaction() as tx:
                await replay_queries.note_progress(tx, replay_id, tallies.judged)
        if len(batch) < BATCH:
            return seconds


def judge_batch(
    batch: Sequence[Stored],
    candidate: Candidate,
    baseline: Candidate,
    banks: PictureBanks,
    today: date,
    tallies: Tallies,
) -> float:
    """Judge a batch by both versions; the seconds that it took."""
    began = perf_counter()
    subjects = [stored_subject(stored) for stored in batch]
    found = candidate.detectors.read_many(subjects, banks, today, compare=False)
    # What is read is the same but for the lists that each version brings.
    same = candidate.policy.bundle.lists == baseline.policy.bundle.lists
    found_before = found if same else baseline.detectors.read_many(subjects, banks, today, compare=False)
    for stored, subject, now, then in zip(batch, subjects, found, found_before, strict=True):
        facts = stored_facts(stored, subject, now)
        after = candidate.policy.judge(facts, now=today, sample=now.sample)
        if not same:
            facts = stored_facts(stored, subject, then)
        before = baseline.policy.judge(facts, now=today, sample=then.sample)
        tallies.add(stored, now.text.language, before, after)
    return perf_counter() - began


def stored_subject(stored: Stored) -> Subject:
    """A stored post as what was put before the policy when it was written."""
    media = stored.media or []
    texts = [
        ("spoiler_text", stored.spoiler_text),
        ("text", stored.text),
        *((f"poll[options][{n}]", option) for n, option in enumerate(stored.poll_options or ())),
        *((f"description[{n}]", picture["description"] or "") for n, picture in enumerate(media)),
    ]
    return Subject(
        kind="edit" if stored.is_edit else "post",
        author_id=stored.account_id,
        parts=tuple(Part(field, text) for field, text in texts if text),
        pictures=tuple(
            Picture(bytes.fromhex(picture["pdq"]) if picture["pdq"] else None, picture["quality"] or 0)
            for picture in media
        ),
        language=stored.language,
        visibility=stored.visibility,
        sensitive=stored.sensitive,
        is_reply=stored.is_reply,
        has_poll=stored.poll_options is not None,
        mentioned=tuple(stored.mentioned),
        hashtags=stored.hashtags,
    )


def stored_facts(stored: Stored, subject: Subject, found: Found) -> Facts:
    """What can still be known of the moment in which it was written."""
    return Facts(
        text=found.text,
        image=found.image,
        links=found.links,
        event=found.event,
        post=PostFacts(
            kind=subject.kind,
            visibility=stored.visibility,
            sensitive=stored.sensitive,
            is_reply=stored.is_reply,
            has_poll=subject.has_poll,
            mentions=len(stored.mentioned),
            hashtags=stored.hashtags,
        ),
        author=AuthorFacts(
            age_hours=max(0.0, (stored.created_at - stored.joined_at) / timedelta(hours=1)),
            posts=stored.statuses_count,
            followers=stored.followers_count,
            local=stored.domain is None,
            domain=stored.domain or "",
            staff=stored.role != "user",
            labels=[str(label["id"]) for label in stored.labels or ()],
        ),
        detectors=DetectorFacts(failed=list(found.failed)),
    )


class Precision(msgspec.Struct, frozen=True):
    """How many of the changes that people looked at were right, as a share, with Wilson's 95 % interval."""

    right: int
    labelled: int
    share: float
    low: float
    high: float


def precision_of(labelled: Labelled) -> Precision | None:
    """The precision of a kind of change; None while nobody has looked."""
    n = labelled.labelled
    if not n:
        return None
    share = labelled.right_ones / n
    middle = share + _Z * _Z / (2 * n)
    spread = _Z * sqrt(share * (1 - share) / n + _Z * _Z / (4 * n * n))
    scale = 1 + _Z * _Z / n
    return Precision(
        labelled.right_ones, n, share, max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)
    )


async def get_replay(db: Database, replay_id: int) -> tuple[ReplayRow, list[Sample], dict[str, Precision]]:
    """A replay with its sample and what people said of it. Raises NotFound."""
    async with db.read() as conn:
        row = await replay_queries.find_replay(conn, replay_id)
        if row is None:
            raise NotFound
        samples = await replay_queries.list_samples(conn, replay_id)
        labels = await replay_queries.count_labels(conn, replay_id)
    precisions = {change: precision_of(labelled) for change, labelled in labels.items()}
    return row, samples, {change: found for change, found in precisions.items() if found is not None}


async def list_replays(db: Database, limit: int = 40) -> list[ReplayRow]:
    """The latest replays, the newest first."""
    async with db.read() as conn:
        return await replay_queries.list_replays(conn, limit)


async def label_sample(db: Database, replay_id: int, status_id: int, *, is_right: bool | None, actor_id: int) -> None:
    """Say whether a change of the sample is right; None takes it back. Raises NotFound."""
    async with db.transaction() as tx:
        if not await replay_queries.label_sample(tx, replay_id, status_id, is_right, actor_id):
            raise NotFound


async def is_replayed(db: Database, clock: Clock, version: str) -> bool:
    """Whether this version was replayed within the last week, or there is nothing that it could be replayed over."""
    now: datetime = clock.now()
    async with db.read() as conn:
        if await replay_queries.is_replayed(conn, version, now - _VALID_FOR):
            return True
        return await replay_queries.count_since(conn, first_id_at(now - timedelta(days=30))) == 0


def _nested(counts: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    nested: dict[str, dict[str, int]] = {}
    for (kind, name), count in sorted(counts.items()):
        nested.setdefault(kind, {})[name] = count
    return nested
