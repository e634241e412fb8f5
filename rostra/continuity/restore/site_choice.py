"""Which site of a target is meant, and what the target has of others."""

from __future__ import annotations

from datetime import datetime

import msgspec

from rostra.continuity import names
from rostra.continuity.keys import RecoveryKey, VerifyKey
from rostra.continuity.restore.plan import moment
from rostra.continuity.restore.records import NotRestorable
from rostra.continuity.sealed import Broken
from rostra.continuity.site import Trust, find_sites, read_trust
from rostra.continuity.targets import Target


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A site at a target. `newest` is when its newest piece of the log came; None where there is none."""

    id: str
    domain: str
    newest: datetime | None
    problem: str | None = None


async def choose_site(target: Target, key: RecoveryKey, wanted: str | None) -> Trust:
    """The site `wanted`, or the only one that the key is for. Raises NotRestorable with the list, Broken."""
    root = key.root.public
    if wanted is not None:
        return await read_trust(target, wanted, root)
    ids = sorted(await find_sites(target))
    if not ids:
        raise NotRestorable(f"there are no copies at {target.label}; is that the whole address?")
    if len(ids) == 1:
        return await read_trust(target, ids[0], root)
    opened = [trust for each in ids if (trust := await _find_trust(target, each, root)) is not None]
    if len(opened) == 1:
        return opened[0]
    listed = [await _list(target, each) for each in ids]
    problem = "the key is for several" if opened else "the key is for none of them"
    raise NotRestorable(
        "\n".join([f"there are {len(ids)} sites at {target.label}, and {problem}; choose one with --site ID:"]
                  + [_line(each) for each in listed])
    )  # fmt: skip


async def _find_trust(target: Target, site: str, root: VerifyKey) -> Trust | None:
    try:
        return await read_trust(target, site, root)
    except Broken:
        return None


async def _list(target: Target, site: str) -> Listed:
    try:
        trust = await read_trust(target, site)
    except Broken as error:
        return Listed(id=site, domain="?", newest=None, problem=str(error))
    newest: datetime | None = None
    async for head in target.list(f"{site}/{names.WAL}/{trust.current.number:06d}"):
        newest = max(newest or head.last_modified, head.last_modified)
    return Listed(id=site, domain=trust.site.domain, newest=newest)


def _line(listed: Listed) -> str:
    until = listed.problem or (
        f"until {moment(listed.newest)}" if listed.newest else "without a log of its newest epoch"
    )
    return f"  {listed.id}  {listed.domain}  {until}"
