"""A world with one of everything, for tests that send anything anywhere."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from tests.media.samples import encode, picture
from tests.world import Person, World

# Where these stand in a path, what stands for them.
KINDS = {
    "accounts": "account", "statuses": "status", "lists": "list", "filters": "filter", "notifications": "notification",
    "media": "media", "polls": "status", "follow_requests": "requester", "tags": "tag",
    "scheduled_statuses": "scheduled", "keywords": "keyword", "list": "list", "tag": "tag",
}  # fmt: skip


class Populated:
    """A world with one of everything, and the ids of it."""

    def __init__(self, world: World, person: Person) -> None:
        self.world = world
        self.person = person
        self.ids: dict[str, str] = {}

    def path(self, template: str, given: dict[str, Any]) -> dict[str, Any]:
        """The parameters of a path, pointed at records that are there."""
        segments = template.strip("/").split("/")
        return {name: self._known(segments, name) or value for name, value in given.items()}

    def _known(self, segments: list[str], name: str) -> str | None:
        own = {"{" + name + "}", "{" + name + ":path}"}
        before = next(former for former, segment in pairwise(["", *segments]) if segment in own)
        kind = KINDS.get(before, "")
        if segments[:4] == ["api", "v2", "filters", "statuses"]:
            kind = "filter_status"
        elif segments[:3] == ["api", "v1", "filters"]:
            kind = "keyword"
        return self.ids.get(kind)


async def populate(world: World) -> Populated:
    ana, ben = await world.person("ana"), await world.person("ben")
    ready = Populated(world, ana)
    api = ana.api

    async def make(kind: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        made = (await api.post(path, body)).json()
        ready.ids[kind] = made["id"]
        return made

    await ben.follow(ana)
    await ana.follow(ben)
    mention = await ben.post("Hello @ana, see #cats", poll={"options": ["a", "b"], "expires_in": 600})
    await make(
        "status", "/api/v1/statuses", {"status": "Mine #cats", "poll": {"options": ["a", "b"], "expires_in": 600}}
    )
    await make("list", "/api/v1/lists", {"title": "List"})
    made = await make("filter", "/api/v2/filters", {
        "title": "Dogs", "context": ["home"], "keywords_attributes": [{"keyword": "dogs"}],
    })  # fmt: skip
    ready.ids["keyword"] = made["keywords"][0]["id"]
    await make("filter_status", f"/api/v2/filters/{made['id']}/statuses", {"status_id": mention["id"]})
    upload = await api.post("/api/v2/media", files={"file": ("a.png", encode(picture(8, 8), "PNG"), "image/png")})
    ready.ids |= {"media": upload.json()["id"], "account": ben.id, "tag": "cats"}
    await make("scheduled", "/api/v1/statuses", {"status": "Later", "scheduled_at": "2026-06-01T12:00:00Z"})
    await api.patch("/api/v1/accounts/update_credentials", {"locked": True})
    cleo = await world.person("cleo")
    await cleo.follow(ana)
    ready.ids["requester"] = cleo.id
    await world.settle()
    ready.ids["notification"] = (await api.get("/api/v1/notifications")).json()[0]["id"]
    return ready
