"""Held posts that nobody looks at in time: refused or published by the clock, as the rule says, and told so before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from rostra.dsa.validate import validate
from rostra.kit.errors import Conflict
from rostra.moderation.cases import queue
from rostra.moderation.decisions.expiry import expire_holds
from tests.moderation.desk import act, case_of, decide, drafted, open_cases, reviewer
from tests.screening.policies import MAIN, RULES, put_in_force
from tests.web.browser import Browser
from tests.world import Person, World

MILD = """
  - id: rush
    title: {en: Too much at once, it: Troppo insieme}
    text: {en: Not so fast., it: Non così in fretta.}
    severity: 2
    ground: terms
    hold: {expires: 24h, then: release}
    action: hold
"""
RUSH = """
- id: fast
  clause: rush
  description: Waits for a while.
  when: text.normal.contains("carrot")
  then: [hold]
  reason: {en: Carrots wait a while., it: Le carote aspettano un po'.}
  mode: live
"""


async def scene(world: World) -> tuple[Person, Person, Person]:
    await put_in_force(world, RULES + RUSH, MAIN.rstrip() + MILD)
    scopes = "profile read write follow admin:read admin:write"
    mod = await world.person("mod", role="moderator", scopes=scopes)
    return await world.person("ada"), await world.person("bob"), mod


async def after(world: World, **time: float) -> int:
    world.at(world.clock.now() + timedelta(**time))
    decided = await expire_holds(world.res.desk)
    world.at(world.clock.now() + timedelta(minutes=1))
    await world.settle()
    return decided


async def one(world: World, statement: str, *values: object) -> Any:
    return await world.db.connection.fetchrow(statement, *values)


async def test_what_is_held_for_little_is_published_by_the_clock_and_put_before_somebody(world: World) -> None:
    ada, bob, mod = await scene(world)
    posted = await ada.post("A carrot")
    path = f"/api/v1/statuses/{posted['id']}"
    assert await after(world, hours=23.9) == 0
    await bob.api.get(path, expect=404)
    assert await after(world, hours=0.2) == 1
    assert "moderation" not in (await bob.api.get(path)).json()
    decision = await one(world, "select * from decisions")
    assert (decision["outcome"], decision["clause"], decision["rule"]) == ("unclear", "rush", "fast")
    assert (decision["reviewer_id"], decision["automated_decision"]) == (None, True)
    hold = await one(world, "select decision, decided_by from holds")
    assert tuple(hold) == ("release", None)
    assert await one(world, "select from statements") is None
    assert await one(world, "select from actions") is None
    assert await one(world, "select from moderation_events where type = 'strike'") is None
    case = await case_of(world, posted["id"])
    assert (case["source"], case["clause"], case["rule"], case["severity"]) == ("unseen", "rush", "fast", 2)
    assert (await one(world, "select from notifications where account_id = $1", ada.account_id)) is None
    page = await (await Browser.of(world, mod)).get(f"/admin/desk/cases/{case['id']}")
    assert "the clock published it" in page
    assert "published by the clock" in await (await Browser.of(world, mod)).get("/admin/desk?source=unseen")


async def test_the_queue_says_what_the_clock_will_do_and_when(world: World) -> None:
    ada, _, mod = await scene(world)
    carrot, pumpkin = await ada.post("A carrot"), await ada.post("A pumpkin")
    page = await (await Browser.of(world, mod)).get("/admin/desk")
    assert "published in 24h" in page or "published in 1d" in page
    assert "refused in 3d" in page
    found = (await mod.api.get("/api/rostra/v1/moderation/cases")).json()["cases"]
    ends = {each["subject_id"]: (each["then"], each["decides_at"] is not None) for each in found}
    assert ends == {carrot["id"]: ("release", True), pumpkin["id"]: ("refuse", True)}
    await decide(world, carrot["id"], drafted("ok"), mod)
    closed = (await mod.api.get("/api/rostra/v1/moderation/cases?state=closed")).json()["cases"]
    assert [each["then"] for each in closed] == [None]


async def test_who_looks_afterwards_decides_as_of_any_post(world: World) -> None:
    ada, bob, mod = await scene(world)
    posted = await ada.post("A carrot")
    await after(world, hours=25)
    made = await decide(world, posted["id"], drafted("violates", clause="rush"), mod)
    await bob.api.get(f"/api/v1/statuses/{posted['id']}", expect=404)
    statement = await one(world, "select body from statements where decision_id = $1", made)
    assert validate(statement["body"]) == []
    assert statement["body"]["automated_decision"] == "AUTOMATED_DECISION_NOT_AUTOMATED"
    assert await open_cases(world) == []


async def test_what_is_held_for_much_is_refused_by_the_clock_with_its_reasons(world: World) -> None:
    ada, bob, _ = await scene(world)
    posted = await ada.post("A pumpkin")
    assert await after(world, hours=71.9) == 0
    assert await after(world, hours=0.2) == 1
    await bob.api.get(f"/api/v1/statuses/{posted['id']}", expect=404)
    decision = await one(world, "select * from decisions")
    assert (decision["outcome"], decision["clause"], decision["automated_decision"]) == ("violates", "words", True)
    body = (await one(world, "select body from statements"))["body"]
    assert validate(body) == []
    assert body["automated_decision"] == "AUTOMATED_DECISION_FULLY"
    assert "nobody looked at it in time" in body["decision_facts"]
    assert await one(world, "select from moderation_events where type = 'strike'") is None
    assert await open_cases(world) == []
    page = await (await Browser.of(world, ada)).get(f"/settings/decisions/{decision['id']}")
    assert "Pumpkins are looked at first." in page


async def test_the_author_is_told_when_and_what_will_be(world: World) -> None:
    ada, bob, _ = await scene(world)
    browser = await Browser.of(world, ada)
    for words, end in (("A carrot", "it is published"), ("A pumpkin", "it is not published")):
        await browser.get("/home")
        page = await browser.post("/web/statuses", status=words, visibility="public")
        assert end in page, words
        newest = (await ada.api.get(f"/api/v1/accounts/{ada.id}/statuses")).json()[0]["id"]
        assert end in await browser.get(f"/@ada/{newest}")
        said = (await ada.api.get(f"/api/rostra/v1/statuses/{newest}/withheld")).json()
        assert said["then"] == ("release" if words == "A carrot" else "refuse")
        hours = 24 if words == "A carrot" else 72
        due = (world.clock.now() + timedelta(hours=hours)).isoformat(timespec="milliseconds")[:23] + "Z"
        assert said["decides_at"] == due
        await bob.api.get(f"/api/rostra/v1/statuses/{newest}/withheld", expect=404)
    public = await ada.post("A rose")
    await ada.api.get(f"/api/rostra/v1/statuses/{public['id']}/withheld", expect=404)


async def test_the_clock_waits_while_somebody_looks(world: World) -> None:
    ada, _, mod = await scene(world)
    posted = await ada.post("A pumpkin")
    case = await case_of(world, posted["id"])
    world.at(world.clock.now() + timedelta(hours=71, minutes=58))
    await queue.take(world.res.desk, reviewer(mod), case["id"])
    assert await after(world, minutes=3) == 0
    assert await after(world, minutes=3) == 1


async def test_what_was_refused_and_is_sent_again_for_a_person_is_never_published_by_the_clock(world: World) -> None:
    mild = RULES.replace("clause: words", "clause: rush") + RUSH
    await put_in_force(world, mild, MAIN.rstrip() + MILD)
    ada, bob = await world.person("ada"), await world.person("bob")
    await ada.api.post("/api/v1/statuses", {"status": "A turnip"}, expect=422)
    posted = await ada.post("A turnip")
    assert posted["moderation"]["withheld"] == "review"
    assert await after(world, hours=73) == 1
    await bob.api.get(f"/api/v1/statuses/{posted['id']}", expect=404)


async def test_nobody_decides_what_the_clock_has_decided_and_the_ledger_has_both(world: World) -> None:
    ada, _, mod = await scene(world)
    posted = await ada.post("A pumpkin")
    await ada.post("A carrot")
    case = await case_of(world, posted["id"])
    assert await after(world, hours=73) == 2
    try:
        await queue.take(world.res.desk, reviewer(mod), case["id"])
    except Conflict:
        pass
    else:
        raise AssertionError("a closed case was taken")
    rows = await world.db.connection.fetch(
        "select details ->> 'outcome' as outcome, actor_id from moderation_events where type = 'decision' order by 1"
    )
    assert [tuple(row) for row in rows] == [("unclear", None), ("violates", None)]


async def test_of_a_post_that_nobody_ever_saw_its_author_reads_that_it_was_not_published(world: World) -> None:
    ada, _, mod = await scene(world)
    browser = await Browser.of(world, ada)
    for text, waits in (("A lettuce", False), ("A pumpkin", True)):
        posted = await ada.post(text)
        assert (posted.get("moderation", {}).get("withheld") == "review") is waits
        made = await act(world, "status", posted["id"], drafted(clause="words"), mod)
        page = await browser.get(f"/settings/decisions/{made}")
        assert ("post not published" in page, "We did not publish your post." in page) == (waits, waits)
        assert ("post removed" in page, "We removed your post." in page) == (not waits, not waits)
