"""The public log shows what was decided and hides who it was about, who decided, and what was private."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest

from rostra.kit.errors import Invalid
from rostra.kit.sealing import Sealer
from rostra.ledger.append import Entry, append
from rostra.ledger.leaf import decode_hash
from rostra.ledger.seal import seal
from rostra.ledger.tree import find_leaf
from rostra.measurement.public_log import Logged, count_log, pseudonym, read_log
from tests.conftest import NOON
from tests.ledger.stage import make_signer
from tests.measurement.decided import decide
from tests.world import Person, World

DAY = timedelta(days=1)
YESTERDAY = NOON - DAY


async def read(world: World, after: str = "", limit: int = 40) -> tuple[list[Logged], str]:
    return await read_log(world.db, world.clock, world.res.sealer, after=after, limit=limit)


async def post(person: Person, visibility: str = "public") -> int:
    return int((await person.post("Some text", visibility=visibility))["id"])


async def test_an_entry_says_what_was_done_by_which_clause_and_how_it_came_about(world: World):
    ada = await world.person("ada")
    await decide(
        world, YESTERDAY, account_id=ada.account_id, status_id=await post(ada), actions=("remove", "suspend"),
        detected=True, automatic=True, origin="own", lasts=7 * DAY,
    )  # fmt: skip
    (entry,), following = await read(world)

    shown = msgspec.to_builtins(entry)
    assert (shown.pop("id"), shown.pop("account"), following) == (entry.id, entry.account, "")
    assert shown == {
        "day": "2026-05-03", "clause": "violence.threat", "subject": "status", "origin": "own",
        "automated_detection": True, "automated_decision": True, "policy": "v1", "reversed": None, "leaf": None,
        "server": None,
        "actions": [
            {"kind": "remove", "on": "status", "until": "2026-05-10"},
            {"kind": "suspend", "on": "account", "until": "2026-05-10"},
        ],
    }  # fmt: skip


async def test_an_entry_leads_to_its_leaf_in_the_ledger(world: World):
    ada = await world.person("ada")
    await decide(world, YESTERDAY, account_id=ada.account_id, actions=("freeze",))
    entry = Entry(type="decision", subject_kind="account", subject_id=ada.account_id, account_id=ada.account_id)
    async with world.db.transaction() as tx:
        event_id = await append(tx, YESTERDAY, entry)
        await tx.execute("update decisions set event_id = $1", event_id)
    await seal(world.db, world.clock, make_signer())
    leaf = (await read(world))[0][0].leaf

    assert leaf is not None
    async with world.db.read() as conn:
        assert await find_leaf(conn, decode_hash(leaf)) is not None


async def test_nobody_can_be_found_in_it(world: World):
    ada, mod = await world.person("ada"), await world.person("mod", role="moderator")
    status_id = await post(ada)
    decision_id = await decide(
        world, YESTERDAY, account_id=ada.account_id, status_id=status_id, reviewer_id=mod.account_id
    )
    entries, _ = await read(world)

    said = msgspec.json.encode(entries).decode()
    for known in (ada.id, mod.id, str(status_id), str(decision_id), "ada", "mod"):
        assert known not in said.replace("moderat", "")


@pytest.mark.parametrize("visibility", ["private", "direct"])
async def test_what_was_not_public_is_counted_and_not_listed(world: World, visibility: str):
    ada = await world.person("ada")
    hidden, shown = await post(ada, visibility), await post(ada, "unlisted")
    for status_id in (hidden, shown):
        await decide(world, YESTERDAY, account_id=ada.account_id, status_id=status_id)

    assert len((await read(world))[0]) == 1
    assert [(each.month, each.decisions, each.listed) for each in await count_log(world.db, world.clock)] == [
        ("2026-05", 2, 1)
    ]


async def test_of_a_deleted_post_only_the_evidence_can_say_that_it_was_public(world: World):
    ada = await world.person("ada")
    for number, visibility in enumerate(("public", "private", None)):
        decision_id = await decide(world, YESTERDAY, account_id=ada.account_id, status_id=number + 1)
        if visibility:
            async with world.db.transaction() as tx:
                await tx.execute(
                    "with kept as (insert into snapshots (id, subject_kind, subject_id, account_id, sha256, content,"
                    " taken_at) values (make_id($1), 'status', $2, $3, $4, $5, $1) returning id)"
                    " update decisions set snapshot_id = (select id from kept) where id = $6",
                    YESTERDAY, number + 1, ada.account_id, bytes([number] * 32), {"visibility": visibility},
                    decision_id,
                )  # fmt: skip

    assert len((await read(world))[0]) == 1


async def test_a_day_that_is_not_over_is_not_shown(world: World):
    ada = await world.person("ada")
    await decide(world, NOON, account_id=ada.account_id, actions=("freeze",))

    assert (await read(world))[0] == []
    world.at(NOON + DAY)
    assert len((await read(world))[0]) == 1


async def test_what_was_found_to_be_fine_is_nobodys_business(world: World):
    ada = await world.person("ada")
    await decide(world, YESTERDAY, account_id=ada.account_id, outcome="ok", actions=())

    assert (await read(world))[0] == []


async def test_what_was_turned_round_stays_and_says_so(world: World):
    ada = await world.person("ada")
    await decide(world, YESTERDAY, account_id=ada.account_id, actions=("freeze",), reversed_why="appeal")

    assert (await read(world))[0][0].reversed == "appeal"


async def test_pages_hold_every_decision_once_the_latest_day_first(world: World):
    ada = await world.person("ada")
    for number in range(23):
        await decide(world, YESTERDAY - (number % 5) * DAY, account_id=ada.account_id, actions=("freeze",))
    seen: list[Logged] = []
    after = ""
    while True:
        page, after = await read(world, after, limit=4)
        seen += page
        if not after:
            break

    assert len({each.id for each in seen}) == len(seen) == 23
    assert [each.day for each in seen] == sorted((each.day for each in seen), reverse=True)
    assert seen == (await read(world, limit=100))[0]


async def test_the_order_within_a_day_tells_nothing_of_the_time(world: World):
    ada = await world.person("ada")
    for number in range(12):
        await decide(
            world, YESTERDAY + timedelta(minutes=number), account_id=ada.account_id, actions=("freeze",),
            clause=f"c.{number:02}",
        )  # fmt: skip
    clauses = [each.clause for each in (await read(world))[0]]

    assert clauses != sorted(clauses)
    assert clauses != sorted(clauses, reverse=True)


async def test_a_pseudonym_holds_for_a_month_and_depends_on_the_servers_secret(world: World):
    ada, bo = await world.person("ada"), await world.person("bo")
    for at in (YESTERDAY, YESTERDAY - DAY, YESTERDAY - 20 * DAY):
        await decide(world, at, account_id=ada.account_id, actions=("freeze",))
    await decide(world, YESTERDAY - 40 * DAY, account_id=bo.account_id, actions=("freeze",))
    names = [each.account for each in (await read(world))[0]]

    assert names[0] == names[1]
    assert len(set(names)) == 3
    day = date(2026, 5, 3)
    assert pseudonym(Sealer("one"), 17, day) != pseudonym(Sealer("two"), 17, day)


async def test_a_page_is_one_statement_however_much_it_holds(world: World):
    ada = await world.person("ada")
    for _ in range(40):
        await decide(world, YESTERDAY, account_id=ada.account_id, actions=("freeze", "warn"))

    assert len(await world.statements(lambda: read(world))) == 1


@pytest.mark.parametrize("after", ["x", "1", "-", "1-", "1-ä", "99999999999999-a", "1-a'b", "-1-a"])
async def test_a_cursor_that_was_not_given_is_refused(world: World, after: str):
    with pytest.raises(Invalid):
        await read(world, after)
