"""The web process that a drill starts, and the visitor who tries it out over loopback."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import httpcore
import msgspec

from rostra.cli.isolated_web import LISTEN_FD
from rostra.continuity.drill.notes import CheckFailed
from rostra.continuity.drill.run import Copy
from rostra.kit.child import bound_to_parent

_PAUSE: Final = 0.05
_END: Final = 10.0
_TIMES: Final = {"timeout": {"connect": 5.0, "read": 60.0, "write": 60.0, "pool": 60.0}}
_TOKEN: Final = re.compile(r'name="csrf" value="([^"]+)"')
# Of our environment only what a program needs to run at all: nothing that names or opens anything outside.
_PASSED_ON: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH")


class Answer(msgspec.Struct, frozen=True):
    """What came back. `text` is the body."""

    status: int
    location: str
    text: str


class Visitor:
    """Somebody at the copy: keeps cookies and, once given one, a token."""

    def __init__(self, pool: httpcore.AsyncConnectionPool, port: int, domain: str) -> None:
        self._pool = pool
        self._base = f"http://127.0.0.1:{port}"
        self._domain = domain
        self._cookies: dict[str, str] = {}
        self.token: str | None = None

    async def get(self, path: str, expect: int = 200) -> Answer:
        """Raises CheckFailed for another status than `expect`."""
        return self._check("GET", path, await self._ask("GET", path, b"", {}), expect)

    async def post(self, path: str, fields: Mapping[str, str], expect: int) -> Answer:
        """Send a form. Raises CheckFailed for another status than `expect`."""
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return self._check("POST", path, await self._ask("POST", path, urlencode(fields).encode(), kind), expect)

    async def get_json(self, path: str) -> Any:
        """Raises CheckFailed for what is no answer, or none in JSON."""
        return _decoded(path, await self.get(path))

    async def post_json(self, path: str, content: object) -> Any:
        """The same for what is sent as JSON."""
        kind = {"content-type": "application/json"}
        answer = await self._ask("POST", path, msgspec.json.encode(content), kind)
        return _decoded(path, self._check("POST", path, answer, 200))

    def _check(self, method: str, path: str, answer: Answer, expect: int) -> Answer:
        if answer.status != expect:
            raise CheckFailed(f"{method} {path} was answered with {answer.status}, not {expect}")
        return answer

    async def _ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        sent = {"host": self._domain, **headers}
        if self._cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        if self.token is not None:
            sent["authorization"] = f"Bearer {self.token}"
        try:
            got = await self._pool.request(
                method, self._base + path, headers=list(sent.items()), content=body, extensions=_TIMES
            )
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            raise CheckFailed(f"{method} {path}: {type(error).__name__}") from None
        location = ""
        for name, value in got.headers:
            if name.lower() == b"set-cookie":
                self._cookies |= {key: each.value for key, each in SimpleCookie(value.decode()).items()}
            elif name.lower() == b"location":
                location = value.decode()
        return Answer(got.status, location, got.content.decode(errors="replace"))


def csrf_of(page: Answer) -> str:
    """The token in the page's forms. Raises CheckFailed."""
    found = _TOKEN.search(page.text)
    if found is None:
        raise CheckFailed("the page has no form")
    return found[1]


@asynccontextmanager
async def serving(copy: Copy) -> AsyncGenerator[tuple[Visitor, str]]:
    """The copy's web process from its first answer on, and by what it is cut off. Raises CheckFailed."""
    log = copy.settings.data_dir / "drill-web.log"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
        process = _spawn(copy, listener, log)
    try:
        async with httpcore.AsyncConnectionPool(max_connections=4) as pool:
            visitor = Visitor(pool, port, copy.settings.domain)
            await _until_healthy(visitor, process, log)
            yield visitor, _words_of(log).partition(" by the ")[2].partition(" ")[0]
    finally:
        await asyncio.to_thread(_end, process)


def _spawn(copy: Copy, listener: socket.socket, log: Path) -> subprocess.Popen[bytes]:
    """With an environment of its own, in which nothing is left that leads outside."""
    number = listener.fileno()
    env = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    env |= {LISTEN_FD: str(number), "ROSTRA_DATA": str(copy.settings.data_dir), "ROSTRA_DATABASE_URL": copy.dsn}
    with log.open("wb") as said:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "rostra.cli.isolated_web"],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            env=env,
            pass_fds=(number,),
            preexec_fn=bound_to_parent(signal.SIGKILL),  # noqa: PLW1509 - nothing waits for a lock between fork and exec
        )


async def _until_healthy(visitor: Visitor, process: subprocess.Popen[bytes], log: Path) -> None:
    while process.poll() is None:
        try:
            await visitor.get("/health")
        except CheckFailed:
            await asyncio.sleep(_PAUSE)
        else:
            return
    raise CheckFailed(f"the server ended at once: {_words_of(log)[-800:]}")


def _words_of(log: Path) -> str:
    return " ".join(log.read_text(errors="replace").split())


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _decoded(path: str, answer: Answer) -> Any:
    try:
        return msgspec.json.decode(answer.text)
    except msgspec.DecodeError:
        raise CheckFailed(f"{path}: the answer is no JSON") from None
