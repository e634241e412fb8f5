"""Filling in: the plan is carried out step by step through the slices, each at its own moment of the past.

After each step the jobs that it caused are done, so that home timelines, notifications and the search index have the
dates of their causes, and are there when this ends. What was interrupted goes on where it was.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import Final

import msgspec

from rostra.accounts.create import create_account
from rostra.accounts.profile import ImageKeys, PreferencesChange, ProfileChange, change_profile
from rostra.accounts.records import NewAccount
from rostra.demo import plan, queries
from rostra.demo.content import Community, Person, WrittenEmoji, load_community
from rostra.demo.draw import Pictures, draw_all
from rostra.effects import HANDLERS
from rostra.instance.cache import default_settings
from rostra.instance.emojis import add_emoji, hydrate_emojis
from rostra.instance.rules import add_rule, list_rules
from rostra.instance.settings import change_settings, read_settings
from rostra.kit.clock import Clock, FixedClock
from rostra.kit.errors import Conflict, NotFound
from rostra.kit.jobs import drain
from rostra.lists.lists import create_list, find_lists
from rostra.lists.members import add_members
from rostra.media.account_images import store_account_image, store_emoji_image
from rostra.media.upload import upload
from rostra.moderation.reports.report import ReportDraft, report
from rostra.posts.boost import boost
from rostra.posts.publish import publish
from rostra.posts.react import bookmark, favourite, pin
from rostra.posts.records import Draft, PollDraft
from rostra.posts.vote import Refused, vote
from rostra.relationships.follow import accept_request, follow
from rostra.resources import Resources
from rostra.search.trends import count_trends

VISITOR_PASSWORD: Final = "demo-demo"
"""What the visitor signs in with on a server for development; elsewhere the password is made up and printed once."""

Progress = Callable[[int, int], None]


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What there is now. `password` is the visitor's, None where `already` all was there before."""

    already: bool
    visitor: str
    password: str | None
    people: int
    posts: int


class Actor(msgspec.Struct, frozen=True):
    """Somebody of the community, as the slices want to know them."""

    account_id: int
    username: str


class _Town(msgspec.Struct):
    """The state of the filling in: who is there, which posts are, and the time."""

    res: Resources
    clock: FixedClock
    community: Community
    pictures: Pictures
    # Of the visitor, and of everybody else, who cannot sign in.
    visitor_hash: str
    nobody_hash: str
    actors: dict[str, Actor]
    statuses: dict[str, int]
    known: dict[tuple[int, str], int]


async def fill(res: Resources, *, progress: Progress = lambda _done, _of: None) -> Summary:
    """Fill in the community, or what is missing of it; `progress` is told how many steps of how many are done.

    Raises Conflict where somebody else has one of the names, and on a public server where anybody lives at all.
    """
    community = load_community()
    visitor = next(person.username for person in community.people if person.visitor)
    counts = {"people": len(community.people), "posts": len(community.posts)}
    async with res.db.read() as conn:
        if await queries.is_filled_in(conn):
            return Summary(already=True, visitor=visitor, password=None, **counts)
    password = VISITOR_PASSWORD if res.settings.dev else secrets.token_urlsafe(12)
    steps = plan.make_plan(community, res.clock.now())
    town = await _open_town(res, community, FixedClock(steps[0].at), password)
    await _furnish(town)
    for done, step in enumerate(steps):
        town.clock.moment = step.at
        await _do(town, step)
        await _do_jobs(town)
        progress(done + 1, len(steps))
    await _finish(res, town)
    return Summary(already=False, visitor=visitor, password=password, **counts)


async def _open_town(res: Resources, community: Community, clock: FixedClock, password: str) -> _Town:
    names = [person.username for person in community.people]
    async with res.db.read() as conn:
        people = await queries.find_people(conn, names)
        strangers = [known.username for known in people if known.email != _email(known.username)]
        if strangers:
            raise Conflict(f"Somebody else is called {', '.join(strangers)} here")
        if not res.settings.dev and await queries.has_others(conn, names):
            raise Conflict("People live here already; the demonstration is for empty servers")
        posts = await queries.find_posts(conn, [known.id for known in people])
    visitor_hash, nobody_hash, pictures = await asyncio.gather(
        res.passwords.hash(password), res.passwords.hash(secrets.token_urlsafe(32)), draw_all(community)
    )
    return _Town(
        res=msgspec.structs.replace(res, clock=clock, screen=res.screen.by(clock)),
        clock=clock,
        community=community,
        pictures=pictures,
        visitor_hash=visitor_hash,
        nobody_hash=nobody_hash,
        actors={known.username: Actor(known.id, known.username) for known in people},
        statuses={},
        known={(post.account_id, post.text): post.id for post in posts},
    )


