"""The composer's starting states."""

from __future__ import annotations

import secrets

from rostra.accounts.records import Viewer
from rostra.web.formats import Entity
from rostra.web.render import Composer


def empty_composer(viewer: Viewer, *, text: str = "", visibility: str | None = None) -> Composer:
    """Nothing written yet; the person's own defaults. The key makes a form that is sent twice post once."""
    return Composer(
        text=text,
        visibility=visibility or viewer.default_visibility,
        sensitive=viewer.default_sensitive,
        language=viewer.default_language or "",
        idempotency_key=secrets.token_urlsafe(16),
    )


def reply_composer(viewer: Viewer, parent: Entity) -> Composer:
    """An answer to `parent`: whom it names, and as closed as what it answers, at least."""
    order = ("public", "unlisted", "private", "direct")
    closed = max(viewer.default_visibility, parent["visibility"], key=order.index)
    named = [parent["account"]["acct"], *(mention["acct"] for mention in parent["mentions"])]
    others = [acct for acct in dict.fromkeys(named) if acct != viewer.username]
    return Composer(
        text="".join(f"@{acct} " for acct in others),
        spoiler_text=parent["spoiler_text"],
        sensitive=viewer.default_sensitive,
        visibility=closed,
        language=viewer.default_language or parent["language"] or "",
        in_reply_to=parent,
        idempotency_key=secrets.token_urlsafe(16),
    )
