"""Why a post of one's own is withheld, for its author's app: which rule, and what time will make of it."""

from __future__ import annotations

from typing import Literal

import msgspec

from rostra.api.call import Call
from rostra.api.route import Routes
from rostra.entities.account import Timestamp, timestamp
from rostra.kit.errors import NotFound
from rostra.kit.paging import ById
from rostra.moderation.decisions.withheld import find_reason
from rostra.screening.judgement import say

routes = Routes("statuses")


class WithheldEntity(msgspec.Struct, frozen=True, kw_only=True):
    """Why a post is withheld. `decides_at`: when the clock decides if nobody does, and `then` what; null where somebody
    or the clock has decided already."""

    reason: str
    clause: str
    created_at: Timestamp
    decides_at: Timestamp | None
    then: Literal["release", "refuse"] | None


@routes.get("/api/rostra/v1/statuses/{id}/withheld", scopes="read:statuses")
async def show_withheld(call: Call, form: ById) -> WithheldEntity:
    """Why the viewer's own post is seen by nobody else; 404 where it is not withheld, or somebody else's."""
    me = call.me
    found = await find_reason(call.res.db, account_id=me.account_id, status_id=form.id)
    if found is None:
        raise NotFound
    waits = found.decision is None
    return WithheldEntity(
        reason=say(found.reason, me.locale),
        clause=found.clause,
        created_at=timestamp(found.created_at),
        decides_at=timestamp(found.expires_at) if waits else None,
        then=found.expires_to if waits else None,
    )
