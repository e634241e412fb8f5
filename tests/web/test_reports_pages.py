"""Reporting in the browser without script: the form, one's own reports, legal notices, and the pages of the staff."""

from __future__ import annotations

import re
from typing import Any

from rostra.appeals.review import decide_appeal
from tests.appeals.court import people, told
from tests.appeals.test_appeals import UPHELD
from tests.moderation.desk import case_of, decide, drafted, reviewer
from tests.moderation.test_report_outcome import complain, to
from tests.web.browser import Browser
from tests.world import DOMAIN, Person, World

BASE = f"http://{DOMAIN}"


async def staff(world: World, name: str, role: Any = "moderator") -> Browser:
    return await Browser.of(world, await world.person(name, role=role))


async def test_a_report_says_what_is_wrong_with_which_posts_and_parts_from_the_person(world: World) -> None:
    ada, bob, eve = await people(world, "ada", "bob", "eve")
    root = await eve.post("What grows there?")
    first = await ada.post("A carrot", in_reply_to_id=root["id"])
    second = await ada.post("Another carrot")
    await bob.follow(ada)
    await world.settle()
    browser = await Browser.of(world, bob)
    page = await browser.get(f"/report?account_id={ada.id}&status_ids[]={first['id']}")
    for words in ("What grows there?", "Another carrot", "Words", "Something else", "Unfollow"):
        assert words in page
    assert f'name="status_ids[]" value="{first["id"]}" checked' in page
    assert f'value="{root["id"]}"' not in page, "what others said is context"
    ids = [first["id"], second["id"]]
    fields: dict[str, Any] = {
        "account_id": ada.id,
        "status_ids[]": ids,
        "comment": "Twice",
        "unfollow": "1",
        "mute": "1",
    }
    page = await browser.post("/web/reports", expect=422, **fields)
    assert "choose one of the options" in page
    assert f'value="{second["id"]}" checked' in page
    page = await browser.post("/web/reports", reason="words", **fields)
    for words in ("Your report has arrived", "waits for a moderator", "Twice", "Words", "A carrot", "Another carrot"):
        assert words in page
    report = await world.db.connection.fetchrow("select reason, category, status_ids from reports")
    assert report is not None
    assert tuple(report.values()) == ("words", "violation", sorted(int(one) for one in ids))
    tie = (await bob.api.get("/api/v1/accounts/relationships", {"id[]": [ada.id]})).json()[0]
    assert (tie["following"], tie["muting"], tie["blocking"]) == (False, True, False)


async def test_a_rule_of_the_house_and_something_else_are_reasons_too(world: World) -> None:
    ada, bob = await people(world, "ada", "bob")
    rule = await world.db.connection.fetchval(
        "insert into rules (id, text) values (make_id($1), 'No vegetables') returning id", world.clock.now()
    )
    rules: dict[str, Any] = {"rule_ids[]": [str(rule)]}
    browser = await Browser.of(world, bob)
    await browser.get(f"/report?account_id={ada.id}")
    await browser.post("/web/reports", expect=422, account_id=ada.id, reason="rule")
    await browser.post("/web/reports", account_id=ada.id, reason="rule", **rules)
    await browser.get(f"/report?account_id={ada.id}")
    await browser.post("/web/reports", account_id=ada.id, reason="other", comment="Odd", block="1")
    rows = await world.db.connection.fetch("select category, rule_ids, reason from reports order by id")
    assert [tuple(row.values()) for row in rows] == [("violation", [rule], ""), ("other", [], "")]
    tie = (await bob.api.get("/api/v1/accounts/relationships", {"id[]": [ada.id]})).json()[0]
    assert tie["blocking"] is True


async def test_one_reads_what_came_of_one_s_reports_and_appeals_where_nothing_was_found(world: World) -> None:
    ada, bob, eve, mod = await people(world, "ada", "bob", "eve", "moderata")
    posted = await ada.post("A carrot")
    report_id = await complain(bob, ada, posted["id"])
    await complain(eve, ada, posted["id"])
    browser = await Browser.of(world, bob)
    assert "received" in await browser.get("/settings/reports")
    made = await decide(world, posted["id"], drafted("ok"), mod)
    await told(world)
    assert "no violation found" in await browser.get("/settings/reports")
    page = await browser.get(f"/settings/reports/{report_id}")
    for words in ("found nothing that goes against", "nothing was decided automatically", "You can appeal until"):
        assert words in page
    assert "moderata" not in page
    at = f"/settings/reports/{report_id}/appeal"
    await browser.post(at, expect=422, decision_id=str(made), text=" ")
    await browser.get(f"/settings/reports/{report_id}")
    page = await browser.post(at, decision_id=str(made), text="Look at the second word")
    assert "appeal filed" in page
    other = await Browser.of(world, eve)
    await other.get(f"/settings/reports/{report_id}", expect=404)
    await other.get("/settings/reports")
    found = re.search(r"/settings/reports/(\d+)", other.page)
    assert found
    assert "Somebody else who reported this has appealed already" in await other.get(found[0])
    await other.post(f"{found[0]}/appeal", expect=404, decision_id="1", text="x")


