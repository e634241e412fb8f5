"""Which policy holds: what fails its own tests never does, what cannot be loaded leaves the one before, and rules that
hit too much are taken out of force."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
import pytest
from structlog.testing import capture_logs

from rostra.kit.errors import NotFound
from rostra.screening import policy_queries, versions
from rostra.screening.active import ActivePolicy, shipped
from rostra.screening.detectors import load_detectors
from rostra.screening.rules import resume_rule
from rostra.screening.tally import ALL
from rostra.screening.versions import PolicyRefused
from rostra.screening.watch import LEAST_JUDGED, watch_rules
from tests.screening.policies import bundle_files, put_in_force
from tests.world import World

SMALL = """
- id: one
  clause: words
  description: Waits.
  when: text.normal.contains("{word}")
  then: [hold]
  reason: {{en: This waits., it: Questo aspetta.}}
  mode: live
"""
FIXTURE = """
- text: A {word} for you
  expect: {{action: hold, clause: words}}
- text: Una {word} per te
  language: it
  expect: {{action: hold, clause: words}}
- text: Good morning
  expect: {{action: allow}}
- text: Buongiorno
  language: it
  expect: {{action: allow}}
"""


def files(rule: str, test: str) -> dict[str, bytes]:
    made = bundle_files(SMALL.format(word=rule))
    return {**made, "tests/one.yaml": FIXTURE.format(word=test).encode()}


async def activate(world: World, made: dict[str, bytes]) -> str:
    version = await versions.activate(world.db, world.clock, load_detectors(), made)
    world.res.screen.policies.forget()
    return version


async def state(world: World) -> policy_queries.State:
    async with world.db.read() as conn:
        return await policy_queries.read_state(conn, world.clock.now())


async def events(world: World, kind: str) -> list[asyncpg.Record]:
    return await world.db.connection.fetch("select * from moderation_events where type = $1 order by id", kind)


async def withheld(world: World, text: str) -> str | None:
    name = f"p{await world.db.connection.fetchval('select count(*) from accounts')}"
    return (await (await world.person(name)).post(text)).get("moderation", {}).get("withheld")


async def test_a_bundle_that_fails_its_own_tests_cannot_be_activated_and_the_one_before_stays(world: World) -> None:
    first = await activate(world, files("pumpkin", "pumpkin"))
    with pytest.raises(PolicyRefused) as refused:
        await activate(world, files("turnip", "marrow"))
    assert "tests/one.yaml:" in refused.value.text
    assert (await state(world)).version == first
    assert await withheld(world, "A pumpkin") == "review"
    assert await withheld(world, "A turnip") is None
    assert len(await events(world, "policy_activated")) == 1


@pytest.mark.parametrize(
    "broken",
    [
        b"- {id: x",
        b"- {id: x, clause: none, description: d, when: 'true', then: [hold], mode: live}",
        b"- {id: x, clause: words, description: d, when: 'text.nothing > 1', then: [hold], mode: live}",
        b"- {id: x, clause: words, description: d, when: 'text.plain.matches(\"(a\")', then: [hold], mode: live}",
    ],
)
async def test_a_bundle_with_errors_cannot_be_activated(world: World, broken: bytes) -> None:
    first = await activate(world, files("pumpkin", "pumpkin"))
    with pytest.raises(PolicyRefused):
        await activate(world, {**files("pumpkin", "pumpkin"), "rules/more.yaml": broken})
    assert (await state(world)).version == first
    assert await withheld(world, "A pumpkin") == "review"


async def test_rolling_back_puts_the_version_before_into_force_and_says_so(world: World) -> None:
    first = await activate(world, files("pumpkin", "pumpkin"))
    second = await activate(world, files("turnip", "turnip"))
    assert [await withheld(world, text) for text in ("A pumpkin", "A turnip")] == [None, "review"]
    assert await versions.roll_back(world.db, world.clock, why="too strict") == first
    world.res.screen.policies.forget()
    assert [await withheld(world, text) for text in ("A pumpkin", "A turnip")] == ["review", None]
    assert await versions.roll_back(world.db, world.clock, to=second[:6]) == second
    (event, _) = await events(world, "policy_rolled_back")
    assert (event["policy"], event["details"]["from"]) == (first, second)
    assert event["details"]["why"] == "too strict"
    for name in ("0000", f"no{second}", "zz%", ""):
        with pytest.raises(NotFound):
            await versions.roll_back(world.db, world.clock, to=name)


async def test_a_policy_that_cannot_be_loaded_leaves_the_one_before_in_force(world: World) -> None:
    version = await activate(world, files("pumpkin", "pumpkin"))
    assert await withheld(world, "A pumpkin") == "review"
    async with world.db.transaction() as tx:
        texts = {"policy.yaml": "format: 1\nname: [", "rules/x.yaml": "- {"}
        broken = await policy_queries.insert_version(tx, "broken", texts, "", None, world.clock.now())
        await policy_queries.set_active(tx, broken, world.clock.now())
    world.res.screen.policies.forget()
    assert await withheld(world, "Another pumpkin") == "review"
    assert await withheld(world, "A turnip") is None
    judged_by = {event["policy"] for event in await events(world, "verdict")}
    assert judged_by == {version}
    # A process that has just begun has no memory of the one before.
    world.res.screen.policies._current = None
    assert await withheld(world, "A third pumpkin") == "review"
    assert {event["policy"] for event in await events(world, "verdict")} == {version}
    await versions.roll_back(world.db, world.clock)
    world.res.screen.policies.forget()
    assert await withheld(world, "A fourth pumpkin") == "review"


async def test_where_no_stored_version_can_be_loaded_the_shipped_one_holds(world: World) -> None:
    async with world.db.transaction() as tx:
        for name in ("one", "two"):
            broken = await policy_queries.insert_version(tx, name, {"policy.yaml": "- ["}, "", None, world.clock.now())
            await policy_queries.set_active(tx, broken, world.clock.now())
    world.res.screen.policies._current = None
    ada = await world.person("ada")
    await ada.post("Good morning")
    (event,) = await events(world, "verdict")
    assert event["policy"] == shipped()[1].version


CAPPED = SMALL.format(word="pumpkin") + "  daily_cap: 3\n"


async def test_a_rule_past_its_daily_cap_goes_on_as_a_shadow_until_midnight(world: World) -> None:
    await put_in_force(world, CAPPED)
    screen = world.res.screen
    for n in range(3):
        assert await withheld(world, f"Pumpkin {n}") == "review"
    await screen.tally.flush(world.db)
    assert await events(world, "rule_paused") == [], "the cap itself is allowed"
    assert await withheld(world, "One pumpkin too many") == "review"
    await screen.tally.flush(world.db)
    (event,) = await events(world, "rule_paused")
    assert (event["details"]["rule"], event["details"]["reason"], event["details"]["cap"]) == ("one", "daily_cap", 3)
    screen.policies.forget()
    assert await withheld(world, "A fifth pumpkin") is None
    await screen.tally.flush(world.db)
    hits = await world.db.connection.fetchrow("select live, shadow from rule_hits where rule = 'one'")
    assert (hits["live"], hits["shadow"]) == (4, 1), "as a shadow it is still counted"
    assert len(await events(world, "rule_paused")) == 1, "it is said once"
    world.at(world.clock.now() + timedelta(days=1))
    assert await withheld(world, "The next day's pumpkin") == "review"


BANDED = SMALL.format(word="pumpkin") + "  expected: [0, 40]\n"


async def count(world: World, judged: int, hits: int, *, authors: int = 100, days: int = 30) -> None:
    """As if so much had been judged, of posts by so many accounts of that age, each as often hit as the others."""
    version = (await state(world)).version
    assert version is not None
    async with world.db.transaction() as tx:
        await policy_queries.add_hits(tx, world.clock.now().date(), version, [(ALL, judged, 0), ("one", hits, 0)])
        await tx.execute(NEIGHBOURS, authors, world.clock.now() - timedelta(days=days))
        await tx.execute(JUDGED, version, world.clock.now(), judged, hits, authors, days)


NEIGHBOURS = """
insert into accounts (id, username, uri, url, created_at, updated_at)
select id, 'n' || id, 'u' || id, 'l' || id, $2, $2
from (select make_id($2) as id from generate_series(1, $1::int)) as made
"""
JUDGED = """
with authors as (
  select id, row_number() over (order by id) - 1 as place from accounts
  where created_at = $2::timestamptz - make_interval(days => $6::int) limit $5::int)
