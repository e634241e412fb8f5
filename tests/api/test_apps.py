"""Registering apps."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import World

FORM = {"client_name": "Test", "redirect_uris": "https://a.example/cb", "scopes": "read write"}


async def test_an_app_is_registered_and_learns_its_credentials(world: World) -> None:
    app = (await world.anyone.post("/api/v1/apps", {**FORM, "website": "https://a.example"})).json()
    assert app["name"] == "Test"
    assert app["website"] == "https://a.example"
    assert app["redirect_uris"] == ["https://a.example/cb"]
    assert app["redirect_uri"] == "https://a.example/cb"
    assert app["scopes"] == ["read", "write"]
    assert app["client_secret_expires_at"] == 0
    assert len(app["client_id"]) > 20
    assert len(app["client_secret"]) > 20
    assert len(app["vapid_key"]) == 87


@pytest.mark.parametrize(
    "uris",
    [
        "tuskyapp://x\nurn:ietf:wg:oauth:2.0:oob",
        "tuskyapp://x urn:ietf:wg:oauth:2.0:oob",
        ["tuskyapp://x", "urn:ietf:wg:oauth:2.0:oob"],
    ],
)
async def test_several_addresses_come_as_lines_or_as_a_list(world: World, uris: Any) -> None:
    app = (await world.anyone.post("/api/v1/apps", {**FORM, "redirect_uris": uris})).json()
    assert app["redirect_uris"] == ["tuskyapp://x", "urn:ietf:wg:oauth:2.0:oob"]


async def test_a_form_and_an_odd_content_type_do_as_well(world: World) -> None:
    body = "client_name=Ice&redirect_uris=icecubesapp%3A%2F%2F&scopes=read+write+follow+push"
    for kind in ("application/x-www-form-urlencoded", "text/plain", "application/octet-stream"):
        answer = await world.anyone.request("POST", "/api/v1/apps", content=body, headers={"content-type": kind})
        assert answer.json()["scopes"] == ["read", "write", "follow", "push"]


async def test_scopes_are_read_unless_others_are_asked_for(world: World) -> None:
    app = (await world.anyone.post("/api/v1/apps", {"client_name": "x", "redirect_uris": "a:/b"})).json()
    assert app["scopes"] == ["read"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"client_name": " "}, "client_name"),
        ({"client_name": "x" * 61}, "client_name"),
        ({"redirect_uris": ""}, "redirect_uris"),
        ({"redirect_uris": "javascript:alert(1)"}, "redirect_uris"),
        ({"redirect_uris": "not-a-uri"}, "redirect_uris"),
        ({"scopes": "read everything"}, "scopes"),
        ({"website": "javascript:alert(1)"}, "website"),
        ({"website": "https://[x"}, "website"),
    ],
)
async def test_what_cannot_be_registered_is_named(world: World, change: dict[str, str], field: str) -> None:
    answer = await world.anyone.post("/api/v1/apps", {**FORM, **change}, expect=422)
    assert field in answer.json()["details"]
    assert answer.json()["error"].startswith("Validation failed")


async def test_a_stale_token_does_not_hinder_registration(world: World) -> None:
    await world.anyone.post("/api/v1/apps", FORM, headers={"authorization": "Bearer long-gone"})


async def test_an_app_recognises_itself_without_learning_its_secret(world: World) -> None:
    await world.token_for(None, "app-token", "read")
    answer = await world.anyone.get("/api/v1/apps/verify_credentials", headers={"authorization": "Bearer app-token"})
    assert answer.json()["name"] == "Test app"
    assert "client_secret" not in answer.json()
    await world.anyone.get("/api/v1/apps/verify_credentials", expect=401)
