"""Stored signatures: near-copies are found within their time, counted, bounded, and go with their status."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from rostra.detect.near import BANDS, KnownBad, signature
from rostra.detect.signatures import EMPTY, Signature, similarity
from rostra.kit.db import Tx
from rostra.screening.near_queries import (
    NearCount,
    count_near,
    find_near,
    forget_bad,
    insert_signature,
    list_bad,
    remember_bad,
)
from tests.conftest import NOON, TransactionDatabase

POST = "come to the old harbour on saturday evening and bring your friends, the lantern walk starts when it is dark"
COPY = POST.replace("friends", "neighbours")
OTHER = "somebody left a grey bicycle with a broken lamp in front of our kitchen window, please take it away again"
DAY = timedelta(days=1)


async def _store(tx: Tx, *rows: tuple[int, int, datetime, str]) -> None:
    for status_id, account_id, at, text in rows:
        await insert_signature(tx, status_id, account_id, at, signature(text))


async def test_copies_are_found_with_their_similarity_and_other_posts_are_not(db: TransactionDatabase) -> None:
    async with db.transaction() as tx:
        await _store(tx, (1, 10, NOON, POST), (2, 11, NOON, COPY), (3, 12, NOON, OTHER))
        found = await find_near(tx, signature(POST), since=NOON - DAY, until=NOON)
    assert [row.status_id for row in found] == [1, 2]
    assert found[0].similarity == 1.0
    assert 0.5 <= found[1].similarity < 1.0
    assert found[1].account_id == 11


async def test_any_one_shared_key_makes_a_candidate_and_its_bits_decide(db: TransactionDatabase) -> None:
    made = signature(POST)
    other = bytes(byte ^ 0x1F for byte in made.bits)
    async with db.transaction() as tx:
        for at in range(BANDS):
            bands = tuple(made.bands[band] if band == at else band for band in range(BANDS))
            await insert_signature(tx, at, 10, NOON, Signature(bands, made.bits if at % 2 else other))
        assert similarity(made, Signature(made.bands, other)) < 0.5
        found = await find_near(tx, made, since=NOON - DAY, until=NOON)
        assert sorted(row.status_id for row in found) == [1, 3, 5]
        for at in range(BANDS):
            bands = tuple(made.bands[band] if band == at else band for band in range(BANDS))
            await insert_signature(tx, at, 10, NOON, Signature(bands, made.bits))
        assert len(await find_near(tx, made, since=NOON - DAY, until=NOON)) == BANDS


async def test_copies_and_authors_are_counted_but_for_the_post_and_the_author_itself(db: TransactionDatabase) -> None:
    async with db.transaction() as tx:
        await _store(tx, (1, 10, NOON, POST), (2, 11, NOON, COPY), (3, 11, NOON, POST), (4, 12, NOON, POST))
        await _store(tx, (5, 12, NOON, OTHER))
        counted = await count_near(tx, signature(POST), since=NOON - DAY, until=NOON)
        without = await count_near(tx, signature(POST), since=NOON - DAY, until=NOON, but_author=10, but_status=1)
    assert counted == NearCount(copies=4, authors=3)
    assert without == NearCount(copies=3, authors=2)


@pytest.mark.parametrize("days", [0, 1, 5, 7, 30, 200])
async def test_copies_of_any_span_are_found_and_older_ones_are_not(db: TransactionDatabase, days: int) -> None:
    async with db.transaction() as tx:
        await _store(tx, (1, 10, NOON - days * DAY, POST), (2, 11, NOON - (days + 1) * DAY, POST))
        found = await find_near(tx, signature(POST), since=NOON - days * DAY, until=NOON)
    assert [row.status_id for row in found] == [1]


async def test_of_very_many_copies_the_newest_are_counted_up_to_a_bound(db: TransactionDatabase) -> None:
    async with db.transaction() as tx:
        for number in range(620):
            await insert_signature(tx, number + 1, number + 1, NOON - timedelta(minutes=number), signature(POST))
        counted = await count_near(tx, signature(POST), since=NOON - DAY, until=NOON)
        first = await find_near(tx, signature(POST), since=NOON - DAY, until=NOON, limit=3)
    assert counted == NearCount(copies=500, authors=500)
    assert len(first) == 3


async def test_an_edit_replaces_a_signature_and_a_text_too_short_leaves_none(db: TransactionDatabase) -> None:
    async with db.transaction() as tx:
        await _store(tx, (1, 10, NOON, POST), (2, 10, NOON, POST))
        await _store(tx, (1, 10, NOON, OTHER), (2, 10, NOON, "oh"))
        assert await find_near(tx, signature(POST), since=NOON - DAY, until=NOON) == []
        assert len(await find_near(tx, signature(OTHER), since=NOON - DAY, until=NOON)) == 1


async def test_a_text_too_short_has_no_copies(db: TransactionDatabase) -> None:
    async with db.transaction() as tx:
        await _store(tx, (1, 10, NOON, POST))
        assert await find_near(tx, EMPTY, since=NOON - DAY, until=NOON) == []
        assert await count_near(tx, EMPTY, since=NOON - DAY, until=NOON) == NearCount()


async def test_each_of_them_is_one_statement(db: TransactionDatabase) -> None:
    async with db.transaction() as tx:
        await _store(tx, (1, 10, NOON, POST))
        await find_near(tx, signature(POST), since=NOON - DAY, until=NOON)
        await count_near(tx, signature(POST), since=NOON - DAY, until=NOON)
    assert sum("near_signatures" in statement for statement in db.statements) == 3


async def test_a_signature_goes_with_its_status(db: TransactionDatabase) -> None:
    async with db.transaction() as tx:
        await tx.execute("""
            insert into accounts (id, username, uri, url, created_at, updated_at)
            values (10, 'anna', 'u', 'u', now(), now())""")
        await tx.execute("insert into conversations (id, created_at) values (1, now())")
        await tx.execute("""
            insert into statuses (id, account_id, uri, url, visibility, conversation_id, created_at)
            values (1, 10, 's', 's', 'public', 1, now())""")
        await _store(tx, (1, 10, NOON, POST))
        await tx.execute("delete from statuses where id = 1")
        assert await tx.fetchval("select count(*) from near_signatures") == 0


async def test_what_was_removed_is_known_until_its_decision_is_reversed(db: TransactionDatabase) -> None:
    async with db.transaction() as tx:
        await _store(tx, (1, 10, NOON, POST), (2, 10, NOON, "oh"))
        await remember_bad(tx, 100, 1, "spam", NOON)
        await remember_bad(tx, 100, 1, "spam", NOON)
        await remember_bad(tx, 101, 2, "spam", NOON)
        rows = await list_bad(tx)
        assert [(row.id, row.status_id) for row in rows] == [(100, 1)]
        assert KnownBad(row.entry for row in rows).match(signature(COPY)) == "spam"
        await forget_bad(tx, 1)
        assert await list_bad(tx) == []


async def test_equal_texts_are_known_once_and_the_newest_first(db: TransactionDatabase) -> None:
    async with db.transaction() as tx:
        for event_id, text in ((100, POST), (101, OTHER), (102, POST)):
            await _store(tx, (event_id, 10, NOON, text))
            await remember_bad(tx, event_id, event_id, "spam", NOON)
        assert [row.id for row in await list_bad(tx)] == [102, 101]
        assert [row.id for row in await list_bad(tx, limit=1)] == [102]
