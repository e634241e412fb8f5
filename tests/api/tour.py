"""A world with one of everything, made through the API, and a walk past every address that can be read there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx

from rostra.api.routes import all_routes
from rostra.moderation.decisions.decide import decide_subject
from rostra.moderation.records import Draft, Wish
from tests.media.samples import encode, picture
from tests.notifications.push_service import PushService
from tests.world import Person, World


class Tour:
    """alice looks; `ids` say what stands for the parameter of a path, by what stands before it."""

    def __init__(self, world: World, alice: Person) -> None:
        self.world = world
        self.alice = alice
        self.ids: dict[str, str] = {"tag": "cats", "tags": "cats"}

    def fill(self, template: str) -> str:
        """A path to something that is there."""
        before, brace, _ = template.partition("{")
        if not brace:
            return template
        value = self.ids.get(before) or self.ids[before.strip("/").rpartition("/")[2]]
        return before + value + template.partition("}")[2]

    async def walk(self) -> list[tuple[str, httpx.Response]]:
        """Every address under /api/ that can be read, and what alice reads there."""
        queries = {
            "/api/v2/search": {"q": "cats"}, "/api/v1/accounts/search": {"q": "ben"},
            "/api/v1/accounts/lookup": {"acct": "ben"}, "/api/v1/domain_blocks/preview": {"domain": "else.example"},
            "/api/v1/markers": {"timeline[]": ["home", "notifications"]},
            "/api/v1/accounts/relationships": {"id[]": self.ids["accounts"]},
            "/api/v1/accounts/familiar_followers": {"id[]": self.ids["accounts"]},
            "/api/v1/accounts": {"id[]": self.ids["accounts"]}, "/api/v1/statuses": {"id[]": self.ids["statuses"]},
        }  # fmt: skip
        seen: list[tuple[str, httpx.Response]] = []
        for route in all_routes():
            if route.method == "GET" and route.path.startswith("/api/") and route.path not in _NOT_HERE | _STAFF:
                answer = await self.alice.api.get(self.fill(route.path), queries.get(route.path))
                seen.append((route.path, answer))
        return seen


# Absent in this world: the text of a policy; what only an app may ask for, or a provider with its own token; anything
# that is withheld, published or sealed.
_NOT_HERE = {
    "/api/rostra/v1/statuses/{id}/withheld",
    "/api/v1/instance/privacy_policy",
    "/api/v1/emails/check_confirmation",
    "/api/rostra/v1/notices/{id}",
    "/api/rostra/v1/transparency/reports/{id}",
    *(route.path for route in all_routes() if "/ledger/" in route.path),
}
# For staff only.
_STAFF = {
    route.path
    for route in all_routes()
    if "/admin/" in route.path or any(scope.startswith("admin:") for scope in route.scopes)
}


async def make_tour(world: World) -> Tour:
    """The world, and alice in it."""
    alice, ben, cleo, dora = [await world.person(name) for name in ("alice", "ben", "cleo", "dora")]
    tour = Tour(world, alice)
    await world.db.connection.execute(
        "insert into custom_emojis (id, shortcode, image_key, static_key, created_at)"
        " values (make_id($1), 'wave', 'emojis/a.png', 'emojis/a.png', $1)",
        world.clock.now(),
    )
    await world.db.connection.execute("update accounts set discoverable = true, indexable = true")
    await ben.api.patch("/api/v1/accounts/update_credentials", {
        "display_name": "Ben :wave:", "note": "Hello", "fields_attributes": [{"name": "Site", "value": "ben.example"}],
    })  # fmt: skip
    await alice.api.patch("/api/v1/accounts/update_credentials", {"locked": True})
    await _write(tour, ben)
    await _relate(tour, ben, cleo, dora)
    await _choose(tour, ben)
    await world.settle()
    # What moderation has decided about alice, as a rule would.
    warned = Draft(outcome="violates", wishes=(Wish(kind="warn", on="account"),))
    tour.ids["decisions"] = str(await decide_subject(world.res.desk, None, "account", alice.account_id, warned))
    tour.ids["notifications"] = (await alice.api.get("/api/v1/notifications")).json()[0]["id"]
    return tour


async def _write(tour: Tour, ben: Person) -> None:
    alice = tour.alice
    await alice.follow(ben)
    poll = {"options": ["a :wave:", "b"], "expires_in": 600}
    asked = await ben.post("Who likes #cats, @alice? :wave: https://example.com/a/long/way/to/go/to/a/cat", poll=poll)
    answer = await alice.post("I do #cats", in_reply_to_id=asked["id"], visibility="unlisted")
    files = {"file": ("a.png", encode(picture(8, 8), "PNG"), "image/png")}
    pictures = [(await ben.api.post("/api/v2/media", files=files)).json()["id"] for _ in range(2)]
    shown = await ben.post("A picture #cats", media_ids=pictures[:1], spoiler_text="cat")
    await ben.post("For @alice alone", visibility="direct")
    await ben.api.put(f"/api/v1/statuses/{shown['id']}", {"status": "The picture #cats", "media_ids": pictures[:1]})
    for act in ("favourite", "bookmark", "reblog"):
        await alice.api.post(f"/api/v1/statuses/{asked['id']}/{act}")
        await ben.api.post(f"/api/v1/statuses/{answer['id']}/{act}")
    await alice.api.post(f"/api/v1/polls/{asked['id']}/votes", {"choices": [1]})
    await ben.api.post(f"/api/v1/statuses/{asked['id']}/pin")
    later = {"status": "Later", "scheduled_at": "2026-06-01T12:00:00Z", "poll": poll}
    tour.ids["scheduled_statuses"] = (await alice.api.post("/api/v1/statuses", later)).json()["id"]
    own = (await alice.api.post("/api/v2/media", files=files)).json()["id"]
    tour.ids |= {"statuses": asked["id"], "polls": asked["id"], "media": own, "accounts": ben.id}


async def _relate(tour: Tour, ben: Person, cleo: Person, dora: Person) -> None:
    alice, world = tour.alice, tour.world
    # alice is locked: ben is let in, dora waits.
    for person in (ben, dora):
        await person.follow(alice)
    await alice.api.post(f"/api/v1/follow_requests/{ben.id}/authorize")
    await alice.api.post(f"/api/v1/accounts/{cleo.id}/block")
    await alice.api.post(f"/api/v1/accounts/{dora.id}/mute", {"duration": 3600})
    await alice.api.post("/api/v1/domain_blocks", {"domain": "else.example"})
    tag_id = await world.db.connection.fetchval("select id from tags where name = 'cats'")
    await world.db.connection.execute("insert into trending_tags (tag_id, score) values ($1, 1)", tag_id)
    await world.db.connection.execute(
        "insert into trending_statuses (status_id, score) values ($1, 1)", int(tour.ids["statuses"])
    )
    await world.db.connection.execute(
        "with card as (insert into preview_cards (id, url, title, usable, fetched_at, published_at)"
        " values (make_id($1), 'https://news.example/', 'News', true, $1, $1) returning id)"
        " insert into trending_links (card_id, score, history) select id, 1, '{}' from card",
        world.clock.now(),
    )
    await world.db.connection.execute(
        "update statuses set card_id = (select id from preview_cards where usable limit 1), rendered_for = 0"
        " where id = $1",
        int(tour.ids["statuses"]),
    )
    await world.db.connection.execute("insert into rules (id, text) values (1, 'Be kind')")


async def _choose(tour: Tour, ben: Person) -> None:
    api, ids = tour.alice.api, tour.ids
    ids["lists"] = ids["list"] = (await api.post("/api/v1/lists", {"title": "Friends"})).json()["id"]
    await api.post(f"/api/v1/lists/{ids['lists']}/accounts", {"account_ids": [ben.id]})
    await api.post("/api/v1/tags/cats/follow")
    wanted = {"title": "Cats", "context": ["home"], "keywords_attributes": [{"keyword": "cats"}], "expires_in": 3600}
    made = (await api.post("/api/v2/filters", wanted)).json()
    row = (await api.post(f"/api/v2/filters/{made['id']}/statuses", {"status_id": ids["statuses"]})).json()
    keyword_id = made["keywords"][0]["id"]
    ids |= {
        "/api/v2/filters/": made["id"], "/api/v1/filters/": keyword_id, "/api/v2/filters/keywords/": keyword_id,
        "/api/v2/filters/statuses/": row["id"],
    }  # fmt: skip
    await api.post("/api/v1/markers", {"home": {"last_read_id": ids["statuses"]}})
    service = PushService()
    service.port = 1
    await api.post("/api/v1/push/subscription", {"subscription": service.subscription()})


def walk(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Every object inside an answer, with the names that lead to it."""
    if isinstance(value, dict):
        yield path, value
        for name, child in value.items():
            yield from walk(child, (*path, name))
    elif isinstance(value, list):
        for child in value:
            yield from walk(child, path)


def check_headers(answer: httpx.Response) -> None:
    """Whether an answer is JSON that says what may still be asked."""
    assert answer.headers["content-type"].partition(";")[0] == "application/json", answer.url
    assert answer.json() is not None
    assert int(answer.headers["x-ratelimit-limit"]) >= int(answer.headers["x-ratelimit-remaining"]) >= 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", answer.headers["x-ratelimit-reset"])


def rows(answer: httpx.Response) -> list[Any]:
    """What the list has: ids, or names."""
    body = answer.json()
    items = body if isinstance(body, list) else next(found for found in body.values() if found)
    things = [item.get("account", item) if isinstance(item, dict) and "id" not in item else item for item in items]
    return [item if isinstance(item, str) else item.get("id") or item["url"] for item in things]