insert into moderation_events (id, type, subject_kind, subject_id, account_id, policy, details, created_at)
select make_id($2), 'verdict', 'status', post, a.id, $1,
  case when post < $4::int then '{"hits": ["one"]}'::jsonb else '{}' end, $2
from generate_series(0, greatest($3::int, $4::int) - 1) as post join authors a on a.place = post % $5::int
"""


async def test_whoever_posts_enough_of_what_a_rule_is_for_does_not_switch_it_off(world: World) -> None:
    """Neither many who have just come, nor a few who are here for long; what goes on is in the log."""
    await put_in_force(world, BANDED.replace("[0, 40]", "[0, 1000]"))
    policies = world.res.screen.policies
    await count(world, 9_000, 30)
    for authors, days in ((400, 2), (5, 60)):
        await count(world, 3_000, 3_000, authors=authors, days=days)
        with capture_logs() as said:
            assert await watch_rules(world.db, world.clock, policies) == []
        assert "stays in force" in said[-1]["event"]
        assert said[-1]["rule"] == "one"
    assert await withheld(world, "A pumpkin") == "review"
    await count(world, 3_000, 2_000, authors=150, days=40)
    assert await watch_rules(world.db, world.clock, policies) == ["one"], "this is the rule's own fault"


async def test_a_rule_out_of_its_band_is_taken_out_of_force_until_somebody_resumes_it(world: World) -> None:
    await put_in_force(world, BANDED)
    policies = world.res.screen.policies
    await count(world, 10_000, 60)
    assert await watch_rules(world.db, world.clock, policies) == [], "sixty where forty are expected may be chance"
    await count(world, 0, 60)
    assert await watch_rules(world.db, world.clock, policies) == ["one"]
    assert await withheld(world, "A pumpkin") is None
    assert await watch_rules(world.db, world.clock, policies) == [], "it is said once"
    (event,) = await events(world, "rule_paused")
    assert (event["details"]["reason"], event["details"]["hits"]) == ("band", 120)
    world.at(world.clock.now() + timedelta(days=3))
    assert await withheld(world, "A pumpkin, days later") is None
    await resume_rule(world.db, world.clock, "one", actor_id=None)
    policies.forget()
    assert await withheld(world, "A pumpkin after all") == "review"


async def test_few_judgements_raise_no_alarm_and_silence_of_a_busy_rule_does(world: World) -> None:
    await put_in_force(world, BANDED.replace("[0, 40]", "[30, 400]"))
    policies = world.res.screen.policies
    await count(world, LEAST_JUDGED - 1, 900)
    assert await watch_rules(world.db, world.clock, policies) == []
    world.at(world.clock.now() + timedelta(days=3))
    await count(world, 10_000, 1)
    assert await watch_rules(world.db, world.clock, policies) == ["one"]


async def test_a_process_that_judges_nothing_loads_the_policy_for_the_alarm_once_there_may_be_one(world: World) -> None:
    await put_in_force(world, BANDED)
    policies = ActivePolicy(world.clock)
    await count(world, LEAST_JUDGED - 1, 900)
    assert await watch_rules(world.db, world.clock, policies) == []
    assert policies.known is None
    await count(world, 1, 0)
    assert await watch_rules(world.db, world.clock, policies) == ["one"]


async def test_activating_another_version_counts_all_of_its_rules_again(world: World) -> None:
    await put_in_force(world, CAPPED)
    for n in range(4):
        await withheld(world, f"Pumpkin {n}")
    await world.res.screen.tally.flush(world.db)
    assert (await state(world)).paused == ["one"]
    await activate(world, files("pumpkin", "pumpkin"))
    assert (await state(world)).paused == []
    assert await withheld(world, "A pumpkin again") == "review"
