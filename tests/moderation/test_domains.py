"""Rules for other servers: which one holds, what it does to the accounts that are known, and lists as files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rostra.kit.errors import Invalid
from rostra.moderation.decisions.decide import decide_subject
from rostra.moderation.decisions.reverse import reverse
from rostra.moderation.desk import Reviewer
from rostra.moderation.domains import domain_effects
from rostra.moderation.domains.domain_csv import export_blocks, read_blocks
from rostra.moderation.domains.domains import (
    DomainPolicy,
    DomainWish,
    allow_domain,
    block_domain,
    change_block,
    find_domain_policy,
    import_blocks,
    obscure,
    unblock_domain,
)
from rostra.moderation.records import Draft, Wish
from tests.screening.policies import put_in_force
from tests.world import DOMAIN, Person, World


@pytest.fixture
async def mona(world: World) -> Person:
    return await world.person("mona", role="moderator", scopes="read write admin:read admin:write")


async def remote(world: World, handle: str, key: str | None = None) -> int:
    """An account of another server, as federation would write it."""
    name, _, domain = handle.partition("@")
    address = f"https://{domain}/users/{name}"
    return await world.db.connection.fetchval(
        "with made as (insert into accounts (id, username, domain, uri, url, avatar_key, avatar_static_key, created_at,"
        " updated_at) values (make_id($1), $2, $3, $4, $4, $5, $5, $1, $1) returning id)"
        " insert into account_stats (account_id) select id from made returning account_id",
        world.clock.now(), name, domain, address, key,
    )  # fmt: skip


async def status_of(world: World, account_id: int, text: str = "Hello") -> int:
    at = world.clock.now()
    return await world.db.connection.fetchval(
        "with talk as (insert into conversations (id, created_at) values (make_id($1), $1) returning id),"
        " made as (insert into statuses (id, account_id, uri, url, content, visibility, conversation_id, created_at)"
        " select make_id($1), $2, 'https://else.example/' || talk.id, 'https://else.example/', $3, 'public', talk.id,"
        " $1 from talk returning id) insert into status_stats (status_id) select id from made returning status_id",
        at, account_id, text,
    )  # fmt: skip


async def block(world: World, by: Person, domain: str, severity: str = "suspend", **more: object) -> int:
    res = world.res
    wish = DomainWish(severity=severity, **more)  # pyright: ignore[reportArgumentType]
    made = await block_domain(world.db, world.clock, res.emit, by.account_id, domain, wish, own_domain=DOMAIN)
    await world.settle()
    return made.id


async def unblock(world: World, by: Person, block_id: int) -> None:
    await unblock_domain(world.db, world.clock, world.res.emit, by.account_id, block_id)
    await world.settle()


async def held(world: World, account_id: int) -> tuple[bool, bool]:
    """Whether an account is suspended, and whether it is limited."""
    row = await world.db.connection.fetchrow(
        "select suspended_at is not null as s, silenced_at is not null as l from accounts where id = $1", account_id
    )
    return row["s"], row["l"]


async def policy(world: World, domain: str, *, closed: bool = False) -> DomainPolicy:
    async with world.db.read() as conn:
        return await find_domain_policy(conn, domain, closed=closed)


async def test_the_rule_for_the_longest_name_holds_for_all_below_it(world: World, mona: Person) -> None:
    await block(world, mona, "bad.example", reject_media=True)
    await block(world, mona, "good.bad.example", "noop", reject_reports=True)
    bad = DomainPolicy(severity="suspend", reject_media=True)
    assert await policy(world, "bad.example") == bad
    assert await policy(world, "deep.down.bad.example") == bad
    assert await policy(world, "x.good.bad.example") == DomainPolicy(severity="noop", reject_reports=True)
    for domain in ("notbad.example", "example", "bad.example.org"):
        assert await policy(world, domain) == DomainPolicy()


async def test_a_closed_instance_exchanges_with_listed_servers_only(world: World, mona: Person) -> None:
    await allow_domain(world.db, world.clock, mona.account_id, "Friend.example", own_domain=DOMAIN)
    assert (await policy(world, "friend.example", closed=True)).severity == "none"
    for domain in ("sub.friend.example", "stranger.example"):
        assert (await policy(world, domain, closed=True)).severity == "suspend"
        assert (await policy(world, domain)).severity == "none"


async def test_a_suspended_server_is_seen_no_more_and_comes_back(world: World, mona: Person) -> None:
    troll, sub, other = [await remote(world, f"troll@{d}") for d in ("bad.example", "a.bad.example", "ok.example")]
    post = await status_of(world, troll)
    await world.anyone.get(f"/api/v1/statuses/{post}")
    block_id = await block(world, mona, "bad.example")
    assert [await held(world, who) for who in (troll, sub, other)] == [(True, False), (True, False), (False, False)]
    await world.anyone.get(f"/api/v1/statuses/{post}", expect=404)
    assert (await world.anyone.get(f"/api/v1/accounts/{troll}")).json()["suspended"] is True
    await unblock(world, mona, block_id)
    assert [await held(world, who) for who in (troll, sub, other)] == [(False, False)] * 3
    await world.anyone.get(f"/api/v1/statuses/{post}")


async def test_a_limited_server_is_out_of_public_timelines(world: World, mona: Person) -> None:
    loud = await remote(world, "loud@noise.example")
    await status_of(world, loud)
    assert len((await world.anyone.get("/api/v1/timelines/public")).json()) == 1
    block_id = await block(world, mona, "noise.example", "silence")
    assert await held(world, loud) == (False, True)
    assert (await world.anyone.get("/api/v1/timelines/public")).json() == []
    await change_block(world.db, world.clock, world.res.emit, mona.account_id, block_id, DomainWish(severity="suspend"))
    await world.settle()
    assert await held(world, loud) == (True, False)


async def test_what_was_decided_on_one_account_outlives_the_rule_for_its_server(world: World, mona: Person) -> None:
    troll, other = await remote(world, "troll@bad.example"), await remote(world, "other@bad.example")
    block_id = await block(world, mona, "bad.example")
    await put_in_force(world)
    reviewer = Reviewer(account_id=mona.account_id, role="moderator")
    draft = Draft(outcome="violates", clause="words", wishes=(Wish(kind="suspend", on="account"),))
    await decide_subject(world.res.desk, reviewer, "account", troll, draft)
    await unblock(world, mona, block_id)
    assert (await held(world, troll))[0]
    assert not (await held(world, other))[0]


async def test_the_rule_for_a_server_outlives_what_was_decided_on_one_account(world: World, mona: Person) -> None:
    troll = await remote(world, "troll@bad.example")
    await put_in_force(world)
    reviewer = Reviewer(account_id=mona.account_id, role="moderator")
    draft = Draft(outcome="violates", clause="words", wishes=(Wish(kind="suspend", on="account"),))
    decision_id = await decide_subject(world.res.desk, reviewer, "account", troll, draft)
    block_id = await block(world, mona, "bad.example")
    await reverse(world.res.desk, reviewer, decision_id, "undo")
    assert (await held(world, troll))[0]
    await unblock(world, mona, block_id)
    assert not (await held(world, troll))[0]


async def test_rejected_media_are_let_go_but_for_evidence(
    world: World, mona: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = world.res.store
    kept, gone = "media/kept.png", "media/gone.png"
    for key in (kept, gone):
        await store.put(key, b"x", "image/png")
    await remote(world, "a@pics.example", gone)
    evident = await remote(world, "b@pics.example", kept)
    await world.db.connection.execute(
        "insert into snapshots (id, subject_kind, subject_id, account_id, sha256, content, media_keys, taken_at)"
        " values (1, 'account', $1, $1, '', '{}', $2, $3)", evident, [kept], world.clock.now(),
    )  # fmt: skip
    post = await status_of(world, evident)
    pictures = ("media/1.png", "media/2.png")
    for key in pictures:
        await store.put(key, b"x", "image/png")
        await world.db.connection.execute(
            "insert into media_attachments (id, account_id, status_id, type, content_type, original_key, preview_key,"
            " size_bytes, meta, created_at) values (make_id($1), $2, $3, 'image', 'image/png', $4, $4, 1, '{}', $1)",
            world.clock.now(), evident, post, key,
        )  # fmt: skip
    assert len((await world.anyone.get(f"/api/v1/statuses/{post}")).json()["media_attachments"]) == 2
    monkeypatch.setattr(domain_effects, "_FILES", 1)
    await block(world, mona, "pics.example", "noop", reject_media=True)
    await world.settle()
    assert (await world.anyone.get(f"/api/v1/statuses/{post}")).json()["media_attachments"] == []
    assert [await store.exists(key) for key in pictures] == [False, False]
    assert await world.db.connection.fetchval("select count(*) from accounts where avatar_key is not null") == 0
    assert [await store.exists(key) for key in (kept, gone)] == [True, False]


async def test_each_change_is_an_event_in_the_ledger(world: World, mona: Person) -> None:
    block_id = await block(world, mona, "bad.example", public_comment="Spam", private_comment="Ticket 12")
    wish = DomainWish(severity="silence")
    for _ in range(2):
        await change_block(world.db, world.clock, world.res.emit, mona.account_id, block_id, wish)
    await unblock(world, mona, block_id)
    rows = await world.db.connection.fetch(
        "select type, subject_id, actor_id, details from moderation_events where subject_kind = 'domain' order by id"
    )
    assert [(row["type"], row["subject_id"], row["actor_id"]) for row in rows] == [
        (name, block_id, mona.account_id) for name in ("domain_blocked", "domain_changed", "domain_unblocked")
    ]
    assert [row["details"]["severity"] for row in rows] == ["suspend", "silence", "silence"]
    assert rows[0]["details"]["comment"] == "Spam"
    assert "Ticket" not in str([row["details"] for row in rows])


async def test_one_cannot_block_oneself_or_what_one_lies_in(world: World, mona: Person) -> None:
    for domain in (DOMAIN, "", "no domain", "10.0.0.1"):
        with pytest.raises(Invalid):
            await block(world, mona, domain)
    with pytest.raises(Invalid):
        await block_domain(world.db, world.clock, world.res.emit, mona.account_id, "example.org", DomainWish(),
                           own_domain="social.example.org")  # fmt: skip


@given(st.from_regex(r"[a-z0-9]{1,20}(\.[a-z]{2,10}){1,3}", fullmatch=True))
def test_an_obscured_domain_keeps_its_length_and_its_dots(domain: str) -> None:
    shown = obscure(domain)
    assert len(shown) == len(domain)
    assert [place for place, sign in enumerate(shown) if sign == "."] == [
        place for place, sign in enumerate(domain) if sign == "."
    ]
    assert shown.count("*") > 0
    assert all(a in (b, "*") for a, b in zip(shown, domain, strict=True))


MASTODON = b"""#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate
bad.example,suspend,TRUE,FALSE,"Spam, and more",false
loud.example,silence,false,true,,true
b*d.example,suspend,false,false,,false
no domain,suspend,false,false,,false
bad.example,silence,false,false,,false
here.example,odd,false,false,,false
"""


async def test_a_list_of_another_server_is_read_and_compared(world: World, mona: Person) -> None:
    await block(world, mona, "loud.example", "silence", reject_reports=True, obfuscate=True)
    lines = await read_blocks(world.db, MASTODON, own_domain=DOMAIN)
    assert [(line.domain, line.state) for line in lines] == [
        ("bad.example", "new"), ("loud.example", "same"), ("b*d.example", "unusable"), ("no domain", "unusable"),
        ("here.example", "unusable"),
    ]  # fmt: skip
    assert lines[0].wish == DomainWish(
        severity="suspend", reject_media=True, reject_reports=False, public_comment="Spam, and more", obfuscate=False
    )
    bare = await read_blocks(world.db, b"\xef\xbb\xbfbad.example\r\n\r\nLOUD.example\r\n", own_domain=DOMAIN)
    assert [(line.domain, line.wish.severity, line.state) for line in bare] == [
        ("bad.example", "suspend", "new"), ("loud.example", "suspend", "changes"),
    ]  # fmt: skip


async def test_what_is_written_out_is_read_back_as_the_same(world: World, mona: Person) -> None:
    await block(world, mona, "bad.example", "suspend", public_comment='Says "hi",\nand more', obfuscate=True)
    await block(world, mona, "loud.example", "silence", reject_media=True)
    written = await export_blocks(world.db)
    assert written.splitlines()[0] == "#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate"
    lines = await read_blocks(world.db, written.encode(), own_domain=DOMAIN)
    assert [line.state for line in lines] == ["same", "same"]


async def test_a_list_is_written_with_one_event_for_each_domain(world: World, mona: Person) -> None:
    known = await remote(world, "x@d7.example")
    await block(world, mona, "d3.example", "silence")
    wishes = [(f"d{n}.example", DomainWish(severity="suspend")) for n in range(250)]
    before = len(await world.db.connection.fetch("select from moderation_events"))
    count = await import_blocks(world.db, world.clock, world.res.emit, mona.account_id, wishes, own_domain=DOMAIN)
    assert count == 250
    assert len(await world.db.connection.fetch("select from moderation_events")) == before + 250
    while await world.settle():
        pass
    assert await held(world, known) == (True, False)
    assert (await policy(world, "d3.example")).severity == "suspend"


@pytest.mark.parametrize("file", [b"", b"\n\n", b'"open', b"\xff\xfe", b"#severity\n" * 6000, b"a" * 900_001])
async def test_what_is_no_list_is_refused(world: World, file: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        await read_blocks(world.db, file, own_domain=DOMAIN)
    assert refused.value.field == "file"
