"""Appeals: who may file one, who may look at it, and what follows from its outcome."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from rostra.accounts.sessions import hash_secret
from rostra.appeals.file import file_appeal, find_standing
from rostra.appeals.read import count_appeals, get_appeal, list_appeals, overturn_rates
from rostra.appeals.records import Ruling
from rostra.appeals.review import decide_appeal, release, take, take_next
from rostra.kit.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from rostra.moderation.decisions.reverse import reverse
from rostra.moderation.records import Wish
from tests.appeals.court import dismissed, later, letters, people, removed, told
from tests.moderation.desk import act, drafted, reviewer
from tests.world import Person, World

UPHELD = Ruling(finding="upheld", answer="We looked again, and it says what it says.")
OVERTURNED = Ruling(finding="overturned", answer="It was about vegetables.")


async def appealed(world: World, ada: Person, mod: Person, **more: Any) -> tuple[str, int, int]:
    """A removed post whose author has appealed: post, decision, appeal."""
    post, made = await removed(world, ada, mod, **more)
    appeal = await file_appeal(world.res.desk, decision_id=made, text="It was a joke", account_id=ada.account_id)
    return post, made, appeal


async def column(world: World, statement: str, *args: object) -> list[Any]:
    return [row[0] for row in await world.db.connection.fetch(statement, *args)]


async def test_each_side_appeals_once_and_nobody_else_at_all(world: World) -> None:
    ada, bob, eve, mod = await people(world, "ada", "bob", "eve", "mod")
    desk = world.res.desk
    _, made, _ = await appealed(world, ada, mod)
    with pytest.raises(Conflict):
        await file_appeal(desk, decision_id=made, text="Again", account_id=ada.account_id)
    with pytest.raises(NotFound):
        await file_appeal(desk, decision_id=made, text="Me too", account_id=eve.account_id)
    _, harmless = await dismissed(world, ada, bob, mod)
    with pytest.raises(NotFound):
        await file_appeal(desk, decision_id=harmless, text="I did nothing", account_id=ada.account_id)
    await file_appeal(desk, decision_id=harmless, text="Look again", account_id=bob.account_id)
    assert await column(world, "select side from appeals order by id") == ["author", "reporter"]
    assert (
        await column(world, "select type from moderation_events where subject_kind = 'appeal'") == ["appeal_filed"] * 2
    )
    for text in ("  ", "x" * 4001):
        with pytest.raises(Invalid):
            await file_appeal(desk, decision_id=harmless, text=text, account_id=bob.account_id)


async def test_six_months_after_the_notice_it_is_too_late(world: World) -> None:
    ada, mod = await people(world, "ada", "mod")
    _, made = await removed(world, ada, mod)
    later(world, days=186)
    with pytest.raises(Refused):
        await file_appeal(world.res.desk, decision_id=made, text="Late", account_id=ada.account_id)
    later(world, days=-4)
    await file_appeal(world.res.desk, decision_id=made, text="In time", account_id=ada.account_id)


async def test_what_was_taken_back_cannot_be_appealed_against(world: World) -> None:
    ada, mod = await people(world, "ada", "mod")
    _, made = await removed(world, ada, mod)
    await reverse(world.res.desk, None, made, "review")
    with pytest.raises(Refused):
        await file_appeal(world.res.desk, decision_id=made, text="Hm", account_id=ada.account_id)
    standing = await find_standing(world.res.desk, made, account_id=ada.account_id)
    assert standing is not None
    assert standing.redress(world.res.clock.now()).state == "back"


async def test_who_sent_a_legal_notice_without_an_account_appeals_by_its_token(world: World) -> None:
    ada, mod = await people(world, "ada", "mod")
    _, made = await dismissed(world, ada, mod, await world.person("other"))
    await world.db.connection.execute(
        "insert into legal_notices (report_id, name, email, urls, explanation, good_faith, token_hash, created_at)"
        " select id, 'Nora', 'nora@example.net', '{}', 'x', true, $1, created_at from reports",
        hash_secret("secret"),
    )
    with pytest.raises(NotFound):
        await file_appeal(world.res.desk, decision_id=made, text="No", token="wrong")
    appeal = await file_appeal(world.res.desk, decision_id=made, text="It is unlawful", token="secret")
    judge = reviewer(await world.person("judge"))
    await decide_appeal(world.res.desk, judge, appeal, UPHELD)
    await world.settle()
    assert any("nora@example.net" in letter and "Hello Nora" in letter for letter in letters(world))


async def test_nobody_who_had_a_part_in_it_looks_at_an_appeal(world: World) -> None:
    ada, bob, mod, second, judge = await people(world, "ada", "bob", "mod", "second", "judge")
    desk = world.res.desk
    posted = await ada.post("A carrot")
    await bob.api.post("/api/v1/reports", {"account_id": ada.id, "status_ids": [posted["id"]]})
    earlier = await act(world, "status", posted["id"], drafted("ok", clause="words"), second)
    made = await act(world, "status", posted["id"], drafted("violates", clause="words"), mod)
    await told(world)
    appeal = await file_appeal(desk, decision_id=made, text="Why?", account_id=ada.account_id)
    assert earlier != made
    for person in (mod, second, ada, bob):
        with pytest.raises(Forbidden):
            await take(desk, reviewer(person), appeal)
        with pytest.raises(Forbidden):
            await decide_appeal(desk, reviewer(person), appeal, UPHELD)
        assert await take_next(desk, reviewer(person)) is None
        for column_name in ("assigned_to", "decided_by"):
            with pytest.raises(asyncpg.CheckViolationError):
                async with world.db.transaction() as tx:
                    await tx.execute(f"update appeals set {column_name} = $1", person.account_id)  # type: ignore[arg-type]
    assert await take_next(desk, reviewer(judge)) == appeal
    with pytest.raises(Forbidden):
        await take_next(desk, reviewer(judge, "triage"))


async def test_two_reviewers_never_have_the_same_appeal(world: World) -> None:
    ada, mod, judge, other = await people(world, "ada", "mod", "judge", "other")
    desk = world.res.desk
    _, _, appeal = await appealed(world, ada, mod)
    await take(desk, reviewer(judge), appeal)
    with pytest.raises(Conflict):
        await take(desk, reviewer(other), appeal)
    with pytest.raises(Conflict):
        await decide_appeal(desk, reviewer(other), appeal, UPHELD)
    assert await take_next(desk, reviewer(other)) is None
    later(world, minutes=6)
    assert await take_next(desk, reviewer(other)) == appeal
    await release(desk, reviewer(other), appeal)
    await take(desk, reviewer(judge), appeal)


async def test_an_upheld_appeal_changes_nothing_and_says_where_to_turn(world: World) -> None:
    ada, bob, mod, judge = await people(world, "ada", "bob", "mod", "judgement")
    post, made, appeal = await appealed(world, ada, mod)
    await decide_appeal(world.res.desk, reviewer(judge), appeal, UPHELD)
    await world.settle()
    await bob.api.get(f"/api/v1/statuses/{post}", expect=404)
    letter = letters(world)[-1]
    for words in ("The decision stands", "it says what it says", "dispute settlement", "court"):
        assert words in letter
    assert "judgement" not in letter
    (notification,) = (await ada.api.get("/api/v1/notifications")).json()
    assert notification["moderation_warning"]["appeal"] == {"text": "It was a joke", "state": "rejected"}
    with pytest.raises(Conflict):
        await decide_appeal(world.res.desk, reviewer(judge), appeal, OVERTURNED)
    assert await column(world, "select reversed_at from decisions where id = $1", made) == [None]


async def test_an_overturned_decision_is_undone_wholly(world: World) -> None:
    ada, bob, mod, judge = await people(world, "ada", "bob", "mod", "judge")
    posted = await ada.post("A carrot")
    await world.settle()
    await bob.api.post("/api/v1/reports", {"account_id": ada.id, "status_ids": [posted["id"]]})
    wishes = (Wish(kind="remove"), Wish(kind="freeze", on="account"))
    made = await act(world, "status", posted["id"], drafted("violates", *wishes, clause="words"), mod)
    await told(world)
    assert (await column(world, "select outcome from reports")) == ["upheld"]
    appeal = await file_appeal(world.res.desk, decision_id=made, text="No", account_id=ada.account_id)
    await decide_appeal(world.res.desk, reviewer(judge), appeal, OVERTURNED)
    await told(world)
    await bob.api.get(f"/api/v1/statuses/{posted['id']}")
    await ada.post("Free again")
    row = await world.db.connection.fetchrow("select reversed_why, reversed_by from decisions where id = $1", made)
    assert row is not None
    assert tuple(row.values()) == ("appeal", None)
    assert await column(world, "select outcome from reports") == ["rejected"]
    types = await column(world, "select type from moderation_events order by id")
    assert types.count("strike") == types.count("strike_lifted") == 1
    assert "appeal_decided" in types
    assert sum("You were right: the decision" in letter for letter in letters(world)) == 1
    assert any("bob@example.com" in letter and "decided anew" in letter for letter in letters(world))


async def test_a_modified_decision_makes_a_lighter_one_and_never_a_heavier(world: World) -> None:
    ada, bob, mod, judge = await people(world, "ada", "bob", "mod", "judge")
    post, made, appeal = await appealed(world, ada, mod)
    desk = world.res.desk
    for heavier in ((), (Wish(kind="suspend", on="account"),)):
        with pytest.raises(Invalid):
            await decide_appeal(
                desk, reviewer(judge), appeal, Ruling(finding="modified", answer="x", wishes=heavier, revision=0)
            )
    assert await column(world, "select state from appeals") == ["filed"]
    lighter = Ruling(finding="modified", answer="A cover is enough.", wishes=(Wish(kind="sensitive"),), revision=0)
    new = await decide_appeal(desk, reviewer(judge), appeal, lighter)
    await told(world)
    assert (await bob.api.get(f"/api/v1/statuses/{post}")).json()["sensitive"] is True
    assert await column(world, "select reviewer_id from decisions where id = $1", new) == [judge.account_id]
    assert await column(world, "select new_decision_id from appeals") == [new]
    assert sum("covered your post" in letter for letter in letters(world)) == 1
    assert sum("decision is changed" in letter for letter in letters(world)) == 1
    # The new decision can be appealed against in its turn, by nobody who made either.
    again = await file_appeal(desk, decision_id=new or 0, text="Still", account_id=ada.account_id)
    for person in (mod, judge):
        with pytest.raises(Forbidden):
            await take(desk, reviewer(person), again)
    assert made != new


async def test_a_shorter_time_is_lighter_and_a_longer_one_is_not(world: World) -> None:
    ada, mod, judge = await people(world, "ada", "mod", "judge")
    wish = Wish(kind="freeze", on="account", lasts=timedelta(days=7))
    made = await act(world, "account", ada.id, drafted("violates", wish, clause="words", revision=None), mod)
    await told(world)
    appeal = await file_appeal(world.res.desk, decision_id=made, text="Long", account_id=ada.account_id)

    def frozen(days: int | None) -> Ruling:
        lasts = None if days is None else timedelta(days=days)
        return Ruling(finding="modified", answer="x", wishes=(Wish(kind="freeze", on="account", lasts=lasts),))

    for days in (8, None):
        with pytest.raises(Invalid):
            await decide_appeal(world.res.desk, reviewer(judge), appeal, frozen(days))
    assert await decide_appeal(world.res.desk, reviewer(judge), appeal, frozen(2))


async def test_a_reporters_appeal_that_is_granted_becomes_a_new_decision(world: World) -> None:
    ada, bob, mod, judge = await people(world, "ada", "bob", "mod", "judge")
    desk = world.res.desk
    post, made = await dismissed(world, ada, bob, mod)
    appeal = await file_appeal(desk, decision_id=made, text="It is a threat", account_id=bob.account_id)
    with pytest.raises(Invalid):
        await decide_appeal(desk, reviewer(judge), appeal, OVERTURNED)
    granted = Ruling(
        finding="overturned", answer="It is one.", clause="words", wishes=(Wish(kind="remove"),), revision=0
    )
    new = await decide_appeal(desk, reviewer(judge), appeal, granted)
    await told(world)
    await bob.api.get(f"/api/v1/statuses/{post}", expect=404)
    assert await column(world, "select outcome from reports") == ["upheld"]
    assert await column(world, "select upheld from reporters") == [1]
    assert await column(world, "select outcome from decisions order by id") == ["ok", "violates"]
    assert any("bob@example.com" in letter and "You were right" in letter for letter in letters(world))
    assert any("ada@example.com" in letter and "removed your post" in letter for letter in letters(world))
    await file_appeal(desk, decision_id=new or 0, text="No", account_id=ada.account_id)


async def test_what_fails_on_the_way_leaves_nothing_behind(world: World) -> None:
    ada, mod, judge = await people(world, "ada", "mod", "judge")
    _, made, appeal = await appealed(world, ada, mod)
    stale = Ruling(finding="modified", answer="x", wishes=(Wish(kind="sensitive"),), revision=7)
    with pytest.raises(Conflict):
        await decide_appeal(world.res.desk, reviewer(judge), appeal, stale)
    assert await column(world, "select state from appeals") == ["filed"]
    assert await column(world, "select reversed_at from decisions where id = $1", made) == [None]


async def test_an_appeal_against_what_is_taken_back_meanwhile_is_granted_by_itself(world: World) -> None:
    ada, mod = await people(world, "ada", "mod")
    _, made, _ = await appealed(world, ada, mod)
    await reverse(world.res.desk, None, made, "review")
    await world.settle()
    assert await column(world, "select state from appeals") == ["overturned"]


async def test_the_list_is_by_what_is_due_and_keeps_its_number_of_statements(world: World) -> None:
    ada, mod, judge = await people(world, "ada", "mod", "judge")
    desk = world.res.desk
    _, _, first = await appealed(world, ada, mod)
    later(world, days=1)
    _, _, second = await appealed(world, ada, mod, text="Another")
    found, more = await list_appeals(desk, reviewer(judge), "filed")
    assert ([one.id for one in found], more) == ([first, second], "")
    assert not found[0].took_part
    assert (await list_appeals(desk, reviewer(mod), "filed"))[0][0].took_part
    later(world, days=6, hours=1)
    counts = await count_appeals(desk)
    assert (counts.filed, counts.late) == (2, 1)
    await decide_appeal(desk, reviewer(judge), first, UPHELD)
    found, _ = await list_appeals(desk, reviewer(judge), "decided")
    assert [one.id for one in found] == [first]
    assert (await get_appeal(desk, reviewer(judge), second)).decision.clause == "words"


async def test_it_is_counted_how_often_decisions_are_overturned_and_by_pseudonym_only(world: World) -> None:
    ada, mod, judge = await people(world, "ada", "mod", "judge")
    await world.db.connection.execute(
        "insert into reviewers (account_id, pseudonym) values ($1, 'reviewer-x')", mod.account_id
    )
    for ruling in (UPHELD, OVERTURNED):
        _, _, appeal = await appealed(world, ada, mod, text=f"A {ruling.finding} carrot")
        await decide_appeal(world.res.desk, reviewer(judge), appeal, ruling)
    rates = await overturn_rates(world.res.desk)
    for by, key in (("side", "author"), ("clause", "words"), ("reviewer", "reviewer-x")):
        (rate,) = rates[by]
        assert (rate.key, rate.decided, rate.overturned, rate.modified) == (key, 2, 1, 0)
    assert rates["rule"] == []


async def test_what_somebody_wrote_goes_with_them_and_the_count_stays(world: World) -> None:
    ada, mod = await people(world, "ada", "mod")
    await appealed(world, ada, mod)
    await world.db.connection.execute("delete from accounts where id = $1", ada.account_id)
    row = await world.db.connection.fetchrow("select text, account_id, state from appeals")
    assert row is not None
    assert tuple(row.values()) == ("", None, "filed")
