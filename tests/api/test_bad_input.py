"""What no client should send, on a sample of endpoints: always a 4xx in the API's shape, never a 500."""

from __future__ import annotations

import gzip
from typing import Any

import httpx
import pytest

from tests.world import Api, Person, World

STATUSES = "/api/v1/statuses"
JSON = {"content-type": "application/json"}
# One endpoint of each kind of form: flat, nested, lists, files.
SAMPLE = [
    ("POST", STATUSES), ("PATCH", "/api/v1/accounts/update_credentials"), ("POST", "/api/v2/filters"),
    ("POST", "/api/v1/lists"), ("POST", "/api/v1/apps"), ("POST", "/oauth/token"), ("POST", "/api/v1/reports"),
    ("POST", "/api/v1/accounts"), ("POST", "/api/v2/media"), ("POST", "/api/v1/markers"),
    ("DELETE", "/api/v1/domain_blocks"),
]  # fmt: skip


@pytest.fixture
async def ana(world: World) -> Person:
    return await world.person("ana")


def assert_refused(answer: httpx.Response, *codes: int) -> None:
    said = f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text[:300]}"
    assert 400 <= answer.status_code < 500, said
    assert not codes or answer.status_code in codes, said
    assert answer.headers["content-type"].startswith("application/json"), said
    assert isinstance(answer.json()["error"], str), said


async def send(api: Api, method: str, path: str, **more: Any) -> httpx.Response:
    return await api.request(method, path, expect=None, **more)


NO_OBJECTS = [
    b"[]", b'["a"]', b'"text"', b"1", b"true", b"{", b'{"a":1', b"\xff\xfe{}", b'{"status":"\xff"}',
    b'{"a":NaN}', b"[" * 100_000, b'{"a":' * 5_000 + b"1" + b"}" * 5_000, b'{"a":1e999999}', b"{'a':1}",
    b'{"status": "\\ud800"}', "{}".encode("utf-16"), gzip.compress(b"{}"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), SAMPLE)
async def test_json_that_is_no_object_or_no_json(ana: Person, method: str, path: str) -> None:
    for body in NO_OBJECTS:
        assert_refused(await send(ana.api, method, path, content=body, headers=JSON), 400, 422)


async def test_what_is_nested_too_deep_is_refused_for_that_whatever_a_decoder_bears(ana: Person) -> None:
    for depth, words in ((20, "status"), (40, "nested"), (600, "nested")):
        answer = await send(
            ana.api, "POST", STATUSES, content=b'{"status":' + b"[" * depth + b"]" * depth + b"}", headers=JSON
        )
        assert_refused(answer, 400, 422)
        assert words in answer.json()["error"]


@pytest.mark.parametrize(("method", "path"), SAMPLE)
async def test_multipart_without_a_boundary_or_with_another(ana: Person, method: str, path: str) -> None:
    broken = b'--y\r\nContent-Disposition: form-data; name="status"\r\n\r\nHello\r\n--y--\r\n'
    for boundary in ("", "; boundary=", "; boundary=x"):
        headers = {"content-type": f"multipart/form-data{boundary}"}
        assert_refused(await send(ana.api, method, path, content=broken, headers=headers), 400, 422)


PARTS = [
    b"--x\r\n\r\nHello\r\n--x--\r\n",
    b'--x\r\nContent-Disposition: form-data\r\n\r\nHello\r\n--x--\r\n',
    b'--x\r\nContent-Disposition: form-data; name="status"\r\n\r\nHello',
    b'--x\r\nContent-Disposition: form-data; name="\xff\xfe"; filename="a"\r\n\r\nHello\r\n--x--\r\n',
    b'--x\r\nContent-Disposition: form-data; name="status"; filename="a\x00b.png"\r\n\r\nHello\r\n--x--\r\n',
    b'--x\r\nContent-Disposition: form-data; name="file"\r\nContent-Transfer-Encoding: x\r\n\r\nHello\r\n--x--\r\n',
    b"--x\r\n" + b"X-Long: " + b"a" * 100_000 + b"\r\n\r\nHello\r\n--x--\r\n",
    b"--x--\r\n",
    b"",
]  # fmt: skip


@pytest.mark.parametrize("path", ["/api/v2/media", STATUSES])
async def test_odd_parts_of_a_multipart_form(ana: Person, path: str) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x"}
    for part in PARTS:
        assert_refused(await send(ana.api, "POST", path, content=part, headers=headers), 400, 422)


