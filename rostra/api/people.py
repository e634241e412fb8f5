"""Pages of accounts and relationships, as several nouns answer them."""

from __future__ import annotations

from rostra.accounts.render import hydrate_accounts
from rostra.api.call import Call
from rostra.entities.account import RawAccount, Relationship
from rostra.kit.errors import NotFound
from rostra.kit.paging import Page
from rostra.relationships.find import find_relationships


async def account_page(call: Call, page: Page[int]) -> Page[RawAccount]:
    """A page of account ids as a page of accounts, with the same cursors."""
    accounts = await hydrate_accounts(call.res.db, page.items, call.res.urls)
    return Page(accounts, newest=page.newest, oldest=page.oldest, more=page.more)


async def relationship_with(call: Call, account_id: int) -> Relationship:
    """What the viewer and an account are to each other now. Raises NotFound for an unknown account."""
    found = await find_relationships(call.res.db, call.me.account_id, [account_id], call.res.clock.now())
    if not found:
        raise NotFound
    return found[0]
