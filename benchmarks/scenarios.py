"""What is measured: each scenario makes the n-th request of a run, mostly as one person after the other."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

import asyncpg
import msgspec

from benchmarks.load import Build, Request
from benchmarks.seed import PEOPLE, account_id, token_of, username

RECENT: Final = "select id from statuses where reblog_of_id is null order by id desc limit 5000"
THREADS: Final = (
    "select distinct conversation_id as id from statuses where in_reply_to_id is not null order by 1 desc limit 200"
)
WORDS: Final = "select words from status_search order by status_id desc limit 500"


class World(msgspec.Struct, frozen=True, kw_only=True):
    """What scenarios point at: recent statuses (no boosts), the roots of threads, words that few posts have."""

    recent: list[int]
    threads: list[int]
    words: list[str]


async def find_world(dsn: str) -> World:
    """Look up what scenarios point at."""
    conn = await asyncpg.connect(dsn)
    try:
        recent = [row["id"] for row in await conn.fetch(RECENT)]
        threads = [row["id"] for row in await conn.fetch(THREADS)]
        vectors = [row["words"] for row in await conn.fetch(WORDS)]
    finally:
        await conn.close()
    words = {word.split("'")[1] for vector in vectors for word in vector.split() if word.startswith("'n")}
    return World(recent=recent, threads=threads, words=sorted(word for word in words if word[1:].isdigit()))


class Scenario(msgspec.Struct, frozen=True):
    """One kind of request. `budget` is what it may cost, in milliseconds of CPU of all parts together; 0: no limit."""

    name: str
    build: Callable[[World], Build]
    budget: float = 0.0
    # Whether workers have something to do afterwards, which belongs to the cost.
    has_effects: bool = False


def _as_person(path: Callable[[World, int], str], method: str = "GET") -> Callable[[World], Build]:
    return lambda world: lambda n: Request(method, path(world, n), token_of(n % PEOPLE))


def _as_visitor(path: Callable[[World, int], str]) -> Callable[[World], Build]:
    return lambda world: lambda n: Request("GET", path(world, n))


def _favourite(world: World) -> Build:
    # Older ones than the seed's favourites; each person favourites each of them once.
    older = world.recent[len(world.recent) // 2 :]

    def build(number: int) -> Request:
        person = number % PEOPLE
        # The step keeps those who ask at once from waiting for each other.
        status = _one_of(older, number // PEOPLE + person * 11)
        return Request("POST", f"/api/v1/statuses/{status}/favourite", token_of(person))

    return build


def _post(_world: World) -> Build:
    return lambda n: Request(
        "POST", "/api/v1/statuses", token_of(n % PEOPLE), msgspec.json.encode({"status": sentence(n)})
    )


def _post_unscreened(_world: World) -> Build:
    return lambda n: Request(
        "POST", "/api/v1/statuses?unscreened=1", token_of(n % PEOPLE), msgspec.json.encode({"status": sentence(-n)})
    )


def sentence(number: int) -> str:
    """An ordinary post, unlike those before and after it: screening treats copies otherwise than what people write."""
    random = Random(number)
    words = random.sample(_WORDS, 14)
    return f"{' '.join(words[:8]).capitalize()}, {' '.join(words[8:])} {number}."


_WORDS: Final = [
    "the",
    "a",
    "this",
    "our",
    "some",
    "every",
    "with",
    "and",
    "but",
    "for",
    "after",
    "before",
    "morning",
    "evening",
    "garden",
    "kitchen",
    "river",
    "mountain",
    "street",
    "market",
    "coffee",
    "bread",
    "soup",
    "apple",
    "lemon",
    "window",
    "table",
    "letter",
    "book",
    "paper",
    "music",
    "guitar",
    "piano",
    "song",
    "film",
    "photo",
    "camera",
    "bicycle",
    "train",
    "bus",
    "ticket",
    "holiday",
    "summer",
    "winter",
    "rain",
    "snow",
    "wind",
    "sun",
    "cloud",
    "colour",
    "green",
    "blue",
    "yellow",
    "quiet",
    "loud",
    "warm",
    "cold",
    "small",
    "large",
    "old",
    "new",
    "slow",
    "quick",
    "early",
    "late",
    "happy",
    "tired",
    "busy",
    "free",
    "simple",
    "careful",
    "walk",
    "run",
    "read",
    "write",
    "cook",
    "paint",
    "plant",
    "build",
    "open",
    "close",
    "find",
    "lose",
    "bring",
    "carry",
    "wait",
    "ask",
    "answer",
    "remember",
    "forget",
    "begin",
    "finish",
    "learn",
    "teach",
    "neighbour",
    "friend",
    "sister",
    "brother",
    "teacher",
    "baker",
    "gardener",
    "doctor",
    "student",
    "child",
    "cat",
    "dog",
    "bird",
    "horse",
    "tree",
    "flower",
    "leaf",
    "stone",
    "bridge",
    "tower",
    "church",
    "library",
    "museum",
    "theatre",
    "school",
    "office",
    "village",
    "city",
    "island",
    "beach",
    "harbour",
    "field",
    "path",
]


def floor(size: int) -> Build:
    """The floor for a body of `size` bytes."""
    return lambda _: Request("GET", f"/floor?size={size}")


def _one_of(ids: list[int], number: int) -> int:
    return ids[number % len(ids)]


def home(person: int) -> Request:
    """A person's home timeline."""
    return Request("GET", "/api/v1/timelines/home", token_of(person))


_ALL: Final = (
    Scenario("home", lambda _: lambda n: home(n % PEOPLE), 0.5),
    Scenario("public", _as_person(lambda _, __: "/api/v1/timelines/public"), 0.5),
    Scenario("status", _as_person(lambda w, n: f"/api/v1/statuses/{_one_of(w.recent, n)}"), 0.25),
    Scenario("context", _as_person(lambda w, n: f"/api/v1/statuses/{_one_of(w.threads, n)}/context")),
    Scenario("account", _as_person(lambda _, n: f"/api/v1/accounts/{account_id(n * 7 % PEOPLE)}/statuses"), 0.5),
    Scenario("notifications", _as_person(lambda _, __: "/api/v1/notifications?limit=20"), 0.5),
    Scenario("search", _as_person(lambda w, n: f"/api/v2/search?q={w.words[n % len(w.words)]}&type=statuses")),
    Scenario("page", _as_visitor(lambda _, n: f"/@{username(n % PEOPLE)}")),
    Scenario("favourite", _favourite, has_effects=True),
    Scenario("post", _post, 3.0, has_effects=True),
    Scenario("unscreened", _post_unscreened, has_effects=True),
)  # fmt: skip
SCENARIOS: Final = {scenario.name: scenario for scenario in _ALL}
