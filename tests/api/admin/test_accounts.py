"""Accounts through the admin API: finding them, and what can be done to whom by whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.api.admin.conftest import SCOPES
from tests.screening.policies import put_in_force
from tests.world import Api, Person, World, link

V2 = "/api/v2/admin/accounts"
V1 = "/api/v1/admin/accounts"


async def found(by: Person, path: str = V2, **query: Any) -> set[str]:
    return {row["username"] for row in (await by.api.get(path, query)).json()}


async def act(by: Person, on: Person, kind: str, expect: int = 200, **more: Any) -> dict[str, Any]:
    form = {"type": kind, **more}
    return (await by.api.post(f"{V1}/{on.id}/action", form, expect=expect)).json()


async def seen(by: Person, on: Person) -> dict[str, Any]:
    return (await by.api.get(f"{V1}/{on.id}")).json()


@pytest.fixture
async def town(world: World, moderator: Person) -> dict[str, Person]:
    """People in every state; the moderator is one of them."""
    people = {name: await world.person(name) for name in ("anna", "bert", "carl", "dora", "emil", "fred")}
    at = world.clock.now()
    run = world.db.connection.execute
    await run("update users set approved_at = null, sign_up_reason = 'Please' where account_id = $1",
              people["bert"].account_id)  # fmt: skip
    await run("update users set disabled_at = $2 where account_id = $1", people["carl"].account_id, at)
    for name, column in (("dora", "silenced_at"), ("emil", "suspended_at"), ("fred", "sensitized_at")):
        await run(f"update accounts set {column} = $2 where id = $1", people[name].account_id, at)
    await run(
        "insert into accounts (id, username, domain, uri, url, display_name, created_at, updated_at)"
        " values (make_id($1), 'rita', 'else.example', 'https://else.example/rita', '', 'Rita R', $1, $1)", at,
    )  # fmt: skip
    await run("insert into account_stats (account_id) select id from accounts where username = 'rita'")
    return people


async def test_accounts_are_found_by_each_filter(world: World, moderator: Person, town: dict[str, Person]) -> None:
    everybody = {*town, "mona", "rita"}
    assert await found(moderator) == everybody
    assert await found(moderator, origin="remote") == {"rita"}
    assert await found(moderator, origin="local") == everybody - {"rita"}
    expected = {
        "active": everybody - {"bert", "carl", "emil"}, "pending": {"bert"}, "disabled": {"carl"},
        "silenced": {"dora"}, "suspended": {"emil"}, "sensitized": {"fred"},
    }  # fmt: skip
    for status, names in expected.items():
        assert await found(moderator, status=status) == names, status
        assert await found(moderator, V1, **{status: "true"}) == names, status
    assert await found(moderator, permissions="staff") == {"mona"}
    assert await found(moderator, V1, staff="true") == {"mona"}
    assert await found(moderator, **{"role_ids[]": ["1", "3"]}) == {"mona"}
    assert await found(moderator, **{"role_ids[]": ["77"]}) == set()
    assert await found(moderator, username="NN") == {"anna"}
    assert await found(moderator, username="_") == set()
    assert await found(moderator, display_name="ita r") == {"rita"}
    assert await found(moderator, by_domain="Else.example") == {"rita"}
    assert await found(moderator, email="anna@") == {"anna"}
    assert await found(moderator, V1, remote="true") == {"rita"}


async def test_accounts_are_found_by_where_they_came_from(
    world: World, moderator: Person, town: dict[str, Person]
) -> None:
    at = world.clock.now()
    await world.db.connection.execute(
        "update users set sign_up_ip = '203.0.113.7' where account_id = $1", town["anna"].account_id
    )
    for ip, when in (("203.0.113.9", at), ("2001:db8::1", at + timedelta(minutes=1)), ("203.0.113.9", at)):
        await world.db.connection.execute(
            "insert into sessions (id, token_hash, account_id, ip, created_at, last_seen_at)"
            " values (make_id($1), gen_random_uuid()::text::bytea, $2, $3, $1, $4)",
            at, town["dora"].account_id, ip, when,
        )  # fmt: skip
    assert await found(moderator, ip="203.0.113.0/24") == {"anna", "dora"}
    assert await found(moderator, ip="203.0.113.9") == {"dora"}
    assert await found(moderator, ip="nowhere") == set()
    dora = await seen(moderator, town["dora"])
    assert [row["ip"] for row in dora["ips"]] == ["2001:db8::1", "203.0.113.9"]
    assert dora["ip"] == "2001:db8::1"


async def test_accounts_are_found_by_who_invited_them(world: World, moderator: Person, town: dict[str, Person]) -> None:
    await world.db.connection.execute(
        "with i as (insert into invites (id, code, account_id, created_at) values (1, 'abc', $1, $2) returning id)"
        " update users set invite_id = 1 where account_id = $3",
        town["anna"].account_id, world.clock.now(), town["dora"].account_id,
    )  # fmt: skip
    assert await found(moderator, invited_by=town["anna"].id) == {"dora"}
    assert (await seen(moderator, town["dora"]))["invited_by_account_id"] == town["anna"].id


async def test_an_account_is_shown_with_its_login_and_one_from_elsewhere_without(
    moderator: Person, town: dict[str, Person]
) -> None:
    bert = await seen(moderator, town["bert"])
    assert (bert["email"], bert["approved"], bert["confirmed"], bert["invite_request"]) == (
        "bert@example.com", False, True, "Please",
    )  # fmt: skip
    assert bert["account"]["username"] == "bert"
    rita = (await moderator.api.get(V2, {"origin": "remote"})).json()[0]
    assert (rita["email"], rita["role"], rita["approved"], rita["domain"]) == (None, None, None, "else.example")
    await moderator.api.get(f"{V1}/1", expect=404)


async def test_the_list_is_paged_with_links(moderator: Person, town: dict[str, Person]) -> None:
    page = await moderator.api.get(V2, {"limit": 3, "origin": "local"})
    names = [row["username"] for row in page.json()]
    while (onward := link(page, "next")) is not None:
        assert "origin=local" in onward
        page = await moderator.api.get(onward)
        names += [row["username"] for row in page.json()]
    assert names == [*reversed(town), "mona"]
    newer = await moderator.api.get(V2, {"limit": 2, "min_id": town["anna"].id})
    assert [row["username"] for row in newer.json()] == ["carl", "bert"]


async def test_who_waits_is_let_in_or_turned_away_once(
    world: World, moderator: Person, town: dict[str, Person]
) -> None:
    path = f"{V1}/{town['bert'].id}"
    assert (await moderator.api.post(f"{path}/approve")).json()["approved"] is True
    await moderator.api.post(f"{path}/approve", expect=403)
    await moderator.api.post(f"{path}/reject", expect=403)
    newcomer = await world.person("gina")
    await world.db.connection.execute("update users set approved_at = null where account_id = $1", newcomer.account_id)
    assert (await moderator.api.post(f"{V1}/{newcomer.id}/reject")).json()["username"] == "gina"
    await moderator.api.get(f"{V1}/{newcomer.id}", expect=404)


@pytest.mark.parametrize(
    ("kind", "shown", "back"),
    [
        ("sensitive", "sensitized", "unsensitive"), ("silence", "silenced", "unsilence"),
        ("suspend", "suspended", "unsuspend"), ("disable", "disabled", "enable"),
    ],
)  # fmt: skip
async def test_what_is_done_to_an_account_is_a_decision_and_can_be_taken_back(
    world: World, moderator: Person, kind: str, shown: str, back: str
) -> None:
    await put_in_force(world)
    anna = await world.person("anna")
    await act(moderator, anna, kind, text="Enough of this")
    assert (await seen(moderator, anna))[shown] is True
    row = await world.db.connection.fetchrow("select reviewer_id, outcome, reason, clause from decisions")
    assert row is not None
    assert (row["reviewer_id"], row["outcome"], row["reason"], row["clause"]) == (
        moderator.account_id, "violates", {"en": "Enough of this"}, "words",
    )  # fmt: skip
    assert (await moderator.api.post(f"{V1}/{anna.id}/{back}")).json()[shown] is False
    # Once more changes nothing.
    assert (await moderator.api.post(f"{V1}/{anna.id}/{back}")).json()[shown] is False


async def test_no_action_is_a_warning(world: World, moderator: Person) -> None:
    await put_in_force(world)
    anna = await world.person("anna")
    before = await seen(moderator, anna)
    await act(moderator, anna, "none", text="Mind your words")
    assert await seen(moderator, anna) == before
    assert await world.db.connection.fetchval("select kind from actions") == "warn"


async def test_a_preset_precedes_the_text(world: World, moderator: Person) -> None:
    await put_in_force(world)
    anna = await world.person("anna")
    await world.db.connection.execute(
        "insert into reply_templates (id, name, text, created_at) values (7, 'Spam', $1, $2)",
        {"en": "This is spam.", "it": "Questo è spam."}, world.clock.now(),
    )  # fmt: skip
    await act(moderator, anna, "none", text="Stop it.", warning_preset_id="7")
    assert await world.db.connection.fetchval("select reason from decisions") == {"en": "This is spam.\n\nStop it."}
    await act(moderator, anna, "none", 404, warning_preset_id="8")


async def test_an_action_answers_the_report_it_names(world: World, moderator: Person) -> None:
    await put_in_force(world)
    anna, bert = await world.person("anna"), await world.person("bert")
    post = await anna.post("Something")
    form = {"account_id": anna.id, "status_ids": [post["id"]], "category": "spam"}
    report_id = (await bert.api.post("/api/v1/reports", form)).json()["id"]
    await world.settle()
    other = (await bert.api.post("/api/v1/reports", {"account_id": moderator.id})).json()["id"]
    await act(moderator, anna, "silence", 404, report_id=other)
    await act(moderator, anna, "silence", report_id=report_id)
    report = (await moderator.api.get(f"/api/v1/admin/reports/{report_id}")).json()
    assert report["action_taken"] is True


async def test_nobody_acts_on_somebody_of_their_own_role_or_above(
    world: World, owner: Person, admin: Person, moderator: Person
) -> None:
    await put_in_force(world)
    colleague = await world.person("mike", role="moderator", scopes=SCOPES)
    for by, on in ((moderator, colleague), (moderator, admin), (admin, owner), (moderator, moderator)):
        for kind in ("none", "sensitive", "disable", "silence", "suspend"):
            await act(by, on, kind, 403)
        for verb in ("enable", "unsensitive", "unsilence", "unsuspend", "approve", "reject"):
            await by.api.post(f"{V1}/{on.id}/{verb}", expect=403)
        await by.api.delete(f"{V1}/{on.id}", expect=403)
    await act(admin, moderator, "silence")
    await act(owner, admin, "silence")


async def test_a_scope_is_not_enough(world: World, member: Person) -> None:
    anna = await world.person("anna")
    triage = await world.person("tom", role="triage", scopes=SCOPES)
    for by in (member, triage):
        for path in (V1, V2, f"{V1}/{anna.id}"):
            assert (await by.api.get(path, expect=403)).json() == {"error": "This action is not allowed"}
        await act(by, anna, "suspend", 403)
        for verb in ("enable", "unsensitive", "unsilence", "unsuspend", "approve", "reject"):
            await by.api.post(f"{V1}/{anna.id}/{verb}", expect=403)
        await by.api.delete(f"{V1}/{anna.id}", expect=403)
    plain = await world.person("ulla", role="admin")
    assert "scopes" in (await plain.api.get(V2, expect=403)).json()["error"]
    await Api(world).get(V2, expect=401)


async def test_only_the_suspended_are_erased_and_only_by_administrators(
    world: World, moderator: Person, admin: Person
) -> None:
    await put_in_force(world)
    anna = await world.person("anna")
    await admin.api.delete(f"{V1}/{anna.id}", expect=403)
    await act(moderator, anna, "suspend")
    await moderator.api.delete(f"{V1}/{anna.id}", expect=403)
    assert (await admin.api.delete(f"{V1}/{anna.id}")).json() == {}
    await world.settle()
    await admin.api.get(f"{V1}/{anna.id}", expect=404)
    row = await world.db.connection.fetchrow("select actor_id from moderation_events where type = 'account_erased'")
    assert row is not None


async def test_what_others_decided_is_turned_round_by_those_above(
    world: World, moderator: Person, admin: Person
) -> None:
    await put_in_force(world)
    anna = await world.person("anna")
    await act(admin, anna, "silence")
    await moderator.api.post(f"{V1}/{anna.id}/unsilence", expect=403)
    colleague = await world.person("mike", role="moderator", scopes=SCOPES)
    bert = await world.person("bert")
    await act(colleague, bert, "silence")
    assert (await admin.api.post(f"{V1}/{bert.id}/unsilence")).json()["silenced"] is False


async def test_a_clause_may_be_named_and_has_to_be_one(world: World, moderator: Person) -> None:
    await put_in_force(world)
    anna = await world.person("anna")
    assert "clause" in (await act(moderator, anna, "none", 422, clause="nothing"))["details"]
    await act(moderator, anna, "none", clause="words")
    assert await world.db.connection.fetchval("select clause from decisions") == "words"


async def test_without_any_policy_there_is_nothing_to_decide_by(world: World, moderator: Person) -> None:
    anna = await world.person("anna")
    await act(moderator, anna, "silence", 422)
    assert (await seen(moderator, anna))["silenced"] is False