async def _do_jobs(town: _Town) -> None:
    async with town.res.db.read() as conn:
        # A connection that commits each statement: a job is gone when it is taken, and its handler has its own.
        await drain(conn, HANDLERS, town.res, now=town.clock.now())  # pyright: ignore[reportArgumentType]


async def _finish(res: Resources, town: _Town) -> None:
    now = Clock().now()
    await count_trends(res.db, res.clock)
    async with res.db.transaction() as tx:
        await queries.record_activity(tx, [actor.account_id for actor in town.actors.values()])
        await queries.mark_filled_in(tx, now)


async def _do(town: _Town, step: plan.Step) -> None:
    match step:
        case plan.Join():
            await _join(town, step.person)
        case plan.Publish():
            await _publish(town, step)
        case plan.MakeList():
            await _make_list(town, step)
        case plan.Follow() | plan.Accept():
            await _meet(town, step)
        case plan.Report():
            await _report(town, step)
        case _:
            await _react(town, step)


async def _furnish(town: _Town) -> None:
    """Name the place, write its rules down and hang its emojis; what somebody has set already stays."""
    res, place = town.res, town.community.place
    defaults = default_settings(dev=res.settings.dev)
    async with res.db.read() as conn:
        untouched = await read_settings(conn, defaults) == defaults
    if untouched:
        await change_settings(res.db, res.clock, defaults, actor_id=None, changes=place.settings)
    if not await list_rules(res.db):
        for rule in place.rules:
            await add_rule(res.db, res.clock, actor_id=None, text=rule.text, hint=rule.hint)
    known = {emoji.shortcode for emoji in await hydrate_emojis(res.db, res.urls)}
    for emoji in place.emojis:
        if emoji.shortcode not in known:
            await _hang(town, emoji)


async def _hang(town: _Town, emoji: WrittenEmoji) -> None:
    res = town.res
    image = await store_emoji_image(res.store, res.images, town.pictures.emojis[emoji.shortcode])
    await add_emoji(
        res.db,
        res.clock,
        actor_id=None,
        shortcode=emoji.shortcode,
        image_key=image.key,
        static_key=image.static_key,
        category=emoji.category,
    )


def _email(username: str) -> str:
    # RFC 2606: nothing under .invalid can ever exist, so no letter leaves the house.
    return f"{username}@demo.invalid"


async def _join(town: _Town, person: Person) -> None:
    if person.username in town.actors:
        return
    res, at = town.res, town.clock.now()
    new = NewAccount(
        username=person.username,
        email=_email(person.username),
        password_hash=town.visitor_hash if person.visitor else town.nobody_hash,
        role=person.role,
        locale=person.language,
        display_name=person.name,
        confirmed=True,
        approved=True,
    )
    async with res.db.transaction() as tx:
        account_id = await create_account(tx, res.urls, new, at)
    town.actors[person.username] = Actor(account_id, person.username)
    await change_profile(
        res.db,
        res.clock,
        res.urls,
        res.emit,
        res.screen,
        account_id=account_id,
        change=await _profile(town, person),
        preferences=PreferencesChange(default_language=person.language),
    )


async def _profile(town: _Town, person: Person) -> ProfileChange:
    res, drawn = town.res, town.pictures.people[person.username]
    avatar, header = await asyncio.gather(
        store_account_image(res.store, res.images, "avatar", drawn.avatar),
        store_account_image(res.store, res.images, "header", drawn.header),
    )
    return ProfileChange(
        display_name=person.name,
        note=person.note.strip(),
        fields=person.fields,
        avatar=ImageKeys(avatar.key, avatar.static_key),
        header=ImageKeys(header.key, header.static_key),
        locked=person.locked,
        bot=person.bot,
        discoverable=not person.locked,
        indexable=not person.locked,
    )


