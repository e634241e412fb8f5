"""Seven weeks of an invented network, the same for every process that is tried on it: who posts what when, who would
see it, who would report it, what the host finds. A pure function of the seed and the scale.

The shape is that of mid-November 2020 to 10 January 2021: the violent share of what is posted grows to two, three and
ten times what it was, sign-ups surge, the host sends a hundred examples and in the end an ultimatum of 24 hours.
"""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import msgspec

from rostra.simulate.texts import Manner, copy_of, write_harmless, write_violent

BEGIN: Final = datetime(2026, 11, 16, tzinfo=UTC)
DAYS: Final = 56
ULTIMATUM: Final = BEGIN + timedelta(days=54, hours=18)
# Day and factor of the violent share: the first doubling is on day 14.
SHARES: Final = ((0, 1.0), (14, 2.0), (28, 3.0), (42, 10.0))
FIRST_DOUBLING: Final = BEGIN + timedelta(days=14)
_BASE_SHARE: Final = 0.015
# Posts a day at scale 1, before the surge; in the last two weeks twice as many come from new people.
_POSTS: Final = 420
_SURGE: Final = ((0, 1.0), (28, 1.3), (42, 2.4), (50, 3.2))
_PEOPLE: Final = 2_500
# Of what is violent, how much comes from the eighth of the people who write it again and again.
_BY_THE_ANGRY: Final = 0.4
# Half of those who will ever see a post see it within six hours.
HALF_LIFE: Final = timedelta(hours=6)
_EXAMPLES: Final = 100
# Mondays and Thursdays in the afternoon, and in the end the ultimatum.
_LETTERS: Final = (
    *(BEGIN + timedelta(days=7 * week + day, hours=16) for week in range(8) for day in (0, 3) if 7 * week + day < 54),
    ULTIMATUM,
)
# One reader of a violent post in so many reports it; of a harmless one, one in so many.
_REPORTS_VIOLENT: Final = 11.0
_REPORTS_HARMLESS: Final = 250.0


class Author(msgspec.Struct, frozen=True):
    number: int
    followers: int
    since: datetime
    language: str


class Post(msgspec.Struct, frozen=True):
    """A post of the history. `views`: how many would see it if nobody ever took it out of sight."""

    number: int
    author: int
    at: datetime
    text: str
    language: str
    violent: bool
    manner: Manner | None
    # The text that it is a copy of: its number in the history's campaigns.
    campaign: int | None
    views: int

    def views_until(self, at: datetime) -> float:
        """How many have seen it by then."""
        age = (at - self.at) / HALF_LIFE
        return 0.0 if age <= 0 else self.views * (1 - 2.0**-age)


class Complaint(msgspec.Struct, frozen=True):
    """Somebody who would report a post then, if it is still to be seen."""

    at: datetime
    post: int
    reporter: int


class Letter(msgspec.Struct, frozen=True):
    """What the host sends: posts by their numbers, and how long there is for an answer."""

    at: datetime
    posts: tuple[int, ...]
    hours: int
    kind: Literal["examples", "ultimatum"]


class History(msgspec.Struct, frozen=True):
    seed: int
    scale: float
    authors: tuple[Author, ...]
    posts: tuple[Post, ...]
    complaints: tuple[Complaint, ...]
    letters: tuple[Letter, ...]


def factor(steps: tuple[tuple[int, float], ...], day: float) -> float:
    """The factor that holds on a day."""
    return next(value for begin, value in reversed(steps) if day >= begin)


def invent(seed: int, scale: float) -> History:
    """The history of that seed, at that scale (1: some forty thousand posts)."""
    rng = random.Random(seed)  # noqa: S311
    authors = _authors(rng, scale)
    posts = _posts(rng, scale, authors)
    return History(
        seed=seed,
        scale=scale,
        authors=tuple(authors),
        posts=tuple(posts),
        complaints=tuple(_complaints(rng, posts, len(authors))),
        letters=tuple(_letters(rng, posts, scale)),
    )


