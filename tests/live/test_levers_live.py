"""Levers on the real program with two web processes: pulled from the command line, felt by an app, released again."""

from __future__ import annotations

import json
from typing import Any

from tests.live.server import Person, Server, wait_for


def registrations(server: Server, person: Person) -> list[bool]:
    """What both web processes say of sign-ups, as far as eight requests meet both."""
    answers: list[Any] = [person.http.get("/api/v2/instance").json() for _ in range(8)]
    return [answer["registrations"]["enabled"] for answer in answers]


def test_a_lever_reaches_all_processes_and_leaves_them_again(house: Server) -> None:
    ada = house.person("ada")
    assert "moderation" not in ada.post("Good morning")
    house.run("levers", "arm", "hold-new-accounts", "--set", "hours=1", "--for", "1h")
    house.run("levers", "pull", "hold-new-accounts", "--reason", "A flood", "--title", "The flood")
    house.run("levers", "pull", "sign-ups-invitation")
    # In a second or two, and nobody has to restart or tell anything.
    wait_for(lambda: registrations(house, ada) == [False] * 8)
    held = [ada.post(f"Good day {n}") for n in range(4)]
    assert all(status["moderation"]["withheld"] == "review" for status in held)

    def counted() -> int:
        (lever,) = [each for each in json.loads(house.run("levers", "list", "--json"))["levers"]
                    if each["name"] == "hold-new-accounts"]  # fmt: skip
        return lever["pulled"]["held"]

    wait_for(lambda: counted() == 4)
    house.run("levers", "release", "sign-ups-invitation")
    incident = json.loads(house.run("levers", "release", "hold-new-accounts", "--publish-held", "--json"))
    wait_for(lambda: registrations(house, ada) == [True] * 8)
    assert "moderation" not in ada.post("Good evening")
    assert incident["ended_at"]
    # What only the lever held is let go by the clock that comes once a minute.
    path = f"/api/v1/statuses/{held[0]['id']}"
    wait_for(lambda: "moderation" not in ada.http.get(path).json(), seconds=90)
