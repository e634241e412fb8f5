"""The text of a mail that came as HTML: what is shown, the addresses behind its links, and what is quoted."""

from __future__ import annotations

import html as entities
import re
from typing import Final

import nh3

from rostra.notices.formats.records import MAX_TEXT

_TAGS: Final = {"a", "p", "br", "div", "li", "tr", "blockquote", "h1", "h2", "h3", "td", "pre"}
_LINK: Final = re.compile(r'<a href="([^"]{1,2100})"[^>]*>')
_BREAK: Final = re.compile(r"</?(?:p|br|div|li|tr|h[123]|pre)[^>]*>")
_QUOTE: Final = re.compile(r"<(/?)blockquote[^>]*>")
_TAG: Final = re.compile(r"<[^>]*>")


def to_plain(markup: str) -> str:
    """Markup as plain text: the address of a link before its words, quoted lines behind `>`. Scripts and styles go."""
    safe = nh3.clean(
        markup[: MAX_TEXT * 2], tags=_TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https"}, link_rel=None
    )
    safe = _LINK.sub(lambda found: f" {found[1]} ", safe)
    safe = _BREAK.sub("\n", safe)
    parts: list[str] = []
    depth = at = 0
    for found in _QUOTE.finditer(safe):
        parts.append(_quoted(safe[at : found.start()], depth))
        depth, at = max(0, depth + (-1 if found[1] else 1)), found.end()
    parts.append(_quoted(safe[at:], depth))
    return entities.unescape("\n".join(parts))[:MAX_TEXT]


def _quoted(part: str, depth: int) -> str:
    bare = _TAG.sub(" ", part)
    return bare if not depth else "\n".join(f"> {line.strip()}" for line in bare.split("\n") if line.strip())
