"""One item of an outbox as a post to be imported, or why it is none. Pure, and made for items that lie.

ActivityStreams 2.0 as Mastodon writes it (docs.joinmastodon.org/spec/activitypub), and what `layout` adds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal, cast

import msgspec

from rostra.archive.import_text import handle_of, name_servers, text_of_html
from rostra.entities.account import Visibility
from rostra.kit.errors import Invalid
from rostra.posts.draft import check_language
from rostra.text.format import clean_text

Why = Literal["boost", "other"]
OLDEST: Final = datetime(2006, 1, 1, tzinfo=UTC)
"""Before this there was nothing of the kind that could be imported."""
MAX_PICTURES: Final = 4
_LONGEST: Final = 1 << 16
_LONGEST_URI: Final = 2_000
_MOST_OPTIONS: Final = 20
_LONGEST_OPTION: Final = 200
_MOST_VOTES: Final = 1_000_000_000
_PUBLIC: Final = frozenset({"https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public"})
_VISIBILITIES: Final = ("public", "unlisted", "private", "direct")


class SourceFile(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that a post names."""

    address: str
    description: str | None
    focus: str | None


class SourcePoll(msgspec.Struct, frozen=True, kw_only=True):
    """A poll with what had been voted."""

    options: list[str]
    votes: list[int]
    voters: int
    multiple: bool
    ended_at: datetime


class SourcePost(msgspec.Struct, frozen=True, kw_only=True):
    """A post as its archive has it. `problem` says why it cannot be imported, where it cannot."""

    uri: str
    url: str
    at: datetime
    edited_at: datetime | None = None
    text: str = ""
    spoiler_text: str = ""
    visibility: Visibility = "direct"
    sensitive: bool = False
    language: str | None = None
    reply_to: str | None = None
    # Addresses of mentioned accounts by `@name@server`.
    mentions: dict[str, str] = {}
    files: list[SourceFile] = []
    poll: SourcePoll | None = None
    left_out: bool = False
    problem: str | None = None


class _Item(msgspec.Struct):
    type: Any = None
    published: Any = None
    object: Any = None


def when(raw: bytes) -> datetime:
    """When an item was published, for sorting; the beginning of time where it does not say."""
    try:
        item = msgspec.json.decode(raw, type=_Item)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return datetime.min.replace(tzinfo=UTC)
    note = cast("dict[str, Any]", item.object) if isinstance(item.object, dict) else {}
    return _moment(note.get("published")) or _moment(item.published) or datetime.min.replace(tzinfo=UTC)


def visibility_of(raw: bytes) -> str:
    """To whom the post of an item is, for counting; "boost" or "other" where it is none."""
    read = read_item(raw, actor="", source="", own="", now=datetime.max.replace(tzinfo=UTC), in_full=False)
    return read if isinstance(read, str) else read.visibility


def read_item(
    raw: bytes, *, actor: str, source: str, own: str, now: datetime, in_full: bool = True
) -> SourcePost | Why:
    """Read one item of the outbox of `actor` (URI), who lived on the server `source`; `own` is this server's domain."""
    try:
        item = msgspec.json.decode(raw, type=_Item)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return "other"
    if item.type == "Announce":
        return "boost"
    if item.type != "Create" or not isinstance(item.object, dict):
        return "other"
    note = cast("dict[str, Any]", item.object)
    if note.get("type") not in ("Note", "Question", "Article"):
        return "other"
    uri = _text(note.get("id"))
    post = SourcePost(
        uri=uri,
        url=_link(note.get("url")) or _link(uri),
        at=_moment(note.get("published")) or _moment(item.published) or datetime.min.replace(tzinfo=UTC),
        visibility=_visibility(note),
    )
    if not in_full:
        return post
    problem = _problem(post, note, actor, now)
    return msgspec.structs.replace(post, problem=problem) if problem else _whole(post, note, source, own, now)


def _problem(post: SourcePost, note: Mapping[str, Any], actor: str, now: datetime) -> str | None:
    author = note.get("attributedTo")
    if not post.uri or len(post.uri) > _LONGEST_URI:
        return "no_address"
    if author is not None and author != actor:
        return "not_theirs"
    if not OLDEST <= post.at <= now:
        return "bad_date"
    return "withheld" if note.get("withheld") else None


