"""The written community and the plan made of it: complete, consistent, and in the order of time."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from rostra.demo import plan
from rostra.demo.content import Community, Post, load_community
from rostra.demo.emojis import EMOJIS
from rostra.demo.gallery import HEADERS, PICTURES
from rostra.demo.portraits import THINGS
from rostra.posts.draft import MAX_CHARACTERS

NOW = datetime(2026, 5, 4, 0, 0, 10, tzinfo=UTC)
COMMUNITY = load_community()
NAMES = {person.username for person in COMMUNITY.people}
STEPS = plan.make_plan(COMMUNITY, NOW)


def steps_of(kind: type[plan.Step]) -> list[plan.Step]:
    return [step for step in STEPS if isinstance(step, kind)]


def with_posts(*posts: Post) -> Community:
    return msgspec.structs.replace(COMMUNITY, posts=list(posts))


def test_everybody_who_is_named_is_there() -> None:
    named = {name for person in COMMUNITY.people for name in person.follows}
    named |= {name for post in COMMUNITY.posts for name in (post.by, *post.boosts)}
    named |= {name for post in COMMUNITY.posts if post.poll for name in post.poll.votes}
    named |= {name for post in COMMUNITY.posts for name in re.findall(r"@(\w+)", post.text)}
    named |= {*COMMUNITY.extras.requests, *(name for one in COMMUNITY.extras.lists for name in one.members)}
    assert named <= NAMES


def test_it_is_a_community_of_a_believable_size_in_two_languages() -> None:
    assert 12 <= len(NAMES) <= 16
    assert 110 <= len(COMMUNITY.posts) <= 140
    languages = Counter(step.post.language for step in steps_of(plan.Publish))
    assert languages["en"] > 40
    assert languages["it"] > 40
    assert sum(bool(post.to) for post in COMMUNITY.posts) > 50
    assert [person.locked for person in COMMUNITY.people].count(True) == 1
    assert [person.visitor for person in COMMUNITY.people].count(True) == 1


def test_every_picture_is_drawn_and_described() -> None:
    pictures = plan.pictures_of(COMMUNITY)
    assert {picture.draw for picture in pictures} == set(PICTURES)
    assert all(len(picture.alt) > 20 for picture in pictures)
    assert {person.header for person in COMMUNITY.people} == set(HEADERS)
    assert {emoji.shortcode for emoji in COMMUNITY.place.emojis} == set(EMOJIS)
    assert {code for post in COMMUNITY.posts for code in re.findall(r":([a-z]+):", post.text)} == set(EMOJIS)
    assert {person.avatar for person in COMMUNITY.people if isinstance(person.avatar, str)} == set(THINGS)


def test_every_post_fits_and_is_said_once() -> None:
    posts = [step for step in STEPS if isinstance(step, plan.Publish)]
    assert all(len(step.text) + len(step.post.warning) <= MAX_CHARACTERS for step in posts)
    # What goes on after an interruption is found by its text.
    assert len({(step.who, step.text) for step in posts}) == len(posts)


def test_nothing_happens_in_the_future_or_out_of_order() -> None:
    moments = [step.at for step in STEPS]
    assert moments == sorted(moments)
    assert moments[-1] < NOW
    assert moments[0] > NOW - timedelta(days=50)


def test_nobody_acts_before_having_joined() -> None:
    here: set[str] = set()
    for step in STEPS:
        if isinstance(step, plan.Join):
            here.add(step.who)
        assert step.who in here


def test_nobody_reacts_to_what_they_cannot_see() -> None:
    published: dict[str, plan.Publish] = {}
    following: set[tuple[str, str]] = set()
    locked = {person.username for person in COMMUNITY.people if person.locked}
    for step in STEPS:
        if isinstance(step, plan.Publish):
            published[step.key] = step
        elif isinstance(step, plan.Follow) and step.target not in locked:
            following.add((step.who, step.target))
        elif isinstance(step, plan.Accept):
            following.add((step.target, step.who))
        elif isinstance(step, plan.Favourite | plan.Boost | plan.Bookmark | plan.Vote):
            seen = published[step.key]
            open_ = seen.post.visibility in ("public", "unlisted")
            assert open_ or (seen.post.visibility == "private" and (step.who, seen.who) in following)


def test_votes_are_cast_while_the_poll_is_open() -> None:
    polls = {step.key: step for step in STEPS if isinstance(step, plan.Publish) and step.post.poll}
    for step in STEPS:
        if isinstance(step, plan.Vote):
            asked = polls[step.key]
            assert asked.post.poll is not None
            assert asked.at < step.at < asked.at + timedelta(days=asked.post.poll.days)
            assert step.who != asked.who
            assert all(choice < len(asked.post.poll.options) for choice in step.choices)
    ends = [step.at + timedelta(days=step.post.poll.days) for step in polls.values() if step.post.poll]
    assert min(ends) < NOW < max(ends)


def test_the_same_moment_gives_the_same_plan_at_any_time_of_day() -> None:
    assert plan.make_plan(COMMUNITY, NOW) == STEPS
    for hour in range(24):
        plan.make_plan(COMMUNITY, NOW + timedelta(hours=hour, minutes=7))


@pytest.mark.parametrize(
    ("text", "minutes"), [("25m", 25), ("3h", 180), ("1h20m", 80)]
)  # fmt: skip
def test_spans_are_read(text: str, minutes: int) -> None:
    assert plan.parse_span(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize("text", ["", "3", "2d", "h", "20m1h"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no span"):
        plan.parse_span(text)


def test_moments_are_read() -> None:
    assert plan.parse_moment("2 18:30", NOW) == datetime(2026, 5, 2, 18, 30, tzinfo=UTC)
    assert plan.parse_moment("-1h30m", NOW) == NOW - timedelta(minutes=90)
    with pytest.raises(ValueError, match="no moment"):
        plan.parse_moment("yesterday", NOW)


def test_mistakes_in_the_content_are_named() -> None:
    first = Post(by="giulia", text="A", key="a", at="3 10:00")
    with pytest.raises(ValueError, match="two posts are called a"):
        plan.make_plan(with_posts(first, msgspec.structs.replace(first, text="B")), NOW)
    with pytest.raises(ValueError, match="answers b, which does not stand before it"):
        plan.make_plan(with_posts(first, Post(by="marta", text="C", to="b", after="1m")), NOW)
    with pytest.raises(ValueError, match="before giulia joined"):
        plan.make_plan(with_posts(msgspec.structs.replace(first, at="300 10:00")), NOW)


def test_an_answer_names_whom_it_answers() -> None:
    asked = Post(by="giulia", text="A", key="a", at="3 10:00")
    answers = [
        Post(by="marta", text="B", to="a", after="1m"),
        Post(by="giulia", text="C", to="a", after="2m"),
        Post(by="marta", text="D @giulia", to="a", after="3m"),
    ]
    extras = msgspec.structs.replace(COMMUNITY.extras, bookmarks=[])
    small = msgspec.structs.replace(with_posts(asked, *answers), extras=extras)
    texts = [step.text for step in plan.make_plan(small, NOW) if isinstance(step, plan.Publish)]
    assert texts == ["A", "@giulia B", "C", "D @giulia"]
