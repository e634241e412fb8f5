"""The desk in a browser without script: the queue, taking, deciding, undoing, passing on, and what each role may do."""

from __future__ import annotations

import re
from datetime import timedelta

import asyncpg

from rostra.moderation.cases.queue import REST
from tests.api.pictures import upload
from tests.moderation.desk import case_of, open_cases
from tests.moderation.test_files import upload as picture
from tests.screening.policies import RULES, put_in_force
from tests.web.browser import Browser
from tests.web.markup import check
from tests.world import Person, World


async def _scene(world: World, role: str = "moderator") -> tuple[Person, Person, Browser]:
    """Ada, who posts; Mia of the staff, and her browser."""
    await put_in_force(world)
    ada, mia = await world.person("ada"), await world.person("mia", role=role)
    return ada, mia, await Browser.of(world, mia)


async def _next(browser: Browser, within: str = "") -> str:
    """Take the next case; its page."""
    await browser.get("/admin/desk")
    return await browser.post("/admin/desk/next", within=within)


async def _decisions(world: World) -> list[asyncpg.Record]:
    return await world.db.connection.fetch("select * from decisions order by id desc")


def _words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


async def test_the_queue_is_for_staff_only(world: World) -> None:
    await _scene(world)
    bob = await Browser.of(world, await world.person("bob"))
    for path in ("/admin/desk", "/admin/desk/counts", "/admin/desk/settings", "/admin/desk/templates"):
        await bob.get(path, expect=403)
    triage = await Browser.of(world, await world.person("tom", role="triage"))
    await triage.get("/admin/desk")
    await triage.get("/admin/desk/act?account=1", expect=403)


async def test_a_row_says_why_it_is_there_and_the_most_urgent_comes_first(world: World) -> None:
    ada, _, browser = await _scene(world)
    await ada.post("A marrow <script>alert(1)</script>")
    await ada.post("A pumpkin")
    page = await browser.get("/admin/desk")
    for said in ("A marrow &lt;script&gt;", "A pumpkin", "@ada", "held back", "found by a rule", "Severity 3 of 5"):
        assert said in page, said
    assert "<script>alert" not in page
    assert "Waiting · 2" in page
    assert check(page)[1] == []


async def test_the_queue_is_narrowed_and_filters_are_kept(world: World) -> None:
    ada, _, browser = await _scene(world)
    await ada.post("A marrow")
    await ada.post("A pumpkin")
    page = await browser.get("/admin/desk?source=hold")
    assert "A pumpkin" in page
    assert "A marrow" not in page
    page = await browser.post("/admin/desk/filters", name="Held ones", source="hold", shared="1")
    assert '<a class="button small" href="/admin/desk" aria-current="true">' in page, "it leads back to the whole list"
    assert 'name="shared"' not in page, "what is kept is not offered to be kept"
    assert "Nothing here fits the filter" in await browser.get("/admin/desk?language=zz")
    assert "Held ones" in page
    tom = await Browser.of(world, await world.person("tom", role="triage"))
    page = await tom.get("/admin/desk")
    assert 'href="/admin/desk?source=hold"' in page
    await tom.post("/admin/desk/filters", name="Mine", clause="words", shared="1", expect=403)
    await tom.get("/admin/desk")
    await tom.post("/admin/desk/filters", name="Mine", clause="words")
    assert "Mine" not in await browser.get("/admin/desk")
    found = re.findall(r"/admin/desk/filters/(\d+)/delete", page := await browser.get("/admin/desk"))
    page = await browser.post(f"/admin/desk/filters/{found[0]}/delete")
    assert "Held ones" not in page


async def test_a_case_shows_all_that_lies_beside_it(world: World) -> None:
    ada, _, browser = await _scene(world)
    bob = await world.person("bob")
    await ada.post("The pumpkin fell from the lorry on the bridge and rolled into the river")
    first = await ada.post("Good morning everybody")
    await bob.post("@ada what a day", in_reply_to_id=first["id"])
    answer = await bob.api.post(
        "/api/v1/reports", {"account_id": ada.id, "status_ids": [first["id"]], "comment": "Too early <b>"}
    )
    assert answer.status_code == 200
    await world.settle()
    case = await case_of(world, first["id"])
    page = await browser.get(f"/admin/desk/cases/{case['id']}")
    said = _words(page)
    for wanted in (
        "Post by @ada", "Good morning everybody", "Too early &lt;b&gt;", "@bob", "Around it", "what a day", "1 report",
        "The author", "Strike points", "Other open cases", "nothing known of their reports",
    ):  # fmt: skip
        assert wanted in said, wanted
    assert check(page)[1] == []
    held = next(each for each in await open_cases(world, "hold"))
    page = await browser.get(f"/admin/desk/cases/{held['id']}")
    assert "Nobody but its author sees it yet." in page
    assert "<code>wait</code>" in page
    assert "Publish it" in page


