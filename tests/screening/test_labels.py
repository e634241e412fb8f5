"""Labels by rules: each says which rule put it on, and is gone with what it was put on for."""

from __future__ import annotations

from typing import Any

from tests.screening.policies import RULES, put_in_force
from tests.world import World

BOTH = (
    RULES
    + """
- id: whispered
  clause: words
  description: Is called a rumour.
  when: text.normal.contains("they say")
  then: [{label: rumour}]
  mode: live
"""
)


async def sources(world: World) -> dict[str, str]:
    rows = await world.db.connection.fetch("select label, source from labels")
    return {row["label"]: row["source"] for row in rows}


async def account(world: World, account_id: int) -> Any:
    return await world.db.connection.fetchval("select labels from accounts where id = $1", account_id)


async def test_a_label_names_its_own_rule_though_another_decides(world: World) -> None:
    await put_in_force(world, BOTH)
    ada = await world.person("ada")
    await ada.post("They say that beetroot and pumpkin are in it")
    assert await sources(world) == {"graphic": "rule:gore", "rumour": "rule:whispered"}


async def test_a_label_on_a_profile_goes_with_the_words_it_was_put_on_for(world: World) -> None:
    await put_in_force(world, BOTH)
    ada, path = await world.person("ada"), "/api/v1/accounts/update_credentials"
    await ada.api.patch(path, {"note": "They say that I know"})
    assert [label["id"] for label in await account(world, int(ada.id))] == ["rumour"]
    await ada.api.patch(path, {"locked": True})
    assert await account(world, int(ada.id)), "nothing was written that others read"
    await ada.api.patch(path, {"display_name": "Beetroot"})
    assert sorted(label["id"] for label in await account(world, int(ada.id))) == ["graphic", "rumour"]
    await ada.api.patch(path, {"note": "I know nothing", "display_name": "Ada"})
    assert await account(world, int(ada.id)) is None
