"""Publishing, showing, editing and deleting statuses over HTTP."""

from __future__ import annotations

import re
from typing import Any

import pytest

from rostra.kit.ids import moment_of
from tests.api.pictures import upload
from tests.world import Person, World

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
# Trap 14: what Mastodon for Android refuses a Status without.
REQUIRED = (
    "id", "uri", "created_at", "account", "content", "visibility", "spoiler_text", "media_attachments", "mentions",
    "tags", "emojis",
)  # fmt: skip


async def show(person: Person, status_id: str) -> dict[str, Any]:
    return (await person.api.get(f"/api/v1/statuses/{status_id}")).json()


async def counted(person: Person) -> int:
    return (await person.world.anyone.get(f"/api/v1/accounts/{person.id}")).json()["statuses_count"]


async def add_emoji(world: World, shortcode: str) -> None:
    await world.db.connection.execute(
        "insert into custom_emojis (id, shortcode, image_key, static_key, created_at)"
        " values (make_id($2), $1, 'emojis/a.png', 'emojis/a.png', $2)",
        shortcode,
        world.clock.now(),
    )


async def test_ids_are_decimal_strings_that_sort_by_time_and_dates_have_milliseconds(world: World) -> None:
    alice = await world.person("alice")
    first = await alice.post("one")
    world.clock.tick(milliseconds=1)
    second = await alice.post("two", in_reply_to_id=first["id"])
    assert (len(first["id"]), first["id"]) < (len(second["id"]), second["id"])
    assert second["in_reply_to_id"] == first["id"]
    assert second["in_reply_to_account_id"] == alice.id
    assert all(status[name] is not None for status in (first, second) for name in REQUIRED)
    assert MOMENT.fullmatch(first["created_at"])
    assert first["created_at"] == "2026-05-04T12:00:00.000Z"


async def test_a_status_has_what_was_asked_for_and_the_name_of_the_app(world: World) -> None:
    alice = await world.person("alice")
    status = await alice.post(
        "Hello @alice and #Caffè", spoiler_text="greeting", visibility="unlisted", language="it", sensitive=False
    )
    assert status["spoiler_text"] == "greeting"
    assert status["visibility"] == "unlisted"
    assert status["language"] == "it"
    # A warning marks the post as sensitive, whatever else is said.
    assert status["sensitive"]
    assert status["application"] == {"name": "Test app", "website": None}
    assert [(mention["acct"], mention["id"]) for mention in status["mentions"]] == [("alice", alice.id)]
    assert [tag["name"] for tag in status["tags"]] == ["caffè"]
    assert 'class="u-url mention"' in status["content"]
    assert 'class="mention hashtag" rel="tag"' in status["content"]
    assert status["account"]["acct"] == "alice"
    assert status["filtered"] == []


async def test_what_is_not_said_is_as_its_author_has_set_it(world: World) -> None:
    alice = await world.person("alice")
    plain = await alice.post("hello")
    assert (plain["visibility"], plain["sensitive"], plain["language"]) == ("public", False, None)
    await world.db.connection.execute(
        "update users set default_visibility = 'private', default_sensitive = true, default_language = 'it'"
        " where account_id = $1",
        alice.account_id,
    )
    usual = await alice.post("ciao", quoted_status_id=plain["id"], quote_approval_policy="nobody")
    assert (usual["visibility"], usual["sensitive"], usual["language"]) == ("private", True, "it")
    assert usual["quote"] is None
    said = await alice.post("hi", visibility="public", sensitive=False, language="en")
    assert (said["visibility"], said["sensitive"], said["language"]) == ("public", False, "en")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"status": ""}, "text"),
        ({"status": " \n\t"}, "text"),
        ({"status": "x" * 501}, "text"),
        ({"status": "x" * 490, "spoiler_text": "y" * 11}, "text"),
        ({"status": "x", "language": "nonsense language"}, "language"),
        ({"status": "x", "visibility": "local"}, "visibility"),
        ({"status": "x", "media_ids": ["1"]}, "media_ids"),
        ({"status": "x", "media_ids": ["1", "2", "3", "4", "5"]}, "media_ids"),
        ({"status": "x", "scheduled_at": "tomorrow"}, "scheduled_at"),
        ({"status": "x", "poll": {"options": ["a"], "expires_in": 600}}, "poll[options]"),
        ({"status": "x", "poll": {"options": ["a", " a "], "expires_in": 600}}, "poll[options]"),
        ({"status": "x", "poll": {"options": ["a", ""], "expires_in": 600}}, "poll[options]"),
        ({"status": "x", "poll": {"options": ["a", "b"], "expires_in": 60}}, "poll[expires_in]"),
        ({"status": "", "poll": {"options": ["a", "b"], "expires_in": 600}}, "text"),
        ({"status": "x\u0000y"}, "status"),
    ],
)
async def test_a_refused_status_is_told_which_field_to_mend(world: World, wrong: dict[str, Any], field: str) -> None:
    alice = await world.person("alice")
    refused = await alice.api.post("/api/v1/statuses", wrong, expect=422)
    assert refused.json()["error"]
    assert list(refused.json()["details"]) == [field]
    assert await counted(alice) == 0


