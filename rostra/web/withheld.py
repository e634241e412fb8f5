"""What authors are told of their own posts and drafts that moderation keeps back: why, which words, and until when."""

from __future__ import annotations

from typing import Any

from rostra.entities.account import timestamp
from rostra.kit.errors import RostraError
from rostra.moderation.decisions.withheld import find_reason
from rostra.posts.history import get_source
from rostra.screening.judgement import Rejected, say
from rostra.screening.overview import get_current
from rostra.text.dates import long_moment
from rostra.web.context import Refusal, Withheld
from rostra.web.formats import Entity
from rostra.web.marked import mark_field, marked_parts
from rostra.web.visit import Visit


def refusal_of(error: RostraError) -> Refusal | None:
    """What a form shows of the policy's refusal of what was written in it; None for all other errors."""
    if not isinstance(error, Rejected):
        return None
    return Refusal(
        reason=error.reason,
        clause=error.clause,
        field=error.field,
        insist=error.insist,
        parts=marked_parts(error.parts, error.marks),
    )


async def explain_withheld(visit: Visit, status: Entity) -> Withheld | None:
    """Why the viewer's own post is withheld, for its page; None where it is not, or somebody else's."""
    state = (status.get("moderation") or {}).get("withheld")
    if state is None or visit.viewer is None or int(status["account"]["id"]) != visit.me.account_id:
        return None
    status_id, me = int(status["id"]), visit.me.account_id
    found = await find_reason(visit.res.db, account_id=me, status_id=status_id)
    if found is None:
        return Withheld(state=state)
    source = await get_source(visit.res.db, viewer_id=me, status_id=status_id)
    clauses = (await get_current(visit.res.db, visit.res.screen.policies)).clauses
    clause = clauses.get(found.clause)
    spans = found.spans
    return Withheld(
        state=state,
        reason=say(found.reason, visit.language),
        clause=found.clause if clause else "",
        clause_title=say(clause.title, visit.language) if clause else "",
        until=timestamp(found.expires_at) if found.decision is None else None,
        then=found.expires_to,
        warning=mark_field(source.spoiler_text, spans, "spoiler_text") if _has(spans, "spoiler_text") else None,
        text=mark_field(source.text, spans, "text") if _has(spans, "text") else None,
    )


def _has(spans: list[Any], field: str) -> bool:
    return any(span[0] == field for span in spans)


async def say_published(visit: Visit, status_id: int, published: str) -> str:
    """The sentence after a post or an edit: `published`, or that it waits, and why."""
    found = await find_reason(visit.res.db, account_id=visit.me.account_id, status_id=status_id)
    if found is None or found.decision is not None:
        return published
    waits = visit.gettext("Your post waits for review: others will see it once somebody has looked at it.")
    when = long_moment(found.expires_at, visit.language)
    if found.expires_to == "release":
        end = visit.gettext("If nobody has by %(when)s, it is published.", when=when)
    else:
        end = visit.gettext("If nobody has by %(when)s, it is not published.", when=when)
    return f"{waits} {end} {say(found.reason, visit.language)}"[:600]