def _whole(post: SourcePost, note: Mapping[str, Any], source: str, own: str, now: datetime) -> SourcePost:
    mentions = _mentions(note)
    text = name_servers(_typed(note, mentions), source=source, own=own)
    spoiler_text = clean_text(_text(note.get("summary")))
    edited_at = _moment(note.get("updated"))
    files = _files(note)
    if len(text.encode()) + len(spoiler_text.encode()) > _LONGEST:
        return msgspec.structs.replace(post, problem="too_long")
    return msgspec.structs.replace(
        post,
        edited_at=edited_at if edited_at and post.at < edited_at <= now else None,
        text=text,
        spoiler_text=spoiler_text,
        sensitive=note.get("sensitive") is True,
        language=_language(note),
        reply_to=_text(note.get("inReplyTo"))[:_LONGEST_URI] or None,
        mentions={name: href for href, name in mentions.items()},
        files=files[:MAX_PICTURES],
        left_out=len(files) > MAX_PICTURES,
        poll=_poll(note, post.at, now),
    )


def _typed(note: Mapping[str, Any], mentions: Mapping[str, str]) -> str:
    given: Any = note.get("source")
    if isinstance(given, dict):
        source = cast("dict[str, Any]", given)
        if source.get("mediaType") == "text/plain" and isinstance(source.get("content"), str):
            return clean_text(source["content"])
    return text_of_html(_text(note.get("content")), mentions)


def _mentions(note: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for tag in _objects(note.get("tag"))[:500]:
        href, name = _link(tag.get("href")), _text(tag.get("name"))
        if tag.get("type") == "Mention" and href and (handle := handle_of(name, href)):
            found[href] = handle
    return found


def _visibility(note: Mapping[str, Any]) -> Visibility:
    said = note.get("visibility")
    if said in _VISIBILITIES:
        return said
    to, cc = _strings(note.get("to")), _strings(note.get("cc"))
    if _PUBLIC & set(to):
        return "public"
    if _PUBLIC & set(cc):
        return "unlisted"
    return "private" if any(address.endswith("/followers") for address in [*to, *cc]) else "direct"


def _language(note: Mapping[str, Any]) -> str | None:
    texts: Any = note.get("contentMap")
    language = next(iter(cast("dict[str, Any]", texts)), None) if isinstance(texts, dict) else None
    try:
        check_language(language)
    except Invalid:
        return None
    return language


def _files(note: Mapping[str, Any]) -> list[SourceFile]:
    files: list[SourceFile] = []
    for file in _objects(note.get("attachment")):
        address, focus = _text(file.get("url")), file.get("focalPoint")
        if address:
            description = clean_text(_text(file.get("name")))[:10_000] or None
            files.append(SourceFile(address=address, description=description, focus=_focus(focus)))
    return files


def _focus(point: Any) -> str | None:
    if not isinstance(point, list) or len(cast("list[Any]", point)) != 2:
        return None
    x, y = cast("list[Any]", point)
    if not all(isinstance(each, int | float) and -1 <= each <= 1 for each in (x, y)):
        return None
    return f"{x},{y}"


def _poll(note: Mapping[str, Any], at: datetime, now: datetime) -> SourcePoll | None:
    """With the votes that were cast, and closed: nobody can vote here in what was asked elsewhere."""
    multiple = isinstance(note.get("anyOf"), list)
    options = _objects(note.get("anyOf") if multiple else note.get("oneOf"))[:_MOST_OPTIONS]
    names = [" ".join(clean_text(_text(option.get("name"))).split())[:_LONGEST_OPTION] for option in options]
    if len(names) < 2 or not all(names):
        return None
    votes = [_count(_object(option.get("replies")).get("totalItems")) for option in options]
    ended_at = _moment(note.get("closed")) or _moment(note.get("endTime")) or at
    return SourcePoll(
        options=names,
        votes=votes,
        voters=_count(note.get("votersCount")) or (0 if multiple else min(sum(votes), _MOST_VOTES)),
        multiple=multiple,
        ended_at=min(max(ended_at, at), now),
    )


def _count(value: Any) -> int:
    return min(value, _MOST_VOTES) if isinstance(value, int) and value > 0 else 0


def _moment(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = msgspec.convert(value, datetime)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (msgspec.ValidationError, OverflowError, ValueError):
        return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _link(value: Any) -> str:
    text = _text(value)
    return text if text.startswith(("https://", "http://")) and len(text) <= _LONGEST_URI else ""


def _strings(value: Any) -> list[str]:
    values = cast("Sequence[Any]", value) if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, str)]


def _objects(value: Any) -> list[dict[str, Any]]:
    values = cast("Sequence[Any]", value) if isinstance(value, list) else [value]
    return [cast("dict[str, Any]", each) for each in values if isinstance(each, dict)]


def _object(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
