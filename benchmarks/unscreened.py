"""Takes screening out of single requests, so that one run can compare posting with and without it."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any, Final, cast

import msgspec

from rostra.kit.clock import Clock
from rostra.policy.decide import Verdict
from rostra.posts import publish, publish_queries
from rostra.posts.queries import find_start
from rostra.screening.author_queries import AuthorRow
from rostra.screening.judgement import Judgement
from rostra.screening.screen import Screen

wanted: ContextVar[bool] = ContextVar("unscreened", default=False)

_PUBLISH: Final = publish_queries.PUBLISH
_LAST: Final = 25
UNSCREENED: Final = _PUBLISH.replace(f",{publish_queries.SCREENED}", "").replace(
    "(select id from event)", "null::bigint"
)
"""The statement that writes a status, without its verdict and signature."""


class _Unscreened:
    """A transaction in which a status is written so."""

    def __init__(self, tx: Any) -> None:
        self._tx = tx

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)

    async def fetchrow(self, query: str, *args: object) -> Any:
        if query is _PUBLISH:
            return await self._tx.fetchrow(UNSCREENED, *args[:_LAST])
        return await self._tx.fetchrow(query, *args)


def install() -> None:
    """Have requests for which `wanted` is set neither judged nor recorded."""
    admit, insert = Screen.admit, publish.insert_status

    async def maybe_admit(self: Screen, db: Any, subject: Any, **more: Any) -> Judgement:
        if not wanted.get():
            return await admit(self, db, subject, **more)
        async with db.read() as conn:
            start = await find_start(conn, Clock().now(), subject.app_id, subject.author_id)
        author = cast("AuthorRow", _Author(start.id, start.app_name, start.app_website))
        return Judgement(subject=subject, verdict=Verdict(), author=author)

    async def maybe_insert(tx: Any, *args: Any, **more: Any) -> Any:
        return await insert(cast("Any", _Unscreened(tx)) if wanted.get() else tx, *args, **more)

    Screen.admit = maybe_admit
    publish.insert_status = maybe_insert


class _Author(msgspec.Struct, frozen=True):
    """What writing asks of an author."""

    next_id: int
    app_name: str | None
    app_website: str | None
    has_moved: bool = False
    rings: bool = False
    sensitized: bool = False
    locale: str = "en"
