"""Rules for other servers, through the admin API."""

from __future__ import annotations

import hashlib

import pytest

from tests.world import Person, World, link

BLOCKS = "/api/v1/admin/domain_blocks"
ALLOWS = "/api/v1/admin/domain_allows"


async def test_a_block_is_made_changed_and_lifted(world: World, moderator: Person) -> None:
    made = (await moderator.api.post(BLOCKS, {"domain": "Bad.example", "public_comment": "Spam"})).json()
    assert (made["domain"], made["severity"], made["private_comment"]) == ("bad.example", "silence", None)
    assert made["digest"] == hashlib.sha256(b"bad.example").hexdigest()
    change = {"severity": "suspend", "reject_media": True, "obfuscate": True}
    changed = (await moderator.api.put(f"{BLOCKS}/{made['id']}", change)).json()
    assert changed == {**made, **change}
    # Some clients end the path with a slash.
    assert (await moderator.api.get(f"{BLOCKS}/")).json() == [changed]
    shown = (await world.anyone.get("/api/v1/instance/domain_blocks")).json()
    assert shown == [{"domain": "ba*.*****le", "digest": made["digest"], "severity": "suspend", "comment": "Spam"}]
    assert (await moderator.api.delete(f"{BLOCKS}/{made['id']}")).json() == {}
    await moderator.api.get(f"{BLOCKS}/{made['id']}", expect=404)
    assert (await world.anyone.get("/api/v1/instance/domain_blocks")).json() == []


async def test_a_domain_that_is_blocked_already_says_by_what(moderator: Person) -> None:
    made = (await moderator.api.post(BLOCKS, {"domain": "bad.example"})).json()
    answer = await moderator.api.post(BLOCKS, {"domain": "BAD.example", "severity": "suspend"}, expect=422)
    assert answer.json()["existing_domain_block"] == made


async def test_a_noop_is_not_shown_to_everybody(world: World, moderator: Person) -> None:
    await moderator.api.post(BLOCKS, {"domain": "pics.example", "severity": "noop", "reject_media": True})
    assert (await world.anyone.get("/api/v1/instance/domain_blocks")).json() == []


async def test_a_server_that_is_let_in_twice_is_there_once(moderator: Person) -> None:
    made = [(await moderator.api.post(ALLOWS, {"domain": "friend.example"})).json() for _ in range(2)]
    assert made[0] == made[1]
    assert (await moderator.api.get(ALLOWS)).json() == made[:1]
    assert (await moderator.api.get(f"{ALLOWS}/{made[0]['id']}")).json() == made[0]
    await moderator.api.delete(f"{ALLOWS}/{made[0]['id']}")
    assert (await moderator.api.get(ALLOWS)).json() == []
    await moderator.api.delete(f"{ALLOWS}/{made[0]['id']}", expect=404)


async def test_what_cannot_be_is_refused(world: World, moderator: Person) -> None:
    for form in ({"domain": "localhost:3000"}, {"domain": "a b"}, {"domain": "a.example", "severity": "rude"},
                 {"domain": "a.example", "public_comment": "a" * 2001}):  # fmt: skip
        await moderator.api.post(BLOCKS, form, expect=422)
    await moderator.api.post(ALLOWS, {"domain": "a b"}, expect=422)
    await moderator.api.put(f"{BLOCKS}/1", {"severity": "noop"}, expect=404)


@pytest.mark.parametrize("path", [BLOCKS, ALLOWS])
async def test_a_list_is_paged(moderator: Person, path: str) -> None:
    made = [(await moderator.api.post(path, {"domain": f"d{n}.example"})).json()["id"] for n in range(5)]
    page = await moderator.api.get(path, {"limit": 2})
    read = [row["id"] for row in page.json()]
    while (onward := link(page, "next")) is not None:
        page = await moderator.api.get(onward)
        read += [row["id"] for row in page.json()]
    assert read == made[::-1]


@pytest.mark.parametrize("path", [BLOCKS, ALLOWS])
async def test_a_scope_is_not_enough(member: Person, path: str) -> None:
    await member.api.get(path, expect=403)
    await member.api.get(f"{path}/1", expect=403)
    await member.api.post(path, {"domain": "a.example"}, expect=403)
    await member.api.delete(f"{path}/1", expect=403)
