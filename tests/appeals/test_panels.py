"""Panels: who can be drawn, what they see, how they vote, and what follows."""

from __future__ import annotations

import json
from typing import Any

import asyncpg
import pytest

from rostra.appeals.file import file_appeal
from rostra.appeals.juror_queries import list_candidates
from rostra.appeals.panel_draw import ask_known, send_to_panel
from rostra.appeals.panel_vote import commitment, decline, fit_jurors, get_asked, list_asked, offer, tick_panels, vote
from rostra.appeals.read import get_appeal
from rostra.appeals.records import Ruling
from rostra.appeals.review import decide_appeal, take
from rostra.appeals.viewpoints import SIZE, Vote
from rostra.kit.errors import Conflict, Forbidden, NotFound, Refused
from tests.api.pictures import upload
from tests.appeals.court import dismissed, later, letters, people, removed
from tests.moderation.desk import act, drafted, reviewer
from tests.world import Person, World


async def jurors(world: World, number: int = 10) -> list[Person]:
    """People who have offered to be drawn, each from an address of their own."""
    found: list[Person] = []
    for count in range(number):
        juror = await world.person(f"juror{count}", role="juror", ip=f"192.0.2.{count + 1}")
        await offer(world.res.desk, reviewer(juror, "juror"), willing=True)
        found.append(juror)
    return found


async def before_a_panel(
    world: World, pool: list[Person], text: str = "A carrot"
) -> tuple[str, int, int, list[Person]]:
    """A removed post of ada's whose appeal is before a panel: post, appeal, panel, those who were asked."""
    ada, mod, judge = [await world.person(name) for name in (f"ada{len(text)}", f"mod{len(text)}", f"judge{len(text)}")]
    post, made = await removed(world, ada, mod, text)
    appeal = await file_appeal(world.res.desk, decision_id=made, text="Call @bob", account_id=ada.account_id)
    panel = await send_to_panel(world.res.desk, reviewer(judge), appeal)
    return post, appeal, panel, await asked(world, panel, pool)


async def asked(world: World, panel: int, pool: list[Person]) -> list[Person]:
    rows = await world.db.connection.fetch(
        "select juror_id from panel_members where panel_id = $1 and state = 'asked'", panel
    )
    ids = {row["juror_id"] for row in rows}
    return [person for person in pool if person.account_id in ids]


async def ballot(world: World, juror: Person, panel: int, what: Vote = "overturn") -> None:
    await vote(world.res.desk, reviewer(juror, "juror"), panel, what)


async def state(world: World) -> tuple[Any, ...]:
    row = await world.db.connection.fetchrow(
        "select a.state, p.state, p.outcome from appeals a join panels p on p.appeal_id = a.id"
    )
    assert row is not None
    return tuple(row.values())


async def test_a_panel_that_agrees_decides_and_the_post_is_back(world: World) -> None:
    await people(world)
    pool = await jurors(world)
    post, _, panel, drawn = await before_a_panel(world, pool)
    assert len(drawn) == SIZE
    assert sum("/panel/" in letter for letter in letters(world)) == 0
    await world.settle()
    assert sum(f"/panel/{panel}" in letter for letter in letters(world)) == SIZE
    for juror in drawn:
        await ballot(world, juror, panel)
    assert await state(world) == ("overturned", "decided", "overturn")
    await world.settle()
    await pool[0].api.get(f"/api/v1/statuses/{post}")
    assert any("drawn by lot" in letter.replace("=\n", "") for letter in letters(world))
    with pytest.raises(Conflict):
        await ballot(world, drawn[0], panel)


async def test_a_panel_that_does_not_agree_gives_it_back_to_the_staff(world: World) -> None:
    await people(world)
    pool = await jurors(world)
    _, appeal, panel, drawn = await before_a_panel(world, pool)
    rows = await world.db.connection.fetch("select juror_id, side from panel_members where panel_id = $1", panel)
    sides = {row["juror_id"]: row["side"] for row in rows}
    for juror in drawn:
        await ballot(world, juror, panel, "overturn" if sides[juror.account_id] else "uphold")
    assert await state(world) == ("filed", "returned", None)
    judge = await world.person("judgejudy")
    await take(world.res.desk, reviewer(judge), appeal)
    with pytest.raises(Conflict):
        await send_to_panel(world.res.desk, reviewer(judge), appeal)
    await decide_appeal(world.res.desk, reviewer(judge), appeal, Ruling(finding="upheld", answer="No."))


