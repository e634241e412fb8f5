"""What a drill asks the copy's database: what is sealed in it."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from rostra.kit.db import Reader

SealedFor = Literal["totp", "push", "notice"]

# A few of each kind; the newest, which the present key must open.
LIST_SEALED: Final = """
(select 'totp' as kind, totp_secret as sealed from users where totp_secret is not null
 order by account_id desc limit $1)
union all
(select 'push', token_sealed from push_subscriptions where token_sealed <> '' order by id desc limit $1)
union all
(select 'notice', token_sealed from legal_notices where token_sealed <> '' order by report_id desc limit $1)
"""


class SealedValue(msgspec.Struct, frozen=True, kw_only=True):
    """A stored secret that only the server's own key opens."""

    kind: SealedFor
    sealed: str

    def __repr__(self) -> str:
        return f"SealedValue({self.kind!r}, …)"


async def list_sealed(conn: Reader, limit: int) -> list[SealedValue]:
    """At most `limit` of each kind."""
    return [SealedValue(kind=row["kind"], sealed=row["sealed"]) for row in await conn.fetch(LIST_SEALED, limit)]
