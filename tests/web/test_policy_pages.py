"""The policy in the web: read by all, looked at by moderators, changed by administrators, without script."""

from __future__ import annotations

import re

import pytest

from rostra.policy.check import check_files
from rostra.screening import policy_queries, versions
from rostra.screening.replay import list_replays
from tests.conftest import NOON
from tests.screening.policies import MAIN, bundle_files, put_in_force
from tests.web.markup import check
from tests.web.test_pages import Browser
from tests.world import World

READABLE = (
    "/admin/policy", "/admin/policy/coverage", "/admin/policy/facts", "/admin/policy/versions", "/admin/policy/replays",
    "/admin/policy/clusters",
)  # fmt: skip
TESTED = """
- {text: A pumpkin, language: en, expect: {action: hold, clause: words}}
- {text: Una zucca pumpkin, language: it, expect: {action: hold, clause: words}}
- {text: A lettuce, language: en, expect: {action: allow}}
"""
ONE_RULE = """
- id: wait
  clause: words
  description: Waits for a person.
  when: text.normal.contains("pumpkin")
  then: [hold]
  reason: {en: Pumpkins are looked at first., it: Le zucche si guardano prima.}
  mode: live
"""


async def _sound(world: World) -> str:
    """A policy in force that passes its own checks; its version."""
    files = {**bundle_files(ONE_RULE), "tests/all.yaml": TESTED.encode()}
    assert [p for p in check_files(files, today=NOON.date())[1] if p.level == "error"] == []
    version = await versions.keep(world.db, world.clock, files, note="The first")
    async with world.db.transaction() as tx:
        found = await versions.find_version(tx, version)
        await policy_queries.set_active(tx, found.id, world.clock.now())
    world.res.screen.policies.forget()
    return version


async def _browser(world: World, role: str = "owner") -> Browser:
    return await Browser.of(world, await world.person(f"the_{role}", role=role))


async def _active(world: World) -> str | None:
    async with world.db.read() as conn:
        return (await policy_queries.read_state(conn, world.clock.now())).version


async def _change(
    browser: Browser, version: str, text: str, name: str = "rules/test.yaml", *, act: str = "keep", note: str = ""
) -> str:
    await browser.get(f"/admin/policy/versions/{version}/edit?name={name}")
    return await browser.post(f"/admin/policy/versions/{version}/edit", name=name, text=text, note=note, act=act)


async def _check(world: World, browser: Browser, version: str, text: str) -> str:
    """The editor after what was written there was checked."""
    await _change(browser, version, text, act="check")
    await world.settle()
    return await browser.get(browser.path)


async def _activate(world: World, browser: Browser, version: str, **given: str) -> str:
    """What came of having a version put into force, from its page."""
    page = await browser.get(f"/admin/policy/versions/{version}")
    seen = re.search(r'name="seen" value="(\w+)"', page)
    assert seen is not None
    await browser.post(f"/admin/policy/versions/{version}/activate", seen=seen[1], **given)
    await world.settle()
    return await browser.get(browser.path)


def _named(path: str) -> str:
    found = re.search(r"/versions/([0-9a-f]{12})", path)
    assert found is not None, path
    return found[1]


async def test_everybody_reads_the_clauses_in_their_language(world: World) -> None:
    await put_in_force(world)
    page = await Browser(world).get("/policy")
    assert "Some words are not said here." in page
    assert 'id="words"' in page
    italian = Browser(world)
    italian.http.headers["accept-language"] = "it"
    assert "Certe parole qui non si dicono." in await italian.get("/policy")
    assert check(page)[1] == []


async def test_the_shipped_policy_can_be_read_before_any_was_kept(world: World) -> None:
    await world.db.connection.execute("update policy_state set version_id = null")
    world.res.screen.policies.forget()
    assert "Threats of violence" in await Browser(world).get("/policy")
    browser = await _browser(world, "moderator")
    for path in READABLE:
        assert check(await browser.get(path))[1] == [], path


