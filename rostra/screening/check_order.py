"""What a check of the policy is ordered with: known to whoever hands jobs out. Running one is `check_job`'s."""

from __future__ import annotations

from typing import Final

import msgspec

from rostra.kit.jobs import Kind


class CheckWanted(msgspec.Struct, frozen=True, kw_only=True):
    """A check that somebody has ordered, and waits for."""

    check_id: int


CHECK_POLICY: Final = Kind("screening.check", CheckWanted, 15)
