"""From the example to the answer: one act for it and its copies, a draft from the records, what was sent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from rostra.kit.errors import Conflict, Forbidden, Invalid
from rostra.moderation.decisions.decide import decide_subject
from rostra.moderation.desk import Reviewer
from rostra.moderation.records import Draft, Wish
from rostra.notices.act import Act, act, remark
from rostra.notices.answer import approve, draft, edit, move, send
from rostra.notices.clocks import tick
from rostra.notices.item_queries import tally_copies
from rostra.notices.story import cause_of
from rostra.notices.story_queries import Verdict, find_answer
from tests.notices.letters import BASE
from tests.notices.scene import HANGED, items_of, put_policy, put_provider, report, reviewer, row_of
from tests.world import Person, World

REMOVE = (Wish(kind="remove"),)


async def stage(world: World, copies: int = 2) -> tuple[Person, int, dict[str, Any], list[dict[str, Any]]]:
    """A moderator, a notice about a post with copies, the post, and the copies."""
    await put_policy(world)
    provider = await put_provider(world)
    anna, carl = await world.person("anna", role="moderator"), await world.person("carl")
    post = await carl.post(HANGED)
    made = [await (await world.person(f"copier{n}")).post(f"{HANGED} {'!' * n}") for n in range(copies)]
    notice_id = await report(world, provider, post["url"])
    return anna, notice_id, post, made


async def decide(world: World, anna: Person, notice_id: int, **more: Any) -> None:
    """What the reviewer's one act is: remove the example and all copies."""
    item = (await items_of(world, notice_id))[0]
    async with world.db.read() as conn:
        tally = (await tally_copies(conn, [item.id])).get(item.id)
    wanted: dict[str, Any] = {
        "item_id": item.id, "outcome": "violates", "clause": "threats",
        "wishes": REMOVE, "with_copies": True, "revision": 0,
        "seen": tally.seen if tally else "",
    }  # fmt: skip
    await act(world.res.desk, reviewer(anna), notice_id, Act(**(wanted | more)))
    world.clock.tick(minutes=1)
    await world.settle()


async def answer_of(world: World, notice_id: int) -> Any:
    async with world.db.read() as conn:
        return await find_answer(conn, notice_id)


async def test_one_act_removes_the_example_and_all_its_copies(world: World) -> None:
    anna, notice_id, post, copies = await stage(world)
    await decide(world, anna, notice_id)
    for each in (post, *copies):
        assert (await world.anyone.get(f"/api/v1/statuses/{each['id']}", expect=None)).status_code == 404
    rows = await world.db.connection.fetch("select origin, outcome, clause from decisions order by id")
    assert [tuple(row) for row in rows] == [("host", "violates", "threats")] * 3
    assert await world.db.connection.fetchval("select count(*) from cases where state <> 'closed'") == 0
    assert await world.db.connection.fetchval("select count(*) from deadlines where met_at is null") == 0


async def test_a_copy_that_changed_since_it_was_seen_stops_the_act(world: World) -> None:
    anna, notice_id, _, copies = await stage(world)
    async with world.db.transaction() as tx:
        await tx.execute("update statuses set revision = 1 where id = $1", int(copies[0]["id"]))
    with pytest.raises(Conflict):
        await decide(world, anna, notice_id, seen="0" * 16)
    assert await world.db.connection.fetchval("select count(*) from decisions") == 0


async def test_only_who_may_answers_notices(world: World) -> None:
    anna, notice_id, _, _ = await stage(world)
    triage = Reviewer(account_id=anna.account_id, role="triage")
    item = (await items_of(world, notice_id))[0]
    for attempt in (
        lambda: act(world.res.desk, triage, notice_id, Act(item_id=item.id, outcome="ok")),
        lambda: draft(world.res.desk, triage, notice_id),
        lambda: edit(world.res.desk, triage, notice_id, "x"),
        lambda: approve(world.res.desk, triage, notice_id, 1),
        lambda: send(world.res.desk, triage, notice_id, by_hand=True),
        lambda: move(world.res.desk, triage, notice_id, "closed"),
        lambda: remark(world.res.desk, triage, notice_id, item.id, "x"),
    ):
        with pytest.raises(Forbidden):
            await attempt()