async def test_of_several_posts_in_one_report_the_page_says_which_are_decided_before_all_are_told(world: World) -> None:
    ada, bob, mod = await people(world, "ada", "bob", "mod")
    posts = [await ada.post(f"A carrot {n}") for n in range(2)]
    report_id = await complain(bob, ada, *(post["id"] for post in posts))
    browser = await Browser.of(world, bob)
    path = f"/settings/reports/{report_id}"
    assert (await browser.get(path)).count("waits for a decision") == 2
    await decide(world, posts[0]["id"], drafted("ok"), mod)
    assert "is decided" not in await browser.get(path), "it may still be undone"
    await told(world)
    page = await browser.get(path)
    assert "1 of 2 is decided." in page
    assert "You get one letter, once all of them are." in page
    assert (page.count("waits for a decision"), page.count("no violation found")) == (1, 1)
    assert to(world, "bob") == []
    await decide(world, posts[1]["id"], drafted(clause="words"), mod)
    await told(world)
    page = await browser.get(path)
    assert "right in part" in page
    assert "is decided." not in page
    (letter,) = to(world, "bob")
    assert "right about a part of it" in letter


async def test_the_list_of_reports_costs_the_same_for_one_and_for_forty(world: World) -> None:
    ada, bob = await people(world, "ada", "bob")
    judge = await staff(world, "judge")
    browser = await Browser.of(world, bob)
    counts: list[list[int]] = []
    for wanted in (1, 40):
        for n in range(wanted):
            await complain(bob, ada, (await ada.post(f"A carrot {wanted} {n}"))["id"])
        await browser.get("/settings/reports")
        await judge.get("/admin/reports")
        pages = ((browser, "/settings/reports"), (judge, "/admin/reports"), (judge, "/admin/reporters"))
        counts.append([len(await world.statements(lambda who=who, path=path: who.get(path))) for who, path in pages])
    assert counts[0] == counts[1]
    assert browser.page.count('class="line"') == 20
    assert "before=" in browser.page


async def file(browser: Browser, expect: int = 200, **fields: str) -> str:
    await browser.get("/legal/notice")
    given = {
        "urls": f"{BASE}/@ada/1", "explanation": "A threat", "name": "Nora", "email": "nora@example.com",
        "good_faith": "1",
    }  # fmt: skip
    return await browser.post("/legal/notice", expect=expect, **(given | fields))


async def test_anybody_sends_a_legal_notice_and_follows_it_by_its_secret_link(world: World) -> None:
    ada, mod = await people(world, "ada", "moderata")
    posted = await ada.post("A carrot")
    browser = Browser(world)
    page = await file(browser, urls=posted["url"], reason="words")
    assert "Your notice has arrived" in page
    at = browser.path
    assert re.fullmatch(r"/legal/notice/[\w-]{43}", at)
    await world.settle()
    assert at in to(world, "nora")[0]
    await decide(world, posted["id"], drafted("ok"), mod)
    await told(world)
    page = await browser.get(at)
    for words in ("found nothing at these addresses", "nothing was decided automatically", "dispute settlement"):
        assert words in page
    assert "moderata" not in page
    await browser.post(f"{at}/appeal", expect=422, text=" ")
    await browser.get(at)
    page = await browser.post(f"{at}/appeal", text="The second word")
    assert "You asked for another look" in page
    assert "you are told what comes of it" in await browser.get(at)
    appeal = await world.db.connection.fetchval("select id from appeals where side = 'reporter'")
    await decide_appeal(world.res.desk, reviewer(await world.person("judge")), appeal, UPHELD)
    page = await browser.get(at)
    assert "It was had: what stands here is what came of it." in page
    assert "you are told what comes of it" not in page
    await browser.get("/legal/notice/nonsense", expect=404)


async def test_a_page_tells_nobody_whether_there_is_something_that_they_may_not_see(world: World) -> None:
    ada, mod = await people(world, "ada", "mod")
    secret = await ada.post("A carrot", visibility="direct")
    judge = await staff(world, "judge")
    pages: list[list[str | bool]] = []
    for url in (secret["url"], f"{BASE}/@ada/{int(secret['id']) + 1}"):
        browser = Browser(world)
        first = await file(browser, urls=url)
        at = browser.path
        await world.settle()
        waiting = await browser.get(at)
        if url == secret["url"]:
            await decide(world, secret["id"], drafted("ok"), mod)
        else:
            await judge.get("/admin/reports?tab=legal")
            found = re.search(r"/admin/reports/\d+", judge.page)
            assert found
            assert "nothing that we know" in await judge.get(found[0])
            assert "is told" in await judge.post(f"{found[0]}/nothing")
        await told(world)
        decided = await browser.get(at)
        again = await browser.post(f"{at}/appeal", text="Look again")
        pages.append([*(_plain(page, at, url) for page in (first, waiting, decided)), _said(again)])
    assert pages[0] == pages[1]


