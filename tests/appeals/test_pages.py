"""The pages of those concerned, of reviewers and of jurors, over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rostra.accounts.records import Role
from rostra.appeals.file import file_appeal
from rostra.appeals.panel_vote import offer
from rostra.dsa.validate import validate
from rostra.moderation.records import Wish
from tests.appeals.court import dismissed, later, letters, people, removed
from tests.moderation.desk import act, drafted, reviewer
from tests.web.browser import Browser
from tests.world import Person, World


async def staff(world: World, name: str, role: Role = "moderator") -> Browser:
    return await Browser.of(world, await world.person(name, role=role))


async def test_an_author_reads_what_was_decided_appeals_and_reads_what_came_of_it(world: World) -> None:
    ada, mod = await people(world, "ada", "moderata")
    _, made = await removed(world, ada, mod, "A carrot in the market", facts="Names a carrot.")
    browser = await Browser.of(world, ada)
    assert "post removed" in await browser.get("/settings/decisions")
    page = await browser.get(f"/settings/decisions/{made}")
    for words in ("A carrot in the market", "Names a carrot.", "What we did", "court", "Statement of reasons", "point"):
        assert words in page
    assert "moderata" not in page
    await browser.post(f"/settings/decisions/{made}/appeal", expect=422, text="  ")
    await browser.post(f"/settings/decisions/{made}/appeal", text="It was about soup", evidence="A recipe")
    assert "appeal filed" in browser.page
    assert "You appealed on" in browser.page
    assert "You can appeal" not in browser.page
    judge = await staff(world, "judge")
    await judge.get("/admin/appeals")
    assert "It was about soup" in judge.page
    await judge.post("/admin/appeals/next")
    assert "A recipe" in judge.page
    at = judge.path
    await judge.post(f"{at}/decide", expect=422, finding="", answer="x")
    await judge.post(f"{at}/decide", expect=422, finding="overturned", answer=" ")
    await judge.post(f"{at}/decide", finding="overturned", answer="It was about soup indeed.")
    await world.settle()
    page = await browser.get(f"/settings/decisions/{made}")
    assert "appeal granted: the decision is overturned" in page
    assert "It was about soup indeed." in page
    assert "The appeal was granted on" in page
    assert "You can appeal" not in page
    assert "judge" not in page
    assert "taken back" in await browser.get("/settings/decisions")


async def test_the_statement_is_a_file_that_the_transparency_database_takes(world: World) -> None:
    ada, eve, mod = await people(world, "ada", "eve", "mod")
    _, made = await removed(world, ada, mod)
    browser = await Browser.of(world, ada)
    body = json.loads(await browser.get(f"/settings/decisions/{made}/statement"))
    assert validate(body) == []
    other = await Browser.of(world, eve)
    for path in (f"/settings/decisions/{made}", f"/settings/decisions/{made}/statement"):
        await other.get(path, expect=404)


async def test_a_suspended_person_appeals_and_is_back(world: World) -> None:
    ada, mod = await people(world, "ada", "mod")
    wish = Wish(kind="suspend", on="account")
    made = await act(world, "account", ada.id, drafted("violates", wish, clause="words", revision=None), mod)
    later(world, minutes=1)
    await world.settle()
    browser = await Browser.of(world, ada)
    page = await browser.get(f"/settings/decisions/{made}")
    assert "account suspended" in page
    assert 'href="/compose"' not in page
    await browser.post(f"/settings/decisions/{made}/appeal", text="I did nothing")
    judge = await staff(world, "judge")
    await judge.get("/admin/appeals")
    await judge.post("/admin/appeals/next")
    await judge.post(f"{judge.path}/decide", finding="overturned", answer="A mistake.")
    await world.settle()
    await browser.get("/home")
    assert browser.path == "/home"
    assert (await ada.post("Back"))["content"] == "<p>Back</p>"


async def test_a_reviewer_does_something_lighter_instead(world: World) -> None:
    ada, bob, mod = await people(world, "ada", "bob", "mod")
    post, made = await removed(world, ada, mod)
    await file_appeal(world.res.desk, decision_id=made, text="Too much", account_id=ada.account_id)
    judge = await staff(world, "judge")
    await judge.get("/admin/appeals")
    await judge.post("/admin/appeals/next")
    at, revision = judge.path, judge.value("revision")
    heavier: dict[str, Any] = {"acts[]": "account.suspend", "lasts[account.suspend]": ""}
    await judge.post(f"{at}/decide", expect=422, finding="modified", answer="x", revision=revision, **heavier)
    lighter: dict[str, Any] = {"acts[]": "status.sensitive", "lasts[status.sensitive]": "7d"}
    await judge.post(f"{at}/decide", finding="modified", answer="A cover will do.", revision=revision, **lighter)
    assert (await bob.api.get(f"/api/v1/statuses/{post}")).json()["sensitive"] is True


async def test_who_had_a_part_in_it_reads_and_cannot_decide(world: World) -> None:
    ada, mod = await people(world, "ada", "mod")
    await world.db.connection.execute("update users set role = 'moderator' where account_id = $1", mod.account_id)
    _, made = await removed(world, ada, mod)
    appeal = await file_appeal(world.res.desk, decision_id=made, text="No", account_id=ada.account_id)
    browser = await Browser.of(world, mod)
    assert "you had a part in it" in await browser.get("/admin/appeals")
    assert "somebody else has to look at it" in await browser.get(f"/admin/appeals/{appeal}")
    await browser.get("/admin/appeals")
    await browser.post("/admin/appeals/next")
    assert "Nothing waits that is for you" in browser.page
    await browser.post(f"/admin/appeals/{appeal}/take", expect=403)
    await browser.get("/admin/appeals")
    await browser.post(f"/admin/appeals/{appeal}/decide", expect=403, finding="upheld", answer="x")


@pytest.mark.parametrize("path", ["/admin/appeals", "/admin/appeals/1"])
async def test_appeals_are_for_those_who_decide(world: World, path: str) -> None:
    roles: tuple[Role, ...] = ("user", "juror", "triage")
    for role in roles:
        await (await staff(world, f"a{role}", role)).get(path, expect=403)


async def test_how_often_decisions_fall_stands_on_the_page(world: World) -> None:
    ada, bob, mod = await people(world, "ada", "bob", "mod")
    _, made = await dismissed(world, ada, bob, mod)
    await file_appeal(world.res.desk, decision_id=made, text="Look again", account_id=bob.account_id)
    judge = await staff(world, "judge")
    await judge.get("/admin/appeals")
    assert "A reporter, against" in judge.page
    await judge.post("/admin/appeals/next")
    await judge.post(f"{judge.path}/decide", finding="upheld", answer="It is a carrot.")
    page = await judge.get("/admin/appeals?tab=decided")
    assert "How often decisions fall" in page
    assert "reporters" in page


async def panel_of(world: World, ada: Person, mod: Person, number: int = 7) -> dict[int, Person]:
    pool: dict[int, Person] = {}
    for count in range(number):
        juror = await world.person(f"juror{count}", role="juror", ip=f"192.0.2.{count + 1}")
        await offer(world.res.desk, reviewer(juror, "juror"), willing=True)
        pool[juror.account_id] = juror
    _, made = await removed(world, ada, mod, "A carrot for @bob")
    await file_appeal(world.res.desk, decision_id=made, text="I am ada", account_id=ada.account_id)
    return pool


async def test_a_panel_is_drawn_votes_and_decides_in_the_browser(world: World) -> None:
    ada, mod, _ = await people(world, "ada", "mod", "bob")
    pool = await panel_of(world, ada, mod)
    judge = await staff(world, "judge")
    await judge.get("/admin/appeals")
    await judge.post("/admin/appeals/next")
    await judge.post(f"{judge.path}/panel")
    assert "Before a panel (1)" in judge.page
    await world.settle()
    rows = await world.db.connection.fetch("select juror_id, panel_id from panel_members")
    assert sum("/panel/" in letter for letter in letters(world)) == 5
    for row in rows:
        browser = await Browser.of(world, pool[row["juror_id"]])
        assert f"/panel/{row['panel_id']}" in await browser.get("/panel")
        page = await browser.get(f"/panel/{row['panel_id']}")
        assert "A carrot for [account]" in page
        assert "ada" not in page.split("<main", 1)[1].split("</main>")[0]
        await browser.post(f"/panel/{row['panel_id']}/vote", expect=422, vote="")
        assert '<a href="#problem-vote">' in browser.page
        await browser.post(f"/panel/{row['panel_id']}/vote", vote="overturn", reason="It is a carrot")
        assert "your vote is cast" in browser.page
    appealed = await world.db.connection.fetchrow("select state, decision_id from appeals")
    assert appealed is not None
    assert appealed["state"] == "overturned"
    author = await Browser.of(world, ada)
    page = await author.get(f"/settings/decisions/{appealed['decision_id']}")
    assert "A panel of people of this server, drawn by lot, has found so." in page
    await author.get("/panel", expect=403)


async def test_a_juror_leaves_a_question_to_somebody_else_and_stops_being_one(world: World) -> None:
    ada, mod, _ = await people(world, "ada", "mod", "bob")
    pool = await panel_of(world, ada, mod)
    judge = await staff(world, "judge")
    await judge.get("/admin/appeals")
    await judge.post("/admin/appeals/next")
    await judge.post(f"{judge.path}/panel")
    row = await world.db.connection.fetchrow("select juror_id, panel_id from panel_members limit 1")
    assert row is not None
    browser = await Browser.of(world, pool[row["juror_id"]])
    await browser.get(f"/panel/{row['panel_id']}")
    await browser.post(f"/panel/{row['panel_id']}/decline")
    assert "Somebody else is asked" in browser.page
    await browser.get(f"/panel/{row['panel_id']}", expect=404)
    asked = await world.db.connection.fetchval("select count(*) from panel_members where state = 'asked'")
    assert asked == 5
    await browser.get("/panel")
    await browser.post("/panel/offer")
    assert "I can be drawn" in browser.page
    await browser.post("/panel/offer", willing="1")
    assert "You can be drawn" in browser.page


async def test_the_lists_take_as_many_statements_as_one_row(world: World) -> None:
    ada, mod = await people(world, "ada", "mod")
    mine, judge = await Browser.of(world, ada), await staff(world, "judge")

    async def listed() -> tuple[int, int]:
        first = len(await world.statements(lambda: mine.get("/settings/decisions")))
        return first, len(await world.statements(lambda: judge.get("/admin/appeals")))

    _, made = await removed(world, ada, mod)
    await file_appeal(world.res.desk, decision_id=made, text="No", account_id=ada.account_id)
    await listed()
    one = await listed()
    for number in range(25):
        _, made = await removed(world, ada, mod, f"A carrot and {number}")
        await file_appeal(world.res.desk, decision_id=made, text="No", account_id=ada.account_id)
    # What is remembered of the server for a minute is read anew.
    await listed()
    assert await listed() == one
    older = await mine.get("/settings/decisions")
    assert "before=" in older