async def _publish(town: _Town, step: plan.Publish) -> None:
    res, post, author = town.res, step.post, town.actors[step.who]
    known = town.known.get((author.account_id, step.text))
    if known is not None:
        town.statuses[step.key] = known
        return
    poll = post.poll
    draft = Draft(
        text=step.text,
        spoiler_text=post.warning,
        visibility=post.visibility,
        language=post.language,
        in_reply_to_id=town.statuses[post.to] if post.to else None,
        media_ids=await _upload(town, step, author),
        poll=poll
        and PollDraft(
            options=poll.options,
            expires_in=poll.days * 86400,
            multiple=poll.multiple,
            hide_totals=poll.hide_totals,
        ),
    )
    made = await publish(res.db, res.clock, res.urls, res.emit, res.screen, author=author, draft=draft)
    status_id = made.status_id
    town.statuses[step.key] = status_id
    if post.pinned:
        await pin(res.db, res.clock, account_id=author.account_id, status_id=status_id)


async def _upload(town: _Town, step: plan.Publish, author: Actor) -> list[int]:
    res = town.res
    uploaded = [
        await upload(
            res.db,
            res.store,
            res.images,
            res.clock,
            account_id=author.account_id,
            body=town.pictures.posts[picture.draw],
            description=picture.alt,
        )
        for picture in step.post.pictures
    ]
    return [attachment.id for attachment in uploaded]


async def _meet(town: _Town, step: plan.Follow | plan.Accept) -> None:
    res, who, target = town.res, town.actors[step.who].account_id, town.actors[step.target].account_id
    if isinstance(step, plan.Accept):
        try:
            await accept_request(res.db, res.clock, res.emit, who, target)
        except NotFound:
            # Accepted before an interruption.
            return
    else:
        await follow(res.db, res.clock, res.emit, who, target)


async def _react(town: _Town, step: plan.Step) -> None:
    res, actor = town.res, town.actors[step.who]
    assert isinstance(step, plan.Favourite | plan.Bookmark | plan.Boost | plan.Vote)
    account_id, status_id = actor.account_id, town.statuses[step.key]
    match step:
        case plan.Favourite():
            await favourite(res.db, res.clock, res.emit, res.screen.levers, account_id=account_id, status_id=status_id)
        case plan.Bookmark():
            await bookmark(res.db, res.clock, account_id=account_id, status_id=status_id)
        case plan.Boost():
            await boost(
                res.db,
                res.clock,
                res.urls,
                res.emit,
                res.screen.levers,
                author=actor,
                status_id=status_id,
                visibility="public",
            )
        case plan.Vote():
            await _vote(town, account_id, status_id, step.choices)


async def _vote(town: _Town, account_id: int, poll_id: int, choices: list[int]) -> None:
    try:
        await vote(town.res.db, town.res.clock, voter_id=account_id, poll_id=poll_id, choices=choices)
    except Refused:
        # Cast before an interruption.
        return


async def _report(town: _Town, step: plan.Report) -> None:
    """The moderators of the place find something to do."""
    reporter, status_id = town.actors[step.who].account_id, town.statuses[step.key]
    async with town.res.db.read() as conn:
        if await queries.has_reported(conn, reporter, status_id):
            return
    author = next(post.by for post in town.community.posts if post.key == step.key)
    # Whoever has a policy of their own may not have the clause.
    clauses = (await town.res.desk.policies.current(town.res.db)).clauses
    draft = ReportDraft(
        target_id=town.actors[author].account_id,
        status_ids=[status_id],
        reason=step.written.reason if step.written.reason in clauses else "",
        comment=step.written.comment.strip(),
    )
    try:
        await report(town.res.desk, reporter, draft)
    except NotFound:
        # The policy was quicker: it waits on the desk already, and nobody has seen it.
        return


async def _make_list(town: _Town, step: plan.MakeList) -> None:
    res, owner, written = town.res, town.actors[step.who].account_id, step.written
    if any(known.title == written.title for known in await find_lists(res.db, owner)):
        return
    made = await create_list(
        res.db, res.clock, res.emit, owner, title=written.title, replies_policy=written.replies_policy
    )
    members = [town.actors[name].account_id for name in written.members]
    await add_members(res.db, res.clock, res.emit, owner, made.id, members)