def _authors(rng: random.Random, scale: float) -> list[Author]:
    number = max(100, round(_PEOPLE * scale))
    found: list[Author] = []
    for n in range(number):
        # A third of all come with the surge, on its days.
        late = n >= number * 2 // 3
        since = BEGIN + timedelta(days=rng.uniform(30, 52)) if late else BEGIN - timedelta(days=rng.uniform(30, 700))
        followers = int(min(200_000, rng.lognormvariate(4.0 if late else 5.0, 1.3)))
        found.append(Author(n, followers, since, "it" if rng.random() < 0.2 else "en"))
    return found


def _posts(rng: random.Random, scale: float, authors: list[Author]) -> list[Post]:
    angry = {author.number for author in authors if rng.random() < 0.12}
    campaigns: list[str] = []
    posts: list[Post] = []
    for day in range(DAYS):
        expected = _POSTS * scale * factor(_SURGE, day)
        share = _BASE_SHARE * factor(SHARES, day)
        for at in sorted(BEGIN + timedelta(days=day, seconds=rng.uniform(0, 86_399)) for _ in range(round(expected))):
            posts.append(_post(rng, len(posts), at, authors, angry, campaigns, share))
    return posts


def _post(
    rng: random.Random,
    number: int,
    at: datetime,
    authors: list[Author],
    angry: set[int],
    campaigns: list[str],
    share: float,
) -> Post:
    violent = rng.random() < share
    here = [author for author in authors if author.since < at]
    loud = [each for each in here if each.number in angry] if violent and rng.random() < _BY_THE_ANGRY else here
    author = rng.choice(loud or here)
    manner: Manner | None = None
    campaign = None
    if not violent:
        text = write_harmless(rng, author.language, confusing=0.06)
    elif campaigns and rng.random() < 0.45:
        # One of the texts that go round now: the newest ones most.
        campaign = max(rng.randrange(len(campaigns)), rng.randrange(len(campaigns)))
        text, manner = copy_of(rng, campaigns[campaign]), "overt"
    else:
        manner = rng.choices(("overt", "veiled", "disguised"), (0.66, 0.24, 0.10))[0]
        text = write_violent(rng, author.language, manner)
        if rng.random() < 0.06:
            campaign = len(campaigns)
            campaigns.append(text)
    views = int(5 + author.followers * rng.lognormvariate(-1.6, 0.7) * (1.5 if violent else 1.0))
    return Post(number, author.number, at, text, author.language, violent, manner, campaign, views)


def _complaints(rng: random.Random, posts: list[Post], people: int) -> list[Complaint]:
    found: list[Complaint] = []
    for post in posts:
        rate = post.views / (_REPORTS_VIOLENT if post.violent else _REPORTS_HARMLESS)
        for _ in range(min(_poisson(rng, rate), 60)):
            # When a reader sees it, as the views come.
            age = -math.log2(1 - rng.random() * 0.999) * HALF_LIFE
            reporter = rng.randrange(people)
            if reporter != post.author:
                found.append(Complaint(post.at + age, post.number, reporter))
    return sorted(found, key=lambda each: each.at)


def _letters(rng: random.Random, posts: list[Post], scale: float) -> list[Letter]:
    """Examples of what people at the host came across: violent posts, the more seen the likelier; twice a week. A small
    history has fewer of them."""
    violent = [post for post in posts if post.violent and post.at < ULTIMATUM - timedelta(hours=30)]
    chosen: dict[int, Post] = {}
    while len(chosen) < min(round(_EXAMPLES * min(1.0, 4 * scale)), len(violent)):
        post = rng.choices(violent, [each.views for each in violent])[0]
        chosen[post.number] = post
    sent: dict[datetime, list[Post]] = {}
    for post in chosen.values():
        found = post.at + timedelta(hours=rng.uniform(4, 24))
        at = next(each for each in _LETTERS if each > found)
        sent.setdefault(at, []).append(post)
    letters = [
        Letter(at, tuple(sorted(post.number for post in found)), 24, "examples")
        for at, found in sorted(sent.items())
        if at < ULTIMATUM
    ]
    return [*letters, Letter(ULTIMATUM, tuple(sorted(chosen)), 24, "ultimatum")]


def _poisson(rng: random.Random, rate: float) -> int:
    if rate > 30:
        return max(0, round(rng.gauss(rate, math.sqrt(rate))))
    limit, count, product = math.exp(-rate), 0, rng.random()
    while product > limit:
        count += 1
        product *= rng.random()
    return count
