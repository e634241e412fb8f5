"""What was tried out on this machine may move to another address; what others know may not."""

from __future__ import annotations

import pytest

from rostra.instance.addresses import AddressIsOther, find_base, settle_base
from tests.api.pictures import upload
from tests.world import World

_TEXTS = """
select c.table_name, c.column_name from information_schema.columns c
where c.table_schema = 'public' and (c.data_type in ('text', 'jsonb', 'json') or c.data_type = 'ARRAY')
  -- Made anew when it is next read.
  and c.column_name <> 'rendered'
"""


async def _naming(world: World, address: str) -> set[str]:
    """The columns in which an address stands."""
    conn = world.db.connection
    found: set[str] = set()
    for table, column in await conn.fetch(_TEXTS):
        if await conn.fetchval(
            f'select exists (select from "{table}" where strpos("{column}"::text, $1) > 0)', address
        ):
            found.add(f"{table}.{column}")
    return found


async def test_nothing_that_is_stored_names_the_address_of_before(world: World) -> None:
    before, base = world.res.urls.base, "https://social.example"
    alice, bob = await world.person("alice"), await world.person("bob")
    note = {"note": "with @bob, #cats", "fields_attributes": [{"name": "friend", "value": "@bob"}]}
    await alice.api.patch("/api/v1/accounts/update_credentials", note)
    picture = await upload(alice)
    post = await alice.post("to @bob of #cats", media_ids=[picture["id"]])
    await bob.post("so be it", in_reply_to_id=post["id"])
    await alice.api.put(f"/api/v1/statuses/{post['id']}", {"status": "to @bob of #dogs", "media_ids": [picture["id"]]})
    await world.settle()
    assert {"accounts.uri", "accounts.note", "statuses.content", "status_edits.content"} <= await _naming(world, before)

    async with world.db.transaction() as tx:
        assert await settle_base(tx, base) == before
    assert await _naming(world, before) == set()
    row = await world.db.connection.fetchrow("select uri, url, content from statuses where id = $1", int(post["id"]))
    assert row is not None
    assert row["uri"] == f"{base}/users/alice/statuses/{post['id']}"
    assert row["url"] == f"{base}/@alice/{post['id']}"
    assert f'href="{base}/@bob"' in row["content"]


async def test_the_same_address_changes_nothing(world: World) -> None:
    await world.person("alice")
    async with world.db.transaction() as tx:
        assert await settle_base(tx, world.res.urls.base) is None


async def test_a_server_without_accounts_has_no_address_yet(world: World) -> None:
    async with world.db.transaction() as tx:
        assert await find_base(tx) is None
        assert await settle_base(tx, "https://social.example") is None


async def test_a_public_address_stays(world: World) -> None:
    await world.person("alice")
    async with world.db.transaction() as tx:
        await settle_base(tx, "https://social.example")
    async with world.db.transaction() as tx:
        with pytest.raises(AddressIsOther, match=r"at https://social\.example"):
            await settle_base(tx, "https://other.example")
        assert await find_base(tx) == "https://social.example"
