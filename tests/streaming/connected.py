"""Connections to the hub without a network: what is sent to each is kept and can be looked at."""

from __future__ import annotations

import json
from typing import Any

from rostra.accounts.records import Viewer
from rostra.resources import Resources
from rostra.streaming.connect import Asked, label_of, open_stream
from rostra.streaming.hub import Hub
from rostra.streaming.subscriptions import Subscriber
from tests.world import Person


class Connected:
    """A connection of somebody, subscribed to streams such as `user` or `hashtag?Rome`."""

    def __init__(self, hub: Hub, viewer: Viewer, scopes: frozenset[str] | None) -> None:
        self._hub = hub
        self.subscriber = Subscriber(viewer, scopes)
        hub.subscriptions.join(self.subscriber)

    async def subscribe(self, res: Resources, *streams: str) -> None:
        for named in streams:
            name, _, param = named.partition("?")
            asked = Asked(name, param if name.startswith("hashtag") else "", param if name == "list" else "")
            stream = await open_stream(asked, self.subscriber, res)
            self._hub.subscriptions.add(self.subscriber, stream, label_of(asked))

    def heard(self) -> list[tuple[str, str, Any]]:
        """What was sent since the last look: stream, event, and the id of its status or notification, or the bare
        payload of what has none."""
        events: list[tuple[str, str, Any]] = []
        while not self.subscriber.waiting.empty():
            event = self.subscriber.waiting.get_nowait()
            frame = json.loads(event.frame)
            assert frame["stream"] == list(event.label)
            payload = frame.get("payload")
            if payload is not None and event.name != "delete":
                payload = json.loads(payload)["id"]
            events.append(("?".join(event.label), event.name, payload))
        return events

    def statuses(self) -> list[dict[str, Any]]:
        """The statuses that were sent since the last look."""
        sent: list[dict[str, Any]] = []
        while not self.subscriber.waiting.empty():
            event = self.subscriber.waiting.get_nowait()
            if event.name in ("update", "status.update"):
                sent.append(json.loads(event.payload or ""))
        return sent


async def connect(person: Person, *streams: str, scopes: frozenset[str] | None = None) -> Connected:
    """Connect somebody with their token; `scopes` instead of the token's own."""
    world = person.world
    owner = await world.res.tokens.find_owner(person.token)
    assert owner is not None
    assert owner.viewer is not None
    connected = Connected(world.app.hub, owner.viewer, owner.scopes if scopes is None else scopes)
    await connected.subscribe(world.res, *streams)
    return connected
