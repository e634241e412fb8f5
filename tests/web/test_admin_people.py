"""People as staff sees them: found by whatever one may look for, changed by those above them, shown to few."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from rostra.accounts.audit_queries import insert_audit_event
from rostra.accounts.records import Role
from rostra.accounts.sessions import open_session
from rostra.accounts.staff import set_role
from rostra.moderation.records import Wish
from tests.moderation.desk import act, drafted
from tests.screening.policies import put_in_force
from tests.web.browser import Browser
from tests.world import Person, World

WARN = drafted("violates", Wish(kind="warn", on="account"), revision=None, clause="words")


async def staff(world: World, role: Role) -> Browser:
    return await Browser.of(world, await world.person(f"the_{role}", role=role))


async def far_away(world: World, username: str, domain: str) -> int:
    """Somebody of another server."""
    account_id = await world.db.connection.fetchval(
        "insert into accounts (id, username, domain, uri, url, created_at, updated_at)"
        " values (make_id($1), $2, $3, $4, $4, $1, $1) returning id",
        world.clock.now(), username, domain, f"https://{domain}/{username}",
    )  # fmt: skip
    assert isinstance(account_id, int)
    await world.db.connection.execute("insert into account_stats (account_id) values ($1)", account_id)
    return account_id


async def changes_of(world: World, person: Person) -> list[tuple[str, dict[str, str]]]:
    rows = await world.db.connection.fetch(
        "select action, details from audit_events where subject = $1 order by id", person.id
    )
    return [(row["action"], row["details"]) for row in rows]


@pytest.mark.parametrize("path", ["/admin/people", "/admin/people/1", "/admin/audit"])
async def test_members_and_jurors_see_none_of_it(world: World, path: str) -> None:
    await (await Browser.of(world, await world.person("alice"))).get(path, expect=403)
    await (await staff(world, "juror")).get(path, expect=403)


async def test_people_are_found_by_name_mail_address_and_server(world: World) -> None:
    alice = await world.person("alice", ip="192.0.2.7")
    await world.person("bob", ip="192.0.2.200")
    await world.db.connection.execute("update accounts set display_name = 'Wonderland' where id = $1", alice.account_id)
    await far_away(world, "carol", "far.example")
    browser = await staff(world, "moderator")

    async def found(**asked: str) -> set[str]:
        query = "&".join(f"{name}={text.replace('@', '%40')}" for name, text in asked.items())
        page = await browser.get(f"/admin/people?{query}")
        return {name for name in ("alice", "bob", "carol") if f"@{name}" in page.partition('id="feed"')[2]}

    assert await found() == {"alice", "bob", "carol"}
    for text in ("alic", "al", "wonder", "@alice", f"@alice@{world.res.urls.domain}", "alice@example.com", "192.0.2.7"):
        assert await found(q=text) == {"alice"}, text
    assert await found(q="192.0.2.0/24") == {"alice", "bob"}
    assert await found(q="far.example") == await found(q="@carol@far.example") == {"carol"}
    assert await found(by="email", q="bob@") == {"bob"}
    assert await found(by="ip", q="no address") == await found(q="nobody") == set()
    assert await found(origin="remote") == {"carol"}
    assert await found(origin="local", q="far.example") == set()


async def test_people_are_narrowed_by_role_and_state(world: World) -> None:
    names = {"pending": "approved_at = null", "disabled": "disabled_at = now()"}
    for name, change in names.items():
        who = await world.person(name)
        await world.db.connection.execute(f"update users set {change} where account_id = $1", who.account_id)
    for state, column in (("frozen", "frozen_at"), ("silenced", "silenced_at"), ("suspended", "suspended_at")):
        who = await world.person(state)
        await world.db.connection.execute(f"update accounts set {column} = now() where id = $1", who.account_id)
    browser = await staff(world, "triage")
    for state in ("pending", "disabled", "frozen", "silenced", "suspended"):
        page = (await browser.get(f"/admin/people?state={state}")).partition('id="feed"')[2]
        assert [name for name in (*names, "frozen", "silenced", "suspended") if f"@{name}<" in page] == [state]
    for role, is_there in (("staff", True), ("triage", True), ("owner", False)):
        page = (await browser.get(f"/admin/people?role={role}")).partition('id="feed"')[2]
        assert ("@the_triage<" in page, "@frozen<" in page) == (is_there, False)


async def test_triage_sees_names_and_states_and_no_addresses(world: World) -> None:
    alice = await world.person("alice", ip="192.0.2.7", reason="I knit")
    browser = await staff(world, "triage")
    for path in ("/admin/people", "/admin/people?q=alice", f"/admin/people/{alice.id}"):
        page = await browser.get(path)
        assert "@alice" in page
        for private in ("alice@example.com", "192.0.2.7", "I knit"):
            assert private not in page
    assert "Moderate" not in page
    assert "/login" not in page
    await browser.get("/admin/people?by=email&q=alice", expect=403)
    await browser.get("/admin/people?by=ip&q=192.0.2.7", expect=403)
    # What looks like an address is no way around it.
    assert "@alice<" not in await browser.get("/admin/people?q=192.0.2.7")
    await browser.post(f"/admin/people/{alice.id}/login", expect=403, act="disable")


async def test_a_person_is_shown_with_the_login_and_no_secret(world: World) -> None:
    alice, bob = await world.person("alice", ip="192.0.2.7"), await world.person("bob", ip="192.0.2.7")
    await open_session(world.db, world.clock, bob.account_id, ip="192.0.2.7", user_agent="test")
    await world.db.connection.execute(
        "update users set totp_secret = 'sealed-secret', totp_enabled_at = now() where account_id = $1",
        alice.account_id,
    )
    browser = await staff(world, "moderator")
    page = await browser.get(f"/admin/people/{alice.id}")
    for said in ("alice@example.com", "192.0.2.7", "1 other from there", "0 browsers", "1 app", "Member"):
        assert said in page, said
    assert "sealed-secret" not in page
    assert "@bob" in await browser.get("/admin/people?by=ip&q=192.0.2.7")
    await browser.get("/admin/people/1", expect=404)


async def test_a_login_is_disabled_enabled_and_confirmed_and_all_of_it_is_noted(world: World) -> None:
    alice = await world.person("alice")
    await world.db.connection.execute("update users set confirmed_at = null where account_id = $1", alice.account_id)
    browser = await staff(world, "moderator")
    at = f"/admin/people/{alice.id}"
    await browser.get(at)
    for verb in ("confirm", "disable", "enable"):
        await browser.post(f"{at}/login", act=verb)
        assert browser.path == at
    said = ["account.confirmed", "account.disabled", "account.enabled"]
    assert [action for action, _ in await changes_of(world, alice)] == said
    for words in ("confirmed the address by hand", "disabled the login", "enabled the login", "@the_moderator"):
        assert words in browser.page
    row = await world.db.connection.fetchrow(
        "select confirmed_at, disabled_at from users where account_id = $1", alice.account_id
    )
    assert row is not None
    assert (row["confirmed_at"] is not None, row["disabled_at"]) == (True, None)


async def test_nobody_acts_on_a_login_of_their_own_rank_or_on_their_own(world: World) -> None:
    other = await world.person("other", role="moderator")
    browser = await staff(world, "moderator")
    await browser.get("/admin/people")
    own = await world.db.connection.fetchval("select id from accounts where username = 'the_moderator'")
    for target in (other.id, own):
        assert "/login" not in await browser.get(f"/admin/people/{target}")
        await browser.post(f"/admin/people/{target}/login", expect=403, act="disable")
    assert await world.db.connection.fetchval("select count(*) from users where disabled_at is not null") == 0


async def test_the_owner_gives_roles_below_their_own_and_only_the_owner(world: World) -> None:
    alice, rival = await world.person("alice"), await world.person("rival", role="owner")
    owner, admin = await staff(world, "owner"), await staff(world, "admin")
    at = f"/admin/people/{alice.id}"
    assert f"{at}/role" not in await admin.get(at)
    await admin.post(f"{at}/role", expect=403, role="moderator")
    page = await owner.get(at)
    assert "Votes on appeals when drawn for a panel" in page
    assert 'value="owner"' not in page
    for role in ("juror", "triage", "moderator"):
        await owner.post(f"{at}/role", role=role)
    await owner.post(f"{at}/role", expect=403, role="owner")
    await owner.get(at)
    await owner.post(f"/admin/people/{rival.id}/role", expect=403, role="user")
    assert (
        await world.db.connection.fetchval("select role from users where account_id = $1", alice.account_id)
        == "moderator"
    )
    assert await changes_of(world, alice) == [
        ("account.role", {"old": "user", "new": "juror"}),
        ("account.role", {"old": "juror", "new": "triage"}),
        ("account.role", {"old": "triage", "new": "moderator"}),
    ]
    assert "gave another role" in await owner.get(at)


async def test_what_moderation_knows_of_a_person_stands_together(world: World) -> None:
    await put_in_force(world)
    alice, bob, mia = [await world.person(name) for name in ("alice", "bob", "mia")]
    await world.db.connection.execute("update users set role = 'moderator' where account_id = $1", mia.account_id)
    await bob.api.post("/api/v1/reports", {"account_id": alice.id, "category": "spam"})
    await alice.api.post("/api/v1/reports", {"account_id": bob.id, "category": "violation"})
    await act(world, "account", alice.id, WARN, mia)
    freeze = drafted(
        "violates", Wish(kind="freeze", on="account", lasts=timedelta(days=7)), revision=None, clause="words"
    )
    await act(world, "account", alice.id, freeze, mia)
    browser = await Browser.of(world, mia)
    page = await browser.get(f"/admin/people/{alice.id}")
    for said in (
        "by @bob",
        "about @bob",
        "1 upheld",
        "frozen",
        f"/admin/desk/act?account={alice.id}",
        "breaks the policy",
    ):
        assert said in page, said
    decided = page.partition('id="decisions"')[2]
    assert decided.count("breaks the policy") == 2


async def test_a_person_of_another_server_has_no_login_there(world: World) -> None:
    carol = await far_away(world, "carol", "far.example")
    browser = await staff(world, "owner")
    page = await browser.get(f"/admin/people/{carol}")
    assert "@carol@far.example" in page
    assert "/role" not in page
    await browser.post(f"/admin/people/{carol}/login", expect=404, act="disable")


async def test_the_log_is_for_administrators_and_is_narrowed_by_actor_and_act(world: World) -> None:
    alice = await world.person("alice")
    await (await staff(world, "moderator")).get("/admin/audit", expect=403)
    browser = await staff(world, "owner")
    owner_id = await world.db.connection.fetchval("select id from accounts where username = 'the_owner'")
    await browser.get("/admin/audit")
    await browser.get(f"/admin/people/{alice.id}")
    await browser.post(f"/admin/people/{alice.id}/role", role="triage")
    await browser.get("/admin/rules")
    rule: dict[str, Any] = {"rules_attributes[0][text]": "Be <kind>"}
    await browser.post("/admin/rules", **rule)
    await set_role(world.db, world.clock, world.res.emit, alice.account_id, "user")
    page = (await browser.get("/admin/audit")).partition('id="feed"')[2]
    assert page.index("the command line") < page.index("added a rule") < page.rindex("gave another role")
    assert "Be &lt;kind&gt;" in page
    assert f'href="/admin/people/{alice.id}"' in page
    assert "added a rule" not in (await browser.get("/admin/audit?action=account.role")).partition('id="feed"')[2]
    assert "the command line" not in (await browser.get(f"/admin/audit?actor={owner_id}")).partition('id="feed"')[2]
    both = (await browser.get(f"/admin/audit?actor={owner_id}&action=rule.add")).partition('id="feed"')[2]
    assert ("added a rule" in both, "gave another role" in both) == (True, False)
    assert "Nothing was changed" in await browser.get("/admin/audit?action=rule.remove")


async def test_the_log_goes_on_from_page_to_page(world: World) -> None:
    at = world.clock.now()
    async with world.db.transaction() as tx:
        for number in range(120):
            await insert_audit_event(
                tx,
                actor_id=None,
                action="emoji.add",
                subject=f"emoji_{number}",
                details={},
                at=at + timedelta(seconds=number),
            )
    browser = await staff(world, "owner")
    seen: list[str] = []
    path: str | None = "/admin/audit?action=emoji.add"
    while path:
        page = await browser.get(path)
        seen += [str(number) for number in range(120) if f"<code>emoji_{number}</code>" in page]
        path = page.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert sorted(seen, key=int) == [str(number) for number in range(120)]


async def test_the_pages_cost_the_same_for_one_and_for_many(world: World) -> None:
    await put_in_force(world)
    mia = await world.person("mia", role="owner")
    browser = await Browser.of(world, mia)
    alice = await world.person("alice", ip="192.0.2.7")
    paths = ("/admin/people?origin=local", f"/admin/people/{alice.id}", "/admin/audit")

    async def cost() -> list[int]:
        return [len(await world.statements(lambda path=path: browser.get(path))) for path in paths]

    await set_role(world.db, world.clock, world.res.emit, alice.account_id, "juror", actor_id=mia.account_id)
    await act(world, "account", alice.id, WARN, mia, "owner")
    await cost()
    before = await cost()
    for number in range(39):
        other = await world.person(f"person_{number}", ip="192.0.2.7")
        await other.api.post("/api/v1/reports", {"account_id": alice.id, "category": "spam"})
        for role in ("triage", "juror"):
            await set_role(world.db, world.clock, world.res.emit, alice.account_id, role, actor_id=mia.account_id)
        if number < 12:
            await act(world, "account", alice.id, WARN, mia, "owner")
    # Accounts are drawn once, when they are first looked at.
    await cost()
    assert await cost() == before


@pytest.mark.parametrize(
    ("role", "shown", "hidden"),
    [
        (
            "triage",
            ("/admin/desk", "/admin/people"),
            ("/admin/approvals", "/admin/notices", "/admin/settings", "/panel"),
        ),
        ("moderator", ("/admin/approvals", "/admin/notices", "/panel"), ("/admin/settings", "/admin/audit")),
        ("admin", ("/admin/settings", "/admin/audit", "/admin/people"), ()),
    ],
)
async def test_the_sections_hold_what_one_may_open_and_nothing_else(
    world: World, role: Role, shown: tuple[str, ...], hidden: tuple[str, ...]
) -> None:
    browser = await staff(world, role)
    sections = (await browser.get("/admin")).partition("<main")[2].partition("</main>")[0]
    for path in shown:
        assert f'href="{path}"' in sections
    for path in hidden:
        assert f'href="{path}"' not in sections
    for path in {part.partition('"')[0] for part in sections.split('href="')[1:]}:
        await browser.get(path)
    assert 'aria-current="page"' in (await browser.get("/admin/people")).partition("</nav>")[2]
