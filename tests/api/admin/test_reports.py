"""Reports through the admin API: each act is one on the case behind it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.api.admin.conftest import SCOPES
from tests.screening.policies import put_in_force
from tests.world import Person, World, link

PATH = "/api/v1/admin/reports"


class Scene:
    """bert has reported anna."""

    def __init__(self, anna: Person, bert: Person) -> None:
        self.anna = anna
        self.bert = bert

    async def report(self, *posts: dict[str, Any], **more: Any) -> str:
        form = {"account_id": self.anna.id, "status_ids": [post["id"] for post in posts], **more}
        report_id = (await self.bert.api.post("/api/v1/reports", form)).json()["id"]
        await self.anna.world.settle()
        return report_id


@pytest.fixture
async def scene(world: World) -> Scene:
    await put_in_force(world)
    return Scene(await world.person("anna"), await world.person("bert"))


async def test_a_report_shows_who_and_what_also_what_only_few_may_see(moderator: Person, scene: Scene) -> None:
    public = await scene.anna.post("For all")
    private = await scene.anna.post("For @bert alone", visibility="direct")
    report_id = await scene.report(public, private, comment="Look at this", category="spam")
    shown = (await moderator.api.get(f"{PATH}/{report_id}")).json()
    assert {status["id"] for status in shown["statuses"]} == {public["id"], private["id"]}
    assert (shown["account"]["username"], shown["target_account"]["username"]) == ("bert", "anna")
    assert (shown["comment"], shown["category"], shown["action_taken"]) == ("Look at this", "spam", False)
    assert (shown["assigned_account"], shown["action_taken_by_account"]) == (None, None)
    assert shown["target_account"]["email"] == "anna@example.com"


async def test_triage_sees_reports_without_addresses(world: World, scene: Scene) -> None:
    triage = await world.person("tom", role="triage", scopes=SCOPES)
    report_id = await scene.report()
    shown = (await triage.api.get(f"{PATH}/{report_id}")).json()
    for who in ("account", "target_account"):
        assert (shown[who]["email"], shown[who]["ip"], shown[who]["ips"]) == (None, None, [])


async def test_whoever_takes_a_report_has_its_case_until_they_give_it_back(
    world: World, moderator: Person, admin: Person, scene: Scene
) -> None:
    report_id = await scene.report(await scene.anna.post("Hm"))
    taken = (await moderator.api.post(f"{PATH}/{report_id}/assign_to_self")).json()
    assert taken["assigned_account"]["username"] == "mona"
    await admin.api.post(f"{PATH}/{report_id}/assign_to_self", expect=409)
    await admin.api.post(f"{PATH}/{report_id}/resolve", expect=409)
    assert (await moderator.api.post(f"{PATH}/{report_id}/unassign")).json()["assigned_account"] is None
    taken = (await admin.api.post(f"{PATH}/{report_id}/assign_to_self")).json()
    assert taken["assigned_account"]["username"] == "ada"
    world.at(world.clock.now() + timedelta(minutes=6))
    assert (await moderator.api.get(f"{PATH}/{report_id}")).json()["assigned_account"] is None


async def test_resolving_finds_nothing_wrong_with_anything_in_it(world: World, moderator: Person, scene: Scene) -> None:
    posts = [await scene.anna.post(f"Post {number}") for number in range(3)]
    report_id = await scene.report(*posts)
    shown = (await moderator.api.post(f"{PATH}/{report_id}/resolve")).json()
    assert shown["action_taken"] is True
    assert shown["action_taken_by_account"]["username"] == "mona"
    assert await world.db.connection.fetchval("select count(*) from cases where state <> 'closed'") == 0
    rows = await world.db.connection.fetch("select outcome, reviewer_id from decisions")
    assert [(row["outcome"], row["reviewer_id"]) for row in rows] == [("ok", moderator.account_id)] * 3
    # Once more changes nothing.
    await moderator.api.post(f"{PATH}/{report_id}/resolve")
    assert await world.db.connection.fetchval("select count(*) from decisions") == 3


async def test_a_report_of_a_post_that_is_gone_can_be_resolved(world: World, moderator: Person, scene: Scene) -> None:
    post = await scene.anna.post("Not for long")
    report_id = await scene.report(post)
    await scene.anna.api.delete(f"/api/v1/statuses/{post['id']}")
    await world.settle()
    shown = (await moderator.api.post(f"{PATH}/{report_id}/resolve")).json()
    assert (shown["action_taken"], shown["statuses"]) == (True, [])


async def test_a_report_that_is_opened_again_waits_in_a_case(world: World, moderator: Person, scene: Scene) -> None:
    report_id = await scene.report(await scene.anna.post("Hm"))
    await moderator.api.post(f"{PATH}/{report_id}/resolve")
    shown = (await moderator.api.post(f"{PATH}/{report_id}/reopen")).json()
    assert (shown["action_taken"], shown["action_taken_by_account"]) == (False, None)
    assert await world.db.connection.fetchval("select count(*) from cases where state = 'queued'") == 1
    assert (await moderator.api.post(f"{PATH}/{report_id}/resolve")).json()["action_taken"] is True


async def test_what_a_report_is_about_can_be_said_anew(world: World, moderator: Person, scene: Scene) -> None:
    await world.db.connection.execute("insert into rules (id, text, hint) values (3, 'Be kind', 'Always')")
    report_id = await scene.report(category="other")
    form = {"category": "violation", "rule_ids": ["3"]}
    shown = (await moderator.api.put(f"{PATH}/{report_id}", form)).json()
    assert (shown["category"], [rule["text"] for rule in shown["rules"]]) == ("violation", ["Be kind"])
    shown = (await moderator.api.patch(f"{PATH}/{report_id}", {"category": "spam"})).json()
    assert (shown["category"], shown["rules"]) == ("spam", [])
    await moderator.api.put(f"{PATH}/{report_id}", {"category": "violation", "rule_ids": ["99"]}, expect=422)
    await moderator.api.put(f"{PATH}/{report_id}", {"category": "rude"}, expect=422)
    types = await world.db.connection.fetch("select type from moderation_events where subject_id = $1", int(report_id))
    assert [row["type"] for row in types].count("report_changed") == 2


async def test_reports_are_found_by_who_and_whether_they_wait(world: World, moderator: Person, scene: Scene) -> None:
    first = await scene.report(comment="First")
    third = (await scene.bert.api.post("/api/v1/reports", {"account_id": moderator.id})).json()["id"]
    await world.settle()

    async def ids(**query: Any) -> list[str]:
        return [row["id"] for row in (await moderator.api.get(PATH, query)).json()]

    assert await ids() == [third, first]
    await moderator.api.post(f"{PATH}/{first}/resolve")
    assert await ids() == [third]
    assert await ids(resolved="true") == [first]
    assert await ids(resolved="true", unresolved="true") == [third, first]
    assert await ids(resolved="true", target_account_id=scene.anna.id) == [first]
    assert await ids(account_id=scene.bert.id) == [third]
    assert await ids(account_id=scene.anna.id) == []
    assert await ids(by_target_domain="else.example") == []


async def test_reports_are_paged(world: World, moderator: Person, scene: Scene) -> None:
    made = [await scene.report(comment=str(number)) for number in range(5)]
    page = await moderator.api.get(PATH, {"limit": 2})
    read = [row["id"] for row in page.json()]
    while (onward := link(page, "next")) is not None:
        page = await moderator.api.get(onward)
        read += [row["id"] for row in page.json()]
    assert read == made[::-1]


async def test_a_scope_is_not_enough(member: Person, scene: Scene) -> None:
    report_id = await scene.report()
    await member.api.get(PATH, expect=403)
    await member.api.get(f"{PATH}/{report_id}", expect=403)
    await member.api.put(f"{PATH}/{report_id}", {"category": "spam"}, expect=403)
    for verb in ("assign_to_self", "unassign", "resolve", "reopen"):
        assert (await member.api.post(f"{PATH}/{report_id}/{verb}", expect=403)).json() == {
            "error": "This action is not allowed"
        }
