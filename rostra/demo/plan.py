"""What happens when: the written community as steps in the order of time. Pure, and the same for the same moment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, time, timedelta

import msgspec

from rostra.demo.content import Community, Person, Picture, Post, WrittenList, WrittenPoll, WrittenReport
from rostra.demo.svg import dice

_MOMENT = re.compile(r"(?P<days>\d+) (?P<clock>\d\d:\d\d)|-(?P<ago>\w+)")
_SPAN = re.compile(r"(?:(?P<hours>\d+)h)?(?:(?P<minutes>\d+)m)?")
# Nothing happens later than this before the moment of filling in.
_LEAST_AGE = timedelta(seconds=20)
# How much of a post's warmth becomes favourites.
_GENEROSITY = 0.65
_LIKED_WITHIN = timedelta(hours=20)
# People follow each other so soon after both have joined, and are let in where that is asked.
_MEETING = timedelta(hours=5)
_LETTING_IN = timedelta(minutes=40)


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Something that somebody does; `who` and `target` are usernames, posts go by their keys."""

    at: datetime
    who: str


class Join(Step, frozen=True, kw_only=True):
    person: Person


class Follow(Step, frozen=True, kw_only=True):
    target: str


class Accept(Step, frozen=True, kw_only=True):
    """`who` lets `target` follow."""

    target: str


class Publish(Step, frozen=True, kw_only=True):
    key: str
    post: Post
    text: str


class Favourite(Step, frozen=True, kw_only=True):
    key: str


class Boost(Step, frozen=True, kw_only=True):
    key: str


class Bookmark(Step, frozen=True, kw_only=True):
    key: str


class Vote(Step, frozen=True, kw_only=True):
    key: str
    choices: list[int]


class Report(Step, frozen=True, kw_only=True):
    key: str
    written: WrittenReport


class MakeList(Step, frozen=True, kw_only=True):
    written: WrittenList


def parse_span(text: str) -> timedelta:
    """A span such as `25m`, `3h` or `1h20m`. Raises ValueError."""
    found = _SPAN.fullmatch(text)
    if not text or found is None:
        raise ValueError(f"{text!r} is no span of time")
    return timedelta(hours=int(found["hours"] or 0), minutes=int(found["minutes"] or 0))


def parse_moment(text: str, now: datetime) -> datetime:
    """`DAYS HH:MM` (that many days ago, in UTC) or `-SPAN` before `now`. Raises ValueError."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no moment")
    if found["ago"]:
        return now - parse_span(found["ago"])
    day = (now - timedelta(days=int(found["days"]))).date()
    return datetime.combine(day, time.fromisoformat(found["clock"]), now.tzinfo)


def make_plan(community: Community, now: datetime) -> list[Step]:
    """All steps, the earliest first. Raises ValueError for a post before its author, or an answer to nothing."""
    latest = now - _LEAST_AGE
    people = {person.username: person for person in community.people}
    joined = {
        person.username: parse_moment(f"{person.joined} 07:00", now) + timedelta(minutes=place)
        for place, person in enumerate(community.people)
    }
    steps: list[Step] = [
        Join(at=joined[person.username], who=person.username, person=person) for person in community.people
    ]
    steps += _follows(community, people, joined)
    published = _published(community, people, joined, now)
    steps += published.values()
    for step in published.values():
        steps += _reactions(step, community, joined)
    visitor = next(person.username for person in community.people if person.visitor)
    steps += [
        Bookmark(at=published[key].at + timedelta(hours=2), who=visitor, key=key) for key in community.extras.bookmarks
    ]
    settled = joined[visitor] + timedelta(days=1)
    steps += [Follow(at=settled, who=visitor, target=target) for target in community.extras.requests]
    steps += [MakeList(at=settled, who=visitor, written=written) for written in community.extras.lists]
    return _in_order(steps, joined, latest)


def _in_order(steps: list[Step], joined: dict[str, datetime], latest: datetime) -> list[Step]:
    """Nobody acts before having joined, and nothing happens in the future."""
    possible = [
        step
        if isinstance(step, Join | Publish)
        else msgspec.structs.replace(step, at=max(step.at, joined[step.who] + timedelta(minutes=30)))
        for step in steps
    ]
    return sorted((step for step in possible if step.at <= latest), key=lambda step: step.at)


def _follows(community: Community, people: dict[str, Person], joined: dict[str, datetime]) -> Iterator[Step]:
    chance = dice("follows")
    for person in community.people:
        for target in person.follows:
            met = max(joined[person.username], joined[target])
            at = met + timedelta(minutes=chance.randint(5, 250))
            yield Follow(at=at, who=person.username, target=target)
            if people[target].locked:
                yield Accept(at=at + _LETTING_IN, who=target, target=person.username)


def _published(
    community: Community, people: dict[str, Person], joined: dict[str, datetime], now: datetime
) -> dict[str, Publish]:
    steps: dict[str, Publish] = {}
    for place, post in enumerate(community.posts):
        key = post.key or f"post-{place}"
        parent = steps.get(post.to)
        if post.to and parent is None:
            raise ValueError(f"{key} answers {post.to}, which does not stand before it")
        at = parse_moment(post.at, now) if parent is None else parent.at + parse_span(post.after)
        if at < joined[post.by]:
            raise ValueError(f"{key} was written before {post.by} joined")
        language = post.language or people[post.by].language
        step = Publish(
            at=min(at, now - _LEAST_AGE),
            who=post.by,
            key=key,
            post=msgspec.structs.replace(post, language=language),
            text=_addressed(post, parent),
        )
        if steps.setdefault(key, step) is not step:
            raise ValueError(f"two posts are called {key}")
    return steps


def _addressed(post: Post, parent: Publish | None) -> str:
    """The text of an answer names whom it answers, as clients write it."""
    text = post.text.strip()
    if parent is None or parent.who == post.by or f"@{parent.who}" in text:
        return text
    return f"@{parent.who} {text}"


def _reactions(step: Publish, community: Community, joined: dict[str, datetime]) -> Iterator[Step]:
    post, chance = step.post, dice(step.text)
    for written in post.reports:
        yield Report(at=step.at + parse_span(written.after), who=written.by, key=step.key, written=written)
    for who in post.boosts:
        yield Boost(at=step.at + timedelta(minutes=chance.randint(4, 400)), who=who, key=step.key)
    for person in community.people:
        luck, soon = chance.random(), _LIKED_WITHIN * chance.random() ** 3
        if luck < post.warmth * _GENEROSITY and _reads(person, step, joined):
            yield Favourite(at=step.at + timedelta(minutes=2) + soon, who=person.username, key=step.key)
    if post.poll is not None:
        yield from _votes(step, post.poll)


def _reads(person: Person, step: Publish, joined: dict[str, datetime]) -> bool:
    """Whether a post stood in somebody's home timeline: by then they had met its author."""
    if person.bot or step.post.visibility == "direct" or step.who not in person.follows:
        return False
    return step.at > max(joined[person.username], joined[step.who]) + _MEETING


def _votes(step: Publish, poll: WrittenPoll) -> Iterator[Step]:
    chance = dice(step.text)
    for who, choices in poll.votes.items():
        at = step.at + timedelta(days=poll.days) * 0.8 * chance.random() ** 2 + timedelta(minutes=3)
        yield Vote(at=at, who=who, key=step.key, choices=choices)


def pictures_of(community: Community) -> list[Picture]:
    """All pictures of all posts."""
    return [picture for post in community.posts for picture in post.pictures]