async def test_text_of_a_multipart_form_that_is_no_utf8_is_refused_by_its_name(ana: Person) -> None:
    headers = {"content-type": "multipart/form-data; boundary=x"}
    body = b'--x\r\nContent-Disposition: form-data; name="status"\r\n\r\ncaff\xe8\r\n--x--\r\n'
    answer = await send(ana.api, "POST", STATUSES, content=body, headers=headers)
    assert (answer.status_code, list(answer.json()["details"])) == (422, ["status"])
    good = body.replace(b"\xe8", "è".encode())
    assert "caffè" in (await send(ana.api, "POST", STATUSES, content=good, headers=headers)).json()["content"]


@pytest.mark.parametrize(
    "kind",
    ["", "text/plain", "application/xml", "application/octet-stream", "nonsense", "application/x-www-form-urlencoded"],
)
async def test_an_odd_content_type_is_read_as_a_form(ana: Person, kind: str) -> None:
    answer = await send(ana.api, "POST", STATUSES, content=b"status=Hello", headers={"content-type": kind})
    assert answer.status_code == 200
    assert_refused(await send(ana.api, "POST", STATUSES, content=b"\xff\xfe\x00", headers={"content-type": kind}))


IMPOSSIBLE: list[dict[str, Any]] = [
    {"status": "a\x00b"}, {"status": {"a": "b"}}, {"status": ["a", "b"]}, {"status": True}, {"status": "a" * 600},
    {"status": "a", "language": "not a language"}, {"status": "a", "visibility": "everybody"},
    {"status": "a", "in_reply_to_id": "x"}, {"status": "a", "in_reply_to_id": str(2**70)},
    {"status": "a", "in_reply_to_id": -1}, {"status": "a", "media_ids": "x"}, {"status": "a", "media_ids": [[]]},
    {"status": "a", "media_ids": [{}]}, {"status": "a", "media_ids": [None]}, {"status": "a", "media_ids": ["1"] * 5},
    {"status": "a", "poll": "x"}, {"status": "a", "poll": []}, {"status": "a", "poll": {}},
    {"status": "a", "poll": {"options": ["a"], "expires_in": 600}},
    {"status": "a", "poll": {"options": ["a", "b"], "expires_in": 10**30}},
    {"status": "a", "poll": {"options": ["a", "b"], "expires_in": -1}},
    {"status": "a", "poll": {"options": ["a", "b"], "expires_in": 1e300}},
    {"status": "a", "poll": {"options": ["a", {"b": 1}], "expires_in": 600}},
    {"status": "a", "poll": {"options": {"a": "b"}, "expires_in": 600}},
    {"status": "a", "scheduled_at": "tomorrow"}, {"status": "a", "scheduled_at": 10**20},
    {"status": "a", "sensitive": "perhaps"}, {"status": "a", "spoiler_text": ["x"]},
    {"status": "", "spoiler_text": ""}, {"status": " \n"},
]  # fmt: skip


async def test_a_status_that_cannot_be(ana: Person) -> None:
    for body in IMPOSSIBLE:
        assert_refused(await send(ana.api, "POST", STATUSES, json=body), 400, 404, 422)


NOWHERE = [
    "abc", "-1", "0", "1.5", "1e5", "%20", "1%20", "%00", "\u0661\u0662", "\uff11", str(2**63), str(2**64), "9" * 400,
    "0x10", "1%2F2", "..%2F..%2Fetc", "%FF", "null", "undefined", "NaN", "'%3B--", "%0d%0aset-cookie:a=b",
]  # fmt: skip


@pytest.mark.parametrize("path", ["statuses", "accounts", "lists", "notifications", "media", "polls"])
async def test_ids_that_name_nothing_are_not_found(ana: Person, path: str) -> None:
    for given in NOWHERE:
        assert_refused(await send(ana.api, "GET", f"/api/v1/{path}/{given}"), 404)


@pytest.mark.parametrize("path", ["timelines/home", "timelines/public", "notifications", "favourites", "blocks"])
async def test_pages_that_cannot_be_are_refused(ana: Person, path: str) -> None:
    for query in ("limit=-1", "limit=x", "limit=1.5", "max_id=x", "max_id=-5", f"min_id={2**64}", "since_id=%00",
                  "limit[]=1", "limit[a]=1", "max_id=1&max_id[]=2"):  # fmt: skip
        assert_refused(await send(ana.api, "GET", f"/api/v1/{path}?{query}"), 400, 422)
    most = await send(ana.api, "GET", f"/api/v1/{path}?limit={10**30}")
    assert most.status_code in (200, 400, 422)


