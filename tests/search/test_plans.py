"""How the statements of a search are run, whatever the number of posts."""

from __future__ import annotations

from typing import LiteralString

import asyncpg
import pytest

from rostra.kit.ids import MAX_ID
from rostra.search.find import AMONG_AUTHORS, AMONG_KEPT, AMONG_LATEST, BY_INDEX
from tests.world import World


async def plan_of(connection: asyncpg.Connection, statement: LiteralString) -> list[str]:
    """The lines of the plan that serves every word."""
    for setting in ("plan_cache_mode = force_generic_plan", "enable_seqscan = off"):
        await connection.execute(f"set local {setting}")
    # Where the table was analysed while it was empty, walking along its key would look cheaper than any look-up.
    await connection.execute("select pg_clear_relation_stats('public', 'status_search')")
    types = [each.name for each in (await connection.prepare(statement)).get_parameters()]
    values = [1, "null", "'bread'", MAX_ID, 0, 20, 0, *["null"] * (len(types) - 7)]
    await connection.execute(f"prepare searching({', '.join(types)}) as {statement}")
    rows = await connection.fetch(f"explain (costs off) execute searching({', '.join(map(str, values))})")
    # Unlike all else it would outlive the test's transaction.
    await connection.execute("deallocate searching")
    return [row[0] for row in rows]


async def test_the_index_of_words_is_not_joined_to_all_posts_of_the_window(world: World) -> None:
    plan = await plan_of(world.db.connection, BY_INDEX)
    looked_up = [line for line in plan if "Cond:" in line and "words @@" in line]
    assert looked_up
    assert not [line for line in plan if "Index Cond:" in line and "status_id < " in line]


@pytest.mark.parametrize("statement", [AMONG_LATEST, AMONG_AUTHORS, AMONG_KEPT, BY_INDEX])
async def test_what_was_typed_is_read_once_for_a_statement(world: World, statement: LiteralString) -> None:
    plan = await plan_of(world.db.connection, statement)
    compared = [line for line in plan if "words @@" in line]
    assert compared
    assert not [line for line in compared if "websearch_to_tsquery" in line]
