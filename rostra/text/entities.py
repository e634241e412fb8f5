"""Finds what means something in a post's plain text: mentions, hashtags, links and custom emoji.

Owns the grammar of each and their order of precedence (whichever begins first). It resolves nothing: whether a
mentioned account exists is the caller's question.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

import msgspec
import regex

from rostra.kit.addresses import normalise_domain
from rostra.kit.errors import Invalid
from rostra.text.links import Link, find_links

MAX_TAG_LENGTH = 100

MentionKey = tuple[str, str | None]

# Letters and marks of any script, decimal digits, the underscore. The separators (middle dots of Catalan and Japanese,
# the zero-width non-joiner of Persian) stand between such characters only.
_WORD = r"\p{L}\p{M}\p{Nd}_"
_SEPARATORS = r"\u00b7\u30fb\u200c"
_HASHTAG = regex.compile(rf"(?<![=/{_WORD}])[#＃]([\p{{L}}\p{{Nd}}_][{_WORD}]*+(?:[{_SEPARATORS}]++[{_WORD}]++)*+)")
_LETTER = regex.compile(r"\p{L}")
_NOT_IN_A_TAG = regex.compile(rf"[^{_WORD}{_SEPARATORS}]+")

# Possessive throughout, so that no input makes the matcher go back: one step per character. By `regex`: the standard
# library's possessive groups match wrongly before Python 3.11.5 (python/cpython#106052).
_USERNAME = r"[A-Za-z0-9_]++(?:[.-]++[A-Za-z0-9_]++)*+"
_MENTION = regex.compile(
    rf"(?<![=/\w])@({_USERNAME})(?:@(\w++(?:[.-]++\w++)*+)(?::([1-9][0-9]{{0,4}})(?![0-9]))?+)?+(?!@|://)"
)
_EMOJI = re.compile(r"(?<![^\W_])(?<!:):([A-Za-z0-9_]{2,64}):(?![^\W_])(?!:)")


class Mention(msgspec.Struct, frozen=True):
    """`@username` or `@username@domain` at `text[start:end]`. `domain` is canonical, and None for this server's own."""

    start: int
    end: int
    username: str
    domain: str | None

    @property
    def key(self) -> MentionKey:
        """What to look the account up by: the username in lower case, and the domain."""
        return self.username.lower(), self.domain


class Hashtag(msgspec.Struct, frozen=True):
    """`#name` at `text[start:end]`, where `name` is as typed and `tag` its canonical form."""

    start: int
    end: int
    name: str
    tag: str


Entity = Mention | Hashtag | Link


class Entities(msgspec.Struct, frozen=True):
    """All entities of one text. Mentions, hashtags and links never overlap; `emojis` are distinct shortcodes."""

    spans: tuple[Entity, ...]
    emojis: tuple[str, ...]

    @property
    def mentions(self) -> tuple[Mention, ...]:
        """In order of appearance, repetitions included."""
        return tuple(span for span in self.spans if isinstance(span, Mention))

    @property
    def hashtags(self) -> tuple[Hashtag, ...]:
        """In order of appearance, repetitions included."""
        return tuple(span for span in self.spans if isinstance(span, Hashtag))

    @property
    def links(self) -> tuple[Link, ...]:
        """In order of appearance, repetitions included."""
        return tuple(span for span in self.spans if isinstance(span, Link))


def find_entities(text: str, *, domain: str) -> Entities:
    """Find the entities of `text`; linear in its length. `domain` is this server's own, in canonical form.

    A port in a mention (`@alice@localhost:3000`) is read only when `domain` itself has one, which means a development
    server; it may then be any port, so that two such servers can speak of each other. Elsewhere a colon ends a mention.
    """
    spans: list[Entity] = []
    if "://" in text:
        spans += find_links(text)
    if "@" in text:
        spans += _find_mentions(text, domain)
    if "#" in text or "＃" in text:
        spans += _find_hashtags(text)
    spans.sort(key=_start_of)
    return Entities(tuple(_without_overlaps(spans)), find_emojis(text))


def find_emojis(text: str) -> tuple[str, ...]:
    """The distinct shortcodes of custom emoji in `text` (also used for display names and content warnings)."""
    return tuple(dict.fromkeys(_EMOJI.findall(text))) if ":" in text else ()


def normalise_tag(name: str) -> str:
    """The canonical form of a hashtag, with or without its `#`: NFKC and case folded, so that one tag is one tag.

    Characters that no tag can have are dropped; what has none that fit gives the empty string.
    """
    if name.isascii():
        return _NOT_IN_A_TAG.sub("", name.lower())
    # Folding can make work for normalising and the other way round; in practice the second turn changes nothing.
    for _ in range(4):
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
        folded = _NOT_IN_A_TAG.sub("", folded)
        if folded == name:
            break
        name = folded
    return name


def _find_mentions(text: str, local_domain: str) -> Iterator[Mention]:
    with_port = ":" in local_domain
    for found in _MENTION.finditer(text):
        username, host, port = found.groups()
        if host is None:
            yield Mention(found.start(), found.end(), username, None)
            continue
        end = found.end() if with_port or port is None else found.end(2)
        try:
            domain = normalise_domain(text[found.start(2) : end], allow_port=with_port)
        except Invalid:
            continue
        yield Mention(found.start(), end, username, None if domain == local_domain else domain)


def _find_hashtags(text: str) -> Iterator[Hashtag]:
    for found in _HASHTAG.finditer(text):
        name = found[1]
        if len(name) > MAX_TAG_LENGTH or not _LETTER.search(name):
            continue
        tag = normalise_tag(name)
        if 0 < len(tag) <= MAX_TAG_LENGTH:
            yield Hashtag(found.start(), found.end(), name, tag)


def _start_of(span: Entity) -> int:
    return span.start


def _without_overlaps(spans: Iterable[Entity]) -> Iterator[Entity]:
    end = 0
    for span in spans:
        if span.start >= end:
            yield span
            end = span.end
