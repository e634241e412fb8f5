"""Notices that come by mail, from a real IMAP server: each once, none lost, nobody believed by the name alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

import msgspec
import pytest

from rostra.cli.doctor_mailbox import check_mailbox
from rostra.kit.errors import Upstream
from rostra.kit.settings import Settings
from rostra.notices import mailbox
from rostra.notices.answer import approve, draft, move, send
from rostra.notices.mailbox import TAKEN, count_waiting, parse_imap_url, read_mailbox
from tests.notices.imap_server import PASSWORD, Postbox, imap_server
from tests.notices.letters import BASE, arf, letter
from tests.notices.scene import HANGED, items_of, put_policy, put_provider, reviewer, row_of
from tests.ports import free_port
from tests.world import World

SERVER = "mx.localhost"
SIGNED = f"Authentication-Results: {SERVER}; dkim=pass header.d=cloud.example\r\n".encode()


@pytest.fixture
def box() -> Iterator[Postbox]:
    with imap_server() as postbox:
        yield postbox


async def states(world: World) -> list[tuple[str, str]]:
    rows = await world.db.connection.fetch("select state, fault from notices order by id")
    return [tuple(row) for row in rows]


async def test_signed_mail_of_a_provider_is_worked_off_and_moved_aside(world: World, box: Postbox) -> None:
    await put_policy(world)
    provider = await put_provider(world)
    post = await (await world.person("carl")).post(HANGED)
    box.put(SIGNED + letter(f"act within 12 hours\n{post['url']}\n").as_bytes(), SIGNED + arf(post["url"]))
    assert await read_mailbox(world.res.desk, box.server, SERVER) == 2
    await world.settle()
    rows = await world.db.connection.fetch("select provider_id, proof, format, state from notices order by id")
    assert [tuple(row) for row in rows] == [
        (provider.id, "signature", "mail", "acting"),
        (provider.id, "signature", "arf", "acting"),
    ]
    assert (box.count(), box.count(TAKEN)) == (0, 2)
    assert await read_mailbox(world.res.desk, box.server, SERVER) == 0


async def test_forged_and_hostile_mail_is_put_aside_and_the_rest_goes_on(world: World, box: Postbox) -> None:
    await put_policy(world)
    await put_provider(world)
    deep = b"From: a@b.example\r\n" + b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n" * 60
    box.put(
        letter(f"{BASE}/@carl/1").as_bytes(),
        SIGNED.replace(SERVER.encode(), b"mx.evil.example") + letter(f"{BASE}/@carl/2").as_bytes(),
        deep,
        b"\x00\xff\xfe not mail at all",
        letter("hello", Auto_Submitted="auto-replied").as_bytes(),
        SIGNED + letter(f"{BASE}/@carl/1", Reply_To="x@y.example").as_bytes(),
    )
    assert await read_mailbox(world.res.desk, box.server, SERVER) == 6
    assert await states(world) == [
        ("quarantined", "unverified"), ("quarantined", "unverified"), ("quarantined", "too_deep"),
        ("quarantined", "no_items"),
        ("refused", "auto_reply"), ("parsed", ""),
    ]  # fmt: skip


async def test_without_a_name_of_our_mail_server_no_mail_is_believed(world: World, box: Postbox) -> None:
    await put_provider(world, host="")
    box.put(SIGNED + letter(f"{BASE}/@carl/1").as_bytes())
    await read_mailbox(world.res.desk, box.server, "")
    assert await states(world) == [("quarantined", "unverified")]


async def test_killed_after_the_commit_a_message_is_still_taken_in_once(
    world: World, box: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put_provider(world, host="")
    box.put(SIGNED + letter(f"{BASE}/@carl/1").as_bytes())

    def killed(*_: object) -> None:
        raise OSError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(mailbox._Session, "set_aside", killed)
        with pytest.raises(Upstream):
            await read_mailbox(world.res.desk, box.server, SERVER)
    assert (await states(world), box.count()) == ([("parsed", "")], 1)
    assert await read_mailbox(world.res.desk, box.server, SERVER) == 1
    assert (await states(world), box.count(), box.count(TAKEN)) == ([("parsed", "")], 0, 1)


async def test_killed_before_the_commit_nothing_is_lost(
    world: World, box: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put_provider(world, host="")
    box.put(SIGNED + letter(f"{BASE}/@carl/1").as_bytes())

    async def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(mailbox, "take_in_message", killed)
        with pytest.raises(KeyboardInterrupt):
            await read_mailbox(world.res.desk, box.server, SERVER)
    assert (await states(world), box.count()) == ([], 1)
    await read_mailbox(world.res.desk, box.server, SERVER)
    assert await states(world) == [("parsed", "")]


async def test_a_message_that_is_larger_than_any_notice_is_not_fetched(
    world: World, box: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "MAX_BYTES", 5000)
    box.put(letter("x" * 6000).as_bytes())
    await read_mailbox(world.res.desk, box.server, SERVER)
    assert await states(world) == [("quarantined", "too_large")]
    assert await world.db.connection.fetchval("select max(length(body)) from notice_originals") < 1000


async def test_two_messages_under_one_id_are_two(world: World, box: Postbox) -> None:
    await put_provider(world, host="")
    box.put(*(SIGNED + letter(f"{BASE}/@carl/{n}").as_bytes() for n in (1, 2)))
    assert await read_mailbox(world.res.desk, box.server, SERVER) == 2
    assert await states(world) == [("parsed", "")] * 2


async def test_an_answer_to_our_answer_is_kept_with_the_notice(world: World, box: Postbox) -> None:
    await put_policy(world)
    await put_provider(world)
    anna = await world.person("anna", role="moderator")
    box.put(SIGNED + letter(f"{BASE}/@nobody/1").as_bytes())
    await read_mailbox(world.res.desk, box.server, SERVER)
    await world.settle()
    notice_id = await world.db.connection.fetchval("select id from notices")
    desk, by = world.res.desk, reviewer(anna)
    assert (await items_of(world, notice_id))[0].match == "gone"
    await approve(desk, by, notice_id, await draft(desk, by, notice_id))
    await send(desk, by, notice_id, by_hand=False)
    reply = letter("There is one more.", subject=f"Re: Answer to your notice [notice {notice_id}]")
    box.put(reply.as_bytes(), SIGNED + reply.as_bytes())
    assert await read_mailbox(world.res.desk, box.server, SERVER) == 2
    assert (await row_of(world, notice_id))["state"] == "follow_up"
    assert await world.db.connection.fetchval("select string_agg(text, '') from notice_replies") == "There is one more."
    # The one that nobody vouches for did not get in.
    assert len(await states(world)) == 2
    await move(desk, by, notice_id, "closed")


def test_the_address_of_a_mailbox_says_how_to_speak_to_it() -> None:
    found = parse_imap_url("imaps://me%40here:p%40ss@mail.example/Abuse%20desk")
    assert (found.host, found.port, found.tls, found.user, found.password, found.folder) == (
        "mail.example", 993, "direct", "me@here", "p@ss", "Abuse desk",
    )  # fmt: skip
    assert parse_imap_url("imap://me:x@mail.example").tls == "starttls"
    assert parse_imap_url("imap://me:x@127.0.0.1:1143").tls == "never"
    assert parse_imap_url("imap://me:x@mail.example?tls=never").tls == "never"
    for wrong in (
        "mail.example",
        "smtp://a:b@c",
        "imaps://mail.example",
        "imaps://a:b@c:99999",
        "imap://a:b@c?tls=maybe",
    ):
        with pytest.raises(ValueError, match="notices_imap_url") as raised:
            parse_imap_url(wrong)
        assert ":b@" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("imap://notices:hunter2@127.0.0.1:PORT", "does not let notices in; check name and password"),
        ("imap://notices:GOOD@127.0.0.1:PORT/Nowhere", "has no folder Nowhere"),
        ("imap://notices:hunter2@127.0.0.1:CLOSED", "127.0.0.1 port CLOSED: Connection refused"),
        ("imaps://notices:hunter2@127.0.0.1:PORT", "does not speak TLS as it is spoken to; imaps:// is TLS"),
        ("imap://notices:hunter2@127.0.0.1:PORT?tls=always", "offers no STARTTLS"),
    ],
)
async def test_what_is_in_the_way_of_a_mailbox_is_said_in_words(
    world: World, box: Postbox, url: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = str(free_port())
    filled = url.replace("PORT", str(box.server.port)).replace("CLOSED", closed).replace("GOOD", quote(PASSWORD))
    server = parse_imap_url(filled.partition("?")[0])
    if "tls=always" in url:
        server = msgspec.structs.replace(server, tls="starttls")
    for act in (read_mailbox(world.res.desk, server, SERVER), count_waiting(server)):
        with pytest.raises(Upstream, match=re.escape(said.replace("CLOSED", closed))) as raised:
            await act
        assert "hunter2" not in str(raised.value)


async def test_a_mailbox_is_looked_at_without_a_change(world: World, box: Postbox) -> None:
    box.put(letter("one").as_bytes(), letter("two").as_bytes())
    assert await count_waiting(box.server) == 2
    assert (box.count(), box.count(TAKEN)) == (2, 0)


def test_the_doctor_says_whether_the_mailbox_lets_us_in_and_mail_is_believed(box: Postbox) -> None:
    url = f"imap://{box.server.user}:{quote(PASSWORD)}@127.0.0.1:{box.server.port}/INBOX"
    (warned,) = check_mailbox(Settings(notices_imap_url=url))
    assert (warned.state, "ROSTRA_NOTICES_AUTHSERV_ID" in warned.todo) == ("warn", True)
    (good,) = check_mailbox(Settings(notices_imap_url=url, notices_authserv_id=SERVER))
    assert (good.state, "0 messages wait" in good.found) == ("ok", True)
    (wrong,) = check_mailbox(Settings(notices_imap_url=f"imap://notices:x@127.0.0.1:{box.server.port}"))
    assert (wrong.state, "name and password" in wrong.found) == ("fail", True)
    assert check_mailbox(Settings()) == []


async def test_a_server_that_refuses_is_said_without_its_password(world: World, box: Postbox) -> None:
    wrong = parse_imap_url(f"imap://notices:hunter2@127.0.0.1:{box.server.port}")
    with pytest.raises(Upstream) as raised:
        await read_mailbox(world.res.desk, wrong, SERVER)
    assert "hunter2" not in str(raised.value)
