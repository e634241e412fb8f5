"""What templates are told besides the entities: the frame of a page, and the state of a composer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec
from markupsafe import Markup

from rostra.accounts.permissions import Permission
from rostra.policy.records import Clause
from rostra.web.formats import Entity
from rostra.web.marked import MarkedPart


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What every page knows besides its own variables.

    `site` is the v2 Instance entity, `viewer` the viewer's CredentialAccount (None for a visitor), `preferences` the
    Preferences entity, `path` the request's path with its query, `notice` one translated sentence about what just
    happened.
    """

    site: Entity
    csrf: str
    path: str
    now: datetime
    language: str = "en"
    theme: Literal["auto", "light", "dark"] = "auto"
    viewer: Entity | None = None
    preferences: Mapping[str, Any] = {}
    # Whether they are here to vote on appeals, and nothing else of moderation.
    juror: bool = False
    # What a decision has left to the viewer: all (empty), reading, or only what was decided.
    confined: Literal["", "frozen", "suspended"] = ""
    shortcuts: bool = True
    unread: int = 0
    follow_requests: int = 0
    moderator: bool = False
    # Whether the viewer may decide about others' posts.
    decides: bool = False
    administrator: bool = False
    # All that the viewer's role may do.
    powers: frozenset[Permission] = frozenset()
    # What waits for reviewers; counted on the pages of the administration only.
    waiting: int = 0
    # Crisis levers that are pulled.
    levers: int = 0
    # Whether something is amiss with the copies of the server; judged on the pages of the administration only.
    copies: Literal["", "warn", "bad"] = ""
    # Whether an archive of the viewer's waits to be downloaded; looked up for the settings.
    archive_ready: bool = False
    trends: Sequence[Entity] = ()
    # The policy's clauses by their ids, as far as the process knows them.
    clauses: Mapping[str, Clause] = {}
    notice: str | None = None
    dev: bool = False
    # The moment as of which this is a copy to look at.
    look: datetime | None = None


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why the policy refused what was written in a form: the reason in the author's language, the clause, the field
    that it is about, the texts with the words marked, and how to have a person look at it (empty: nobody would)."""

    reason: str
    clause: str
    field: str
    insist: str = ""
    parts: Sequence[MarkedPart] = ()


class Withheld(msgspec.Struct, frozen=True, kw_only=True):
    """Why an author's own post is withheld. `until` is when the policy decides by itself, and `then` what; `warning`
    and `text` are there where words in them are marked."""

    state: Literal["review", "refused"]
    reason: str = ""
    clause: str = ""
    clause_title: str = ""
    until: str | None = None
    then: str = "refuse"
    warning: Markup | None = None
    text: Markup | None = None


class Composer(msgspec.Struct, frozen=True, kw_only=True):
    """The composer's state: empty, a reply, an edit, a redraft, or what was refused and comes back with `errors`.

    Fields posted: `status`, `spoiler_text`, `sensitive`, `visibility`, `language`, `scheduled_at` (local, `YYYY-MM-
    DDTHH:MM`, with `tz_offset` in minutes when script ran), `in_reply_to_id`, `idempotency_key`, `poll[options][]`,
    `poll[expires_in]`, `poll[multiple]`, and per image N of four `media[N][file|id|description|focus|remove]`. An
    uploaded file of a refused form comes back as `media` with its id.
    """

    text: str = ""
    spoiler_text: str = ""
    sensitive: bool = False
    visibility: str = "public"
    language: str = ""
    scheduled_at: str = ""
    in_reply_to: Entity | None = None
    media: Sequence[Entity] = ()
    poll: Mapping[str, Any] | None = None
    editing: str | None = None
    idempotency_key: str = ""
    errors: Mapping[str, str] = {}
    refusal: Refusal | None = None
