"""Decisions on servers: with a reason and an end, taken back with everything, and known to the public."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from rostra.kit.errors import Conflict, Invalid
from rostra.measurement import transparency_count_queries as sql
from rostra.measurement.public_log import count_log, read_log
from rostra.measurement.transparency_counts import ServerCount
from rostra.moderation.domains.decisions import Why, expire_domains, list_decisions, make_why, reverse_domain
from rostra.moderation.domains.domains import DomainWish, block_domain, change_block, unblock_domain
from tests.moderation.test_domains import held, remote
from tests.screening.policies import put_in_force
from tests.web.browser import Browser
from tests.web.markup import check
from tests.world import DOMAIN, Person, World

PATH = "/api/rostra/v1/moderation/servers/decisions"


@pytest.fixture
async def mona(world: World) -> Person:
    await put_in_force(world)
    return await world.person("mona", role="moderator", scopes="read write admin:read admin:write")


async def block(world: World, by: Person, severity: Any = "suspend", domain: str = "bad.example", **why: Any) -> int:
    reason = await make_why(world.res.desk, why.pop("clause", "words"), why.pop("lasts", None))
    wish = DomainWish(severity=severity, public_comment="Threats", private_comment="Ticket 12", **why)
    made = await block_domain(
        world.db, world.clock, world.res.emit, by.account_id, domain, wish, own_domain=DOMAIN, why=reason
    )
    await world.settle()
    return made.id


async def change(world: World, by: Person, block_id: int, severity: Any, why: Why | None = None) -> None:
    wish = DomainWish(severity=severity)
    await change_block(world.db, world.clock, world.res.emit, by.account_id, block_id, wish, why=why)
    await world.settle()


async def rules(world: World) -> list[tuple[str, str]]:
    return [tuple(row) for row in await world.db.connection.fetch("select domain, severity from domain_blocks")]


async def test_a_decision_says_why_for_how_long_and_what_is_in_the_ledger(world: World, mona: Person) -> None:
    await block(world, mona, lasts=timedelta(days=7))
    (made,) = await list_decisions(world.res.desk)
    assert (made.clause, made.public_comment, made.private_comment) == ("words", "Threats", "Ticket 12")
    assert made.policy
    assert made.ends_at == made.created_at + timedelta(days=7)
    event = await world.db.connection.fetchrow("select * from moderation_events where id = $1", made.event_id)
    assert (event["type"], event["subject_id"], event["clause"]) == ("domain_blocked", made.block_id, "words")


async def test_nobody_gets_a_statement_or_a_strike(world: World, mona: Person) -> None:
    await remote(world, "eve@bad.example")
    await block(world, mona)
    assert await world.db.connection.fetchval("select count(*) from statements") == 0
    assert await world.db.connection.fetchval("select count(*) from decisions") == 0


async def test_turning_it_round_brings_everything_back(world: World, mona: Person) -> None:
    eve = await remote(world, "eve@bad.example")
    await block(world, mona)
    assert await held(world, eve) == (True, False)
    (made,) = await list_decisions(world.res.desk)
    await reverse_domain(world.res.desk, mona.account_id, made.id)
    await world.settle()
    assert await held(world, eve) == (False, False)
    assert await rules(world) == []
    with pytest.raises(Conflict):
        await reverse_domain(world.res.desk, mona.account_id, made.id)


async def test_what_held_before_holds_again(world: World, mona: Person) -> None:
    eve = await remote(world, "eve@bad.example")
    block_id = await block(world, mona, "silence")
    await change(world, mona, block_id, "suspend")
    newer, older = await list_decisions(world.res.desk)
    assert (newer.clause, older.ended_why, newer.before_id) == ("words", "superseded", older.id)
    await reverse_domain(world.res.desk, mona.account_id, newer.id)
    await world.settle()
    assert await rules(world) == [("bad.example", "silence")]
    assert await held(world, eve) == (False, True)
    newer, older = await list_decisions(world.res.desk)
    assert (newer.ended_why, older.ended_at) == ("reversed", None)


async def test_one_with_an_end_ends_by_itself(world: World, mona: Person) -> None:
    eve = await remote(world, "eve@bad.example")
    block_id = await block(world, mona, lasts=timedelta(days=7))
    world.at(world.clock.now() + timedelta(days=6))
    # A change of the words leaves the end as it is.
    await change(world, mona, block_id, "silence")
    assert await expire_domains(world.res.desk) == 0
    world.at(world.clock.now() + timedelta(days=2))
    assert await expire_domains(world.res.desk) == 1
    await world.settle()
    assert await rules(world) == []
    assert await held(world, eve) == (False, False)
    assert await expire_domains(world.res.desk) == 0


async def test_a_short_one_over_a_lasting_one_gives_way_to_it(world: World, mona: Person) -> None:
    block_id = await block(world, mona, "silence")
    await change(world, mona, block_id, "suspend", await make_why(world.res.desk, "words", timedelta(hours=1)))
    world.at(world.clock.now() + timedelta(hours=2))
    assert await expire_domains(world.res.desk) == 1
    assert await rules(world) == [("bad.example", "silence")]


async def test_lifting_the_rule_ends_its_decision(world: World, mona: Person) -> None:
    block_id = await block(world, mona)
    await unblock_domain(world.db, world.clock, world.res.emit, mona.account_id, block_id)
    assert [each.ended_why for each in await list_decisions(world.res.desk)] == ["reversed"]
    await block(world, mona)
    assert [each.ended_why for each in await list_decisions(world.res.desk)] == [None, "reversed"]


async def test_mastodons_tools_make_decisions_too_and_see_their_own_shapes(world: World, mona: Person) -> None:
    made = (await mona.api.post("/api/v1/admin/domain_blocks", {"domain": "x.example", "severity": "suspend"})).json()
    await mona.api.put(f"/api/v1/admin/domain_blocks/{made['id']}", {"public_comment": "Spam"})
    newer, older = await list_decisions(world.res.desk)
    assert (newer.public_comment, older.public_comment, newer.clause) == ("Spam", "", "")
    await mona.api.delete(f"/api/v1/admin/domain_blocks/{made['id']}")
    assert (await list_decisions(world.res.desk))[0].ended_why == "reversed"


async def test_a_clause_must_be_of_the_policy(world: World, mona: Person) -> None:
    with pytest.raises(Invalid):
        await make_why(world.res.desk, "nonsense", None)
    with pytest.raises(Invalid):
        await make_why(world.res.desk, "", timedelta(0))


async def test_the_public_log_names_servers_and_half_hides_those_that_are_to_be(world: World, mona: Person) -> None:
    await block(world, mona, "silence")
    await block(world, mona, "suspend", "hidden.example", obfuscate=True, lasts=timedelta(days=7))
    await block(world, mona, "noop", "other.example", reject_media=True)
    ada = await world.person("ada")
    assert (await read_log(world.db, world.clock, world.res.sealer))[0] == []
    world.at(world.clock.now() + timedelta(days=1))
    rows: list[Any] = []
    after = ""
    while True:
        found, after = await read_log(world.db, world.clock, world.res.sealer, after=after, limit=1)
        rows += found
        if not after:
            break
    assert {(row.server, row.actions[0].kind, row.account) for row in rows} == {
        ("bad.example", "limit", None),
        ("hid***.****ple", "suspend", None),
    }
    (month,) = await count_log(world.db, world.clock)
    assert (month.decisions, month.listed) == (3, 2)
    page = (await world.anyone.get("/transparency/log")).text
    assert "Server shut out until" in page
    assert "hidden.example" not in page
    assert ada.id not in page


async def test_a_report_counts_them_by_themselves(world: World, mona: Person) -> None:
    await block(world, mona, lasts=timedelta(days=7))
    (made,) = await list_decisions(world.res.desk)
    await reverse_domain(world.res.desk, mona.account_id, made.id)
    rows = await world.db.connection.fetch(sql.SERVERS, 0, 2**62)
    assert [ServerCount(**dict(row.items())) for row in rows] == [
        ServerCount(severity="suspend", clause="words", timed=True, ended_why="reversed", decisions=1)
    ]


async def test_pages_take_a_reason_and_an_end_and_turn_it_round(world: World, mona: Person) -> None:
    browser = await Browser.of(world, mona)
    await browser.get("/admin/blocks/domains")
    wanted = {"domain": "bad.example", "severity": "suspend", "clause": "words", "lasts": "7d"}
    await browser.post("/admin/blocks/domains", **wanted)
    (made,) = await list_decisions(world.res.desk)
    assert (made.clause, made.ends_at) == ("words", made.created_at + timedelta(days=7))
    await browser.get(f"/admin/blocks/domains/{made.block_id}")
    await browser.post(f"/admin/blocks/domains/{made.block_id}", severity="silence", clause="words", lasts="keep")
    newer = (await list_decisions(world.res.desk))[0]
    assert (newer.severity, newer.ends_at) == ("silence", made.ends_at)
    page = await browser.get("/admin/blocks/decisions")
    assert check(page)[1] == []
    assert "replaced by another" in page
    assert "bad.example" in await browser.get("/admin/desk?tab=closed")
    await browser.get("/admin/blocks/decisions")
    await browser.post(f"/admin/blocks/decisions/{newer.id}/reverse")
    assert await rules(world) == [("bad.example", "suspend")]
    await browser.get("/admin/blocks/domains")
    await browser.post("/admin/blocks/domains", expect=422, **{**wanted, "domain": "c.example", "clause": "nonsense"})


async def test_programs_decide_list_and_turn_round(world: World, mona: Person) -> None:
    wanted = {"domain": "bad.example", "severity": "suspend", "clause": "words", "seconds": 3600}
    made = (await mona.api.post(PATH, wanted)).json()
    assert (made["domain"], made["clause"], made["ends_at"] is not None) == ("bad.example", "words", True)
    again = (await mona.api.post(PATH, {**wanted, "severity": "silence", "seconds": None})).json()
    assert (again["before_id"], again["ends_at"]) == (made["id"], None)
    assert [each["id"] for each in (await mona.api.get(PATH)).json()] == [again["id"], made["id"]]
    assert (await mona.api.post(f"{PATH}/{again['id']}/reverse")).json()["ended_why"] == "reversed"
    assert (await mona.api.get(f"{PATH}/{made['id']}")).json()["ended_at"] is None
    await mona.api.post(f"{PATH}/{again['id']}/reverse", expect=409)
    ada = await world.person("ada", scopes="read write admin:read admin:write")
    await ada.api.get(PATH, expect=403)
