"""Rules for other servers: blocks, and the list of those that are let in while the instance is closed."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from rostra.api.admin.staff import PAGE, page_of_rows, staff
from rostra.api.call import Call
from rostra.api.route import Routes
from rostra.entities.account import timestamp
from rostra.entities.admin import AdminDomainAllow, AdminDomainBlock
from rostra.entities.empty import Empty
from rostra.kit.errors import Invalid
from rostra.kit.paging import ById, Id, Page, PageForm
from rostra.moderation.domains import domains
from rostra.moderation.domains.domain_queries import DomainAllow, DomainBlock, Severity
from rostra.moderation.domains.domains import Blocked, DomainWish

routes = Routes("admin")


class AllowForm(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/admin/domain_allows/#create"""

    domain: str


class ChangedBlock(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/admin/domain_blocks/#update"""

    severity: Severity | UnsetType = UNSET
    reject_media: bool | UnsetType = UNSET
    reject_reports: bool | UnsetType = UNSET
    private_comment: str | UnsetType = UNSET
    public_comment: str | UnsetType = UNSET
    obfuscate: bool | UnsetType = UNSET

    def wish(self) -> DomainWish:
        """As the slice takes it."""
        return DomainWish(
            severity=self.severity,
            reject_media=self.reject_media,
            reject_reports=self.reject_reports,
            private_comment=self.private_comment,
            public_comment=self.public_comment,
            obfuscate=self.obfuscate,
        )


class ChangedBlockById(ChangedBlock, frozen=True, kw_only=True):
    id: Id


class NewBlock(ChangedBlock, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/admin/domain_blocks/#create"""

    domain: str


class Existing(Invalid):
    """The domain has a block; the answer shows it, as Mastodon's does."""

    def __init__(self, error: Blocked) -> None:
        super().__init__("domain", "has already been taken", code="ERR_TAKEN")
        self.more: dict[str, Any] = {"existing_domain_block": _render(error.existing)}


def _render(block: DomainBlock) -> AdminDomainBlock:
    return AdminDomainBlock(
        id=str(block.id),
        domain=block.domain,
        digest=domains.digest(block.domain),
        created_at=timestamp(block.created_at),
        severity=block.severity,
        reject_media=block.reject_media,
        reject_reports=block.reject_reports,
        private_comment=block.private_comment or None,
        public_comment=block.public_comment or None,
        obfuscate=block.obfuscate,
    )


def _render_allow(allow: DomainAllow) -> AdminDomainAllow:
    return AdminDomainAllow(id=str(allow.id), domain=allow.domain, created_at=timestamp(allow.created_at))


@routes.get("/api/v1/admin/domain_blocks", scopes="admin:read:domain_blocks")
async def list_server_blocks(call: Call, form: PageForm) -> Page[AdminDomainBlock]:
    """Blocked servers."""
    staff(call, "blocks")
    window = form.window(default=PAGE)
    rows = await domains.list_blocks(call.res.db, window)
    return page_of_rows(rows, [_render(row) for row in rows], window)


@routes.get("/api/v1/admin/domain_blocks/{id}", scopes="admin:read:domain_blocks")
async def show_server_block(call: Call, form: ById) -> AdminDomainBlock:
    """One blocked server."""
    staff(call, "blocks")
    return _render(await domains.get_block(call.res.db, form.id))


@routes.post("/api/v1/admin/domain_blocks", scopes="admin:write:domain_blocks")
async def create_server_block(call: Call, form: NewBlock) -> AdminDomainBlock:
    """Limit a server, or have nothing to do with it."""
    me, res = staff(call, "blocks"), call.res
    own = res.urls.domain
    try:
        made = await domains.block_domain(
            res.db, res.clock, res.emit, me.account_id, form.domain, form.wish(), own_domain=own
        )
    except Blocked as error:
        raise Existing(error) from None
    return _render(made)


@routes.put("/api/v1/admin/domain_blocks/{id}", scopes="admin:write:domain_blocks")
async def change_server_block(call: Call, form: ChangedBlockById) -> AdminDomainBlock:
    """Change what holds for a server; what is not given stays."""
    me, res = staff(call, "blocks"), call.res
    return _render(await domains.change_block(res.db, res.clock, res.emit, me.account_id, form.id, form.wish()))


@routes.delete("/api/v1/admin/domain_blocks/{id}", scopes="admin:write:domain_blocks")
async def delete_server_block(call: Call, form: ById) -> Empty:
    """Lift the block of a server; what was decided on single accounts stays."""
    me, res = staff(call, "blocks"), call.res
    await domains.unblock_domain(res.db, res.clock, res.emit, me.account_id, form.id)
    return Empty()


@routes.get("/api/v1/admin/domain_allows", scopes="admin:read:domain_allows")
async def list_server_allows(call: Call, form: PageForm) -> Page[AdminDomainAllow]:
    """Servers that are let in while the instance is closed to others."""
    staff(call, "blocks")
    window = form.window(default=PAGE)
    rows = await domains.list_allows(call.res.db, window)
    return page_of_rows(rows, [_render_allow(row) for row in rows], window)


@routes.get("/api/v1/admin/domain_allows/{id}", scopes="admin:read:domain_allows")
async def show_server_allow(call: Call, form: ById) -> AdminDomainAllow:
    """One of them."""
    staff(call, "blocks")
    return _render_allow(await domains.get_allow(call.res.db, form.id))


@routes.post("/api/v1/admin/domain_allows", scopes="admin:write:domain_allows")
async def create_server_allow(call: Call, form: AllowForm) -> AdminDomainAllow:
    """Let a server in."""
    me, res = staff(call, "blocks"), call.res
    own = res.urls.domain
    return _render_allow(await domains.allow_domain(res.db, res.clock, me.account_id, form.domain, own_domain=own))


@routes.delete("/api/v1/admin/domain_allows/{id}", scopes="admin:write:domain_allows")
async def delete_server_allow(call: Call, form: ById) -> Empty:
    """Let a server in no more."""
    me = staff(call, "blocks")
    await domains.disallow_domain(call.res.db, call.res.clock, me.account_id, form.id)
    return Empty()
