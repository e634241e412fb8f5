"""What those who report hear of it: once, also when it changes, and nothing where it was undone at once."""

from __future__ import annotations

import quopri
from typing import Any

import pytest

from rostra.kit.errors import Forbidden, NotFound, Refused
from rostra.moderation.decisions.reverse import reverse
from rostra.moderation.reports.report_outcome import get_own_report, list_own_reports, state_of, state_of_part
from rostra.moderation.reports.reporters import list_reporters, mute_reporter, trust_reporter, warn_reporter
from tests.appeals.court import later, letters, people, told
from tests.moderation.desk import decide, drafted, reviewer
from tests.world import Person, World


async def complain(by: Person, about: Person, *status_ids: str, **more: Any) -> int:
    form = {"account_id": about.id, "status_ids": list(status_ids), **more}
    return int((await by.api.post("/api/v1/reports", form)).json()["id"])


def to(world: World, name: str) -> list[str]:
    """The letters to somebody, as text, the earliest first."""
    found = [quopri.decodestring(letter.encode()).decode() for letter in letters(world)]
    return [letter for letter in found if f"To: {name}@example.com" in letter]


@pytest.mark.parametrize(
    ("outcome", "words"),
    [("violates", "You were right: it goes against"), ("ok", "found nothing that goes against")],
)
async def test_who_reported_hears_what_came_of_it_once(world: World, outcome: str, words: str) -> None:
    ada, bob, mod = await people(world, "ada", "bob", "moderata")
    posted = await ada.post("A carrot")
    report_id = await complain(bob, ada, posted["id"])
    await decide(world, posted["id"], drafted(outcome, clause="words"), mod)
    assert to(world, "bob") == []
    await told(world)
    await told(world)
    (letter,) = to(world, "bob")
    assert words in letter
    assert f"/settings/reports/{report_id}" in letter
    assert "moderata" not in letter
    assert ("#appeal" in letter) == (outcome == "ok")
    assert await world.db.connection.fetchval("select told_at is not null from reports")


async def test_it_is_told_in_the_reporter_s_language(world: World) -> None:
    ada, bob, mod = await people(world, "ada", "bob", "mod")
    await world.db.connection.execute("update users set locale = 'it' where account_id = $1", bob.account_id)
    posted = await ada.post("A carrot")
    await complain(bob, ada, posted["id"])
    await decide(world, posted["id"], drafted("ok"), mod)
    await told(world)
    assert "non abbiamo trovato nulla" in to(world, "bob")[0]


async def test_what_is_undone_at_once_tells_nobody_and_what_is_decided_then_is_told(world: World) -> None:
    ada, bob, mod = await people(world, "ada", "bob", "mod")
    posted = await ada.post("A carrot")
    await complain(bob, ada, posted["id"])
    made = await decide(world, posted["id"], drafted(clause="words"), mod)
    await reverse(world.res.desk, reviewer(mod), made, "undo")
    await told(world)
    assert to(world, "bob") == []
    await decide(world, posted["id"], drafted("ok"), mod)
    await told(world)
    (letter,) = to(world, "bob")
    assert "found nothing" in letter


async def test_a_reversal_that_changes_the_outcome_is_told_as_well(world: World) -> None:
    ada, bob, mod = await people(world, "ada", "bob", "mod")
    posted = await ada.post("A carrot")
    await complain(bob, ada, posted["id"])
    made = await decide(world, posted["id"], drafted(clause="words"), mod)
    await told(world)
    await reverse(world.res.desk, reviewer(mod, "admin"), made, "review")
    await told(world)
    first, second = to(world, "bob")
    assert "You were right" in first
    assert "no longer holds" in second
    assert "found nothing" in second


async def test_the_same_outcome_is_not_told_again_when_it_is_decided_anew(world: World) -> None:
    ada, bob, mod = await people(world, "ada", "bob", "mod")
    posted = await ada.post("A carrot")
    await complain(bob, ada, posted["id"])
    made = await decide(world, posted["id"], drafted("ok"), mod)
    await told(world)
    later(world, minutes=2)
    await reverse(world.res.desk, reviewer(mod), made, "undo")
    await decide(world, posted["id"], drafted("ok"), mod)
    await told(world)
    assert len(to(world, "bob")) == 1


async def test_all_who_reported_are_told_with_as_many_statements_as_one_but_for_their_letters(world: World) -> None:
    ada, mod, *others = await people(world, "ada", "mod", *(f"p{n}" for n in range(12)))
    posted = await ada.post("A carrot")
    for one in others:
        await complain(one, ada, posted["id"])
    await decide(world, posted["id"], drafted(clause="words"), mod)
    await told(world)
    assert all(len(to(world, one.username)) == 1 for one in others)


async def test_one_sees_one_s_reports_and_nobody_else_s_with_constant_statements(world: World) -> None:
    ada, bob, mod = await people(world, "ada", "bob", "mod")
    desk = world.res.desk
    posted = await ada.post("A carrot")
    report_id = await complain(bob, ada, posted["id"], reason="words")
    (seen,) = await list_own_reports(desk, bob.account_id, 2**63 - 1, 20)
    assert (seen.id, seen.reason, state_of(seen)) == (report_id, "words", "received")
    await world.db.connection.execute(
        "update cases set lease_until = $1, assigned_to = $2", world.clock.now().replace(year=2100), mod.account_id
    )
    assert state_of((await get_own_report(desk, bob.account_id, report_id))[0]) == "looked_at"
    await decide(world, posted["id"], drafted("ok"), mod)
    found, parts = await get_own_report(desk, bob.account_id, report_id)
    assert (state_of(found), found.outcome, [part.decided for part in parts]) == ("decided", "rejected", ["ok"])
    with pytest.raises(NotFound):
        await get_own_report(desk, ada.account_id, report_id)
    one = len(await world.statements(lambda: list_own_reports(desk, bob.account_id, 2**63 - 1, 20)))
    for n in range(5):
        await complain(bob, ada, (await ada.post(f"A carrot {n}"))["id"])
    many = len(await world.statements(lambda: list_own_reports(desk, bob.account_id, 2**63 - 1, 20)))
    assert one == many == 1


