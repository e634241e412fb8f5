"""What follows from an account being unlocked, and statements that every relationship needs."""

from __future__ import annotations

from rostra.effects import emit
from rostra.events import ProfileChanged
from rostra.relationships.find import find_relationships
from rostra.relationships.follow import accept_all_requests
from tests.world import World


async def set_account(world: World, account_id: int, column: str, value: object) -> None:
    await world.db.connection.execute(f"update accounts set {column} = $2 where id = $1", account_id, value)


async def test_whoever_waits_is_let_in_once_the_account_is_unlocked_but_for_the_limited(world: World) -> None:
    alice, bob, carol, dan = [await world.person(name) for name in ("alice", "bob", "carol", "dan")]
    await set_account(world, alice.account_id, "locked", True)
    for person in (bob, carol, dan):
        await person.follow(alice)
    await set_account(world, dan.account_id, "silenced_at", world.clock.now())
    await accept_all_requests(world.db, world.clock, emit, alice.account_id)
    assert len((await alice.api.get("/api/v1/follow_requests")).json()) == 3
    await set_account(world, alice.account_id, "locked", False)
    async with world.db.transaction() as tx:
        await emit(tx, ProfileChanged(account_id=alice.account_id, unlocked=True))
    await world.settle()
    followers = (await alice.api.get(f"/api/v1/accounts/{alice.id}/followers")).json()
    assert [account["id"] for account in followers] == [carol.id, bob.id]
    assert [account["id"] for account in (await alice.api.get("/api/v1/follow_requests")).json()] == [dan.id]


async def test_relationships_of_many_take_one_statement(world: World) -> None:
    alice = await world.person("alice")
    ids = [(await world.person(f"p{number}")).account_id for number in range(12)]
    at = world.clock.now()
    statements = await world.statements(lambda: find_relationships(world.db, alice.account_id, ids, at))
    assert len(statements) == 1
    assert await find_relationships(world.db, alice.account_id, [], at) == []
