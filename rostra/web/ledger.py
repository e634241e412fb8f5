"""The ledger to read: what it is, what it was signed as last, and how anybody can hold us to it."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from rostra.kit.errors import NotFound
from rostra.ledger.published import Published, get_published
from rostra.web.page import Pages
from rostra.web.visit import Visit

pages = Pages()

_API: Final = "/api/rostra/v1/ledger"


@pages.get("/ledger")
async def ledger_page(visit: Visit) -> Response:
    """The newest checkpoint, and what it is good for."""
    try:
        async with visit.res.db.read() as conn:
            published = await get_published(conn)
    except NotFound:
        published = None
    return await visit.html("ledger.html", **values_of(published, len(visit.res.settings.ledger_witnesses)))


def values_of(published: Published | None, witnesses: int) -> dict[str, Any]:
    """What the template takes; `witnesses` is how many get a letter."""
    key, size = (published.key, published.checkpoint.size) if published else ("", 0)
    return {
        "published": published,
        "witnesses": witnesses,
        "command": f'rostra ledger verify EXPORT --key "{key}" --checkpoint CHECKPOINT',
        "addresses": [
            (f"{_API}/checkpoint", True),
            (f"{_API}/consistency?first={min(size, 1)}&second={size}", True),
            (f"{_API}/inclusion?hash=…", False),
        ],
    }
