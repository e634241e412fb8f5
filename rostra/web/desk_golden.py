"""Golden items at the desk in the browser: each page of a case asks here first whether its number is that of one, and
does then nothing but take an answer, and say afterwards what it was."""

from __future__ import annotations

from starlette.responses import Response

from rostra.measurement import golden_cases
from rostra.measurement.golden_case_queries import Turn
from rostra.measurement.golden_cases import Result
from rostra.moderation.cases.rest import note_looked
from rostra.moderation.records import Outcome
from rostra.web.desk import go_on, title_of
from rostra.web.desk_place import Place, reviewer_of
from rostra.web.visit import Visit


async def find_turn(visit: Visit, number: int) -> Turn | None:
    """The golden item that is shown under this number; None for a case."""
    return await golden_cases.find_turn(visit.res.desk, reviewer_of(visit), number)


async def look_away(visit: Visit, turn: Turn, seconds: int) -> None:
    """Count the time that was spent on it."""
    reviewer = reviewer_of(visit)
    dossier = await golden_cases.read_turn(visit.res.desk, reviewer, turn)
    await note_looked(visit.res.desk, reviewer, dossier.case.exposure, seconds)


async def answer(visit: Visit, turn: Turn, outcome: Outcome, clause: str, *, place: Place, seconds: int) -> Response:
    """Take what was decided, say what it was, and go on. Raises Invalid and Forbidden as deciding a case does."""
    reviewer = reviewer_of(visit)
    dossier = await golden_cases.read_turn(visit.res.desk, reviewer, turn)
    result = await golden_cases.decide_golden(visit.res.desk, reviewer, turn, outcome, clause)
    await note_looked(visit.res.desk, reviewer, dossier.case.exposure, seconds)
    return await go_on(visit, place, notice=await _tell(visit, result))


async def _tell(visit: Visit, result: Result) -> str:
    current = await visit.res.desk.policies.current(visit.res.db)
    truth = (
        visit.gettext("nothing wrong")
        if result.outcome == "fine"
        else visit.gettext("breaks “%(clause)s”", clause=title_of(current.clauses, result.clause, visit.language))
    )
    if result.right is None:
        said = visit.gettext("The known answer is: %(answer)s.", answer=truth)
    elif result.right:
        said = visit.gettext("Your answer is the known one: %(answer)s.", answer=truth)
    else:
        said = visit.gettext("Your answer was another than the known one: %(answer)s.", answer=truth)
    return (
        visit.gettext("That was a golden item, put here to see how sure decisions are; nothing was done to anybody.")
        + " "
        + said
    )
