"""What the viewer and others are to each other: follow, block, mute, notes, requests, blocked domains."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from rostra.accounts.render import hydrate_accounts_by_id
from rostra.api.call import Call
from rostra.api.people import account_page, relationship_with
from rostra.api.route import Routes
from rostra.entities.account import RawAccount, RawMutedAccount, Relationship, extend_account, timestamp
from rostra.entities.empty import Empty
from rostra.entities.personal import DomainBlockPreview
from rostra.kit.paging import ById, Id, Page, PageForm
from rostra.relationships import block as blocks
from rostra.relationships import follow as follows
from rostra.relationships import people
from rostra.relationships.find import find_relationships
from rostra.relationships.records import FollowOptions

routes = Routes("relationships")


class RelationshipsForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Annotated[list[Id], Meta(max_length=1000)] = []
    with_suspended: bool = False


class FollowForm(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/accounts/#follow"""

    id: Id
    reblogs: bool | None = None
    notify: bool | None = None
    languages: list[str] | None = None


class MuteForm(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/accounts/#mute"""

    id: Id
    notifications: bool = True
    duration: int = 0


class NoteForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    comment: str = ""


class DomainForm(msgspec.Struct, frozen=True, kw_only=True):
    domain: str


@routes.get("/api/v1/accounts/relationships", scopes="read:follows")
async def relationships(call: Call, form: RelationshipsForm) -> list[Relationship]:
    """What the viewer and some accounts are to each other; one answer for each known id."""
    return await find_relationships(
        call.res.db, call.me.account_id, form.id, call.res.clock.now(), with_suspended=form.with_suspended
    )


@routes.post("/api/v1/accounts/{id}/follow", scopes="write:follows", family="follows")
async def follow(call: Call, form: FollowForm) -> Relationship:
    """Follow an account or ask to, or change what is wanted of it."""
    options = FollowOptions(show_reblogs=form.reblogs, notify=form.notify, languages=form.languages)
    await follows.follow(call.res.db, call.res.clock, call.res.emit, call.me.account_id, form.id, options)
    return await relationship_with(call, form.id)


@routes.post("/api/v1/accounts/{id}/unfollow", scopes="write:follows")
async def unfollow(call: Call, form: ById) -> Relationship:
    """No longer follow an account, or withdraw the request to."""
    await follows.unfollow(call.res.db, call.res.emit, call.me.account_id, form.id)
    return await relationship_with(call, form.id)


@routes.post("/api/v1/accounts/{id}/remove_from_followers", scopes="write:follows")
async def remove_from_followers(call: Call, form: ById) -> Relationship:
    """Have an account no longer follow the viewer."""
    await follows.remove_follower(call.res.db, call.res.emit, call.me.account_id, form.id)
    return await relationship_with(call, form.id)


@routes.post("/api/v1/accounts/{id}/block", scopes="write:blocks")
async def block(call: Call, form: ById) -> Relationship:
    """Block an account."""
    await blocks.block(call.res.db, call.res.clock, call.res.emit, call.me.account_id, form.id)
    return await relationship_with(call, form.id)


@routes.post("/api/v1/accounts/{id}/unblock", scopes="write:blocks")
async def unblock(call: Call, form: ById) -> Relationship:
    """Lift a block."""
    await blocks.unblock(call.res.db, call.me.account_id, form.id)
    return await relationship_with(call, form.id)


@routes.post("/api/v1/accounts/{id}/mute", scopes="write:mutes")
async def mute(call: Call, form: MuteForm) -> Relationship:
    """Mute an account, for a number of seconds or for good, with or without its notifications."""
    await blocks.mute(
        call.res.db,
        call.res.clock,
        call.me.account_id,
        form.id,
        notifications=form.notifications,
        duration=form.duration,
    )
    return await relationship_with(call, form.id)


@routes.post("/api/v1/accounts/{id}/unmute", scopes="write:mutes")
async def unmute(call: Call, form: ById) -> Relationship:
    """Lift a mute."""
    await blocks.unmute(call.res.db, call.me.account_id, form.id)
    return await relationship_with(call, form.id)


@routes.post("/api/v1/accounts/{id}/note", scopes="write:accounts")
async def write_note(call: Call, form: NoteForm) -> Relationship:
    """Keep a private note about an account; an empty one deletes it."""
    await blocks.write_note(call.res.db, call.res.clock, call.me.account_id, form.id, form.comment)
    return await relationship_with(call, form.id)


@routes.get("/api/v1/follow_requests", scopes="read:follows", family="paging")
async def list_follow_requests(call: Call, form: PageForm) -> Page[RawAccount]:
    """Who asks to follow the viewer."""
    page = await people.follow_requests(call.res.db, call.me.account_id, form.window(default=40))
    return await account_page(call, page)


@routes.post("/api/v1/follow_requests/{id}/authorize", scopes="write:follows")
async def authorize_follow_request(call: Call, form: ById) -> Relationship:
    """Let an account follow the viewer."""
    await follows.accept_request(call.res.db, call.res.clock, call.res.emit, call.me.account_id, form.id)
    return await relationship_with(call, form.id)


@routes.post("/api/v1/follow_requests/{id}/reject", scopes="write:follows")
async def reject_follow_request(call: Call, form: ById) -> Relationship:
    """Refuse a request to follow."""
    await follows.reject_request(call.res.db, call.me.account_id, form.id)
    return await relationship_with(call, form.id)


@routes.get("/api/v1/blocks", scopes="read:blocks", family="paging")
async def list_blocks(call: Call, form: PageForm) -> Page[RawAccount]:
    """Whom the viewer blocks."""
    page = await people.blocked(call.res.db, call.me.account_id, form.window(default=40))
    return await account_page(call, page)


@routes.get("/api/v1/mutes", scopes="read:mutes", family="paging")
async def list_mutes(call: Call, form: PageForm) -> Page[RawMutedAccount]:
    """Whom the viewer mutes, and until when."""
    page, ends = await people.muted(call.res.db, call.me.account_id, form.window(default=40), call.res.clock.now())
    accounts = await hydrate_accounts_by_id(call.res.db, page.items, call.res.urls)
    muted = [
        extend_account(account, mute_expires_at=timestamp(ends[account_id]) if account_id in ends else None)
        for account_id, account in accounts.items()
    ]
    return Page(muted, newest=page.newest, oldest=page.oldest, more=page.more)


@routes.get("/api/v1/domain_blocks/preview", scopes="write:blocks")
async def preview_domain_block(call: Call, form: DomainForm) -> DomainBlockPreview:
    """What the block of a domain would end."""
    following, followers = await blocks.count_tied_to_domain(
        call.res.db, call.me.account_id, form.domain, own_domain=call.res.urls.domain
    )
    return DomainBlockPreview(following_count=following, followers_count=followers)


@routes.get("/api/v1/domain_blocks", scopes="read:blocks", family="paging")
async def list_domain_blocks(call: Call, form: PageForm) -> Page[str]:
    """The domains that the viewer blocks."""
    return await people.blocked_domains(call.res.db, call.me.account_id, form.window(default=100))


@routes.post("/api/v1/domain_blocks", scopes="write:blocks")
async def block_domain(call: Call, form: DomainForm) -> Empty:
    """Hide everybody on another server from the viewer."""
    await blocks.block_domain(
        call.res.db,
        call.res.clock,
        call.res.emit,
        call.me.account_id,
        form.domain,
        own_domain=call.res.urls.domain,
    )
    return Empty()


@routes.delete("/api/v1/domain_blocks", scopes="write:blocks")
async def unblock_domain(call: Call, form: DomainForm) -> Empty:
    """Lift the block of a domain."""
    await blocks.unblock_domain(call.res.db, call.me.account_id, form.domain, own_domain=call.res.urls.domain)
    return Empty()
