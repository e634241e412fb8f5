"""What a check of `rostra doctor` found."""

from __future__ import annotations

from typing import Literal

import msgspec

State = Literal["ok", "warn", "fail"]


class Finding(msgspec.Struct, frozen=True):
    """What a check found, and what to do about it (empty where nothing is to be done)."""

    check: str
    state: State
    found: str
    todo: str = ""
