"""Whatever ends an access says so, so that open streams end with it."""

from __future__ import annotations

from typing import Any

from rostra.accounts.credentials import set_password
from rostra.accounts.sessions import end_other_sessions
from rostra.accounts.staff import disable_login
from rostra.instance.erase import close_account
from rostra.oauth.revoke import disconnect_app
from tests.world import World


async def ended(world: World) -> list[dict[str, Any]]:
    """What the workers were told to end since the last call."""
    import msgspec

    rows = await world.db.connection.fetch("delete from pgqueuer where entrypoint = 'live.revoked' returning payload")
    return [msgspec.json.decode(row["payload"]) for row in rows]


async def test_every_end_of_an_access_is_told_to_the_streams(world: World) -> None:
    res = world.res
    alice = await world.person("alice")
    token_id, app_id = await world.db.connection.fetchrow("select id, app_id from access_tokens")
    await disconnect_app(res.db, res.emit, alice.account_id, app_id)
    assert await ended(world) == [{"account_id": None, "token_ids": [token_id]}]
    await disconnect_app(res.db, res.emit, alice.account_id, app_id)
    assert await ended(world) == []
    whole = [{"account_id": alice.account_id, "token_ids": []}]
    await set_password(res.db, res.emit, res.urls, res.passwords, account_id=alice.account_id, password="another horse")
    assert await ended(world) == whole
    await end_other_sessions(res.db, res.emit, alice.account_id, None)
    assert await ended(world) == whole
    await disable_login(res.db, res.clock, res.emit, alice.account_id)
    assert await ended(world) == whole
    await close_account(res.db, res.clock, res.emit, alice.account_id)
    assert await ended(world) == whole
