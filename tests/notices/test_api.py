"""Notices by REST: providers send theirs and ask how they stand; the desk works on them with an app's token."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from rostra.notices.pack_verify import verify
from rostra.notices.providers import make_token, retire_provider
from tests.notices.letters import BASE, OWN, arf, letter, xarf3, xarf4
from tests.notices.scene import HANGED, put_policy, put_provider, row_of
from tests.world import Api, Person, World

PATH = "/api/rostra/v1/notices"
DESK = "/api/rostra/v1/moderation/notices"


async def sender(world: World, **more: Any) -> tuple[Api, int]:
    provider = await put_provider(world, **more)
    return Api(world, await make_token(world.db, world.clock, provider.id, actor_id=None)), provider.id


async def staff(world: World, role: str = "moderator") -> Person:
    return await world.person(f"some_{role}", role=role, scopes="read write admin:read admin:write")


@pytest.mark.parametrize(
    ("body", "kind", "format_"),
    [
        (xarf4(f"{BASE}/@carl/1"), "application/json", "xarf4"),
        (xarf3(f"{BASE}/@carl/1"), "application/xarf+json", "xarf3"),
        (arf(f"{BASE}/@carl/1"), "message/rfc822", "arf"),
        (letter(f"{BASE}/@carl/1").as_bytes(), "message/rfc822", "mail"),
        (f"url\n{BASE}/@carl/1\n".encode(), "text/csv", "csv"), (f"see {BASE}/@carl/1".encode(), "text/plain", "text"),
    ],
)  # fmt: skip
async def test_every_form_is_taken_with_a_receipt(world: World, body: bytes, kind: str, format_: str) -> None:
    api, _ = await sender(world, host="")
    answer = await api.request("POST", PATH, content=body, headers={"content-type": kind}, expect=202)
    receipt = answer.json()
    assert (receipt["state"], answer.headers["location"]) == ("open", f"{BASE}{PATH}/{receipt['id']}")
    row = await row_of(world, int(receipt["id"]))
    hours = 48 if format_ == "arf" else 24
    assert (row["format"], row["proof"], row["due_at"]) == (
        format_,
        "token",
        world.clock.now() + timedelta(hours=hours),
    )
    status = (await api.get(f"{PATH}/{receipt['id']}")).json()
    assert (status["items"][0]["url"], status["items"][0]["match"]) == (f"{BASE}/@carl/1", "pending")


async def test_only_a_living_token_of_a_provider_may_send(world: World) -> None:
    api, provider_id = await sender(world, host="")
    person = await world.person("carl")
    for other in (world.anyone, Api(world, "rn_wrong"), Api(world, ""), person.api):
        answer = await other.request("POST", PATH, content=xarf4(f"{BASE}/@carl/1"), expect=401)
        assert "error" in answer.json()
    await retire_provider(world.db, world.clock, provider_id, actor_id=None)
    await api.request("POST", PATH, content=xarf4(f"{BASE}/@carl/1"), expect=401)


async def test_sent_again_it_is_the_same_notice(world: World) -> None:
    api, _ = await sender(world, host="")
    body = xarf4(f"{BASE}/@carl/1")
    first = (await api.request("POST", PATH, content=body, expect=202)).json()
    assert (await api.request("POST", PATH, content=body, expect=202)).json() == first
    await api.request("POST", PATH, content=xarf4(f"{BASE}/@carl/2"), expect=409)
    keyed = {"idempotency-key": "a", "content-type": "text/plain"}
    one = (await api.request("POST", PATH, content=BASE + "/@a/1", headers=keyed, expect=202)).json()
    assert (await api.request("POST", PATH, content=BASE + "/@a/1", headers=keyed, expect=202)).json() == one
    await api.request("POST", PATH, content=BASE + "/@a/2", headers=keyed, expect=409)


async def test_what_cannot_be_used_is_refused_with_the_reason(world: World) -> None:
    api, _ = await sender(world, host="")
    for body, kind, words in (
        (b"", "text/plain", "is empty"), (b"{", "application/json", "not valid JSON"),
        (b"hello", "text/plain", "names no address"),
        (b"PK\x03\x04", "application/zip", "archives are not opened"), (b"<?xml?><a/>", "text/xml", "XML"),
        (b'{"a":' * 90_000, "application/json", "nested too deeply"),
    ):  # fmt: skip
        answer = await api.request("POST", PATH, content=body, headers={"content-type": kind}, expect=422)
        assert words in answer.json()["error"]
    assert await world.db.connection.fetchval("select count(*) from notices") == 0


async def test_a_notice_that_is_too_large_is_not_even_read(world: World) -> None:
    api, _ = await sender(world, host="")
    await api.request("POST", PATH, content=b"x", headers={"content-length": str(1 << 30)}, expect=413)


async def test_a_provider_sees_its_own_notices_and_no_others(world: World) -> None:
    await put_policy(world)
    api, _ = await sender(world)
    post = await (await world.person("carl")).post(HANGED)
    receipt = (await api.request("POST", PATH, content=xarf4(post["url"], clause="violence"), expect=202)).json()
    other, _ = await sender(world, name="Other", domains=())
    await other.get(f"{PATH}/{receipt['id']}", expect=404)
    await other.get(f"{PATH}/17", expect=404)
    await world.settle()
    found = (await api.get(f"{PATH}/{receipt['id']}")).json()
    assert found["items"][0] | {"decided_at": None} == {
        "position": 1, "url": post["url"], "match": "found", "outcome": None, "clause": "",
        "actions": [], "decided_at": None,
        "copies": 0,
    }  # fmt: skip


async def test_the_desk_answers_a_notice_by_api(world: World) -> None:
    await put_policy(world)
    api, _ = await sender(world)
    post = await (await world.person("carl")).post(HANGED)
    await (await world.person("dora")).post(HANGED)
    receipt = (await api.request("POST", PATH, content=xarf4(post["url"], clause="violence"), expect=202)).json()
    await world.settle()
    desk = (await staff(world)).api
    (line,) = (await desk.get(DESK)).json()["notices"]
    assert (line["id"], line["state"], line["items"], line["settled"]) == (receipt["id"], "acting", 1, 0)
    one = f"{DESK}/{receipt['id']}"
    (item,) = (await desk.get(one)).json()["shown"]
    wanted = {
        "outcome": "violates", "clause": "threats", "actions": [{"kind": "remove"}], "with_copies": True,
        "revision": item["revision"], "seen": item["near"]["seen"],
    }  # fmt: skip
    await desk.post(f"{one}/items/{item['id']}/act", {**wanted, "seen": "x"}, expect=409)
    view = (await desk.post(f"{one}/items/{item['id']}/act", wanted)).json()
    assert view["shown"][0]["actions"] == ["remove"]
    await world.settle()
    view = (await desk.post(f"{one}/answer")).json()
    assert "Near-copies found: 1. Removed: 1" in view["answer"]["text"]
    await desk.post(f"{one}/send", expect=409)
    await desk.post(f"{one}/approve", {"answer_id": view["answer"]["id"]})
    assert (await desk.post(f"{one}/send")).json()["state"] == "sent"
    assert (await api.get(f"{PATH}/{receipt['id']}")).json()["state"] == "answered"
    await desk.get(f"{one}/pack", expect=404)
    await desk.post(f"{one}/pack")
    await world.settle()
    assert verify((await desk.get(f"{one}/pack")).content)
    assert (await desk.post(f"{one}/move", {"to": "closed"})).json()["state"] == "closed"


async def test_only_staff_with_the_permission_see_notices(world: World) -> None:
    api, _ = await sender(world, host="")
    receipt = (await api.request("POST", PATH, content=xarf4(f"{BASE}/@carl/1"), expect=202)).json()
    for person in (await staff(world, "triage"), await staff(world, "user"), await staff(world, "juror")):
        await person.api.get(DESK, expect=403)
        await person.api.get(f"{DESK}/{receipt['id']}", expect=403)
        await person.api.post(f"{DESK}/{receipt['id']}/answer", expect=403)
        await person.api.post(f"{DESK}/{receipt['id']}/release", expect=403)
        await person.api.get(f"{DESK}/{receipt['id']}/pack", expect=403)
    weak = await world.person("weak", role="moderator", scopes="read write")
    await weak.api.get(DESK, expect=403)
    await world.anyone.get(DESK, expect=401)


async def test_quarantine_by_api(world: World) -> None:
    from rostra.notices.intake import Arrival, take_in

    desk = (await staff(world)).api
    ids = []
    for n in (1, 2):
        taken = await take_in(world.res.desk, Arrival(body=xarf4(f"{BASE}/@carl/{n}"), channel="public"))
        ids.append(taken.notice_id)
    rows = (await desk.get(DESK, {"which": "quarantined"})).json()["notices"]
    assert [(row["id"], row["fault"]) for row in rows] == [(str(each), "unverified") for each in ids]
    assert (await desk.post(f"{DESK}/{ids[0]}/release")).json()["state"] == "parsed"
    assert (await desk.post(f"{DESK}/{ids[1]}/refuse")).json()["state"] == "refused"
    await desk.post(f"{DESK}/{ids[1]}/release", expect=404)
    assert (await desk.get(DESK, {"which": "closed"})).json()["notices"][0]["id"] == str(ids[1])


async def test_lists_go_on_where_they_stopped(world: World) -> None:
    api, _ = await sender(world, host="")
    for n in range(45):
        await api.request("POST", PATH, content=f"{BASE}/@carl/{n}", headers={"content-type": "text/plain"}, expect=202)
    desk = (await staff(world)).api
    first = (await desk.get(DESK)).json()
    rest = (await desk.get(DESK, {"after": first["next"]})).json()
    ids = [row["id"] for row in (*first["notices"], *rest["notices"])]
    assert (len(first["notices"]), len(set(ids)), rest["next"]) == (40, 45, None)
    for nonsense in ("x", "-", "9-", "99999999999999999999-1", "1-99999999999999999999"):
        await desk.get(DESK, {"after": nonsense})


@pytest.mark.parametrize("path", ["", "/one"])
async def test_a_page_takes_as_many_statements_for_forty_rows_as_for_one(world: World, path: str) -> None:
    await put_policy(world)
    api, _ = await sender(world)
    desk = (await staff(world)).api

    async def count(items: int, notices: int) -> int:
        last = ""
        for n in range(notices):
            urls = [f"{BASE}/@carl/{items}{n}{at}" for at in range(items)]
            answer = await api.request("POST", PATH, content=xarf4(*urls, report_id=f"{items}-{n}"), expect=202)
            last = answer.json()["id"]
        await world.settle()
        where = f"{DESK}/{last}" if path else DESK
        return len(await world.statements(lambda: desk.get(where)))

    assert await count(1, 1) == await count(40, 5)
    assert OWN
