"""A host, its notices, people who have written what it complains of, and moderators."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from rostra.moderation.desk import Reviewer
from rostra.notices.intake import Arrival, take_in
from rostra.notices.item_queries import list_items
from rostra.notices.provider_queries import find_provider
from rostra.notices.providers import ProviderDraft, add_provider
from rostra.notices.records import Item, Provider
from rostra.policy.check import check_files
from rostra.policy.records import Bundle
from rostra.screening.detectors import load_detectors
from rostra.screening.versions import activate
from tests.notices.letters import xarf4
from tests.world import Person, World

HANGED = "They all deserve to be hanged on the square in front of the palace on the nineteenth of January"
FILES = {
    "policy.yaml": (
        b"format: 1\nname: House\nlanguages: [en, it]\nclauses:\n"
        b"  - id: threats\n    title: {en: Threats, it: Minacce}\n    text: {en: No threats., it: Niente minacce.}\n"
        b"    severity: 5\n    ground: terms\n    by_people: reports\n    covers: [cloud/violence]\n"
        b"    dsa: {category: STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY}\n"
        b"    reason: {en: This is a threat., it: Questa e una minaccia.}\n    strikes: {points: 2, expires: 90d}\n"
    ),
    "hosts/cloud.yaml": (
        b"id: cloud\ntitle: Example Cloud\nreply_within: 24h\nclauses:\n"
        b"  - id: violence\n    title: Violence\n    text: None.\n"
    ),
}


async def put_policy(world: World) -> Bundle:
    """A policy with one clause, which answers one of the host's."""
    bundle, problems = check_files(FILES, today=world.clock.now().date())
    assert not [problem for problem in problems if problem.level == "error"], problems
    await activate(world.db, world.clock, load_detectors(), FILES)
    world.res.screen.policies.forget()
    return bundle


async def put_provider(world: World, **more: Any) -> Provider:
    """The host."""
    bundle = (await world.res.desk.policies.current(world.db)).bundle
    draft = ProviderDraft(
        name="Example Cloud", host="cloud", contact="abuse@cloud.example", domains=("cloud.example",),
        reply_within=timedelta(hours=24),
    )  # fmt: skip
    draft = msgspec.structs.replace(draft, **more)
    provider_id = await add_provider(world.db, world.clock, draft, bundle=bundle, actor_id=None)
    async with world.db.read() as conn:
        found = await find_provider(conn, provider_id)
    assert found is not None
    return found


async def send(world: World, provider: Provider | None, body: bytes, **more: Any) -> int:
    """Take a notice in as the provider's, and let the workers look into it."""
    arrival = Arrival(body=body, channel="api", proof="token" if provider else "none", provider=provider)
    arrival = msgspec.structs.replace(arrival, **more)
    taken = await take_in(world.res.desk, arrival)
    await world.settle()
    return taken.notice_id


async def report(world: World, provider: Provider, *urls: str, **more: Any) -> int:
    """A report in XARF about these addresses."""
    return await send(world, provider, xarf4(*urls, clause="violence", **more))


async def items_of(world: World, notice_id: int) -> list[Item]:
    async with world.db.read() as conn:
        return await list_items(conn, notice_id)


def reviewer(person: Person) -> Reviewer:
    return Reviewer(account_id=person.account_id, role="moderator")


async def row_of(world: World, notice_id: int) -> Any:
    async with world.db.read() as conn:
        return await conn.fetchrow("select * from notices where id = $1", notice_id)
