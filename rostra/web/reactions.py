"""What one does with a post with one press: favourite, boost, bookmark, pin, mute its conversation, vote in its poll.

With script the row of buttons (or the poll) comes back alone; without it the browser goes back to where it was.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec
from msgspec import Raw
from starlette.responses import Response

from rostra.entities.account import Visibility
from rostra.kit.errors import Forbidden, NotFound, RostraError
from rostra.kit.errors import Refused as NotNow
from rostra.kit.paging import Id
from rostra.levers.enforce import LeverRefused
from rostra.posts import react
from rostra.posts.boost import boost, unboost
from rostra.posts.vote import vote
from rostra.web.feeds import decode
from rostra.web.formats import Entity, status_path
from rostra.web.page import Pages
from rostra.web.visit import Refused, Visit

pages = Pages()

Act = Literal[
    "favourite", "unfavourite", "reblog", "unreblog", "bookmark", "unbookmark", "pin", "unpin", "mute", "unmute"
]
_BOOSTED_AS: Final[dict[str, Visibility]] = {"public": "public", "unlisted": "unlisted"}


class ReactForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    act: Act
    uid: str = ""
    return_to: str = ""


class VoteForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    choices: list[int] = []
    uid: str = ""
    return_to: str = ""


@pages.post("/web/statuses/{id}/{act}", access="me")
async def react_to_status(visit: Visit, form: ReactForm) -> Response:
    """Do it, or take it back."""
    said, subject_id = "", form.id
    try:
        subject_id = await _act(visit, form.id, form.act)
    except (Forbidden, NotNow) as error:
        said = _explain(visit, form.act, error)
    reader = await visit.statuses()
    try:
        status: Entity = decode(await reader.get(subject_id))
    except NotFound:
        # A reaction can be taken back from what is no longer to be seen.
        return visit.back(form.return_to, "/home")
    status = status["reblog"] or status
    if visit.wants_fragment:
        return await visit.html("partials/status_actions.html", status=status, uid=form.uid, said=said)
    return visit.back(form.return_to, status_path(status), notice=said)


async def _act(visit: Visit, status_id: int, act: Act) -> int:
    """Do it; the id of what to show then. A boost goes when it is taken back, what it boosted stays."""
    res = visit.res
    whose: dict[str, Any] = {"account_id": visit.me.account_id, "status_id": status_id}
    match act:
        case "favourite":
            await react.favourite(res.db, res.clock, res.emit, res.screen.levers, **whose, locale=visit.language)
        case "unfavourite":
            await react.unfavourite(res.db, res.emit, **whose)
        case "reblog":
            as_public = _BOOSTED_AS.get(visit.me.default_visibility, "private")
            await boost(
                res.db,
                res.clock,
                res.urls,
                res.emit,
                res.screen.levers,
                author=visit.me,
                status_id=status_id,
                visibility=as_public,
                locale=visit.language,
            )
        case "unreblog":
            return await unboost(res.db, res.emit, **whose)
        case "bookmark":
            await react.bookmark(res.db, res.clock, **whose)
        case "unbookmark":
            await react.unbookmark(res.db, **whose)
        case "pin":
            await react.pin(res.db, res.clock, **whose)
        case "unpin":
            await react.unpin(res.db, **whose)
        case "mute":
            await react.mute_conversation(res.db, **whose)
        case "unmute":
            await react.unmute_conversation(res.db, **whose)
    return status_id


def _explain(visit: Visit, act: Act, error: RostraError) -> str:
    """Why not, in the reader's language."""
    if isinstance(error, LeverRefused):
        return error.text
    match act:
        case "pin":
            text = visit.gettext(
                "This cannot be pinned. You can pin up to %(most)s posts of your own.", most=react.MAX_PINS
            )
        case "reblog":
            text = visit.gettext("This post cannot be boosted.")
        case "favourite":
            text = visit.gettext("You have blocked the person who wrote this.")
        case _:
            text = error.text
    return text


@pages.post("/web/polls/{id}/votes", access="me")
async def vote_in_poll(visit: Visit, form: VoteForm) -> Response:
    """Cast a vote; what the poll looks like then."""
    reader = await visit.statuses()
    status: Entity = decode(await reader.get(form.id))
    said = ""
    try:
        await vote(visit.res.db, visit.res.clock, voter_id=visit.me.account_id, poll_id=form.id, choices=form.choices)
    except (NotNow, *Refused):
        said = visit.gettext("The vote was not counted: choose first, and only once, while the poll is open.")
    if visit.wants_fragment:
        poll: Raw = await reader.get_poll(form.id)
        return await visit.html("partials/poll.html", poll=decode(poll), uid=form.uid, said=said)
    return visit.back(form.return_to, status_path(status), notice=said)
