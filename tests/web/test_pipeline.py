"""What every page can rely on: who is let in, what a form must carry, where a browser may be sent."""

from __future__ import annotations

import pytest

from rostra.web.visit import is_local
from tests.world import World


async def test_what_is_missing_is_a_page_for_browsers_and_json_for_apps(world: World) -> None:
    page = await world.http.get("/nothing/here")
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    answer = await world.http.get("/api/v1/nothing")
    assert answer.json() == {"error": "Record not found"}


@pytest.mark.parametrize("path", ["/", "/home", "/@a/1?x=1&y=/z", "/a%20b", "/oauth/authorize?redirect_uri=a://b"])
def test_our_own_paths_may_be_returned_to(path: str) -> None:
    assert is_local(path)


@pytest.mark.parametrize(
    "path",
    [
        "", "home", "//evil.example", "/\\evil.example", "\\/evil.example", "https://evil.example",
        "javascript:alert(1)",
        "/\t/evil.example", "/a\r\nSet-Cookie: b=c", "/a b", "/a\\b", " /home", "/hóme", "///evil.example", "/\x00",
    ],
)  # fmt: skip
def test_no_other_address_may_be_returned_to(path: str) -> None:
    assert not is_local(path)
