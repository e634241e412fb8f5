"""Stored media over HTTP: whole, in part, unchanged or absent, and always as a harmless picture."""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import AsyncIterator
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from rostra.kit.objectstore import ObjectStore
from rostra.media.serve import serve_media

FOLDER = "attachments/ab/ab000000000000000000000000000000"
KEY = f"{FOLDER}/original.jpg"
BODY = bytes(range(256)) * 4


@pytest.fixture
async def web(store: ObjectStore) -> AsyncIterator[httpx.AsyncClient]:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response = await serve_media(store, Request(scope), scope["path"].removeprefix("/media/"))
        await response(scope, receive, send)

    await store.put(KEY, BODY, "image/jpeg")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here.test/media/") as client:
        yield client


async def test_a_picture_comes_whole_with_headers_that_keep_it_one(web: httpx.AsyncClient) -> None:
    got = await web.get(KEY)
    assert (got.status_code, got.content) == (200, BODY)
    assert got.headers["content-type"] == "image/jpeg"
    assert got.headers["content-length"] == str(len(BODY))
    assert got.headers["cache-control"] == "public, max-age=600, must-revalidate"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert got.headers["cross-origin-resource-policy"] == "cross-origin"
    assert got.headers["access-control-allow-origin"] == "*"
    assert got.headers["accept-ranges"] == "bytes"
    assert got.headers["content-disposition"] == "inline"
    assert got.headers["etag"].startswith('"')


async def test_the_type_comes_from_the_key_and_never_from_the_bytes(web: httpx.AsyncClient, store: ObjectStore) -> None:
    await store.put(f"{FOLDER}/small.webp", b"<html><script>alert(1)</script>", "text/html")
    got = await web.get(f"{FOLDER}/small.webp")
    assert got.headers["content-type"] == "image/webp"


async def test_head_answers_like_get_without_the_body(web: httpx.AsyncClient) -> None:
    got, head = await web.get(KEY), await web.head(KEY)
    assert head.content == b""
    assert head.status_code == 200
    assert dict(head.headers) == dict(got.headers)


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=1000-", 1000, 1024),
        ("bytes=1000-99999", 1000, 1024),
        ("bytes=-24", 1000, 1024),
        ("bytes=-99999", 0, 1024),
        ("bytes=0-", 0, 1024),
    ],
)
async def test_a_range_gives_that_part(web: httpx.AsyncClient, asked: str, start: int, end: int) -> None:
    got = await web.get(KEY, headers={"Range": asked})
    assert (got.status_code, got.content) == (206, BODY[start:end])
    assert got.headers["content-range"] == f"bytes {start}-{end - 1}/1024"
    assert got.headers["content-length"] == str(end - start)
    assert got.headers["content-type"] == "image/jpeg"


@pytest.mark.parametrize("asked", ["bytes=1024-", "bytes=5000-6000", "bytes=-0"])
async def test_a_range_outside_is_refused_with_the_size(web: httpx.AsyncClient, asked: str) -> None:
    got = await web.get(KEY, headers={"Range": asked})
    assert got.status_code == 416
    assert got.headers["content-range"] == "bytes */1024"


@pytest.mark.parametrize("asked", ["bytes=5-2", "bytes=0-1,4-5", "lines=1-2", "bytes=", "bytes=-", "bytes=a-b", "x"])
async def test_a_range_that_cannot_be_read_gives_everything(web: httpx.AsyncClient, asked: str) -> None:
    got = await web.get(KEY, headers={"Range": asked})
    assert (got.status_code, got.content) == (200, BODY)