@pytest.mark.parametrize("path", [*READABLE, "/admin/policy/versions/VERSION"])
async def test_reading_it_all_is_for_moderators(world: World, path: str) -> None:
    version = await put_in_force(world)
    path = path.replace("VERSION", version)
    await (await _browser(world, "user")).get(path, expect=403)
    await (await _browser(world, "moderator")).get(path)


async def test_changing_it_is_for_administrators(world: World) -> None:
    version = await _sound(world)
    moderator = await _browser(world, "moderator")
    at = f"/admin/policy/versions/{version}"
    page = await moderator.get(at)
    assert "/edit" not in page
    assert "/activate" not in page
    for path in (f"{at}/edit?name=policy.yaml", f"{at}/roll_back"):
        await moderator.get(path, expect=403)
    for act in ("edit", "check", "replay", "activate", "roll_back"):
        await moderator.get("/admin/policy")
        await moderator.post(f"{at}/{act}", expect=403, name="policy.yaml", text="x", without_replay="1")
    await moderator.get("/admin/policy")
    await moderator.post("/admin/policy/rules/wait/resume", expect=403)
    member = await _browser(world, "user")
    await member.get("/home")
    await member.post("/admin/policy/replays/1/samples/2", expect=403, right="1")
    assert await _active(world) == version


async def test_the_overview_says_what_holds_and_how_rules_fare(world: World) -> None:
    version = await _sound(world)
    day = world.clock.now().date()
    async with world.db.transaction() as tx:
        await policy_queries.add_hits(tx, day, version, [("", 2000, 0), ("wait", 9, 0)])
        await policy_queries.pause_rule(tx, "wait", "band", None, world.clock.now())
    browser = await _browser(world)
    page = await browser.get("/admin/policy")
    assert version in page
    assert ">45<" in page, "nine of two thousand are 45 of 10,000"
    assert "outside of its band" in page
    await browser.post("/admin/policy/rules/wait/resume")
    assert "outside of its band" not in await browser.get("/admin/policy")


async def test_a_change_is_kept_as_a_version_of_its_own_and_compared(world: World) -> None:
    version = await _sound(world)
    browser = await _browser(world)
    await _change(browser, version, ONE_RULE.replace("pumpkin", "gourd"), note="Gourds <b>too</b>")
    kept = _named(browser.path)
    assert kept != version
    assert await _active(world) == version
    assert "Gourds &lt;b&gt;too&lt;/b&gt;" in browser.page
    assert "gourd" in browser.page
    assert '<del class="old">' in browser.page
    assert check(browser.page)[1] == []


async def test_a_check_says_where_and_what_and_loses_no_word(world: World) -> None:
    version = await _sound(world)
    browser, kept = await _browser(world), len(await versions.list_versions(world.db))
    wrong = ONE_RULE.replace("text.normal", "text.nromal") + "# </textarea><script>alert(1)</script>\r\n"
    page = await _check(world, browser, version, wrong)
    assert "rules/test.yaml:5" in page
    assert "text.nromal" in page
    assert "&lt;/textarea&gt;&lt;script&gt;" in page
    assert "<script>alert" not in page
    assert check(page)[1] == []
    page = await _check(world, browser, version, ONE_RULE.replace("pumpkin", "gourd"))
    assert "test failed" in page
    page = await _check(world, browser, version, ONE_RULE)
    assert "Nothing is wrong" in page
    assert await _active(world) == version
    assert len(await versions.list_versions(world.db)) == kept, "what is only checked is kept nowhere"


@pytest.mark.parametrize("name", ["../../etc/passwd", "rules/../x.yaml", "rules/x.txt", "Rules/x.yaml", ""])
async def test_files_have_names_within_the_folders_of_a_policy(world: World, name: str) -> None:
    version = await _sound(world)
    browser = await _browser(world)
    await browser.get(f"/admin/policy/versions/{version}/edit")
    path = f"/admin/policy/versions/{version}/edit"
    page = await browser.post(path, expect=422, name=name, text="kept words", act="keep")
    assert "kept words</textarea>" in page


