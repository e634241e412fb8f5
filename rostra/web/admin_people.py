"""Sign-ups that wait, and invitations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from starlette.responses import Response

from rostra.accounts.invites import create_invite, delete_invite, list_all_invites, list_invites
from rostra.accounts.permissions import may
from rostra.accounts.records import Invite, User
from rostra.accounts.render import hydrate_accounts_by_id
from rostra.accounts.staff import approve, list_users, reject
from rostra.entities.account import timestamp
from rostra.kit.errors import NotFound
from rostra.kit.paging import ById, Id
from rostra.web.feeds import decode, page_address
from rostra.web.page import Pages
from rostra.web.visit import Refused, Visit, errors_of

pages = Pages()

_WAITING = 50


class WaitingForm(msgspec.Struct, frozen=True, kw_only=True):
    after: Id = 0


class DecideForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    act: Literal["approve", "reject"]


class InviteForm(msgspec.Struct, frozen=True, kw_only=True):
    max_uses: int | None = None
    expires_in: int | None = None


@pages.get("/admin/approvals", access="people")
async def approvals(visit: Visit, form: WaitingForm) -> Response:
    """Who asks to be let in."""
    users = await list_users(visit.res.db, after=form.after, pending=True, limit=_WAITING)
    shown = [_request(user) for user in users]
    more = page_address(visit, after=users[-1].account_id) if len(users) == _WAITING else None
    return await visit.html("admin/approvals.html", requests=shown, older_url=more)


def _request(user: User) -> dict[str, object]:
    return {
        "id": str(user.account_id),
        "username": user.username,
        "email": user.email,
        "ip": None,
        "created_at": timestamp(user.created_at),
        "confirmed": user.confirmed_at is not None,
        "invite_request": user.sign_up_reason,
        "account": None,
    }


@pages.post("/admin/approvals/{id}/{act}", access="people")
async def decide(visit: Visit, form: DecideForm) -> Response:
    """Let somebody in, or turn them away."""
    res = visit.res
    if form.act == "approve":
        await approve(res.db, res.clock, res.emit, res.urls, form.id, actor_id=visit.me.account_id)
    else:
        await reject(res.db, res.clock, form.id, actor_id=visit.me.account_id)
    return visit.redirect("/admin/approvals")


async def _show_invites(visit: Visit, invites: Sequence[Invite]) -> list[dict[str, object]]:
    makers = await hydrate_accounts_by_id(visit.res.db, sorted({i.account_id for i in invites}), visit.res.urls)
    return [
        {
            "id": str(invite.id),
            "code": invite.code,
            "url": f"{visit.res.urls.base}/invite/{invite.code}",
            "uses": invite.uses,
            "max_uses": invite.max_uses,
            "expires_at": timestamp(invite.expires_at) if invite.expires_at else None,
            "created_by": decode(makers[invite.account_id]) if invite.account_id in makers else None,
        }
        for invite in invites
    ]


@pages.get("/admin/invites", access="people")
async def all_invites(visit: Visit) -> Response:
    """Everybody's invitations."""
    return await _all_invites(visit)


async def _all_invites(visit: Visit, **values: Any) -> Response:
    shown: dict[str, Any] = {"values": {}, "errors": {}}
    shown["invites"] = await _show_invites(visit, await list_all_invites(visit.res.db))
    return await visit.html("admin/invites.html", **(shown | values))


@pages.post("/admin/invites", access="people")
async def invite_as_staff(visit: Visit, form: InviteForm) -> Response:
    """Make one."""
    problem = await _make_invite(visit, form)
    return visit.redirect("/admin/invites") if problem is None else await _all_invites(visit, **problem)


@pages.post("/admin/invites/{id}/delete", access="people")
async def withdraw_any(visit: Visit, form: ById) -> Response:
    """Withdraw anybody's."""
    await delete_invite(visit.res.db, form.id, None)
    return visit.redirect("/admin/invites")


@pages.get("/settings/invites", access="me")
async def own_invites(visit: Visit) -> Response:
    """The viewer's invitations."""
    return await _own_invites(visit)


async def _own_invites(visit: Visit, **values: Any) -> Response:
    shown: dict[str, Any] = {"allowed": await _may_invite(visit), "values": {}, "errors": {}}
    shown["invites"] = await _show_invites(visit, await list_invites(visit.res.db, visit.me.account_id))
    return await visit.html("settings/invites.html", **(shown | values))


async def _may_invite(visit: Visit) -> bool:
    settings = await visit.res.instance.settings(visit.res.db)
    return may(visit.me.role, "people") or (settings.members_may_invite and settings.registrations_mode != "closed")


@pages.post("/settings/invites", access="me")
async def invite(visit: Visit, form: InviteForm) -> Response:
    """Make one, where members may."""
    if not await _may_invite(visit):
        raise NotFound
    problem = await _make_invite(visit, form)
    return visit.redirect("/settings/invites") if problem is None else await _own_invites(visit, **problem)


@pages.post("/settings/invites/{id}/delete", access="me")
async def withdraw_own(visit: Visit, form: ById) -> Response:
    """Withdraw one's own."""
    await delete_invite(visit.res.db, form.id, visit.me.account_id)
    return visit.redirect("/settings/invites")


async def _make_invite(visit: Visit, form: InviteForm) -> Mapping[str, Any] | None:
    """What to show where it was refused."""
    res = visit.res
    try:
        await create_invite(res.db, res.clock, visit.me.account_id, max_uses=form.max_uses, expires_in=form.expires_in)
    except Refused as error:
        return {"http_status": 422, "values": msgspec.structs.asdict(form), "errors": errors_of(error)}
    return None
