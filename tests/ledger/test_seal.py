"""The sequencer: every event gets one leaf, in the order of sequencing; what is signed covers all of it."""

from __future__ import annotations

import asyncio

import pytest

from rostra.kit.clock import FixedClock
from rostra.kit.db import connect, open_database
from rostra.kit.errors import Invalid, NotFound
from rostra.ledger import seal as seal_module
from rostra.ledger.append import Entry, append
from rostra.ledger.merkle import EMPTY_ROOT, is_consistent, is_included, root_of
from rostra.ledger.seal import LedgerBroken, seal
from rostra.ledger.tree import consistency_proof, find_leaf, inclusion_proof, proof_of_event
from tests.ledger.stage import Stage, make_signer

ENTRY = Entry(type="verdict", subject_kind="status", subject_id=1, account_id=2)


async def test_an_empty_ledger_has_a_checkpoint_too(stage: Stage) -> None:
    first = await stage.seal()
    assert (first.size, first.root) == (0, EMPTY_ROOT)
    assert stage.signer.verifier.open(first.note).size == 0
    assert await stage.seal() == first


async def test_every_event_gets_a_leaf_and_the_checkpoint_covers_them(stage: Stage) -> None:
    ids = await stage.add(5)
    newest = await stage.seal()
    rows = await stage.db.connection.fetch("select leaf_index, event_id from ledger_leaves order by leaf_index")
    assert [tuple(row) for row in rows] == list(enumerate(ids))
    hashes = await stage.leaf_hashes()
    assert (newest.size, newest.root) == (5, root_of(hashes))
    said = stage.signer.verifier.open(newest.note)
    assert (said.size, said.root) == (5, newest.root)
    assert await stage.db.connection.fetchval("select count(*) from ledger_pending") == 0
    assert await stage.seal() == newest


async def test_batches_and_tiles_make_the_same_tree(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal_module, "BATCH", 100)
    await stage.add(530)
    newest = await stage.seal()
    assert newest.size == 530
    assert newest.root == root_of(await stage.leaf_hashes())
    assert await stage.db.connection.fetchval("select count(*) from ledger_checkpoints") == 6
    assert await stage.db.connection.fetchval("select array_agg(position order by position) from ledger_tiles") == [
        0,
        1,
    ]
    await stage.add(3)
    assert (await stage.seal()).root == root_of(await stage.leaf_hashes())


async def test_what_commits_late_gets_a_later_leaf_and_is_not_left_out(fresh_dsn: str, clock: FixedClock) -> None:
    signer = make_signer()
    late = await connect(fresh_dsn)
    async with open_database(fresh_dsn) as db:
        transaction = late.transaction()
        await transaction.start()
        early_id = await append(late, clock.now(), ENTRY)
        clock.tick(seconds=1)
        async with db.transaction() as tx:
            later_id = await append(tx, clock.now(), ENTRY)
        assert early_id < later_id
        assert (await seal(db, clock, signer)).size == 1
        await transaction.commit()
        newest = await seal(db, clock, signer)
        async with db.read() as conn:
            rows = await conn.fetch("select event_id from ledger_leaves order by leaf_index")
            assert [row["event_id"] for row in rows] == [later_id, early_id]
            (proof,) = await consistency_proof(conn, 1, 2)
            rows = await conn.fetch("select root from ledger_checkpoints order by size")
            assert is_consistent(1, 2, rows[0]["root"], newest.root, [proof])
    await late.close()


async def test_an_event_that_is_never_committed_gets_no_leaf(fresh_dsn: str, clock: FixedClock) -> None:
    lost = await connect(fresh_dsn)
    async with open_database(fresh_dsn) as db:
        transaction = lost.transaction()
        await transaction.start()
        await append(lost, clock.now(), ENTRY)
        await transaction.rollback()
        assert (await seal(db, clock, make_signer())).size == 0
    await lost.close()


async def test_appending_waits_for_no_sequencer_and_no_other_appending(fresh_dsn: str, clock: FixedClock) -> None:
    one, two, three = [await connect(fresh_dsn) for _ in range(3)]
    async with one.transaction(), two.transaction():
        await one.execute("select pg_advisory_xact_lock($1)", 0x6C6564676572)
        await append(two, clock.now(), ENTRY)
        await asyncio.wait_for(append(three, clock.now(), ENTRY), 60)
    for each in (one, two, three):
        await each.close()


