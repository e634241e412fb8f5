"""Threads: the context of a status, and muting a conversation."""

from __future__ import annotations

from rostra.api.call import Call
from rostra.api.route import Routes
from rostra.entities.status import Context, RawStatus
from rostra.kit.paging import ById
from rostra.posts.react import mute_conversation, unmute_conversation
from rostra.posts.thread import get_context

routes = Routes("statuses")


@routes.get("/api/v1/statuses/{id}/context", access="public", scopes="read:statuses")
async def status_context(call: Call, form: ById) -> Context:
    """What a status answers, and what answers it."""
    reader, res = await call.statuses(), call.res
    viewer_id = call.viewer.account_id if call.viewer else None
    return await get_context(res.db, reader, viewer_id=viewer_id, status_id=form.id, at=res.clock.now())


@routes.post("/api/v1/statuses/{id}/mute", scopes="write:mutes")
async def mute_status(call: Call, form: ById) -> RawStatus:
    """Hear no more of the conversation that a status belongs to."""
    await mute_conversation(call.res.db, account_id=call.me.account_id, status_id=form.id)
    return await (await call.statuses()).get(form.id)


@routes.post("/api/v1/statuses/{id}/unmute", scopes="write:mutes")
async def unmute_status(call: Call, form: ById) -> RawStatus:
    """Hear of the conversation again."""
    await unmute_conversation(call.res.db, account_id=call.me.account_id, status_id=form.id)
    return await (await call.statuses()).get(form.id)
