"""People who never give up: each post is sent with an idempotency key until it is acknowledged."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

import httpx

from tests.live.server import Person, Server

_PATIENCE = 30.0
# Between two posts of one writer, in seconds: enough load to be in the middle of something, and room to restart in.
_PAUSE = 0.05


class Load:
    """Several writers at once, from `__enter__` to `__exit__`, which waits for their last acknowledgements.

    `acknowledged` maps each key to the ids that were answered for it; `refused` collects answers that are neither
    success nor a server's excuse (502 to 504), and with `strict` every failure of any kind.
    """

    def __init__(self, server: Server, person: Person, writers: int = 3, *, strict: bool = False) -> None:
        self.acknowledged: dict[str, set[str]] = {}
        self.refused: list[str] = []
        self._server = server
        self._person = person
        self._strict = strict
        self._done = threading.Event()
        self._hopeless = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(number,), daemon=True) for number in range(writers)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join(_PATIENCE + 5)

    def wait_for_more(self, count: int = 10) -> None:
        """Return when so many more posts were acknowledged."""
        wanted = len(self.acknowledged) + count
        deadline = time.monotonic() + _PATIENCE
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < deadline, "nothing is acknowledged any more"
            time.sleep(0.02)

    def give_up(self) -> None:
        """Stop waiting for acknowledgements: the server was ended on purpose."""
        self._hopeless.set()

    def _write(self, writer: int) -> None:
        with self._client() as http:
            number = 0
            while not self._done.is_set():
                number += 1
                self._send(http, f"writer {writer} post {number}")
                time.sleep(_PAUSE)

    def _client(self) -> httpx.Client:
        headers = {"authorization": f"Bearer {self._person.token}"}
        return httpx.Client(base_url=self._server.url, headers=headers, timeout=10, trust_env=False)

    def _send(self, http: httpx.Client, text: str) -> None:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline and not self._hopeless.is_set():
            problem = self._try(http, text)
            if problem is None:
                return
            if self._strict:
                self.refused.append(problem)
                return
            time.sleep(0.05)
        if not self._hopeless.is_set():
            self.refused.append(f"{text}: never acknowledged")

    def _try(self, http: httpx.Client, text: str) -> str | None:
        """Send once; None where it was acknowledged, else what was the matter."""
        try:
            answer = http.post("/api/v1/statuses", json={"status": text}, headers={"idempotency-key": text})
        except httpx.TransportError as error:
            return f"{text}: {error!r}"
        if answer.status_code == 200:
            self.acknowledged.setdefault(text, set()).add(answer.json()["id"])
            return None
        if answer.status_code < 500:
            self.refused.append(f"{text}: {answer.status_code} {answer.text}")
        return f"{text}: {answer.status_code} {answer.text}"

    def send_again(self, count: int) -> None:
        """Send the first so many acknowledged posts once more, with their keys."""
        with self._client() as http:
            for text in list(self.acknowledged)[:count]:
                assert self._try(http, text) is None


def posts_of(person: Person, account_id: str | None = None) -> list[tuple[str, str]]:
    """All posts of an account as (id, text without markup), read page by page."""
    found: list[tuple[str, str]] = []
    path = f"/api/v1/accounts/{account_id or person.id}/statuses?limit=40"
    while path:
        answer = person.http.get(path)
        assert answer.status_code == 200, answer.text
        found += [
            (status["id"], status["content"].removeprefix("<p>").removesuffix("</p>")) for status in answer.json()
        ]
        path = answer.links.get("next", {}).get("url", "") if answer.json() else ""
    return found