QUERIES = [
    "%FF%FE=1", "a=%FF", "%00=%00", "a[b][c][d][e][f][g][h]=1", "[]=1", "[=1", "a]=1", "a[[b]]=1", "=", "&&&&", "a",
    "limit=&max_id=", "__proto__[x]=1", "a[]=1&a[b]=2", "a=1&a[]=2&a[b]=3", "&".join(f"a{n}=1" for n in range(3000)),
    "a=" + "b" * 60_000,
]  # fmt: skip


@pytest.mark.parametrize("path", ["/api/v1/timelines/home", "/api/v2/search", "/api/v1/accounts/relationships"])
async def test_any_query_is_answered_without_an_error_of_ours(ana: Person, path: str) -> None:
    for query in QUERIES:
        answer = await send(ana.api, "GET", f"{path}?{query}")
        assert answer.status_code == 200 or answer.json()["error"]


async def test_forms_whose_names_do_not_fit_together(ana: Person) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    for shape in ("media_ids[999999999]=1", "media_ids[0][0]=1", "poll[options]=a&poll[options][]=b", "poll[]=1",
                  "poll[options][0]=a&poll[options][x]=b", "status[a]=b"):  # fmt: skip
        answer = await send(ana.api, "POST", STATUSES, content=f"status=a&{shape}".encode(), headers=headers)
        assert_refused(answer, 400, 404, 422)


async def test_a_body_over_the_limit_is_refused_whether_announced_or_not(ana: Person) -> None:
    async def endless() -> Any:
        for _ in range(40):
            yield b"a" * 65536

    assert_refused(await send(ana.api, "POST", STATUSES, content=b"a" * (2 << 20), headers=JSON), 413)
    assert_refused(await send(ana.api, "POST", STATUSES, content=endless(), headers=JSON), 413)
    files = {"file": ("a.png", b"\x89PNG\r\n\x1a\n" + b"a" * (18 << 20), "image/png")}
    assert_refused(await send(ana.api, "POST", "/api/v2/media", files=files), 413)


ELSEWHERE = [
    ("PUT", "/api/v1/timelines/home"), ("DELETE", "/api/v1/instance"), ("PROPFIND", "/api/v1/instance"),
    ("TRACE", "/api/v1/instance"), ("GET", "/api/v1/nothing"), ("POST", "/api/v9/statuses"), ("GET", "/api/"),
    ("GET", "/api/v1/accounts/1/nothing"), ("GET", "/api/v1/instance/../../etc/passwd"), ("QUERY", STATUSES),
]  # fmt: skip


async def test_what_is_not_there_is_not_found_in_the_shape_of_the_api(ana: Person) -> None:
    for method, path in ELSEWHERE:
        assert_refused(await send(ana.api, method, path), 404, 405)


async def test_odd_authorization_headers_are_no_authorization(world: World) -> None:
    for value in ("", "Bearer", "Bearer ", "Basic", "Basic !!!", "Bearer a b c", "bearer \x00", "Bearer " + "a" * 5000,
                  "Digest x", ",", "Bearer \u00e9"):  # fmt: skip
        headers = {"authorization": value.encode("latin-1")}
        assert_refused(await world.http.request("GET", "/api/v1/timelines/home", headers=headers), 401)


@pytest.mark.parametrize("key", ["", "a" * 5000, "\u00fc", "'; --", "{}", "\x7f"])
async def test_any_idempotency_key_works(ana: Person, key: str) -> None:
    headers = {"idempotency-key": key.encode("latin-1")}
    first = await ana.api.post(STATUSES, {"status": "Once"}, headers=headers)
    second = await ana.api.post(STATUSES, {"status": "Once"}, headers=headers)
    assert (first.json()["id"] == second.json()["id"]) == bool(key)


TEXTS = [
    "\u202e", "\ufdd0", "\U0010ffff", "e\u0301" * 100, "\u2400", "#" * 200, "@" * 200, "@a@b" * 40, "http://" * 60,
    "[" * 490, ":smile:" * 60,
]  # fmt: skip


async def test_any_text_is_kept_or_refused(ana: Person) -> None:
    for text in TEXTS:
        answer = await send(ana.api, "POST", STATUSES, json={"status": text})
        assert answer.status_code in (200, 422), answer.text