async def test_triage_does_not_learn_who_reported(world: World) -> None:
    ada, _, _ = await _scene(world)
    bob = await world.person("bob")
    posted = await ada.post("Good morning everybody")
    await bob.api.post("/api/v1/reports", {"account_id": ada.id, "status_ids": [posted["id"]]})
    await world.settle()
    tom = await Browser.of(world, await world.person("tom", role="triage"))
    page = await tom.get(f"/admin/desk/cases/{(await case_of(world, posted['id']))['id']}")
    assert "@bob" not in page
    assert "somebody" in page
    assert 'value="remove"' not in page


async def test_deciding_by_one_button_goes_on_with_the_next_and_can_be_undone(world: World) -> None:
    ada, mia, browser = await _scene(world)
    first, second = await ada.post("A pumpkin"), await ada.post("Another pumpkin")
    page = await _next(browser)
    case = re.findall(r"/admin/desk/cases/(\d+)/decide", page)[0]
    kept = browser.value("since")
    page = await browser.post(
        f"/admin/desk/cases/{case}/decide", quick="remove", clause="words", revision="0", since=str(int(kept) - 40)
    )
    assert "Decided:" in page
    assert f"/admin/desk/cases/{case}/decide" not in page
    assert "/decide" in page
    (made,) = await _decisions(world)
    assert (made["outcome"], made["reviewer_id"]) == ("violates", mia.account_id)
    assert made["subject_id"] in (int(first["id"]), int(second["id"]))
    seconds = await world.db.connection.fetchval("select seconds from exposures where account_id = $1", mia.account_id)
    assert 40 <= seconds <= 45
    here = re.findall(r'name="here" value="(\d+)"', page)[0]
    page = await browser.post(f"/admin/desk/decisions/{made['id']}/undo", here=here)
    assert "Undone." in page
    assert f"/admin/desk/cases/{case}/decide" in page
    assert (await _decisions(world))[0]["reversed_why"] == "undo"
    assert await world.db.connection.fetchval("select assigned_to from cases where id = $1", int(here)) is None


async def test_an_undo_says_whether_anybody_had_been_told(world: World) -> None:
    ada, _, browser = await _scene(world)
    await ada.post("A pumpkin")
    page = await _next(browser)
    case = re.findall(r"/admin/desk/cases/(\d+)/decide", page)[0]
    for late in (False, True):
        await browser.get(f"/admin/desk/cases/{case}")
        await browser.post(f"/admin/desk/cases/{case}/decide", quick="remove", clause="words", revision="0")
        if late:
            world.clock.tick(minutes=1)
            await world.settle()
        # Who comes back to the case within ten minutes finds the way back there.
        page = await browser.get(f"/admin/desk/cases/{case}")
        undo = re.findall(r"/admin/desk/decisions/\d+/undo", page)[0]
        page = await browser.post(undo)
        assert ("Nobody was told of it" in page) is not late
        assert ("is told of this, too" in page) is late


async def test_a_case_of_a_refused_draft_says_so_and_what_was_found(world: World) -> None:
    ada, _, browser = await _scene(world)
    await put_in_force(world, RULES.replace("then: [reject]", "then: [reject, case]"))
    await ada.api.post("/api/v1/statuses", {"status": "A turnip, and nothing else"}, expect=422)
    page = await browser.get("/admin/desk")
    assert "was refused at once: its words are not kept" in page
    case = await case_of(world, ada.account_id)
    page = await browser.get(f"/admin/desk/cases/{case['id']}")
    assert "nobody but them has seen it" in page
    assert "Refused at once" in page
    assert "turnip" not in page
    assert check(page)[1] == []


async def test_the_long_form_does_several_things_at_once(world: World) -> None:
    ada, _, browser = await _scene(world)
    await ada.post("A marrow")
    page = await _next(browser)
    case = re.findall(r"/admin/desk/cases/(\d+)/decide", page)[0]
    await browser.post(
        f"/admin/desk/cases/{case}/decide",
        **{
            "outcome": "violates", "clause": "words", "acts[]": ["status.limit", "account.freeze"],
            "lasts[status.limit]": "24h", "lasts[account.freeze]": "7d", "reason": "Please stop.",
            "reason_language": "it", "facts": "A marrow was shown.", "confidence": "fairly", "note": "Second time.",
            "revision": "0",
        },
    )  # fmt: skip
    (made,) = await _decisions(world)
    assert (made["reason"], made["facts"], round(made["confidence"], 2)) == (
        {"it": "Please stop."}, "A marrow was shown.", 0.75,
    )  # fmt: skip
    actions = await world.db.connection.fetch("select kind, ends_at - starts_at as lasts from actions order by kind")
    assert [(row["kind"], row["lasts"]) for row in actions] == [
        ("freeze", timedelta(days=7)), ("limit", timedelta(hours=24)),
    ]  # fmt: skip
    assert "Second time." in await browser.get(f"/admin/desk/cases/{case}")


