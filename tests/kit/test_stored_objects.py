"""The register knows what is in the store, in an order that a follower can rely on."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import asyncpg
import pytest

from rostra.kit.clock import FixedClock
from rostra.kit.db import Database, connect, open_database
from rostra.kit.objectstore import PROBES, ObjectHead, ObjectStore, StoreUnavailable, open_store
from rostra.kit.stored_objects import (
    Measured,
    ObjectRegister,
    StoredObject,
    count_live,
    list_after,
    list_gone,
)
from rostra.kit.stored_objects_check import find_missing, reconcile
from tests.conftest import TransactionDatabase


@pytest.fixture
def register(db: Database, clock: FixedClock) -> ObjectRegister:
    return ObjectRegister(db, clock)


@pytest.fixture
def store(tmp_path: Path, register: ObjectRegister) -> ObjectStore:
    return open_store(tmp_path / "objects", register)


def keys(found: list[StoredObject]) -> list[str]:
    return [each.key for each in found]


async def test_what_is_put_is_registered_with_its_size_hash_and_time(
    db: Database, store: ObjectStore, clock: FixedClock, tmp_path: Path
) -> None:
    small, large = b"hello", bytes(100_000)
    (tmp_path / "file").write_bytes(b"from a file")
    await store.put("a/small", small, "x/y")
    clock.tick(minutes=1)
    await store.put("a/large", large, "x/y")
    await store.put("a/file", tmp_path / "file", "x/y")
    assert await store.put_new("a/new", b"new")
    found = await list_after(db, 0, 10)
    assert [(each.key, each.size, each.sha256) for each in found] == [
        (key, len(body), hashlib.sha256(body).digest())
        for key, body in (("a/small", small), ("a/large", large), ("a/file", b"from a file"), ("a/new", b"new"))
    ]
    assert found[1].put_at - found[0].put_at == (found[3].put_at - found[0].put_at)
    assert found[0].gone_at is None
    assert await count_live(db) == 4
    assert keys(await list_after(db, found[0].id, 2)) == ["a/large", "a/file"]
    assert await list_after(db, found[3].id, 10) == []


async def test_what_was_deleted_is_gone_from_then_on_and_what_is_put_again_is_back(
    db: Database, store: ObjectStore, clock: FixedClock
) -> None:
    for key in ("a", "b", "c"):
        await store.put(key, b"x", "x/y")
    seen = (await list_after(db, 0, 10))[-1].id
    clock.tick(hours=1)
    await store.delete(["b", "never-there"])
    assert keys(await list_after(db, 0, 10)) == ["a", "c"]
    (gone,) = await list_gone(db, seen, 10)
    assert (gone.key, gone.gone_at) == ("b", clock.now())
    # Once more, as a job that runs again does: it went when it went.
    clock.tick(hours=1)
    await store.delete(["b"])
    assert await list_gone(db, seen, 10) == [gone]

    await store.put("b", b"xy", "x/y")
    (back,) = await list_after(db, gone.id, 10)
    assert (back.key, back.size, back.gone_at) == ("b", 2, None)
    assert await list_gone(db, 0, 10) == []
    assert await count_live(db) == 3


async def test_a_put_that_is_refused_or_fails_is_not_registered(
    db: Database, store: ObjectStore, tmp_path: Path
) -> None:
    await store.put_new("taken", b"first")
    (registered,) = await list_after(db, 0, 10)
    assert not await store.put_new("taken", b"second")
    (tmp_path / "objects" / "a").write_bytes(b"a file where a directory should be")
    with pytest.raises(StoreUnavailable):
        await store.put("a/b", b"x", "x/y")
    assert await list_after(db, 0, 10) == [registered]


async def test_what_only_tries_the_store_is_not_registered(db: Database, store: ObjectStore) -> None:
    await store.put(f"{PROBES}/x", b"x", "x/y")
    assert await store.honours_put_new()
    await store.delete([f"{PROBES}/x"])
    assert await list_after(db, 0, 10) == []
    assert await list_gone(db, 0, 10) == []


@pytest.mark.parametrize("number", [1, 40])
async def test_one_put_and_any_number_of_deletions_are_one_statement_each(
    db: TransactionDatabase, store: ObjectStore, number: int
) -> None:
    for index in range(number):
        await store.put(f"k/{index}", b"x", "x/y")
    assert len([query for query in db.statements if "stored_objects" in query]) == number
    db.statements.clear()
    await store.delete([f"k/{index}" for index in range(number)])
    assert len([query for query in db.statements if "stored_objects" in query]) == 1
    assert await count_live(db) == 0


async def test_nothing_appears_later_behind_a_follower(fresh_dsn: str, clock: FixedClock) -> None:
    slow = await connect(fresh_dsn)
    async with open_database(fresh_dsn, max_size=4) as db:
        register = ObjectRegister(db, clock)
        transaction = slow.transaction()
        await transaction.start()
        await ObjectRegister(_Within(slow), clock).note_put(Measured("slow", 1, bytes(32)))
        # It has the larger number, and is there first.
        await register.note_put(Measured("quick", 1, bytes(32)))
        following = asyncio.ensure_future(list_after(db, 0, 10))
        await _until_waiting(slow)
        assert not following.done()
        await transaction.commit()
        assert keys(await following) == ["slow", "quick"]
    await slow.close()


async def test_objects_of_an_older_version_are_found_once_and_hashed(
    db: TransactionDatabase, store: ObjectStore, register: ObjectRegister, tmp_path: Path
) -> None:
    unregistered = open_store(tmp_path / "objects")
    bodies = {f"k/{number}": b"%d" % number * number for number in range(20)}
    for key, body in bodies.items():
        await unregistered.put(key, body, "x/y")
    await unregistered.put(f"{PROBES}/x", b"x", "x/y")
    await store.put("known", b"known", "x/y")
    await store.put("back", b"back", "x/y")
    await store.delete(["back"])
    await unregistered.put("back", b"again", "x/y")
    db.statements.clear()
    assert await reconcile(db, unregistered, register) == 21
    assert len([query for query in db.statements if "stored_objects" in query]) == 2
    found = {each.key: each.sha256 for each in await list_after(db, 0, 100)}
    expected = bodies | {"known": b"known", "back": b"again"}
    assert found == {key: hashlib.sha256(body).digest() for key, body in expected.items()}
    before = await list_after(db, 0, 100)
    assert await reconcile(db, unregistered, register) == 0
    assert await list_after(db, 0, 100) == before


async def test_what_is_deleted_while_it_is_reconciled_does_not_come_back(
    db: Database, register: ObjectRegister, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unregistered = open_store(tmp_path / "objects")
    await unregistered.put("stays", b"x", "x/y")
    await unregistered.put("goes", b"x", "x/y")
    note_found = register.note_found

    async def delete_first(found: list[Measured]) -> None:
        await open_store(tmp_path / "objects", register).delete(["goes"])
        await note_found(found)

    monkeypatch.setattr(register, "note_found", delete_first)
    await reconcile(db, unregistered, register)
    assert keys(await list_after(db, 0, 10)) == ["stays"]


async def test_what_the_store_has_lost_or_cut_short_is_missing(
    db: TransactionDatabase, store: ObjectStore, tmp_path: Path
) -> None:
    for key in ("whole", "lost", "cut", "deleted"):
        await store.put(key, b"body", "x/y")
    assert await find_missing(db, store) == []
    await store.delete(["deleted"])
    (tmp_path / "objects" / "lost").unlink()
    (tmp_path / "objects" / "cut").write_bytes(b"bo")
    assert sorted(await find_missing(db, store)) == ["cut", "lost"]


async def test_what_is_deleted_while_it_is_looked_for_is_not_missing(
    db: Database, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.put("goes", b"x", "x/y")
    find_head = store.find_head

    async def delete_first(key: str) -> ObjectHead | None:
        await store.delete([key])
        return await find_head(key)

    monkeypatch.setattr(store, "find_head", delete_first)
    assert await find_missing(db, store) == []


class _Within:
    """A Database whose every scope is one open transaction."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    def autocommit(self) -> _Within:
        return self

    read = transaction = autocommit

    async def __aenter__(self) -> asyncpg.Connection:
        return self._connection

    async def __aexit__(self, *_: object) -> None:
        pass


async def _until_waiting(connection: asyncpg.Connection) -> None:
    for _ in range(1000):
        if await connection.fetchval(
            "select exists (select from pg_locks where locktype = 'advisory' and not granted)"
        ):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")
