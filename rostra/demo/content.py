"""The community as it is written down in `content/*.toml`: the place, its people and posts, and
what the visitor's account comes with."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from rostra.accounts.records import Role
from rostra.demo.portraits import Face
from rostra.entities.account import Visibility
from rostra.entities.personal import RepliesPolicy

_FOLDER: Final = Path(__file__).parent / "content"


class Person(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody of the community. `joined` is in days before the filling in, `fields` are (name, value)."""

    username: str
    name: str
    language: str
    joined: int
    note: str
    fields: list[tuple[str, str]]
    header: str
    avatar: Face | str
    follows: list[str]
    role: Role = "user"
    bot: bool = False
    locked: bool = False
    visitor: bool = False


class Picture(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A picture of a post: its name in the gallery, and its description."""

    draw: str
    alt: str


class WrittenPoll(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A poll, open for some days; `votes` has the choices by username."""

    options: list[str]
    days: int
    votes: dict[str, list[int]]
    multiple: bool = False
    hide_totals: bool = False


class WrittenReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody tells the moderators of a post, `after` some time; `reason` is a clause of the policy."""

    by: str
    after: str
    comment: str = ""
    reason: str = ""


class Post(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A post: either `at` a moment, or `after` some time as an answer `to` the post with that key.

    `warmth` is how likely each follower of the author is to favourite it.
    """

    by: str
    text: str
    key: str = ""
    at: str = ""
    to: str = ""
    after: str = ""
    language: str = ""
    visibility: Visibility = "public"
    warning: str = ""
    pinned: bool = False
    pictures: list[Picture] = []
    poll: WrittenPoll | None = None
    boosts: list[str] = []
    reports: list[WrittenReport] = []
    warmth: float = 0.35


class WrittenList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A list of the visitor's; members by username."""

    title: str
    members: list[str]
    replies_policy: RepliesPolicy = "list"


class Extras(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"lists": "list"}):
    """What the visitor's account comes with: bookmarked posts by key, requested follows by username, lists."""

    bookmarks: list[str]
    requests: list[str]
    lists: list[WrittenList]


class WrittenRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule of the house."""

    text: str
    hint: str = ""


class WrittenEmoji(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A custom emoji, drawn under its shortcode."""

    shortcode: str
    category: str


class Place(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"emojis": "emoji"}):
    """What the place says about itself; `settings` by their names in InstanceSettings."""

    settings: dict[str, str | list[str]]
    rules: list[WrittenRule]
    emojis: list[WrittenEmoji]


class Community(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. Posts stand behind those that they answer."""

    place: Place
    people: list[Person]
    posts: list[Post]
    extras: Extras


class _People(msgspec.Struct, frozen=True):
    person: list[Person]


class _Posts(msgspec.Struct, frozen=True):
    post: list[Post]


@cache
def load_community() -> Community:
    """Read the files. Raises msgspec.ValidationError for a mistake in them."""
    files = sorted(_FOLDER.glob("posts_*.toml"))
    return Community(
        place=msgspec.toml.decode((_FOLDER / "place.toml").read_bytes(), type=Place),
        people=msgspec.toml.decode((_FOLDER / "people.toml").read_bytes(), type=_People).person,
        posts=[post for file in files for post in msgspec.toml.decode(file.read_bytes(), type=_Posts).post],
        extras=msgspec.toml.decode((_FOLDER / "visitor.toml").read_bytes(), type=Extras),
    )
