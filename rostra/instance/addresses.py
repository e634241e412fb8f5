"""The address that accounts and posts begin with is part of each of them, and known to whoever has seen them: it can
never change. Only what was tried out on this machine may move, to another port or to the name that it gets.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from rostra.kit.db import Reader, Tx
from rostra.kit.settings import is_loopback_domain

FIRST: Final = "select uri, username from accounts where domain is null order by id limit 1"

# $1 is the address of before, $2 the new one, neither with a slash at its end.
ACCOUNTS: Final = """
update accounts set uri = $2 || substr(uri, length($1) + 1), url = replace(url, $1 || '/', $2 || '/'),
  note = replace(note, $1 || '/', $2 || '/'), fields = replace(fields::text, $1 || '/', $2 || '/')::jsonb,
  rendered_for = 0
where domain is null and starts_with(uri, $1 || '/')
"""

STATUSES: Final = """
update statuses s set uri = $2 || substr(s.uri, length($1) + 1), url = replace(s.url, $1 || '/', $2 || '/'),
  content = replace(s.content, $1 || '/', $2 || '/'), rendered_for = 0
where starts_with(s.uri, $1 || '/')
"""

EDITS: Final = """
update status_edits set content = replace(content, $1 || '/', $2 || '/'),
  media = replace(media::text, $1 || '/', $2 || '/')::jsonb
where strpos(content, $1 || '/') > 0 or strpos(media::text, $1 || '/') > 0
"""


class AddressIsOther(Exception):
    """What is stored has the address `base`, which is not that of the settings, and others know it."""

    def __init__(self, base: str) -> None:
        self.base = base
        super().__init__(f"the accounts and posts of this server are at {base}")


async def find_base(conn: Reader) -> str | None:
    """The address that stored accounts begin with; None where there are none."""
    row = await conn.fetchrow(FIRST)
    return None if row is None else row["uri"].removesuffix(f"/users/{row['username']}")


async def settle_base(tx: Tx, base: str) -> str | None:
    """See to it that accounts and posts have the address `base`; the one that they had where it was another.

    Raises AddressIsOther where others may know that one.
    """
    before = await find_base(tx)
    if before is None or before == base:
        return None
    if not is_loopback_domain(urlsplit(before).netloc):
        raise AddressIsOther(before)
    for statement in (ACCOUNTS, STATUSES, EDITS):
        await tx.execute(statement, before, base)
    return before