async def test_what_was_typed_stays_where_something_is_missing_or_has_changed(world: World) -> None:
    ada, _, browser = await _scene(world)
    posted = await ada.post("A marrow")
    page = await _next(browser)
    case = re.findall(r"/admin/desk/cases/(\d+)/decide", page)[0]
    to = f"/admin/desk/cases/{case}/decide"
    page = await browser.post(to, expect=422, outcome="", facts="My long words", revision="0")
    assert "Choose what you think of it." in page
    assert "My long words" in page
    await ada.api.put(f"/api/v1/statuses/{posted['id']}", {"status": "A very large marrow"})
    fields = {"outcome": "violates", "clause": "words", "acts[]": ["status.remove"], "facts": "My long words"}
    page = await browser.post(to, expect=409, revision="0", **fields)
    assert "Its author has changed it" in page
    assert "My long words" in page
    assert 'id="act-status-remove" name="acts[]" value="status.remove" checked' in page
    assert 'name="revision" value="1"' in page
    assert await _decisions(world) == []
    nora = await world.person("nora", role="moderator")
    other = await Browser.of(world, nora)
    await world.db.connection.execute("update cases set lease_until = now() - interval '1 year'")
    await other.get(f"/admin/desk/cases/{case}")
    await other.post(f"/admin/desk/cases/{case}/take")
    page = await browser.post(to, expect=409, revision="1", **fields)
    assert "@nora looks at it now" in page
    await other.post(to, quick="ok", revision="1")
    page = await browser.post(to, expect=409, revision="1", **fields)
    assert "This was decided by @nora" in page
    assert check(page)[1] == []


async def test_an_edit_since_the_report_is_shown_word_by_word_and_a_deletion_by_its_evidence(world: World) -> None:
    ada, _, browser = await _scene(world)
    bob = await world.person("bob")
    for text in ("You are a cabbage", "You are a leaf of cabbage"):
        posted = await ada.post(text)
        await bob.api.post("/api/v1/reports", {"account_id": ada.id, "status_ids": [posted["id"]]})
        await world.settle()
        case = await case_of(world, posted["id"])
        if text.endswith("a cabbage"):
            await ada.api.put(f"/api/v1/statuses/{posted['id']}", {"status": "You are a rose"})
            page = await browser.get(f"/admin/desk/cases/{case['id']}")
            assert "<del>cabbage</del><ins>rose</ins>" in page
        else:
            await ada.api.delete(f"/api/v1/statuses/{posted['id']}")
            await world.settle()
            page = await browser.get(f"/admin/desk/cases/{case['id']}")
            assert "Its author has deleted it." in page
            assert "a leaf of cabbage" in page


async def test_what_is_escalated_is_offered_together_only_to_those_who_decide_it(world: World) -> None:
    ada, _, browser = await _scene(world)
    await ada.post("A marrow")
    case = re.findall(r"/admin/desk/cases/(\d+)/decide", await _next(browser))[0]
    await browser.post(f"/admin/desk/cases/{case}/escalate", note="I do not know marrows.")
    above = await Browser.of(world, await world.person("ivo", role="admin"))
    for each, offered in ((browser, False), (above, True)):
        page = await each.get("/admin/desk?tab=escalated")
        assert "A marrow" in page
        assert ('name="cases[]"' in page) is offered
        assert ('action="/admin/desk/bulk"' in page) is offered


