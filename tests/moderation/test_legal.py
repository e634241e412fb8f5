"""Legal notices: what they name becomes cases with a clock, their sender hears of it, and is forgotten in the end."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from rostra.kit.errors import Conflict, Forbidden, InvalidFields, NotFound
from rostra.moderation.reports.legal import (
    LegalDraft,
    ask_again,
    close_unfound,
    file_notice,
    forget_senders,
    get_notice,
)
from tests.appeals.court import later, people, told
from tests.moderation.desk import decide, drafted, open_cases, reviewer
from tests.moderation.test_report_outcome import to
from tests.web.browser import Browser
from tests.world import World

BASE = "http://localhost:3000"


def drawn(*urls: str, **more: Any) -> LegalDraft:
    given: dict[str, Any] = {
        "urls": "\n".join(urls), "explanation": "It is a threat.", "law": "Criminal Code, art. 612",
        "name": "Nora Neri", "email": "nora@example.com", "good_faith": True,
    }  # fmt: skip
    return LegalDraft(**(given | more))


async def file(world: World, *urls: str, **more: Any) -> str:
    token = await file_notice(world.res.desk, world.res.sealer, drawn(*urls, **more))
    await world.settle()
    return token


async def test_what_a_notice_names_becomes_evidence_and_cases_with_a_clock_of_seven_days(world: World) -> None:
    ada, bob, _ = await people(world, "ada", "bob", "mod")
    first = await ada.post("A carrot")
    second = await bob.post("Another carrot", visibility="private")
    await file(world, first["url"], second["url"], f"{BASE}/@bob", first["url"], reason="words")
    cases = await open_cases(world)
    assert {(case["subject_kind"], case["subject_id"]) for case in cases} == {
        ("status", int(first["id"])),
        ("status", int(second["id"])),
        ("account", bob.account_id),
    }
    assert {(case["source"], case["clause"], case["due_at"] - case["opened_at"]) for case in cases} == {
        ("legal", "words", timedelta(days=7))
    }
    clocks = await world.db.connection.fetch("select regime from deadlines")
    assert [row["regime"] for row in clocks] == ["legal"] * 3
    report = await world.db.connection.fetchrow("select * from reports")
    assert report is not None
    assert (report["account_id"], report["source"], len(report["snapshot_ids"])) == (None, "legal", 3)
    assert report["acknowledged_at"] is not None
    assert (
        await world.db.connection.fetchval(
            "select details ->> 'source' from moderation_events where type = 'report_received'"
        )
        == "legal"
    )


async def test_the_sender_has_an_acknowledgement_with_a_secret_link_and_then_the_outcome(world: World) -> None:
    ada, _, mod = await people(world, "ada", "bob", "moderata")
    posted = await ada.post("A carrot")
    token = await file(world, posted["url"])
    (letter,) = to(world, "nora")
    assert f"/legal/notice/{token}" in letter
    assert "Nora" not in letter.partition("\n\n")[2], "nothing that a stranger typed goes to an address that they typed"
    kept = await world.db.connection.fetchrow("select * from legal_notices")
    assert kept is not None
    assert token not in str(list(kept.values()))
    await decide(world, posted["id"], drafted(clause="words"), mod)
    await told(world)
    outcome = to(world, "nora")[1]
    for words in ("You were right", "nothing was decided automatically", f"/legal/notice/{token}"):
        assert words in outcome
    assert "moderata" not in outcome
    seen = await get_notice(world.res.desk, token)
    assert (seen.outcome, seen.automated, seen.dismissed) == ("upheld", False, [])


async def test_where_nothing_was_wrong_the_letter_says_what_can_be_done(world: World) -> None:
    ada, _, mod = await people(world, "ada", "bob", "mod")
    posted = await ada.post("A carrot")
    await file(world, posted["url"], language="it")
    await decide(world, posted["id"], drafted("ok"), mod)
    await told(world)
    outcome = to(world, "nora")[1]
    for words in ("#appeal", "organismo di risoluzione", "giudice", "L’ha esaminato e deciso una persona"):
        assert words in outcome


async def test_what_is_not_there_is_told_in_the_same_words_as_what_was_harmless(world: World) -> None:
    ada, _, mod = await people(world, "ada", "bob", "mod")
    secret = await ada.post("A carrot", visibility="direct")
    harmless = await file(world, secret["url"])
    nothing = await file(world, f"{BASE}/@ada/{int(secret['id']) + 1}", email="nemo@example.com")
    before = [await get_notice(world.res.desk, token) for token in (harmless, nothing)]
    assert [(one.outcome, one.dismissed, one.automated) for one in before] == [(None, [], False)] * 2
    await decide(world, secret["id"], drafted("ok"), mod)
    await close_unfound(world.res.desk, reviewer(mod), before[1].id)
    await told(world)

    def plain(letter: str) -> str:
        body = letter.partition("Hello,")[2]
        return re.sub(r"/legal/notice/\S+?(?=#|\n|$)", "LINK", body)

    assert plain(to(world, "nora")[1]) == plain(to(world, "nemo")[1]) != ""


async def test_whoever_asks_for_another_look_at_nothing_is_heard_once_and_answered_again(world: World) -> None:
    *_, mod = await people(world, "ada", "mod")
    token = await file(world, f"{BASE}/@ada/12345")
    notice = await get_notice(world.res.desk, token)
    await close_unfound(world.res.desk, reviewer(mod), notice.id)
    with pytest.raises(NotFound):
        await close_unfound(world.res.desk, reviewer(mod), notice.id)
    await told(world)
    await ask_again(world.res.desk, token, "It is the one of Monday.")
    again = await get_notice(world.res.desk, token)
    assert (again.outcome, "Monday" in again.explanation) == (None, True)
    await close_unfound(world.res.desk, reviewer(mod), notice.id)
    await told(world)
    assert len(to(world, "nora")) == 3
    with pytest.raises(Conflict):
        await ask_again(world.res.desk, token, "Once more")


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"urls": ""}, "urls"),
        ({"urls": "https://elsewhere.example/@ada/1"}, "urls"),
        ({"urls": f"{BASE}/about"}, "urls"),
        ({"urls": "\n".join(f"{BASE}/@ada/{n}" for n in range(51))}, "urls"),
        ({"explanation": " "}, "explanation"),
        ({"explanation": "x" * 5001}, "explanation"),
        ({"name": ""}, "name"),
        ({"email": "nobody"}, "email"),
        ({"email": ""}, "email"),
        ({"good_faith": False}, "good_faith"),
        ({"reason": "nonsense"}, "reason"),
        ({"law": "x" * 501}, "law"),
    ],
)
async def test_a_notice_that_cannot_be_used_is_refused(world: World, more: dict[str, Any], field: str) -> None:
    await people(world, "ada")
    with pytest.raises(InvalidFields) as refused:
        await file(world, **({"urls": f"{BASE}/@ada/1"} | more))
    assert set(refused.value.details) == {field}
    assert await world.db.connection.fetchval("select count(*) from reports") == 0


async def file_children(world: World, url: str) -> str:
    return await file(world, url, name="", email="", children=True)


async def test_whoever_points_to_the_abuse_of_children_need_not_say_who_they_are(world: World) -> None:
    ada, _, mod = await people(world, "ada", "bob", "mod")
    posted = await ada.post("A carrot")
    token = await file_children(world, posted["url"])
    await decide(world, posted["id"], drafted(clause="words"), mod)
    await told(world)
    assert (await get_notice(world.res.desk, token)).outcome == "upheld"
    assert to(world, "nora") == []


async def test_a_notice_is_looked_up_once(world: World) -> None:
    from rostra.moderation.reports.legal import resolve_notice

    ada, _ = await people(world, "ada", "bob")
    posted = await ada.post("A carrot")
    token = await file(world, posted["url"])
    await resolve_notice(world.res.desk, (await get_notice(world.res.desk, token)).id)
    assert await world.db.connection.fetchval("select count(*) from deadlines") == 1


async def test_a_year_after_it_is_closed_nobody_knows_who_sent_it(world: World) -> None:
    ada, _, mod = await people(world, "ada", "bob", "mod")
    first, second = await ada.post("A carrot"), await ada.post("Another carrot")
    token = await file(world, first["url"])
    still_open = await file(world, second["url"])
    await decide(world, first["id"], drafted(clause="words"), mod)
    later(world, days=364)
    assert await forget_senders(world.res.desk) == 0
    later(world, days=2)
    assert await forget_senders(world.res.desk) == 1
    with pytest.raises(NotFound):
        await get_notice(world.res.desk, token)
    assert (await get_notice(world.res.desk, still_open)).outcome is None
    assert await world.db.connection.fetchval("select count(*) from reports") == 2


async def test_only_those_who_may_dismiss_close_a_notice(world: World) -> None:
    _, mod = await people(world, "ada", "mod")
    token = await file(world, f"{BASE}/@ada/12345")
    notice = await get_notice(world.res.desk, token)
    with pytest.raises(Forbidden):
        await close_unfound(world.res.desk, reviewer(mod, "juror"), notice.id)


async def test_tools_know_no_notice_of_nothing(world: World) -> None:
    from rostra.kit.paging import PageForm
    from rostra.moderation.reports.staff_reports import ReportFilter, get_staff_report, list_staff_reports

    ada, _ = await people(world, "ada", "bob")
    await file(world, f"{BASE}/@ada/12345")
    posted = await ada.post("A carrot")
    token = await file(world, posted["url"])
    there = await get_notice(world.res.desk, token)
    found = await list_staff_reports(world.res.desk, ReportFilter(resolved=None), PageForm().window())
    assert [(one.id, one.target_id) for one in found] == [(there.id, ada.account_id)]
    nothing: Any = await world.db.connection.fetchval("select id from reports where target_id is null")
    with pytest.raises(NotFound):
        await get_staff_report(world.res.desk, nothing)


async def test_a_boost_s_address_names_what_is_boosted(world: World) -> None:
    ada, bob = await people(world, "ada", "bob")
    posted = await ada.post("A carrot")
    await world.settle()
    boost = (await bob.api.post(f"/api/v1/statuses/{posted['id']}/reblog")).json()
    await file(world, f"{BASE}/@bob/{boost['id']}")
    (case,) = await open_cases(world)
    assert (case["subject_id"], case["account_id"]) == (int(posted["id"]), ada.account_id)


async def test_another_look_can_be_asked_for_within_six_months(world: World) -> None:
    _, mod = await people(world, "ada", "mod")
    token = await file(world, f"{BASE}/@ada/12345")
    await close_unfound(world.res.desk, reviewer(mod), (await get_notice(world.res.desk, token)).id)
    await told(world)
    later(world, days=185)
    with pytest.raises(Conflict):
        await ask_again(world.res.desk, token, "Now I know")


async def test_moderators_are_told_in_the_app_and_by_mail_and_nobody_is_named(world: World) -> None:
    ada, _ = await people(world, "ada", "bob")
    mod = await world.person("max", role="moderator")
    await world.person("tom", role="triage")
    posted = await ada.post("A carrot")
    await file(world, posted["url"])
    (told_of,) = (await mod.api.get("/api/v1/notifications")).json()
    assert (told_of["type"], told_of["account"]["id"], told_of["report"]["category"]) == (
        "admin.report",
        mod.id,
        "legal",
    )
    (letter,) = to(world, "max")
    assert f"/admin/reports/{told_of['report']['id']}" in letter
    for private in ("Nora", "nora", "612", "It is a threat"):
        assert private not in letter
        assert private not in str(told_of)
    assert to(world, "tom") == []
    assert (await ada.api.get("/api/v1/notifications")).json() == []
    page = await (await Browser.of(world, mod)).get("/notifications")
    assert "A legal notice has come in" in page


async def test_moderators_are_told_of_a_notice_of_which_nothing_is_found(world: World) -> None:
    await people(world, "ada", "bob")
    mod = await world.person("max", role="moderator")
    await file(world, f"{BASE}/@ada/1")
    (told_of,) = (await mod.api.get("/api/v1/notifications")).json()
    assert told_of["type"] == "admin.report"
    assert "A legal notice has come in" in await (await Browser.of(world, mod)).get("/notifications")