async def test_an_appeal_that_is_granted_writes_one_letter_to_who_appealed(world: World) -> None:
    from rostra.appeals.file import file_appeal
    from rostra.appeals.records import Ruling
    from rostra.appeals.review import decide_appeal
    from rostra.moderation.records import Wish

    ada, bob, eve, mod, judge = await people(world, "ada", "bob", "eve", "mod", "judge")
    posted = await ada.post("A carrot")
    await complain(eve, ada, posted["id"])
    report_id = await complain(bob, ada, posted["id"])
    made = await decide(world, posted["id"], drafted("ok"), mod)
    await told(world)
    appeal = await file_appeal(world.res.desk, decision_id=made, text="Look again", account_id=bob.account_id)
    ruling = Ruling(finding="overturned", answer="Indeed.", clause="words", wishes=(Wish(kind="remove"),), revision=0)
    _, (*_, part) = await get_own_report(world.res.desk, bob.account_id, report_id)
    assert state_of_part(part, world.clock.now()) == "nothing"
    await decide_appeal(world.res.desk, reviewer(judge, "admin"), appeal, ruling)
    await told(world)
    _, (*_, part) = await get_own_report(world.res.desk, bob.account_id, report_id)
    assert state_of_part(part, world.clock.now()) == "acted"
    outcome = await world.db.connection.fetch("select outcome, told_outcome from reports order by id")
    assert [tuple(row.values()) for row in outcome] == [("upheld", "upheld")] * 2
    assert len(to(world, "bob")) == 2, "the first outcome, and that of the appeal"
    assert "You were right" in to(world, "eve")[-1]


async def wrong(world: World, who: Person) -> None:
    """Have a report of somebody be rejected."""
    await world.db.connection.execute("insert into reporters (account_id, rejected) values ($1, 1)", who.account_id)


async def test_nobody_is_muted_without_a_warning(world: World) -> None:
    (_, bob, mod) = await people(world, "ada", "bob", "mod")
    desk, who = world.res.desk, reviewer(mod)
    with pytest.raises(Refused):
        await mute_reporter(desk, who, bob.account_id, muted=True)
    await wrong(world, bob)
    await warn_reporter(desk, who, bob.account_id)
    with pytest.raises(Refused):
        await warn_reporter(desk, who, bob.account_id)
    await mute_reporter(desk, who, bob.account_id, muted=True)
    await mute_reporter(desk, who, bob.account_id, muted=False)
    await world.settle()
    assert len(to(world, "bob")) == 3
    assert "Article 23" in to(world, "bob")[0]
    with pytest.raises(Forbidden):
        await warn_reporter(desk, reviewer(mod, "triage"), bob.account_id)
    with pytest.raises(Forbidden):
        await trust_reporter(desk, who, bob.account_id, trusted=True)


async def test_nobody_is_warned_whose_reports_were_never_wrong(world: World) -> None:
    (bob, mod) = await people(world, "bob", "mod")
    with pytest.raises(Refused, match="No report of theirs was found wrong"):
        await warn_reporter(world.res.desk, reviewer(mod), bob.account_id)
    await world.db.connection.execute(
        "insert into reporters (account_id, upheld, rejected) values ($1, 3, 0)", bob.account_id
    )
    with pytest.raises(Refused):
        await warn_reporter(world.res.desk, reviewer(mod), bob.account_id)
    await world.settle()
    assert to(world, "bob") == []


async def test_those_who_are_hardly_ever_right_are_proposed_and_nothing_more(world: World) -> None:
    (bob, eve, tom, mod) = await people(world, "bob", "eve", "tom", "mod")
    rows = ((bob, 0, 10), (eve, 1, 9), (tom, 1, 10))
    for who, upheld, rejected in rows:
        await world.db.connection.execute(
            "insert into reporters (account_id, upheld, rejected) values ($1, $2, $3)", who.account_id, upheld, rejected
        )
    desk = world.res.desk
    found, _ = await list_reporters(desk, reviewer(mod), "proposed")
    assert [one.username for one in found] == ["tom", "bob"]
    everybody, more = await list_reporters(desk, reviewer(mod), "all")
    assert [one.username for one in everybody] == ["tom", "eve", "bob"]
    assert more is None
    assert await world.db.connection.fetchval("select count(*) from reporters where muted_at is not null") == 0
    rest, _ = await list_reporters(desk, reviewer(mod), "all", (11, tom.account_id))
    assert [one.username for one in rest] == ["eve", "bob"]


async def test_a_muted_reporter_is_told_nothing_of_outcomes(world: World) -> None:
    ada, bob, mod = await people(world, "ada", "bob", "mod")
    await wrong(world, bob)
    await warn_reporter(world.res.desk, reviewer(mod), bob.account_id)
    await mute_reporter(world.res.desk, reviewer(mod), bob.account_id, muted=True)
    posted = await ada.post("A carrot")
    await complain(bob, ada, posted["id"])
    (seen,) = await list_own_reports(world.res.desk, bob.account_id, 2**63 - 1, 20)
    assert state_of(seen) == "unheard"
