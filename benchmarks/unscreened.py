"""Takes screening out of single requests, so that one run can compare posting with and without it."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any, Final

from rostra.policy.decide import Verdict
from rostra.posts import publish
from rostra.screening.judgement import Judgement
from rostra.screening.screen import Screen

wanted: ContextVar[bool] = ContextVar("unscreened", default=False)
_NOTHING: Final = 0


def install() -> None:
    """Have requests for which `wanted` is set neither judged nor recorded."""
    admit, record = Screen.admit, publish.record_status

    async def maybe_admit(self: Screen, db: Any, subject: Any, **more: Any) -> Judgement:
        if wanted.get():
            return Judgement(subject=subject, verdict=Verdict())
        return await admit(self, db, subject, **more)

    async def maybe_record(tx: Any, judgement: Any, at: Any, **more: Any) -> int:
        return _NOTHING if wanted.get() else await record(tx, judgement, at, **more)

    Screen.admit = maybe_admit
    publish.record_status = maybe_record
