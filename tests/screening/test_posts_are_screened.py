"""What the policy's verdict does to posts, tried over HTTP."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
import pytest

from rostra.kit.errors import Conflict, Forbidden, Refused
from rostra.moderation.decisions.decide import decide_case
from rostra.moderation.decisions.expiry import expire_holds
from rostra.moderation.decisions.reverse import reverse
from rostra.policy.shipped import shipped_bundle
from rostra.screening.versions import ensure_policy, keep, roll_back
from tests.moderation.desk import case_of, decide, drafted, open_cases, reviewer
from tests.screening.policies import MAIN, RULES, bundle_files, put_in_force
from tests.world import World


async def held(world: World) -> list[int]:
    """The ids of what is held now."""
    return [row["subject_id"] for row in await open_cases(world, "hold")]


async def events(world: World, kind: str) -> list[asyncpg.Record]:
    return await world.db.connection.fetch("select * from moderation_events where type = $1 order by id", kind)


async def test_a_verdict_is_kept_with_the_versions_that_made_it(world: World) -> None:
    version = await put_in_force(world)
    ada = await world.person("ada")
    posted = await ada.post("Good morning")
    (event,) = await events(world, "verdict")
    assert (event["subject_kind"], str(event["subject_id"])) == ("status", posted["id"])
    assert (event["policy"], event["account_id"], event["details"]["action"]) == (version, ada.account_id, "allow")
    assert event["detectors"]


async def test_the_ledger_refuses_to_be_changed(world: World) -> None:
    await put_in_force(world)
    await (await world.person("ada")).post("Good morning")
    for statement in ("update moderation_events set clause = 'x'", "delete from moderation_events"):
        transaction = world.db.connection.transaction()
        await transaction.start()
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await world.db.connection.execute(statement)
        await transaction.rollback()


async def test_a_held_post_is_for_its_author_only_until_it_is_released(world: World) -> None:
    await put_in_force(world)
    ada, bob, mod = [await world.person(name) for name in ("ada", "bob", "mod")]
    await bob.follow(ada)
    root = await bob.post("A question")
    await world.settle()
    posted = await ada.post("@bob a pumpkin #harvest", in_reply_to_id=root["id"])
    await world.settle()
    path = f"/api/v1/statuses/{posted['id']}"
    assert posted["moderation"]["withheld"] == "review"
    assert [result["filter"]["title"] for result in posted["filtered"]] == ["Waiting for review"]
    await bob.api.get(path, expect=404)
    await world.anyone.get(path, expect=404)
    for timeline in ("home", "public", "tag/harvest"):
        shown = [status["id"] for status in (await bob.api.get(f"/api/v1/timelines/{timeline}")).json()]
        assert posted["id"] not in shown, timeline
    assert (await bob.api.get("/api/v1/notifications")).json() == []
    assert (await bob.api.get(f"/api/v1/statuses/{root['id']}")).json()["replies_count"] == 0
    assert (await ada.api.get("/api/v1/accounts/verify_credentials")).json()["statuses_count"] == 0
    assert posted["id"] in [s["id"] for s in (await ada.api.get(f"/api/v1/accounts/{ada.id}/statuses")).json()]
    await decide(world, posted["id"], drafted("ok"), mod)
    assert (await bob.api.get(path)).json().get("moderation") is None
    for timeline in ("home", "tag/harvest"):
        shown = [status["id"] for status in (await bob.api.get(f"/api/v1/timelines/{timeline}")).json()]
        assert posted["id"] in shown, timeline
    assert (await bob.api.get("/api/v1/notifications")).json()[0]["type"] == "mention"
    assert (await bob.api.get(f"/api/v1/statuses/{root['id']}")).json()["replies_count"] == 1
    assert (await ada.api.get("/api/v1/accounts/verify_credentials")).json()["statuses_count"] == 1
    assert [event["actor_id"] for event in await events(world, "decision")] == [mod.account_id]


async def test_a_refused_post_stays_with_its_author_and_brings_strikes_that_can_be_lifted(world: World) -> None:
    await put_in_force(world)
    ada, eve, mod = [await world.person(name) for name in ("ada", "eve", "mod")]
    text = "Come and see the enormous pumpkin that I have been growing behind my house"
    posted = await ada.post(text)
    made = await decide(world, posted["id"], drafted(), mod)
    again = (await ada.api.get(f"/api/v1/statuses/{posted['id']}")).json()
    assert again["moderation"]["withheld"] == "refused"
    await eve.api.get(f"/api/v1/statuses/{posted['id']}", expect=404)
    (strike,) = await events(world, "strike")
    assert strike["details"]["points"] == 2
    world.res.screen.policies.forget()
    copy = await eve.post(text.replace("pumpkin", "courgette"))
    assert copy["moderation"]["withheld"] == "review", "a near-copy of what was refused is held"
    await reverse(world.res.desk, reviewer(mod), made, "review")
    await world.settle()
    await eve.api.get(f"/api/v1/statuses/{posted['id']}")
    assert [e["details"]["event_id"] for e in await events(world, "strike_lifted")] == [str(strike["id"])]
    world.res.screen.policies.forget()
    other = await eve.post(text.replace("pumpkin", "cucumber"))
    assert "moderation" not in other, "what was released is not known as bad any more"
    with pytest.raises(Conflict):
        await reverse(world.res.desk, reviewer(mod), made, "review")


async def test_a_rejected_post_answers_422_with_the_reason_and_the_words_and_is_not_written(world: World) -> None:
    await put_in_force(world)
    ada = await world.person("ada", scopes="read write")
    answer = await ada.api.post("/api/v1/statuses", {"status": "A turnip!"}, expect=422)
    assert answer.json()["error"].startswith("No turnips here. Take the turnip out.")
    assert (await ada.api.get(f"/api/v1/accounts/{ada.id}/statuses")).json() == []
    (event,) = await events(world, "verdict")
    assert (event["subject_kind"], event["details"]["action"]) == ("account", "reject")
    assert "turnip" not in str(dict(event["details"])).replace("never", "")


async def test_what_is_rejected_and_sent_again_unchanged_waits_for_a_person(world: World) -> None:
    await put_in_force(world)
    ada, bob = await world.person("ada"), await world.person("bob")
    draft = {"status": "A turnip, and I mean it"}
    answer = await ada.api.post("/api/v1/statuses", draft, expect=422)
    assert "send it again as it is" in answer.json()["error"]
    await ada.api.post("/api/v1/statuses", {"status": "Another turnip"}, expect=422)
    await bob.api.post("/api/v1/statuses", draft, expect=422)
    again = (await ada.api.post("/api/v1/statuses", draft)).json()
    assert again["moderation"]["withheld"] == "review"
    await bob.api.get(f"/api/v1/statuses/{again['id']}", expect=404)
    world.at(world.clock.now() + timedelta(hours=2))
    await ada.api.post("/api/v1/statuses", draft, expect=422)


async def test_what_a_clause_refuses_for_good_is_rejected_however_often_it_is_sent(world: World) -> None:
    await put_in_force(world, main=MAIN.replace("severity: 3", "severity: 3\n    final: true"))
    ada = await world.person("ada")
    for _ in range(2):
        answer = await ada.api.post("/api/v1/statuses", {"status": "A turnip"}, expect=422)
        assert "again" not in answer.json()["error"]


async def test_the_reason_is_in_the_authors_language(world: World) -> None:
    await put_in_force(world)
    ada = await world.person("ada")
    await world.db.connection.execute("update users set locale = 'it' where account_id = $1", ada.account_id)
    answer = await ada.api.post("/api/v1/statuses", {"status": "A turnip!"}, expect=422)
    assert answer.json()["error"].startswith("Niente rape qui.")


@pytest.mark.parametrize(
    "draft",
    [
        {"status": "x", "spoiler_text": "turnip"},
        {"status": "Which?", "poll": {"options": ["carrot", "turnip"], "expires_in": 3600}},
        {"status": "ｔ\u200bｕｒｎｉｐ"},
        {"status": "turnip", "visibility": "direct"},
    ],
)
async def test_every_part_of_a_draft_is_screened(world: World, draft: dict[str, object]) -> None:
    await put_in_force(world)
    await (await world.person("ada")).api.post("/api/v1/statuses", draft, expect=422)


async def test_an_edit_that_is_held_takes_the_post_out_of_sight_until_it_is_mended(world: World) -> None:
    await put_in_force(world)
    ada, bob = await world.person("ada"), await world.person("bob")
    await bob.follow(ada)
    posted = await ada.post("A carrot")
    await world.settle()
    path = f"/api/v1/statuses/{posted['id']}"
    await ada.api.put(path, {"status": "A turnip"}, expect=422)
    assert "carrot" in (await bob.api.get(path)).json()["content"]
    edited = (await ada.api.put(path, {"status": "A pumpkin"})).json()
    await world.settle()
    assert edited["moderation"]["withheld"] == "review"
    await bob.api.get(path, expect=404)
    assert (await bob.api.get("/api/v1/timelines/home")).json() == []
    assert (await ada.api.get("/api/v1/accounts/verify_credentials")).json()["statuses_count"] == 0
    await ada.api.put(path, {"status": "A carrot after all"})
    await world.settle()
    assert "after all" in (await bob.api.get(path)).json()["content"]
    assert len((await bob.api.get("/api/v1/timelines/home")).json()) == 1
    assert await held(world) == []
    assert (await ada.api.get("/api/v1/accounts/verify_credentials")).json()["statuses_count"] == 1


async def test_nobody_decides_on_a_revision_that_they_did_not_see_or_on_their_own_post(world: World) -> None:
    await put_in_force(world)
    ada, mod = await world.person("ada"), await world.person("mod")
    posted = await ada.post("A pumpkin")
    first = (await case_of(world, posted["id"]))["id"]
    with pytest.raises(Forbidden):
        await decide(world, posted["id"], drafted("ok"), ada)
    await ada.api.put(f"/api/v1/statuses/{posted['id']}", {"status": "Another pumpkin"})
    with pytest.raises(Conflict):
        await decide_case(world.res.desk, reviewer(mod), first, drafted("ok"))
    with pytest.raises(Conflict):
        await decide(world, posted["id"], drafted("ok"), mod)
    second = (await case_of(world, posted["id"]))["id"]
    await decide(world, posted["id"], drafted("ok", revision=1), mod)
    with pytest.raises(Conflict):
        await decide_case(world.res.desk, reviewer(mod), second, drafted(revision=1))


async def test_a_label_covers_the_post_and_is_shown_in_the_readers_language(world: World) -> None:
    await put_in_force(world)
    ada, bob = await world.person("ada"), await world.person("bob")
    posted = await ada.post("A beetroot")
    await world.db.connection.execute("update users set locale = 'it' where account_id = $1", bob.account_id)
    seen = (await bob.api.get(f"/api/v1/statuses/{posted['id']}")).json()
    assert seen["sensitive"] is True
    assert [notice["title"] for notice in seen["moderation"]["notices"]] == ["Crudo"]
    assert [result["filter"]["title"] for result in seen["filtered"]] == ["Crudo"]
    await ada.api.put(f"/api/v1/statuses/{posted['id']}", {"status": "A carrot"})
    mended = (await bob.api.get(f"/api/v1/statuses/{posted['id']}")).json()
    assert (mended["sensitive"], mended.get("moderation")) == (False, None)


async def test_a_limited_post_has_no_reach_beyond_followers_and_its_address(world: World) -> None:
    await put_in_force(world)
    ada, bob = await world.person("ada"), await world.person("bob")
    await bob.follow(ada)
    await world.db.connection.execute("update accounts set indexable = true")
    posted = await ada.post("A leek #soup")
    await world.settle()
    await bob.api.get(f"/api/v1/statuses/{posted['id']}")
    assert [s["id"] for s in (await bob.api.get("/api/v1/timelines/home")).json()] == [posted["id"]]
    assert (await bob.api.get("/api/v1/timelines/public")).json() == []
    assert (await bob.api.get("/api/v1/timelines/tag/soup")).json() == []
    found = (await bob.api.get("/api/v2/search", {"q": "leek", "type": "statuses"})).json()
    assert found["statuses"] == []


async def test_a_closed_post_takes_no_reactions_of_others(world: World) -> None:
    await put_in_force(world)
    ada, bob = await world.person("ada"), await world.person("bob")
    posted = await ada.post("A radish")
    path = f"/api/v1/statuses/{posted['id']}"
    await bob.api.post(f"{path}/favourite", expect=403)
    await bob.api.post(f"{path}/reblog", expect=403)
    await bob.api.post("/api/v1/statuses", {"status": "Why?", "in_reply_to_id": posted["id"]}, expect=422)
    await ada.api.post("/api/v1/statuses", {"status": "Because.", "in_reply_to_id": posted["id"]})


async def test_a_case_is_open_until_somebody_decides_it(world: World) -> None:
    await put_in_force(world)
    ada, bob, mod = [await world.person(name) for name in ("ada", "bob", "mod")]
    posted = await ada.post("A marrow")
    await bob.api.get(f"/api/v1/statuses/{posted['id']}")
    assert [row["subject_id"] for row in await open_cases(world)] == [int(posted["id"])]
    await decide(world, posted["id"], drafted(), mod)
    await bob.api.get(f"/api/v1/statuses/{posted['id']}", expect=404)
    assert await open_cases(world) == []


async def test_a_hold_that_nobody_looks_at_goes_as_the_policy_says_and_brings_no_strike(world: World) -> None:
    await put_in_force(world)
    ada = await world.person("ada")
    posted = await ada.post("A pumpkin")
    world.at(world.clock.now() + timedelta(hours=71))
    assert await expire_holds(world.res.desk) == 0
    world.at(world.clock.now() + timedelta(hours=2))
    assert await expire_holds(world.res.desk) == 1
    again = (await ada.api.get(f"/api/v1/statuses/{posted['id']}")).json()
    assert again["moderation"]["withheld"] == "refused"
    assert await events(world, "strike") == []


async def test_a_scheduled_post_that_would_be_refused_when_its_time_comes_is_held(world: World) -> None:
    ada = await world.person("ada")
    at = world.clock.now() + timedelta(hours=1)
    await ada.api.post("/api/v1/statuses", {"status": "A turnip", "scheduled_at": at.isoformat()})
    await put_in_force(world)
    await ada.api.post("/api/v1/statuses", {"status": "A turnip", "scheduled_at": at.isoformat()}, expect=422)
    world.at(at)
    await world.settle()
    assert len(await held(world)) == 1


async def test_deleting_a_held_post_counts_nothing_down(world: World) -> None:
    await put_in_force(world)
    ada, bob = await world.person("ada"), await world.person("bob")
    root = await bob.post("A question")
    posted = await ada.post("A pumpkin", in_reply_to_id=root["id"])
    await ada.api.delete(f"/api/v1/statuses/{posted['id']}")
    assert (await bob.api.get(f"/api/v1/statuses/{root['id']}")).json()["replies_count"] == 0
    assert (await ada.api.get("/api/v1/accounts/verify_credentials")).json()["statuses_count"] == 0
    assert await held(world) == []


async def test_a_detector_that_crashes_holds_the_post_and_is_no_error_page(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put_in_force(world)
    ada = await world.person("ada")
    await ada.post("The first post loads the detectors")

    def crash(*_: object, **__: object) -> None:
        raise ValueError("boom")

    monkeypatch.setattr("rostra.detect.cascade.Cascade.read", crash)
    posted = await ada.post("Good morning")
    assert posted["moderation"]["withheld"] == "review"
    *_, event = await events(world, "verdict")
    assert event["details"]["crashed"] == ["text"]


async def test_another_policy_holds_within_two_seconds_without_a_restart(world: World) -> None:
    ada = await world.person("ada")
    await put_in_force(world)
    await ada.api.post("/api/v1/statuses", {"status": "A turnip"}, expect=422)
    rules = """
    - {id: other, clause: words, description: Another., when: text.normal.contains("parsnip"), then: [hold],
       reason: {en: Parsnips wait., it: Le pastinache aspettano.}, mode: live}
    """
    screen = world.res.screen
    looked = screen.policies._looked_at
    await put_in_force(world, rules)
    screen.policies._looked_at = looked
    await ada.api.post("/api/v1/statuses", {"status": "One more turnip"}, expect=422)
    world.at(world.clock.now() + timedelta(seconds=2))
    assert "moderation" not in await ada.post("A turnip")
    assert (await ada.post("A parsnip"))["moderation"]["withheld"] == "review"


async def test_what_is_deleted_leaves_no_label_and_no_open_case_but_its_events(world: World) -> None:
    await put_in_force(world)
    ada = await world.person("ada")
    for text in ("A beetroot", "A marrow"):
        posted = await ada.post(text)
        await ada.api.delete(f"/api/v1/statuses/{posted['id']}")
    fetch = world.db.connection.fetch
    assert await fetch("select * from labels") == []
    assert [row["outcome"] for row in await fetch("select outcome from cases")] == ["gone"]
    assert len(await events(world, "verdict")) == 2


async def test_a_post_that_is_withheld_later_goes_from_all_places_where_others_had_it(world: World) -> None:
    await put_in_force(world)
    ada, bob, mod = [await world.person(name) for name in ("ada", "bob", "mod")]
    poll = {"options": ["yes", "no"], "expires_in": 3600}
    posted = await ada.post("@bob carrots?", poll=poll)
    await world.settle()
    path = f"/api/v1/statuses/{posted['id']}"
    for act in ("favourite", "bookmark", "reblog"):
        await bob.api.post(f"{path}/{act}")
    await world.settle()
    await ada.api.put(path, {"status": "@bob pumpkins?", "poll": poll})
    await world.settle()
    for place in ("favourites", "bookmarks", "notifications", f"accounts/{bob.id}/statuses", "timelines/home"):
        seen = (await bob.api.get(f"/api/v1/{place}")).json()
        assert posted["id"] not in str(seen), place
    for place in ("", "/context", "/history", "/source", "/card", "/favourited_by", "/reblogged_by"):
        await bob.api.get(f"{path}{place}", expect=404 if place != "/card" else None)
    await bob.api.post(f"/api/v1/polls/{posted['id']}/votes", {"choices": [0]}, expect=404)
    await bob.api.get(f"/api/v1/polls/{posted['id']}", expect=404)
    await bob.api.post(f"{path}/favourite", expect=404)
    await decide(world, posted["id"], drafted("ok", revision=1), mod)
    seen = (await bob.api.get("/api/v1/notifications")).json()
    assert [note["type"] for note in seen].count("mention") == 1


async def test_the_shipped_policy_is_exchanged_with_the_program_unless_somebody_has_chosen(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    conn = world.db.connection
    await put_in_force(world)
    assert not await ensure_policy(world.db, world.clock), "what somebody has chosen stays"
    await conn.execute("update policy_versions set note = 'As shipped'")
    assert await ensure_policy(world.db, world.clock)
    active = await conn.fetchval("select v.version from policy_state s join policy_versions v on v.id = s.version_id")
    assert active == shipped_bundle().version
    assert not await ensure_policy(world.db, world.clock)

    async def locks(_tx: object) -> None:
        raise AssertionError("a start where nothing is to be done wrote, and would wait for a standby that is gone")

    monkeypatch.setattr("rostra.screening.policy_queries.lock_state", locks)
    assert not await ensure_policy(world.db, world.clock)


async def test_one_rolls_back_only_to_what_was_in_force(world: World) -> None:
    await put_in_force(world)
    draft = await keep(world.db, world.clock, bundle_files(RULES.replace("turnip", "swede")))
    with pytest.raises(Refused, match="never in force"):
        await roll_back(world.db, world.clock, to=draft)
