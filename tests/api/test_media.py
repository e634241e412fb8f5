"""Uploads over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.pictures import png, upload
from tests.world import World


@pytest.mark.parametrize("path", ["/api/v2/media", "/api/v1/media"])
async def test_an_upload_is_ready_when_it_is_answered(world: World, path: str) -> None:
    """Traps 15, 31 and 32: 200 and never 202, an address at once, and `meta.original` and `meta.small`."""
    alice = await world.person("alice")
    media = await upload(alice, path, description="A grey gradient", focus="-0.25,1")
    assert media["type"] == "image"
    assert media["url"].startswith(world.res.settings.media_base_url)
    assert media["preview_url"].startswith(world.res.settings.media_base_url)
    assert media["description"] == "A grey gradient"
    assert media["meta"]["focus"] == {"x": -0.25, "y": 1.0}
    for size in ("original", "small"):
        assert {"width", "height", "size", "aspect"} <= set(media["meta"][size])
    assert media["blurhash"]
    assert (await alice.api.get(f"/api/v1/media/{media['id']}")).json() == media


@pytest.mark.parametrize(
    ("files", "fields", "field"),
    [
        ({}, {}, "file"),
        ({"file": ("a.png", b"no picture", "image/png")}, {}, "file"),
        ({"file": (None, "text")}, {}, "file"),
        ({"file": ("a.png", png(), "image/png")}, {"focus": "2,0"}, "focus"),
        ({"file": ("a.png", png(), "image/png")}, {"focus": "left"}, "focus"),
        ({"file": ("a.png", png(), "image/png")}, {"description": "x" * 10_001}, "description"),
    ],
)
async def test_a_refused_upload_names_the_field(
    world: World, files: dict[str, object], fields: dict[str, str], field: str
) -> None:
    alice = await world.person("alice")
    refused = await alice.api.request("POST", "/api/v2/media", files=files, data=fields, expect=422)
    assert list(refused.json()["details"]) == [field]


async def test_an_upload_can_be_described_until_it_is_posted(world: World) -> None:
    alice = await world.person("alice")
    media = await upload(alice, description="first")
    path = f"/api/v1/media/{media['id']}"
    after = (await alice.api.put(path, {"focus": "0.5,0.1"})).json()
    assert (after["description"], after["meta"]["focus"]) == ("first", {"x": 0.5, "y": 0.1})
    after = (await alice.api.put(path, {"description": ""})).json()
    assert (after["description"], after["meta"]["focus"]) == (None, {"x": 0.5, "y": 0.1})
    await alice.post("x", media_ids=[media["id"]])
    await alice.api.put(path, {"description": "second"}, expect=404)
    assert (await alice.api.get(path)).json()["description"] is None


async def test_an_upload_can_be_thrown_away_until_it_is_posted(world: World) -> None:
    alice = await world.person("alice")
    media, posted = await upload(alice), await upload(alice)
    await alice.post("x", media_ids=[posted["id"]])
    assert (await alice.api.delete(f"/api/v1/media/{media['id']}")).json() == {}
    await alice.api.get(f"/api/v1/media/{media['id']}", expect=404)
    await alice.api.delete(f"/api/v1/media/{media['id']}", expect=404)
    await alice.api.delete(f"/api/v1/media/{posted['id']}", expect=422)


async def test_an_upload_is_nobody_elses(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    media = await upload(alice)
    path = f"/api/v1/media/{media['id']}"
    await bob.api.get(path, expect=404)
    await bob.api.put(path, {"description": "mine"}, expect=404)
    await bob.api.delete(path, expect=404)
    await world.anyone.get(path, expect=401)
    reader = await world.person("reader", scopes="read")
    await reader.api.request("POST", "/api/v2/media", files={"file": ("a.png", png(), "image/png")}, expect=403)


@pytest.mark.parametrize("given", ["a text", {"a": "thing"}, ["more"]])
async def test_what_is_no_file_is_said_to_be_none(world: World, given: Any) -> None:
    alice = await world.person("alice")
    for method, path, name in (
        ("POST", "/api/v2/media", "file"),
        ("PATCH", "/api/v1/accounts/update_credentials", "avatar"),
    ):
        answer = await alice.api.request(method, path, json={name: given}, expect=422)
        assert answer.json()["error"] == f"Validation failed: {name} must be a file"
