"""Blocked networks."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from rostra.accounts import blocks_ip
from rostra.accounts.blocks_ip import IpWish
from rostra.accounts.blocks_queries import IpBlock, IpSeverity
from rostra.api.admin.staff import PAGE, page_of_rows, staff
from rostra.api.answer import client_address
from rostra.api.call import Call
from rostra.api.route import Routes
from rostra.entities.account import timestamp
from rostra.entities.admin import AdminIpBlock
from rostra.entities.empty import Empty
from rostra.kit.paging import ById, Id, Page, PageForm

routes = Routes("admin")


class IpBlockForm(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/admin/ip_blocks/#create"""

    ip: str
    severity: IpSeverity
    comment: str = ""
    # In seconds.
    expires_in: int | None = None


class ChangedIpBlock(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/admin/ip_blocks/#update"""

    id: Id
    ip: str | UnsetType = UNSET
    severity: IpSeverity | UnsetType = UNSET
    comment: str | UnsetType = UNSET
    expires_in: int | UnsetType | None = UNSET


def _render(block: IpBlock) -> AdminIpBlock:
    return AdminIpBlock(
        id=str(block.id),
        ip=str(block.network),
        severity=block.severity,
        comment=block.comment,
        created_at=timestamp(block.created_at),
        expires_at=timestamp(block.expires_at) if block.expires_at else None,
    )


@routes.get("/api/v1/admin/ip_blocks", scopes="admin:read:ip_blocks")
async def list_ip_blocks(call: Call, form: PageForm) -> Page[AdminIpBlock]:
    """Blocked networks."""
    staff(call, "blocks")
    window = form.window(default=PAGE)
    rows = await blocks_ip.list_ip_blocks(call.res.db, window)
    return page_of_rows(rows, [_render(row) for row in rows], window)


@routes.get("/api/v1/admin/ip_blocks/{id}", scopes="admin:read:ip_blocks")
async def show_ip_block(call: Call, form: ById) -> AdminIpBlock:
    """One blocked network."""
    staff(call, "blocks")
    return _render(await blocks_ip.get_ip_block(call.res.db, form.id))


@routes.post("/api/v1/admin/ip_blocks", scopes="admin:write:ip_blocks")
async def create_ip_block(call: Call, form: IpBlockForm) -> AdminIpBlock:
    """Block an address or a network: for sign-ups, or altogether."""
    me, res = staff(call, "blocks"), call.res
    wish = IpWish(**msgspec.structs.asdict(form))
    own = client_address(call.request)
    made = await blocks_ip.block_ip(res.db, res.clock, me.account_id, wish, own_address=own)
    await res.edge.refresh(res.db)
    return _render(made)


@routes.put("/api/v1/admin/ip_blocks/{id}", scopes="admin:write:ip_blocks")
async def change_ip_block(call: Call, form: ChangedIpBlock) -> AdminIpBlock:
    """Change a block; what is not given stays."""
    me, res = staff(call, "blocks"), call.res
    wish = IpWish(ip=form.ip, severity=form.severity, comment=form.comment, expires_in=form.expires_in)
    own = client_address(call.request)
    changed = await blocks_ip.change_ip_block(res.db, res.clock, me.account_id, form.id, wish, own_address=own)
    await res.edge.refresh(res.db)
    return _render(changed)


@routes.delete("/api/v1/admin/ip_blocks/{id}", scopes="admin:write:ip_blocks")
async def delete_ip_block(call: Call, form: ById) -> Empty:
    """Unblock a network."""
    me, res = staff(call, "blocks"), call.res
    await blocks_ip.unblock_ip(res.db, res.clock, me.account_id, form.id)
    await res.edge.refresh(res.db)
    return Empty()