def _plain(page: str, at: str, url: str) -> str:
    text = page.replace(at, "AT").replace(url, "URL")
    text = re.sub(r'name="csrf" value="[^"]+"|nonce="[^"]*"|<time.*?</time>|on [A-Z]\w+ \d+, \d+[^<.]*', "", text)
    return re.sub(r"\d{1,2} \w+ \d{4}[^<.]*", "", text)


def _said(page: str) -> bool:
    return "You asked for another look" in page


async def test_a_wrong_notice_is_shown_again_and_too_many_are_too_many(world: World) -> None:
    from rostra.kit.errors import RateLimited
    from rostra.kit.ratelimit import RateLimiter

    await people(world, "ada")
    browser = Browser(world)
    page = await file(browser, expect=422, urls="https://elsewhere.example/@ada/1", email="nobody")
    for words in ("whole address of a post", "does not look right", "A threat"):
        assert words in page
    limiter = RateLimiter(world.clock)
    world.res.limiter.check_exactly = limiter.check_exactly  # the tests' own has no limits
    for _ in range(5):
        await file(browser)
    await file(browser, expect=RateLimited.status)


async def test_staff_reads_reports_by_kind_and_goes_to_their_cases(world: World) -> None:
    ada, bob = await people(world, "ada", "bob")
    posted = await ada.post("A carrot")
    report_id = await complain(bob, ada, posted["id"], comment="Look here")
    judge = await staff(world, "judge")
    page = await judge.get("/admin/reports")
    case = f"/admin/desk/cases/{(await case_of(world, posted['id']))['id']}"
    assert case in page
    page = await judge.get(f"/admin/reports/{report_id}")
    assert case in page
    assert "Look here" in page
    for tab in ("decided", "legal", "muted"):
        assert "No reports" in await judge.get(f"/admin/reports?tab={tab}")
    await file(Browser(world), urls=posted["url"])
    await world.settle()
    page = await judge.get("/admin/reports?tab=legal")
    assert "legal notice" in page
    found = re.search(r"/admin/reports/\d+", page)
    assert found
    assert "nora@example.com" in await judge.get(found[0])
    assert "nora@example.com" not in await (await staff(world, "triage", "triage")).get(found[0])
    await judge.post(f"{found[0]}/nothing", expect=404)


async def test_staff_warns_mutes_and_hears_and_only_who_sets_up_the_server_trusts(world: World) -> None:
    ada, bob = await people(world, "ada", "bob")
    await world.db.connection.execute(
        "insert into reporters (account_id, upheld, rejected) values ($1, 0, 12)", bob.account_id
    )
    judge, owner = await staff(world, "judge"), await staff(world, "owner", "owner")
    assert "@bob" in await judge.get("/admin/reporters?tab=proposed")
    at = f"/admin/reporters/{bob.account_id}"
    assert "a warning by letter comes first" in await judge.post(f"{at}/mute")
    await judge.post(f"{at}/warn")
    assert "Leave unheard" in judge.page
    await judge.post(f"{at}/mute")
    assert "Hear again" in judge.page
    await judge.post(f"{at}/hear")
    await judge.post(f"{at}/trust", expect=403)
    await owner.get("/admin/reporters?tab=trusted")
    await owner.post("/admin/reporters/trust", expect=422, acct="nobody")
    assert "@ada" in await owner.post("/admin/reporters/trust", acct="@ada")
    await owner.post(f"/admin/reporters/{ada.account_id}/untrust")
    assert "@ada" not in await owner.get("/admin/reporters?tab=trusted")
    await (await staff(world, "triage", "triage")).get("/admin/reporters", expect=403)


async def test_a_frozen_person_can_report_and_read_what_came_of_it(world: World) -> None:
    ada, bob = await people(world, "ada", "bob")
    await freeze(world, bob)
    browser = await Browser.of(world, bob)
    await browser.get(f"/report?account_id={ada.id}")
    await browser.post("/web/reports", account_id=ada.id, reason="other")
    assert browser.path.startswith("/settings/reports/")


async def freeze(world: World, who: Person) -> None:
    await world.db.connection.execute(
        "update accounts set frozen_at = $2 where id = $1", who.account_id, world.clock.now()
    )
