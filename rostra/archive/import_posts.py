"""One batch of an archive's posts: compared with what is here already, their pictures taken in, composed and judged.

Nothing of it is written before the batch is, so that whatever dies on the way leaves nothing but unused pictures, which
are swept up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from rostra.accounts.queries import Emoji, Mentionable, find_emojis, find_mentionable
from rostra.accounts.render import shortcodes_in
from rostra.archive.import_activity import SourcePost
from rostra.archive.import_reader import ArchiveReader, BadArchive
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Reader
from rostra.kit.errors import Invalid
from rostra.kit.objectstore import ObjectStore
from rostra.media.image import IMAGE_LIMITS
from rostra.media.upload import upload
from rostra.media.workers import ImageWorkers
from rostra.posts import imported_queries
from rostra.posts.compose import Composed
from rostra.posts.gate import draft_subject
from rostra.posts.imported import EndedPoll, Imported
from rostra.posts.imported_queries import Known
from rostra.posts.queries import find_blocked_among
from rostra.posts.records import Draft, MediaPart, PollDraft
from rostra.screening.judgement import Judgement
from rostra.screening.screen import Screen
from rostra.text.entities import Entities, MentionKey, find_entities
from rostra.text.format import MentionTarget, render_html
from rostra.text.urls import Urls


class Tools(msgspec.Struct, frozen=True, kw_only=True):
    """What bringing posts in takes."""

    db: Database
    clock: Clock
    urls: Urls
    screen: Screen
    store: ObjectStore
    images: ImageWorkers


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A batch that is ready to be written. `notes` say by address what could not be done, or not wholly; `refused` are
    the verdicts on what is not written at all."""

    posts: list[Imported]
    known: dict[str, Known]
    emojis: list[Emoji]
    notes: dict[str, str]
    refused: list[Judgement]
    failed: set[str]


async def prepare(tools: Tools, archive: ArchiveReader, account_id: int, posts: Sequence[SourcePost]) -> Prepared:
    """Make a batch ready. Raises StoreUnavailable."""
    notes = {post.uri: post.problem for post in posts if post.problem}
    sound = list({post.uri: post for post in posts if not post.problem}.values())
    async with tools.db.read() as conn:
        asked = [post.uri for post in sound] + [post.reply_to for post in sound if post.reply_to]
        known = await imported_queries.find_known(conn, account_id, asked)
        new = [post for post in sound if post.uri not in known]
        composed = await _compose_all(conn, tools.urls, account_id, new)
        tags = sorted({tag for each in composed for tag in each.tags})
        unusable = await imported_queries.find_unusable_tags(conn, tags)
        emojis = await find_emojis(conn, sorted({code for each in composed for code in _codes(each)}))
        ids = await imported_queries.make_ids(conn, [post.at for post in new])
    notes |= {post.uri: "here_already" for post in sound if post.uri in known}
    made = Prepared(posts=[], known=known, emojis=emojis, notes=notes, refused=[], failed=set(notes) - known.keys())
    for post, texts, status_id in zip(new, composed, ids, strict=True):
        if unusable & texts.tags.keys():
            notes[post.uri] = "hashtag"
            made.failed.add(post.uri)
        else:
            await _prepare_one(tools, archive, account_id, post, texts, status_id, made)
    return made


async def _prepare_one(
    tools: Tools,
    archive: ArchiveReader,
    account_id: int,
    post: SourcePost,
    composed: Composed,
    status_id: int,
    made: Prepared,
) -> None:
    media = await _take_in(tools, archive, account_id, post)
    if post.left_out or len(media) < len(post.files):
        made.notes[post.uri] = "picture_left_out"
    if not (composed.text or composed.spoiler_text or media or post.poll):
        made.notes[post.uri] = "nothing_left"
        made.failed.add(post.uri)
        return
    judgement = await tools.screen.judge(tools.db, draft_subject("post", account_id, _draft(post), composed, media))
    if judgement.rejected:
        made.notes[post.uri] = "refused"
        made.failed.add(post.uri)
        made.refused.append(judgement)
        return
    if judgement.withheld is not None:
        made.notes[post.uri] = "held"
    made.posts.append(
        Imported(
            id=status_id,
            uri=post.uri,
            url=post.url,
            created_at=post.at,
            edited_at=post.edited_at,
            composed=composed,
            visibility=post.visibility,
            sensitive=post.sensitive or judgement.sensitized,
            language=post.language,
            reply_to=post.reply_to,
            media=media,
            poll=_poll(post),
            judgement=judgement,
        )
    )


