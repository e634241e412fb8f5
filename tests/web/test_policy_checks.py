"""Checks and activations that are ordered on the pages: how far they are, what came of them, two at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rostra.screening import check_job
from rostra.screening.check_job import get_check, order_activation, order_check, run_check
from rostra.screening.versions import roll_back
from tests.web.markup import check
from tests.web.test_pages import Browser
from tests.web.test_policy_pages import (
    ONE_RULE,
    _activate,  # pyright: ignore[reportPrivateUsage]
    _active,  # pyright: ignore[reportPrivateUsage]
    _browser,  # pyright: ignore[reportPrivateUsage]
    _change,  # pyright: ignore[reportPrivateUsage]
    _check,  # pyright: ignore[reportPrivateUsage]
    _named,  # pyright: ignore[reportPrivateUsage]
    _sound,  # pyright: ignore[reportPrivateUsage]
)
from tests.world import World


async def _draft(browser: Browser, version: str, rule: str = ONE_RULE + "# changed\n") -> str:
    await _change(browser, version, rule)
    return _named(browser.path)


async def _run(world: World, check_id: int) -> None:
    await run_check(world.db, world.clock, world.res.screen.policies, check_id)


async def test_a_page_says_how_far_a_check_is_until_it_has_what_came_of_it(world: World) -> None:
    draft = await _draft(browser := await _browser(world), await _sound(world))
    page = await browser.post(f"/admin/policy/versions/{draft}/check")
    assert "It begins in a moment." in page
    assert 'http-equiv="refresh"' in page, "without script, too"
    assert check(page)[1] == []
    await world.db.connection.execute("update policy_checks set started_at = ordered_at, done = 2, total = 3")
    assert "2 of 3 tests run." in await browser.get(browser.path)
    await world.settle()
    page = await browser.get(browser.path)
    assert "Nothing is wrong" in page
    assert "http-equiv" not in page
    assert "nothing stands in its way" in await browser.get(f"/admin/policy/versions/{draft}")


async def test_what_was_found_is_kept_with_the_words_that_were_written(world: World) -> None:
    version = await _sound(world)
    browser = await _browser(world)
    page = await _check(world, browser, version, ONE_RULE.replace("text.normal", "text.nromal"))
    assert "did you mean text.normal?" in page
    assert 'href="#text" data-line="5"' in page, "what was written is not left"
    assert "\n4\n<b>5</b>\n6\n" in page, "the line is marked among the numbers"
    await world.db.connection.execute("update users set locale = 'it'")
    page = await browser.get(browser.path)
    assert "fatto sconosciuto text.nromal" in page
    assert "intendevi text.normal?" in page
    assert "text.nromal.contains" in page, "the editor has what was written"
    await world.db.connection.execute("update policy_checks set ordered_at = ordered_at - interval '40 days'")
    await order_check(world.db, world.clock, version, author_id=None)
    await browser.get(browser.path, expect=404)


async def test_of_two_activations_the_later_says_that_the_policy_has_changed(world: World) -> None:
    version = await _sound(world)
    browser = await _browser(world)
    one, two = await _draft(browser, version), await _draft(browser, version, ONE_RULE + "# another\n")
    orders = [
        await order_activation(world.db, world.clock, each, seen=version, note="", author_id=None)
        for each in (one, two)
    ]
    await world.settle()
    assert await _active(world) == one
    assert [(await get_check(world.db, each)).outcome for each in orders] == ["activated", "changed"]
    assert (await get_check(world.db, orders[1])).found_active == one
    page = await browser.get(f"/admin/policy/checks/{orders[1]}")
    assert "The policy in force has changed since you looked" in page
    assert "What it would change in the one in force" in page
    await _activate(world, browser, two, without_replay="1")
    assert await _active(world) == two


async def test_what_was_looked_at_before_another_came_into_force_is_not_even_checked(world: World) -> None:
    version = await _sound(world)
    browser = await _browser(world)
    one, two = await _draft(browser, version), await _draft(browser, version, ONE_RULE + "# another\n")
    await _activate(world, browser, one, without_replay="1")
    at = f"/admin/policy/versions/{two}"
    await browser.get(at)
    page = await browser.post(f"{at}/activate", expect=409, seen=version, without_replay="1")
    assert "has changed since you looked" in page
    assert await _active(world) == one


async def test_a_job_that_is_done_again_switches_once(world: World) -> None:
    version = await _sound(world)
    draft = await _draft(await _browser(world), version)
    made = await order_activation(world.db, world.clock, draft, seen=version, note="", author_id=None)
    await _run(world, made)
    await roll_back(world.db, world.clock)
    await _run(world, made)
    assert await _active(world) == version


async def test_what_two_people_put_into_force_at_once_comes_into_force_once(world: World) -> None:
    version = await _sound(world)
    draft = await _draft(await _browser(world), version)
    for name in ("ada", "bob"):
        author = await world.person(name, role="admin")
        await order_activation(world.db, world.clock, draft, seen=version, note="", author_id=author.account_id)
    await world.settle()
    found = await world.db.connection.fetch("select outcome from policy_checks")
    assert [row["outcome"] for row in found] == ["activated", "activated"]
    events = "select count(*) from moderation_events where type = 'policy_activated' and policy = $1"
    assert await world.db.connection.fetchval(events, draft) == 1


async def test_one_order_is_one_job_however_often_it_is_pressed(world: World) -> None:
    version = await _sound(world)
    first = await order_check(world.db, world.clock, version, author_id=None)
    assert await order_check(world.db, world.clock, version, author_id=None) == first
    await world.settle()
    assert await order_check(world.db, world.clock, version, author_id=None) != first


async def test_a_check_that_breaks_or_is_lost_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = await _browser(world)
    version = await _draft(browser, await _sound(world))
    lost = await order_check(world.db, world.clock, version, author_id=None)
    world.clock.moment += timedelta(hours=1, seconds=1)
    assert "was cut short" in await browser.get(f"/admin/policy/checks/{lost}")

    def broken(*_: object, **__: object) -> None:
        raise OSError("no disk")

    monkeypatch.setattr(check_job.versions, "check_files", broken)
    failed = await order_check(world.db, world.clock, version, author_id=None)
    assert failed != lost
    await _run(world, failed)
    assert "was cut short" in await browser.get(f"/admin/policy/checks/{failed}")
    assert "cut short" in await browser.get(f"/admin/policy/versions/{version}")


async def test_looking_at_checks_is_for_administrators(world: World) -> None:
    made = await order_check(world.db, world.clock, await _sound(world), author_id=None)
    await (await _browser(world, "moderator")).get(f"/admin/policy/checks/{made}", expect=403)
