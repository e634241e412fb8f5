"""The outgoing client against real local servers, and its guard with made-up name servers."""

from __future__ import annotations

import asyncio
import datetime
import gzip
import ipaddress
import ssl
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from rostra.kit.connect import own_addresses
from rostra.kit.errors import Upstream
from rostra.kit.http import HttpClient, HttpLimits

Answer = Callable[[str, dict[str, str], asyncio.StreamWriter], Awaitable[None]]


class Site:
    """A server that answers with what the test gave it, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.connections = 0
        self.open = 0
        self.port = 0
        self.answers: dict[str, bytes | Answer] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        try:
            while await self._serve_one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open -= 1
            writer.close()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, path, _ = head.split("\r\n", 1)[0].split(" ")
        headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in head.split("\r\n")[1:] if line)
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.asked.append((method, path, headers, body))
        answer = self.answers.get(path.partition("?")[0], reply(404, b"no such page"))
        if isinstance(answer, bytes):
            writer.write(answer)
        else:
            await answer(path, headers, writer)
        await writer.drain()
        return not writer.is_closing()


def reply(status: int, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@asynccontextmanager
async def running(context: ssl.SSLContext | None = None) -> AsyncIterator[Site]:
    site = Site()
    server = await asyncio.start_server(site.serve, "127.0.0.1", 0, ssl=context)
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield site
    finally:
        server.close()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with running() as started:
        yield started


@pytest.fixture
async def client() -> AsyncIterator[HttpClient]:
    async with HttpClient(user_agent="Rostra/0 (+https://example.org)", allow_loopback=True) as opened:
        yield opened


def url_of(site: Site, path: str, host: str = "127.0.0.1") -> str:
    return f"http://{host}:{site.port}{path}"


def resolving(**names: Sequence[str]) -> Callable[[str, int], Awaitable[Sequence[str]]]:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return names[host.replace(".", "_")]

    return resolve


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.01)


# --- what comes back ---


async def test_an_answer_is_returned_with_its_headers_and_body(site: Site, client: HttpClient) -> None:
    site.answers["/a"] = reply(200, b"hello", Content_Type="text/plain", X_Twice="1", x_twice="2")
    answer = await client.get(url_of(site, "/a?q=1#part"))
    assert (answer.status, answer.body, answer.url) == (200, b"hello", url_of(site, "/a?q=1"))
    assert answer.headers["content-type"] == "text/plain"
    assert answer.headers["x-twice"] == "1, 2"
    method, path, headers, _ = site.asked[0]
    assert (method, path) == ("GET", "/a?q=1")
    assert headers["user-agent"] == "Rostra/0 (+https://example.org)"
    assert headers["host"] == f"127.0.0.1:{site.port}"


async def test_an_error_status_is_an_answer_and_not_an_error(site: Site, client: HttpClient) -> None:
    site.answers["/broken"] = reply(500, b"oh")
    assert (await client.get(url_of(site, "/broken"))).status == 500
    assert (await client.get(url_of(site, "/missing"))).status == 404


async def test_a_post_sends_its_content_and_headers(site: Site, client: HttpClient) -> None:
    site.answers["/inbox"] = reply(201, b"ok")
    answer = await client.post(
        url_of(site, "/inbox"), content=b"\x00sealed", headers={"TTL": "60", "Authorization": "vapid t=x"}
    )
    assert (answer.status, answer.body) == (201, b"ok")
    method, _, headers, body = site.asked[0]
    assert (method, body, headers["ttl"], headers["authorization"]) == ("POST", b"\x00sealed", "60", "vapid t=x")


async def test_a_connection_is_used_again(site: Site, client: HttpClient) -> None:
    site.answers["/a"] = reply(200, b"x")
    for _ in range(3):
        await client.get(url_of(site, "/a"))
    assert site.connections == 1


async def test_cookies_are_not_kept(site: Site, client: HttpClient) -> None:
    site.answers["/a"] = reply(200, b"x", Set_Cookie="id=1; Path=/")
    await client.get(url_of(site, "/a"))
    await client.get(url_of(site, "/a"))
    assert all("cookie" not in headers for _, _, headers, _ in site.asked)


async def test_proxies_of_the_environment_are_not_used(
    site: Site, client: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    site.answers["/a"] = reply(200, b"x")
    async with HttpClient(user_agent="r", allow_loopback=True) as fresh:
        assert (await fresh.get(url_of(site, "/a"))).body == b"x"


async def test_an_international_url_is_sent_in_ascii(site: Site) -> None:
    site.answers["/%C3%B6"] = reply(200, b"x")
    resolve = resolving(**{"xn--mnchen-3ya_de": ["127.0.0.1"]})
    async with HttpClient(user_agent="r", allow_loopback=True, resolve=resolve) as client:
        answer = await client.get(f"http://München.de:{site.port}/ö?q=ü&r=%20")
    assert answer.url == f"http://xn--mnchen-3ya.de:{site.port}/%C3%B6?q=%C3%BC&r=%20"
    assert site.asked[0][2]["host"] == f"xn--mnchen-3ya.de:{site.port}"


@pytest.mark.parametrize("name", ["Host", "Content-Length", "transfer-encoding", "User-Agent", "Accept-Encoding"])
async def test_headers_of_the_client_cannot_be_set_by_callers(site: Site, client: HttpClient, name: str) -> None:
    with pytest.raises(ValueError, match="itself sets"):
        await client.get(url_of(site, "/"), headers={name: "x"})


async def test_a_header_cannot_smuggle_another(site: Site, client: HttpClient) -> None:
    for value in ("1\r\nX-B: 2", "1\n", "\x00", "é"):
        with pytest.raises(ValueError, match="header X-A is not printable ASCII") as refused:
            await client.get(url_of(site, "/"), headers={"X-A": value})
        assert value not in str(refused.value)
    assert site.asked == []


# --- redirects ---


async def test_three_redirects_are_followed_and_a_fourth_is_not(site: Site, client: HttpClient) -> None:
    site.answers |= {f"/{n}": reply(301 + n % 2, Location=f"/{n - 1}") for n in range(1, 5)}
    site.answers["/0"] = reply(200, b"end")
    answer = await client.get(url_of(site, "/3"))
    assert (answer.body, answer.url) == (b"end", url_of(site, "/0"))
    with pytest.raises(Upstream, match="redirects more than 3"):
        await client.get(url_of(site, "/4"))


async def test_a_redirect_loop_ends(site: Site, client: HttpClient) -> None:
    site.answers["/loop"] = reply(302, Location="/loop")
    with pytest.raises(Upstream, match="redirects more than"):
        await client.get(url_of(site, "/loop"))
    assert len(site.asked) == 4


async def test_credentials_and_signatures_stay_behind_when_the_host_changes(site: Site) -> None:
    secret = {
        "Authorization": "Bearer t",
        "Signature": "s",
        "Signature-Input": "i",
        "Digest": "d",
        "X-Api-Key": "k",
        "Cookie": "c",
    }
    site.answers |= {"/a": reply(302, Location=f"http://b.test:{site.port}/b"), "/b": reply(200)}
    resolve = resolving(a_test=["127.0.0.1"], b_test=["127.0.0.1"])
    async with HttpClient(user_agent="r", allow_loopback=True, resolve=resolve) as client:
        await client.get(url_of(site, "/a", "a.test"), headers={"Accept": "text/html", **secret})
    (_, _, before, _), (_, _, after, _) = site.asked
    assert {name.lower() for name in secret} <= set(before)
    assert set(after) == {"host", "user-agent", "accept-encoding", "accept"}
    assert after["accept"] == "text/html"


async def test_on_the_same_host_credentials_follow_but_a_signature_does_not(site: Site, client: HttpClient) -> None:
    site.answers |= {"/a": reply(307, Location="/b"), "/b": reply(200)}
    await client.get(url_of(site, "/a"), headers={"Authorization": "Bearer t", "Signature": "s"})
    assert site.asked[1][2]["authorization"] == "Bearer t"
    assert "signature" not in site.asked[1][2]


async def test_another_port_is_another_host(site: Site, client: HttpClient) -> None:
    async with running() as other:
        other.answers["/b"] = reply(200)
        site.answers["/a"] = reply(302, Location=url_of(other, "/b"))
        await client.get(url_of(site, "/a"), headers={"Authorization": "Bearer t"})
        assert "authorization" not in other.asked[0][2]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_post_is_never_redirected(site: Site, client: HttpClient, status: int) -> None:
    site.answers["/inbox"] = reply(status, Location="/elsewhere")
    assert (await client.post(url_of(site, "/inbox"), content=b"x")).status == status
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    "location",
    [
        "ftp://a.test/",
        "file:///etc/passwd",
        "gopher://a.test/",
        "javascript:alert(1)",
        "http://[",
        "//:x",
        "\\\\a.test",
    ],
)
async def test_a_redirect_to_what_is_not_the_web_is_refused(site: Site, client: HttpClient, location: str) -> None:
    site.answers["/a"] = reply(302, Location=location)
    with pytest.raises(Upstream):
        await client.get(url_of(site, "/a"))


@pytest.mark.parametrize("inside", ["http://10.0.0.1/", "http://169.254.169.254/latest", "http://private.test/"])
async def test_a_redirect_inwards_is_refused(site: Site, inside: str) -> None:
    site.answers["/a"] = reply(302, Location=inside)
    resolve = resolving(private_test=["192.168.0.1"])
    async with HttpClient(user_agent="r", allow_loopback=True, resolve=resolve) as client:
        with pytest.raises(Upstream, match="no address that may be connected to"):
            await client.get(url_of(site, "/a"))


# --- limits ---


async def test_a_body_of_the_allowed_size_passes_and_one_byte_more_does_not(site: Site, client: HttpClient) -> None:
    site.answers |= {"/fits": reply(200, b"x" * 1000), "/over": reply(200, b"x" * 1001)}
    assert len((await client.get(url_of(site, "/fits"), max_bytes=1000)).body) == 1000
    with pytest.raises(Upstream, match="larger than 1000 bytes"):
        await client.get(url_of(site, "/over"), max_bytes=1000)


async def test_an_endless_body_is_cut_off(site: Site, client: HttpClient) -> None:
    async def endless(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"400\r\n" + b"x" * 1024 + b"\r\n")
            await writer.drain()

    site.answers["/endless"] = endless
    with pytest.raises(Upstream, match="larger than"):
        await client.get(url_of(site, "/endless"), max_bytes=100_000)
    await eventually(lambda: site.open == 0)


async def test_a_compressed_body_is_unpacked(site: Site, client: HttpClient) -> None:
    site.answers["/z"] = reply(200, gzip.compress(b"text " * 100, mtime=0), Content_Encoding="gzip")
    assert (await client.get(url_of(site, "/z"), max_bytes=500)).body == b"text " * 100


async def test_a_bomb_is_not_unpacked_beyond_the_cap(site: Site, client: HttpClient) -> None:
    site.answers["/bomb"] = reply(200, gzip.compress(b"\0" * 20_000_000, mtime=0), Content_Encoding="gzip")
    tracemalloc.start()
    try:
        with pytest.raises(Upstream, match="larger than 100000 bytes"):
            await client.get(url_of(site, "/bomb"), max_bytes=100_000)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


async def test_padding_that_unpacks_to_nothing_counts_too(site: Site, client: HttpClient) -> None:
    async def padded(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n")
        writer.write(gzip.compress(b"", mtime=0)[:10])
        while True:
            writer.write(b"\x00\x00\x00\xff\xff" * 1000)
            await writer.drain()

    site.answers["/padded"] = padded
    with pytest.raises(Upstream, match="larger than"):
        await client.get(url_of(site, "/padded"), max_bytes=100_000)


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (b"not gzip at all", "gzip"),
        (gzip.compress(b"cut short" * 99, mtime=0)[:-9], "gzip"),
        (gzip.compress(b"a", mtime=0) + gzip.compress(b"b", mtime=0), "gzip"),
        (b"x", "br"),
        (gzip.compress(gzip.compress(b"x", mtime=0), mtime=0), "gzip, gzip"),
    ],
)
async def test_a_body_in_a_bad_coding_is_refused(site: Site, client: HttpClient, body: bytes, coding: str) -> None:
    site.answers["/z"] = reply(200, body, Content_Encoding=coding)
    with pytest.raises(Upstream):
        await client.get(url_of(site, "/z"))


async def test_a_body_that_trickles_is_ended_by_the_one_deadline(site: Site) -> None:
    async def trickle(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    site.answers["/slow"] = trickle
    site.answers["/fast"] = reply(200, b"x")
    # With two connections, three leaked ones would leave none for the request at the end.
    limits = HttpLimits(connections=2)
    async with HttpClient(user_agent="r", allow_loopback=True, limits=limits) as client:
        for _ in range(3):
            with pytest.raises(Upstream, match=r"no whole answer within 0\.1 s"):
                await client.get(url_of(site, "/slow"), deadline=0.1)
        await eventually(lambda: site.open == 0)
        assert (await client.get(url_of(site, "/fast"))).body == b"x"


async def test_the_deadline_holds_over_redirects_together(site: Site, client: HttpClient) -> None:
    async def slow_redirect(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.2)
        writer.write(reply(302, Location="/r"))

    site.answers["/r"] = slow_redirect
    with pytest.raises(Upstream, match="no whole answer"):
        await client.get(url_of(site, "/r"), deadline=0.5)


async def test_a_server_that_never_answers_the_tls_handshake_holds_no_socket(client: HttpClient) -> None:
    gone = asyncio.Event()

    async def tarpit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(4096):
            pass
        writer.close()
        gone.set()

    server = await asyncio.start_server(tarpit, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(Upstream, match="no whole answer"):
        await client.get(f"https://127.0.0.1:{port}/", deadline=0.2)
    async with asyncio.timeout(60):
        await gone.wait()
    server.close()


async def test_a_slow_name_server_is_not_waited_for() -> None:
    async def never(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    async with HttpClient(user_agent="r", resolve=never, limits=HttpLimits(connect=0.1)) as client:
        with pytest.raises(Upstream, match="name look-up took too long"):
            await client.get("http://a.test/", deadline=5)


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"\x00\xff\xfe",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 300_000 + b"\r\n\r\n",
        b"HTTP/1.1 302 X\r\nLocation: \xff\xfe\x01\r\n\r\n",
    ],
)
async def test_an_answer_that_is_no_http_is_the_other_sides_failure(
    site: Site, client: HttpClient, garbage: bytes
) -> None:
    async def babble(path: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        writer.write(garbage)
        writer.close()

    site.answers["/g"] = babble
    with pytest.raises(Upstream):
        await client.get(url_of(site, "/g"))


# --- the guard ---


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://[::1]/",
        "http://[::]/",
        "http://0.0.0.0/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fe80::1%25eth0]/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://１２７.0.0.1/",
    ],
)
async def test_an_address_of_our_own_network_is_refused(url: str) -> None:
    async with HttpClient(user_agent="r") as client:
        with pytest.raises(Upstream):
            await client.get(url, deadline=2)
        with pytest.raises(Upstream):
            await client.post(url, content=b"", deadline=2)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "//example.org/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "unix:///var/run/docker.sock",
        "http://",
        "http:///path",
        "http://user:secret@example.org/",
        "http://@example.org/",
        "http://example.org:22/",
        "http://example.org:8080/",
        "https://example.org:0/",
        "https://example.org:99999/",
        "http://example.org:x/",
        "http://exa mple.org/",
        "http://example.org\\@127.0.0.1/",
        "http://example.org/\r\nX: y",
        "http://example.org/\ud800",
        "http://[::1",
        "https://example.org/" + "a" * 5000,
    ],
)
async def test_a_url_that_is_not_plain_web_is_refused_before_a_look_up(url: str) -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        raise AssertionError("looked up")

    async with HttpClient(user_agent="r", resolve=resolve) as client:
        with pytest.raises(Upstream) as caught:
            await client.get(url)
    assert "secret" not in str(caught.value)
    assert caught.value.text == Upstream.text


async def test_a_name_that_points_inwards_is_refused() -> None:
    for address in ("127.0.0.1", "10.0.0.1", "::1", "::ffff:10.0.0.1", "fe80::1%eth0", "64:ff9b::a00:1", "nonsense"):
        async with HttpClient(user_agent="r", resolve=resolving(evil_test=[address])) as client:
            with pytest.raises(Upstream, match="no address that may be connected to"):
                await client.get("http://evil.test/")


async def test_a_name_with_no_address_is_refused() -> None:
    async with HttpClient(user_agent="r", resolve=resolving(none_test=[])) as client:
        with pytest.raises(Upstream, match="no address"):
            await client.get("http://none.test/")


async def test_of_mixed_addresses_only_the_allowed_ones_are_tried(site: Site) -> None:
    resolve = resolving(mixed_test=["10.0.0.1", "169.254.169.254", "127.0.0.1"])
    site.answers["/"] = reply(200, b"x")
    async with HttpClient(user_agent="r", allow_loopback=True, resolve=resolve) as client:
        assert (await client.get(url_of(site, "/", "mixed.test"), deadline=2)).body == b"x"


async def test_the_next_address_is_tried_when_one_refuses(site: Site) -> None:
    resolve = resolving(two_test=["127.0.0.9", "127.0.0.1"])
    site.answers["/"] = reply(200, b"x")
    async with HttpClient(user_agent="r", allow_loopback=True, resolve=resolve) as client:
        assert (await client.get(url_of(site, "/", "two.test"))).body == b"x"


async def test_a_name_is_resolved_once_for_check_and_connection(site: Site) -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])

    async def rebinding(host: str, port: int) -> Sequence[str]:
        return next(answers)

    site.answers["/"] = reply(200, b"x", Connection="close")
    async with HttpClient(user_agent="r", allow_loopback=True, resolve=rebinding) as client:
        assert (await client.get(url_of(site, "/", "rebind.test"))).body == b"x"
        with pytest.raises(Upstream, match="no address that may be connected to"):
            await client.get(url_of(site, "/", "rebind.test"))


async def test_development_mode_opens_loopback_only(site: Site, client: HttpClient) -> None:
    site.answers["/"] = reply(200, b"x")
    assert (await client.get(url_of(site, "/", "localhost"))).status == 200
    for inside in ("http://10.0.0.1/", "http://192.168.0.1:8080/", "http://[fd00::1]/", "http://0.0.0.0/"):
        with pytest.raises(Upstream, match="no address that may be connected to"):
            await client.get(inside)


async def test_development_mode_opens_other_ports_on_loopback_only() -> None:
    async with HttpClient(user_agent="r", allow_loopback=True, resolve=resolving(far_test=["8.8.8.8"])) as client:
        with pytest.raises(Upstream, match="no address that may be connected to"):
            await client.get("http://far.test:8080/")


# --- The operator's own server ---


async def test_the_named_server_is_reached_on_loopback_and_on_any_port(site: Site) -> None:
    site.answers["/v1/x"] = reply(200, b"hello")
    async with HttpClient(user_agent="r", own_server=url_of(site, "/v1")) as client:
        answer = await client.post_to_own_server(url_of(site, "/v1/x"), content=b"{}", headers={"X-Key": "k"})
    assert answer.body == b"hello"
    assert [(method, headers["x-key"], body) for method, _, headers, body in site.asked] == [("POST", "k", b"{}")]


async def test_naming_a_server_opens_it_to_nothing_else(site: Site) -> None:
    site.answers["/"] = reply(200, b"x")
    async with running() as other, HttpClient(user_agent="r", own_server=url_of(site, "/")) as client:
        await client.post_to_own_server(url_of(site, "/"), content=b"")
        # Neither to others who name it, though a connection to it stands open, nor to its neighbours.
        for unguarded in (client.get(url_of(site, "/")), client.post(url_of(site, "/"), content=b"")):
            with pytest.raises(Upstream, match="not allowed"):
                await unguarded
        for elsewhere in (url_of(other, "/"), url_of(site, "/", "localhost"), "http://169.254.169.254/"):
            with pytest.raises(Upstream, match="is not the server that was named"):
                await client.post_to_own_server(elsewhere, content=b"")
        assert not other.connections
    assert site.connections == 1


async def test_without_a_named_server_there_is_none(site: Site, client: HttpClient) -> None:
    with pytest.raises(Upstream, match="is not the server that was named"):
        await client.post_to_own_server(url_of(site, "/"), content=b"")


async def test_on_a_web_port_the_named_server_is_closed_to_others_too() -> None:
    named = "http://model.test/"
    async with HttpClient(user_agent="r", own_server=named, resolve=resolving(model_test=["127.0.0.1"])) as client:
        with pytest.raises(Upstream, match="no address that may be connected to"):
            await client.get(named)


@pytest.mark.parametrize("address", ["169.254.169.254", "168.63.129.16", "0.0.0.0", "224.0.0.1", "fe80::1", "8.8.8.8"])
async def test_the_named_server_is_no_metadata_service_and_no_stranger_in_the_clear(address: str) -> None:
    named = "http://model.test:8080/"
    async with HttpClient(user_agent="r", own_server=named, resolve=resolving(model_test=[address])) as client:
        with pytest.raises(Upstream, match="no address that may be connected to"):
            await client.post_to_own_server(named, content=b"")


def test_the_rule_for_the_named_server_holds_for_its_port_alone() -> None:
    plain, encrypted = own_addresses(8080, encrypted=False), own_addresses(8443, encrypted=True)
    assert [plain("127.0.0.1", 8080), plain("127.0.0.1", 80), plain("8.8.8.8", 8080)] == [True, False, False]
    assert [encrypted("8.8.8.8", 8443), encrypted("10.0.0.1", 8443), encrypted("8.8.8.8", 443)] == [True, True, False]


async def test_the_named_server_sends_nobody_elsewhere(site: Site) -> None:
    site.answers["/"] = reply(302, Location="http://169.254.169.254/")
    async with HttpClient(user_agent="r", own_server=url_of(site, "/")) as client:
        assert (await client.post_to_own_server(url_of(site, "/"), content=b"")).status == 302


# --- TLS ---


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate and its key for tls.test, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tls.test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("tls.test"), x509.IPAddress(ipaddress.IPv4Address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "tls.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
async def secure_site(certificate: Path) -> AsyncIterator[Site]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    async with running(context) as started:
        yield started


async def test_tls_is_verified_for_the_name_and_not_for_the_address(secure_site: Site, certificate: Path) -> None:
    secure_site.answers["/"] = reply(200, b"sealed")
    resolve = resolving(tls_test=["127.0.0.1"], other_test=["127.0.0.1"])
    trusting = ssl.create_default_context(cafile=certificate)
    async with HttpClient(user_agent="r", allow_loopback=True, resolve=resolve, ssl_context=trusting) as client:
        assert (await client.get(f"https://tls.test:{secure_site.port}/")).body == b"sealed"
        with pytest.raises(Upstream, match="CERTIFICATE_VERIFY_FAILED"):
            await client.get(f"https://other.test:{secure_site.port}/")


async def test_an_unknown_certificate_is_refused(secure_site: Site, client: HttpClient) -> None:
    with pytest.raises(Upstream, match="CERTIFICATE_VERIFY_FAILED"):
        await client.get(f"https://127.0.0.1:{secure_site.port}/")


async def test_a_redirect_from_https_to_http_is_refused(site: Site, secure_site: Site, certificate: Path) -> None:
    secure_site.answers["/"] = reply(302, Location=url_of(site, "/"))
    trusting = ssl.create_default_context(cafile=certificate)
    async with HttpClient(user_agent="r", allow_loopback=True, ssl_context=trusting) as client:
        with pytest.raises(Upstream, match="from https to http"):
            await client.get(f"https://127.0.0.1:{secure_site.port}/")
    assert site.asked == []