async def test_several_sequencers_at_once_make_one_tree(fresh_dsn: str, clock: FixedClock) -> None:
    signer = make_signer()
    async with open_database(fresh_dsn) as db:
        for _ in range(5):
            async with db.transaction() as tx:
                for _ in range(20):
                    await append(tx, clock.now(), ENTRY)
            await asyncio.gather(*(seal(db, clock, signer) for _ in range(4)))
        async with db.read() as conn:
            rows = await conn.fetch("select leaf_hash from ledger_leaves order by leaf_index")
            assert len(rows) == 100
            assert (await seal(db, clock, signer)).root == root_of([row["leaf_hash"] for row in rows])


async def test_what_is_signed_is_on_disk_before_anybody_can_see_it(fresh_dsn: str, clock: FixedClock) -> None:
    async with open_database(fresh_dsn, waits_for_disk=False) as db:
        seen: list[str] = []
        original = seal_module.queries.add_checkpoint

        async def spy(tx: object, *rest: object) -> None:
            seen.append(await tx.fetchval("show synchronous_commit"))  # type: ignore[attr-defined]
            await original(tx, *rest)  # type: ignore[arg-type]

        seal_module.queries.add_checkpoint = spy  # type: ignore[assignment]
        try:
            await seal(db, clock, make_signer())
        finally:
            seal_module.queries.add_checkpoint = original
        assert seen == ["on"]


async def test_nothing_is_signed_on_top_of_a_tree_that_was_changed(stage: Stage) -> None:
    await stage.add(5)
    await stage.seal()
    async with stage.meddling() as owner:
        await owner.execute("update ledger_leaves set leaf_hash = sha256('x') where leaf_index = 4")
    await stage.add(1)
    with pytest.raises(LedgerBroken):
        await stage.seal()
    async with stage.meddling() as owner:
        await owner.execute("delete from ledger_leaves where leaf_index = 4")
    with pytest.raises(LedgerBroken):
        await stage.seal()


async def test_proofs_from_the_database_hold_at_every_size(stage: Stage) -> None:
    await stage.add(600)
    await stage.seal()
    hashes = await stage.leaf_hashes()
    async with stage.db.read() as conn:
        for size in (1, 2, 3, 255, 256, 257, 511, 512, 513, 600):
            root = root_of(hashes[:size])
            for index in {0, size // 3, size // 2, size - 1}:
                path = await inclusion_proof(conn, index, size)
                assert is_included(hashes[index], index, size, root, path)
            for first in (0, 1, 200, 256, 300, 512, 600):
                if first <= size:
                    steps = await consistency_proof(conn, first, size)
                    assert is_consistent(first, size, root_of(hashes[:first]), root, steps)
        assert await find_leaf(conn, hashes[411]) == 411
        assert await find_leaf(conn, b"\0" * 32) is None


async def test_a_proof_takes_as_many_statements_at_any_size(stage: Stage) -> None:
    counts: set[int] = set()
    for more in (600, 700):
        await stage.add(more)
        size = (await stage.seal()).size
        before = len(stage.db.statements)
        await inclusion_proof(stage.db.connection, 5, size)
        await consistency_proof(stage.db.connection, 257, size)
        counts.add(len(stage.db.statements) - before)
    assert len(counts) == 1


async def test_nothing_is_proven_of_sizes_that_the_tree_has_not_had(stage: Stage) -> None:
    await stage.add(3)
    await stage.seal()
    async with stage.db.read() as conn:
        for index, size in ((0, 4), (3, 3), (-1, 3), (0, 0)):
            with pytest.raises(Invalid):
                await inclusion_proof(conn, index, size)
        for first, second in ((0, 4), (3, 2), (-1, 2)):
            with pytest.raises(Invalid):
                await consistency_proof(conn, first, second)


async def test_an_event_that_still_waits_has_no_proof(stage: Stage) -> None:
    await stage.seal()
    (event_id,) = await stage.add()
    async with stage.db.read() as conn:
        with pytest.raises(NotFound):
            await proof_of_event(conn, event_id)
        with pytest.raises(NotFound):
            await proof_of_event(conn, 1)
