"""What learning is ordered with: known to whoever hands jobs out. Carrying it out is `learn_job`'s."""

from __future__ import annotations

from typing import Final

import msgspec

from rostra.kit.jobs import Kind


class LearnWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Learning that somebody has asked for on a page."""

    run_id: int
    actor_id: int | None = None


LEARN: Final = Kind("screening.learn_now", LearnWanted, 15)
