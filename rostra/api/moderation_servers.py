"""Decisions on servers for programs, with what Mastodon's domain blocks have no words for: a clause, an end, and taking
one back. The rules themselves are in `api/admin/domains.py`, in Mastodon's shapes."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from rostra.api.admin.staff import staff
from rostra.api.call import Call
from rostra.api.route import Routes
from rostra.entities.account import IdText, Timestamp, timestamp, timestamp_or_none
from rostra.kit.paging import ById, Id
from rostra.moderation.domains import decisions
from rostra.moderation.domains.decide import decide_on_server
from rostra.moderation.domains.decision_queries import DomainDecision
from rostra.moderation.domains.domain_queries import Severity
from rostra.moderation.domains.domains import DomainWish

routes = Routes("moderation")

_READ = "admin:read:domain_blocks"
_WRITE = "admin:write:domain_blocks"


class ServerDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A decision on a server. `domain_block_id` is the rule that says the same while it holds; who decided is a
    pseudonym, null where nobody did; `before_id` is the decision that it took the place of."""

    id: IdText
    domain: str
    domain_block_id: IdText
    reviewer: str | None
    policy: str
    clause: str
    severity: Severity
    reject_media: bool
    reject_reports: bool
    private_comment: str
    public_comment: str
    obfuscate: bool
    created_at: Timestamp
    ends_at: Timestamp | None
    ended_at: Timestamp | None
    ended_why: Literal["expired", "reversed", "superseded"] | None
    before_id: IdText | None


class ListForm(msgspec.Struct, frozen=True, kw_only=True):
    """`max_id` goes on."""

    max_id: Id | None = None
    limit: Annotated[int, Meta(ge=1, le=80)] = 40


class DecideForm(msgspec.Struct, frozen=True, kw_only=True):
    """A server that has a rule already gets this one instead; `seconds` where it ends by itself."""

    domain: str
    severity: Severity = "silence"
    reject_media: bool = False
    reject_reports: bool = False
    private_comment: str = ""
    public_comment: str = ""
    obfuscate: bool = False
    clause: str = ""
    seconds: Annotated[int, Meta(ge=60, le=10 * 366 * 86_400)] | None = None

    @property
    def wish(self) -> DomainWish:
        return DomainWish(
            severity=self.severity,
            reject_media=self.reject_media,
            reject_reports=self.reject_reports,
            private_comment=self.private_comment,
            public_comment=self.public_comment,
            obfuscate=self.obfuscate,
        )


def _render(row: DomainDecision) -> ServerDecision:
    return ServerDecision(
        id=str(row.id),
        domain=row.domain,
        domain_block_id=str(row.block_id),
        reviewer=row.reviewer,
        policy=row.policy,
        clause=row.clause,
        severity=row.severity,
        reject_media=row.reject_media,
        reject_reports=row.reject_reports,
        private_comment=row.private_comment,
        public_comment=row.public_comment,
        obfuscate=row.obfuscate,
        created_at=timestamp(row.created_at),
        ends_at=timestamp_or_none(row.ends_at),
        ended_at=timestamp_or_none(row.ended_at),
        ended_why=row.ended_why,
        before_id=None if row.before_id is None else str(row.before_id),
    )


@routes.get("/api/rostra/v1/moderation/servers/decisions", scopes=_READ)
async def list_server_decisions(call: Call, form: ListForm) -> list[ServerDecision]:
    """Decisions on servers, the latest first."""
    staff(call, "blocks")
    return [_render(row) for row in await decisions.list_decisions(call.res.desk, before=form.max_id, limit=form.limit)]


@routes.get("/api/rostra/v1/moderation/servers/decisions/{id}", scopes=_READ)
async def show_server_decision(call: Call, form: ById) -> ServerDecision:
    """One of them."""
    staff(call, "blocks")
    return _render(await decisions.get_decision(call.res.desk, form.id))


@routes.post("/api/rostra/v1/moderation/servers/decisions", scopes=_WRITE)
async def decide(call: Call, form: DecideForm) -> ServerDecision:
    """Decide what holds for a server and all below its domain, why, and for how long."""
    me = staff(call, "blocks")
    lasts = None if form.seconds is None else timedelta(seconds=form.seconds)
    made = await decide_on_server(call.res.desk, me.account_id, form.domain, form.wish, clause=form.clause, lasts=lasts)
    return _render(made)


@routes.post("/api/rostra/v1/moderation/servers/decisions/{id}/reverse", scopes=_WRITE)
async def turn_server_round(call: Call, form: ById) -> ServerDecision:
    """Take a decision back: what held before it holds again, a rule or none."""
    me = staff(call, "blocks")
    await decisions.reverse_domain(call.res.desk, me.account_id, form.id)
    return _render(await decisions.get_decision(call.res.desk, form.id))