async def test_the_draft_tells_what_was_done_and_when(world: World) -> None:
    anna, notice_id, post, _ = await stage(world)
    await decide(world, anna, notice_id)
    await remark(
        world.res.desk, reviewer(anna), notice_id, (await items_of(world, notice_id))[0].id, "We wrote to the police."
    )
    await draft(world.res.desk, reviewer(anna), notice_id)
    text = (await answer_of(world, notice_id)).text
    assert post["url"] in text
    assert "Removed on 2026-05-04 12:00 UTC under our clause “Threats”" in text
    assert "Near-copies found: 2. Removed: 2" in text
    assert "no rule of our policy recognised it" in text
    assert "Copies of what was removed (3) are recognised from now on" in text
    assert "We wrote to the police." in text
    assert "anna" not in text
    assert (await row_of(world, notice_id))["state"] == "drafting"


async def test_an_italian_host_is_answered_in_italian(world: World) -> None:
    anna, notice_id, _, _ = await stage(world)
    async with world.db.transaction() as tx:
        await tx.execute("update notice_providers set language = 'it'")
    await decide(world, anna, notice_id)
    await draft(world.res.desk, reviewer(anna), notice_id)
    assert (
        "Rimosso il 2026-05-04 12:00 UTC in base alla nostra clausola «Minacce»"
        in (await answer_of(world, notice_id)).text
    )


async def test_an_answer_is_approved_as_it_was_seen_and_when_everything_is_decided(world: World) -> None:
    anna, notice_id, _, _ = await stage(world)
    desk, by = world.res.desk, reviewer(anna)
    first = await draft(desk, by, notice_id)
    with pytest.raises(Conflict, match="Example 1 is not decided"):
        await approve(desk, by, notice_id, first)
    await decide(world, anna, notice_id)
    second = await draft(desk, by, notice_id)
    with pytest.raises(Conflict):
        await approve(desk, by, notice_id, first)
    with pytest.raises(Conflict):
        await send(desk, by, notice_id, by_hand=False)
    await approve(desk, by, notice_id, second)
    await edit(desk, by, notice_id, "My own words")
    assert (await row_of(world, notice_id))["state"] == "drafting"
    with pytest.raises(Invalid):
        await edit(desk, by, notice_id, "  ")


async def send_all(world: World, anna: Person, notice_id: int, *, by_hand: bool = False) -> None:
    desk, by = world.res.desk, reviewer(anna)
    await decide(world, anna, notice_id)
    await approve(desk, by, notice_id, await draft(desk, by, notice_id))
    await send(desk, by, notice_id, by_hand=by_hand)
    await world.settle()


async def test_the_answer_goes_by_mail_and_stops_the_clock(world: World) -> None:
    anna, notice_id, _, _ = await stage(world)
    await send_all(world, anna, notice_id)
    letters = [path.read_text() for path in (world.res.settings.data_dir / "mail").glob("*.eml")]
    (letter,) = [letter for letter in letters if "abuse@cloud.example" in letter]
    assert f"[notice {notice_id}]" in letter.replace("\n ", " ")
    world.clock.tick(days=3)
    await tick(world.res.desk)
    row = await row_of(world, notice_id)
    assert (row["state"], row["breached_at"]) == ("sent", None)
    clocks = await world.db.connection.fetch("select met_at is not null as met, missed_at from notice_clocks")
    assert [tuple(clock) for clock in clocks] == [(True, None)]


async def test_an_answer_that_is_too_late_is_a_breach_even_before_the_minutes_job(world: World) -> None:
    anna, notice_id, _, _ = await stage(world)
    world.clock.tick(hours=30)
    await send_all(world, anna, notice_id, by_hand=True)
    row = await row_of(world, notice_id)
    assert row["breached_at"] is not None
    assert "after the time that you gave" in (await answer_of(world, notice_id)).text


async def test_what_comes_back_is_said_and_leads_on(world: World) -> None:
    anna, notice_id, _, _ = await stage(world)
    await send_all(world, anna, notice_id, by_hand=True)
    desk, by = world.res.desk, reviewer(anna)
    with pytest.raises(Conflict):
        await move(desk, by, notice_id, "acting")
    for state in ("accepted", "follow_up", "acting"):
        await move(desk, by, notice_id, state)
    await approve(desk, by, notice_id, await draft(desk, by, notice_id))
    await send(desk, by, notice_id, by_hand=True)
    await move(desk, by, notice_id, "contested", "they say it came back")
    await move(desk, by, notice_id, "closed")
    row = await row_of(world, notice_id)
    assert (row["state"], row["closed_at"]) == ("closed", world.clock.now())
    with pytest.raises(Conflict):
        await move(desk, by, notice_id, "acting")


