"""What lies beside a case: evidence, near-copies, accounts that may be the same person's, words, rests, filters."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rostra.kit.errors import Conflict, Forbidden, Invalid, InvalidFields, NotFound
from rostra.moderation.cases import queue
from rostra.moderation.cases.dossier import Dossier, list_copies, read_dossier
from rostra.moderation.cases.filters import delete_filter, query_of, save_filter
from rostra.moderation.cases.queue import REST, SHIFT, Query
from rostra.moderation.cases.rest import note_looked, read_today
from rostra.moderation.cases.reviewer_queries import list_filters
from rostra.moderation.cases.templates import delete_template, fill, fitting, list_templates, save_template
from tests.moderation.desk import act, case_of, decide, drafted, reviewer
from tests.screening.policies import put_in_force
from tests.world import Person, World

SALE = "Buy the best watches of the world now at my shop, half the price, only today"


async def _dossier(world: World, subject_id: str) -> Dossier:
    return await read_dossier(world.res.desk, (await case_of(world, subject_id))["id"])


async def _report(world: World, by: Person, whose: Person, status_id: str, comment: str = "") -> None:
    wanted = {"account_id": whose.id, "status_ids": [status_id], "comment": comment}
    await by.api.post("/api/v1/reports", wanted)
    await world.settle()


async def test_what_was_reported_stays_beside_what_became_of_it(world: World) -> None:
    ada, bob = await world.person("ada"), await world.person("bob")
    posted = await ada.post("You are a cabbage")
    await _report(world, bob, ada, posted["id"], "Rude")
    found = await _dossier(world, posted["id"])
    assert not found.is_changed
    assert [report.comment for report in found.reports] == ["Rude"]
    await ada.api.put(f"/api/v1/statuses/{posted['id']}", {"status": "You are a rose"})
    found = await _dossier(world, posted["id"])
    assert found.is_changed
    assert found.evidence is not None
    assert found.evidence.content["text"] == "You are a cabbage"
    await ada.api.delete(f"/api/v1/statuses/{posted['id']}")
    await world.settle()
    found = await _dossier(world, posted["id"])
    assert found.is_gone
    assert found.evidence is not None
    assert found.seen.parts[0].text == found.evidence.content["text"]


async def test_an_unknown_case_has_no_dossier(world: World) -> None:
    with pytest.raises(NotFound):
        await read_dossier(world.res.desk, 12)


async def test_words_are_marked_in_the_text_that_is_shown(world: World) -> None:
    await put_in_force(world)
    ada = await world.person("ada")
    posted = await ada.post("My marrow: I will kill you")
    found = await _dossier(world, posted["id"])
    (text,) = found.seen.parts
    assert "kill you" in {text.text[mark.start : mark.end] for mark in found.seen.marks} or any(
        "kill" in text.text[mark.start : mark.end] for mark in found.seen.marks
    )
    assert found.seen.scores[0][0] == "threat"
    assert found.verdict.details is not None
    assert found.verdict.details["hits"] == ["look"]


async def test_near_copies_are_counted_with_their_authors_and_their_reach(world: World) -> None:
    await put_in_force(world)
    ada, bob, eve = await world.person("ada"), await world.person("bob"), await world.person("eve")
    await eve.follow(bob)
    first = await ada.post(f"{SALE} with a marrow")
    copies = [(await who.post(f"{SALE} {number}"))["id"] for number, who in enumerate((bob, bob, eve))]
    await eve.post("Something else altogether that nobody has said before this day")
    await world.settle()
    found = (await _dossier(world, first["id"])).copies
    assert (found.count, found.authors, found.reach) == (3, 2, 1)
    assert {each["id"] for each in found.shown} == set(copies)
    ids = await list_copies(world.res.desk, int(first["id"]))
    assert ids[0] == int(first["id"])
    assert set(ids) == {int(each) for each in [first["id"], *copies]}


async def test_accounts_of_the_same_person_are_found_by_address_name_and_text(world: World) -> None:
    await put_in_force(world)
    ada, again, other = (
        await world.person("captain_nemo"),
        await world.person("captain_nemo_22"),
        await world.person("bob"),
    )
    like, mia = await world.person("nennno"), await world.person("mia", role="moderator")
    await world.db.connection.execute(
        "update users set sign_up_ip = '203.0.113.7' where account_id = any($1)", [ada.account_id, again.account_id]
    )
    await act(world, "account", like.id, drafted(clause="words", wishes=(), revision=None), mia)
    first = await ada.post(f"{SALE} with a marrow")
    await other.post(f"{SALE} today")
    found = (await _dossier(world, first["id"])).related
    assert {each.username: each.signals for each in found} == {"captain_nemo_22": ["address", "name"], "bob": ["text"]}
    await world.db.connection.execute(
        "update accounts set suspended_at = now(), username = 'captain_nemoo' where id = $1", like.account_id
    )
    found = (await _dossier(world, first["id"])).related
    assert {each.username: each.suspended for each in found} == {
        "captain_nemo_22": False,
        "captain_nemoo": True,
        "bob": False,
    }


async def test_an_author_s_history_says_what_stood_and_what_was_turned_round(world: World) -> None:
    await put_in_force(world)
    ada, mia = await world.person("ada"), await world.person("mia", role="moderator")
    first, second = await ada.post("A marrow"), await ada.post("Another marrow")
    await decide(world, first["id"], drafted(clause="words"), mia)
    found = await _dossier(world, second["id"])
    assert [(each.outcome, each.actions) for each in found.before] == [("violates", ["remove"])]
    assert (found.author.strikes, found.author.upheld, found.author.open_cases) == (2, 1, 0)


async def test_a_dossier_takes_as_many_statements_whatever_lies_beside_it(world: World) -> None:
    await put_in_force(world)
    ada, bob = await world.person("ada"), await world.person("bob")
    counted: list[int] = []
    for number in (0, 25):
        post = await ada.post(f"{SALE} with a marrow {number}")
        case = (await case_of(world, post["id"]))["id"]
        for n in range(number):
            await bob.post(f"{SALE} {n}")
            await bob.post("@ada how much?", in_reply_to_id=post["id"])
            await queue.add_note(world.res.desk, reviewer(bob), case, "Look")
        counted.append(len(await world.statements(lambda case=case: read_dossier(world.res.desk, case))))
    assert counted[0] == counted[1]


async def test_a_rest_is_due_after_each_two_hours_and_the_queue_gives_nothing_meanwhile(world: World) -> None:
    await put_in_force(world)
    ada, mia = await world.person("ada"), await world.person("mia", role="moderator")
    await ada.post("A marrow")
    desk, who = world.res.desk, reviewer(mia)
    for _ in range(int(SHIFT / timedelta(minutes=10)) - 1):
        assert await note_looked(desk, who, 0, 100_000) is None
    until = await note_looked(desk, who, 1, 600)
    assert until == world.clock.now() + REST
    with pytest.raises(Conflict):
        await queue.take_next(desk, who, Query())
    kept = await queue.get_reviewer(desk, mia.account_id)
    async with world.db.read() as conn:
        today = await read_today(conn, mia.account_id, kept, world.clock.now())
    assert today.resting_until == until
    assert today.seconds == int(SHIFT.total_seconds())
    assert today.budgets[:2] == [(0, 11, 1000), (1, 1, 400)]
    world.at(until)
    assert await queue.take_next(desk, who, Query()) is not None


async def test_keeping_what_one_takes_on_leaves_a_rest_as_it_is(world: World) -> None:
    mia = await world.person("mia", role="moderator")
    desk, who = world.res.desk, reviewer(mia)
    for _ in range(int(SHIFT / timedelta(minutes=10))):
        await note_looked(desk, who, 0, 600)
    before = (await queue.get_reviewer(desk, mia.account_id)).resting_until
    await queue.keep_reviewer(desk, mia.account_id, queue.ReviewerRow(most_exposure=1))
    after = await queue.get_reviewer(desk, mia.account_id)
    assert before is not None
    assert (after.resting_until, after.most_exposure) == (before, 1)


async def test_filters_are_one_s_own_or_everybody_s(world: World) -> None:
    mia, nora = await world.person("mia", role="moderator"), await world.person("nora", role="triage")
    desk, query = world.res.desk, Query(clause="violence", exposure=3)
    own = await save_filter(desk, reviewer(nora, "triage"), "Mine", query, shared=False)
    everybody = await save_filter(desk, reviewer(mia), "Ours", query, shared=True)
    with pytest.raises(Forbidden):
        await save_filter(desk, reviewer(nora, "triage"), "Ours", query, shared=True)
    with pytest.raises(Invalid):
        await save_filter(desk, reviewer(mia), "  ", query, shared=False)
    async with world.db.read() as conn:
        found = await list_filters(conn, mia.account_id)
    assert [each.id for each in found] == [everybody]
    assert query_of(found[0]) == query
    with pytest.raises(NotFound):
        await delete_filter(desk, reviewer(mia), own)
    with pytest.raises(Forbidden):
        await delete_filter(desk, reviewer(nora, "triage"), everybody)
    await delete_filter(desk, reviewer(mia), everybody)


async def test_templates_are_for_a_clause_or_for_all_and_say_what_nothing_fills_in(world: World) -> None:
    await put_in_force(world)
    mia = await world.person("mia", role="moderator")
    desk, who = world.res.desk, reviewer(mia)
    with pytest.raises(InvalidFields) as refused:
        await save_template(desk, who, None, "", "nothing", {"en": "Dear {nobody}"})
    assert set(refused.value.details) == {"name", "clause", "text"}
    for_all = await save_template(desk, who, None, "For all", "", {"en": "Dear {author}"})
    for_words = await save_template(desk, who, None, "Words", "words", {"en": "{clause} on {server}", "it": ""})
    async with world.db.read() as conn:
        found = await list_templates(conn)
    assert [each.id for each in fitting(found, "words")] == [for_words, for_all]
    assert [each.id for each in fitting(found, "other")] == [for_all, for_words]
    values = {"author": "Ada", "clause": "Words", "server": "a.example"}
    assert fill(found[1].text, "it", values) == "Words on a.example"
    with pytest.raises(Forbidden):
        await delete_template(desk, reviewer(mia, "triage"), for_all)
    with pytest.raises(NotFound):
        await save_template(desk, who, 12, "None", "", {"en": "x"})
    await delete_template(desk, who, for_all)
    with pytest.raises(NotFound):
        await delete_template(desk, who, for_all)
