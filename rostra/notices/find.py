"""What the addresses and quotations of a notice are here: posts, people, files, or nothing of ours. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

import msgspec

from rostra.detect.near import signature
from rostra.detect.normalise import normalise
from rostra.detect.signatures import EMPTY, Signature
from rostra.kit.db import Reader
from rostra.moderation.cases.pictures import find_alike, find_looks
from rostra.notices import item_queries
from rostra.notices.item_queries import File, Pending, Post
from rostra.notices.records import Match
from rostra.screening.near_queries import READ_BACK, find_near
from rostra.text.places import Place, place_of
from rostra.text.urls import Urls

MOST_COPIES: Final = 5000
# Somebody quotes from memory, or a part: a little less alike than copies are.
_QUOTED: Final = 0.7


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What an item is: its match, the post or the account, and the text and the pictures (as PDQ hashes) to look for
    copies of."""

    match: Match
    kind: Literal["status", "account"] | None = None
    subject_id: int | None = None
    account_id: int | None = None
    text: str = ""
    looks: tuple[bytes, ...] = ()
    is_refused: bool = False


async def find_targets(conn: Reader, items: Sequence[Pending], urls: Urls, until: datetime) -> dict[int, Target]:
    """What each item is, by its id: a handful of statements for all addresses, one more for each bare quotation."""
    places = {item.id: place_of(item.url, urls) if item.url else Place("unknown") for item in items}
    files = await item_queries.find_files(conn, _values(places, "file"))
    people = await item_queries.find_accounts(conn, _values(places, "account"))
    far = await item_queries.find_by_address(conn, [item.url for item in items if places[item.id].kind == "elsewhere"])
    ids = {int(value) for value in _values(places, "status")}
    ids |= {file.status_id for file in files.values() if file.status_id} | {status_id for status_id, _ in far.values()}
    posts = await item_queries.find_statuses(conn, sorted(ids))
    found: dict[int, Target] = {}
    for item in items:
        place = places[item.id]
        status_id = far[item.url][0] if item.url in far else _status_of(place, files)
        file = files.get(place.value) if place.kind == "file" else None
        if status_id is not None and status_id in posts:
            post = _post(posts[status_id], "found")
            found[item.id] = msgspec.structs.replace(post, looks=(file.look,) if file and file.look else ())
        elif place.kind == "account" and place.value in people:
            account_id = people[place.value]
            found[item.id] = Target(match="found", kind="account", subject_id=account_id, account_id=account_id)
        elif file is not None:
            looks, whose = (file.look,) if file.look else (), file.account_id
            found[item.id] = Target(match="found", kind="account", subject_id=whose, account_id=whose, looks=looks)
        else:
            found[item.id] = await _by_quote(conn, item, place, until)
    return found


def _status_of(place: Place, files: dict[str, File]) -> int | None:
    if place.kind == "status":
        return int(place.value)
    return files[place.value].status_id if place.kind == "file" and place.value in files else None


async def _by_quote(conn: Reader, item: Pending, place: Place, until: datetime) -> Target:
    """Nothing is at the address: what is quoted may be somewhere else."""
    made = signature_of(item.quote)
    near = (
        await find_near(conn, made, since=until - READ_BACK, until=until, limit=1, least=_QUOTED) if made.bits else []
    )
    posts = await item_queries.find_statuses(conn, [row.status_id for row in near])
    for post in posts.values():
        return _post(post, "near")
    if place.kind == "elsewhere":
        return Target(match="not_ours")
    return Target(match="gone" if place.kind != "unknown" else "unknown", text=item.quote)


async def find_copies(conn: Reader, target: Target, until: datetime) -> list[tuple[Post, float]]:
    """Posts that say the same as the item, or show the same picture where the item is one or says too little to be
    compared; the most alike first. Direct messages are nobody's to look through."""
    made = signature_of(target.text)
    alike: dict[int, float] = {}
    if made.bits:
        alike = await item_queries.list_near(conn, made, until - READ_BACK, until, MOST_COPIES + 1)
    for status_id, likeness in (await _find_pictures(conn, target, has_text=bool(made.bits))).items():
        alike[status_id] = max(alike.get(status_id, 0.0), likeness)
    if target.kind == "status":
        alike.pop(target.subject_id or 0, None)
    posts = await item_queries.find_statuses(conn, sorted(alike))
    found = [(post, alike[post.id]) for post in posts.values() if post.visibility != "direct"]
    return sorted(found, key=lambda each: (-each[1], -each[0].id))[:MOST_COPIES]


async def _find_pictures(conn: Reader, target: Target, *, has_text: bool) -> dict[int, float]:
    """How alike posts are that show such a picture, by their ids."""
    looks = dict(enumerate(target.looks))
    if not looks and not has_text and target.kind == "status" and target.subject_id is not None:
        looks = await find_looks(conn, [target.subject_id])
    return {row.status_id: 1 - row.different / 256 for row in await find_alike(conn, looks, but=target.subject_id or 0)}


def signature_of(text: str) -> Signature:
    """What screening would have made of the text; empty where it is too short to compare."""
    return signature(normalise(text).text) if text else EMPTY


def _post(post: Post, match: Match) -> Target:
    return Target(
        match=match, kind="status", subject_id=post.id, account_id=post.account_id, text=post.text,
        is_refused=post.is_refused,
    )  # fmt: skip


def _values(places: dict[int, Place], kind: str) -> list[str]:
    return sorted({place.value for place in places.values() if place.kind == kind})
