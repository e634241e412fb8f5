"""A reported post is read by every encoder: its case is as probable as that says, and reporting is as quick as ever."""

from __future__ import annotations

from typing import Any

import pytest

from rostra.detect.cascade import Cascade
from rostra.detect.hashing import Numbers
from rostra.moderation.reports.read_better import read_better
from rostra.screening.detectors import Detectors
from tests.detect.encoders import cascade, encoder
from tests.moderation.desk import case_of, open_cases
from tests.screening.policies import put_in_force
from tests.world import Person, World

NEVER = 13.0
READINGS = "select * from moderation_events where type = 'read_again' order by id"


def use(monkeypatch: pytest.MonkeyPatch, reader: Cascade) -> None:
    monkeypatch.setattr("rostra.screening.detectors.load_detectors", lambda: Detectors(reader))


async def people(world: World, *names: str) -> list[Person]:
    await put_in_force(world)
    return [await world.person(name) for name in names]


async def complain(by: Person, about: Person, *status_ids: str) -> None:
    await by.api.post("/api/v1/reports", {"account_id": about.id, "status_ids": list(status_ids)})


async def readings(world: World) -> list[Any]:
    return await world.db.connection.fetch(READINGS)


async def test_what_only_a_better_encoder_finds_makes_the_case_of_a_reported_post_more_probable(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asks = list[str]()
    use(monkeypatch, cascade(encoder("one", "zonk", asks=asks), asked_from=(NEVER,)))
    ada, bob = await people(world, "ada", "bob")
    posted = await ada.post("A zonk for you")
    assert asks == [], "nothing was suspicious when it was written"
    await complain(bob, ada, posted["id"])
    assert asks == [], "the report itself does not wait for it"
    before = (await case_of(world, posted["id"]))["p"]
    await world.settle()
    case = await case_of(world, posted["id"])
    assert (asks, case["p"] > 2 * before) == (["A zonk for you"], True)
    (reading,) = await readings(world)
    assert reading["subject_id"] == int(posted["id"])
    assert reading["detectors"].endswith("+one-1")
    assert reading["details"]["scores"]["threat"] > 0.5


async def test_what_the_verdict_said_stays_and_names_who_spoke_then(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, cascade(encoder("one", "zonk"), asked_from=(NEVER,)))
    ada, bob = await people(world, "ada", "bob")
    posted = await ada.post("A zonk for you")
    await complain(bob, ada, posted["id"])
    await world.settle()
    (verdict,) = await world.db.connection.fetch(
        "select * from moderation_events where type = 'verdict' and subject_id = $1", int(posted["id"])
    )
    assert "one-1" not in verdict["detectors"]
    assert verdict["details"].get("scores", {}).get("threat", 0) < 0.1


async def test_the_same_post_is_read_again_once_until_it_says_something_else(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, cascade(encoder("one", "zonk"), asked_from=(NEVER,)))
    ada, bob, eve = await people(world, "ada", "bob", "eve")
    posted = await ada.post("A zonk for you")
    for who in (bob, eve):
        await complain(who, ada, posted["id"])
        await world.settle()
    assert len(await readings(world)) == 1
    once = (await case_of(world, posted["id"]))["p"]
    report_id = await world.db.connection.fetchval("select max(id) from reports")
    assert await read_better(world.res.desk, report_id) == 0
    assert (await case_of(world, posted["id"]))["p"] == once
    await ada.api.put(f"/api/v1/statuses/{posted['id']}", {"status": "Another zonk"})
    assert await read_better(world.res.desk, report_id) == 1


async def test_later_reports_count_with_the_better_reading(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, cascade(encoder("one", "zonk"), asked_from=(NEVER,)))
    ada, bob, eve, tom = await people(world, "ada", "bob", "eve", "tom")
    read, unread = await ada.post("A zonk for you"), await ada.post("A zonk for all")
    await complain(bob, ada, read["id"])
    await world.settle()
    await world.db.connection.execute("update cases set state = 'closed', closed_at = opened_at")
    await complain(eve, ada, read["id"])
    await complain(tom, ada, unread["id"])
    open_now = {case["subject_id"]: case["p"] for case in await open_cases(world)}
    assert open_now[int(read["id"])] > open_now[int(unread["id"])]


async def test_an_encoder_that_crashes_leaves_the_case_as_it_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object, _texts: object, _normals: object) -> Numbers:
        raise RuntimeError("broken")

    use(monkeypatch, cascade(encoder("one", "zonk"), asked_from=(NEVER,)))
    monkeypatch.setattr("rostra.detect.encoder.Encoder.embed", broken)
    ada, bob = await people(world, "ada", "bob")
    posted = await ada.post("A zonk for you")
    await complain(bob, ada, posted["id"])
    before = (await case_of(world, posted["id"]))["p"]
    await world.settle()
    assert (await case_of(world, posted["id"]))["p"] == before
    assert await readings(world) == []


async def test_without_encoders_nothing_is_read_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Cascade.load(encoders=0))
    ada, bob = await people(world, "ada", "bob")
    posted = await ada.post("A carrot")
    await complain(bob, ada, posted["id"])
    await world.settle()
    assert await readings(world) == []


async def test_a_suspicious_post_whose_encoder_crashes_is_held(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object, _texts: object, _normals: object) -> Numbers:
        raise RuntimeError("broken")

    use(monkeypatch, cascade(encoder("one", "zonk"), encoder("two", "zonk"), asked_from=(0.0, 0.0)))
    monkeypatch.setattr("rostra.detect.encoder.Encoder.embed", broken)
    (ada,) = await people(world, "ada")
    assert (await ada.post("A carrot"))["id"]
    posted = await ada.post("I will kill you tomorrow at your house, you dog")
    assert await world.db.connection.fetchval("select count(*) from holds where status_id = $1", int(posted["id"])) == 1
