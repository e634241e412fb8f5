"""Deciding what holds for a server, whether it has a rule already or not."""

from __future__ import annotations

from datetime import timedelta

from rostra.moderation.desk import Desk
from rostra.moderation.domains import decisions, domains
from rostra.moderation.domains.decision_queries import DomainDecision
from rostra.moderation.domains.domains import Blocked, DomainWish


async def decide_on_server(
    desk: Desk, actor_id: int, domain: str, wish: DomainWish, *, clause: str = "", lasts: timedelta | None = None
) -> DomainDecision:
    """Make the rule of a server and all below its domain, or change the one that it has. `lasts` None is for good.

    Raises Invalid for a domain, a clause or a time that cannot be.
    """
    why = await decisions.make_why(desk, clause, lasts)
    own = desk.urls.domain
    try:
        block = await domains.block_domain(
            desk.db, desk.clock, desk.emit, actor_id, domain, wish, own_domain=own, why=why
        )
    except Blocked as error:
        existing = error.existing.id
        block = await domains.change_block(desk.db, desk.clock, desk.emit, actor_id, existing, wish, why=why)
    return await decisions.get_holding(desk, block.domain)
