"""The pages of blocks: what is said there holds, lists from elsewhere are looked at first, and only staff gets in."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import httpx
import pytest

from rostra.accounts.records import Role
from rostra.text.dates import long_moment
from tests.web.browser import Browser
from tests.world import DOMAIN, World

PAGES = ("domains", "allows", "emails", "addresses", "networks", "import", "export/domains.csv", "export/allows.csv")


@pytest.fixture
async def browser(world: World) -> Browser:
    return await Browser.of(world, await world.person("mona", role="moderator"))


@pytest.mark.parametrize("path", PAGES)
async def test_the_pages_are_for_those_who_keep_blocks(world: World, path: str) -> None:
    roles: tuple[tuple[Role, int], ...] = (
        ("user", 403),
        ("triage", 403),
        ("juror", 403),
        ("moderator", 200),
        ("owner", 200),
    )
    for role, expected in roles:
        person = await world.person(f"person_{role}", role=role)
        await (await Browser.of(world, person)).get(f"/admin/blocks/{path}", expect=expected)


async def test_a_server_is_blocked_changed_and_let_off(world: World, browser: Browser) -> None:
    await browser.get("/admin/blocks")
    assert browser.path == "/admin/blocks/domains"
    page = await browser.post(
        "/admin/blocks/domains", domain="Bad.example", severity="suspend", reject_media="1", public_comment="Spam <b>"
    )
    assert "bad.example" in page
    assert "Spam &lt;b&gt;" in page
    row = await world.db.connection.fetchrow("select id, severity, reject_media, reject_reports from domain_blocks")
    assert row is not None
    assert (row["severity"], row["reject_media"], row["reject_reports"]) == ("suspend", True, False)
    await browser.get(f"/admin/blocks/domains/{row['id']}")
    # A box that is not ticked any more says no.
    await browser.post(f"/admin/blocks/domains/{row['id']}", severity="silence", public_comment="")
    changed = await world.db.connection.fetchrow("select severity, reject_media, public_comment from domain_blocks")
    assert changed is not None
    assert tuple(changed.values()) == ("silence", False, "")
    await browser.post(f"/admin/blocks/domains/{row['id']}/delete")
    assert await world.db.connection.fetchval("select count(*) from domain_blocks") == 0
    await browser.get(f"/admin/blocks/domains/{row['id']}", expect=404)


async def test_what_cannot_be_is_said_beside_its_field(browser: Browser) -> None:
    await browser.get("/admin/blocks/domains")
    page = await browser.post("/admin/blocks/domains", expect=422, domain="no domain", severity="suspend",
                              public_comment="Kept")  # fmt: skip
    assert '<a href="#problem-domain">This is not a domain name: write it as example.org.</a>' in page
    assert 'id="problem-domain"' in page
    assert "Kept" in page
    await browser.get("/admin/blocks/networks")
    page = await browser.post("/admin/blocks/networks", expect=422, ip="nowhere", severity="no_access")
    assert "write it as 192.0.2.7 or 192.0.2.0/24." in page
    await browser.get("/admin/blocks/emails")
    assert "problem-domain" in await browser.post("/admin/blocks/emails", expect=422, domain="")
    await browser.get("/admin/blocks/addresses")
    assert "problem-email" in await browser.post("/admin/blocks/addresses", expect=422, email="")


LIST = (
    "#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate\r\n"
    'new.example,suspend,true,false,"Spam, <script>",false\r\n'
    "mine.example,suspend,false,false,,false\r\n"
    "left.example,silence,false,false,,false\r\n"
    "b*d.example,suspend,false,false,,false\r\n"
)


async def test_the_list_says_until_when_a_server_is_blocked(world: World, browser: Browser) -> None:
    await browser.get("/admin/blocks/domains")
    page = await browser.post("/admin/blocks/domains", domain="week.example", severity="silence", lasts="7d")
    end = long_moment(world.clock.now() + timedelta(days=7), "en")
    assert f"until {end}" in page


async def test_a_list_is_looked_at_before_anything_changes(world: World, browser: Browser) -> None:
    await browser.get("/admin/blocks/domains")
    await browser.post("/admin/blocks/domains", domain="mine.example", severity="silence")
    await browser.get("/admin/blocks/import")
    page = await browser.post("/admin/blocks/import", files={"file": ("list.csv", LIST.encode(), "text/csv")})
    assert "b*d.example" in page
    assert "<script>" not in page.replace("<script src", "").replace("<script defer", "")
    assert await world.db.connection.fetchval("select count(*) from domain_blocks") == 1
    lines = unescape(browser.value("lines"))
    page = await browser.post("/admin/blocks/import/apply", lines=lines, which="new", leave_out="left.example, x")
    rows = await world.db.connection.fetch("select domain, severity, public_comment from domain_blocks order by domain")
    assert [tuple(row.values()) for row in rows] == [
        ("mine.example", "silence", ""), ("new.example", "suspend", "Spam, <script>"),
    ]  # fmt: skip
    await browser.get("/admin/blocks/import")
    await browser.post("/admin/blocks/import", files={"file": ("list.csv", LIST.encode(), "text/csv")})
    await browser.post("/admin/blocks/import/apply", lines=unescape(browser.value("lines")), which="all")
    severities = await world.db.connection.fetch("select severity from domain_blocks order by domain")
    assert [row["severity"] for row in severities] == ["silence", "suspend", "suspend"]


async def test_a_file_that_is_no_list_is_refused(browser: Browser) -> None:
    for body in (b"", b"\xff\xfe\x00", b'"open', b"a" * 900_001):
        await browser.get("/admin/blocks/import")
        page = await browser.post("/admin/blocks/import", expect=422, files={"file": ("x.csv", body, "text/csv")})
        assert 'id="problem-file"' in page


async def test_the_lists_are_saved_as_files(browser: Browser) -> None:
    await browser.get("/admin/blocks/domains")
    await browser.post("/admin/blocks/domains", domain="bad.example", severity="suspend", public_comment="=1+1",
                       private_comment="Ticket 12")  # fmt: skip
    answer = await browser.http.get("/admin/blocks/export/domains.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "domain_blocks.csv" in answer.headers["content-disposition"]
    assert answer.text.splitlines()[1] == "bad.example,suspend,false,false,'=1+1,false"
    assert "Ticket" not in answer.text


async def test_only_administrators_close_the_server(world: World, browser: Browser) -> None:
    await browser.get("/admin/blocks/allows")
    await browser.post("/admin/blocks/allows", domain="friend.example")
    assert "friend.example" in browser.page
    await browser.post("/admin/blocks/closed", expect=403, closed="1")
    admin = await Browser.of(world, await world.person("ada", role="admin"))
    await admin.get("/admin/blocks/allows")
    await admin.post("/admin/blocks/closed", closed="1")
    instance = (await world.anyone.get("/api/v2/instance")).json()
    assert instance["configuration"]["limited_federation"] is True
    await admin.post("/admin/blocks/closed")
    assert not (await world.anyone.get("/api/v2/instance")).json()["configuration"]["limited_federation"]


async def test_a_network_is_shut_and_opened_by_its_page(world: World, browser: Browser) -> None:
    async def visit_from(address: str) -> int:
        transport = httpx.ASGITransport(world.app, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{DOMAIN}") as http:
            return (await http.get("/about")).status_code

    await browser.get("/admin/blocks/networks")
    page = await browser.post("/admin/blocks/networks", ip="203.0.113.9/24", severity="no_access", days="7",
                              comment="Scrapers")  # fmt: skip
    assert "203.0.113.0/24" in page
    assert await visit_from("203.0.113.77") == 403
    block_id = await world.db.connection.fetchval("select id from ip_blocks")
    await browser.post(f"/admin/blocks/networks/{block_id}/delete")
    assert await visit_from("203.0.113.77") == 200


async def test_whether_an_address_is_blocked_can_be_asked(browser: Browser) -> None:
    await browser.get("/admin/blocks/addresses")
    await browser.post("/admin/blocks/addresses", email="jane.doe@mail.example")
    assert "jane" not in browser.page
    assert "Yes: it is blocked." in await browser.get("/admin/blocks/addresses?email=JaneDoe%2Bx@mail.example")
    assert "No, it is not." in await browser.get("/admin/blocks/addresses?email=john@mail.example")


async def test_who_signs_up_in_the_browser_is_told(world: World, browser: Browser) -> None:
    await browser.get("/admin/blocks/emails")
    await browser.post("/admin/blocks/emails", domain="spam.example")
    visitor = Browser(world)
    await visitor.get("/auth/sign_up")
    page = await visitor.post(
        "/auth/sign_up", expect=422, username="eve", email="eve@spam.example", password="correct horse battery",
        agreement="1", reason="Please",
    )  # fmt: skip
    assert re.search(r'id="problem-email">.* This is not accepted here: please take another\.</p>', page, re.DOTALL)
    assert "1 attempt this week" in await browser.get("/admin/blocks/emails")


@pytest.mark.parametrize("path", ["domains", "allows", "emails", "addresses", "networks"])
async def test_a_long_list_is_paged_with_as_many_statements(world: World, browser: Browser, path: str) -> None:
    from tests.api.admin.town import settle_down

    counts: list[int] = []
    for first, last in ((1, 1), (2, 45)):
        await settle_down(world, first, last)
        await browser.get(f"/admin/blocks/{path}")
        counts.append(len(await world.statements(lambda: browser.get(f"/admin/blocks/{path}"))))
    assert counts[0] == counts[1]
    assert 'rel="next"' in browser.page
