"""One decision of the desk, all the way: statement, hand-in, log, report, and its being turned round."""

from __future__ import annotations

from datetime import timedelta

from rostra.dsa.validate import validate
from rostra.measurement.public_log import read_log
from rostra.measurement.transparency import make_report
from rostra.measurement.transparency_files import table
from rostra.measurement.transparency_sections import Period, Service
from rostra.measurement.transparency_statements import Register, hand_in
from rostra.moderation.decisions.reverse import reverse
from rostra.moderation.records import Wish
from tests.measurement.decided import a_register
from tests.moderation.desk import decide, drafted, reviewer
from tests.screening.policies import put_in_force
from tests.world import World


async def test_a_decision_is_made_once_and_stated_listed_and_counted_from_there(world: World):
    await put_in_force(world)
    ada, mod = await world.person("ada"), await world.person("mod", role="moderator")
    posted = await ada.post("A marrow")
    wishes = (Wish(kind="remove"), Wish(kind="freeze", on="account", lasts=timedelta(days=2)))
    decision_id = await decide(world, posted["id"], drafted("violates", *wishes), mod)
    await world.settle()
    first = world.clock.now().date()
    world.at(world.clock.now() + timedelta(days=1))

    async with a_register() as register:
        target = Register(url=register.url, token="t")
        assert await hand_in(world.db, world.clock, world.http_client, target) == 1
        (stated,) = register.held.values()
    assert validate(stated) == []
    assert stated["decision_visibility"] == ["DECISION_VISIBILITY_CONTENT_REMOVED"]
    assert stated["end_date_service_restriction"] == (first + timedelta(days=2)).isoformat()
    assert not any(name in str(stated) for name in ("marrow", "@ada", "mod@"))

    (entry,), _ = await read_log(world.db, world.clock, world.res.sealer)
    assert [action.kind for action in entry.actions] == ["remove", "freeze"]
    await reverse(world.res.desk, reviewer(mod), decision_id, "review")
    (entry,), _ = await read_log(world.db, world.clock, world.res.sealer)
    assert entry.reversed == "review"

    period = Period(first, first + timedelta(days=1))
    service = Service(title="x", domain="rostra.example", contact="")
    content = await make_report(world.db, world.clock, service, period)
    (total,) = [each for each in table(content, "X.3_clauses") if each["decisions"]]
    assert (total["decisions"], total["reversed"]) == (1, 1)
    (unstated,) = [each for each in table(content, "1.1_identification") if each["field"].startswith("decisions_")]
    assert unstated["value"] == 0
