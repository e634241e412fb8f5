"""What every answer carries, whoever made it."""

from __future__ import annotations

import pytest

from tests.world import World, link

ELSEWHERE = {"origin": "https://elsewhere.example"}


@pytest.mark.parametrize("path", ["/api/v1/timelines/public", "/api/v1/nothing", "/health"])
async def test_every_answer_carries_the_security_headers_once(world: World, path: str) -> None:
    answer = await world.http.get(path)
    for name in ("x-content-type-options", "referrer-policy", "x-frame-options", "content-security-policy"):
        assert len(answer.headers.get_list(name)) == 1, name
    assert len(answer.headers["x-request-id"]) == 16


async def test_a_preflight_allows_other_sites_once(world: World) -> None:
    answer = await world.http.options("/api/v1/statuses", headers=ELSEWHERE)
    assert answer.headers.get_list("access-control-allow-origin") == ["*"]


async def test_other_sites_may_read_the_api_and_not_the_pages(world: World) -> None:
    opened = await world.http.get("/api/v1/timelines/public", headers=ELSEWHERE)
    assert opened.headers["access-control-allow-origin"] == "*"
    assert "Link" in opened.headers["access-control-expose-headers"]
    closed = await world.http.get("/health", headers=ELSEWHERE)
    assert "access-control-allow-origin" not in closed.headers


async def test_links_to_other_pages_work_for_hashtags_in_any_script(world: World) -> None:
    mika = await world.person("mika")
    for number in range(3):
        await mika.post(f"#日本語 {number}")
    answer = await mika.api.get("/api/v1/timelines/tag/日本語", {"limit": 2})
    following = link(answer, "next")
    assert following is not None
    assert following.isascii()
    assert len((await mika.api.get(following.partition("localhost:3000")[2])).json()) == 1
