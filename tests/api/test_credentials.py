"""One's own account: what only its owner sees, and changing it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.media.samples import encode, picture
from tests.world import World

UPDATE = "/api/v1/accounts/update_credentials"


async def test_the_owner_sees_what_they_typed(world: World) -> None:
    alice = await world.person("alice", role="admin")
    await alice.api.patch(
        UPDATE, {"note": "Rivers & <bread>", "fields_attributes": [{"name": "Web", "value": "a.example"}]}
    )
    me = (await alice.api.get("/api/v1/accounts/verify_credentials")).json()
    assert me["source"]["note"] == "Rivers & <bread>"
    assert me["source"]["fields"] == [{"name": "Web", "value": "a.example", "verified_at": None}]
    assert me["note"] == "<p>Rivers &amp; &lt;bread&gt;</p>"
    assert me["role"]["name"] == "Admin"
    assert me["roles"] == [{"id": "2", "name": "Admin", "color": ""}]
    assert me["source"]["follow_requests_count"] == 0
    seen = (await world.anyone.get(f"/api/v1/accounts/{alice.id}")).json()
    assert "source" not in seen
    assert "role" not in seen


async def test_seeing_oneself_takes_the_same_statements_however_many_ask_to_follow(world: World) -> None:
    alice = await world.person("alice")
    await alice.api.patch(UPDATE, {"locked": True})
    counts: list[int] = []
    for number in range(3):
        other = await world.person(f"other{number}")
        await other.follow(alice)
        await alice.api.get("/api/v1/accounts/verify_credentials")
        counts.append(len(await world.statements(lambda: alice.api.get("/api/v1/accounts/verify_credentials"))))
    me = (await alice.api.get("/api/v1/accounts/verify_credentials")).json()
    assert me["source"]["follow_requests_count"] == 3
    assert counts == [3, 3, 3]


async def test_only_what_is_given_changes(world: World) -> None:
    alice = await world.person("alice")
    first = {
        "display_name": "Alice  A.", "note": "Hello @bob", "locked": "true", "bot": "1", "discoverable": "on",
        "indexable": True, "hide_collections": True,
        "source": {"privacy": "private", "sensitive": True, "language": "it"},
    }  # fmt: skip
    await world.person("bob")
    me = (await alice.api.patch(UPDATE, first)).json()
    assert me["display_name"] == "Alice A."
    assert 'href="http://localhost:3000/@bob"' in me["note"]
    assert (me["locked"], me["bot"], me["discoverable"], me["indexable"], me["hide_collections"]) == (True,) * 5
    assert me["source"]["privacy"] == "private"
    me = (await alice.api.patch(UPDATE, {"display_name": ""})).json()
    assert me["display_name"] == ""
    assert (me["locked"], me["source"]["note"], me["source"]["language"]) == (True, "Hello @bob", "it")
    me = (await alice.api.patch(UPDATE, {"source": {"language": ""}, "locked": False})).json()
    assert (me["locked"], me["source"]["language"], me["source"]["privacy"]) == (False, None, "private")
    preferences = (await alice.api.get("/api/v1/preferences")).json()
    assert preferences["posting:default:visibility"] == "private"
    assert preferences["posting:default:sensitive"] is True


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize(
    "body",
    [
        {"json": {"fields_attributes": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}},
        {"json": {"fields_attributes": {"0": {"name": "A", "value": "1"}, "1": {"name": "B", "value": "2"}}}},
        {"data": {"fields_attributes[0][name]": "A", "fields_attributes[0][value]": "1",
                  "fields_attributes[1][name]": "B", "fields_attributes[1][value]": "2"}},
        {"files": [("fields_attributes[][name]", (None, "A")), ("fields_attributes[][value]", (None, "1")),
                   ("fields_attributes[][name]", (None, "B")), ("fields_attributes[][value]", (None, "2"))]},
    ],
    ids=["json", "json indices", "form", "multipart"],
)  # fmt: skip
async def test_fields_come_in_every_spelling(world: World, method: str, body: dict[str, Any]) -> None:
    alice = await world.person("alice")
    me = (await alice.api.request(method, UPDATE, **body)).json()
    assert [(field["name"], field["value"]) for field in me["source"]["fields"]] == [("A", "1"), ("B", "2")]


async def test_empty_rows_are_left_out_and_all_can_go(world: World) -> None:
    alice = await world.person("alice")
    rows = [{"name": "A", "value": "1"}, {"name": "", "value": ""}]
    assert len((await alice.api.patch(UPDATE, {"fields_attributes": rows})).json()["fields"]) == 1
    assert (await alice.api.patch(UPDATE, {"fields_attributes": [{"name": "", "value": ""}]})).json()["fields"] == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"display_name": "x" * 41}, "display_name"),
        ({"note": "x" * 501}, "note"),
        ({"fields_attributes": [{"name": "x" * 256, "value": "1"}]}, "fields"),
        ({"fields_attributes": [{"name": "", "value": "1"}]}, "fields"),
        ({"fields_attributes": [{"name": str(n), "value": "1"} for n in range(5)]}, "fields"),
        ({"source": {"privacy": "nobody"}}, "source.privacy"),
        ({"source": {"language": "not a language"}}, "language"),
        ({"avatar_description": "x" * 151}, "avatar_description"),
        ({"locked": "perhaps"}, "locked"),
        ({"avatar": "text"}, "avatar"),
    ],
)
async def test_what_cannot_be_is_named(world: World, change: dict[str, Any], field: str) -> None:
    alice = await world.person("alice")
    answer = await alice.api.patch(UPDATE, change, expect=422)
    assert field in answer.json()["details"]


async def test_pictures_are_stored_replaced_and_removed(world: World) -> None:
    alice = await world.person("alice")
    files = {
        "avatar": ("me.png", encode(picture(600, 600), "PNG"), "image/png"),
        "header": ("h.png", encode(picture(1600, 600), "PNG"), "image/png"),
    }
    me = (await alice.api.request("PATCH", UPDATE, files=files, data={"avatar_description": "Me"})).json()
    assert "missing" not in me["avatar"]
    assert "missing" not in me["header"]
    assert me["avatar_description"] == "Me"
    key = me["avatar"].split("/media/")[1]
    assert await world.res.store.exists(key)
    other = {"avatar": ("me.png", encode(picture(200, 200), "PNG"), "image/png")}
    second = (await alice.api.request("PATCH", UPDATE, files=other)).json()
    assert second["avatar"] != me["avatar"]
    assert second["header"] == me["header"]
    await world.settle()
    assert not await world.res.store.exists(key)
    gone = (await alice.api.delete("/api/v1/profile/avatar")).json()
    assert gone["avatar"].endswith("/avatars/original/missing.png")
    assert gone["avatar_description"] == ""
    gone = (await alice.api.delete("/api/v1/profile/header")).json()
    assert gone["header"].endswith("/headers/original/missing.png")


async def test_what_is_no_picture_is_refused(world: World) -> None:
    alice = await world.person("alice")
    files = {"avatar": ("me.png", b"<svg onload=alert(1)>", "image/png")}
    answer = await alice.api.request("PATCH", UPDATE, files=files, expect=422)
    assert "avatar" in answer.json()["details"]


async def test_a_picture_that_nobody_chose_is_not_changed(world: World) -> None:
    """Browsers send a field for a file without a name and without content where none was chosen."""
    alice = await world.person("alice")
    files = {"avatar": ("me.png", encode(picture(200, 200), "PNG"), "image/png")}
    before = (await alice.api.request("PATCH", UPDATE, files=files)).json()
    body = (
        b'--x\r\nContent-Disposition: form-data; name="avatar"; filename=""\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n\r\n"
        b'--x\r\nContent-Disposition: form-data; name="display_name"\r\n\r\nAlice again\r\n--x--\r\n'
    )
    headers = {"content-type": "multipart/form-data; boundary=x"}
    after = (await alice.api.request("PATCH", UPDATE, content=body, headers=headers)).json()
    assert after["display_name"] == "Alice again"
    assert after["avatar"] == before["avatar"]


async def test_changing_oneself_takes_the_scope(world: World) -> None:
    alice = await world.person("alice", scopes="read")
    await alice.api.patch(UPDATE, {"note": "x"}, expect=403)
    await world.anyone.patch(UPDATE, {"note": "x"}, expect=401)
