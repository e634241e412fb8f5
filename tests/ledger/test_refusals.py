"""The database refuses to change the ledger, asked by the very role with which the program works."""

from __future__ import annotations

import asyncpg
import pytest

from tests.ledger.stage import Stage

TABLES = ["moderation_events", "ledger_leaves", "ledger_tiles", "ledger_checkpoints", "ledger_signers"]
CHANGES = [
    "update moderation_events set clause = 'x'",
    "update moderation_events set details = '{}'",
    "update moderation_events set account_id = null, subject_id = null, revision = 0, details = '{}'",
    "update moderation_events set actor_id = null",
    "update ledger_leaves set leaf_hash = sha256('x')",
    "update ledger_leaves set event_id = 1 where leaf_index = 0",
    "update ledger_tiles set hash = sha256('x')",
    "update ledger_checkpoints set note = ''",
    "update ledger_signers set since_size = 3",
    "update ledger_erasures set commitment = sha256('x')",
    "update ledger_salts set salt = sha256('x')",
    "update ledger_pending set event_id = 1",
    "delete from ledger_erasures",
    "delete from ledger_pending",
    "delete from ledger_salts",
    "delete from ledger_salts where account_id = 0",
    "truncate ledger_erasures",
    "truncate ledger_salts",
    "truncate ledger_pending",
    *(f"delete from {table}" for table in TABLES),
    *(f"truncate {table}" for table in TABLES),
]


@pytest.mark.parametrize("change", CHANGES)
async def test_the_database_refuses(stage: Stage, change: str) -> None:
    await stage.add(257, actor_id=9)
    await stage.add(subject_kind="policy", account_id=None)
    await stage.seal()
    await stage.add(2)
    async with stage.db.transaction() as tx:
        await tx.execute(
            "insert into ledger_erasures (event_id, part, commitment, erased_at) values (1, 'by', sha256('x'), $1)",
            stage.clock.now(),
        )
    inner = stage.db.connection.transaction()
    await inner.start()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await stage.db.connection.execute(change)
    await inner.rollback()


@pytest.mark.parametrize(
    "change",
    [
        "clause = 'other'", "account_id = 5", "details = '{\"a\": 1}'", "type = 'x'",
        "created_at = created_at + '1 day'",
        "subject_id = null", "account_id = null", "actor_id = null", "actor_id = 5",
        "account_id = null, subject_id = null, revision = 0, details = '{}', clause = 'other'",
        "account_id = null, subject_id = null, revision = 0, details = '{}', actor_id = null",
    ],
)  # fmt: skip
async def test_an_erasure_lets_nothing_else_be_changed(stage: Stage, change: str) -> None:
    (event_id,) = await stage.add(actor_id=9, revision=3)
    async with stage.db.transaction() as tx:
        await tx.execute(
            "insert into ledger_erasures (event_id, part, commitment, erased_at) values ($1, 'about', sha256('x'), $2)",
            event_id, stage.clock.now(),
        )  # fmt: skip
    inner = stage.db.connection.transaction()
    await inner.start()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await stage.db.connection.execute(f"update moderation_events set {change} where id = $1", event_id)
    await inner.rollback()


async def test_an_event_of_any_kind_of_subject_can_be_appended(stage: Stage) -> None:
    from typing import get_args

    from rostra.ledger.append import SubjectKind

    for kind in get_args(SubjectKind):
        await stage.add(subject_kind=kind)
    assert (await stage.seal()).size == len(get_args(SubjectKind))