async def test_a_case_is_passed_on_skipped_and_given_back(world: World) -> None:
    ada, _, browser = await _scene(world)
    nora = await world.person("nora", role="admin")
    await ada.post("A marrow")
    page = await _next(browser)
    case = re.findall(r"/admin/desk/cases/(\d+)/decide", page)[0]
    page = await browser.post(f"/admin/desk/cases/{case}/skip")
    assert "Nothing else waits here." in page
    await _next(browser)
    page = await browser.post(f"/admin/desk/cases/{case}/hand_over", expect=422, to="")
    assert "Choose who takes it over." in page
    await browser.post(f"/admin/desk/cases/{case}/hand_over", to=nora.id, note="Yours")
    row = await world.db.connection.fetchrow("select reserved_for, assigned_to from cases where id = $1", int(case))
    assert tuple(row) == (nora.account_id, None)
    page = await browser.get(f"/admin/desk/cases/{case}")
    assert "Kept for @nora." in page
    assert "kept for @nora" in await browser.get("/admin/desk")
    assert "handed over to you" in await (await Browser.of(world, nora)).get("/admin/desk")
    await browser.get(f"/admin/desk/cases/{case}")
    page = await browser.post(f"/admin/desk/cases/{case}/escalate", expect=422, note=" ")
    assert "Say in the note why" in page
    await browser.post(f"/admin/desk/cases/{case}/escalate", note="Over my head")
    page = await browser.get(f"/admin/desk/cases/{case}")
    assert "Escalated cases are decided by administrators." in page
    admin = await Browser.of(world, nora)
    assert "Escalated · 1" in await admin.get("/admin/desk")
    await admin.get(f"/admin/desk/cases/{case}")
    await admin.post(f"/admin/desk/cases/{case}/take")
    await admin.post(f"/admin/desk/cases/{case}/renew", expect=204)
    page = await browser.post(f"/admin/desk/cases/{case}/decide", quick="ok", revision="0", expect=403)
    assert "Your role does not allow this." in page
    await admin.get(f"/admin/desk/cases/{case}")
    await admin.post(f"/admin/desk/cases/{case}/decide", quick="ok", revision="0")
    assert (await _decisions(world))[0]["outcome"] == "ok"


async def test_a_lease_is_renewed_only_by_whoever_has_it(world: World) -> None:
    ada, _, browser = await _scene(world)
    await ada.post("A marrow")
    page = await _next(browser)
    case = re.findall(r"/admin/desk/cases/(\d+)/decide", page)[0]
    other = await Browser.of(world, await world.person("nora", role="moderator"))
    page = await other.get(f"/admin/desk/cases/{case}")
    assert "@mia is looking at this case." in page
    assert "/decide" not in page
    await other.post(f"/admin/desk/cases/{case}/renew", expect=409)


async def test_a_decided_case_is_turned_round_by_those_above(world: World) -> None:
    ada, _, browser = await _scene(world)
    posted = await ada.post("A marrow")
    page = await _next(browser)
    case = re.findall(r"/admin/desk/cases/(\d+)/decide", page)[0]
    await browser.post(f"/admin/desk/cases/{case}/decide", quick="remove", clause="words", revision="0")
    await world.settle()
    await world.anyone.get(f"/api/v1/statuses/{posted['id']}", expect=404)
    page = await browser.get(f"/admin/desk/cases/{case}")
    assert "An administrator can turn it round." in page
    admin = await Browser.of(world, await world.person("nora", role="admin"))
    page = await admin.get(f"/admin/desk/cases/{case}")
    (made,) = await _decisions(world)
    page = await admin.post(f"/admin/desk/decisions/{made['id']}/reverse", note="A marrow is fine")
    assert "A marrow is fine" in page
    await world.settle()
    await world.anyone.get(f"/api/v1/statuses/{posted['id']}")
    assert "A marrow" in await admin.get("/admin/desk?tab=closed")


async def test_nobody_decides_their_own(world: World) -> None:
    _, mia, browser = await _scene(world)
    posted = await mia.post("A marrow")
    case = (await case_of(world, posted["id"]))["id"]
    page = await browser.get(f"/admin/desk/cases/{case}")
    assert "This is your own: somebody else has to look at it." in page
    await browser.get("/admin/desk")
    await browser.post(f"/admin/desk/cases/{case}/decide", expect=403, quick="ok", revision="0")


async def test_after_two_hours_a_rest_is_due(world: World) -> None:
    ada, mia, browser = await _scene(world)
    for _ in range(2):
        await ada.post("A marrow")
    await world.db.connection.execute(
        "insert into exposures (account_id, day, exposure, items, seconds) values ($1, $2, 0, 12, 7190)",
        mia.account_id, world.clock.now().date(),
    )  # fmt: skip
    page = await _next(browser)
    assert "A rest is near" in page
    case = re.findall(r"/admin/desk/cases/(\d+)/decide", page)[0]
    since = str(int(browser.value("since")) - 30)
    page = await browser.post(f"/admin/desk/cases/{case}/decide", quick="ok", revision="0", since=since)
    assert "A rest is due, for 15m more." in page
    assert "disabled" in page
    await browser.post("/admin/desk/next")
    assert "A rest is due" in browser.page
    world.at(world.clock.now() + REST + timedelta(seconds=1))
    assert "A rest is due" not in await browser.get("/admin/desk")
    assert "/decide" in await browser.post("/admin/desk/next")


