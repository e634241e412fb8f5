"""SQL of the instance's settings, rules, emojis and numbers, and of the book in which their changes are noted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from rostra.instance.records import Rule, Statistics, Week
from rostra.kit.db import Reader, Tx, as_record, as_records
from rostra.kit.ids import first_id_at

SETTINGS: Final = "select name, value from instance_settings"

SETTING_DATE: Final = "select updated_at from instance_settings where name = $1"

UPSERT_SETTING: Final = """
insert into instance_settings (name, value, updated_at) values ($1, $2, $3)
on conflict (name) do update set value = excluded.value, updated_at = excluded.updated_at
"""

RULES: Final = "select id, text, hint, position from rules where deleted_at is null order by position, id"

INSERT_RULE: Final = """
insert into rules (id, text, hint, position)
values (make_id($1), $2, $3, (select coalesce(max(position), 0) + 1 from rules))
returning id
"""

UPDATE_RULE: Final = "update rules set text = $2, hint = $3 where id = $1 and deleted_at is null returning id"

DELETE_RULE: Final = "update rules set deleted_at = $2 where id = $1 and deleted_at is null returning id"

STATISTICS: Final = """
select
  (select count(*) from users where confirmed_at is not null and approved_at is not null) as users,
  (select coalesce(sum(st.statuses_count), 0)::bigint from account_stats st
    join accounts a on a.id = st.account_id where a.domain is null) as statuses,
  (select count(distinct domain) + 1 from accounts where domain is not null) as domains,
  (select count(*) from users where last_active_on > $1) as active_month,
  (select count(*) from users where last_active_on > $2) as active_half_year
"""

# A week comes with the first ids that its statuses can have, which spares a look at every status's date.
WEEKS: Final = """
select extract(epoch from w.begins_at)::bigint as begins_at,
  (select count(*) from statuses s join accounts a on a.id = s.account_id
    where s.id >= w.first_id and s.id < w.next_id and a.domain is null) as statuses,
  (select count(*) from users u where u.last_active_on >= w.begins_at::date
    and u.last_active_on < w.ends_at::date) as logins,
  (select count(*) from users u where u.created_at >= w.begins_at and u.created_at < w.ends_at) as registrations
from unnest($1::timestamptz[], $2::timestamptz[], $3::bigint[], $4::bigint[])
  as w(begins_at, ends_at, first_id, next_id)
order by w.begins_at desc
"""

UPSERT_EMOJI: Final = """
insert into custom_emojis (id, shortcode, image_key, static_key, category, created_at)
values (make_id($1), $2, $3, $4, $5, $1)
on conflict (shortcode) do update set image_key = excluded.image_key, static_key = excluded.static_key,
  category = excluded.category, disabled_at = null
"""

DISABLE_EMOJI: Final = """
update custom_emojis set disabled_at = $2 where shortcode = $1 and disabled_at is null returning id
"""


async def find_settings(db: Reader) -> dict[str, Any]:
    """All settings that were ever set, by name."""
    return {row["name"]: row["value"] for row in await db.fetch(SETTINGS)}


async def find_setting_date(db: Reader, name: str) -> datetime | None:
    """When a setting was last changed."""
    return await db.fetchval(SETTING_DATE, name)


async def upsert_setting(tx: Tx, name: str, value: object, at: datetime) -> None:
    """Write one setting."""
    await tx.execute(UPSERT_SETTING, name, value, at)


async def list_rules(db: Reader) -> list[Rule]:
    """The rules that hold, in their order."""
    return as_records(Rule, await db.fetch(RULES))


async def insert_rule(tx: Tx, text: str, hint: str, at: datetime) -> int:
    """Write a new rule behind the others and return its id."""
    return await tx.fetchval(INSERT_RULE, at, text, hint)


async def update_rule(tx: Tx, rule_id: int, text: str, hint: str) -> bool:
    """Change a rule; whether there is one."""
    return await tx.fetchval(UPDATE_RULE, rule_id, text, hint) is not None


async def delete_rule(tx: Tx, rule_id: int, at: datetime) -> bool:
    """Take a rule away; reports that name it keep it. Whether there was one."""
    return await tx.fetchval(DELETE_RULE, rule_id, at) is not None


async def count_everything(db: Reader, month_ago: date, half_year_ago: date) -> Statistics:
    """The numbers of the instance; costs a pass over the accounts, so keep the answer a while."""
    row = await db.fetchrow(STATISTICS, month_ago, half_year_ago)
    assert row is not None
    return as_record(Statistics, row)


async def count_weeks(db: Reader, begins: Sequence[datetime]) -> list[Week]:
    """What happened in each of these weeks, the latest first. Slow: it reads every status of them."""
    ends = [moment + timedelta(days=7) for moment in begins]
    rows = await db.fetch(WEEKS, begins, ends, [first_id_at(day) for day in begins], [first_id_at(day) for day in ends])
    return as_records(Week, rows)


async def upsert_emoji(
    tx: Tx, *, shortcode: str, image_key: str, static_key: str, category: str | None, at: datetime
) -> None:
    """Write a custom emoji, or a new picture for one."""
    await tx.execute(UPSERT_EMOJI, at, shortcode, image_key, static_key, category)


async def disable_emoji(tx: Tx, shortcode: str, at: datetime) -> bool:
    """Take an emoji away from what is written from now on; whether there was one."""
    return await tx.fetchval(DISABLE_EMOJI, shortcode, at) is not None
