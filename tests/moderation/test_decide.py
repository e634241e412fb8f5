"""Decisions and their actions, as others see them over HTTP."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rostra.dsa.validate import validate
from rostra.kit.errors import Conflict, Forbidden, Invalid
from rostra.moderation.decisions.expiry import expire_actions
from rostra.moderation.decisions.reverse import UNDO, reverse
from rostra.moderation.desk import Reviewer
from rostra.moderation.records import Wish
from tests.moderation.desk import act, case_of, decide, drafted, open_cases, reviewer
from tests.screening.policies import MAIN, put_in_force
from tests.world import Person, World

LADDER = MAIN.replace(
    "labels:",
    "ladder:\n  - {points: 2, then: warn}\n  - {points: 4, then: freeze, for: 24h}\n  - {points: 6, then: suspend}\n"
    "labels:",
    1,
)


async def people(world: World, *names: str) -> list[Person]:
    await put_in_force(world)
    return [await world.person(name) for name in names]


async def column(world: World, statement: str, *args: object) -> list[object]:
    return [row[0] for row in await world.db.connection.fetch(statement, *args)]


async def test_a_removed_post_is_its_authors_only_and_comes_back_wholly(world: World) -> None:
    ada, bob, mod = await people(world, "ada", "bob", "mod")
    await bob.follow(ada)
    root = await bob.post("A question")
    posted = await ada.post("A marrow", in_reply_to_id=root["id"])
    await world.settle()
    made = await decide(world, posted["id"], drafted(), mod)
    path = f"/api/v1/statuses/{posted['id']}"
    await bob.api.get(path, expect=404)
    assert (await bob.api.get(f"/api/v1/statuses/{root['id']}")).json()["replies_count"] == 0
    assert (await ada.api.get("/api/v1/accounts/verify_credentials")).json()["statuses_count"] == 0
    assert (await ada.api.get(path)).json()["moderation"]["withheld"] == "refused"
    await reverse(world.res.desk, reviewer(mod), made, "review")
    await world.settle()
    assert "moderation" not in (await bob.api.get(path)).json()
    assert (await bob.api.get(f"/api/v1/statuses/{root['id']}")).json()["replies_count"] == 1
    assert (await ada.api.get("/api/v1/accounts/verify_credentials")).json()["statuses_count"] == 1
    assert posted["id"] in [s["id"] for s in (await bob.api.get("/api/v1/timelines/home")).json()]
    assert await column(world, "select type from moderation_events where type like 'strike%' order by id") == [
        "strike",
        "strike_lifted",
    ]


async def test_several_actions_are_one_decision_and_each_ends_by_itself(world: World) -> None:
    ada, bob, mod = await people(world, "ada", "bob", "mod")
    posted = await ada.post("A marrow")
    wishes = (
        Wish(kind="label", label="graphic"),
        Wish(kind="limit", lasts=timedelta(days=1)),
        Wish(kind="interaction-off"),
        Wish(kind="limit", on="account", lasts=timedelta(days=2)),
    )
    await decide(world, posted["id"], drafted("violates", *wishes), mod)
    path = f"/api/v1/statuses/{posted['id']}"
    seen = (await bob.api.get(path)).json()
    assert seen["sensitive"] is True
    assert [notice["title"] for notice in seen["moderation"]["notices"]] == ["Graphic"]
    await bob.api.post(f"{path}/favourite", expect=403)
    assert await column(world, "select count(*) from decisions") == [1]
    flags = "select limited, interaction_off, a.silenced_at is not null from statuses s join accounts a on a.id = s.account_id where s.id = $1"  # noqa: E501
    row = await world.db.connection.fetchrow(flags, int(posted["id"]))
    assert tuple(row.values()) == (True, True, True)
    world.at(world.clock.now() + timedelta(days=1, minutes=1))
    assert await expire_actions(world.res.desk) == 1
    row = await world.db.connection.fetchrow(flags, int(posted["id"]))
    assert tuple(row.values()) == (False, True, True)


async def test_what_another_decision_asks_for_stays_when_one_is_reversed(world: World) -> None:
    ada, mod, max_ = await people(world, "ada", "mod", "max")
    posted = await ada.post("A carrot")
    first = await act(world, "status", posted["id"], drafted("violates", Wish(kind="limit"), clause="words"), mod)
    second = await act(world, "status", posted["id"], drafted("violates", Wish(kind="limit"), clause="words"), max_)
    limited = "select limited from statuses where id = $1"
    await reverse(world.res.desk, reviewer(mod), first, "review")
    assert await column(world, limited, int(posted["id"])) == [True]
    await reverse(world.res.desk, reviewer(max_), second, "review")
    assert await column(world, limited, int(posted["id"])) == [False]


async def test_every_restriction_has_a_statement_that_the_transparency_database_takes(world: World) -> None:
    ada, mod = await people(world, "ada", "mod")
    for text, wish in (
        ("A marrow", Wish(kind="remove")),
        ("Another marrow", Wish(kind="sensitive")),
        ("A third marrow", Wish(kind="suspend", on="account", lasts=timedelta(days=7))),
    ):
        posted = await ada.post(text)
        await decide(world, posted["id"], drafted("violates", wish, facts="Names a marrow."), mod)
    bodies = await column(world, "select body from statements order by created_at")
    assert len(bodies) == 3
    assert [validate(body) for body in bodies] == [[], [], []]
    assert bodies[0]["decision_visibility"] == ["DECISION_VISIBILITY_CONTENT_REMOVED"]
    assert bodies[2]["decision_account"] == "DECISION_ACCOUNT_SUSPENDED"
    assert "ada" not in str(bodies)
    assert "mod" not in [word for body in bodies for word in str(body).lower().split()]


async def test_a_rules_own_act_is_a_decision_with_a_statement_and_an_edit_supersedes_it(world: World) -> None:
    ada, _ = await people(world, "ada", "bob")
    posted = await ada.post("A leek and a beetroot")
    await world.settle()
    decisions = await world.db.connection.fetch("select * from decisions")
    assert [(row["automated_decision"], row["reviewer_id"]) for row in decisions] == [(True, None)]
    assert sorted(await column(world, "select kind from actions")) == ["label", "limit"]
    assert (await column(world, "select body ->> 'automated_decision' from statements")) == ["AUTOMATED_DECISION_FULLY"]
    await ada.api.put(f"/api/v1/statuses/{posted['id']}", {"status": "A carrot"})
    await world.settle()
    assert await column(world, "select reversed_why from decisions") == ["superseded"]
    assert await column(world, "select limited from statuses") == [False]
    assert await column(world, "select count(*) from actions where ended_at is null") == [0]


async def test_an_edit_does_not_lift_what_a_person_decided(world: World) -> None:
    ada, mod = await people(world, "ada", "mod")
    posted = await ada.post("A carrot")
    wishes = (Wish(kind="limit"), Wish(kind="sensitive"))
    await act(world, "status", posted["id"], drafted("violates", *wishes, clause="words"), mod)
    await ada.api.put(f"/api/v1/statuses/{posted['id']}", {"status": "Two carrots"})
    await world.settle()
    row = await world.db.connection.fetchrow("select limited, covered from statuses where id = $1", int(posted["id"]))
    assert tuple(row.values()) == (True, True)


async def test_a_removed_post_cannot_be_brought_back_by_an_edit(world: World) -> None:
    ada, mod = await people(world, "ada", "mod")
    posted = await ada.post("A marrow")
    await decide(world, posted["id"], drafted(), mod)
    answer = await ada.api.put(f"/api/v1/statuses/{posted['id']}", {"status": "A carrot"}, expect=422)
    assert "removed by moderation" in answer.json()["error"]


async def test_the_ladder_adds_what_the_points_ask_for_and_says_so(world: World) -> None:
    await put_in_force(world, main=LADDER)
    ada, mod = await world.person("ada"), await world.person("mod")
    kinds: list[list[object]] = []
    for n in range(3):
        posted = await ada.post(f"A marrow number {n}")
        made = await decide(world, posted["id"], drafted(), mod)
        kinds.append(await column(world, "select kind from actions where decision_id = $1 and detail = 'ladder'", made))
        await world.db.connection.execute("update accounts set frozen_at = null")
    assert kinds == [["warn"], ["freeze"], ["suspend"]]


async def test_a_strike_that_expired_counts_no_more(world: World) -> None:
    await put_in_force(world, main=LADDER)
    ada, mod = await world.person("ada"), await world.person("mod")
    for n in range(2):
        posted = await ada.post(f"A marrow number {n}")
        made = await decide(world, posted["id"], drafted(), mod)
        world.at(world.clock.now() + timedelta(days=31))
    assert await column(world, "select kind from actions where decision_id = $1 and detail = 'ladder'", made) == [
        "warn"
    ]


async def test_nobody_acts_beyond_their_role(world: World) -> None:
    ada, mod, boss = await people(world, "ada", "mod", "boss")
    posted = await ada.post("A marrow")
    suspend = drafted("violates", Wish(kind="suspend", on="account"))
    with pytest.raises(Forbidden):
        await decide(world, posted["id"], drafted(), mod, role="triage")
    with pytest.raises(Forbidden):
        await decide(world, posted["id"], drafted("ok"), mod, role="user")
    await world.db.connection.execute("update users set role = 'moderator' where account_id = $1", ada.account_id)
    with pytest.raises(Forbidden):
        await decide(world, posted["id"], suspend, mod)
    await decide(world, posted["id"], suspend, boss, role="admin")
    held = await boss.post("A pumpkin")
    with pytest.raises(Forbidden):
        await decide(world, held["id"], drafted("ok"), mod, role="triage")


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (drafted("ok", Wish(kind="remove")), "actions"),
        (drafted("violates", Wish(kind="warn")), "actions"),
        (drafted("violates", Wish(kind="label")), "label"),
        (drafted("violates", Wish(kind="label", label="nonsense")), "label"),
        (drafted("violates", clause="nonsense"), "clause"),
        (drafted(revision=None), "revision"),
        (drafted("violates", Wish(kind="limit", lasts=timedelta(0))), "lasts"),
    ],
)
async def test_a_draft_that_cannot_be_is_refused_and_changes_nothing(world: World, draft: object, field: str) -> None:
    ada, mod = await people(world, "ada", "mod")
    posted = await ada.post("A marrow")
    with pytest.raises(Invalid) as caught:
        await decide(world, posted["id"], draft, mod)  # type: ignore[arg-type]
    assert caught.value.field == field
    assert len(await open_cases(world)) == 1
    assert await column(world, "select count(*) from decisions") == [0]


async def test_undo_opens_the_case_again_for_ten_minutes_and_only_for_who_decided(world: World) -> None:
    ada, mod, max_ = await people(world, "ada", "mod", "max")
    posted = await ada.post("A marrow")
    made = await decide(world, posted["id"], drafted(), mod)
    with pytest.raises(Forbidden):
        await reverse(world.res.desk, reviewer(max_, "admin"), made, "undo")
    await reverse(world.res.desk, reviewer(mod), made, "undo")
    assert (await case_of(world, posted["id"]))["state"] == "queued"
    with pytest.raises(Conflict):
        await reverse(world.res.desk, reviewer(mod), made, "undo")
    again = await decide(world, posted["id"], drafted(), mod)
    world.at(world.clock.now() + UNDO + timedelta(seconds=1))
    with pytest.raises(Conflict):
        await reverse(world.res.desk, reviewer(mod), again, "undo")


async def test_only_those_above_turn_round_what_others_decided(world: World) -> None:
    ada, mod, max_ = await people(world, "ada", "mod", "max")
    made = await decide(world, (await ada.post("A marrow"))["id"], drafted(), mod)
    with pytest.raises(Forbidden):
        await reverse(world.res.desk, reviewer(max_), made, "review")
    await reverse(world.res.desk, reviewer(max_, "admin"), made, "review")


async def test_what_was_decided_stays_as_it_was_seen_after_edits_and_deletion(world: World) -> None:
    ada, mod = await people(world, "ada", "mod")
    posted = await ada.post("A marrow")
    await decide(world, posted["id"], drafted("violates", Wish(kind="sensitive")), mod)
    await ada.api.put(f"/api/v1/statuses/{posted['id']}", {"status": "A carrot"})
    await ada.api.delete(f"/api/v1/statuses/{posted['id']}")
    await world.settle()
    (content,) = await column(
        world, "select s.content from decisions d join snapshots s on s.id = d.snapshot_id where d.revision = 0"
    )
    assert content["text"] == "A marrow"  # type: ignore[index]


async def test_a_suspension_that_ends_puts_the_account_back_before_a_reviewer(world: World) -> None:
    ada, bob, mod = await people(world, "ada", "bob", "mod")
    wish = Wish(kind="suspend", on="account", lasts=timedelta(days=7))
    await act(world, "account", ada.id, drafted("violates", wish, clause="words", revision=None), mod)
    assert await column(world, "select suspended_at is not null from accounts where id = $1", ada.account_id) == [True]
    world.at(world.clock.now() + timedelta(days=7, minutes=1))
    assert await expire_actions(world.res.desk) == 1
    assert await column(world, "select suspended_at from accounts where id = $1", ada.account_id) == [None]
    case = await case_of(world, ada.id)
    assert (case["subject_kind"], case["source"]) == ("account", "expiry")
    assert bob


async def test_the_same_case_is_decided_once_even_by_two_at_the_same_moment(world: World) -> None:
    ada, mod, max_ = await people(world, "ada", "mod", "max")
    posted = await ada.post("A marrow")
    case = await case_of(world, posted["id"])
    await decide(world, posted["id"], drafted(), mod)
    from rostra.moderation.decisions.decide import decide_case

    with pytest.raises(Conflict):
        await decide_case(world.res.desk, Reviewer(account_id=max_.account_id, role="moderator"), case["id"], drafted())
    assert await column(world, "select count(*) from decisions") == [1]