async def test_time_without_a_decision_counts_ten_minutes_at_most(world: World) -> None:
    ada, mia, browser = await _scene(world)
    await ada.post("A marrow")
    page = await _next(browser)
    case = re.findall(r"/admin/desk/cases/(\d+)/decide", page)[0]
    await browser.post(f"/admin/desk/cases/{case}/left", expect=204, since="1000")
    row = await world.db.connection.fetchrow(
        "select items, seconds from exposures where account_id = $1", mia.account_id
    )
    assert tuple(row) == (1, 600)


async def test_staff_act_without_a_report_from_a_post_or_a_profile(world: World) -> None:
    ada, _, browser = await _scene(world)
    posted = await ada.post("Good morning")
    page = await browser.get(f"/@ada/{posted['id']}")
    assert f"/admin/desk/act?status={posted['id']}" in page
    assert f"/admin/desk/act?account={ada.id}" in await browser.get("/@ada")
    assert "/admin/desk/act" not in await (await Browser.of(world, await world.person("bob"))).get("/@ada")
    page = await browser.get(f"/admin/desk/act?status={posted['id']}")
    assert "No case is open of it." in page
    page = await browser.post("/admin/desk/act", status=posted["id"])
    assert "opened by a colleague" in page
    assert "/decide" in page
    assert browser.path == f"/admin/desk/cases/{(await case_of(world, posted['id']))['id']}"
    page = await browser.get(f"/admin/desk/act?status={posted['id']}")
    assert "/decide" in page
    await browser.get("/admin/desk/act?status=12", expect=404)


async def test_what_a_reviewer_takes_on_holds_from_the_next_case(world: World) -> None:
    ada, _, browser = await _scene(world)
    await ada.post("A marrow")
    await browser.get("/admin/desk/settings")
    page = await browser.post(
        "/admin/desk/settings", **{"declined[]": ["words"], "most_exposure": "1", "languages": "en"}
    )
    assert "Saved." in page
    page = await browser.post("/admin/desk/settings", expect=422, most_exposure="9", languages="en")
    assert check(page)[1] == []
    page = await browser.post("/admin/desk/settings", expect=422, most_exposure="1", languages="klingon!")
    assert "klingon!" in page
    assert "Nothing else waits here that you take on." in await _next(browser)


async def test_who_has_looked_at_enough_in_a_day_is_told_so_and_gets_nothing_new(world: World) -> None:
    ada, mia, browser = await _scene(world)
    await ada.post("A marrow")
    for exposure, most in ((1, 400), (0, 1000)):
        await world.db.connection.execute(
            "insert into exposures (account_id, day, exposure, items) values ($1, $2, $3, $4)",
            mia.account_id, world.clock.now().date(), exposure, most,
        )  # fmt: skip
        page = await browser.get("/admin/desk")
        assert ("Of harsh words and harder you have looked at enough today" in page) is (exposure == 1)
    assert "You have looked at as much as is good in a day." in page
    assert re.search(r'data-key="n" disabled', page)
    page = await _next(browser)
    assert "A marrow" in page, "it is still in the list"
    case = re.findall(r"/admin/desk/cases/(\d+)", page)[0]
    await browser.get(f"/admin/desk/cases/{case}")
    page = await browser.post(f"/admin/desk/cases/{case}/take")
    assert f"/admin/desk/cases/{case}/decide" in page, "what somebody opens themselves they can decide"


async def test_templates_are_kept_and_fill_in_the_reason_without_script(world: World) -> None:
    ada, _, browser = await _scene(world)
    await ada.post("A marrow")
    await browser.get("/admin/desk/templates")
    page = await browser.post("/admin/desk/templates", expect=422, **{"name": "", "text[en]": "Dear {nobody}"})
    assert "Dear {nobody}" in page
    page = await browser.post(
        "/admin/desk/templates", **{"name": "Marrows", "clause": "words", "text[en]": "Dear {author}: {clause}."}
    )
    assert "Marrows" in page
    assert check(page)[1] == []
    template = re.findall(r"/admin/desk/templates/(\d+)/delete", page)[0]
    page = await _next(browser)
    assert 'data-text="Dear ada: Words."' in page
    case = re.findall(r"/admin/desk/cases/(\d+)/decide", page)[0]
    page = await browser.post(
        f"/admin/desk/cases/{case}/decide", use="1", template=template, outcome="violates", clause="words", revision="0"
    )
    assert "\nDear ada: Words.</textarea>" in page
    await browser.get("/admin/desk/templates")
    await browser.post(f"/admin/desk/templates/{template}", **{"name": "Gourds", "text[it]": "Ciao"})
    assert "Gourds" in browser.page
    await browser.post(f"/admin/desk/templates/{template}/delete")
    assert "No templates yet" in browser.page


