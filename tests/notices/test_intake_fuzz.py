"""Broken notices by the hundred through the whole intake: what can be read can be kept; nothing else comes of it."""

from __future__ import annotations

import random

from rostra.notices.intake import Arrival, release, take_in
from tests.notices.scene import reviewer
from tests.notices.test_formats_fuzz import SEEDS
from tests.world import World


async def test_broken_notices_are_kept_in_quarantine_and_nothing_else_is_disturbed(world: World) -> None:
    dice = random.Random(11)
    for number in range(200):
        body = bytearray(SEEDS[number % len(SEEDS)])
        for _ in range(dice.randrange(1, 6)):
            at, instead = (
                dice.randrange(len(body)),
                dice.choice((b"\x00", b"\xff", b"\xed\xa0\x80", b'"', b"\r\n", b"{", b"")),
            )
            body[at : at + dice.randrange(4)] = instead
        await take_in(
            world.res.desk, Arrival(body=bytes(body), channel="mail", key=f"\x01{number}", sender="a@b.example")
        )
    states = await world.db.connection.fetch("select state, count(*) from notices group by 1")
    assert {row["state"] for row in states} <= {"quarantined", "refused"}
    assert await world.db.connection.fetchval("select count(*) from cases") == 0


async def test_what_was_readable_can_be_released_and_looked_into(world: World) -> None:
    anna = await world.person("anna", role="moderator")
    for seed in SEEDS:
        taken = await take_in(world.res.desk, Arrival(body=seed, channel="mail"))
        await release(world.res.desk, reviewer(anna), taken.notice_id)
    await world.settle()
    rows = await world.db.connection.fetch("select distinct state from notices")
    assert [row["state"] for row in rows] == ["acting"]
