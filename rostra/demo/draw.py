"""All pictures of the community, drawn at once in two threads."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import msgspec

from rostra.demo.content import Community, Person
from rostra.demo.emojis import EMOJIS
from rostra.demo.gallery import HEADERS, PICTURES
from rostra.demo.plan import pictures_of
from rostra.demo.portraits import THINGS, draw_face
from rostra.demo.svg import drawings_allowed, render

_AVATAR_WIDTH: Final = 400
_HEADER_WIDTH: Final = 1500
_POST_WIDTH: Final = 1200
_EMOJI_WIDTH: Final = 128


class PersonPictures(msgspec.Struct, frozen=True):
    """JPEG files."""

    avatar: bytes
    header: bytes


class Pictures(msgspec.Struct, frozen=True):
    """JPEG files of people by username, of posts by their names in the gallery; PNG files of emojis by shortcode."""

    people: dict[str, PersonPictures]
    posts: dict[str, bytes]
    emojis: dict[str, bytes]


async def draw_all(community: Community) -> Pictures:
    """Draw every picture that the community needs. KeyError for one that the gallery does not have."""
    loop = asyncio.get_running_loop()
    names = sorted({picture.draw for picture in pictures_of(community)})
    with ThreadPoolExecutor(2, thread_name_prefix="draw") as pool, drawings_allowed():
        people = [loop.run_in_executor(pool, _draw_person, person) for person in community.people]
        posts = [loop.run_in_executor(pool, _draw_post, name) for name in names]
        codes = [emoji.shortcode for emoji in community.place.emojis]
        emojis = [loop.run_in_executor(pool, _draw_emoji, code) for code in codes]
        drawn = await asyncio.gather(*people)
        return Pictures(
            people={person.username: pair for person, pair in zip(community.people, drawn, strict=True)},
            posts=dict(zip(names, await asyncio.gather(*posts), strict=True)),
            emojis=dict(zip(codes, await asyncio.gather(*emojis), strict=True)),
        )


def _draw_person(person: Person) -> PersonPictures:
    face = THINGS[person.avatar]() if isinstance(person.avatar, str) else draw_face(person.avatar)
    header = render(HEADERS[person.header](), _HEADER_WIDTH)
    return PersonPictures(render(face, _AVATAR_WIDTH), header)


def _draw_post(name: str) -> bytes:
    return render(PICTURES[name](), _POST_WIDTH)


def _draw_emoji(shortcode: str) -> bytes:
    return render(EMOJIS[shortcode](), _EMOJI_WIDTH, "png")
