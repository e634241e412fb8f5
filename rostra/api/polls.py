"""Polls: show and vote."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from rostra.api.call import Call
from rostra.api.route import Routes
from rostra.entities.status import RawPoll
from rostra.kit.paging import ById, Id
from rostra.posts.vote import vote

routes = Routes("polls")


class VoteForm(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/polls/#vote"""

    id: Id
    choices: list[Annotated[int, Meta(ge=0, le=100)]] = []


@routes.get("/api/v1/polls/{id}", access="public", scopes="read:statuses")
async def show_poll(call: Call, form: ById) -> RawPoll:
    """One poll; who may see its status may see it."""
    return await (await call.statuses()).get_poll(form.id)


@routes.post("/api/v1/polls/{id}/votes", scopes="write:statuses")
async def vote_in_poll(call: Call, form: VoteForm) -> RawPoll:
    """Cast one's vote."""
    reader = await call.statuses()
    await reader.get_poll(form.id)
    await vote(call.res.db, call.res.clock, voter_id=call.me.account_id, poll_id=form.id, choices=form.choices)
    return await reader.get_poll(form.id)
