"""How the running server hears of drills, which are best held elsewhere: it reads their records from its targets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rostra.continuity.drill.record import list_records
from rostra.continuity.keys import VerifyKey
from rostra.continuity.place import Place
from rostra.continuity.records import DrillLog, DrillRecord, Site
from rostra.continuity.situation import DRILLS
from rostra.continuity.targets import StoreUnavailable, Target

KEPT: Final = 10


async def collect_drills(targets: Sequence[Target], site: Site, place: Place) -> list[DrillRecord]:
    """Keep the newest drills of all targets for the page and the metrics, the newest first.

    A target that cannot be reached is passed over: what was known of it stays.
    """
    roots = {key.id: key for key in map(VerifyKey.parse, site.roots)}
    known = {_key(each): each for each in (place.find_json(DRILLS, DrillLog) or DrillLog()).drills}
    for target in targets:
        try:
            known |= {_key(each): each for each in await list_records(target, site.id, roots, KEPT)}
        except StoreUnavailable:
            continue
    newest = sorted(known.values(), key=lambda drill: drill.at, reverse=True)[:KEPT]
    place.write_json(DRILLS, DrillLog(drills=newest))
    return newest


def _key(drill: DrillRecord) -> tuple[str, str]:
    return drill.at.isoformat(), drill.target