async def test_a_file_is_added_and_taken_out(world: World) -> None:
    version = await _sound(world)
    browser = await _browser(world)
    await _change(browser, version, "- {text: Soup, language: en, expect: {action: allow}}", name="tests/more.yaml")
    added = _named(browser.path)
    assert "tests/more.yaml" in browser.page
    await _change(browser, added, "", name="tests/more.yaml")
    assert _named(browser.path) == version, "the same files are the same version"
    path = f"/admin/policy/versions/{version}/edit"
    await browser.get(f"{path}?name=policy.yaml")
    await browser.post(path, expect=422, name="policy.yaml", text="", act="keep")


async def test_from_a_change_over_a_replay_to_activation(world: World) -> None:
    version = await _sound(world)
    ada = await world.person("ada")
    for text in ("A pumpkin", "A lettuce", "An <i>artichoke</i>", "Another artichoke"):
        await ada.post(text)
    browser = await _browser(world)
    rule = ONE_RULE.replace('contains("pumpkin")', 'contains("artichoke") || text.normal.contains("pumpkin")')
    await _change(browser, version, rule)
    draft = _named(browser.path)
    page = await browser.post(f"/admin/policy/versions/{draft}/activate", expect=422)
    assert "was not tried on stored posts" in page
    assert await _active(world) == version
    await browser.post(f"/admin/policy/versions/{draft}/replay", days="30")
    assert "The replay begins in a moment." in browser.page
    await world.settle()
    (row,) = await list_replays(world.db)
    assert (row.version, row.baseline, row.judged) == (draft, version, 4)
    page = await browser.get(f"/admin/policy/replays/{row.id}")
    assert "An &lt;i&gt;artichoke&lt;/i&gt;" in page
    assert page.count('<article class="review"') == 2
    assert check(page)[1] == []
    first, second = re.findall(r'id="sample-(\d+)"', page)
    await browser.post(f"/admin/policy/replays/{row.id}/samples/{first}", right="1", next=second)
    assert "1 of 1 that were judged are right: 100%" in browser.page
    assert browser.page.count('<article class="review"') == 1
    await browser.post(f"/admin/policy/replays/{row.id}/samples/{second}", right="0")
    assert "1 of 2 that were judged are right: 50%" in browser.page
    page = await _activate(world, browser, draft, note="Artichokes")
    assert f"Version {draft} is in force." in page
    assert await _active(world) == draft
    assert "Artichokes" in await browser.get("/admin/policy")
    assert (await ada.post("One artichoke"))["moderation"]["withheld"] == "review"
    event = await world.db.connection.fetchrow("select * from moderation_events where type = 'policy_activated'")
    assert event is not None
    assert event["actor_id"] is not None


async def test_it_can_go_without_a_replay_if_somebody_says_so(world: World) -> None:
    version = await _sound(world)
    await (await world.person("ada")).post("A lettuce")
    browser = await _browser(world)
    await _change(browser, version, ONE_RULE + "# changed\n")
    draft = _named(browser.path)
    await _activate(world, browser, draft, without_replay="1")
    assert await _active(world) == draft


async def test_what_fails_its_own_tests_is_not_put_into_force(world: World) -> None:
    version = await _sound(world)
    browser = await _browser(world)
    await _change(browser, version, ONE_RULE.replace('"pumpkin"', '"gourd"'))
    draft = _named(browser.path)
    page = await _activate(world, browser, draft, without_replay="1")
    assert "did not pass its own checks" in page
    assert "tests/all.yaml:" in page
    assert await _active(world) == version
    await _change(browser, version, ONE_RULE.replace("when:", "wehn:"))
    broken = _named(browser.path)
    page = await browser.post(f"/admin/policy/versions/{broken}/replay", expect=422, days="30")
    assert "cannot judge anything yet" in page