async def test_what_the_client_has_already_is_not_sent_again(web: httpx.AsyncClient) -> None:
    first = await web.get(KEY)
    tag, time = first.headers["etag"], first.headers["last-modified"]
    for condition in (
        {"If-None-Match": tag},
        {"If-None-Match": f'"other", W/{tag}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": time},
        {"If-None-Match": tag, "Range": "bytes=0-1"},
    ):
        for method in ("GET", "HEAD"):
            again = await web.request(method, KEY, headers=condition)
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] == tag
            assert again.headers["cache-control"] == first.headers["cache-control"]
    for condition in (
        {"If-None-Match": '"other"'},
        {"If-None-Match": '"other"', "If-Modified-Since": time},
        {"If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"},
        {"If-Modified-Since": "yesterday"},
        {"If-Modified-Since": "Mon, 99 Foo 2026 99:99:99 GMT"},
    ):
        assert (await web.get(KEY, headers=condition)).status_code == 200


async def test_a_resumed_download_gets_a_part_only_of_the_same_object(web: httpx.AsyncClient) -> None:
    first = await web.get(KEY)
    for condition in (first.headers["etag"], first.headers["last-modified"]):
        assert (await web.get(KEY, headers={"Range": "bytes=5-", "If-Range": condition})).status_code == 206
    for condition in ('"other"', "Thu, 01 Jan 1970 00:00:00 GMT", "rubbish"):
        assert (await web.get(KEY, headers={"Range": "bytes=5-", "If-Range": condition})).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "",
        "attachments",
        FOLDER,
        f"{FOLDER}/",
        f"{FOLDER}/other.jpg",
        f"{FOLDER}/original.html",
        f"{FOLDER}/original.jpg/x",
        f"/{KEY}",
        f"{KEY}\x00",
        f"{KEY}%00",
        "../secret.jpg",
        "..%2fsecret.jpg",
        f"attachments/ab/../ab/{KEY}",
        f"{FOLDER}/..%2f..%2f..%2f..%2fsecret.jpg",
        "secret/ab/ab000000000000000000000000000000/original.jpg",
        "/etc/passwd",
        "a" * 5000,
        "é",
        f"{FOLDER.upper()}/original.jpg",
        f"{KEY}#1",
    ],
)
async def test_any_other_path_is_absent(store: ObjectStore, web: httpx.AsyncClient, tmp_path: Path, path: str) -> None:
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    scope = {"type": "http", "method": "GET", "path": f"/media/{path}", "headers": [], "query_string": b""}
    response = await serve_media(store, Request(scope), path)
    assert response.status_code == 404
    assert b"secret" not in bytes(response.body)
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"


async def test_an_absent_object_is_absent_under_every_condition(web: httpx.AsyncClient) -> None:
    for headers in ({}, {"Range": "bytes=0-1"}, {"If-None-Match": "*"}):
        for method in ("GET", "HEAD"):
            got = await web.request(method, f"{FOLDER}/other.jpg", headers=headers)
            assert got.status_code == 404


async def test_a_large_object_is_streamed_in_bounded_memory(store: ObjectStore) -> None:
    size = 24 << 20
    await store.put(f"{FOLDER}/large.gif", os.urandom(size), "image/gif")
    sent = 0

    async def receive() -> dict[str, str]:
        return {"type": "http.request"}

    async def send(message: dict[str, object]) -> None:
        nonlocal sent
        body = message.get("body", b"")
        assert isinstance(body, bytes)
        sent += len(body)

    for headers in ([], [(b"range", b"bytes=1-")]):
        sent = 0
        scope = {
            "type": "http", "method": "GET", "path": "/x", "headers": headers, "query_string": b"",
            "asgi": {"spec_version": "2.4"},
        }  # fmt: skip
        tracemalloc.start()
        response = await serve_media(store, Request(scope), f"{FOLDER}/large.gif")
        await response(scope, receive, send)  # type: ignore[arg-type]
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert sent == size - len(headers)
        # A few windows of a megabyte; how many depends on who is faster.
        assert peak < size // 2


async def test_the_time_of_change_has_the_form_of_the_standard(web: httpx.AsyncClient, store: ObjectStore) -> None:
    head = await store.find_head(KEY)
    assert head is not None
    got = await web.get(KEY)
    assert got.headers["last-modified"] == format_datetime(head.last_modified, usegmt=True)
    assert got.headers["last-modified"].endswith("GMT")
