"""Names under the policy that comes with the program: at sign-up through an app and in the browser, and those shown."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from rostra.detect.names import words_of
from tests.api.test_sign_up import APP, FORM
from tests.screening.policies import RULES, put_in_force
from tests.web.visitor import Visitor
from tests.world import Api, World

PRAISE = "This name praises hatred"
HATRED = ["h1tl3r_was_right", "HitlerWasRight", "xXHitlerXx", "xHITLERx", "sieg_heil", "WhitePower88", "viva_il_duce"]
ORDINARY = ["scunthorpe", "Cockburn", "dick_van_dyke", "marco_negri", "Negro", "Kikelomo", "o_o", "anna88", "Assange"]


async def shipped(world: World) -> None:
    """Where nobody has chosen a policy, the one that comes with the program holds."""
    await world.db.connection.execute("update policy_state set version_id = null")
    world.res.screen.policies.forget()
    await world.token_for(None, "app-token", "read write")


@pytest.fixture
async def browser(world: World) -> AsyncIterator[Visitor]:
    browser = Visitor(world.app)
    yield browser
    await browser.aclose()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("h1tl3r_was_right", "h1tl3r was right"),
        ("DeathToAll", "Death To All"),
        ("Hitler88", "Hitler 88"),
        ("k1ll_4ll", "k1ll 4ll"),
        ("__anna__", "anna"),
        ("o_o", "o_o"),
        ("m4rc0", "m4rc0"),
        ("Già detto", "Già detto"),
        ("_", "_"),
        ("", ""),
    ],
)
def test_a_user_name_is_read_as_the_words_it_is_made_of(name: str, words: str) -> None:
    assert words_of(name) == words


@pytest.mark.parametrize("username", HATRED)
async def test_nobody_signs_up_with_a_name_of_hatred(world: World, username: str) -> None:
    await shipped(world)
    answer = await world.anyone.post("/api/v1/accounts", {**FORM, "username": username}, headers=APP, expect=422)
    problem = answer.json()["details"]["username"][0]
    assert problem["error"] == "ERR_REJECTED"
    assert problem["description"].startswith("Questo nome esalta l'odio")
    assert answer.json()["error"].startswith("Validation failed: username: Questo nome")


async def test_in_the_browser_the_reason_is_in_the_language_of_the_page(world: World, browser: Visitor) -> None:
    await shipped(world)
    form = {"username": HATRED[0], "email": "new@example.com", "password": "correct horse", "agreement": "1"}
    for language, said in (("en", PRAISE), ("it", "Questo nome esalta")):
        await browser.get("/auth/sign_up", headers={"accept-language": language})
        await browser.post("/auth/sign_up", {**form, "locale": language}, expect=422)
        assert said in browser.text


@pytest.mark.parametrize("username", ORDINARY)
async def test_an_ordinary_name_is_not_refused(world: World, username: str) -> None:
    await shipped(world)
    made = (await world.anyone.post("/api/v1/accounts", {**FORM, "username": username}, headers=APP)).json()
    me = Api(world, made["access_token"])
    changed = await me.patch("/api/v1/accounts/update_credentials", {"display_name": username})
    assert changed.json()["display_name"] == username


@pytest.mark.parametrize(
    ("shown", "said"),
    [("Rostra Support", "people who run this server"), ("h1tl3r_was_right", PRAISE), ("Hitler 88", PRAISE)],
)
async def test_a_name_that_is_shown_is_judged_as_a_name(world: World, shown: str, said: str) -> None:
    await shipped(world)
    ada = await world.person("ada")
    change = {"display_name": shown}
    refused = await ada.api.patch("/api/v1/accounts/update_credentials", change, expect=422)
    assert said in refused.json()["error"]
    assert (await ada.api.get("/api/v1/accounts/verify_credentials")).json()["display_name"] != shown


async def test_who_was_given_a_name_can_change_their_profile(world: World) -> None:
    """The command line makes accounts under any name."""
    await shipped(world)
    given = await world.person("hitler_was_right")
    await given.api.patch("/api/v1/accounts/update_credentials", {"note": "I run this museum"})


async def test_what_would_be_held_is_said_to_be_no_name(world: World) -> None:
    """Nobody can look at a name first, so nobody is told that somebody will."""
    await put_in_force(world, RULES)
    await world.token_for(None, "app-token", "read write")
    form = {**FORM, "username": "old_pumpkin", "locale": "en"}
    answer = await world.anyone.post("/api/v1/accounts", form, headers=APP, expect=422)
    said = answer.json()["details"]["username"][0]["description"]
    assert said.startswith("This may break a rule of this server, “Words”. Please choose another name.")
    assert "looked at first" not in said