async def test_rolling_back_asks_first(world: World) -> None:
    first = await _sound(world)
    await put_in_force(world, main=MAIN.replace("Of a test", "The second"))
    browser = await _browser(world)
    page = await browser.get(f"/admin/policy/versions/{first}/roll_back")
    assert "What it would change" in page
    await browser.post(f"/admin/policy/versions/{first}/roll_back", note="Too many")
    assert await _active(world) == first
    page = await browser.get("/admin/policy")
    assert "rolled back" in page
    assert "Too many" in page


async def test_unknown_versions_and_replays_are_not_found(world: World) -> None:
    await _sound(world)
    browser = await _browser(world)
    for path in ("/admin/policy/versions/ffffffffffff", "/admin/policy/versions/%25", "/admin/policy/replays/1"):
        await browser.get(path, expect=404)
    await browser.get("/admin/policy")
    await browser.post("/admin/policy/replays/1/samples/2", expect=404, right="1")
    await browser.get("/admin/policy")
    await browser.post("/admin/policy/rules/nothing/resume", expect=404)


async def test_one_rolls_back_to_what_was_in_force_and_not_to_a_draft(world: World) -> None:
    version = await _sound(world)
    browser = await _browser(world)
    await _change(browser, version, ONE_RULE.replace("when:", "wehn:"))
    draft = _named(browser.path)
    assert "/roll_back" not in browser.page
    await browser.get(f"/admin/policy/versions/{draft}/roll_back", expect=404)
    await browser.get("/admin/policy")
    await browser.post(f"/admin/policy/versions/{draft}/roll_back", expect=404)
    assert await _active(world) == version


async def test_what_is_not_for_everybody_is_in_no_sample(world: World) -> None:
    version = await _sound(world)
    ada = await world.person("ada")
    for visibility in ("direct", "private"):
        await ada.post("An artichoke", visibility=visibility)
    browser = await _browser(world)
    rule = ONE_RULE.replace('contains("pumpkin")', 'contains("artichoke") || text.normal.contains("pumpkin")')
    await _change(browser, version, rule)
    draft = _named(browser.path)
    await browser.post(f"/admin/policy/versions/{draft}/replay", days="30")
    await world.settle()
    (row,) = await list_replays(world.db)
    assert row.result is not None
    assert row.result["hit"] == 2
    assert "artichoke" not in await browser.get(f"/admin/policy/replays/{row.id}")


async def test_a_long_list_of_words_fits_the_editor(world: World) -> None:
    version = await _sound(world)
    browser = await _browser(world)
    words = "id: many\nkind: words\nlanguage: it\nentries:\n" + "".join(f"  - perché{n:06}\n" for n in range(48_000))
    assert 800_000 < len(words.encode()) < 1_000_000
    page = await browser.get(f"/admin/policy/versions/{version}/edit")
    assert 'enctype="multipart/form-data"' in page
    path = f"/admin/policy/versions/{version}/edit"
    await browser.post(path, files={"text": (None, words)}, name="lists/many.yaml", act="keep")
    assert "lists/many.yaml" in browser.page


async def test_a_change_of_a_list_shows_the_words_that_come_and_go(world: World) -> None:
    path = f"/admin/policy/versions/{await _sound(world)}/edit"
    browser = await _browser(world)
    for words in ("- first\n  - second", "- second\n  - third"):
        text = f"id: few\nkind: words\nlanguage: en\nentries:\n  {words}\n"
        await browser.get(path)
        await browser.post(path, files={"text": (None, text)}, name="lists/few.yaml", act="keep")
        path = f"{browser.path.partition('?')[0]}/edit"
    assert '<del class="old"><span class="vh">Before: </span>first</del>' in browser.page
    assert '<ins class="new"><span class="vh">After: </span>third</ins>' in browser.page
    assert ">second<" not in browser.page
    assert "there</" not in browser.page
