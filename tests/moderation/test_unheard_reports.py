"""Reports of the time before the desk reach it when the database is brought up to date."""

from __future__ import annotations

from pathlib import Path

from tests.world import Person, World

_MIGRATION = Path("rostra/migrations/0026_unheard_reports.sql")


async def _report(world: World, by: Person, about: Person, statuses: list[int], **more: object) -> None:
    """A report as it was written then: with no case."""
    columns = {"category": "other", "comment": "", "forward": False, "created_at": world.clock.now(), **more}
    names = ", ".join(columns)
    values = ", ".join(f"${place}" for place in range(4, 4 + len(columns)))
    await world.db.connection.execute(
        f"insert into reports (id, account_id, target_id, status_ids, rule_ids, {names})"
        f" values (make_id(now()), $1, $2, $3, '{{}}', {values})",
        by.account_id, about.account_id, statuses, *columns.values(),
    )  # fmt: skip


async def _cases(world: World) -> list[tuple[str, int, int, int]]:
    rows = await world.db.connection.fetch("""
      select c.subject_kind, c.subject_id, c.reports_count, count(rc.report_id) as linked
      from cases c left join report_cases rc on rc.case_id = c.id where c.state = 'queued'
      group by c.id order by c.subject_id""")
    return [tuple(row) for row in rows]


async def test_each_post_that_is_there_is_a_case_and_else_the_account(world: World) -> None:
    alice, bob, carol = [await world.person(name) for name in ("alice", "bob", "carol")]
    first, second = [int((await alice.post(text))["id"]) for text in ("one", "two")]
    await _report(world, bob, alice, [first, second, 1])
    await _report(world, carol, alice, [first])
    await _report(world, carol, bob, [2])
    await world.db.connection.execute(_MIGRATION.read_text())
    expected = [("status", first, 2, 2), ("status", second, 1, 1), ("account", bob.account_id, 1, 1)]
    assert await _cases(world) == sorted(expected, key=lambda case: case[1])


async def test_what_is_handled_unheard_or_has_a_case_stays_as_it_is(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await _report(world, bob, alice, [], action_taken_at=world.clock.now())
    await _report(world, bob, alice, [], muted=True)
    await bob.api.post("/api/v1/reports", {"account_id": alice.id})
    await world.db.connection.execute(_MIGRATION.read_text())
    assert await _cases(world) == [("account", alice.account_id, 1, 1)]


async def test_an_open_case_is_added_to(world: World) -> None:
    alice, bob, carol = [await world.person(name) for name in ("alice", "bob", "carol")]
    await bob.api.post("/api/v1/reports", {"account_id": alice.id})
    await _report(world, carol, alice, [])
    await world.db.connection.execute(_MIGRATION.read_text())
    assert await _cases(world) == [("account", alice.account_id, 2, 2)]