async def test_many_are_decided_together_after_a_look_at_what_it_reaches(world: World) -> None:
    ada, _, browser = await _scene(world)
    posts = [await ada.post(f"The marrow number {number} of my garden is for sale today") for number in range(4)]
    cases = [(await case_of(world, post["id"]))["id"] for post in posts]
    await browser.get("/admin/desk")
    page = await browser.post("/admin/desk/bulk", **{"cases[]": [str(case) for case in cases]})
    assert "4 posts together" in page
    assert check(page)[1] == []
    assert '<option value="words" selected>' in page
    await world.db.connection.execute("update cases set clause = 'other' where id = $1", cases[0])
    await browser.get("/admin/desk")
    page = await browser.post("/admin/desk/bulk", **{"cases[]": [str(case) for case in cases]})
    assert '<option value="words" selected>' not in page, "of different clauses none is taken for granted"
    fields = {"kind": "status", "subjects": ".".join(post["id"] for post in posts), "out[]": [posts[0]["id"]]}
    page = await browser.post("/admin/desk/bulk/start", expect=422, outcome="violates", clause="words", **fields)
    assert "4 posts together" in page
    assert '<a href="#problem-actions">Choose at least one of these actions.</a>' in page
    await browser.post(
        "/admin/desk/bulk/start", outcome="violates", clause="words", **fields, **{"acts[]": ["status.remove"]}
    )
    assert "0 of 3 decided." in _words(browser.page)
    await world.settle()
    page = await browser.get(browser.path)
    assert "Finished: 3 of 3 were decided." in _words(page)
    assert [case["subject_id"] for case in await open_cases(world)] == [int(posts[0]["id"])]


async def test_what_is_over_very_many_waits_on_the_pages_until_a_colleague_lets_it_go_ahead(world: World) -> None:
    ada, _, mias = await _scene(world)
    noras = await Browser.of(world, await world.person("nora", role="admin"))
    await noras.get("/admin/desk/settings")
    page = await noras.post("/admin/desk/settings/second_look", expect=422, second_look_over="many")
    assert "Write a whole number; 0 for never." in page
    assert 'value="many"' in page
    page = await noras.post("/admin/desk/settings/second_look", expect=422, second_look_over="30000")
    assert 'value="30000"' in page
    assert 'value="2"' in await noras.post("/admin/desk/settings/second_look", second_look_over="2")
    assert "second_look_over" not in await mias.get("/admin/desk/settings")
    await mias.post("/admin/desk/settings/second_look", expect=403, second_look_over="0")
    posts = [await ada.post(f"The marrow number {number} of my garden is for sale today") for number in range(3)]
    cases = [str((await case_of(world, post["id"]))["id"]) for post in posts]
    await mias.get("/admin/desk")
    assert "a colleague looks at them first" in await mias.post("/admin/desk/bulk", **{"cases[]": cases})
    fields = {"kind": "status", "subjects": ".".join(post["id"] for post in posts), "acts[]": ["status.remove"]}
    page = await mias.post("/admin/desk/bulk/start", outcome="violates", clause="words", note="Spam", **fields)
    assert "It waits: these are so many" in page
    assert "/approve" not in page
    assert check(page)[1] == []
    many = mias.path
    assert "Your decision over 3 items waits" in _words(await mias.get("/admin/desk"))
    assert "A decision of @mia over 3 items waits" in _words(await noras.get("/admin/desk"))
    tom = await Browser.of(world, await world.person("tom", role="triage"))
    assert "/approve" not in await tom.get(many)
    page = await noras.get(many)
    assert "It waits for you" in page
    assert "The marrow number 2" in page
    assert "Spam" in page
    await mias.post(f"{many}/approve", expect=403)
    await noras.post(f"{many}/approve")
    await world.settle()
    page = await mias.get(many)
    assert "Finished: 3 of 3 were decided." in _words(page)
    assert "@nora has looked at it and let it go ahead." in page
    assert "waits for" not in await mias.get("/admin/desk")


