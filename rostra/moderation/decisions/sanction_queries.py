"""SQL behind what Mastodon's admin tools do: templates, and which decisions keep an account as it is."""

from __future__ import annotations

from typing import Final

from rostra.kit.db import Reader

PRESET: Final = "select text from reply_templates where id = $1"

HOLDING_DECISIONS: Final = """
select distinct decision_id from actions
where subject_kind = 'account' and subject_id = $1 and kind = $2 and ended_at is null order by decision_id
"""


async def find_preset(db: Reader, preset_id: int) -> dict[str, str] | None:
    """A template's text by language."""
    return await db.fetchval(PRESET, preset_id)


async def list_holding_decisions(db: Reader, account_id: int, kind: str) -> list[int]:
    """The decisions because of which an account is limited, suspended or marked as sensitive."""
    return [row["decision_id"] for row in await db.fetch(HOLDING_DECISIONS, account_id, kind)]
