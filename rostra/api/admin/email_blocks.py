"""Blocked e-mail providers and blocked addresses."""

from __future__ import annotations

import msgspec

from rostra.accounts import blocks_email
from rostra.accounts.blocks_queries import CanonicalEmailBlock, EmailDomainBlock
from rostra.api.admin.staff import PAGE, page_of_rows, staff
from rostra.api.call import Call
from rostra.api.route import Routes
from rostra.entities.account import timestamp
from rostra.entities.admin import AdminCanonicalEmailBlock, AdminEmailDomainBlock
from rostra.entities.empty import Empty
from rostra.kit.paging import ById, Page, PageForm
from rostra.relationships.tags import render_history

routes = Routes("admin")


class EmailDomainForm(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/admin/email_domain_blocks/#create"""

    domain: str
    allow_with_approval: bool = False


class CanonicalForm(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/admin/canonical_email_blocks/#create"""

    email: str | None = None
    canonical_email_hash: str | None = None


class TestedEmail(msgspec.Struct, frozen=True, kw_only=True):
    email: str


def _render_domain(block: EmailDomainBlock, call: Call) -> AdminEmailDomainBlock:
    return AdminEmailDomainBlock(
        id=str(block.id),
        domain=block.domain,
        created_at=timestamp(block.created_at),
        history=render_history(block.history, call.res.clock.now().date()),
        allow_with_approval=block.allow_with_approval,
    )


def _render_canonical(block: CanonicalEmailBlock) -> AdminCanonicalEmailBlock:
    return AdminCanonicalEmailBlock(id=str(block.id), canonical_email_hash=block.canonical_email_hash)


@routes.get("/api/v1/admin/email_domain_blocks", scopes="admin:read:email_domain_blocks")
async def list_email_domain_blocks(call: Call, form: PageForm) -> Page[AdminEmailDomainBlock]:
    """Blocked e-mail providers."""
    staff(call, "blocks")
    window = form.window(default=PAGE)
    rows = await blocks_email.list_email_domains(call.res.db, call.res.clock, window)
    return page_of_rows(rows, [_render_domain(row, call) for row in rows], window)


@routes.get("/api/v1/admin/email_domain_blocks/{id}", scopes="admin:read:email_domain_blocks")
async def show_email_domain_block(call: Call, form: ById) -> AdminEmailDomainBlock:
    """One blocked e-mail provider."""
    staff(call, "blocks")
    return _render_domain(await blocks_email.get_email_domain(call.res.db, call.res.clock, form.id), call)


@routes.post("/api/v1/admin/email_domain_blocks", scopes="admin:write:email_domain_blocks")
async def create_email_domain_block(call: Call, form: EmailDomainForm) -> AdminEmailDomainBlock:
    """Keep people with addresses of a provider from signing up, or have them wait for approval."""
    me, res = staff(call, "blocks"), call.res
    block_id = await blocks_email.block_email_domain(
        res.db, res.clock, me.account_id, form.domain, allow_with_approval=form.allow_with_approval
    )
    return _render_domain(await blocks_email.get_email_domain(res.db, res.clock, block_id), call)


@routes.delete("/api/v1/admin/email_domain_blocks/{id}", scopes="admin:write:email_domain_blocks")
async def delete_email_domain_block(call: Call, form: ById) -> Empty:
    """Unblock a provider."""
    me = staff(call, "blocks")
    await blocks_email.unblock_email_domain(call.res.db, call.res.clock, me.account_id, form.id)
    return Empty()


@routes.get("/api/v1/admin/canonical_email_blocks", scopes="admin:read:canonical_email_blocks")
async def list_canonical_email_blocks(call: Call, form: PageForm) -> Page[AdminCanonicalEmailBlock]:
    """Blocked addresses, as hashes."""
    staff(call, "blocks")
    window = form.window(default=PAGE)
    rows = await blocks_email.list_canonical(call.res.db, window)
    return page_of_rows(rows, [_render_canonical(row) for row in rows], window)


@routes.get("/api/v1/admin/canonical_email_blocks/{id}", scopes="admin:read:canonical_email_blocks")
async def show_canonical_email_block(call: Call, form: ById) -> AdminCanonicalEmailBlock:
    """One blocked address."""
    staff(call, "blocks")
    return _render_canonical(await blocks_email.get_canonical(call.res.db, form.id))


@routes.post("/api/v1/admin/canonical_email_blocks/test", scopes="admin:read:canonical_email_blocks")
async def test_canonical_email_block(call: Call, form: TestedEmail) -> list[AdminCanonicalEmailBlock]:
    """The blocks that an address falls under, however it is spelt."""
    staff(call, "blocks")
    found = await blocks_email.find_canonical(call.res.db, form.email)
    return [_render_canonical(found)] if found else []


@routes.post("/api/v1/admin/canonical_email_blocks", scopes="admin:write:canonical_email_blocks")
async def create_canonical_email_block(call: Call, form: CanonicalForm) -> AdminCanonicalEmailBlock:
    """Keep whoever has an address from signing up with it again."""
    me, res = staff(call, "blocks"), call.res
    made = await blocks_email.block_canonical(
        res.db, res.clock, me.account_id, email=form.email, email_hash=form.canonical_email_hash
    )
    return _render_canonical(made)


@routes.delete("/api/v1/admin/canonical_email_blocks/{id}", scopes="admin:write:canonical_email_blocks")
async def delete_canonical_email_block(call: Call, form: ById) -> Empty:
    """Unblock an address."""
    me = staff(call, "blocks")
    await blocks_email.unblock_canonical(call.res.db, call.res.clock, me.account_id, form.id)
    return Empty()
