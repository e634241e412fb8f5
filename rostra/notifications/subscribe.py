"""Web Push subscriptions: one for each access token, made, changed and ended by the app that holds it.

The push carries the app's own access token, by which apps tell their accounts apart. Of tokens we keep hashes only, so
the subscription keeps it encrypted with a key that is not in the database (docs/push.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import msgspec

from rostra.kit.addresses import is_loopback_address, is_public_address, normalise_domain, parse_address
from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.errors import Invalid, NotFound, Unauthorized
from rostra.kit.sealing import Sealer
from rostra.kit.settings import is_loopback_domain
from rostra.kit.webpush import Subscription as PushTarget
from rostra.kit.webpush import check_subscription
from rostra.notifications import push_queries as queries
from rostra.notifications.records import Policy, Subscription

SEALED_FOR: Final = "access token of a push subscription"
_LONGEST_ENDPOINT: Final = 2048
# The only ones that the outgoing HTTP client speaks to, but for development servers.
_PORTS: Final = (None, 80, 443)


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Which notifications are pushed; None leaves as it is, or, in a new subscription, nothing and everybody."""

    alerts: Sequence[str] | None = None
    policy: Policy | None = None


async def subscribe(
    db: Database,
    clock: Clock,
    sealer: Sealer,
    *,
    token_id: int,
    account_id: int,
    token: str,
    target: PushTarget,
    choice: Choice,
    dev: bool,
) -> Subscription:
    """Make the subscription of a token, in place of the one that it had.

    `dev` allows plain http and this machine. Raises Invalid for what could never be pushed to, and Unauthorized where
    the token has ended meanwhile.
    """
    check_target(target, dev=dev)
    async with db.transaction() as tx:
        made = await queries.upsert(
            tx,
            token_id=token_id,
            account_id=account_id,
            token_sealed=sealer.encrypt(SEALED_FOR, token.encode()),
            endpoint=target.endpoint,
            p256dh=target.p256dh,
            auth=target.auth,
            standard=target.standard,
            alerts=list(choice.alerts or ()),
            policy=choice.policy or "all",
            at=clock.now(),
        )
    if made is None:
        raise Unauthorized
    return made


def check_target(target: PushTarget, *, dev: bool) -> None:
    """Raises Invalid unless the endpoint is an https address on the public internet and the keys are keys. Where a name
    leads is looked at when it is connected to."""
    if len(target.endpoint) > _LONGEST_ENDPOINT:
        raise Invalid("subscription[endpoint]", "is too long", code="ERR_TOO_LONG")
    check_subscription(target, allow_http=dev)
    parts = urlsplit(target.endpoint)
    host = parts.hostname or ""
    if dev and (is_loopback_domain(host) or is_loopback_address(host)):
        return
    if not _is_public(host) or parts.port not in _PORTS:
        raise Invalid("subscription[endpoint]", "is not an address on the public internet")


def _is_public(host: str) -> bool:
    if parse_address(host) is not None:
        return is_public_address(host)
    try:
        name = normalise_domain(host)
    except Invalid:
        return False
    return "." in name and not is_loopback_domain(name)


async def get_subscription(db: Database, token_id: int) -> Subscription:
    """The subscription of a token. Raises NotFound."""
    async with db.read() as conn:
        found = await queries.find(conn, token_id)
    if found is None:
        raise NotFound
    return found


async def change_subscription(db: Database, token_id: int, choice: Choice) -> Subscription:
    """Change what a token's subscription is for. Raises NotFound."""
    alerts = None if choice.alerts is None else list(choice.alerts)
    async with db.transaction() as tx:
        changed = await queries.change(tx, token_id, alerts, choice.policy)
    if changed is None:
        raise NotFound
    return changed


async def unsubscribe(db: Database, token_id: int) -> None:
    """End the subscription of a token; none being there is no error."""
    async with db.transaction() as tx:
        await queries.delete_of_token(tx, token_id)
