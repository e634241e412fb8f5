"""Levers on the real program with two web processes: pulled from the command line, felt by an app, released again."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.live.server import Person, Server, running, wait_for


@pytest.fixture(scope="module")
def crisis() -> Iterator[Server]:
    """A server of its own: what is pulled here is no business of other tests."""
    with running("--workers", 2) as server:
        yield server


def registrations(server: Server, person: Person) -> list[bool]:
    """What both web processes say of sign-ups, as far as eight requests meet both."""
    answers: list[Any] = [person.http.get("/api/v2/instance").json() for _ in range(8)]
    return [answer["registrations"]["enabled"] for answer in answers]


def test_a_lever_reaches_all_processes_and_leaves_them_again(crisis: Server) -> None:
    ada = crisis.person("ada")
    assert "moderation" not in ada.post("Good morning")
    crisis.run("levers", "arm", "hold-new-accounts", "--set", "hours=1", "--for", "1h")
    crisis.run("levers", "pull", "hold-new-accounts", "--reason", "A flood", "--title", "The flood")
    crisis.run("levers", "pull", "sign-ups-invitation")
    # Two seconds, and nobody has to restart or tell anything.
    time.sleep(2)
    assert registrations(crisis, ada) == [False] * 8
    held = [ada.post(f"Good day {n}") for n in range(4)]
    assert all(status["moderation"]["withheld"] == "review" for status in held)

    def counted() -> int:
        (lever,) = [each for each in json.loads(crisis.run("levers", "list", "--json"))["levers"]
                    if each["name"] == "hold-new-accounts"]  # fmt: skip
        return lever["pulled"]["held"]

    wait_for(lambda: counted() == 4)
    crisis.run("levers", "release", "sign-ups-invitation")
    incident = json.loads(crisis.run("levers", "release", "hold-new-accounts", "--publish-held", "--json"))
    time.sleep(2)
    assert registrations(crisis, ada) == [True] * 8
    assert "moderation" not in ada.post("Good evening")
    assert incident["ended_at"]
    # What only the lever held is let go by the clock that comes once a minute.
    path = f"/api/v1/statuses/{held[0]['id']}"
    wait_for(lambda: "moderation" not in ada.http.get(path).json(), seconds=90)
