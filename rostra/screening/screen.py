"""The gate: a subject comes in, a judgement goes out, in about a millisecond. Nothing is published without one.

Gathers the facts (what the detectors read, what the database knows of the author), has the active policy judge them,
and adds what the verdict means. A detector that crashes holds the post: never a pass, and never an error page.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from rostra.detect.signatures import EMPTY, Signature
from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.together import Together
from rostra.levers.active import ActiveLevers
from rostra.levers.enforce import Touch, touch
from rostra.policy.decide import Verdict
from rostra.policy.facts import AuthorFacts, ExternalFacts, Facts, NearFacts, PostFacts
from rostra.screening.active import ActivePolicy, Current
from rostra.screening.author_queries import Asked, AuthorRow, find_authors, was_rejected
from rostra.screening.external import External
from rostra.screening.judgement import Judgement, LabelTerms, hold_the_unread
from rostra.screening.record import LEAST, record_refusal
from rostra.screening.subject import Part, Subject
from rostra.screening.tally import Tally

if TYPE_CHECKING:
    from rostra.screening.detectors import Found

_OF_COPIES: Final = frozenset({"near.copies", "near.authors"})
_ASKS_WITHIN: Final = timedelta(hours=1)
_STAFF: Final = ("owner", "admin", "moderator")
_A_DAY: Final = date(2026, 1, 1)


class _Asking(msgspec.Struct, eq=False):
    """One subject that is to be judged: itself only, for two people may write the same."""

    db: Database
    subject: Subject


class _Seen(NamedTuple):
    """What a subject is judged by."""

    current: Current
    found: Found
    author: AuthorRow | None
    at: datetime


class Screen:
    """Judges subjects by the active policy. Owns what a process remembers of it."""

    def __init__(
        self, clock: Clock, policies: ActivePolicy, external: External, levers: ActiveLevers | None = None
    ) -> None:
        self.policies = policies
        self.levers = levers or ActiveLevers(clock)
        self.tally = Tally(clock)
        self._clock = clock
        self._external = external
        self._seen = Together(self._look)

    def by(self, clock: Clock) -> Screen:
        """The same by another clock: what it admits has its moment, and its place among ids, from there."""
        return Screen(clock, self.policies, self._external, self.levers)

    async def get_ready(self, db: Database) -> None:
        """See to it that some policy is in force, and load what judging takes, so that no first post waits for it."""
        from rostra.screening.versions import ensure_policy

        await ensure_policy(db, self._clock)
        current = await self.policies.current(db)
        current.detectors.read(Subject(kind="post", parts=(Part("text", "Good morning"),)), self.policies.banks, _A_DAY)

    async def admit(self, db: Database, subject: Subject, *, waits: bool = False) -> Judgement:
        """Judge what is to be published now. Raises Rejected, once that is written down.

        Where nobody is there to mend it (`waits`), what would be rejected is held; so is what was rejected a moment ago
        and is sent again unchanged, which is how its author asks for a person, from any app.
        """
        judgement = await self.judge(db, subject)
        if judgement.lever_id is not None:
            self.levers.count(judgement.lever_id, "held" if judgement.verdict.action == "hold" else "refused")
        if judgement.verdict.action == "reject" and (waits or await self._insists(db, judgement)):
            # What a rule refuses is not published for want of anybody who looks.
            hold = msgspec.structs.replace(judgement.hold, then="refuse")
            verdict = msgspec.structs.replace(judgement.verdict, action="hold", hold=hold)
            return msgspec.structs.replace(judgement, verdict=verdict, hold=hold)
        if judgement.rejected and subject.author_id is not None:
            async with db.transaction() as tx:
                await record_refusal(tx, judgement, self._clock.now(), subject.author_id)
        judgement.check()
        return judgement

    async def _insists(self, db: Database, judgement: Judgement) -> bool:
        author_id = judgement.subject.author_id
        if author_id is None or not judgement.may_insist:
            return False
        async with db.read() as conn:
            return await was_rejected(conn, author_id, judgement.sample, self._clock.now() - _ASKS_WITHIN)

    async def judge(self, db: Database, subject: Subject) -> Judgement:
        """Judge a subject by what holds now; writes nothing, and holds no connection while it reads or asks others.

        What is to be judged while others are looked at is looked at with what else comes meanwhile.
        """
        seen = await self._seen.find(_Asking(db, subject))
        assert seen is not None
        current, found, author, at = seen
        external = await self._external.ask(subject, current.policy.named)
        facts = gather(current, subject, found, author, external, at)
        verdict = decide(current, facts, found, at)
        self.tally.add(verdict, current.bundle)
        touched = touch(await self.levers.current(db), facts, verdict, at)
        judgement = conclude(current, subject, found, touched.verdict, facts, author)
        return under_levers(judgement, touched) if touched.concerns else judgement

    async def _look(self, asking: Sequence[_Asking]) -> dict[_Asking, _Seen]:
        """What the detectors find in each, and what the database knows of their authors and of copies."""
        db = asking[0].db
        current = await self.policies.current(db)
        found = await self.policies.read(current, [each.subject for each in asking])
        at = self._clock.now()
        counted = bool(current.policy.named & _OF_COPIES)
        written = [
            (each, _asked(each.subject, author_id, made.signature if counted else EMPTY))
            for each, made in zip(asking, found, strict=True)
            if (author_id := each.subject.author_id) is not None
        ]
        authors: dict[_Asking, AuthorRow | None] = {}
        if written:
            async with db.read() as conn:
                rows = await find_authors(conn, [asked for _, asked in written], at)
            authors = {each: row for (each, _), row in zip(written, rows, strict=True)}
        return {each: _Seen(current, made, authors.get(each), at) for each, made in zip(asking, found, strict=True)}


def gather(
    current: Current,
    subject: Subject,
    found: Found,
    author: AuthorRow | None,
    external: ExternalFacts,
    at: datetime,
) -> Facts:
    """The facts as rules see them."""
    bad = current.bad.known.find(found.signature)
    return Facts(
        text=found.text,
        near=NearFacts(
            known_bad=bad is not None,
            known_bad_clause=bad.clause if bad else "",
            known_bad_similarity=round(bad.similarity, 3) if bad else 0.0,
            copies=author.copies if author else 0,
            authors=author.authors if author else 0,
        ),
        image=found.image,
        links=found.links,
        post=PostFacts(
            kind=subject.kind,
            visibility=subject.visibility,
            sensitive=subject.sensitive,
            is_reply=subject.is_reply,
            has_poll=subject.has_poll,
            mentions=len(subject.mentioned),
            strangers=author.strangers if author else 0,
            hashtags=subject.hashtags,
        ),
        author=_author(author, at) if author else AuthorFacts(age_hours=0.0),
        event=found.event,
        external=external,
        detectors=msgspec.structs.replace(Facts().detectors, failed=list(found.failed)),
    )


def decide(current: Current, facts: Facts, found: Found, at: datetime) -> Verdict:
    """The policy's verdict; a hold where a detector crashed and the policy would let it through."""
    verdict = current.policy.judge(facts, now=at.date(), sample=found.sample, paused=current.paused)
    return hold_the_unread(verdict, found.failed)


