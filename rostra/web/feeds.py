"""Pages of statuses and of people as templates take them: decoded entities, and where the list goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast
from urllib.parse import urlencode

import msgspec

from rostra.entities.status import RawStatus
from rostra.kit.paging import Page
from rostra.relationships.find import find_relationships
from rostra.web.articles import Shown
from rostra.web.formats import Entity
from rostra.web.visit import Visit

_PAGE_KEYS = ("max_id", "min_id", "since_id", "offset")


def decode(entities: object) -> Any:
    """Entities as plain mappings, which is what templates read."""
    return msgspec.json.decode(msgspec.json.encode(entities))


def decode_list(entities: Sequence[object]) -> list[Entity]:
    """A list of entities as plain mappings."""
    return cast("list[Entity]", decode(entities))


def statuses_of(statuses: Sequence[RawStatus]) -> list[Entity]:
    """Statuses as templates take them, read when something of them is asked for."""
    return [Shown(bytes(status)) for status in statuses]


def page_address(visit: Visit, **changes: object) -> str:
    """The address of this page with other places in its list."""
    gone = {*_PAGE_KEYS, *changes}
    kept = [(key, value) for key, value in visit.request.query_params.multi_items() if key not in gone]
    query = urlencode([*kept, *((key, value) for key, value in changes.items() if value is not None)])
    return f"{visit.request.url.path}?{query}" if query else visit.request.url.path


def older(visit: Visit, page: Page[Any]) -> str | None:
    """The address of the next older page, where there may be one."""
    return page_address(visit, max_id=page.oldest) if page.oldest is not None and page.more else None


def newest(visit: Visit) -> str | None:
    """The address of the newest page, where this is not it."""
    return page_address(visit) if any(key in visit.request.query_params for key in ("max_id", "min_id")) else None


def feed(visit: Visit, page: Page[RawStatus], stream: str | None = None) -> dict[str, Any]:
    """What every list of statuses needs. `stream` brings new ones to those who are signed in and look at the newest."""
    live = None
    if stream is not None and visit.viewer is not None and newest(visit) is None:
        live = {"stream": stream, "url": page_address(visit)}
    return {
        "statuses": statuses_of(page.items),
        "older_url": older(visit, page),
        "newest_url": newest(visit),
        "live": live,
    }


async def relationships_of(visit: Visit, accounts: Sequence[Entity]) -> Mapping[str, Entity]:
    """What the viewer is to each of these accounts, by id; nothing for visitors."""
    if visit.viewer is None or not accounts:
        return {}
    ids = [int(account["id"]) for account in accounts]
    found = await find_relationships(visit.res.db, visit.me.account_id, ids, visit.res.clock.now())
    return {row["id"]: row for row in decode_list(found)}