async def _take_in(tools: Tools, archive: ArchiveReader, account_id: int, post: SourcePost) -> list[MediaPart]:
    """The pictures that are in the archive and can be shown."""
    taken: list[MediaPart] = []
    for file in post.files:
        try:
            body = archive.find_media(file.address, IMAGE_LIMITS.size)
            if body is None:
                continue
            made = await upload(
                tools.db,
                tools.store,
                tools.images,
                tools.clock,
                account_id=account_id,
                body=body,
                description=file.description,
                focus=file.focus,
            )
        except (Invalid, BadArchive):
            continue
        taken.append(msgspec.convert(made, MediaPart, from_attributes=True))
    return taken


async def _compose_all(conn: Reader, urls: Urls, account_id: int, posts: Sequence[SourcePost]) -> list[Composed]:
    """Texts with what is in them. Who lives here is mentioned, and hears nothing of it; others are links."""
    found = [find_entities(_shown(post)[0], domain=urls.domain) for post in posts]
    keys = {mention.key for entities in found for mention in entities.mentions}
    people = await find_mentionable(conn, sorted(keys, key=str)) if keys else []
    blocked = await find_blocked_among(conn, account_id, [person.id for person in people])
    by_key: dict[MentionKey, Mentionable] = {
        (person.username.lower(), person.domain): person for person in people if person.id not in blocked
    }
    return [_composed(urls, post, entities, by_key) for post, entities in zip(posts, found, strict=True)]


def _composed(urls: Urls, post: SourcePost, entities: Entities, people: Mapping[MentionKey, Mentionable]) -> Composed:
    text, spoiler_text = _shown(post)
    named = {mention.key for mention in entities.mentions}
    mentioned = sorted((people[key] for key in named if key in people), key=lambda person: person.id)
    targets = {key: target for name, href in post.mentions.items() for key, target in _elsewhere(name, href, urls)}
    targets |= {
        (person.username.lower(), person.domain): MentionTarget(person.url, person.username, person.acct)
        for person in mentioned
    }
    tags: dict[str, str] = {}
    for hashtag in entities.hashtags:
        tags.setdefault(hashtag.tag, hashtag.name)
    return Composed(
        text=text,
        spoiler_text=spoiler_text,
        content=render_html(text, domain=urls.domain, mentions=targets, tag_base=urls.tag(""), entities=entities),
        entities=entities,
        tags=tags,
        mentioned=mentioned,
    )


def _elsewhere(name: str, href: str, urls: Urls) -> list[tuple[MentionKey, MentionTarget]]:
    mentions = find_entities(name, domain=urls.domain).mentions
    return [
        (mention.key, MentionTarget(href, mention.username, name.lstrip("@")))
        for mention in mentions
        if mention.domain is not None
    ]


def _shown(post: SourcePost) -> tuple[str, str]:
    """Text and warning; a warning over nothing is the text itself."""
    text, spoiler_text = post.text, post.spoiler_text
    if not text and not post.files and post.poll is None:
        text, spoiler_text = spoiler_text, ""
    return text, spoiler_text


def _codes(composed: Composed) -> set[str]:
    return shortcodes_in(composed.text, composed.spoiler_text)


def _draft(post: SourcePost) -> Draft:
    poll = PollDraft(options=post.poll.options, expires_in=0) if post.poll else None
    return Draft(
        text=post.text,
        spoiler_text=post.spoiler_text,
        visibility=post.visibility,
        sensitive=post.sensitive,
        language=post.language,
        # Only that it answers something is asked of it.
        in_reply_to_id=0 if post.reply_to else None,
        poll=poll,
    )


def _poll(post: SourcePost) -> EndedPoll | None:
    return msgspec.convert(post.poll, EndedPoll, from_attributes=True) if post.poll else None
