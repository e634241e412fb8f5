"""Erasing somebody: proofs, exports and the audit stay valid, and nothing leads to the person any more."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from rostra.instance.erase import close_account
from rostra.ledger import erase as erase_module
from rostra.ledger.audit_stored import check_stored
from rostra.ledger.erase import erase_account, erase_departed
from rostra.ledger.export import export
from rostra.ledger.leaf import find_lie
from rostra.ledger.merkle import root_of
from rostra.ledger.proof import check_proof
from rostra.ledger.read_export import check_export
from rostra.ledger.tree import proof_of_event
from rostra.screening.judgement import LabelTerms
from rostra.screening.labels import expire_labels, put_label
from tests.ledger.stage import Stage
from tests.world import World

ANN, BEN, MOD = 4_111_222_333, 4_111_222_444, 4_111_222_555


async def erase(stage: Stage, account_id: int) -> int:
    """All pieces; how many there were."""
    pieces, more = 0, True
    while more:
        pieces += 1
        async with stage.db.transaction() as tx:
            more = await erase_account(tx, stage.clock.now(), account_id)
    return pieces


async def event(stage: Stage, event_id: int) -> dict[str, Any]:
    row = await stage.db.connection.fetchrow("select * from moderation_events where id = $1", event_id)
    assert row
    return dict(row)


async def populate(stage: Stage) -> dict[str, int]:
    """An event of each shape, by name."""

    async def one(**more: Any) -> int:
        return (await stage.add(1, **more))[0]

    return {
        "of_ann": await one(account_id=ANN, subject_id=ANN + 7),
        "of_ben": await one(account_id=BEN, subject_id=BEN + 7, actor_id=MOD),
        "ann_decided_by_mod": await one(account_id=ANN, subject_id=ANN + 8, actor_id=MOD),
        "about_anns_account": await one(account_id=None, subject_kind="account", subject_id=ANN, actor_id=BEN),
        "ann_reports": await one(account_id=BEN, subject_kind="report", subject_id=77, actor_id=ANN),
        "ann_herself": await one(account_id=ANN, subject_id=ANN + 9, actor_id=ANN),
        "of_nobody": await one(account_id=None, subject_kind="policy", subject_id=3),
    }


async def test_what_is_about_somebody_or_by_somebody_becomes_empty_and_nothing_else_does(stage: Stage) -> None:
    ids = await populate(stage)
    before = {name: await event(stage, each) for name, each in ids.items()}
    await stage.seal()
    await erase(stage, ANN)
    after = {name: await event(stage, each) for name, each in ids.items()}
    for name in ("of_ben", "of_nobody"):
        assert after[name] == before[name]
    emptied = {"account_id": None, "subject_id": None, "revision": 0, "details": {}}
    for name in ("of_ann", "ann_decided_by_mod", "about_anns_account"):
        assert after[name] == before[name] | emptied
    assert after["ann_reports"] == before["ann_reports"] | {"actor_id": None}
    assert after["ann_herself"] == before["ann_herself"] | emptied | {"actor_id": None}
    assert await stage.db.connection.fetchval("select count(*) from ledger_salts where account_id = $1", ANN) == 0


async def test_the_same_leaves_stand_under_the_same_checkpoint_afterwards(stage: Stage, tmp_path: Path) -> None:
    await populate(stage)
    before = await stage.seal()
    file = tmp_path / "before.gz"
    await export(stage.db, stage.clock, file)
    told_before = gzip.decompress(file.read_bytes()).splitlines()[1:]
    await erase(stage, ANN)
    outcome = await check_stored(stage.db, key=stage.signer.verifier)
    assert (outcome.size, outcome.root, outcome.erased) == (7, before.root.hex(), 5)
    await export(stage.db, stage.clock, file)
    told_after = gzip.decompress(file.read_bytes()).splitlines()[1:]
    assert [line.replace(b',"erased":true', b"") for line in told_after] == told_before
    assert check_export(file, key=stage.signer.verifier).erased == 5


async def test_a_proof_made_before_holds_and_one_made_afterwards_opens_nothing(stage: Stage) -> None:
    ids = await populate(stage)
    await stage.seal()
    fields = ("event", "subject", "account", "details", "actor")
    async with stage.db.read() as conn:
        before = await proof_of_event(conn, ids["ann_decided_by_mod"], fields)
    assert before.opened["account"].text == str(ANN)
    await erase(stage, ANN)
    await stage.seal()
    async with stage.db.read() as conn:
        after = await proof_of_event(conn, ids["ann_decided_by_mod"], fields)
    assert after.leaf == before.leaf
    assert check_proof(before, stage.signer.verifier).size == 7
    # The piece of erasing is an event itself.
    assert check_proof(after, stage.signer.verifier).size == 8
    assert set(after.opened) == {"actor"}
    assert after.opened["actor"].text == str(MOD)
    assert find_lie(after.leaf, after.opened) is None


async def test_no_export_names_somebody_who_was_erased(stage: Stage, tmp_path: Path) -> None:
    await populate(stage)
    await stage.seal()
    file = tmp_path / "ledger.gz"
    await export(stage.db, stage.clock, file, with_openings=True)
    assert str(ANN).encode()[:7] in gzip.decompress(file.read_bytes())
    await erase(stage, ANN)
    await stage.seal()
    await export(stage.db, stage.clock, file, with_openings=True)
    told = gzip.decompress(file.read_bytes())
    for number in (ANN, ANN + 7, ANN + 8, ANN + 9):
        assert str(number).encode() not in told
    assert str(BEN).encode() in told
    assert check_export(file, key=stage.signer.verifier).size == 8


async def test_events_that_wait_for_their_leaf_are_erased_as_well(stage: Stage, tmp_path: Path) -> None:
    ids = await populate(stage)
    await erase(stage, ANN)
    assert (await event(stage, ids["of_ann"]))["account_id"] is None
    newest = await stage.seal()
    assert newest.root == root_of(await stage.leaf_hashes())
    assert (await check_stored(stage.db)).erased == 5


async def test_both_who_are_named_in_an_event_can_be_erased_in_either_order(stage: Stage) -> None:
    ids = await populate(stage)
    await stage.seal()
    for account_id in (MOD, ANN, BEN):
        await erase(stage, account_id)
        await check_stored(stage.db)
    row = await event(stage, ids["ann_decided_by_mod"])
    assert (row["account_id"], row["actor_id"], row["details"]) == (None, None, {})
    assert await stage.db.connection.fetch("select account_id from ledger_salts") == [(0,)]


async def test_erasing_goes_on_in_pieces_and_can_be_repeated(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erase_module, "_BATCH", 10)
    await stage.add(25, account_id=ANN)
    await stage.seal()
    assert await erase(stage, ANN) == 3
    assert await erase(stage, ANN) == 1
    await stage.add(1, account_id=ANN)
    await erase(stage, ANN)
    await stage.seal()
    outcome = await check_stored(stage.db)
    assert (outcome.size, outcome.erased) == (25 + 3 + 1 + 1, 26)


async def test_that_somebody_was_erased_is_an_event_itself_and_names_nobody(stage: Stage) -> None:
    await populate(stage)
    await erase(stage, ANN)
    row = await stage.db.connection.fetchrow("select * from moderation_events where type = 'erased'")
    assert row
    assert (row["account_id"], row["actor_id"], row["subject_id"], row["details"]) == (None, None, 0, {"events": 5})


async def test_whoever_knows_the_person_cannot_find_the_leaf_without_the_salt(stage: Stage) -> None:
    (event_id,) = await stage.add(account_id=ANN, subject_id=5, actor_id=MOD)
    await stage.seal()
    async with stage.db.read() as conn:
        leaf = (await proof_of_event(conn, event_id)).leaf
    salt = await stage.db.connection.fetchval("select salt from ledger_salts where account_id = $1", ANN)
    (other,) = await stage.add(account_id=ANN, subject_id=5, actor_id=MOD)
    await stage.seal()
    async with stage.db.read() as conn:
        shown = (await proof_of_event(conn, event_id, ("event",))).opened
        twin = await proof_of_event(conn, other, ("event",))
    # The same person, the same subject and the same reviewer, and nothing in common.
    assert twin.leaf.by != leaf.by
    for field in ("account", "details", "subject"):
        assert twin.opened[field].hash != shown[field].hash
    # One open field does not give away the others: its key is not the salt.
    assert shown["account"].text is None
    assert shown["event"].key
    assert salt.hex() not in shown["event"].key


async def test_leaving_takes_a_person_out_of_the_ledger(world: World, stage: Stage) -> None:
    ann = await world.person("ann")
    await ann.post("Good morning")
    (seen,) = await world.db.connection.fetch("select * from moderation_events where account_id = $1", ann.account_id)
    await stage.seal()
    await close_account(world.db, world.clock, world.res.emit, ann.account_id)
    await world.settle()
    row = await event(stage, seen["id"])
    assert (row["account_id"], row["subject_id"], row["details"]) == (None, None, {})
    await stage.seal()
    assert (await check_stored(stage.db)).erased == 1


async def test_what_was_decided_after_somebody_left_is_erased_later(world: World, stage: Stage) -> None:
    ann = await world.person("ann")
    await stage.add(1, account_id=ann.account_id)
    (late,) = await stage.add(1, account_id=ANN)
    await stage.seal()
    assert await erase_departed(world.db, world.clock) == 1
    assert (await event(stage, late))["account_id"] is None
    kept = "select count(*) from moderation_events where account_id = $1"
    assert await world.db.connection.fetchval(kept, ann.account_id) == 1


async def test_a_salt_stays_while_an_event_names_the_person(stage: Stage) -> None:
    await populate(stage)
    await stage.seal()
    for account_id in (ANN, BEN, MOD):
        inner = stage.db.connection.transaction()
        await inner.start()
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="need this salt"):
            await stage.db.connection.execute("delete from ledger_salts where account_id = $1", account_id)
        await inner.rollback()


async def test_a_label_that_ends_by_itself_is_said_to_be_its_authors(world: World) -> None:
    ann = await world.person("ann")
    posted = await ann.post("Good morning")
    label = LabelTerms(id="spoiler", title={"en": "Spoiler"}, covers=False)
    async with world.db.transaction() as tx:
        await put_label(
            tx, world.clock.now(), "status", int(posted["id"]), label, account_id=ann.account_id,
            actor_id=ann.account_id, policy="p", expires_at=world.clock.now(),
        )  # fmt: skip
    assert await expire_labels(world.db, world.clock) == 1
    row = await world.db.connection.fetchrow("select * from moderation_events where type = 'label_removed'")
    assert row
    assert row["account_id"] == ann.account_id