async def test_a_warning_over_nothing_is_the_text_itself(world: World) -> None:
    alice = await world.person("alice")
    status = await alice.post("", spoiler_text="only this")
    assert (status["content"], status["spoiler_text"]) == ("<p>only this</p>", "")


async def test_pictures_need_no_text_and_belong_to_one_post(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    first, second = await upload(alice), await upload(alice, description="a gate")
    status = await alice.post("", media_ids=[second["id"], first["id"]], sensitive=True)
    assert [media["id"] for media in status["media_attachments"]] == [second["id"], first["id"]]
    assert status["media_attachments"][0]["description"] == "a gate"
    assert status["media_attachments"][0]["meta"]["original"]["width"] == 60
    assert status["sensitive"]
    for person, media_id in ((alice, first["id"]), (bob, (await upload(alice))["id"])):
        refused = await person.api.post("/api/v1/statuses", {"status": "x", "media_ids": [media_id]}, expect=422)
        assert "media_ids" in refused.json()["details"]


@pytest.mark.parametrize("how", ["json", "form", "multipart with indices"])
async def test_parameters_come_in_every_form_that_clients_use(world: World, how: str) -> None:
    """Trap 18."""
    alice = await world.person("alice")
    if how == "json":
        sent: dict[str, Any] = {
            "json": {"status": "vote", "poll": {"options": ["a", "b"], "expires_in": 600, "multiple": True}}
        }
    elif how == "form":
        sent = {
            "data": {
                "status": "vote", "poll[options][]": ["a", "b"], "poll[expires_in]": "600", "poll[multiple]": "on",
                "in_reply_to_id": "",
            }
        }  # fmt: skip
    else:
        fields = [("status", "vote"), ("poll[options][0]", "a"), ("poll[options][1]", "b"),
                  ("poll[expires_in]", "600"), ("poll[multiple]", "1")]  # fmt: skip
        sent = {"files": [(name, (None, value)) for name, value in fields]}
    status = (await alice.api.request("POST", "/api/v1/statuses", **sent)).json()
    assert [option["title"] for option in status["poll"]["options"]] == ["a", "b"]
    assert status["poll"]["multiple"]
    assert status["in_reply_to_id"] is None


async def test_unexpected_mentions_are_named_before_anything_is_sent(world: World) -> None:
    alice, bob, carol = [await world.person(name) for name in ("alice", "bob", "carol")]
    text = "@bob @carol @alice @nobody secret"
    refused = await alice.api.post(
        "/api/v1/statuses", {"status": text, "allowed_mentions": [bob.id], "visibility": "direct"}, expect=422
    )
    assert [account["id"] for account in refused.json()["unexpected_accounts"]] == [carol.id]
    assert refused.json()["error"]
    assert await counted(alice) == 0
    sent = await alice.post(text, allowed_mentions=[bob.id, carol.id], visibility="direct")
    assert {mention["acct"] for mention in sent["mentions"]} == {"alice", "bob", "carol"}


async def test_whom_one_has_blocked_is_not_mentioned(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await alice.api.post(f"/api/v1/accounts/{bob.id}/block")
    status = await alice.post("@bob hello", visibility="direct")
    assert status["mentions"] == []
    assert "<a" not in status["content"]
    await bob.api.get(f"/api/v1/statuses/{status['id']}", expect=404)


async def test_the_same_key_gives_the_same_status_for_an_hour_and_to_one_account(world: World) -> None:
    """Trap 26."""
    alice, bob = await world.person("alice"), await world.person("bob")
    picture = await upload(alice)
    sent = {"status": "once", "media_ids": [picture["id"]]}
    headers = {"Idempotency-Key": "k" * 5000}
    first = (await alice.api.post("/api/v1/statuses", sent, headers=headers)).json()
    again = (await alice.api.post("/api/v1/statuses", sent, headers=headers)).json()
    assert again["id"] == first["id"]
    assert await counted(alice) == 1
    other = (await bob.api.post("/api/v1/statuses", {"status": "once"}, headers=headers)).json()
    assert other["id"] != first["id"]
    world.clock.tick(minutes=61)
    later = (await alice.api.post("/api/v1/statuses", {"status": "once"}, headers=headers)).json()
    assert later["id"] != first["id"]
    assert (await alice.api.post("/api/v1/statuses", {"status": "once"}, headers=headers)).json()["id"] == later["id"]


async def test_a_reply_to_what_one_may_not_see_is_refused_and_to_a_boost_goes_to_the_original(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    private = await alice.post("for followers", visibility="private")
    await bob.api.post("/api/v1/statuses", {"status": "hm", "in_reply_to_id": private["id"]}, expect=404)
    await bob.api.post("/api/v1/statuses", {"status": "hm", "in_reply_to_id": "12345"}, expect=404)
    public = await alice.post("for all")
    boost = (await bob.api.post(f"/api/v1/statuses/{public['id']}/reblog")).json()
    reply = await bob.post("yes", in_reply_to_id=boost["id"])
    assert reply["in_reply_to_id"] == public["id"]


async def test_only_replies_that_everybody_sees_are_counted(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    root = await alice.post("root")
    for visibility in ("public", "unlisted", "private", "direct"):
        await bob.post("@alice reply", in_reply_to_id=root["id"], visibility=visibility)
    assert (await show(alice, root["id"]))["replies_count"] == 2
    assert await counted(bob) == 3


async def test_visibility_holds_for_visitors_followers_and_those_mentioned(world: World) -> None:
    alice, bob, carol = [await world.person(name) for name in ("alice", "bob", "carol")]
    await bob.follow(alice)
    seen = {
        visibility: [
            (await api.get(f"/api/v1/statuses/{status['id']}", expect=None)).status_code
            for api in (alice.api, bob.api, carol.api, world.anyone)
        ]
        for visibility in ("public", "unlisted", "private", "direct")
        if (status := await alice.post("@carol look", visibility=visibility))
    }
    assert seen == {
        "public": [200, 200, 200, 200],
        "unlisted": [200, 200, 200, 200],
        "private": [200, 200, 200, 404],
        "direct": [200, 404, 200, 404],
    }


async def test_several_statuses_come_in_the_order_asked_for_without_the_invisible(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    ids = [(await alice.post(str(number)))["id"] for number in range(3)]
    hidden = (await alice.post("hidden", visibility="private"))["id"]
    wanted = [ids[2], hidden, ids[0], "1", ids[2]]
    found = (await bob.api.get("/api/v1/statuses", {"id[]": wanted})).json()
    assert [status["id"] for status in found] == [ids[2], ids[0]]
    assert (await world.anyone.get("/api/v1/statuses")).json() == []
    await world.anyone.get("/api/v1/statuses", {"id[]": [str(n) for n in range(41)]}, expect=422)


async def test_many_statuses_take_the_statements_of_one(world: World) -> None:
    alice = await world.person("alice")
    ids = [(await alice.post(str(number)))["id"] for number in range(40)]
    await alice.api.get("/api/v1/statuses", {"id[]": ids})
    costs = [
        len(await world.statements(lambda wanted=wanted: alice.api.get("/api/v1/statuses", {"id[]": wanted})))
        for wanted in (ids[:1], ids)
    ]
    assert costs[0] == costs[1] <= 2


async def test_translation_is_not_there(world: World) -> None:
    alice = await world.person("alice")
    status = await alice.post("hello")
    await alice.api.post(f"/api/v1/statuses/{status['id']}/translate", expect=404)


async def test_an_id_is_made_of_the_time_at_which_the_status_was_made(world: World) -> None:
    """Trap 3: whatever is dated otherwise must still sort where its date belongs."""
    alice = await world.person("alice")
    now = await alice.post("now")
    scheduled = await alice.post("later", scheduled_at="2026-05-04T13:00:00Z")
    world.clock.tick(hours=1)
    await world.settle()
    later = (await alice.api.get(f"/api/v1/accounts/{alice.id}/statuses")).json()[0]
    assert later["id"] != scheduled["id"]
    assert [moment_of(int(one["id"])).isoformat() for one in (now, later)] == [
        "2026-05-04T12:00:00+00:00",
        "2026-05-04T13:00:00+00:00",
    ]


async def test_a_direct_message_stands_in_the_home_timeline_of_whom_it_is_for(world: World) -> None:
    """Trap 38: there are four visibilities, and a direct message is a status like any other."""
    alice, bob, carol = [await world.person(name) for name in ("alice", "bob", "carol")]
    for person in (bob, carol):
        await person.follow(alice)
    status = await alice.post("@bob psst", visibility="direct")
    assert status["visibility"] == "direct"
    await world.settle()
    seen = [
        [one["id"] for one in (await person.api.get("/api/v1/timelines/home")).json()] for person in (alice, bob, carol)
    ]
    assert seen == [[status["id"]], [status["id"]], []]


async def test_content_is_html_as_clients_expect_it(world: World) -> None:
    """Trap 40."""
    alice = await world.person("alice")
    await add_emoji(world, "owl")
    status = await alice.post("Hi @alice\nsee https://www.example.com/a/very/long/path/that/goes/on :owl: <b> #Tag")
    base = world.res.urls.base
    assert status["content"] == (
        f'<p>Hi <span class="h-card" translate="no"><a href="{base}/@alice" class="u-url mention">@<span>alice</span>'
        '</a></span><br>see <a href="https://www.example.com/a/very/long/path/that/goes/on"'
        ' rel="nofollow noopener noreferrer" target="_blank" translate="no"><span class="invisible">https://www.</span>'
        '<span class="ellipsis">example.com/a/very/long/path/t</span><span class="invisible">hat/goes/on</span></a>'
        f' :owl: &lt;b&gt; <a href="{base}/tags/tag" class="mention hashtag" rel="tag">#<span>Tag</span></a></p>'
    )
    assert [emoji["shortcode"] for emoji in status["emojis"]] == ["owl"]


async def test_acct_is_the_bare_name_for_those_who_live_here_and_has_the_domain_for_others(world: World) -> None:
    """Trap 39."""
    alice = await world.person("alice")
    await world.db.connection.execute(
        "with a as (insert into accounts (id, username, domain, uri, url, created_at, updated_at)"
        " values (make_id($1), 'bob', 'elsewhere.example', 'https://elsewhere.example/bob',"
        " 'https://elsewhere.example/@bob', $1, $1) returning id)"
        " insert into account_stats (account_id) select id from a",
        world.clock.now(),
    )
    status = await alice.post("@alice meets @bob@elsewhere.example")
    assert [mention["acct"] for mention in status["mentions"]] == ["alice", "bob@elsewhere.example"]
    assert 'href="https://elsewhere.example/@bob"' in status["content"]


# Editing


async def test_an_edit_replaces_text_warning_tags_and_mentions_and_keeps_what_was(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    before = await alice.post("First #one #two @bob", visibility="public", language="en")
    assert before["edited_at"] is None
    world.clock.tick(minutes=3)
    after = (
        await alice.api.put(f"/api/v1/statuses/{before['id']}", {"status": "Second #two #three", "spoiler_text": "cw"})
    ).json()
    assert after["content"].startswith("<p>Second")
    assert after["edited_at"] == "2026-05-04T12:03:00.000Z"
    assert after["created_at"] == before["created_at"]
    assert (after["spoiler_text"], after["sensitive"], after["language"]) == ("cw", True, "en")
    assert [tag["name"] for tag in after["tags"]] == ["three", "two"]
    assert after["mentions"] == []
    assert (await show(bob, before["id"]))["content"] == after["content"]
    history = (await world.anyone.get(f"/api/v1/statuses/{before['id']}/history")).json()
    assert [version["content"] for version in history] == [before["content"], after["content"]]
    assert [version["created_at"] for version in history] == [before["created_at"], after["edited_at"]]
    assert [version["spoiler_text"] for version in history] == ["", "cw"]
    assert history[0]["account"]["id"] == alice.id
    source = (await alice.api.get(f"/api/v1/statuses/{before['id']}/source")).json()
    assert source == {"id": before["id"], "text": "Second #two #three", "spoiler_text": "cw"}


async def test_an_edit_that_changes_nothing_is_none(world: World) -> None:
    alice = await world.person("alice")
    picture = await upload(alice, description="a gate", focus="0.1,-0.2")
    status = await alice.post("Same #tag", media_ids=[picture["id"]], sensitive=True, language="en")
    world.clock.tick(minutes=1)
    same = {"status": "Same #tag", "media_ids": [picture["id"]], "sensitive": True, "language": "en"}
    told = {"media_attributes": [{"id": picture["id"], "description": "a gate", "focus": "0.1,-0.2"}]}
    after = (await alice.api.put(f"/api/v1/statuses/{status['id']}", {**same, **told})).json()
    assert after["edited_at"] is None
    history = (await alice.api.get(f"/api/v1/statuses/{status['id']}/history")).json()
    assert len(history) == 1


async def test_pictures_are_described_added_reordered_and_let_go_by_an_edit(world: World) -> None:
    alice = await world.person("alice")
    first, second, third = [await upload(alice, description=name) for name in ("one", "two", "three")]
    status = await alice.post("look", media_ids=[first["id"], second["id"]])
    path = f"/api/v1/statuses/{status['id']}"
    wanted = {
        "status": "look", "media_ids": [third["id"], first["id"]],
        "media_attributes": [{"id": first["id"], "description": "new words", "focus": "-0.5,0.25"}],
    }  # fmt: skip
    after = (await alice.api.put(path, wanted)).json()
    shown = [(media["id"], media["description"]) for media in after["media_attachments"]]
    assert shown == [(third["id"], "three"), (first["id"], "new words")]
    assert after["media_attachments"][1]["meta"]["focus"] == {"x": -0.5, "y": 0.25}
    history = (await alice.api.get(f"{path}/history")).json()
    assert [[media["description"] for media in version["media_attachments"]] for version in history] == [
        ["one", "two"],
        ["three", "new words"],
    ]
    # What was let go can be posted otherwise, what is attached cannot.
    assert await alice.post("again", media_ids=[second["id"]])
    await alice.api.post("/api/v1/statuses", {"status": "x", "media_ids": [first["id"]]}, expect=422)
    refused = await alice.api.put(path, {"status": "look", "media_ids": [second["id"]]}, expect=422)
    assert "media_ids" in refused.json()["details"]
    wrong = {"status": "look", "media_ids": [first["id"]], "media_attributes": [{"id": third["id"], "focus": "0,0"}]}
    assert "media_attributes" in (await alice.api.put(path, wrong, expect=422)).json()["details"]


async def test_other_poll_options_void_the_votes_and_the_same_ones_keep_them(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    poll = {"options": ["a", "b"], "expires_in": 600}
    status = await alice.post("which?", poll=poll)
    path, poll_path = f"/api/v1/statuses/{status['id']}", f"/api/v1/polls/{status['poll']['id']}"
    await bob.api.post(f"{poll_path}/votes", {"choices": [1]})
    kept = (await alice.api.put(path, {"status": "which one?", "poll": poll})).json()
    assert [option["votes_count"] for option in kept["poll"]["options"]] == [0, 1]
    reset = (await alice.api.put(path, {"status": "which one?", "poll": {**poll, "options": ["a", "c"]}})).json()
    assert reset["poll"]["id"] == status["poll"]["id"]
    assert [(option["title"], option["votes_count"]) for option in reset["poll"]["options"]] == [("a", 0), ("c", 0)]
    assert not (await bob.api.get(poll_path)).json()["voted"]
    gone = (await alice.api.put(path, {"status": "which one?"})).json()
    assert gone["poll"] is None
    await bob.api.get(poll_path, expect=404)
    back = (await alice.api.put(path, {"status": "which one?", "poll": poll})).json()
    assert back["poll"]["options"][0] == {"title": "a", "votes_count": 0}
    history = (await alice.api.get(f"{path}/history")).json()
    assert [[option["title"] for option in version["poll"]["options"]] for version in history if "poll" in version] == [
        ["a", "b"], ["a", "b"], ["a", "c"], ["a", "b"],
    ]  # fmt: skip


async def test_only_its_author_edits_a_status_and_a_boost_not_even_they(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    status = await alice.post("mine")
    await bob.api.put(f"/api/v1/statuses/{status['id']}", {"status": "yours"}, expect=404)
    boost = (await bob.api.post(f"/api/v1/statuses/{status['id']}/reblog")).json()
    await bob.api.put(f"/api/v1/statuses/{boost['id']}", {"status": "yours"}, expect=404)
    await alice.api.put(f"/api/v1/statuses/{status['id']}", {"status": ""}, expect=422)
    assert (await show(alice, status["id"]))["content"] == "<p>mine</p>"


async def test_whoever_boosted_hears_of_an_edit_and_whoever_is_newly_mentioned_too(world: World) -> None:
    alice, bob, carol = [await world.person(name) for name in ("alice", "bob", "carol")]
    status = await alice.post("draft")
    await bob.api.post(f"/api/v1/statuses/{status['id']}/reblog")
    await alice.api.put(f"/api/v1/statuses/{status['id']}", {"status": "final @carol"})
    await world.settle()
    heard = [
        [(one["type"], one["status"]["id"]) for one in (await person.api.get("/api/v1/notifications")).json()]
        for person in (bob, carol)
    ]
    assert heard == [[("update", status["id"])], [("mention", status["id"])]]


async def test_history_is_a_list_for_whoever_sees_the_status_and_for_nobody_else(world: World) -> None:
    """Trap 46."""
    alice, bob = await world.person("alice"), await world.person("bob")
    await add_emoji(world, "owl")
    status = await alice.post("never edited :owl:", visibility="private", spoiler_text="x")
    history = (await alice.api.get(f"/api/v1/statuses/{status['id']}/history")).json()
    assert [version["content"] for version in history] == ["<p>never edited :owl:</p>"]
    assert [emoji["shortcode"] for emoji in history[0]["emojis"]] == ["owl"]
    assert MOMENT.fullmatch(history[0]["created_at"])
    await bob.api.get(f"/api/v1/statuses/{status['id']}/history", expect=404)
    await bob.api.get(f"/api/v1/statuses/{status['id']}/source", expect=404)
    await world.anyone.get(f"/api/v1/statuses/{status['id']}/source", expect=401)


# Deleting


async def test_deleting_answers_what_a_new_draft_needs_and_the_pictures_can_be_posted_again(world: World) -> None:
    """Trap 41."""
    alice, bob = await world.person("alice"), await world.person("bob")
    picture = await upload(alice)
    status = await alice.post("typo @bob", media_ids=[picture["id"]], spoiler_text="cw")
    await bob.api.delete(f"/api/v1/statuses/{status['id']}", expect=404)
    gone = (await alice.api.delete(f"/api/v1/statuses/{status['id']}")).json()
    assert (gone["id"], gone["text"], gone["spoiler_text"]) == (status["id"], "typo @bob", "cw")
    assert [media["id"] for media in gone["media_attachments"]] == [picture["id"]]
    await alice.api.get(f"/api/v1/statuses/{status['id']}", expect=404)
    await alice.api.delete(f"/api/v1/statuses/{status['id']}", expect=404)
    assert await counted(alice) == 0
    redrafted = await alice.post("no typo @bob", media_ids=[picture["id"]])
    assert [media["id"] for media in redrafted["media_attachments"]] == [picture["id"]]


async def test_pictures_go_at_once_where_that_is_wanted(world: World) -> None:
    alice = await world.person("alice")
    picture = await upload(alice)
    status = await alice.post("x", media_ids=[picture["id"]])
    key = picture["url"].removeprefix(world.res.settings.media_base_url + "/")
    assert await world.res.store.find_head(key) is not None
    await alice.api.delete(f"/api/v1/statuses/{status['id']}?delete_media=true")
    await alice.api.get(f"/api/v1/media/{picture['id']}", expect=404)
    await world.settle()
    assert await world.res.store.find_head(key) is None


async def test_a_deletion_sets_every_count_right_and_takes_the_boosts_along(world: World) -> None:
    alice, bob, carol = [await world.person(name) for name in ("alice", "bob", "carol")]
    await carol.follow(bob)
    root = await alice.post("root")
    reply = await alice.post("reply", in_reply_to_id=root["id"])
    answer = await bob.post("answer", in_reply_to_id=reply["id"])
    for person in (alice, bob):
        await person.api.post(f"/api/v1/statuses/{reply['id']}/reblog")
    await world.settle()
    assert len((await carol.api.get("/api/v1/timelines/home")).json()) >= 1
    assert [await counted(person) for person in (alice, bob)] == [3, 2]
    await alice.api.delete(f"/api/v1/statuses/{reply['id']}")
    await world.settle()
    assert [await counted(person) for person in (alice, bob)] == [1, 1]
    assert (await show(alice, root["id"]))["replies_count"] == 0
    orphan = await show(bob, answer["id"])
    assert (orphan["in_reply_to_id"], orphan["in_reply_to_account_id"]) == (None, alice.id)
    assert all(status["reblog"] is None for status in (await carol.api.get("/api/v1/timelines/home")).json())


async def test_a_conversation_ends_with_its_last_status(world: World) -> None:
    alice = await world.person("alice")
    root = await alice.post("root")
    reply = await alice.post("reply", in_reply_to_id=root["id"])
    await alice.api.post(f"/api/v1/statuses/{root['id']}/mute")
    conversations = "select count(*) from conversations"
    for status, left in ((root, 1), (reply, 0)):
        await alice.api.delete(f"/api/v1/statuses/{status['id']}")
        assert await world.db.connection.fetchval(conversations) == left


async def test_deleting_a_boost_takes_it_back(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    status = await alice.post("x")
    boost = (await bob.api.post(f"/api/v1/statuses/{status['id']}/reblog")).json()
    gone = (await bob.api.delete(f"/api/v1/statuses/{boost['id']}")).json()
    assert (gone["id"], gone["text"], gone["reblog"]["id"]) == (boost["id"], "", status["id"])
    after = await show(bob, status["id"])
    assert (after["reblogs_count"], after["reblogged"]) == (0, False)
    assert await counted(bob) == 0


async def test_an_app_without_a_person_cannot_post(world: World) -> None:
    await world.token_for(None, "app-token", "read write")
    refused = await world.anyone.post(
        "/api/v1/statuses", {"status": "x"}, headers={"authorization": "Bearer app-token"}, expect=422
    )
    assert refused.json()["error"] == "This method requires an authenticated user"
    reader = await world.person("reader", scopes="read")
    await reader.api.post("/api/v1/statuses", {"status": "x"}, expect=403)
    await world.anyone.post("/api/v1/statuses", {"status": "x"}, expect=401)
