"""Taking an account apart in pieces."""

from __future__ import annotations

import pytest

from rostra.instance import erase
from rostra.instance.erase import close_account, erase_account
from rostra.kit.errors import NotFound
from tests.media.samples import encode, picture
from tests.world import World


async def test_it_goes_in_pieces_and_can_be_repeated(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erase, "_BATCH", 2)
    alice, bob = await world.person("alice"), await world.person("bob")
    theirs = [await bob.post(f"number {number}") for number in range(5)]
    for status in theirs:
        await alice.post("yes", in_reply_to_id=status["id"])
        await alice.api.post(f"/api/v1/statuses/{status['id']}/favourite")
        await bob.post("hello @alice")
    await world.settle()
    await close_account(world.db, world.clock, world.res.emit, alice.account_id)
    for _ in range(2):
        await erase_account(world.db, world.clock, world.res.emit, alice.account_id)
    for status in theirs:
        left = (await bob.api.get(f"/api/v1/statuses/{status['id']}")).json()
        assert (left["replies_count"], left["favourites_count"]) == (0, 0)
    assert await world.db.connection.fetchval("select count(*) from conversations") == 10
    assert await world.db.connection.fetchval("select count(*) from accounts") == 1
    await world.settle()


async def test_files_go_too(world: World) -> None:
    alice = await world.person("alice")
    files = {"avatar": ("me.png", encode(picture(), "PNG"), "image/png")}
    me = (await alice.api.request("PATCH", "/api/v1/accounts/update_credentials", files=files)).json()
    upload = {"file": ("a.png", encode(picture(), "PNG"), "image/png")}
    media = (await alice.api.request("POST", "/api/v2/media", files=upload)).json()
    await alice.post("look", media_ids=[media["id"]])
    keys = [url.split("/media/")[1] for url in (me["avatar"], media["url"], media["preview_url"])]
    assert all([await world.res.store.exists(key) for key in keys])
    await close_account(world.db, world.clock, world.res.emit, alice.account_id)
    await world.settle()
    assert not any([await world.res.store.exists(key) for key in keys])


async def test_only_who_has_closed_an_account_loses_it(world: World) -> None:
    alice = await world.person("alice")
    await erase_account(world.db, world.clock, world.res.emit, alice.account_id)
    await alice.api.get("/api/v1/accounts/verify_credentials")
    with pytest.raises(NotFound):
        await close_account(world.db, world.clock, world.res.emit, 12345)