async def test_a_colleague_may_refuse_a_decision_over_very_many(world: World) -> None:
    ada, _, mias = await _scene(world)
    noras = await Browser.of(world, await world.person("nora", role="admin"))
    await noras.get("/admin/desk/settings")
    await noras.post("/admin/desk/settings/second_look", second_look_over="1")
    posts = [await ada.post(f"The marrow number {number} of my garden is for sale today") for number in range(2)]
    fields = {"kind": "status", "subjects": ".".join(post["id"] for post in posts), "acts[]": ["status.remove"]}
    await mias.get("/admin/desk")
    await mias.post("/admin/desk/bulk/start", outcome="violates", clause="words", **fields)
    await noras.get(mias.path)
    await noras.post(f"{mias.path}/stop")
    assert "Stopped by @nora: 0 of 2 were decided." in _words(await mias.get(mias.path))
    assert await _decisions(world) == []


async def test_what_was_decided_together_is_turned_round_together(world: World) -> None:
    ada, _, browser = await _scene(world)
    posts = [await ada.post(f"The marrow number {number} of my garden is for sale today") for number in range(3)]
    case = (await case_of(world, posts[0]["id"]))["id"]
    fields = {"kind": "status", "subjects": ".".join(post["id"] for post in posts), "acts[]": ["status.remove"]}
    await browser.get("/admin/desk")
    await browser.post("/admin/desk/bulk/start", outcome="violates", clause="words", **fields)
    await world.settle()
    many = browser.path
    assert f'href="{many}"' in await browser.get(f"/admin/desk/cases/{case}")
    page = await browser.get(many)
    assert "Turn 3 decisions round" in _words(page)
    assert check(page)[1] == []
    await browser.post(f"{many}/reverse", note="It was the garden show")
    assert "0 of 3 turned round." in _words(browser.page)
    await world.settle()
    page = _words(await browser.get(many))
    assert "Finished: 3 of 3 were turned round." in page
    assert "It was the garden show" in page
    assert "Turn 3 decisions round" not in page
    assert (await ada.api.get(f"/api/v1/statuses/{posts[0]['id']}")).status_code == 200


async def test_near_copies_are_decided_together(world: World) -> None:
    ada, _, browser = await _scene(world)
    bob = await world.person("bob")
    text = "Buy the best watches of the world now at my shop, half the price, only today"
    first = await ada.post(f"{text}, with a marrow")
    for number in range(3):
        await bob.post(f"{text} {number}")
    case = (await case_of(world, first["id"]))["id"]
    page = await browser.get(f"/admin/desk/cases/{case}")
    assert "3 near-copies" in page
    assert "1 author" in page
    assert "same texts" in page
    page = await browser.post("/admin/desk/bulk", near_of=first["id"], clause="words")
    assert "4 posts together" in page


async def test_who_may_be_the_same_person_is_told_to_those_who_act_on_accounts(world: World) -> None:
    ada, _, browser = await _scene(world)
    other = await world.person("ada_99")
    await world.db.connection.execute(
        "update users set sign_up_ip = '203.0.113.7' where account_id = any($1)", [ada.account_id, other.account_id]
    )
    posted = await ada.post("A marrow")
    case = (await case_of(world, posted["id"]))["id"]
    page = _words(await browser.get(f"/admin/desk/cases/{case}"))
    assert "@ada_99" in page
    assert "same address at sign-up" in page
    assert "203.0.113.7" not in page
    tom = await Browser.of(world, await world.person("tom", role="triage"))
    assert "@ada_99" not in await tom.get(f"/admin/desk/cases/{case}")


async def test_pages_take_as_many_statements_for_forty_cases_as_for_one(world: World) -> None:
    ada, _, browser = await _scene(world)
    bob = await world.person("bob")

    async def fill(number: int) -> int:
        post: dict[str, str] = {}
        for n in range(number):
            post = await ada.post(f"The marrow number {n} of my garden is for sale today and tomorrow")
            await bob.post("@ada how much?", in_reply_to_id=post["id"])
            await bob.api.post("/api/v1/reports", {"account_id": ada.id, "status_ids": [post["id"]]})
        await world.settle()
        return (await case_of(world, post["id"]))["id"]

    counted: list[tuple[int, int]] = []
    for number in (1, 39):
        case = await fill(number)
        await browser.get("/admin/desk")
        queue = await world.statements(lambda: browser.http.get("/admin/desk"))
        one = await world.statements(lambda case=case: browser.http.get(f"/admin/desk/cases/{case}"))
        counted.append((len(queue), len(one)))
    assert counted[0] == counted[1]
    page = await browser.get("/admin/desk")
    assert page.count('<article class="case"') == 30
    older = re.findall(r'rel="next" href="([^"]+)"', page)[0].replace("&amp;", "&")
    assert (await browser.get(older)).count('<article class="case"') == 10


