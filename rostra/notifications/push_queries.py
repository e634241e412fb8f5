"""SQL of Web Push subscriptions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from rostra.kit.db import Reader, Tx, find_record
from rostra.notifications.records import Failing, Policy, Subscription, Target

_COLUMNS: Final = "p.id, p.endpoint, p.p256dh, p.auth, p.standard, p.alerts, p.policy"

# One for each token: a new one takes the place of the old, with another id, so that jobs for the old find nothing.
SUBSCRIBE: Final = f"""
insert into push_subscriptions as p (id, token_id, token_sealed, account_id, endpoint, p256dh, auth, standard, alerts,
  policy, created_at)
select make_id($10), t.id, $2, t.account_id, $4, $5, $6, $7, $8, $9, $10
from access_tokens t where t.id = $1 and t.account_id = $3
on conflict (token_id) do update set id = excluded.id, token_sealed = excluded.token_sealed,
  endpoint = excluded.endpoint, p256dh = excluded.p256dh, auth = excluded.auth, standard = excluded.standard,
  alerts = excluded.alerts, policy = excluded.policy, created_at = excluded.created_at, failures = 0,
  failing_since = null
returning {_COLUMNS}
"""

SUBSCRIPTION: Final = f"select {_COLUMNS} from push_subscriptions p where p.token_id = $1"

CHANGE: Final = f"""
update push_subscriptions p set alerts = coalesce($2, p.alerts), policy = coalesce($3, p.policy)
where p.token_id = $1 returning {_COLUMNS}
"""

UNSUBSCRIBE: Final = "delete from push_subscriptions where token_id = $1"

REMOVE: Final = "delete from push_subscriptions where id = $1"

# $1 notifications that were just made.
WANTING: Final = """
select p.id as subscription_id, n.id as notification_id
from notifications n join push_subscriptions p on p.account_id = n.account_id
where n.id = any($1::bigint[]) and n.type = any(p.alerts)
  and (p.policy = 'all'
    or (p.policy = 'followed' and exists (
      select from follows f where f.account_id = n.account_id and f.target_id = n.from_account_id))
    or (p.policy = 'follower' and exists (
      select from follows f where f.account_id = n.from_account_id and f.target_id = n.account_id)))
order by n.id, p.id
"""

TARGET: Final = f"""
select {_COLUMNS}, p.account_id, p.token_sealed, p.failures, u.locale, u.filters_revision
from push_subscriptions p join users u on u.account_id = p.account_id where p.id = $1
"""

SUCCEEDED: Final = "update push_subscriptions set failures = 0, failing_since = null where id = $1 and failures > 0"

FAILED: Final = """
update push_subscriptions set failures = failures + 1, failing_since = coalesce(failing_since, $2)
where id = $1 returning failures, failing_since
"""


async def upsert(
    tx: Tx,
    *,
    token_id: int,
    account_id: int,
    token_sealed: str,
    endpoint: str,
    p256dh: str,
    auth: str,
    standard: bool,
    alerts: Sequence[str],
    policy: Policy,
    at: datetime,
) -> Subscription | None:
    """Write the subscription of a token, in place of the one that it had; None where the token is gone."""
    row = await tx.fetchrow(
        SUBSCRIBE, token_id, token_sealed, account_id, endpoint, p256dh, auth, standard, alerts, policy, at
    )
    return find_record(Subscription, row)


async def find(db: Reader, token_id: int) -> Subscription | None:
    """The subscription of a token."""
    return find_record(Subscription, await db.fetchrow(SUBSCRIPTION, token_id))


async def change(tx: Tx, token_id: int, alerts: Sequence[str] | None, policy: Policy | None) -> Subscription | None:
    """Change what a token's subscription is for; None leaves as it is."""
    return find_record(Subscription, await tx.fetchrow(CHANGE, token_id, alerts, policy))


async def delete_of_token(tx: Tx, token_id: int) -> None:
    """Delete the subscription of a token, if there is one."""
    await tx.execute(UNSUBSCRIBE, token_id)


async def delete(tx: Tx, subscription_id: int) -> None:
    """Delete a subscription that is of no more use."""
    await tx.execute(REMOVE, subscription_id)


async def find_wanting(tx: Tx, notification_ids: Sequence[int]) -> list[tuple[int, int]]:
    """The subscriptions that want to be told of these notifications, as (subscription, notification)."""
    return [(row["subscription_id"], row["notification_id"]) for row in await tx.fetch(WANTING, notification_ids)]


async def find_target(db: Reader, subscription_id: int) -> Target | None:
    """A subscription to push to."""
    return find_record(Target, await db.fetchrow(TARGET, subscription_id))


async def note_success(tx: Tx, subscription_id: int) -> None:
    """Forget earlier failures."""
    await tx.execute(SUCCEEDED, subscription_id)


async def note_failure(tx: Tx, subscription_id: int, at: datetime) -> Failing | None:
    """Count a failure; None where the subscription is gone."""
    return find_record(Failing, await tx.fetchrow(FAILED, subscription_id, at))
