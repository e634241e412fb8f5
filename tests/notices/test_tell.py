"""The staff is told when a notice of a host comes in."""

from __future__ import annotations

from rostra.notices.intake import Arrival, take_in
from tests.moderation.test_report_outcome import to
from tests.notices.scene import put_policy, put_provider, report, xarf4
from tests.world import World


async def test_those_who_may_answer_are_told_at_once_with_the_end_of_its_clock(world: World) -> None:
    await put_policy(world)
    await world.person("max", role="moderator")
    await world.person("tom", role="triage")
    ada = await world.person("ada")
    posted = await ada.post("Some words")
    notice_id = await report(world, await put_provider(world, name="Hoster"), posted["url"])
    (letter,) = to(world, "max")
    assert "Hoster: a notice has come in, an answer is due at" in letter.replace("\n ", " ")
    assert f"/admin/notices/{notice_id}" in letter
    assert to(world, "tom") == to(world, "ada") == []


async def test_what_a_provider_sends_and_only_a_person_can_read_is_told_at_once(world: World) -> None:
    await put_policy(world)
    await world.person("max", role="moderator")
    await world.person("eva", role="moderator", locale="it")
    provider = await put_provider(world, name="Hoster")
    body = b"From: a@cloud.example\r\nSubject: see the picture\r\n\r\nIt is in the picture.\r\n"
    await take_in(
        world.res.desk,
        Arrival(body=body, content_type="message/rfc822", channel="mail", proof="signature", provider=provider),
    )
    await world.settle()
    assert await world.db.connection.fetchval("select state from notices") == "quarantined"
    (letter,) = to(world, "max")
    assert "a notice has come in that a person has to read" in letter.replace("\n ", " ")
    (letter,) = to(world, "eva")
    assert "quarantena" in letter


async def test_nobody_is_told_of_a_drill_nor_of_what_is_in_quarantine(world: World) -> None:
    await put_policy(world)
    await world.person("max", role="moderator")
    body = xarf4("http://localhost:3000/@ada/1", clause="violence")
    await take_in(world.res.desk, Arrival(body=body, channel="drill", proof="person", provider=None))
    await take_in(world.res.desk, Arrival(body=body + b" ", channel="public", proof="none", provider=None))
    await world.settle()
    assert to(world, "max") == []
