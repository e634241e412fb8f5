"""Reports over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import World

REPORT = {
    "id", "action_taken", "action_taken_at", "category", "comment", "forwarded", "created_at", "status_ids",
    "rule_ids", "collection_ids", "target_account",
}  # fmt: skip


async def rule(world: World, text: str) -> str:
    statement = "insert into rules (id, text) values (make_id($1), $2) returning id"
    return str(await world.db.connection.fetchval(statement, world.clock.now(), text))


async def test_a_report_is_kept_and_the_moderators_are_told(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    moderator = await world.person("moderator_1", role="moderator")
    posts = [await bob.post("one"), await bob.post("two")]
    await world.settle()
    form = {
        "account_id": bob.id, "status_ids": [posts[1]["id"], posts[0]["id"], posts[0]["id"]], "comment": "please look",
        "category": "spam", "forward": "true",
    }  # fmt: skip
    made = (await alice.api.post("/api/v1/reports", form)).json()
    assert set(made) == REPORT
    assert (made["category"], made["comment"], made["forwarded"]) == ("spam", "please look", True)
    assert (made["action_taken"], made["action_taken_at"]) == (False, None)
    assert made["status_ids"] == sorted(post["id"] for post in posts)
    assert made["target_account"]["id"] == bob.id
    await world.settle()
    told = (await moderator.api.get("/api/v1/notifications")).json()
    assert [(one["type"], one["account"]["id"]) for one in told] == [("admin.report", alice.id)]
    again = (await alice.api.post("/api/v1/reports", form)).json()
    assert again["id"] != made["id"]


@pytest.mark.parametrize("shape", ["json", "form", "multipart", "query"])
async def test_a_report_may_come_in_every_form(world: World, shape: str) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    post, broken = await bob.post("x"), await rule(world, "Be kind")
    flat = [("account_id", bob.id), ("status_ids[]", post["id"]), ("rule_ids[]", broken), ("category", "other")]
    shapes: dict[str, dict[str, Any]] = {
        "json": {"json": {"account_id": bob.id, "status_ids": [post["id"]], "rule_ids": [broken]}},
        "form": {"data": dict(flat)},
        "multipart": {"files": [(name, (None, value)) for name, value in flat]},
        "query": {"params": flat},
    }
    made = (await alice.api.request("POST", "/api/v1/reports", **shapes[shape])).json()
    assert (made["status_ids"], made["rule_ids"], made["category"]) == ([post["id"]], [broken], "violation")


async def test_only_statuses_of_the_account_that_the_reporter_may_see_can_be_reported(world: World) -> None:
    alice, bob, carol = [await world.person(name) for name in ("alice", "bob", "carol")]
    hidden, seen = await bob.post("x", visibility="private"), await bob.post("@alice x", visibility="direct")
    others = await carol.post("not bob's")
    for wrong in (hidden["id"], others["id"], "99"):
        form = {"account_id": bob.id, "status_ids": [seen["id"], wrong]}
        assert (await alice.api.post("/api/v1/reports", form, expect=404)).json() == {"error": "Record not found"}
    assert await world.db.connection.fetchval("select count(*) from reports") == 0
    await alice.api.post("/api/v1/reports", {"account_id": bob.id, "status_ids": [seen["id"]]})
    await alice.api.post(f"/api/v1/accounts/{bob.id}/follow")
    await alice.api.post("/api/v1/reports", {"account_id": bob.id, "status_ids": [hidden["id"]]})


async def test_a_report_needs_an_account_that_is_there(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await alice.api.post("/api/v1/reports", {"comment": "x"}, expect=400)
    await alice.api.post("/api/v1/reports", {"account_id": "99"}, expect=404)
    await world.db.connection.execute("update accounts set suspended_at = $1 where id = $2", world.clock.now(),
                                      bob.account_id)  # fmt: skip
    await alice.api.post("/api/v1/reports", {"account_id": bob.id}, expect=404)


async def test_what_is_wrong_with_a_report_is_named(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    old = await rule(world, "No longer")
    await world.db.connection.execute("update rules set deleted_at = $1", world.clock.now())
    for wrong, field in (
        ({"comment": "x" * 1001}, "comment"), ({"category": "boring"}, "category"), ({"rule_ids": [old]}, "rule_ids"),
        ({"status_ids": ["x"]}, "status_ids"), ({"rule_ids": ["77"]}, "rule_ids"),
    ):  # fmt: skip
        answer = await alice.api.post("/api/v1/reports", {"account_id": bob.id, **wrong}, expect=422)
        assert field in answer.json()["details"]
    await alice.api.post("/api/v1/reports", {"account_id": bob.id, "comment": "x" * 1000})


async def test_reporting_takes_its_scope(world: World) -> None:
    alice, bob = await world.person("alice", scopes="read write:statuses"), await world.person("bob")
    await alice.api.post("/api/v1/reports", {"account_id": bob.id}, expect=403)
    await world.anyone.post("/api/v1/reports", {"account_id": bob.id}, expect=401)


async def test_a_report_is_told_to_moderators_as_long_as_they_are(world: World) -> None:
    anna, ben, mod = await world.person("anna"), await world.person("ben"), await world.person("mod", role="moderator")
    await ben.api.post("/api/v1/reports", {"account_id": anna.id, "comment": "in confidence"})
    await world.settle()
    [told] = (await mod.api.get("/api/v1/notifications")).json()
    assert told["report"]["comment"] == "in confidence"
    assert (await mod.api.get("/api/v1/notifications/unread_count")).json() == {"count": 1}
    await world.db.connection.execute("update users set role = 'user' where account_id = $1", mod.account_id)
    assert (await mod.api.get("/api/v1/notifications")).json() == []
    await mod.api.get(f"/api/v1/notifications/{told['id']}", expect=404)
    assert (await mod.api.get("/api/v1/notifications/unread_count")).json() == {"count": 0}
