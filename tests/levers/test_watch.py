"""Conditions, expiry, the growth brake, incidents and letters, minute by minute."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest

from rostra.effects import emit
from rostra.instance.settings import change_settings
from rostra.kit.db import open_database
from rostra.kit.errors import Conflict, Invalid, NotFound
from rostra.ledger.append import Entry, append
from rostra.levers.act import arm, debrief, disarm, pull, release, set_brake
from rostra.levers.forecast import Brake
from rostra.levers.overview import get_overview, list_chapters
from rostra.levers.queries import take_turn
from rostra.levers.records import Setup, Wish
from rostra.levers.triggers import Trigger
from rostra.levers.watch import watch
from tests.levers.levers import arm_trigger, events, make_cases, pull_lever, release_lever
from tests.world import World

ACCOUNT = """
insert into accounts (id, username, uri, url, created_at, updated_at) values (1, 'ada', 'x', 'x', $1, $1)
"""
CLOSE = """
update cases set state = 'closed', closed_at = $1
where id in (select id from cases where closed_at is null order by id limit $2)
"""
DEBRIEF = "Somebody bought four hundred accounts. We now look at sign-ups by network."


async def look(world: World) -> list[str]:
    """A minute later, what a worker does."""
    world.clock.tick(minutes=1)
    moved = await watch(world.db, world.clock, emit)
    world.res.screen.levers.forget()
    return moved


async def letters(world: World) -> list[tuple[str, str, str]]:
    """To whom, about what, and the text, of the letters that were sent."""
    await world.settle()
    found: list[tuple[str, str, str]] = []
    for path in sorted((world.res.settings.data_dir / "mail").glob("*.eml"), key=lambda path: path.stat().st_mtime_ns):
        message = message_from_bytes(path.read_bytes(), policy=default)
        found.append((message["to"], message["subject"], message.get_content()))
        path.unlink()
    return found


async def open_pulls(world: World) -> set[str]:
    rows = await world.db.connection.fetch("select name from lever_pulls where released_at is null")
    return {row["name"] for row in rows}


async def test_a_condition_pulls_once_and_again_only_after_it_was_over(world: World) -> None:
    await world.person("ada")
    await arm_trigger(world, "slow-mode", Trigger("backlog", 3))
    assert await look(world) == []
    await make_cases(world, 4)
    assert await look(world) == ["slow-mode"]
    assert await look(world) == []
    await release_lever(world, "slow-mode")
    assert await look(world) == [], "who has released it does not want it back while the same condition goes on"
    await world.db.connection.execute("update cases set state = 'closed', closed_at = $1", world.clock.now())
    assert await look(world) == []
    await make_cases(world, 4)
    assert await look(world) == ["slow-mode"]


async def test_each_condition_pulls_on_what_it_measures(world: World) -> None:
    ada = await world.person("ada")
    world.clock.tick(hours=2)
    for name, trigger in (
        ("hold-new-accounts", Trigger("sign-ups", 2)),
        ("links-off-new", Trigger("held-share", 10)),
        ("labelled-boosts-off", Trigger("event-near", 3)),
        ("slow-mode", Trigger("prevalence-alarm")),
        ("sign-ups-approval", Trigger("drain-time", 10)),
    ):
        await arm_trigger(world, name, trigger)
    assert await look(world) == []
    for name in ("one", "two", "three"):
        await world.person(name)
    assert await look(world) == ["hold-new-accounts"]
    async with world.db.transaction() as tx:
        await append(tx, world.clock.now(), Entry(type="prevalence_alarm", subject_kind="sample", subject_id=1))
    assert await look(world) == ["slow-mode"]
    await release_lever(world, "slow-mode")
    await release_lever(world, "hold-new-accounts")
    posts = [await ada.post(f"Number {n}") for n in range(50)]
    await world.db.connection.execute(
        "insert into holds (id, status_id, account_id, revision, fresh, event_id, policy, clause, rule, severity,"
        " reason, created_at, expires_at, expires_to)"
        " select make_id($2), id, account_id, 0, true, 1, '', '', 'a-rule', 1, '{}', $2, $2, 'release'"
        " from statuses where id = any($1)",
        [int(post["id"]) for post in posts[:6]], world.clock.now(),
    )  # fmt: skip
    assert await look(world) == ["links-off-new"]
    cluster = await world.db.connection.fetchval(
        "insert into event_clusters (id, place, day, first_at, last_at) values (make_id($1), 'square', $2, $1, $1)"
        " returning id", world.clock.now(), (world.clock.now() + timedelta(days=3)).date(),
    )  # fmt: skip
    await world.db.connection.execute(
        "insert into event_cluster_statuses (cluster_id, status_id, account_id, reach, imperative, risk, at)"
        " select $1, id, row_number() over (), 1, true, 0.9, $3 from statuses where id = any($2)",
        cluster, [int(post["id"]) for post in posts[:2]], world.clock.now(),
    )  # fmt: skip
    assert await look(world) == []
    # Whoever was refused is part of it.
    await world.db.connection.execute(
        "insert into event_cluster_refusals (cluster_id, account_id, imperative, risk, first_at, last_at)"
        " values ($1, $2, true, 0.9, $3, $3)", cluster, ada.account_id, world.clock.now(),
    )  # fmt: skip
    assert await look(world) == ["labelled-boosts-off"]
    await make_cases(world, 101)
    assert set(await look(world)) == {"sign-ups-approval", "growth-brake"}


async def test_what_only_levers_held_does_not_raise_the_share_that_pulls_levers(world: World) -> None:
    ada = await world.person("ada")
    await arm_trigger(world, "links-off-new", Trigger("held-share", 10))
    await pull_lever(world, "hold-new-accounts")
    for n in range(60):
        await ada.post(f"Number {n}")
    assert await world.db.connection.fetchval("select count(*) from holds") == 60
    assert await look(world) == []


async def test_a_lever_that_runs_out_is_released_and_its_incident_ends(world: World) -> None:
    await pull_lever(world, "slow-mode", lasts=timedelta(minutes=5))
    world.clock.tick(minutes=4)
    await look(world)
    assert await open_pulls(world) == set()
    row = await world.db.connection.fetchrow("select released_how, released_by from lever_pulls")
    assert row is not None
    assert tuple(row) == ("expired", None)
    overview = await get_overview(world.db, world.clock)
    assert [incident.is_due for incident in overview.due] == [True]


async def test_the_growth_brake_turns_sign_ups_to_invitation_and_lets_go_by_itself(world: World) -> None:
    await world.person("ada")
    changes = {"registrations_mode": "open"}
    await change_settings(world.db, world.clock, world.res.instance.defaults, actor_id=None, changes=changes)
    world.res.instance.forget()
    await make_cases(world, 150, hours_ago=30)
    assert await look(world) == ["growth-brake"]
    path = "/api/v2/instance"
    assert not (await world.anyone.get(path)).json()["registrations"]["enabled"]
    assert await look(world) == []
    # Sixty hours: below the limit of seventy-two, above where it lets go.
    await world.db.connection.execute(CLOSE, world.clock.now(), 43)
    await look(world)
    assert await open_pulls(world) == {"growth-brake"}
    await world.db.connection.execute(CLOSE, world.clock.now(), 60)
    await look(world)
    assert await open_pulls(world) == set()
    assert (await world.anyone.get(path)).json()["registrations"]["enabled"]
    assert [kind for kind, _ in await events(world)] == [
        "incident_opened", "lever_pulled", "lever_released", "incident_ended",
    ]  # fmt: skip


async def test_the_brake_can_be_set_and_switched_off(world: World) -> None:
    await world.person("ada")
    await make_cases(world, 30, hours_ago=30)
    assert await look(world) == []
    await set_brake(world.db, world.clock, Brake(limit_hours=5, least_backlog=20), actor_id=None)
    assert await look(world) == ["growth-brake"]
    await set_brake(world.db, world.clock, Brake(on=False), actor_id=None)
    await look(world)
    assert await open_pulls(world) == set()
    for wrong in (Brake(limit_hours=0.5), Brake(least_backlog=0), Brake(limit_hours=9999)):
        with pytest.raises(Invalid):
            await set_brake(world.db, world.clock, wrong, actor_id=None)


async def test_a_person_can_release_the_brake_and_it_stays_off_while_the_alarm_lasts(world: World) -> None:
    await world.person("ada")
    await make_cases(world, 150, hours_ago=30)
    assert await look(world) == ["growth-brake"]
    await release_lever(world, "growth-brake")
    assert await look(world) == []


async def test_a_pulled_lever_cannot_be_pulled_nor_a_released_one_released(world: World) -> None:
    await pull_lever(world, "slow-mode")
    with pytest.raises(Conflict):
        await pull(world.db, world.clock, emit, "slow-mode", Wish(), actor_id=None)
    await release_lever(world, "slow-mode")
    with pytest.raises(Conflict):
        await release(world.db, world.clock, emit, "slow-mode", actor_id=None)
    with pytest.raises(NotFound):
        await pull(world.db, world.clock, emit, "growth-brake", Wish(), actor_id=None)


async def test_a_lever_whose_time_is_over_can_be_pulled_again_at_once(world: World) -> None:
    await pull_lever(world, "slow-mode", lasts=timedelta(minutes=5))
    world.clock.tick(minutes=5)
    await pull(world.db, world.clock, emit, "slow-mode", Wish(), actor_id=None)
    rows = await world.db.connection.fetch("select released_how from lever_pulls order by id")
    assert [row["released_how"] for row in rows] == ["expired", None]
    assert len((await list_chapters(world.db))[0]) == 1


async def test_a_lever_with_a_condition_must_end_by_itself(world: World) -> None:
    with pytest.raises(Invalid, match="lasts"):
        await arm(world.db, world.clock, "slow-mode", Setup(trigger=Trigger("backlog", 5)), actor_id=None)


async def test_what_is_disarmed_is_as_it_comes(world: World) -> None:
    await arm_trigger(world, "slow-mode", Trigger("backlog", 1), seconds=7)
    await disarm(world.db, world.clock, "slow-mode", actor_id=None)
    await world.person("ada")
    await make_cases(world, 5)
    assert await look(world) == []
    lever = next(each for each in (await get_overview(world.db, world.clock)).levers if each.name == "slow-mode")
    assert (lever.state, lever.params["seconds"], lever.trigger) == ("ready", 300, None)


async def test_levers_of_one_crisis_are_one_incident_that_stays_open_until_its_debrief(world: World) -> None:
    ada = await world.person("ada", role="admin")
    await pull_lever(world, "slow-mode", by=ada)
    await pull_lever(world, "links-off-new", by=ada)
    (chapter,), _ = await list_chapters(world.db)
    assert [pulled.name for pulled in chapter.pulls] == ["slow-mode", "links-off-new"]
    incident_id = chapter.incident.id
    await release_lever(world, "slow-mode")
    with pytest.raises(Conflict):
        await debrief(world.db, world.clock, incident_id, DEBRIEF, actor_id=None)
    await release_lever(world, "links-off-new")
    world.clock.tick(hours=1)
    await pull_lever(world, "slow-mode")
    (chapter,), _ = await list_chapters(world.db)
    assert chapter.incident.ended_at is None, "what is pulled again soon belongs to the same incident"
    await release_lever(world, "slow-mode")
    with pytest.raises(Invalid):
        await debrief(world.db, world.clock, incident_id, "Fine.", actor_id=None)
    await debrief(world.db, world.clock, incident_id, DEBRIEF, actor_id=ada.account_id)
    with pytest.raises(Conflict):
        await debrief(world.db, world.clock, incident_id, DEBRIEF, actor_id=None)
    await pull_lever(world, "slow-mode")
    chapters, _ = await list_chapters(world.db)
    assert len(chapters) == 2
    assert (chapters[1].incident.debrief, chapters[1].incident.debriefed_by) == (DEBRIEF, "ada")


async def test_an_old_incident_waits_for_its_debrief_and_takes_in_nothing_new(world: World) -> None:
    await pull_lever(world, "slow-mode")
    await release_lever(world, "slow-mode")
    world.clock.tick(hours=25)
    await pull_lever(world, "slow-mode")
    assert len((await list_chapters(world.db))[0]) == 2


async def test_the_ledger_has_every_act_and_no_persons_words(world: World) -> None:
    ada = await world.person("ada", role="admin")
    setup = Setup(params={"seconds": 60}, lasts=timedelta(hours=1))
    await arm(world.db, world.clock, "slow-mode", setup, actor_id=ada.account_id)
    wish = Wish(reason="The flood", title="A flood", level="critical")
    await pull(world.db, world.clock, emit, "slow-mode", wish, actor_id=ada.account_id)
    await release_lever(world, "slow-mode", publish_held=True)
    incident_id = (await list_chapters(world.db))[0][0].incident.id
    await debrief(world.db, world.clock, incident_id, DEBRIEF, actor_id=ada.account_id)
    await disarm(world.db, world.clock, "slow-mode", actor_id=ada.account_id)
    await set_brake(world.db, world.clock, Brake(), actor_id=ada.account_id)
    rows = await events(world)
    assert [kind for kind, _ in rows] == [
        "lever_armed", "incident_opened", "lever_pulled", "lever_released", "incident_ended", "lever_held_released",
        "incident_debriefed", "lever_disarmed", "brake_set",
    ]  # fmt: skip
    said: Any = dict(rows)
    assert said["lever_pulled"]["lever"] == "slow-mode"
    assert said["lever_pulled"]["lasts"] == 3600
    assert "flood" not in str(rows).lower()
    assert len(said["incident_debriefed"]["sha256"]) == 64
    actors = await world.db.connection.fetch("select actor_id from moderation_events where type = 'lever_pulled'")
    assert [row["actor_id"] for row in actors] == [ada.account_id]


async def test_staff_are_told_what_pulled_a_lever_but_not_of_what_they_did_themselves(world: World) -> None:
    ada = await world.person("ada", role="admin")
    await world.person("mod", role="moderator", locale="it")
    await world.person("reader")
    await arm_trigger(world, "slow-mode", Trigger("backlog", 3))
    await make_cases(world, 4)
    await look(world)
    told = await letters(world)
    assert [to for to, _, _ in told] == ["ada@example.com", "mod@example.com"]
    assert told[0][1].startswith("Slow mode: pulled on")
    assert "pulled by its condition: over 3 open cases" in told[0][2].replace("\n", " ")
    assert "/admin/crisis" in told[0][2]
    assert told[1][1].startswith("Modalità lenta: tirata su")
    await release(world.db, world.clock, emit, "slow-mode", actor_id=ada.account_id)
    told = await letters(world)
    assert [to for to, _, _ in told] == ["mod@example.com"]
    assert "va scritto il resoconto" in told[0][2]


async def test_two_workers_at_the_same_minute_pull_once(fresh_dsn: str, clock: Any) -> None:
    setup = Setup(lasts=timedelta(hours=1), trigger=Trigger("backlog", 1))
    async with open_database(fresh_dsn) as one, open_database(fresh_dsn) as two:
        await arm(one, clock, "slow-mode", setup, actor_id=None)
        async with one.transaction() as tx:
            await tx.execute(ACCOUNT, clock.now())
            await tx.execute(
                "insert into cases (id, subject_kind, subject_id, account_id, policy, clause, rule, severity,"
                " opened_at, rank) select make_id($1), 'account', n, 1, '', '', '', 1, $1, 0"
                " from generate_series(1, 5) n",
                clock.now(),
            )
        clock.tick(minutes=1)
        moved = await asyncio.gather(*(watch(db, clock, emit) for db in (one, two, one, two)))
        assert sorted(map(len, moved)) == [0, 0, 0, 1]
        async with two.read() as conn:
            assert await conn.fetchval("select count(*) from lever_pulls") == 1
            assert await conn.fetchval("select count(*) from incidents") == 1
            assert await conn.fetchval("select count(*) from moderation_events where type = 'lever_pulled'") == 1


async def test_two_posts_at_the_same_moment_take_one_turn(fresh_dsn: str, clock: Any) -> None:
    async with open_database(fresh_dsn) as db:
        async with db.transaction() as tx:
            await tx.execute(ACCOUNT, clock.now())

        async def try_it() -> bool:
            async with db.transaction() as tx:
                return await take_turn(tx, 1, clock.now(), clock.now() + timedelta(seconds=60)) is None

        assert sum(await asyncio.gather(*(try_it() for _ in range(6)))) == 1


async def test_a_server_that_has_just_started_is_not_said_to_look_at_nothing(world: World) -> None:
    started_at = world.clock.now()
    assert (await get_overview(world.db, world.clock, started_at=started_at)).is_watched
    world.at(started_at + timedelta(minutes=4, seconds=59))
    assert (await get_overview(world.db, world.clock, started_at=started_at)).is_watched
    world.at(started_at + timedelta(minutes=5))
    assert not (await get_overview(world.db, world.clock, started_at=started_at)).is_watched