async def test_what_the_queue_decided_counts_for_the_notice(world: World) -> None:
    from rostra.moderation.decisions.decide import decide_case
    from rostra.moderation.records import Draft

    anna, notice_id, _, _ = await stage(world, copies=0)
    (item,) = await items_of(world, notice_id)
    assert item.case_id is not None
    await decide_case(world.res.desk, reviewer(anna), item.case_id, Draft(outcome="ok", revision=0))
    (item,) = await items_of(world, notice_id)
    assert item.is_settled
    await draft(world.res.desk, reviewer(anna), notice_id)
    assert "does not break our policy; it stays" in (await answer_of(world, notice_id)).text


async def test_every_step_is_in_the_ledger(world: World) -> None:
    anna, notice_id, _, _ = await stage(world)
    await send_all(world, anna, notice_id, by_hand=True)
    await move(world.res.desk, reviewer(anna), notice_id, "closed")
    rows = await world.db.connection.fetch(
        "select type from moderation_events where subject_kind = 'notice' and subject_id = $1 order by id", notice_id
    )
    assert [row["type"] for row in rows] == [
        "notice_received", "notice_expanded", "notice_acted", "notice_approved", "notice_answered", "notice_moved",
    ]  # fmt: skip
    details = await world.db.connection.fetch(
        "select details::text as said from moderation_events where subject_kind = 'notice'"
    )
    assert not [
        row for row in details if "hanged" in row["said"] or BASE in row["said"] or "cloud.example" in row["said"]
    ]


async def test_accounts_that_notices_name_are_acted_on(world: World) -> None:
    await put_policy(world)
    provider = await put_provider(world)
    anna, carl = await world.person("anna", role="moderator"), await world.person("carl")
    notice_id = await report(world, provider, f"{BASE}/@carl")
    (item,) = await items_of(world, notice_id)
    wishes = (Wish(kind="suspend", on="account", lasts=timedelta(days=7)),)
    await act(
        world.res.desk, reviewer(anna), notice_id,
        Act(item_id=item.id, outcome="violates", clause="threats", wishes=wishes),
    )  # fmt: skip
    await world.settle()
    await draft(world.res.desk, reviewer(anna), notice_id)
    text = (await answer_of(world, notice_id)).text
    assert "The author's account: suspended on 2026-05-04 12:00 UTC until 2026-05-11 12:00 UTC." in text
    assert carl.id


async def test_an_example_that_the_clock_has_taken_out_of_sight_is_settled(world: World) -> None:
    anna, notice_id, post, _ = await stage(world, copies=0)
    await world.db.connection.execute("update notice_items set case_id = null")
    await world.db.connection.execute("delete from cases")
    draft_ = Draft(outcome="violates", clause="threats", wishes=REMOVE)
    await decide_subject(world.res.desk, None, "status", int(post["id"]), draft_)
    await approve(world.res.desk, reviewer(anna), notice_id, await draft(world.res.desk, reviewer(anna), notice_id))
    state = await world.db.connection.fetchval("select state from notices where id = $1", notice_id)
    assert state == "approved"


def test_an_exception_is_named_as_the_cause_only_where_it_lifted_a_rule() -> None:
    def cause(clause: str = "", **details: Any) -> tuple[str, str]:
        return cause_of(Verdict(status_id=1, details=details, clause=clause, policy="p", event_id=1))

    assert cause(action="allow") == ("no_rule", "")
    assert cause(action="allow", rule="ours", hits=["ours"]) == ("no_rule", "")
    assert cause(action="allow", rule="ours", hits=["ours"], lifted=["scam"]) == ("allowed", "ours")
    assert cause("words", action="allow", rule="look", hits=["look"]) == ("cased", "look")
    assert cause("words", action="label", rule="gore", hits=["gore"]) == ("cased", "gore")
    assert cause("words", action="hold", rule="wait", hits=["wait"]) == ("held", "wait")
    assert cause(action="allow", rule="ours", hits=["ours"], shadow=["new"]) == ("shadow", "new")
