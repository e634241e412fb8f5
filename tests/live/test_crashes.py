"""Whatever is killed, and whenever: what was acknowledged is there, once; and the program comes back by itself."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.live.load import Load, posts_of
from tests.live.server import Person, Server, running, wait_for


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running("--workers", 2) as server:
        yield server


@pytest.fixture(scope="module")
def writer(server: Server) -> Person:
    return server.person("writer")


def kill(server: Server, command: str) -> None:
    """kill -9 one process of the kind and wait until another stands in its place and requests are answered."""
    before = set(server.children(command))
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    wait_for(lambda: len(now := set(server.children(command))) == len(before) and victim not in now)
    wait_for(server.is_healthy)


def assert_all_there_once(load: Load, reader: Person, writer: Person) -> None:
    """Every acknowledged post can be read, exactly once, under the id that was answered."""
    assert load.refused == []
    assert all(len(ids) == 1 for ids in load.acknowledged.values())
    there = posts_of(reader, writer.id)
    assert [text for text, times in Counter(text for _, text in there).items() if times != 1] == []
    assert {text: next(iter(ids)) for text, ids in load.acknowledged.items()} == {text: id_ for id_, text in there}


def test_kill_9_of_any_process_loses_no_acknowledged_post_and_repeats_none(server: Server, writer: Person) -> None:
    with Load(server, writer) as load:
        load.wait_for_more()
        for command in ("web", "worker", "postgres"):
            kill(server, command)
            load.wait_for_more()
    load.send_again(20)
    assert_all_there_once(load, writer, writer)
    home = writer.http.get("/api/v1/timelines/home?limit=40")
    newest = [id_ for id_, _ in posts_of(writer)[:40]]
    wait_for(lambda: [one["id"] for one in writer.http.get("/api/v1/timelines/home?limit=40").json()] == newest)
    assert home.status_code == 200


def test_requests_with_the_same_key_at_the_same_time_make_one_post(server: Server, writer: Person) -> None:
    def send(_: int) -> str:
        answer = httpx.post(
            f"{server.url}/api/v1/statuses", json={"status": "Said once"}, timeout=20, trust_env=False,
            headers={"authorization": f"Bearer {writer.token}", "idempotency-key": "the same"},
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
        return answer.json()["id"]

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(send, range(16)))) == 1
    assert [text for _, text in posts_of(writer)].count("Said once") == 1


def test_a_rolling_restart_loses_no_request(server: Server) -> None:
    writer = server.person("roller")
    before = set(server.children("web")) | set(server.children("worker"))
    with Load(server, writer, strict=True) as load:
        load.wait_for_more()
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: not before & (set(server.children("web")) | set(server.children("worker"))), 120)
        load.wait_for_more()
    assert_all_there_once(load, writer, writer)
    assert len(server.children("web")) == 2


def test_sigterm_ends_within_ten_seconds_and_what_was_left_is_done_after_the_next_start(
    server: Server, writer: Person
) -> None:
    reader, author = server.person("reader"), server.person("author")
    assert reader.http.post(f"/api/v1/accounts/{author.id}/follow").status_code == 200
    with Load(server, author) as load:
        load.wait_for_more(30)
        started = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(15) == 0
        assert time.monotonic() - started < 10
        load.give_up()
    assert server.stop() == 0
    server.start()
    newest = {id_ for id_, _ in posts_of(reader, author.id)[:30]}
    assert {next(iter(ids)) for ids in load.acknowledged.values()} >= newest
    wait_for(lambda: newest <= {one["id"] for one in reader.http.get("/api/v1/timelines/home?limit=40").json()})
