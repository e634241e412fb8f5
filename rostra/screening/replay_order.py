"""What a replay is ordered with: known to whoever hands jobs out. Running one is `replay_job`'s."""

from __future__ import annotations

from typing import Final

import msgspec

from rostra.kit.jobs import Kind


class ReplayWanted(msgspec.Struct, frozen=True, kw_only=True):
    """A replay that somebody has ordered."""

    version: str
    days: int
    author_id: int | None = None


REPLAY_POLICY: Final = Kind("screening.replay", ReplayWanted, -5)