async def test_nothing_that_authors_and_reporters_see_names_a_reviewer(world: World) -> None:
    ada, _, browser = await _scene(world)
    bob = await world.person("bob")
    posted = await ada.post("A marrow")
    await bob.api.post("/api/v1/reports", {"account_id": ada.id, "status_ids": [posted["id"]]})
    await world.settle()
    page = await _next(browser)
    case = re.findall(r"/admin/desk/cases/(\d+)/decide", page)[0]
    await browser.post(
        f"/admin/desk/cases/{case}/decide", quick="remove", clause="words", revision="0", note="mia was here"
    )
    world.at(world.clock.now() + timedelta(minutes=2))
    await world.settle()
    for person in (ada, bob):
        seen = await Browser.of(world, person)
        for path in ("/notifications", "/home", "/@ada", "/settings"):
            assert "mia" not in await seen.get(path), path
        told = await person.api.get("/api/v1/notifications")
        assert "mia" not in told.text


async def test_pages_are_refused_to_those_who_may_not_and_unknown_cases_are_not_found(world: World) -> None:
    ada, _, browser = await _scene(world)
    posted = await ada.post("A marrow")
    case = (await case_of(world, posted["id"]))["id"]
    stranger = await Browser.of(world, ada)
    await stranger.get(f"/admin/desk/cases/{case}", expect=403)
    await stranger.get("/home")
    for act in ("take", "decide", "skip", "escalate", "hand_over", "note", "left", "renew"):
        await stranger.post(f"/admin/desk/cases/{case}/{act}", expect=403)
        await stranger.get("/home")
    await browser.get("/admin/desk/cases/12", expect=404)
    await browser.get("/admin/desk")
    for act in ("take", "decide", "left", "note"):
        await browser.post(f"/admin/desk/cases/12/{act}", expect=404, quick="ok", note="x")
        await browser.get("/admin/desk")
    await browser.post("/admin/desk/decisions/12/undo", expect=404)
    await browser.get("/admin/desk?tab=nothing", expect=422)
    await browser.get("/admin/desk?after=%27;drop&exposure=9&source=x")


async def test_one_picture_of_a_post_is_removed_in_the_long_form(world: World) -> None:
    ada, _, browser = await _scene(world)
    media = [await upload(ada), await upload(ada, description="a rose")]
    posted = await ada.post("A marrow", media_ids=[each["id"] for each in media])
    page = await _next(browser)
    assert f"/admin/desk/files/{media[0]['url'].partition('/media/')[2]}" in page
    path = f"/admin/desk/cases/{(await case_of(world, posted['id']))['id']}/decide"
    chosen = {"outcome": "violates", "clause": "words", "acts[]": ["media.remove"], "revision": "0"}
    page = await browser.post(path, expect=422, **chosen)
    assert "Choose which of the files." in page
    page = await browser.post(path, **chosen, **{"media[]": media[0]["id"], "lasts[media.remove]": "7d"})
    shown = (await ada.api.get(f"/api/v1/statuses/{posted['id']}")).json()["media_attachments"]
    assert [each["id"] for each in shown] == [media[1]["id"]]
    action = await world.db.connection.fetchrow("select * from actions")
    assert action is not None
    assert (action["subject_kind"], action["subject_id"], action["ends_at"] - action["starts_at"]) == (
        "media",
        int(media[0]["id"]),
        timedelta(days=7),
    )
    page = await browser.get("/admin/desk/act?status=" + posted["id"])
    page = await browser.post("/admin/desk/act", status=posted["id"])
    assert "removed: only reviewers see it" in page
    assert check(page)[1] == []


async def test_posts_with_the_same_picture_are_offered_together(world: World) -> None:
    ada, mia, browser = await _scene(world)
    first = await ada.post("A marrow", media_ids=[(await picture(ada, 1))["id"]])
    second = await mia.post("Something else", media_ids=[(await picture(mia, 1, size=211))["id"]])
    page = await _next(browser)
    assert "1 post with a picture like these" in page
    page = await browser.post("/admin/desk/bulk", like=first["id"], clause="words")
    assert "2 posts together" in page
    assert "The pictures in them that look like this" in page
    assert check(page)[1] == []
    chosen = {"clause": "words", "acts[]": ["media.remove"], "media[]": browser.value("media[]"), "out[]": second["id"]}
    await browser.post("/admin/desk/bulk/start", subjects=browser.value("subjects"), **chosen)
    await world.settle()
    assert (await ada.api.get(f"/api/v1/statuses/{first['id']}")).json()["media_attachments"] == []
