"""Labels by rules: each says which rule put it on, and is gone with what it was put on for."""

from __future__ import annotations

from typing import Any

from tests.media.samples import encode, picture
from tests.screening.policies import RULES, put_in_force
from tests.web.browser import Browser
from tests.world import Person, World

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


PROFILE = "/api/v1/accounts/update_credentials"


async def picture_of(person: Person) -> str:
    """A picture that somebody has uploaded."""
    sent = await person.api.request("POST", "/api/v2/media", files={"file": ("a.png", encode(picture(), "png"))})
    return sent.json()["id"]


async def seen(world: World, reader: Person, status_id: str) -> dict[str, Any]:
    return (await reader.api.get(f"/api/v1/statuses/{status_id}")).json()


def titles(status: dict[str, Any]) -> list[str]:
    """What apps show of it as found by filters."""
    return [each["filter"]["title"] for each in status["filtered"]]


async def test_an_account_says_which_labels_it_bears_wherever_it_stands(world: World) -> None:
    await put_in_force(world, BOTH)
    ada, bob = await world.person("ada"), await world.person("bob")
    posted = await ada.post("Good morning")
    assert "moderation" not in posted["account"]
    await ada.api.patch(PROFILE, {"note": "They say that I know"})
    expected = {"labels": [{"id": "rumour", "title": {"en": "Rumour", "it": "Diceria"}}]}
    account = (await bob.api.get(f"/api/v1/accounts/{ada.id}")).json()
    assert account["moderation"] == expected
    assert account["roles"] == [], "a label is no role"
    status = await seen(world, bob, posted["id"])
    assert status["account"]["moderation"] == expected
    assert titles(status) == [], "what covers nothing hides nobody's posts"
    await ada.api.patch(PROFILE, {"note": "I know nothing"})
    assert "moderation" not in (await bob.api.get(f"/api/v1/accounts/{ada.id}")).json()


async def test_a_label_of_an_account_that_covers_is_one_of_each_of_its_posts(world: World) -> None:
    await put_in_force(world, BOTH)
    ada, bob = await world.person("ada"), await world.person("bob")
    await bob.follow(ada)
    before = await ada.post("Good morning", media_ids=[await picture_of(ada)])
    assert not before["sensitive"]
    await ada.api.patch(PROFILE, {"note": "All about beetroot"})
    after = await ada.post("Good evening", media_ids=[await picture_of(ada)])
    plain = await ada.post("Without a picture")
    assert [titles(each) for each in (after, plain)] == [["Graphic"], ["Graphic"]], "in the answer to the act itself"
    boost = (await bob.api.post(f"/api/v1/statuses/{before['id']}/reblog")).json()
    assert titles(boost["reblog"]) == ["Graphic"]
    await world.settle()
    for status in (before, after):
        shown = await seen(world, bob, status["id"])
        assert (titles(shown), shown["sensitive"]) == (["Graphic"], True)
        assert shown["moderation"]["notices"][0]["title"] == "Graphic"
    home = (await bob.api.get("/api/v1/timelines/home")).json()
    assert [titles(each) for each in home] == [["Graphic"]] * 3
    await ada.api.patch(PROFILE, {"note": "All about lettuce"})
    for status in (before, after):
        shown = await seen(world, bob, status["id"])
        assert (titles(shown), shown["sensitive"]) == ([], False)


async def test_a_post_and_its_author_who_bear_the_same_label_say_it_once(world: World) -> None:
    await put_in_force(world, BOTH)
    ada, bob = await world.person("ada"), await world.person("bob")
    await ada.api.patch(PROFILE, {"note": "All about beetroot"})
    posted = await ada.post("They say that beetroot is in it")
    assert titles(await seen(world, bob, posted["id"])) == ["Graphic", "Rumour"]


async def test_what_its_author_or_a_decision_covered_stays_covered_when_the_account_is_mended(world: World) -> None:
    await put_in_force(world, BOTH)
    ada, bob = await world.person("ada"), await world.person("bob")
    own = await ada.post("Mine", media_ids=[await picture_of(ada)], sensitive=True)
    labelled = await ada.post("A beetroot", media_ids=[await picture_of(ada)])
    await ada.api.patch(PROFILE, {"note": "All about beetroot"})
    await ada.api.patch(PROFILE, {"note": "All about lettuce"})
    assert (await seen(world, bob, own["id"]))["sensitive"]
    shown = await seen(world, bob, labelled["id"])
    assert (titles(shown), shown["sensitive"]) == (["Graphic"], True)


async def test_a_page_shows_the_labels_of_an_account_in_the_readers_language(world: World) -> None:
    await put_in_force(world, BOTH)
    ada = await world.person("ada")
    await ada.api.patch(PROFILE, {"note": "They say that I know"})
    browser = Browser(world)
    assert "Rumour" in await browser.get("/@ada")
    browser.http.headers["accept-language"] = "it"
    assert "Diceria" in await browser.get("/@ada")
