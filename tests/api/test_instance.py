"""What the instance says of itself, and changing it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rostra import __version__
from rostra.instance.emojis import add_emoji, remove_emoji
from rostra.instance.rules import add_rule, change_rule, remove_rule
from rostra.instance.settings import change_settings
from rostra.kit.errors import Invalid, NotFound
from tests.world import World

V2_KEYS = {
    "domain", "title", "version", "source_url", "description", "usage", "thumbnail", "icon", "languages",
    "configuration", "registrations", "api_versions", "wrapstodon", "contact", "rules",
}  # fmt: skip
V1_KEYS = {
    "uri", "title", "short_description", "description", "email", "version", "urls", "stats", "thumbnail", "languages",
    "registrations", "approval_required", "invites_enabled", "configuration", "contact_account", "rules",
}  # fmt: skip


async def change(world: World, **changes: object) -> None:
    cache = world.res.instance
    await change_settings(world.db, world.clock, cache.defaults, actor_id=None, changes=changes)
    cache.forget()


async def test_a_fresh_instance_says_all_that_clients_ask_for(world: World) -> None:
    said = (await world.anyone.get("/api/v2/instance")).json()
    assert set(said) == V2_KEYS
    assert said["domain"] == "localhost:3000"
    assert said["version"] == f"4.2.0 (compatible; Rostra {__version__})"
    assert said["api_versions"]["mastodon"] >= 1
    assert said["api_versions"]["rostra"] == 1
    configuration = said["configuration"]
    assert configuration["urls"]["streaming"] == "ws://localhost:3000"
    assert configuration["vapid"]["public_key"] == world.res.vapid.public_key
    assert configuration["translation"] == {"enabled": False}
    assert isinstance(configuration["media_attachments"]["supported_mime_types"], list)
    assert configuration["statuses"] == {
        "max_characters": 500, "max_media_attachments": 4, "characters_reserved_per_url": 23,
    }  # fmt: skip
    assert configuration["accounts"]["max_profile_fields"] == 4
    assert said["thumbnail"]["url"].startswith("http://localhost:3000/")
    assert said["languages"] == ["en"]
    assert said["contact"] == {"email": "", "account": None}
    assert said["registrations"]["enabled"] is True


async def test_the_version_parses_as_the_strictest_client_parses_it(world: World) -> None:
    version = (await world.anyone.get("/api/v1/instance")).json()["version"]
    major, minor, patch = version.split(" ")[0].split(".")
    assert (int(major), int(minor), int(patch)) >= (4, 0, 0)


async def test_the_old_description_is_there_and_says_that_it_is_old(world: World) -> None:
    answer = await world.anyone.get("/api/v1/instance")
    said = answer.json()
    assert answer.headers["deprecation"].startswith("@")
    assert set(said) == V1_KEYS
    assert said["uri"] == "localhost:3000"
    assert said["urls"]["streaming_api"] == "ws://localhost:3000"
    assert set(said["stats"]) == {"user_count", "status_count", "domain_count"}


async def test_what_administrators_change_shows_everywhere(world: World) -> None:
    alice = await world.person("alice", role="owner")
    await change(
        world, title="Square", short_description="A square.", contact_email="a@example.com", contact_username="alice",
        registrations_mode="approval", registrations_message="We read every request.", languages=["it", "en"],
        status_url="https://status.example", source_url="https://code.example/x",
    )  # fmt: skip
    said = (await world.anyone.get("/api/v2/instance")).json()
    assert (said["title"], said["description"], said["source_url"]) == ("Square", "A square.", "https://code.example/x")
    assert said["contact"]["account"]["id"] == alice.id
    assert said["registrations"] == {
        "enabled": True, "approval_required": True, "reason_required": True, "message": "We read every request.",
        "min_age": None, "url": None,
    }  # fmt: skip
    assert said["configuration"]["urls"]["status"] == "https://status.example"
    old = (await world.anyone.get("/api/v1/instance")).json()
    assert (old["approval_required"], old["email"], old["languages"]) == (True, "a@example.com", ["it", "en"])
    for mode, enabled in (("invite", False), ("closed", False), ("open", True)):
        await change(world, registrations_mode=mode)
        assert (await world.anyone.get("/api/v2/instance")).json()["registrations"]["enabled"] is enabled


async def test_every_change_is_noted_with_who_made_it(world: World) -> None:
    owner = await world.person("boss", role="owner")
    cache = world.res.instance
    for title in ("One", "One", "Two"):
        await change_settings(
            world.db, world.clock, cache.defaults, actor_id=owner.account_id, changes={"title": title}
        )
    rows = await world.db.connection.fetch("select actor_id, action, details from audit_events order by id")
    assert [row["details"] for row in rows] == [
        {"title": {"from": "Rostra", "to": "One"}},
        {"title": {"from": "One", "to": "Two"}},
    ]
    assert {row["actor_id"] for row in rows} == {owner.account_id}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", " "), ("title", "x" * 81), ("title", 5), ("registrations_mode", "sometimes"), ("languages", []),
        ("languages", ["english"]), ("contact_email", "nobody"), ("status_url", "javascript:alert(1)"),
        ("members_may_invite", "maybe"),
    ],
)  # fmt: skip
async def test_settings_that_cannot_be_are_refused(world: World, name: str, value: object) -> None:
    with pytest.raises(Invalid) as refused:
        await change(world, **{name: value})
    assert refused.value.field == name


async def test_a_setting_of_another_version_does_no_harm(world: World) -> None:
    await world.db.connection.execute(
        "insert into instance_settings values ('title', '[1]', now()), ('no_such', '1', now())"
    )
    assert (await world.anyone.get("/api/v2/instance")).json()["title"] == "Rostra"


async def test_a_change_elsewhere_arrives_within_seconds(world: World) -> None:
    await world.anyone.get("/api/v2/instance")
    await change_settings(
        world.db, world.clock, world.res.instance.defaults, actor_id=None, changes={"title": "Elsewhere"}
    )
    assert (await world.anyone.get("/api/v2/instance")).json()["title"] == "Rostra"
    world.clock.tick(seconds=5)
    assert (await world.anyone.get("/api/v2/instance")).json()["title"] == "Elsewhere"


async def test_people_and_posts_are_counted_once_a_minute(world: World) -> None:
    alice = await world.person("alice")
    await alice.post("hello")
    assert (await world.anyone.get("/api/v1/instance")).json()["stats"]["user_count"] == 1
    await alice.post("again")
    await world.person("bob")
    stats = (await world.anyone.get("/api/v1/instance")).json()["stats"]
    assert (stats["user_count"], stats["status_count"]) == (1, 1)
    world.clock.tick(minutes=1)
    stats = (await world.anyone.get("/api/v1/instance")).json()["stats"]
    assert (stats["user_count"], stats["status_count"]) == (2, 2)


async def test_who_was_here_this_month_is_active(world: World) -> None:
    alice = await world.person("alice")
    await world.person("bob")
    at = world.clock.now() - timedelta(days=40)
    await world.db.connection.execute("update users set last_active_on = $1", at.date())
    await world.db.connection.execute("update access_tokens set last_used_on = $1", at.date())
    await alice.api.get("/api/v1/accounts/verify_credentials")
    said = (await world.anyone.get("/api/v2/instance")).json()
    assert said["usage"]["users"]["active_month"] == 1


async def test_describing_the_instance_again_asks_the_database_nothing(world: World) -> None:
    await world.anyone.get("/api/v2/instance")
    assert await world.statements(lambda: world.anyone.get("/api/v2/instance")) == []


async def test_rules_are_listed_changed_and_taken_away(world: World) -> None:
    db, clock = world.db, world.clock
    first = await add_rule(db, clock, actor_id=None, text="Be kind.", hint="No insults.")
    await add_rule(db, clock, actor_id=None, text="No spam.")
    await change_rule(db, clock, actor_id=None, rule_id=first, text="Be kinder.", hint="")
    rules = (await world.anyone.get("/api/v1/instance/rules")).json()
    assert [rule["text"] for rule in rules] == ["Be kinder.", "No spam."]
    assert rules[0] == {"id": str(first), "text": "Be kinder.", "hint": "", "translations": {}}
    await remove_rule(db, clock, actor_id=None, rule_id=first)
    world.res.instance.forget()
    assert len((await world.anyone.get("/api/v1/instance/rules")).json()) == 1
    with pytest.raises(NotFound):
        await remove_rule(db, clock, actor_id=None, rule_id=first)
    with pytest.raises(NotFound):
        await change_rule(db, clock, actor_id=None, rule_id=first, text="x")
    with pytest.raises(Invalid):
        await add_rule(db, clock, actor_id=None, text=" ")


async def test_emojis_come_and_go(world: World) -> None:
    for shortcode, category in (("laurel", "Rome"), ("river", None)):
        await add_emoji(
            world.db, world.clock, actor_id=None, shortcode=shortcode, image_key=f"emojis/{shortcode}.png",
            static_key=f"emojis/{shortcode}.png", category=category,
        )  # fmt: skip
    emojis = (await world.anyone.get("/api/v1/custom_emojis")).json()
    assert [emoji["shortcode"] for emoji in emojis] == ["river", "laurel"]
    assert emojis[1]["url"] == "http://localhost:3000/media/emojis/laurel.png"
    await remove_emoji(world.db, world.clock, actor_id=None, shortcode="river")
    assert len((await world.anyone.get("/api/v1/custom_emojis")).json()) == 1
    with pytest.raises(NotFound):
        await remove_emoji(world.db, world.clock, actor_id=None, shortcode="river")
    with pytest.raises(Invalid):
        await add_emoji(world.db, world.clock, actor_id=None, shortcode="a b", image_key="x", static_key="x")


async def test_texts_are_shown_as_html_with_their_date(world: World) -> None:
    empty = (await world.anyone.get("/api/v1/instance/extended_description")).json()
    assert empty == {"updated_at": None, "content": ""}
    await world.anyone.get("/api/v1/instance/privacy_policy", expect=404)
    await change(world, extended_description="One <b>\n\nTwo", privacy_policy="We keep little.")
    said = (await world.anyone.get("/api/v1/instance/extended_description")).json()
    assert said == {"updated_at": "2026-05-04T12:00:00.000Z", "content": "<p>One &lt;b&gt;</p><p>Two</p>"}
    policy = (await world.anyone.get("/api/v1/instance/privacy_policy")).json()
    assert policy["content"] == "<p>We keep little.</p>"


async def test_the_weeks_are_told_as_strings(world: World) -> None:
    alice = await world.person("alice")
    await world.db.connection.execute("update access_tokens set last_used_on = null")
    await alice.post("hello")
    weeks = (await world.anyone.get("/api/v1/instance/activity")).json()
    assert len(weeks) == 12
    assert weeks[0] == {"week": "1777852800", "statuses": "1", "logins": "1", "registrations": "1"}
    assert weeks[1]["statuses"] == "0"


@pytest.mark.parametrize("path", ["domain_blocks", "peers"])
async def test_what_federation_will_fill_is_empty(world: World, path: str) -> None:
    assert (await world.anyone.get(f"/api/v1/instance/{path}")).json() == []


async def test_languages_have_names(world: World) -> None:
    assert (await world.anyone.get("/api/v1/instance/languages")).json() == [{"code": "en", "name": "English"}]
