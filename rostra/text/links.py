"""Finds the web addresses in what somebody typed.

Owns where a link starts and ends and what counts as one: only `http://` and `https://`, never a bare domain. One pass
over the text; linkify-it-py was measured and left, because it rescans the rest of the text for each link with an open
bracket (quadratic), costs more than all the rest of the formatter, and misses a link that directly follows CJK text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from rostra.kit.addresses import normalise_domain
from rostra.kit.errors import Invalid

MAX_URL_LENGTH = 2048

# A scheme may follow anything but a word in ASCII letters; CJK text has no spaces in front of a link.
_SCHEME = re.compile(r"(?<![A-Za-z0-9_])https?://", re.IGNORECASE)
# Ends at white space, at what RFC 3986 forbids, and at quotes and punctuation of typography that enclose or follow a
# link: general punctuation but for its dashes, CJK punctuation and the full-width forms of ASCII punctuation.
_RUN = re.compile(
    r"[^\s<>\"`\\^|\x00-\x20\x7f-\xa0«»\xad\u2000-\u200f\u2016-\u206f\u3000-\u303f\uff01-\uff0f\uff1a-\uff20"
    r"\uff3b-\uff40\uff5b-\uff65\ufeff\ufff0-\uffff\ud800-\udfff]*"
)
_BEFORE_PATH = re.compile(r"[^/?#]*")
_AUTHORITY = re.compile(r"([^:@\[\]]+)(?::([0-9]{1,5}))?")
_TRAILING = frozenset(".,:;!?'*&…")
_BRACKETS = (("(", ")"), ("[", "]"), ("{", "}"))
_CLOSER_OF = dict(_BRACKETS)
_MAX_PORT = 65535


class Link(msgspec.Struct, frozen=True):
    """A web address at `text[start:end]`, as it was typed."""

    start: int
    end: int
    url: str


def find_links(text: str) -> Iterator[Link]:
    """Yield the links of `text` from left to right; linear in its length.

    Trailing punctuation and brackets that were opened before the link are left outside. Not links: addresses with
    credentials in them (they are made to mislead), IP addresses, invalid domains, more than MAX_URL_LENGTH characters.
    """
    found = _SCHEME.search(text)
    run_end = 0
    while found:
        start, after = found.span()
        if after >= run_end:
            run_end = _match_end(_RUN, text, after, len(text))
        end = _link_end(text, after, run_end)
        if end is not None:
            after = end
            if end - start <= MAX_URL_LENGTH:
                yield Link(start, end, text[start:end])
        found = _SCHEME.search(text, after)


def _link_end(text: str, host: int, run_end: int) -> int | None:
    """Where the link ends whose host begins at `host`, or None if it is none."""
    slash = _match_end(_BEFORE_PATH, text, host, run_end)
    if slash == run_end:
        end = _trim(text, host, run_end)
        return end if _is_authority(text[host:end]) else None
    return _trim(text, slash, run_end) if _is_authority(text[host:slash]) else None


def _match_end(pattern: re.Pattern[str], text: str, start: int, end: int) -> int:
    found = pattern.match(text, start, end)
    return found.end() if found else start


def _is_authority(authority: str) -> bool:
    parts = _AUTHORITY.fullmatch(authority)
    if not parts or int(parts[2] or 0) > _MAX_PORT:
        return False
    try:
        normalise_domain(parts[1])
    except Invalid:
        return False
    return True


def _trim(text: str, start: int, end: int) -> int:
    """Step back over trailing punctuation and over closing brackets without an opening one in the link."""
    surplus = {closer: text.count(closer, start, end) - text.count(opener, start, end) for opener, closer in _BRACKETS}
    while end > start:
        last = text[end - 1]
        if last in surplus:
            if surplus[last] <= 0:
                break
            surplus[last] -= 1
        elif last in _CLOSER_OF:
            surplus[_CLOSER_OF[last]] += 1
        elif last not in _TRAILING:
            break
        end -= 1
    return end
