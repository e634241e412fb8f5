"""Turns what somebody typed into the HTML that Mastodon's clients expect.

Owns the shape of paragraphs, mentions, hashtags and links. Everything is escaped here, and what comes out passes
through the sanitiser unchanged (a property test holds it to that), so it can be stored and sent as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

import msgspec
import regex

from rostra.text.entities import (
    Entities,
    Hashtag,
    Mention,
    MentionKey,
    find_emojis,
    find_entities,
    normalise_tag,
)
from rostra.text.links import Link

__all__ = [
    "Entities",
    "MentionTarget",
    "clean_text",
    "escape",
    "find_emojis",
    "find_entities",
    "normalise_tag",
    "render_html",
    "render_inline",
]

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]+")
_PARAGRAPH_BREAK = regex.compile(r"\n(?:[ \t]*+\n)++")
_HIDDEN_PREFIX = re.compile(r"https?://(?:www\.)?", re.IGNORECASE)
_SHOWN_OF_A_LINK = 30
_LINK_REL = "nofollow noopener noreferrer"


class MentionTarget(msgspec.Struct, frozen=True):
    """An account that a mention points to: its page, and its names without the leading @."""

    url: str
    username: str
    acct: str


def clean_text(text: str) -> str:
    """What to keep of a typed text: newlines as \\n, no control characters or lone surrogates, no outer white space."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROLS.sub("", text).strip()


def escape(text: str) -> str:
    """Escape for HTML text and for double-quoted attributes, in the very form in which the sanitiser writes it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\xa0", "&nbsp;")


def render_html(
    text: str,
    *,
    domain: str,
    mentions: Mapping[MentionKey, MentionTarget],
    tag_base: str,
    entities: Entities | None = None,
) -> str:
    """Render `text` as paragraphs of HTML; the empty string for a text without content.

    `mentions` holds the accounts that exist, by `Mention.key`; a mention of any other stays text. `tag_base` is what a
    tag's canonical name is appended to (`https://example.org/tags/`). `entities` spares a second search: it must be
    what `find_entities` found in this very text, which then must have gone through `clean_text`.
    """
    if entities is None:
        text = clean_text(text)
        entities = find_entities(text, domain=domain)
    inline = "".join(_pieces(text, entities, mentions, tag_base, rel=_LINK_REL, full_names=False))
    return _paragraphs(inline)


def render_inline(
    text: str, *, domain: str, mentions: Mapping[MentionKey, MentionTarget], tag_base: str, rel: str
) -> str:
    """Render one line without paragraphs, as in a profile's fields: mentions with their domain, links with `rel`."""
    text = " ".join(clean_text(text).split("\n"))
    entities = find_entities(text, domain=domain)
    return "".join(_pieces(text, entities, mentions, tag_base, rel=rel, full_names=True))


def _paragraphs(inline: str) -> str:
    if not inline:
        return ""
    if "\n" not in inline:
        return f"<p>{inline}</p>"
    whole = "</p><p>".join(_PARAGRAPH_BREAK.split(inline)).replace("\n", "<br>")
    return f"<p>{whole}</p>"


def _pieces(
    text: str,
    entities: Entities,
    mentions: Mapping[MentionKey, MentionTarget],
    tag_base: str,
    *,
    rel: str,
    full_names: bool,
) -> Iterator[str]:
    ambiguous = _ambiguous_names(entities, mentions)
    done = 0
    for span in entities.spans:
        if isinstance(span, Link):
            html = _render_link(span, rel)
        elif isinstance(span, Hashtag):
            html = _render_hashtag(span, tag_base)
        elif target := mentions.get(span.key):
            html = _render_mention(target, full_name=full_names or target.username.lower() in ambiguous)
        else:
            continue
        yield escape(text[done : span.start])
        yield html
        done = span.end
    yield escape(text[done:])


def _ambiguous_names(entities: Entities, mentions: Mapping[MentionKey, MentionTarget]) -> frozenset[str]:
    """Usernames that mean more than one account in this text, and so are shown with their domain."""
    if len(mentions) < 2:
        return frozenset()
    accounts: dict[str, str] = {}
    ambiguous: set[str] = set()
    for span in entities.spans:
        if isinstance(span, Mention) and (target := mentions.get(span.key)):
            name = target.username.lower()
            if accounts.setdefault(name, target.acct) != target.acct:
                ambiguous.add(name)
    return frozenset(ambiguous)


def _render_mention(target: MentionTarget, *, full_name: bool) -> str:
    name = target.acct if full_name else target.username
    href = _attribute(target.url)
    return (
        f'<span class="h-card" translate="no"><a href="{href}" class="u-url mention">'
        f"@<span>{escape(name)}</span></a></span>"
    )


def _render_hashtag(hashtag: Hashtag, tag_base: str) -> str:
    href = _attribute(tag_base + quote(hashtag.tag))
    return f'<a href="{href}" class="mention hashtag" rel="tag">#<span>{escape(hashtag.name)}</span></a>'


def _render_link(link: Link, rel: str) -> str:
    found = _HIDDEN_PREFIX.match(link.url)
    prefix = found.end() if found else 0
    cut = prefix + _SHOWN_OF_A_LINK
    shown, rest = escape(link.url[prefix:cut]), escape(link.url[cut:])
    return (
        f'<a href="{_attribute(link.url)}" rel="{rel}" target="_blank" translate="no">'
        f'<span class="invisible">{link.url[:prefix]}</span><span class="{"ellipsis" if rest else ""}">{shown}</span>'
        f'<span class="invisible">{rest}</span></a>'
    )


def _attribute(url: str) -> str:
    return escape(url).replace('"', "&quot;")
