"""Renders the parts of a profile: the note and the values of its fields, by the rules of `rostra.text.format`."""

from __future__ import annotations

from collections.abc import Mapping

from rostra.text.entities import MentionKey
from rostra.text.format import MentionTarget, render_html, render_inline

_FIELD_REL = "me nofollow noopener noreferrer"
_NOBODY: Mapping[MentionKey, MentionTarget] = {}


def render_note(
    text: str, *, domain: str, tag_base: str, mentions: Mapping[MentionKey, MentionTarget] = _NOBODY
) -> str:
    """A profile's note (biography) as HTML: the same shape as a post's content."""
    return render_html(text, domain=domain, mentions=mentions, tag_base=tag_base)


def render_field_value(
    text: str, *, domain: str, tag_base: str, mentions: Mapping[MentionKey, MentionTarget] = _NOBODY
) -> str:
    """A profile field's value as one line of HTML; its links say rel="me", which is how other sites verify them."""
    return render_inline(text, domain=domain, mentions=mentions, tag_base=tag_base, rel=_FIELD_REL)
