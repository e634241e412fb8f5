"""Every endpoint of the description, with whatever fits it and with what does not: never a 500, always as described.

The requests are made up by schemathesis, the same ones in every run, and sent to the application in process; paths
are pointed at real records half of the time, for an id that is nowhere tests little.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from functools import cache
from typing import Any

import msgspec
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from rostra.api.openapi import describe
from rostra.kit.clock import FixedClock
from tests.conftest import NOON, TransactionDatabase
from tests.media.samples import encode, picture
from tests.world import DOMAIN, Person, World, check_answer

HONEST = settings(
    max_examples=10, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
HOSTILE = settings(HONEST, max_examples=6)
# What the client itself says, and what the case made up for signing in.
OWN_HEADERS = {"authorization", "content-length", "connection", "accept-encoding"}
# Where these stand in a path, what stands for them.
KINDS = {
    "accounts": "account", "statuses": "status", "lists": "list", "filters": "filter", "notifications": "notification",
    "media": "media", "polls": "status", "follow_requests": "requester", "tags": "tag",
    "scheduled_statuses": "scheduled", "keywords": "keyword", "list": "list", "tag": "tag",
}  # fmt: skip


@cache
def description() -> Any:
    return schemathesis.openapi.from_dict(msgspec.json.decode(describe(f"http://{DOMAIN}")))


FOUND = (found.ok() for found in description().get_all_operations())
# Whatever takes PUT takes PATCH as well, and means the same.
OPERATIONS = {operation.label: operation for operation in FOUND if operation.method.upper() != "PUT"}


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
        before = segments[segments.index("{" + name + "}") - 1]
        kind = KINDS.get(before, "")
        if segments[:4] == ["api", "v2", "filters", "statuses"]:
            kind = "filter_status"
        elif segments[:3] == ["api", "v1", "filters"]:
            kind = "keyword"
        return self.ids.get(kind)


@pytest.fixture(scope="module")
async def stage(shared_connection: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Populated]:
    """The populated world, made once and never committed."""
    transaction = shared_connection.transaction()
    await transaction.start()
    world = World(TransactionDatabase(shared_connection), FixedClock(NOON), tmp_path_factory.mktemp("stage"))
    async with world.http_client, world.images:
        yield await populate(world)
        await world.aclose()
    await transaction.rollback()


@pytest.fixture
async def populated(stage: Populated) -> AsyncIterator[Populated]:
    """The populated world; what happens in it is taken back after the test."""
    stage.world.db.statements.clear()
    savepoint = stage.world.db.connection.transaction()
    await savepoint.start()
    yield stage
    await savepoint.rollback()


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


async def send(ready: Populated, case: Any, *, signed_in: bool, real: bool) -> None:
    """Send a case and hold the answer to the description."""
    if real:
        case.path_parameters = ready.path(case.operation.path, dict(case.path_parameters or {}))
    made = requests.Request(**case.as_transport_kwargs(base_url=f"http://{DOMAIN}")).prepare()
    headers = {name: value for name, value in made.headers.items() if name.lower() not in OWN_HEADERS}
    if signed_in:
        headers["authorization"] = f"Bearer {ready.person.token}"
    assert made.method
    assert made.url
    request = ready.world.http.build_request(made.method, made.url, headers=headers, content=made.body or b"")
    answer = await ready.world.http.send(request)
    sent = f"{request.method} {request.url} {headers} {request.content[:1000]!r}"
    said = f"{sent} -> {answer.status_code} {answer.text[:500]}"
    assert answer.status_code < 500, said
    if answer.status_code >= 400:
        assert isinstance(answer.json().get("error"), str), said
    check_answer(request.method, answer)


def make_up(label: str, mode: GenerationMode, bounds: settings) -> list[tuple[Any, bool, bool]]:
    """Cases for an operation, each with whether somebody sends it and whether its path is pointed at real records."""
    made: list[tuple[Any, bool, bool]] = []

    @bounds
    @given(case=OPERATIONS[label].as_strategy(generation_mode=mode), signed_in=st.integers(0, 3), real=st.booleans())
    def collect(case: Any, signed_in: int, real: bool) -> None:
        made.append((case, signed_in > 0, real))

    # Where an operation takes nothing, nothing can be wrong.
    with contextlib.suppress(Unsatisfiable):
        collect()
    return made


@pytest.mark.parametrize("label", OPERATIONS)
async def test_it_answers_as_described_and_refuses_what_does_not_fit(populated: Populated, label: str) -> None:
    honest = make_up(label, GenerationMode.POSITIVE, HONEST)
    assert honest
    for case, signed_in, real in (*honest, *make_up(label, GenerationMode.NEGATIVE, HOSTILE)):
        await send(populated, case, signed_in=signed_in, real=real)
