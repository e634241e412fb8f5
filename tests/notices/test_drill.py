"""The drill goes the whole real way, leaves nothing behind but its record, and says how long each step took."""

from __future__ import annotations

import json
from datetime import date

import pytest

from rostra.effects import emit
from rostra.events import Event, StatusPublished
from rostra.kit.db import Tx
from rostra.kit.errors import Forbidden
from rostra.moderation.desk import Reviewer
from rostra.notices.drill import COPIES, DrillResult, run_drill
from rostra.notices.pack_chart import Figure, prevalence_files
from tests.notices.scene import put_policy, reviewer, row_of
from tests.web.browser import Browser
from tests.world import World


async def drill(world: World) -> DrillResult:
    await put_policy(world)
    anna = await world.person("anna", role="moderator")
    desk = world.res.desk
    return await run_drill(desk, world.res.screen, world.res.settings, reviewer(anna))


async def test_a_drill_rehearses_every_step_and_proves_it(world: World) -> None:
    result = await drill(world)
    assert [stage.name for stage in result.stages] == [
        "intake", "expansion", "decision", "draft", "approval", "pack", "verification",
    ]  # fmt: skip
    assert (result.verified, result.found) == (True, COPIES)
    row = await row_of(world, result.notice_id)
    assert (row["state"], row["channel"], row["breached_at"]) == ("closed", "drill", None)
    details = await world.db.connection.fetchval("select details from moderation_events where type = 'notice_drill'")
    assert set(details) == {"seconds", "copies", "found", "verified"}


async def test_a_drill_punishes_nobody_and_nothing_of_it_stays(world: World) -> None:
    await drill(world)
    assert await world.db.connection.fetchval("select count(*) from statements") == 0
    assert await world.db.connection.fetchval("select count(*) from actions") == 0
    assert await world.db.connection.fetchval("select count(*) from moderation_events where type = 'strike'") == 0
    world.clock.tick(minutes=5)
    await world.settle()
    assert await world.db.connection.fetchval("select count(*) from accounts where username like 'drill%'") == 0
    assert await world.db.connection.fetchval("select count(*) from statuses") == 0


async def test_nobody_sees_the_posts_of_a_drill(world: World) -> None:
    seen: list[str] = []

    async def listen(tx: Tx, event: Event) -> None:
        if isinstance(event, StatusPublished):
            seen.append(event.visibility)
        await emit(tx, event)

    anna = await world.person("anna", role="moderator")
    desk = world.res.desk
    quiet = type(desk)(db=desk.db, clock=desk.clock, emit=listen, policies=desk.policies, urls=desk.urls)
    await run_drill(quiet, world.res.screen, world.res.settings, reviewer(anna))
    assert set(seen) == {"private"}


async def test_only_who_answers_notices_may_drill(world: World) -> None:
    anna = await world.person("anna", role="triage")
    triage = Reviewer(account_id=anna.account_id, role="triage")
    with pytest.raises(Forbidden):
        await run_drill(world.res.desk, world.res.screen, world.res.settings, triage)
    assert await world.db.connection.fetchval("select count(*) from accounts where username like 'drill%'") == 0


def test_estimates_become_figures_and_a_chart() -> None:
    figures = [
        Figure(
            first=date(2026, 4, 6 + 7 * n),
            until=date(2026, 4, 13),
            clause=clause,
            share=0.01 * n,
            low=0.0,
            high=0.02 * n,
            labelled=200,
        )
        for n in range(3)
        for clause in ("", "<threats>")
    ]
    files = prevalence_files(figures)
    assert len(json.loads(files["prevalence.json"])) == 6
    chart = files["prevalence.svg"].decode()
    assert chart.count("<circle") == 3
    assert "<threats>" not in chart
    assert "2026-04-13: 1.000%" in chart
    assert prevalence_files([]) == {}
    assert b"<circle" in prevalence_files([figures[0]])["prevalence.svg"]


async def test_what_a_drill_measured_stands_on_its_notice_s_page(world: World) -> None:
    result = await drill(world)
    browser = await Browser.of(world, await world.person("mia", role="moderator"))
    page = await browser.get(f"/admin/notices/{result.notice_id}")
    for words in (
        "Answered and proven in",
        f"{COPIES} of {COPIES} copies were found.",
        "The evidence pack proved itself.",
    ):
        assert words in page
    assert page.index("taking it in") < page.index("deciding all of them") < page.index("checking the evidence pack")
    assert "· ·" not in page, "of copies that are gone nobody is named"