async def test_a_panel_that_upholds_ends_the_appeal(world: World) -> None:
    await people(world)
    pool = await jurors(world)
    post, _, panel, drawn = await before_a_panel(world, pool)
    for juror in drawn:
        await ballot(world, juror, panel, "uphold")
    assert await state(world) == ("upheld", "decided", "uphold")
    await pool[0].api.get(f"/api/v1/statuses/{post}", expect=404)


async def test_what_a_reporter_is_right_about_goes_back_to_a_person_who_may_act(world: World) -> None:
    ada, bob, mod, judge = await people(world, "ada", "bob", "mod", "judge")
    pool = await jurors(world)
    _, made = await dismissed(world, ada, bob, mod)
    appeal = await file_appeal(world.res.desk, decision_id=made, text="It is one", account_id=bob.account_id)
    panel = await send_to_panel(world.res.desk, reviewer(judge), appeal)
    for juror in await asked(world, panel, pool):
        await ballot(world, juror, panel)
    assert await state(world) == ("filed", "returned", "overturn")


async def test_who_knows_those_concerned_is_never_drawn(world: World) -> None:
    ada, bob, mod = await people(world, "ada", "bob", "mod")
    pool = await jurors(world, 12)
    follower, followed, blocker, blocked, muter, mentioner, mentioned, neighbour, friend_of_bob = pool[:9]
    await follower.follow(ada)
    await ada.follow(followed)
    await blocker.api.post(f"/api/v1/accounts/{ada.id}/block")
    await ada.api.post(f"/api/v1/accounts/{blocked.id}/block")
    await muter.api.post(f"/api/v1/accounts/{ada.id}/mute")
    await mentioner.post("Hello @ada")
    await ada.post(f"Hello @{mentioned.username}")
    await friend_of_bob.follow(bob)
    await world.db.connection.execute(
        "update users set sign_up_ip = '198.51.100.7' where account_id = any($1)",
        [ada.account_id, neighbour.account_id],
    )
    _, made = await dismissed(world, ada, bob, mod)
    appeal = await file_appeal(world.res.desk, decision_id=made, text="Look", account_id=bob.account_id)
    found = {one for one, _ in await list_candidates(world.db.connection, made, appeal, ["juror"])}
    assert found == {person.account_id for person in pool[9:]}


async def test_staff_and_jurors_are_drawn_only_if_they_offered_and_have_no_part_in_it(world: World) -> None:
    ada, mod, other = await people(world, "ada", "mod", "other")
    desk = world.res.desk
    await world.db.connection.execute(
        "update users set role = 'moderator' where account_id = any($1)", [mod.account_id, other.account_id]
    )
    for person in (mod, other):
        await offer(desk, reviewer(person), willing=True)
    with pytest.raises(Forbidden):
        await offer(desk, reviewer(ada, "user"), willing=True)
    idle = await world.person("idle", role="juror")
    _, made = await removed(world, ada, mod)
    found = {one for one, _ in await list_candidates(world.db.connection, made, None, ["juror", "moderator"])}
    assert found == {other.account_id}
    assert idle.account_id not in found
    await offer(desk, reviewer(other), willing=False)
    assert await list_candidates(world.db.connection, made, None, ["juror", "moderator"]) == []


async def test_the_database_keeps_those_who_had_a_part_from_a_panel(world: World) -> None:
    ada, mod = await people(world, "ada", "mod")
    pool = await jurors(world)
    _, _, panel, _ = await before_a_panel(world, pool)
    reviewer_id = await world.db.connection.fetchval("select reviewer_id from decisions")
    with pytest.raises(asyncpg.CheckViolationError):
        async with world.db.transaction() as tx:
            await tx.execute(
                "insert into panel_members (panel_id, juror_id, side, asked_at, due_at) values ($1, $2, 0, $3, $3)",
                panel, reviewer_id, world.clock.now(),
            )  # fmt: skip
    assert ada.account_id != mod.account_id


