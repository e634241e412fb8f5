"""SQL of what staff sees of one person, and of the log of what was changed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final, LiteralString

import msgspec

from rostra.accounts.records import Role
from rostra.kit.db import Reader, as_records, find_record

# More people than this from one address are not counted.
_MOST: Final[LiteralString] = "1000"

LOGIN: Final = f"""
select a.id, a.username, a.domain, a.created_at, a.silenced_at, a.sensitized_at, a.frozen_at, a.suspended_at,
  u.account_id is not null as is_local, u.role, u.email, u.locale, u.confirmed_at, u.approved_at, u.disabled_at,
  u.last_active_on, coalesce(u.totp_enabled_at is not null, false) as has_two_factor, u.sign_up_reason,
  host(u.sign_up_ip) as sign_up_ip, i.account_id as inviter_id, v.username as inviter,
  (select count(*) from sessions s where s.account_id = a.id) as sessions,
  (select count(distinct t.app_id) from access_tokens t where t.account_id = a.id) as apps,
  (select count(*) from (
    select y.account_id from users y where y.sign_up_ip = u.sign_up_ip and y.account_id <> a.id
    union select s.account_id from sessions s where s.ip = u.sign_up_ip and s.account_id <> a.id
    limit {_MOST}) x) as neighbours
from accounts a left join users u on u.account_id = a.id
  left join invites i on i.id = u.invite_id left join accounts v on v.id = i.account_id
where a.id = $1
"""

_EVENT: Final = """
select e.id, e.action, e.subject, e.details, e.created_at, e.actor_id, a.username as actor, p.id as person_id,
  p.username as person, p.domain as person_domain
from audit_events e left join accounts a on a.id = e.actor_id
  left join accounts p on p.id = case when e.action like 'account.%' and e.subject ~ '^[0-9]{1,18}$'
    then e.subject::bigint end
"""

EVENTS_OF: Final = f"{_EVENT} where e.subject = $1 and e.action like 'account.%' order by e.id desc limit $2"

# By whether an actor and an action are asked for. As whole statements, so that each has its index.
_EVENTS: Final[dict[tuple[bool, bool], LiteralString]] = {
    (False, False): f"{_EVENT} where e.id < $1 and $3::bigint is null and $4::text is null order by e.id desc limit $2",
    (True, False): f"{_EVENT} where e.id < $1 and e.actor_id = $3 and $4::text is null order by e.id desc limit $2",
    (False, True): f"{_EVENT} where e.id < $1 and $3::bigint is null and e.action = $4 order by e.id desc limit $2",
    (True, True): f"{_EVENT} where e.id < $1 and e.actor_id = $3 and e.action = $4 order by e.id desc limit $2",
}

# From one to the next in the index, however many rows there are.
ACTIONS: Final = """
with recursive found as (
  (select e.action from audit_events e order by e.action limit 1)
  union all
  select (select e.action from audit_events e where e.action > f.action order by e.action limit 1)
  from found f where f.action is not null)
select action from found where action is not null
"""

ACTORS: Final = """
with recursive found as (
  (select e.actor_id from audit_events e where e.actor_id is not null order by e.actor_id limit 1)
  union all
  select (select e.actor_id from audit_events e where e.actor_id > f.actor_id order by e.actor_id limit 1)
  from found f where f.actor_id is not null)
select a.id, a.username from found f join accounts a on a.id = f.actor_id order by lower(a.username)
"""


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """An account and its login, without secrets; what belongs to a login is None or empty for those of other servers.
    `neighbours` are others who signed up or signed in from the address from which this person signed up."""

    id: int
    username: str
    domain: str | None
    created_at: datetime
    silenced_at: datetime | None
    sensitized_at: datetime | None
    frozen_at: datetime | None
    suspended_at: datetime | None
    is_local: bool
    role: Role | None
    email: str | None
    locale: str | None
    confirmed_at: datetime | None
    approved_at: datetime | None
    disabled_at: datetime | None
    last_active_on: date | None
    has_two_factor: bool
    sign_up_reason: str | None
    sign_up_ip: str | None
    inviter_id: int | None
    inviter: str | None
    sessions: int
    apps: int
    neighbours: int

    @property
    def acct(self) -> str:
        """`user` here, `user@domain` elsewhere."""
        return self.username if self.domain is None else f"{self.username}@{self.domain}"


class AuditEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that somebody changed. `actor` None is the command line, or somebody who is gone; `person` is whom it
    is about, where it is about somebody who is still there."""

    id: int
    action: str
    subject: str
    details: dict[str, Any]
    created_at: datetime
    actor_id: int | None
    actor: str | None
    person_id: int | None
    person: str | None
    person_domain: str | None


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who stands in the log."""

    id: int
    username: str


async def find_login(db: Reader, account_id: int) -> Login | None:
    """An account with its login."""
    return find_record(Login, await db.fetchrow(LOGIN, account_id))


async def list_events_of(db: Reader, account_id: int, limit: int) -> list[AuditEvent]:
    """What was changed about a person, the newest first."""
    return as_records(AuditEvent, await db.fetch(EVENTS_OF, str(account_id), limit))


async def list_events(
    db: Reader, *, below: int, limit: int, actor_id: int | None = None, action: str | None = None
) -> list[AuditEvent]:
    """The log from an id downwards: all of it, what one person changed, what was changed in one way."""
    statement = _EVENTS[actor_id is not None, action is not None]
    return as_records(AuditEvent, await db.fetch(statement, below, limit, actor_id, action))


async def list_actions(db: Reader) -> list[str]:
    """The ways in which anything was ever changed."""
    return [row["action"] for row in await db.fetch(ACTIONS)]


async def list_actors(db: Reader) -> list[Actor]:
    """Those who ever changed anything, by name."""
    return as_records(Actor, await db.fetch(ACTORS))
