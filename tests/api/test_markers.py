"""Markers over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import World

UNREAD = {"last_read_id": "0", "version": 0, "updated_at": "1970-01-01T00:00:00.000Z"}


async def test_a_marker_that_was_never_set_is_there_all_the_same(world: World) -> None:
    alice = await world.person("alice")
    answer = await alice.api.get("/api/v1/markers?timeline[]=notifications")
    assert answer.json() == {"notifications": UNREAD}
    answer = await alice.api.get("/api/v1/markers", {"timeline[]": ["home", "notifications", "public"]})
    assert answer.json() == {"home": UNREAD, "notifications": UNREAD}
    assert (await alice.api.get("/api/v1/markers")).json() == {}


@pytest.mark.parametrize(
    "more",
    [
        {"json": {"home": {"last_read_id": "103"}}},
        {"json": {"home": {"last_read_id": 103}}},
        {"data": {"home[last_read_id]": "103"}},
        {"files": {"home[last_read_id]": (None, "103")}},
        {"params": {"home[last_read_id]": "103"}},
    ],
    ids=["json", "json-number", "form", "multipart", "query"],
)
async def test_a_marker_is_kept_and_its_version_counts_up(world: World, more: dict[str, Any]) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    first = (await alice.api.request("POST", "/api/v1/markers", **more)).json()
    assert first == {"home": {"last_read_id": "103", "version": 1, "updated_at": "2026-05-04T12:00:00.000Z"}}
    world.clock.tick(seconds=1.5)
    both = {"home": {"last_read_id": "99"}, "notifications": {"last_read_id": "7"}}
    second = (await alice.api.post("/api/v1/markers", both)).json()
    assert second["home"] == {"last_read_id": "99", "version": 2, "updated_at": "2026-05-04T12:00:01.500Z"}
    assert second["notifications"]["version"] == 1
    assert (await alice.api.get("/api/v1/markers?timeline[]=home&timeline[]=notifications")).json() == second
    assert (await bob.api.get("/api/v1/markers?timeline[]=home")).json() == {"home": UNREAD}


async def test_a_marker_that_somebody_else_has_moved_is_not_overwritten_by_who_names_the_version(world: World) -> None:
    alice = await world.person("alice")
    for read in ("10", "20"):
        await alice.api.post("/api/v1/markers", {"home": {"last_read_id": read}})
    stale = {"home": {"last_read_id": "15", "version": 1}, "notifications": {"last_read_id": "5"}}
    answer = await alice.api.post("/api/v1/markers", stale, expect=409)
    assert answer.json() == {"error": "Conflict during update, please try again"}
    kept = (await alice.api.get("/api/v1/markers?timeline[]=home&timeline[]=notifications")).json()
    assert (kept["home"]["last_read_id"], kept["notifications"]) == ("20", UNREAD)
    fresh = {"home": {"last_read_id": "30", "version": 2}}
    assert (await alice.api.post("/api/v1/markers", fresh)).json()["home"]["version"] == 3


async def test_a_marker_must_be_an_id(world: World) -> None:
    alice = await world.person("alice")
    for wrong in ("first", "-1", str(2**63), None, [], {}):
        await alice.api.post("/api/v1/markers", {"home": {"last_read_id": wrong}}, expect=None)
    for wrong in ("first", "-1", str(2**63)):
        await alice.api.post("/api/v1/markers", {"home": {"last_read_id": wrong}}, expect=422)
    await alice.api.post("/api/v1/markers", {"home": {"last_read_id": "1", "version": 2**31}}, expect=422)
    await alice.api.post("/api/v1/markers", {"home": {}}, expect=400)
    assert (await alice.api.post("/api/v1/markers", {})).json() == {}


async def test_markers_need_the_scopes_of_statuses(world: World) -> None:
    reader = await world.person("reader", scopes="read:statuses")
    await reader.api.get("/api/v1/markers?timeline[]=home")
    await reader.api.post("/api/v1/markers", {"home": {"last_read_id": "1"}}, expect=403)
    await world.anyone.get("/api/v1/markers", expect=401)
