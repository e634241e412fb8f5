"""Links of a profile whose pages link back to it, on a web server of the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from rostra.text.preview import find_me_links
from tests.world import Person, World


class Site:
    """A small web server; `answers` maps a path to status, content type and body."""

    def __init__(self) -> None:
        self.base = ""
        self.hits: list[str] = []
        self.answers: dict[str, tuple[int, str, str]] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1].decode()
        self.hits.append(path)
        status, kind, body = self.answers.get(path, (404, "text/html", ""))
        head = (
            f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        writer.write(head.encode() + body.encode())
        await writer.drain()
        writer.close()


@pytest.fixture
async def site(world: World) -> AsyncIterator[Site]:
    site = Site()
    server = await asyncio.start_server(site.serve, "127.0.0.1", 0)
    site.base = f"http://localhost:{server.sockets[0].getsockname()[1]}"
    async with server, world.http_client:
        yield site


async def set_fields(person: Person, *rows: tuple[str, str]) -> None:
    fields = [{"name": name, "value": value} for name, value in rows]
    await person.api.patch("/api/v1/accounts/update_credentials", {"fields_attributes": fields})
    await person.world.settle()


async def fields_of(person: Person) -> list[dict[str, Any]]:
    return (await person.world.anyone.get(f"/api/v1/accounts/{person.id}")).json()["fields"]


async def test_a_page_that_links_back_vouches_for_its_link(world: World, site: Site) -> None:
    alice = await world.person("alice")
    profile = f"{world.res.urls.base}/@alice"
    page = "<!doctype html><body><p>Hi</p>{}</body>"
    site.answers = {
        "/mine": (200, "text/html", page.format(f'<a href="{profile}/" rel="nofollow ME">me</a>')),
        "/plain": (200, "text/html", page.format(f'<a href="{profile}">her</a>')),
        "/other": (200, "text/html", page.format(f'<a rel="me" href="{profile}2">else</a>')),
        "/text": (200, "text/plain", page.format(f'<a rel="me" href="{profile}">me</a>')),
    }
    await set_fields(alice, *((path, site.base + path) for path in ("/mine", "/plain", "/other", "/text")))
    assert [field["verified_at"] for field in await fields_of(alice)] == ["2026-05-04T12:00:00.000Z", None, None, None]
    # It stays so as long as the row stays, and is not looked at again.
    world.clock.tick(hours=1)
    site.hits.clear()
    await set_fields(alice, ("/mine", f"{site.base}/mine"), ("new", "no link"))
    assert [field["verified_at"] for field in await fields_of(alice)] == ["2026-05-04T12:00:00.000Z", None]
    assert site.hits == []
    await set_fields(alice, ("renamed", f"{site.base}/mine"))
    assert [field["verified_at"] for field in await fields_of(alice)] == ["2026-05-04T13:00:00.000Z"]


async def test_a_page_that_cannot_be_read_vouches_for_nothing(world: World, site: Site) -> None:
    alice = await world.person("alice")
    link = f'<a rel="me" href="{world.res.urls.base}/@alice">me</a>'
    site.answers = {"/error": (500, "text/html", link)}
    await set_fields(
        alice, ("a", f"{site.base}/error"), ("b", "http://localhost:1/x"), ("c", "http://"), ("d", "ftp://x/")
    )
    assert [field["verified_at"] for field in await fields_of(alice)] == [None] * 4
    assert site.hits == ["/error"]


async def test_a_row_that_was_changed_meanwhile_is_not_marked(world: World, site: Site) -> None:
    alice = await world.person("alice")
    link = f'<link rel="me" href="{world.res.urls.base}/@alice">'
    site.answers = {"/mine": (200, "text/html", link)}
    fields = [{"name": "a", "value": f"{site.base}/mine"}]
    await alice.api.patch("/api/v1/accounts/update_credentials", {"fields_attributes": fields})
    await alice.api.patch("/api/v1/accounts/update_credentials", {"fields_attributes": [{"name": "a", "value": "b"}]})
    await world.settle()
    assert [field["verified_at"] for field in await fields_of(alice)] == [None]
    assert site.hits == []


def test_links_that_a_page_only_quotes_are_none():
    url = "https://example.com/page/"
    page = b"""<head><link rel="me" href="/a"></head><body><a rel=me href=b>x</a><A HREF='https://c.example' REL='x me'>
      <!-- <a rel="me" href="/no">--><script>'<a rel="me" href="/no">'</script>
      <textarea><a rel="me" href="/no"></textarea>
      <template><a rel="me" href="/no"></a></template>&lt;a rel="me" href="/no"&gt;<a rel="menu" href="/no"></a>
      <a rel="me" href="javascript:no"></a><a rel="me"></a>"""
    assert find_me_links(page, "text/html", url) == [
        "https://example.com/a", "https://example.com/page/b", "https://c.example",
    ]  # fmt: skip
    assert find_me_links(page, "application/pdf", url) == []