async def test_pictures_and_harsh_words_are_never_for_jurors(world: World) -> None:
    ada, mod, judge = await people(world, "ada", "mod", "judge")
    await jurors(world)
    desk = world.res.desk
    posted = await ada.post("Look", media_ids=[(await upload(ada))["id"]])
    made = await act(world, "status", posted["id"], drafted("violates", clause="words"), mod)
    later(world, minutes=1)
    await world.settle()
    appeal = await file_appeal(desk, decision_id=made, text="No", account_id=ada.account_id)
    with pytest.raises(Refused, match="content"):
        await send_to_panel(desk, reviewer(judge), appeal)
    _, other = await removed(world, ada, mod, "A parsnip")
    await world.db.connection.execute("update cases set exposure = 3")
    appeal = await file_appeal(desk, decision_id=other, text="No", account_id=ada.account_id)
    with pytest.raises(Refused, match="content"):
        await send_to_panel(desk, reviewer(judge), appeal)


async def test_too_few_jurors_are_no_panel(world: World) -> None:
    ada, mod, judge = await people(world, "ada", "mod", "judge")
    await jurors(world, 4)
    _, made = await removed(world, ada, mod)
    appeal = await file_appeal(world.res.desk, decision_id=made, text="No", account_id=ada.account_id)
    with pytest.raises(Refused, match="jurors"):
        await send_to_panel(world.res.desk, reviewer(judge), appeal)
    assert await world.db.connection.fetchval("select state from appeals") == "filed"


async def test_jurors_see_neither_names_nor_each_others_votes(world: World) -> None:
    ada, mod, judge = await people(world, "adalovelace", "mod", "judge")
    pool = await jurors(world)
    _, made = await removed(world, ada, mod, "I am adalovelace, write to ada@example.org or https://x.example/me @bob")
    appeal = await file_appeal(world.res.desk, decision_id=made, text="adalovelace is me", account_id=ada.account_id)
    panel = await send_to_panel(world.res.desk, reviewer(judge), appeal)
    drawn = await asked(world, panel, pool)
    await ballot(world, drawn[0], panel, "uphold")
    for juror in drawn:
        seen = await get_asked(world.res.desk, reviewer(juror, "juror"), panel)
        told = json.dumps(seen.question)
        for secret in ("adalovelace", "ada@example.org", "x.example", "@bob", str(ada.account_id)):
            assert secret not in told
        assert seen.vote == ("uphold" if juror is drawn[0] else None)
    stranger = next(person for person in pool if person not in drawn)
    with pytest.raises(NotFound):
        await get_asked(world.res.desk, reviewer(stranger, "juror"), panel)
    with pytest.raises(NotFound):
        await ballot(world, stranger, panel)
    assert await list_asked(world.res.desk, reviewer(stranger, "juror")) == []


async def test_the_ledger_has_the_seed_and_of_ballots_only_their_hash(world: World) -> None:
    await people(world)
    pool = await jurors(world)
    _, _, panel, drawn = await before_a_panel(world, pool)
    for juror in drawn:
        await ballot(world, juror, panel)
    rows = await world.db.connection.fetch(
        "select type, details, account_id from moderation_events where subject_kind = 'panel' order by id"
    )
    assert [row["type"] for row in rows] == ["panel_drawn", *["ballot_cast"] * SIZE, "panel_closed"]
    assert rows[0]["details"]["seed"] == await world.db.connection.fetchval("select seed from panels")
    cast = await world.db.connection.fetch("select vote, nonce from ballots")
    hashes = {commitment(panel, row["vote"], row["nonce"]) for row in cast}
    assert {row["details"]["sha256"] for row in rows[1:-1]} == hashes
    assert all(set(row["details"]) == {"sha256"} for row in rows[1:-1])
    assert rows[-1]["details"]["tally"]["all"]["overturn"] == SIZE


