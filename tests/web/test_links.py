"""Nothing leads nowhere: every link and every form of every page that can be reached, for a visitor, a member and the
owner."""

from __future__ import annotations

import re
from collections import Counter, deque
from html.parser import HTMLParser
from urllib.parse import urldefrag, urlencode, urljoin, urlsplit

import msgspec
import pytest

from rostra.kit.router import Router
from rostra.search.trends import count_trends
from rostra.web.pages import all_pages
from tests.media.samples import encode, picture
from tests.web.browser import Browser
from tests.world import DOMAIN, Person, World

BASE = f"http://{DOMAIN}"
# Where each of them begins, beside what they find by themselves.
STARTS = ("/", "/home", "/explore", "/search?q=bread", "/keyboard", "/offline", "/settings", "/scheduled")
# So many pages of one kind (the same address but for numbers) are looked at.
_OF_A_KIND = 3


class Target(msgspec.Struct, frozen=True):
    """Something that a page leads to."""

    method: str
    address: str


class Reader(HTMLParser):
    """What a page leads to, and the ids that it has."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.targets: set[Target] = set()
        self.ids: set[str] = set()
        self._form = "get"
        # Of a form that asks: where it leads, and what it sends as it stands.
        self._asks: str | None = None
        self._fields: dict[str, str] = {}
        self._select = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids.add(given.get("id", ""))
        if tag == "form":
            self._form = given.get("method", "get").lower()
            self._asks, self._fields = given.get("action"), {}
            if self._form != "get":
                self._add(self._form, self._asks)
        self._fill(tag, given)
        self._add(self._form, given.get("formaction"))
        self._add("post", given.get("hx-post"))
        for name in ("href", "src", "hx-get", "data-href", "data-live-url"):
            self._add("get", given.get(name))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._form == "get" and self._asks is not None:
            query = urlencode(self._fields)
            self._add("get", f"{self._asks}?{query}" if query else self._asks)
            self._asks = None

    def _fill(self, tag: str, given: dict[str, str]) -> None:
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "select":
            self._select = name
        elif tag == "option" and ("selected" in given or self._select not in self._fields):
            self._fields[self._select] = value
        elif tag == "input" and name and (given.get("type") not in ("checkbox", "radio") or "checked" in given):
            self._fields[name] = value
        elif tag == "button" and name:
            self._fields.setdefault(name, value)

    def _add(self, method: str, address: str | None) -> None:
        if address is not None and not address.startswith(("data:", "mailto:")):
            self.targets.add(Target(method.upper(), address))


async def _populate(world: World) -> dict[str, Person]:
    """Something of everything; the people by name."""
    owner, ada = await world.person("owner", role="owner"), await world.person("ada")
    bruno = await world.person("bruno")
    for person in (owner, ada, bruno):
        wishes = {"discoverable": True, "indexable": True, "note": "Bakes #bread"}
        await person.api.patch("/api/v1/accounts/update_credentials", wishes)
    png = {"file": ("a.png", encode(picture(), "PNG"), "image/png")}
    media = (await ada.api.request("POST", "/api/v2/media", files=png, data={"description": "A fractal"})).json()
    first = await ada.post("Fresh #bread, @bruno", media_ids=[media["id"]], sensitive=True)
    poll = await bruno.post("Which #bread?", poll={"options": ["Rye", "Wheat"], "expires_in": 3600})
    reply = await bruno.post("@ada how?", in_reply_to_id=first["id"])
    await bruno.post("@ada more", in_reply_to_id=reply["id"], visibility="direct", spoiler_text="private")
    await owner.post("Welcome to https://bakery.example/ and #bread")
    for number in range(25):
        await ada.post(f"Loaf {number} of #bread")
    for person, other in ((owner, ada), (ada, bruno), (bruno, ada), (owner, bruno)):
        await person.follow(other)
    await world.settle()
    for person in (owner, bruno):
        for act in ("favourite", "reblog", "bookmark"):
            await person.api.post(f"/api/v1/statuses/{first['id']}/{act}")
    await ada.api.post(f"/api/v1/polls/{poll['id']}/votes", {"choices": [0]})
    await ada.api.post(f"/api/v1/statuses/{first['id']}/pin")
    await ada.api.put(f"/api/v1/statuses/{reply['id']}", {"status": "x"}, expect=404)
    await bruno.api.put(f"/api/v1/statuses/{reply['id']}", {"status": "@ada how so?"})
    for person in (owner, ada):
        made = (await person.api.post("/api/v1/lists", {"title": "Bakers"})).json()
        await person.api.post(f"/api/v1/lists/{made['id']}/accounts", {"account_ids": [bruno.id]})
        await person.api.post("/api/v2/filters", {"title": "Rye", "context": ["home"]})
        await person.post("Later", scheduled_at="2026-05-05T12:00:00Z")
    locked = await world.person("carla")
    await locked.api.patch("/api/v1/accounts/update_credentials", {"locked": True})
    await ada.follow(locked)
    await owner.api.patch("/api/v1/accounts/update_credentials", {"locked": True})
    await locked.follow(owner)
    await locked.api.post(f"/api/v1/accounts/{bruno.id}/mute")
    await ada.api.post("/api/v1/reports", {"account_id": bruno.id, "status_ids": [poll["id"]], "comment": "Rye!"})
    await world.settle()
    await count_trends(world.db, world.clock)
    return {"owner": owner, "ada": ada}


class Crawler:
    """Looks at everything that can be reached; `problems` says what leads nowhere, and from where."""

    def __init__(self, browser: Browser) -> None:
        self.problems: list[str] = []
        self.seen: dict[str, Reader] = {}
        self._browser = browser
        self._kinds: Counter[str] = Counter()
        self._posts: set[str] = set()
        self._routes: Router[str] = Router()
        for page in all_pages():
            self._routes.add(page.method, page.path, page.path)

    async def crawl(self) -> None:
        """Go everywhere."""
        waiting = deque((address, "the start") for address in STARTS)
        wanted_ids: list[tuple[str, str, str]] = []
        while waiting:
            address, found_on = waiting.popleft()
            reader = await self._visit(address, found_on)
            for target in reader.targets if reader else ():
                whole, fragment = urldefrag(urljoin(BASE + address, target.address))
                if not whole.startswith(BASE):
                    continue
                here = whole.removeprefix(BASE) or "/"
                if target.method == "POST":
                    self._check_post(here, address)
                elif self._is_new(here):
                    waiting.append((here, address))
                if fragment:
                    wanted_ids.append((here, fragment, address))
        for here, fragment, found_on in wanted_ids:
            if here in self.seen and fragment not in self.seen[here].ids:
                self.problems.append(f"{here}#{fragment} has no such place (linked on {found_on})")

    def _is_new(self, address: str) -> bool:
        kind = re.sub(r"\d{4,}", "N", address)
        if address in self.seen or self._kinds[kind] >= _OF_A_KIND:
            return False
        self._kinds[kind] += 1
        return True

    def _check_post(self, address: str, found_on: str) -> None:
        path = urlsplit(address).path
        if path not in self._posts and self._routes.find("POST", path) is None:
            self.problems.append(f"no form is expected at {path} (sent from {found_on})")
        self._posts.add(path)

    async def _visit(self, address: str, found_on: str) -> Reader | None:
        if address in self.seen:
            return None
        answer = await self._browser.http.get(address)
        is_page = answer.headers.get("content-type", "").startswith(("text/html", "image/svg"))
        reader = self.seen[address] = Reader(answer.text if is_page else "")
        if answer.status_code != 200:
            self.problems.append(f"{address} answers {answer.status_code} (linked on {found_on})")
            return None
        return reader


@pytest.mark.parametrize("who", ["visitor", "ada", "owner"])
async def test_no_link_and_no_form_leads_nowhere(world: World, who: str) -> None:
    people = await _populate(world)
    crawler = Crawler(await Browser.of(world, people[who]) if who in people else Browser(world))
    await crawler.crawl()
    assert crawler.problems == [], "\n".join(crawler.problems)
    least = {"visitor": 30, "ada": 80, "owner": 90}[who]
    assert len(crawler.seen) >= least, sorted(crawler.seen)