def conclude(
    current: Current, subject: Subject, found: Found, verdict: Verdict, facts: Facts, author: AuthorRow | None
) -> Judgement:
    """The verdict with what it means by this version of the policy."""
    clause = current.clauses.get(verdict.clause)
    labels = [current.labels[label] for label in verdict.labels if label in current.labels]
    return Judgement(
        subject=subject,
        verdict=verdict,
        severity=clause.severity if clause else 3,
        title=clause.title if clause else {},
        final=clause is not None and clause.final,
        detectors=found.version,
        signature=found.signature,
        marks=found.marks,
        labels=tuple(
            LabelTerms(label.id, dict(label.title), label.sensitive, _labelled_by(current, verdict, label.id))
            for label in labels
        ),
        facts=_kept(found, facts),
        sample=found.sample,
        waiting=facts.author.held,
        event=found.event,
        risk=max(facts.text.threat, facts.text.incitement),
        author=author,
        hold=verdict.hold or current.bundle.hold,
    )


def _labelled_by(current: Current, verdict: Verdict, label: str) -> str:
    """The first rule that asks for a label: seldom the one that decides."""
    asking = (
        rule.id
        for rule in current.bundle.rules
        if rule.id in verdict.hits and label in rule.follows(current.clauses.get(rule.clause)).labels
    )
    return next(asking, verdict.rule)


def under_levers(judgement: Judgement, touched: Touch) -> Judgement:
    """The judgement with what a pulled lever adds. What a lever refuses stays refused while it holds: a person would
    only say the same."""
    if touched.pull_id is None:
        return msgspec.structs.replace(judgement, pace=touched.pace)
    return msgspec.structs.replace(
        judgement,
        severity=1,
        final=True,
        marks=(),
        pace=touched.pace,
        lever_id=touched.pull_id,
        hold=msgspec.structs.replace(judgement.hold, then=touched.then or judgement.hold.then),
    )


def _asked(subject: Subject, author_id: int, made: Signature) -> Asked:
    return Asked(
        account_id=author_id,
        made=made,
        mentioned=subject.mentioned,
        status_id=subject.status_id,
        app_id=subject.app_id,
    )


def _author(author: AuthorRow, at: datetime) -> AuthorFacts:
    return AuthorFacts(
        age_hours=max(0.0, (at - author.created_at) / timedelta(hours=1)),
        posts=author.statuses_count,
        followers=author.followers_count,
        posts_last_hour=author.posts_last_hour,
        strikes=author.strikes,
        held=author.held,
        reports=author.reports,
        local=author.domain is None,
        domain=author.domain or "",
        staff=author.role in _STAFF,
        labels=[str(label["id"]) for label in author.labels or ()],
        like_suspended=author.like_suspended,
    )


def _kept(found: Found, facts: Facts) -> dict[str, Any]:
    """What of the facts is kept with the verdict: figures and names, never texts."""
    scores = {name: round(score, 3) for name, score in found.scores.items() if score >= LEAST}
    kept: dict[str, Any] = {}
    named: Sequence[tuple[str, Any]] = (
        ("scores", scores),
        ("matches", facts.text.matches),
        ("suppressed", facts.text.suppressed),
        ("lists", facts.text.lists),
        ("banks", facts.image.banks),
        ("domains", facts.links.lists),
        ("copies", facts.near.copies),
        ("known_bad", facts.near.known_bad_clause),
        ("crashed", list(facts.detectors.failed)),
    )
    for name, value in named:
        if value:
            kept[name] = value
    return kept