async def test_who_declines_or_is_late_is_replaced_out_of_those_who_are_left(world: World) -> None:
    await people(world)
    pool = await jurors(world, 9)
    _, _, panel, drawn = await before_a_panel(world, pool)
    await decline(world.res.desk, reviewer(drawn[0], "juror"), panel)
    now = await asked(world, panel, pool)
    assert drawn[0] not in now
    assert len(now) == SIZE
    await ballot(world, drawn[1], panel)
    later(world, days=2, minutes=1)
    assert await tick_panels(world.res.desk) == 1
    fresh = await asked(world, panel, pool)
    assert not set(fresh) & set(drawn)
    assert await tick_panels(world.res.desk) == 0
    for juror in fresh:
        await ballot(world, juror, panel)
    assert (await state(world))[1] in ("decided", "returned")


async def test_a_panel_that_nobody_answers_gives_the_appeal_back_in_time(world: World) -> None:
    await people(world)
    pool = await jurors(world)
    await before_a_panel(world, pool)
    later(world, days=6, minutes=1)
    await tick_panels(world.res.desk)
    assert await state(world) == ("filed", "returned", None)


async def test_reasons_are_for_the_staff_when_it_is_over_and_without_names(world: World) -> None:
    await people(world)
    pool = await jurors(world)
    _, appeal, panel, drawn = await before_a_panel(world, pool)
    judge = reviewer(await world.person("judgejudy"))
    for number, juror in enumerate(drawn):
        await vote(world.res.desk, reviewer(juror, "juror"), panel, "overturn", f"Reason {number}")
        found = (await get_appeal(world.res.desk, judge, appeal)).reasons
        assert len(found) == (SIZE if juror is drawn[-1] else 0)
    whole = await get_appeal(world.res.desk, judge, appeal)
    assert {one.reason for one in whole.reasons} == {f"Reason {number}" for number in range(SIZE)}
    assert "juror" not in str(whole.reasons)


async def test_a_ballot_is_never_changed(world: World) -> None:
    await people(world)
    pool = await jurors(world)
    _, _, panel, drawn = await before_a_panel(world, pool)
    await ballot(world, drawn[0], panel)
    with pytest.raises(asyncpg.CheckViolationError):
        async with world.db.transaction() as tx:
            await tx.execute("update ballots set vote = 'uphold'")


async def test_what_a_panel_sees_goes_with_those_whom_it_is_about(world: World) -> None:
    await people(world)
    pool = await jurors(world)
    _, _, panel, drawn = await before_a_panel(world, pool)
    await world.db.connection.execute("delete from accounts where id = (select account_id from decisions)")
    assert await world.db.connection.fetchval("select question from panels") == {}
    with pytest.raises(NotFound):
        await get_asked(world.res.desk, reviewer(drawn[0], "juror"), panel)


async def test_known_questions_measure_jurors_and_change_nothing_else(world: World) -> None:
    ada, mod, judge = await people(world, "ada", "mod", "judge")
    pool = await jurors(world)
    desk = world.res.desk
    post, made = await removed(world, ada, mod)
    appeal = await file_appeal(desk, decision_id=made, text="No", account_id=ada.account_id)
    with pytest.raises(Conflict):
        await ask_known(desk, reviewer(judge), appeal)
    await decide_appeal(desk, reviewer(judge), appeal, Ruling(finding="upheld", answer="It is."))
    panel = await ask_known(desk, reviewer(judge), appeal)
    drawn = await asked(world, panel, pool)
    for juror in drawn[:4]:
        await ballot(world, juror, panel, "uphold")
    await ballot(world, drawn[4], panel, "overturn")
    assert await world.db.connection.fetchval("select state from appeals") == "upheld"
    await pool[0].api.get(f"/api/v1/statuses/{post}", expect=404)
    assert await fit_jurors(desk) == 0
    rows = await world.db.connection.fetch("select account_id, quality from jurors")
    quality = {row["account_id"]: round(row["quality"], 2) for row in rows}
    assert {quality[juror.account_id] for juror in drawn[:4]} == {0.6}
    assert quality[drawn[4].account_id] == 0.4
    assert set(quality.values()) == {0.6, 0.4, 0.5}
