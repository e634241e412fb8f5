"""What people cannot do with posts that bear a label, while a crisis lever says so."""

from __future__ import annotations

from datetime import datetime

from rostra.kit.db import Database
from rostra.levers.active import ActiveLevers
from rostra.levers.enforce import LabelledAct, LeverRefused, check_labelled
from rostra.posts.queries import Parent


async def check_levers(
    db: Database, levers: ActiveLevers, subject: Parent, act: LabelledAct, at: datetime, locale: str
) -> None:
    """Raises LeverRefused, in the language `locale`, where that cannot be done with the status now, and counts it."""
    if not subject.is_labelled:
        return
    try:
        check_labelled(await levers.current(db), act, at, locale=locale)
    except LeverRefused as error:
        levers.count(error.pull_id, "refused")
        raise
