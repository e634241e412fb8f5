"""SQL of what reviewers keep for themselves and for each other: rests, filters, templates, who else is there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

import msgspec

from rostra.accounts.records import Role
from rostra.kit.db import Reader, Tx, as_records, find_record

# The seconds that somebody has looked at things that day.
LOOKED: Final = "select coalesce(sum(seconds), 0)::bigint from exposures where account_id = $1 and day = $2"

EXPOSURE: Final = "select exposure from cases where id = $1"

REST: Final = """
insert into reviewers (account_id, pseudonym, resting_until) values ($1, $2, $3)
on conflict (account_id) do update set resting_until = excluded.resting_until
"""

# The index knows the staff; members are most of it, and in none of these roles.
COLLEAGUES: Final = """
select a.id, a.username, u.role from users u join accounts a on a.id = u.account_id
where u.role = any($1::text[]) and u.role <> 'user' and u.disabled_at is null and a.suspended_at is null
order by lower(a.username) limit 200
"""

USERNAMES: Final = "select id, username from accounts where id = any($1::bigint[])"

FILTERS: Final = """
select id, account_id, name, query from queue_filters where account_id = $1 or account_id is null
order by lower(name), id limit 50
"""

INSERT_FILTER: Final = """
insert into queue_filters (id, account_id, name, query, created_at) values (make_id($4), $1, $2, $3, $4) returning id
"""

FILTER: Final = "select id, account_id, name, query from queue_filters where id = $1"

DELETE_FILTER: Final = "delete from queue_filters where id = $1"

TEMPLATES: Final = "select id, name, clause, text from reply_templates order by lower(name), id limit 200"

TEMPLATE: Final = "select id, name, clause, text from reply_templates where id = $1"

INSERT_TEMPLATE: Final = """
insert into reply_templates (id, name, clause, text, created_at) values (make_id($4), $1, $2, $3, $4) returning id
"""

UPDATE_TEMPLATE: Final = "update reply_templates set name = $2, clause = $3, text = $4 where id = $1 returning id"

DELETE_TEMPLATE: Final = "delete from reply_templates where id = $1 returning id"

# What is open, in one pass over it: everything that the filters of the queue count. What the cases have in common is
# counted first, so that the sums over each field are sums over few rows.
TALLY: Final = """
with alike as materialized (
  select c.state, c.clause, coalesce(c.language, '') as language, c.exposure, c.source, count(*) as number,
    count(c.due_at) as with_clock, min(c.due_at) as next_due, min(c.opened_at) as oldest
  from cases c where c.closed_at is null group by 1, 2, 3, 4, 5)
select state, case when grouping(clause) = 0 then 'clause' when grouping(language) = 0 then 'language'
    when grouping(exposure) = 0 then 'exposure' when grouping(source) = 0 then 'source' else '' end as field,
  coalesce(clause, language, exposure::text, source, '') as value, sum(number)::bigint as number,
  sum(with_clock)::bigint as with_clock, min(next_due) as next_due, min(oldest) as oldest
from alike group by grouping sets ((state), (state, clause), (state, language), (state, exposure), (state, source))
"""


class Colleague(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who takes cases."""

    id: int
    username: str
    role: Role


class SavedFilter(msgspec.Struct, frozen=True, kw_only=True):
    """A choice of cases under a name. `account_id` is None where it is everybody's."""

    id: int
    account_id: int | None
    name: str
    query: dict[str, Any]


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """Words for an author, by language; for one clause, for those that begin with it, or (empty) for all."""

    id: int
    name: str
    clause: str
    text: dict[str, str]


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """How many open cases of a state have a value in a field: clause, language, exposure, source; all, where the field
    is empty."""

    state: str
    field: str
    value: str
    number: int
    with_clock: int
    next_due: datetime | None
    oldest: datetime


async def count_seconds(conn: Reader, account_id: int, day: date) -> int:
    """How long a reviewer has looked at things that day."""
    return await conn.fetchval(LOOKED, account_id, day)


async def find_exposure(conn: Reader, case_id: int) -> int | None:
    """What looking at a case costs; None where there is no such case."""
    return await conn.fetchval(EXPOSURE, case_id)


async def set_rest(tx: Tx, account_id: int, pseudonym: str, until: datetime) -> None:
    await tx.execute(REST, account_id, pseudonym, until)


async def list_colleagues(conn: Reader, roles: Sequence[Role]) -> list[Colleague]:
    """Everybody with one of the roles, by name."""
    return as_records(Colleague, await conn.fetch(COLLEAGUES, roles))


async def find_usernames(conn: Reader, account_ids: Sequence[int]) -> dict[int, str]:
    """The names of local accounts, for colleagues' eyes only."""
    return {row["id"]: row["username"] for row in await conn.fetch(USERNAMES, account_ids)}


async def list_filters(conn: Reader, account_id: int) -> list[SavedFilter]:
    """A reviewer's own filters and those of everybody, by name."""
    return as_records(SavedFilter, await conn.fetch(FILTERS, account_id))


async def find_filter(conn: Reader, filter_id: int) -> SavedFilter | None:
    return find_record(SavedFilter, await conn.fetchrow(FILTER, filter_id))


async def insert_filter(tx: Tx, account_id: int | None, name: str, query: dict[str, Any], at: datetime) -> int:
    return await tx.fetchval(INSERT_FILTER, account_id, name, query, at)


async def delete_filter(tx: Tx, filter_id: int) -> None:
    await tx.execute(DELETE_FILTER, filter_id)


async def list_templates(conn: Reader) -> list[Template]:
    """All templates, by name."""
    return as_records(Template, await conn.fetch(TEMPLATES))


async def find_template(conn: Reader, template_id: int) -> Template | None:
    return find_record(Template, await conn.fetchrow(TEMPLATE, template_id))


async def insert_template(tx: Tx, name: str, clause: str, text: dict[str, str], at: datetime) -> int:
    return await tx.fetchval(INSERT_TEMPLATE, name, clause, text, at)


async def update_template(tx: Tx, template_id: int, name: str, clause: str, text: dict[str, str]) -> bool:
    """Change it; False where it is gone."""
    return await tx.fetchval(UPDATE_TEMPLATE, template_id, name, clause, text) is not None


async def delete_template(tx: Tx, template_id: int) -> bool:
    """Drop it; False where it was gone."""
    return await tx.fetchval(DELETE_TEMPLATE, template_id) is not None


async def tally(conn: Reader) -> list[Tally]:
    """All open cases, counted by what the queue can be narrowed to."""
    return as_records(Tally, await conn.fetch(TALLY))
