"""The pages of measurement over HTTP, without script: who may see them, labelling from end to end, settings, checks."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from rostra.accounts.records import Role
from rostra.measurement.labelling import take_item
from rostra.measurement.prevalence import estimate_weeks
from tests.measurement.test_labelling import BAD, FINE, items, label, label_all, stage, take
from tests.web.markup import check
from tests.web.test_pages import Browser
from tests.world import World

PATHS = ["/admin/measure", "/admin/measure/quality", "/admin/measure/samples", "/admin/measure/label"]


@pytest.mark.parametrize("path", PATHS)
async def test_measurement_is_for_those_who_may_measure(world: World, path: str) -> None:
    people: list[tuple[str, Role, int]] = [("ada", "user", 403), ("tri", "triage", 403), ("mia", "moderator", 200)]
    for name, role, expect in people:
        browser = await Browser.of(world, await world.person(name, role=role))
        assert check(await browser.get(path, expect=expect))[1] == []


async def test_an_item_shows_the_post_and_not_its_author_scores_or_others_answers(world: World) -> None:
    ada, (mia, max_, _) = await stage(world, 1, 1.0)
    await world.db.connection.execute("update accounts set display_name = 'Ada Blindspot'")
    offer = await take(world, max_)
    assert offer is not None
    await label(world, max_, offer.number, BAD)
    browser = await Browser.of(world, mia)
    page = await browser.get("/admin/measure/label")
    assert "Post 0" in page
    article = page[page.index('<article class="label-item"') : page.index("</article>")]
    assert not re.search(r"@ada|Blindspot|score|%|stratum|hits|violates/", article.replace('value="violates"', ""))
    assert ada.id not in article


async def test_answers_are_kept_and_lead_to_the_next_item(world: World) -> None:
    _, (mia, *_) = await stage(world, 2)
    browser = await Browser.of(world, mia)
    await browser.get("/admin/measure/label")
    since = str(int(world.clock.now().timestamp()) - 8)
    page = await browser.post(
        "/admin/measure/label", item=browser.value("item"), answer="violates", clause="words", since=since
    )
    assert "you have labelled 1 today" in page
    page = await browser.post("/admin/measure/label", item=browser.value("item"), answer="fine", since=since)
    assert "Nothing to label" in page
    assert sorted(row[1:3] for row in await items(world)) == [("fine", ""), ("violates", "words")]
    assert await world.db.connection.fetchval("select max(seconds) from item_labels") == 8
    assert await world.db.connection.fetchval("select count(*) from cases") == 1
    looked = await world.db.connection.fetchrow("select sum(items) as items, sum(seconds) as seconds from exposures")
    assert looked is not None
    assert tuple(looked) == (2, 16)


async def test_what_is_refused_is_said_and_nothing_is_kept(world: World) -> None:
    _, (mia, *_) = await stage(world, 1)
    browser = await Browser.of(world, mia)
    await browser.get("/admin/measure/label")
    number = browser.value("item")
    page = await browser.post("/admin/measure/label", expect=422, item=number, answer="violates", clause="nonsense")
    assert "Choose a clause of the policy." in page
    world.clock.tick(minutes=11)
    page = await browser.post("/admin/measure/label", expect=409, item=number, answer="fine")
    assert "Nothing was kept." in page
    await browser.post("/admin/measure/label", expect=409, item="1", answer="fine")
    assert await world.db.connection.fetchval("select count(*) from item_labels") == 0


async def test_an_item_can_be_left_to_somebody_else(world: World) -> None:
    _, (mia, max_, _) = await stage(world, 1)
    browser = await Browser.of(world, mia)
    await browser.get("/admin/measure/label")
    assert await take(world, max_) is None
    await browser.post("/admin/measure/label/put_back", item=browser.value("item"))
    assert await take_item(world.db, world.clock, max_.account_id) is not None


async def test_the_figures_of_the_labels_stand_on_the_page(world: World) -> None:
    _, (mia, *_) = await stage(world, 3, 0.1)
    offer = await take(world, mia)
    assert offer is not None
    await label(world, mia, offer.number, BAD)
    await label_all(world, mia, FINE)
    await estimate_weeks(world.db, world.clock, world.res.screen.policies)
    browser = await Browser.of(world, mia)
    page = await browser.get("/admin/measure")
    assert 'id="prevalence"' in page
    assert "Views of violations: any clause" in page
    assert "Of 60 labelled of 60 drawn views." in page
    assert check(page)[1] == []
    page = await browser.get("/admin/measure?clause=words")
    assert "Views of violations: Words" in page
    await browser.get("/admin/measure?clause=%3Cscript%3E")


async def test_the_page_takes_as_many_statements_with_little_as_with_much(world: World) -> None:
    ada, (mia, *_) = await stage(world, 2)
    browser = await Browser.of(world, mia)
    await browser.get("/admin/measure")
    few = await world.statements(lambda: browser.get("/admin/measure"))
    for number in range(12):
        await ada.post(f"More {number}")
    await label_all(world, mia, BAD)
    await estimate_weeks(world.db, world.clock, world.res.screen.policies)
    many = await world.statements(lambda: browser.get("/admin/measure"))
    assert len(many) == len(few)


async def test_settings_are_kept_within_bounds_and_logged(world: World) -> None:
    browser = await Browser.of(world, await world.person("mia", role="moderator"))
    await browser.get("/admin/measure/samples")
    given: dict[str, Any] = {"daily_sample": "250", "double_share": "12,5", "second_share": "3", "golden_share": "0"}
    assert "Saved." in await browser.post("/admin/measure/samples", **given)
    row = await world.db.connection.fetchrow(
        "select daily_sample, double_share, second_share, golden_share from measurement_settings"
    )
    assert row is not None
    assert tuple(row) == (250, 0.125, 0.03, 0)
    for field, wrong, said in (
        ("daily_sample", "many", "This must be a number."),
        ("daily_sample", "nan", "This must be a number."),
        ("double_share", "5", "Choose a number from 10 to 100."),
        ("second_share", "1", "Choose a number from 2 to 100."),
        ("golden_share", "90", "Choose a number from 0 to 50."),
    ):
        page = await browser.post("/admin/measure/samples", expect=422, **(given | {field: wrong}))
        assert f'<a href="#problem-{field}">{said}</a>' in page
        assert f'name="{field}" inputmode="decimal" value="{wrong}"' in page
    assert (
        await world.db.connection.fetchval("select count(*) from moderation_events where type = 'measurement_set'") == 1
    )


async def test_a_sample_is_drawn_again_at_the_press_of_a_button(world: World) -> None:
    _, (mia, *_) = await stage(world, 3)
    browser = await Browser.of(world, mia)
    page = await browser.get("/admin/measure/samples")
    (path,) = re.findall(r'action="(/admin/measure/samples/\d+/check)"', page)
    assert "Drawn again: 3 posts, the same" in await browser.post(path)
    await world.db.connection.execute("delete from label_items where position = 0")
    assert "is not the one that was labelled" in await browser.post(path)
    await browser.post("/admin/measure/samples/1/check", expect=404)


async def test_an_alarm_stands_on_the_page_until_somebody_has_seen_it(world: World) -> None:
    mia = await world.person("mia", role="moderator")
    at = world.clock.now()
    await world.db.connection.execute(
        "insert into prevalence_alarms (id, kind, day, value, baseline, event_id, rung_at)"
        " values (5, 'proxy', $2, 0.009, 0.004, 1, $1)", at, at.date(),
    )  # fmt: skip
    browser = await Browser.of(world, mia)
    assert "it was 0.9%, before 0.4%" in await browser.get("/admin/measure")
    page = await browser.post("/admin/measure/alarms/5/seen")
    assert "it was 0.9%" not in page


async def test_the_last_answer_is_named_and_can_be_taken_back_by_its_button(world: World) -> None:
    _, (mia, *_) = await stage(world, 2, 0.1)
    await world.db.connection.execute("update label_items set twice = false")
    browser = await Browser.of(world, mia)
    await browser.get("/admin/measure/label")
    first = browser.value("item")
    page = await browser.post("/admin/measure/label", item=first, answer="violates", clause="words")
    assert re.search(r"You said: <strong>[^<]+</strong>", page)
    page = await browser.post("/admin/measure/label/take_back", done=first)
    assert "Taken back." in page
    assert browser.value("item") == first
    assert "You said:" not in page
    page = await browser.post("/admin/measure/label/take_back", expect=409, done=first)
    assert "cannot be taken back any more" in page


async def test_who_rests_or_has_looked_at_enough_gets_nothing_to_label(world: World) -> None:
    _, (mia, *_) = await stage(world, 2, 0.1)
    await world.db.connection.execute("update label_items set twice = false")
    browser = await Browser.of(world, mia)
    await world.db.connection.execute(
        "insert into reviewers (account_id, pseudonym, resting_until) values ($1, 'reviewer-1', $2)",
        mia.account_id, world.clock.now() + timedelta(minutes=9),
    )  # fmt: skip
    page = await browser.get("/admin/measure/label")
    assert "A rest is due" in page
    assert "label-item" not in page
    world.clock.moment += timedelta(minutes=10)
    assert "label-item" in await browser.get("/admin/measure/label")
    await world.db.connection.execute(
        "insert into exposures (account_id, day, exposure, items) values ($1, $2, 0, 1000)",
        mia.account_id, world.clock.now().date(),
    )  # fmt: skip
    page = await browser.get("/admin/measure/label")
    assert "You have looked at as much as is good in a day." in page
    assert "label-item" not in page
