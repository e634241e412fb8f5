"""What the model learns, in the web: what is in force, taking it back, and answering what the model asks."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from rostra.detect.adjust import Adjustment, Figures
from rostra.moderation.cases.queue import BUDGET
from rostra.moderation.cases.queue_queries import add_exposure, list_exposures
from rostra.screening import learn_job, learn_queries
from rostra.screening.active import ActivePolicy
from rostra.screening.detectors import load_detectors
from rostra.screening.learn import Outcome
from rostra.screening.lessons import Learnt, describe
from tests.screening.policies import put_in_force
from tests.screening.test_learning import decided, people
from tests.web.markup import check
from tests.web.test_pages import Browser
from tests.world import World

AT = "/admin/policy/learning"


async def _browser(world: World, role: str) -> Browser:
    return await Browser.of(world, await world.person(f"the_{role}", role=role))  # type: ignore[arg-type] # as tests say


async def _promoted(world: World, by: int | None = None) -> int:
    """An adjustment in force, without all that leads to one."""
    base = load_detectors().cascade.version
    learnt = Learnt(
        decisions=80, bad=40, reviewers=4, held_back=16, outcome="promoted",
        before=Figures(0.7, 0.1, 0.2), after=Figures(0.8, 0.3, 0.05),
    )  # fmt: skip
    async with world.db.transaction() as tx:
        made = await learn_queries.insert_adjustment(
            tx, base, {"threat": [1.0] * 13}, describe({"threat": learnt}), world.clock.now()
        )
        await learn_queries.switch(tx, made, world.clock.now())
    return made


def _answers(page: str) -> dict[str, Any]:
    """What the form of a question sends beside the answer."""
    return dict(re.findall(r'name="(status_id|revision|waiting|since)" value="([^"]*)"', page))


async def _labelled(world: World) -> list[tuple[int, int, list[str]]]:
    rows = await world.db.connection.fetch(
        "select subject_id, actor_id, details from moderation_events where type = 'text_labelled' order by id"
    )
    return [(row["subject_id"], row["actor_id"], row["details"]["categories"]) for row in rows]


async def test_one_question_comes_after_another_until_the_round_is_over(world: World) -> None:
    await put_in_force(world)
    ada, mod = await world.person("ada"), await world.person("mod", role="moderator")
    posts = {
        int((await ada.post(text))["id"]) for text in ("One <b>tram</b>", "Two trams", "Three trams", "Four trams")
    }
    await mod.post("My own tram")
    browser = await Browser.of(world, mod)
    assert f'href="{AT}"' in await browser.get("/admin/policy")
    assert f'href="{AT}/label"' in await browser.get(AT)
    page = await browser.get(f"{AT}/label")
    assert check(page)[1] == []
    assert "4 left in this round" in page, "one is not asked about one's own"
    first = _answers(page)
    page = await browser.post(f"{AT}/label", **first, **{"categories[]": "threat"})
    assert "You said:" in page
    assert "1 of yours today" in page
    second = _answers(page)
    page = await browser.post(f"{AT}/label", **second, none="1")
    third = _answers(page)
    skip = re.search(r'href="([^"]+)" data-key="s"', page)
    assert skip is not None
    page = await browser.get(skip[1].replace("&amp;", "&"))
    fourth = _answers(page)
    page = await browser.post(f"{AT}/label", **fourth, **{"categories[]": ["hate", "harassment"]})
    assert "That was this round" in page
    asked = [int(each["status_id"]) for each in (first, second, third, fourth)]
    assert set(asked) == posts
    mine = mod.account_id
    assert await _labelled(world) == [
        (asked[0], mine, ["threat"]), (asked[1], mine, []), (asked[3], mine, ["hate", "harassment"]),
    ]  # fmt: skip
    assert "1 left in this round" in await browser.get(f"{AT}/label"), "what was skipped comes in another round"


async def test_an_answer_can_be_changed_and_the_last_word_counts(world: World) -> None:
    await put_in_force(world)
    ada = await world.person("ada")
    posts = [int((await ada.post(text))["id"]) for text in ("One tram", "Two trams")]
    browser = await _browser(world, "moderator")
    first = _answers(await browser.get(f"{AT}/label"))
    page = await browser.post(f"{AT}/label", **first, **{"categories[]": "spam"})
    change = re.search(r'href="([^"]+)" data-key="u"', page)
    assert change is not None
    again = _answers(await browser.get(change[1].replace("&amp;", "&")))
    assert again["status_id"] == first["status_id"]
    page = await browser.post(f"{AT}/label", **again, none="1")
    assert "none of these" in page
    assert _answers(page)["status_id"] in {str(each) for each in posts} - {first["status_id"]}
    assert [(status, said) for status, _, said in await _labelled(world)] == [
        (int(first["status_id"]), ["spam"]), (int(first["status_id"]), []),
    ]  # fmt: skip


async def test_what_was_edited_or_deleted_while_it_was_read_is_not_labelled(world: World) -> None:
    await put_in_force(world)
    ada = await world.person("ada")
    posted = (await ada.post("One tram"))["id"]
    browser = await _browser(world, "moderator")
    asked = _answers(await browser.get(f"{AT}/label"))
    await ada.api.put(f"/api/v1/statuses/{posted}", {"status": "No tram at all"})
    page = await browser.post(f"{AT}/label", 409, **asked, none="1")
    assert "No tram at all" in page
    asked = _answers(page)
    await ada.api.delete(f"/api/v1/statuses/{posted}")
    page = await browser.post(f"{AT}/label", 409, **asked, none="1")
    assert "The post is gone" in page
    assert await _labelled(world) == []


@pytest.mark.parametrize("given", [{}, {"none": "1", "categories[]": "hate"}, {"categories[]": "rude"}])
async def test_an_answer_that_says_nothing_or_two_things_is_not_kept(world: World, given: dict[str, Any]) -> None:
    await put_in_force(world)
    await (await world.person("ada")).post("One tram")
    browser = await _browser(world, "moderator")
    asked = _answers(await browser.get(f"{AT}/label"))
    page = await browser.post(f"{AT}/label", 422, **asked, **given)
    assert "Choose what it is" in page
    assert _answers(page)["status_id"] == asked["status_id"]
    assert await _labelled(world) == []


async def test_what_a_colleague_has_answered_meanwhile_is_not_asked_again(world: World) -> None:
    await put_in_force(world)
    ada = await world.person("ada")
    for text in ("One tram", "Two trams"):
        await ada.post(text)
    one, other = await _browser(world, "moderator"), await _browser(world, "triage")
    asked = _answers(await one.get(f"{AT}/label"))
    second = _answers(await other.get(f"{AT}/label"))
    await other.post(f"{AT}/label", **second, none="1")
    page = await one.get(f"{AT}/label?waiting={asked['waiting']}")
    assert "1 left in this round" in page
    assert _answers(page)["status_id"] != second["status_id"]


async def test_strangers_see_and_do_nothing_and_moderators_cannot_take_it_back(world: World) -> None:
    made = await _promoted(world)
    user, moderator = await _browser(world, "user"), await _browser(world, "moderator")
    for path in (AT, f"{AT}/label"):
        await user.get(path, expect=403)
    await user.get("/home")
    await user.post(f"{AT}/label", 403, status_id="1", revision="0", none="1")
    page = await moderator.get(AT)
    assert f"{AT}/roll_back" not in page
    assert f"{AT}/run" not in page
    for browser in (user, moderator):
        await browser.get("/home")
        await browser.post(f"{AT}/roll_back", 403, seen=str(made))
        await browser.get("/home")
        await browser.post(f"{AT}/run", 403)
    async with world.db.read() as conn:
        active = await learn_queries.find_active(conn)
    assert active is not None
    assert active.id == made


async def test_what_is_in_force_is_shown_with_its_figures_and_taken_back_once(world: World) -> None:
    made = await _promoted(world)
    browser = await _browser(world, "admin")
    page = await browser.get(AT)
    assert f"own-{Adjustment(base=load_detectors().cascade.version, weights={'threat': (1.0,) * 13}).name}" in page
    assert "0.700 → 0.800" in page
    assert "0.200 → 0.050" in page
    assert check(page)[1] == []
    page = await browser.post(f"{AT}/roll_back", seen=str(made))
    assert "the model judges as it came" in page
    assert "nothing is learnt by night" in page
    page = await browser.post(f"{AT}/roll_back", seen=str(made))
    assert "was taken back already" in page
    row = await world.db.connection.fetchrow("select * from moderation_events where type = 'model_rolled_back'")
    assert row is not None
    assert row["actor_id"] is not None


async def test_pressing_twice_does_not_take_two_back(world: World) -> None:
    first = await _promoted(world)
    world.at(world.clock.now() + timedelta(minutes=1))
    second = await _promoted(world)
    browser = await _browser(world, "admin")
    await browser.get(AT)
    await browser.post(f"{AT}/roll_back", seen=str(second))
    await browser.post(f"{AT}/roll_back", seen=str(second))
    async with world.db.read() as conn:
        active = await learn_queries.find_active(conn)
    assert active is not None
    assert active.id == first


async def test_somebody_has_it_learn_and_the_page_says_what_came_of_it(world: World) -> None:
    author, reviewers = await people(world)
    await decided(world, author, reviewers, 20)
    browser = await _browser(world, "admin")
    await browser.get(AT)
    page = await browser.post(f"{AT}/run")
    assert "It is learning since" in page
    assert f"{AT}/run" not in page, "it cannot be asked for twice"
    await learn_job.order_learning(world.db, world.clock, actor_id=author.account_id)
    await world.settle()
    page = await browser.get(AT)
    assert "Nothing was changed." in page
    assert "too few" in page
    assert "50 decisions on a category are needed, 10 of each outcome" in page
    assert await world.db.connection.fetchval("select count(*) from learning_runs") == 1
    await decided(world, author, reviewers, 60)
    await browser.post(f"{AT}/run")
    await world.settle()
    page = await browser.get(AT)
    assert "@the_admin" in page
    assert "better" in page
    row = await world.db.connection.fetchrow("select * from moderation_events where type = 'model_promoted'")
    assert row is not None
    assert row["actor_id"] is not None


async def test_learning_that_fails_says_so_and_can_be_asked_for_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any, **__: Any) -> Outcome:
        raise RuntimeError("no memory")

    monkeypatch.setattr(learn_job, "learn", fail)
    browser = await _browser(world, "admin")
    await browser.get(AT)
    await browser.post(f"{AT}/run")
    with pytest.raises(RuntimeError):
        await world.settle()
    page = await browser.get(AT)
    assert "It was cut short" in page
    assert f"{AT}/run" in page


async def test_after_a_rollback_the_nights_go_on_once_somebody_has_had_it_learn(world: World) -> None:
    author, reviewers = await people(world)
    policies = world.res.screen.policies
    await decided(world, author, reviewers, 60, label=True)
    assert (await learn_job.learn_nightly(world.db, world.clock, policies)).promoted
    world.at(world.clock.now() + timedelta(minutes=1))
    browser = await _browser(world, "admin")
    await browser.get(AT)
    await browser.post(f"{AT}/roll_back", seen=browser.value("seen"))
    world.at(world.clock.now() + timedelta(minutes=1))
    assert "taken back" in (await learn_job.learn_nightly(world.db, world.clock, policies)).skipped

    async def no_better(*_: Any, **__: Any) -> Outcome:
        return Outcome()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learn_job, "learn", no_better)
        await learn_job.learn_and_keep(world.db, world.clock, policies)
    assert "nothing is learnt by night" not in await browser.get(AT)
    assert "hardly anything" in (await learn_job.learn_nightly(world.db, world.clock, policies)).skipped


async def test_what_was_learnt_for_another_version_of_the_model_is_learnt_anew_by_night(world: World) -> None:
    author, reviewers = await people(world)
    policies = world.res.screen.policies
    await decided(world, author, reviewers, 60, label=True)
    assert (await learn_job.learn_nightly(world.db, world.clock, policies)).promoted
    await world.db.connection.execute("update model_adjustments set base = 'another'")
    policies = ActivePolicy(world.clock)
    assert "made for another version of the model" in await (await _browser(world, "admin")).get(AT)
    world.at(world.clock.now() + timedelta(minutes=1))
    assert (await learn_job.learn_nightly(world.db, world.clock, policies)).promoted


async def test_whoever_has_looked_at_enough_today_is_asked_nothing_more(world: World) -> None:
    await put_in_force(world)
    await (await world.person("ada")).post("One tram")
    mod = await world.person("mod", role="moderator")
    browser = await Browser.of(world, mod)
    assert "What the model says" in await browser.get(f"{AT}/label")
    async with world.db.transaction() as tx:
        for _ in range(BUDGET[1]):
            await add_exposure(tx, mod.account_id, world.clock.now().date(), 1, 1)
    page = await browser.get(f"{AT}/label")
    assert "What the model says" not in page
    assert "they go to others until tomorrow" in page


async def test_an_answer_counts_among_what_somebody_has_looked_at(world: World) -> None:
    await put_in_force(world)
    await (await world.person("ada")).post("One tram")
    mod = await world.person("mod", role="moderator")
    browser = await Browser.of(world, mod)
    asked = _answers(await browser.get(f"{AT}/label"))
    world.at(world.clock.now() + timedelta(seconds=20))
    await browser.post(f"{AT}/label", **asked, none="1")
    async with world.db.read() as conn:
        had = await list_exposures(conn, mod.account_id, world.clock.now().date())
    assert had == {1: (1, 20)}
