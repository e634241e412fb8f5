"""SQL of what the navigation shows of the desk."""

from __future__ import annotations

from typing import Final

from rostra.kit.db import Reader

MOST: Final = 1000
# More than a thousand is as good as a thousand.
WAITING: Final = """
select count(*) from (select from cases where state <> 'closed' limit $1) x
"""


async def count_waiting(conn: Reader) -> int:
    """How many cases are open, a thousand at most."""
    return await conn.fetchval(WAITING, MOST)
