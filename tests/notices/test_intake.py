"""What becomes of a notice when it comes: believed or put aside, once, with its clock, and every copy found."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
import pytest

from rostra.kit.errors import Conflict, Forbidden, Invalid, NotFound
from rostra.moderation.desk import Reviewer
from rostra.notices.clocks import set_clock, tick
from rostra.notices.find import place_of, signature_of
from rostra.notices.intake import Arrival, refuse, release, take_in
from rostra.notices.providers import (
    ProviderDraft,
    add_provider,
    find_by_domain,
    find_by_token,
    make_token,
    retire_provider,
)
from rostra.screening.near_queries import insert_signature
from tests.notices.letters import BASE, letter, xarf4
from tests.notices.scene import HANGED, items_of, put_policy, put_provider, report, reviewer, row_of, send
from tests.world import World


async def test_a_notice_finds_the_post_and_all_its_copies(world: World) -> None:
    await put_policy(world)
    provider = await put_provider(world)
    carl, dora, erik = [await world.person(name) for name in ("carl", "dora", "erik")]
    post = await carl.post(HANGED)
    copy = await dora.post(f"{HANGED}!!! 🔥")
    other = await erik.post("Something else entirely, about the weather and the garden this week")
    secret = await erik.post(HANGED, visibility="direct")
    notice_id = await report(world, provider, post["url"])
    (item,) = await items_of(world, notice_id)
    assert (item.match, item.subject_id, item.copies, item.authors) == ("found", int(post["id"]), 1, 2)
    assert (item.named_clause, item.clause) == ("violence", "threats")
    rows = await world.db.connection.fetch("select status_id from notice_copies where notice_id = $1", notice_id)
    assert [row["status_id"] for row in rows] == [int(copy["id"])]
    assert int(other["id"]) not in {row["status_id"] for row in rows}
    assert int(secret["id"]) not in {row["status_id"] for row in rows}
    assert (await row_of(world, notice_id))["state"] == "acting"


async def test_each_of_them_is_a_case_with_the_clock(world: World) -> None:
    await put_policy(world)
    provider = await put_provider(world)
    carl, dora = await world.person("carl"), await world.person("dora")
    post = await carl.post(HANGED)
    await dora.post(HANGED)
    notice_id = await report(world, provider, post["url"])
    cases = await world.db.connection.fetch("select source, clause, severity, due_at, state from cases")
    due_at = world.clock.now() + timedelta(hours=24)
    assert [tuple(case) for case in cases] == [("notice", "threats", 5, due_at, "queued")] * 2
    clocks = await world.db.connection.fetch("select regime, due_at, notice_id from deadlines")
    assert [tuple(clock) for clock in clocks] == [("host", due_at, notice_id)] * 2


async def test_expanding_twice_changes_nothing(world: World) -> None:
    from rostra.notices.expand import expand

    await put_policy(world)
    provider = await put_provider(world)
    post = await (await world.person("carl")).post(HANGED)
    notice_id = await report(world, provider, post["url"])
    before = await items_of(world, notice_id)
    await expand(world.res.desk, notice_id)
    assert await items_of(world, notice_id) == before
    assert await world.db.connection.fetchval("select count(*) from deadlines") == 1


async def test_a_quotation_finds_what_no_address_does(world: World) -> None:
    await put_policy(world)
    provider = await put_provider(world)
    post = await (await world.person("carl")).post(HANGED)
    notice_id = await report(
        world, provider, items=[{"url": f"{BASE}/@carl/1", "quote": HANGED}, {"quote": HANGED.upper()}]
    )
    items = await items_of(world, notice_id)
    assert [(item.match, item.subject_id) for item in items] == [("near", int(post["id"]))] * 2


async def test_what_is_gone_or_not_ours_is_said(world: World) -> None:
    await put_policy(world)
    provider = await put_provider(world)
    await world.person("carl")
    notice_id = await report(
        world, provider, f"{BASE}/@carl/1234567", "https://elsewhere.example/@x/1", f"{BASE}/@CARL", f"{BASE}/@nobody",
        f"{BASE}/about",
    )  # fmt: skip
    items = await items_of(world, notice_id)
    assert [item.match for item in items] == ["gone", "not_ours", "found", "gone", "unknown"]
    assert items[2].subject_kind == "account"


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("/@carl/12", ("status", "12")), ("/@carl@far.example/12?x=1#y", ("status", "12")),
        ("/users/carl", ("account", "carl")),
        ("/users/carl/statuses/12/activity", ("status", "12")), ("/web/statuses/12", ("status", "12")),
        ("/%40carl/12/", ("status", "12")), ("/@carl/99999999999999999999", ("account", "carl")),
        ("/media/a/b.webp", ("file", "a/b.webp")),
        ("/@Carl/with_replies", ("account", "carl")), ("/", ("unknown", "")),
    ],
)  # fmt: skip
def test_an_address_says_what_it_is_of(world: World, url: str, place: tuple[str, str]) -> None:
    found = place_of(f"{BASE}{url}", world.res.urls)
    assert (found.kind, found.value) == place


async def test_a_notice_comes_once(world: World) -> None:
    await put_policy(world)
    provider = await put_provider(world)
    first = await report(world, provider, f"{BASE}/@carl/1")
    assert await report(world, provider, f"{BASE}/@carl/1") == first
    with pytest.raises(Conflict):
        await report(world, provider, f"{BASE}/@carl/2")
    assert await world.db.connection.fetchval("select count(*) from notices") == 1


async def test_a_forged_notice_does_not_take_the_place_of_the_real_one(world: World) -> None:
    await put_policy(world)
    provider = await put_provider(world)
    forged = await send(world, None, xarf4(f"{BASE}/@carl/9"))
    real = await report(world, provider, f"{BASE}/@carl/1")
    assert real != forged
    assert [(await row_of(world, each))["state"] for each in (forged, real)] == ["quarantined", "acting"]


async def test_what_nobody_vouches_for_waits_for_a_person_and_touches_nothing(world: World) -> None:
    await put_policy(world)
    provider = await put_provider(world)
    carl, anna = await world.person("carl"), await world.person("anna", role="moderator")
    post = await carl.post(HANGED)
    notice_id = await send(world, None, xarf4(post["url"], clause="violence"))
    row = await row_of(world, notice_id)
    assert (row["state"], row["fault"]) == ("quarantined", "unverified")
    assert await world.db.connection.fetchval("select count(*) from cases") == 0
    world.clock.tick(hours=2)
    with pytest.raises(Forbidden):
        await release(world.res.desk, Reviewer(account_id=carl.account_id, role="triage"), notice_id)
    await release(world.res.desk, reviewer(anna), notice_id, provider_id=provider.id)
    await world.settle()
    row = await row_of(world, notice_id)
    assert (row["state"], row["provider_id"], row["proof"]) == ("acting", provider.id, "person")
    assert row["due_at"] == row["received_at"] + timedelta(hours=24)
    assert (await items_of(world, notice_id))[0].clause == "threats"
    with pytest.raises(NotFound):
        await release(world.res.desk, reviewer(anna), notice_id)


async def test_a_quarantined_notice_can_be_put_away(world: World) -> None:
    anna = await world.person("anna", role="moderator")
    notice_id = await send(world, None, xarf4(f"{BASE}/@carl/9"))
    await refuse(world.res.desk, reviewer(anna), notice_id, "forged")
    assert (await row_of(world, notice_id))["state"] == "refused"
    with pytest.raises(NotFound):
        await refuse(world.res.desk, reviewer(anna), notice_id, "again")


async def test_unusable_mail_is_kept_and_unusable_uploads_are_refused(world: World) -> None:
    provider = await put_provider(world, host="")
    notice_id = await send(world, None, letter("hello").as_bytes(), channel="mail")
    row = await row_of(world, notice_id)
    assert (row["state"], row["fault"]) == ("quarantined", "no_items")
    with pytest.raises(Invalid, match="names no address and quotes nothing"):
        await send(world, provider, b"hello")
    bounce = await send(world, None, letter("x", Auto_Submitted="auto-replied").as_bytes(), channel="mail")
    assert (await row_of(world, bounce))["state"] == "refused"


@pytest.mark.parametrize(
    ("body", "more", "hours"),
    [
        ({}, {}, 24), ({"respond_within_hours": 4}, {}, 4), ({"description": "answer within 72 hours"}, {}, 72),
        ({}, {"regime": "terrorist"}, 1), ({"respond_within_hours": 4}, {"regime": "terrorist"}, 1),
        ({}, {"regime": "legal"}, 24),
        ({"deadline": "2026-05-04T18:00:00Z"}, {}, 6), ({"deadline": "2020-01-01"}, {}, 0.25),
    ],
)  # fmt: skip
async def test_the_nearest_clock_wins(
    world: World, body: dict[str, object], more: dict[str, object], hours: float
) -> None:
    provider = await put_provider(world, host="")
    notice_id = await send(world, provider, xarf4(f"{BASE}/@carl/1", **body), **more)
    row = await row_of(world, notice_id)
    assert row["due_at"] - row["received_at"] == timedelta(hours=hours)


async def test_a_missed_clock_stays_missed(world: World) -> None:
    provider = await put_provider(world, host="")
    notice_id = await report(world, provider, f"{BASE}/@carl/1")
    world.clock.tick(hours=25)
    await tick(world.res.desk)
    await tick(world.res.desk)
    row = await row_of(world, notice_id)
    assert row["breached_at"] == world.clock.now()
    events = await world.db.connection.fetch(
        "select details from moderation_events where type = 'notice_breached' and subject_id = $1", notice_id
    )
    assert [event["details"] for event in events] == [{"regime": "host"}]
    attempts = (
        "update notices set breached_at = null where id = $1",
        "update notice_clocks set missed_at = null where notice_id = $1",
        "update notice_clocks set due_at = due_at + interval '3 days' where notice_id = $1",
        "delete from notice_clocks where notice_id = $1",
        "delete from notices where id = $1",
    )
    for attempt in attempts:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with world.db.transaction() as tx:
                await tx.execute(attempt, notice_id)


async def test_the_database_knows_the_one_way_of_a_notice(world: World) -> None:
    provider = await put_provider(world, host="")
    notice_id = await report(world, provider, f"{BASE}/@carl/1")
    for state in ("received", "parsed", "sent", "closed", "approved", "quarantined"):
        with pytest.raises(asyncpg.CheckViolationError):
            async with world.db.transaction() as tx:
                await tx.execute("update notices set state = $2 where id = $1", notice_id, state)


async def test_staff_are_told_at_once_at_half_of_the_time_and_at_four_fifths(world: World) -> None:
    provider = await put_provider(world, host="")
    await world.person("anna", role="moderator")
    await world.person("bert")
    await world.person("tina", role="triage")
    await report(world, provider, f"{BASE}/@carl/1")
    told: list[str] = []
    for _ in range(24):
        world.clock.tick(hours=1)
        await tick(world.res.desk)
        await world.settle()
        told = [path.read_text() for path in sorted((world.res.settings.data_dir / "mail").glob("*.eml"))]
        expected = 1 if _ < 11 else 2 if _ < 19 else 3
        assert len(told) == expected, _
    assert all("anna@example.com" in letter for letter in told)


async def test_a_clock_can_be_prolonged_until_it_is_missed(world: World) -> None:
    provider = await put_provider(world, host="")
    anna = await world.person("anna", role="moderator")
    notice_id = await report(world, provider, f"{BASE}/@carl/1")
    later = world.clock.now() + timedelta(hours=48)
    await set_clock(world.res.desk, reviewer(anna), notice_id, "host", later, "granted by phone")
    assert (await row_of(world, notice_id))["due_at"] == later
    sooner = world.clock.now() + timedelta(hours=3)
    await set_clock(world.res.desk, reviewer(anna), notice_id, "order", sooner, "a court order as well")
    assert (await row_of(world, notice_id))["due_at"] == sooner
    world.clock.tick(hours=4)
    await tick(world.res.desk)
    with pytest.raises(Invalid):
        await set_clock(world.res.desk, reviewer(anna), notice_id, "order", later, "oops")


async def test_a_token_is_known_by_its_hash_until_it_is_replaced_or_retired(world: World) -> None:
    provider = await put_provider(world, host="")
    token = await make_token(world.db, world.clock, provider.id, actor_id=None)
    found = await find_by_token(world.db, token)
    assert found is not None
    assert found.id == provider.id
    other = await make_token(world.db, world.clock, provider.id, actor_id=None)
    assert await find_by_token(world.db, token) is None
    await retire_provider(world.db, world.clock, provider.id, actor_id=None)
    assert await find_by_token(world.db, other) is None
    stored = await world.db.connection.fetchval(
        "select count(*) from notice_providers p where p::text like '%' || $1 || '%'", token
    )
    assert stored == 0


async def test_mail_of_a_domain_and_of_those_below_it_is_the_providers(world: World) -> None:
    provider = await put_provider(world, host="")
    async with world.db.read() as conn:
        for domain, known in (
            ("cloud.example", True),
            ("eu.cloud.example", True),
            ("evilcloud.example", False),
            ("example", False),
        ):
            found = await find_by_domain(conn, domain)
            assert (found is not None and found.id == provider.id) == known, domain


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "), ("name", "x" * 101), ("host", "nowhere"), ("contact", "a@b@c"), ("domains", ("com",)),
        ("domains", ("a b",)),
        ("reply_within", timedelta(minutes=1)), ("reply_within", timedelta(days=100)), ("name", "Example Cloud"),
    ],
)  # fmt: skip
async def test_what_no_provider_can_be_is_refused(world: World, field: str, value: object) -> None:
    await put_provider(world, host="")
    bundle = (await world.res.desk.policies.current(world.db)).bundle
    draft = ProviderDraft(**({"name": "Other"} | {field: value}))
    with pytest.raises(Invalid) as raised:
        await add_provider(world.db, world.clock, draft, bundle=bundle, actor_id=None)
    assert raised.value.field == field


async def test_mail_in_the_name_of_a_provider_is_not_believed_by_its_name(world: World) -> None:
    provider = await put_provider(world, host="")
    taken = await take_in(
        world.res.desk,
        Arrival(body=letter(f"{BASE}/@carl/1").as_bytes(), channel="mail", content_type="message/rfc822"),
    )
    row = await row_of(world, taken.notice_id)
    assert (row["state"], row["provider_id"], row["sender"]) == ("quarantined", None, "abuse@cloud.example")
    assert provider.id


async def test_all_copies_are_found_not_only_the_newest(world: World) -> None:
    """Screening reads the newest five hundred of a text; a notice is about all of them."""
    await put_policy(world)
    provider = await put_provider(world)
    carl = await world.person("carl")
    post = await carl.post(HANGED)
    made, at = signature_of(HANGED), world.clock.now()
    async with world.db.transaction() as tx:
        for number in range(700):
            status_id = await tx.fetchval(
                "insert into statuses (id, account_id, uri, url, text, content, visibility, conversation_id,"
                " created_at) select make_id($1), account_id, $2, $2, text, content, visibility, conversation_id, $1"
                " from statuses where id = $3 returning id",
                at, f"https://far.example/{number}", int(post["id"]),
            )  # fmt: skip
            await insert_signature(tx, status_id, carl.account_id, at, made)
    notice_id = await report(world, provider, post["url"])
    (item,) = await items_of(world, notice_id)
    assert (item.copies, item.authors) == (700, 1)
    assert await world.db.connection.fetchval("select count(*) from cases") == 701
