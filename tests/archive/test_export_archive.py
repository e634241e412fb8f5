"""What is in the archive of an account, and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from rostra.archive.export_archive import POSTS_PAGE
from tests.archive.stage import PIXEL, sources_of, upload, write
from tests.world import World

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "archive.zip"


async def test_the_profile_is_a_person_with_its_pictures_beside_it(world: World, path: Path) -> None:
    alice = await world.person("alice")
    await alice.api.patch(
        "/api/v1/accounts/update_credentials",
        data={
            "display_name": "Alice <b>", "note": "Bakes & reads", "locked": "true",
            "fields_attributes[0][name]": "Town", "fields_attributes[0][value]": "Ferrara",
        },
        files={"avatar": ("a.png", PIXEL, "image/png"), "header": ("h.png", PIXEL, "image/png")},
    )  # fmt: skip
    other = await world.person("other")
    await world.db.connection.execute(
        "update accounts set also_known_as = '{https://away.example/users/alice}', moved_to_id = $2 where id = $1",
        alice.account_id, other.account_id,
    )  # fmt: skip
    archive = await write(world, alice, path)
    actor = archive.json("actor.json")
    assert actor["alsoKnownAs"] == ["https://away.example/users/alice"]
    assert actor["movedTo"] == "http://localhost:3000/users/other"
    assert (actor["type"], actor["preferredUsername"], actor["name"]) == ("Person", "alice", "Alice <b>")
    assert actor["id"] == "http://localhost:3000/users/alice"
    assert (actor["source"]["content"], actor["summary"]) == ("Bakes & reads", "<p>Bakes &amp; reads</p>")
    assert actor["attachment"] == [{"type": "PropertyValue", "name": "Town", "value": "Ferrara", "source": "Ferrara"}]
    assert actor["manuallyApprovesFollowers"] is True
    assert actor["published"] == "2026-05-04T12:00:00.000Z"
    assert (actor["outbox"], actor["likes"], actor["bookmarks"]) == ("outbox.json", "likes.json", "bookmarks.json")
    for name in ("icon", "image"):
        assert archive.files[actor[name]["url"]]
    assert actor["icon"]["url"].startswith("avatar.")
    assert actor["image"]["url"].startswith("header.")


async def test_a_post_has_all_that_its_author_gave_it(world: World, path: Path) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    asked = await bob.post("A question of bob's")
    picture = await upload(alice)
    sent = await alice.post(
        "Hello @bob about #Bread",
        spoiler_text="Food",
        sensitive=True,
        language="it",
        media_ids=[picture],
        in_reply_to_id=asked["id"],
    )
    archive = await write(world, alice, path)
    outbox = archive.json("outbox.json")
    assert (outbox["id"], outbox["type"], outbox["totalItems"]) == ("outbox.json", "OrderedCollection", 1)
    (act,) = archive.acts
    note = act["object"]
    assert (act["type"], act["id"], act["actor"]) == ("Create", f"{sent['uri']}/activity", note["attributedTo"])
    assert (note["type"], note["id"], note["url"]) == ("Note", sent["uri"], sent["url"])
    assert note["published"] == act["published"] == sent["created_at"]
    assert note["source"] == {"content": "Hello @bob about #Bread", "mediaType": "text/plain"}
    assert note["content"] == sent["content"]
    assert note["contentMap"] == {"it": sent["content"]}
    assert (note["summary"], note["sensitive"], note["inReplyTo"]) == ("Food", True, asked["uri"])
    assert (note["to"], note["cc"]) == ([PUBLIC], [f"{act['actor']}/followers", "http://localhost:3000/users/bob"])
    assert (act["to"], act["cc"]) == (note["to"], note["cc"])
    mention, tag = note["tag"]
    assert mention == {"type": "Mention", "href": "http://localhost:3000/users/bob", "name": "@bob@localhost:3000"}
    assert tag == {"type": "Hashtag", "href": "http://localhost:3000/tags/bread", "name": "#Bread"}
    (document,) = note["attachment"]
    assert document["url"].startswith(f"media_attachments/files/{picture}/original.")
    assert archive.files[document["url"]]
    assert (document["name"], document["focalPoint"]) == ("A pixel", [0.5, -0.25])
    assert (document["mediaType"], document["width"], document["height"]) == ("image/png", 1, 1)
    assert document["blurhash"] == sent["media_attachments"][0]["blurhash"]
    assert not any(field in note for field in ("updated", "pinned", "withheld"))


async def test_a_plain_post_has_no_warning_and_no_parent(world: World, path: Path) -> None:
    alice = await world.person("alice")
    await alice.post("Just words")
    note = (await write(world, alice, path)).notes["Just words"]
    assert (note["summary"], note["inReplyTo"], note["sensitive"]) == (None, None, False)
    assert (note["tag"], note["attachment"]) == ([], [])


async def test_whom_a_post_is_for_can_be_read_from_it(world: World, path: Path) -> None:
    alice, _ = await world.person("alice"), await world.person("bob")
    for visibility in ("public", "unlisted", "private", "direct"):
        await alice.post(f"{visibility} @bob", visibility=visibility)
    notes = (await write(world, alice, path)).notes
    bob, followers = "http://localhost:3000/users/bob", "http://localhost:3000/users/alice/followers"
    assert {text: (note["visibility"], note["to"], note["cc"]) for text, note in notes.items()} == {
        "public @bob": ("public", [PUBLIC], [followers, bob]),
        "unlisted @bob": ("unlisted", [followers], [PUBLIC, bob]),
        "private @bob": ("private", [followers], [bob]),
        "direct @bob": ("direct", [bob], []),
    }


async def test_a_poll_has_the_votes_of_its_options(world: World, path: Path) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    poll = {"options": ["Rye", "Spelt"], "expires_in": 3600, "multiple": True}
    sent = await alice.post("Which?", poll=poll)
    await alice.post("One only", poll={**poll, "multiple": False})
    await bob.api.post(f"/api/v1/polls/{sent['poll']['id']}/votes", {"choices": [1]})
    world.clock.tick(hours=2)
    notes = (await write(world, alice, path)).notes
    question = notes["Which?"]
    assert question["type"] == "Question"
    assert [(each["name"], each["replies"]["totalItems"]) for each in question["anyOf"]] == [("Rye", 0), ("Spelt", 1)]
    assert question["votersCount"] == 1
    assert question["endTime"] == question["closed"] == "2026-05-04T13:00:00.000Z"
    assert "oneOf" in notes["One only"]
    assert "anyOf" not in notes["One only"]


async def test_boosts_are_addresses_and_nothing_more(world: World, path: Path) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    theirs = await bob.post("Words of bob")
    await alice.api.post(f"/api/v1/statuses/{theirs['id']}/reblog")
    await alice.api.post(f"/api/v1/statuses/{theirs['id']}/favourite")
    await alice.api.post(f"/api/v1/statuses/{theirs['id']}/bookmark")
    archive = await write(world, alice, path)
    (act,) = archive.acts
    assert (act["type"], act["object"]) == ("Announce", theirs["uri"])
    for name in ("likes.json", "bookmarks.json"):
        found = archive.json(name)
        assert (found["id"], found["orderedItems"], found["totalItems"]) == (name, [theirs["uri"]], 1)
    assert not any(b"Words of bob" in body for body in archive.files.values())


async def test_edits_and_pins_are_marked_and_deleted_posts_are_gone(world: World, path: Path) -> None:
    alice = await world.person("alice")
    edited, deleted = await alice.post("First words"), await alice.post("Regretted")
    world.clock.tick(hours=1)
    await alice.api.put(f"/api/v1/statuses/{edited['id']}", {"status": "Better words"})
    await alice.api.post(f"/api/v1/statuses/{edited['id']}/pin")
    await alice.api.delete(f"/api/v1/statuses/{deleted['id']}")
    archive = await write(world, alice, path)
    note = archive.notes["Better words"]
    assert (note["updated"], note["published"]) == ("2026-05-04T13:00:00.000Z", "2026-05-04T12:00:00.000Z")
    assert note["pinned"] is True
    assert not any(b"Regretted" in body for body in archive.files.values())


async def test_what_moderation_withholds_is_the_persons_all_the_same(world: World, path: Path) -> None:
    alice = await world.person("alice")
    sent = await alice.post("Held back")
    await world.db.connection.execute("update statuses set withheld = 'refused' where id = $1", int(sent["id"]))
    assert (await write(world, alice, path)).notes["Held back"]["withheld"] == "refused"


async def test_posts_come_oldest_first_and_each_once_over_several_pages(world: World, path: Path) -> None:
    alice = await world.person("alice")
    number = 2 * POSTS_PAGE + 1
    await _many(world, alice.account_id, number)
    acts = (await write(world, alice, path)).acts
    assert [act["object"]["source"]["content"] for act in acts] == [f"Post {n}" for n in range(number)]


async def test_a_page_of_posts_takes_as_many_statements_whatever_is_on_it(world: World, path: Path) -> None:
    alice, _ = await world.person("alice"), await world.person("bob")
    sources = sources_of(world)

    async def count() -> list[str]:
        return await world.statements(lambda: write(world, alice, path))

    await alice.post("One @bob #tag :code:")
    one = await count()
    for n in range(30):
        await alice.post(f"More @bob #tag{n} :code{n}:", poll={"options": ["a", "b"], "expires_in": 600})
    assert len(await count()) == len(one)
    await _many(world, alice.account_id, 2 * POSTS_PAGE)
    # Two pages more, each with one statement for the posts and none for emojis where no post has any.
    assert len(await count()) == len(one) + 2
    assert sources.db is world.db


async def test_posts_are_read_a_page_at_a_time(world: World, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rostra.archive import export_archive

    alice = await world.person("alice")
    await _many(world, alice.account_id, 3 * POSTS_PAGE)
    held: list[int] = []
    read = export_archive.queries.list_posts

    async def watch(*given: object) -> object:
        found = await read(*given)
        held.append(len(found))
        return found

    monkeypatch.setattr(export_archive.queries, "list_posts", watch)
    await write(world, alice, path)
    assert held == [POSTS_PAGE] * 3 + [0]


async def test_pictures_are_read_in_windows(world: World, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rostra.archive.archive_writer import Entry

    alice = await world.person("alice")
    await alice.post("Large", media_ids=[await upload(alice)])
    key = await world.db.connection.fetchval("select original_key from media_attachments")
    large = bytes(range(256)) * (3 << 12)
    await world.res.store.put(key, large, "image/png")
    written: list[int] = []
    write_part = Entry.write
    monkeypatch.setattr(Entry, "write", lambda self, part: (written.append(len(part)), write_part(self, part))[1])
    archive = await write(world, alice, path)
    (name,) = [name for name in archive.files if name.startswith("media_attachments/")]
    assert archive.files[name] == large
    assert max(written) == 1 << 20


async def test_a_picture_that_the_store_has_lost_is_named_and_stops_nothing(world: World, path: Path) -> None:
    alice = await world.person("alice")
    await alice.post("Lost", media_ids=[await upload(alice)])
    await alice.post("Kept", media_ids=[await upload(alice)])
    key = await world.db.connection.fetchval("select original_key from media_attachments order by id limit 1")
    await world.res.store.delete([key])
    archive = await write(world, alice, path)
    manifest = archive.json("manifest.json")
    lost = archive.notes["Lost"]["attachment"][0]["url"]
    assert manifest["missing"] == [{"name": lost, "why": "the server does not have this file"}]
    assert lost not in archive.files
    assert archive.notes["Kept"]["attachment"][0]["url"] in archive.files


async def test_custom_emojis_come_along_as_files_with_names_of_ours(world: World, path: Path) -> None:
    alice = await world.person("alice")
    await world.res.store.put("emojis/ab/x/original.png", PIXEL, "image/png")
    await world.db.connection.execute(
        "insert into custom_emojis (id, shortcode, image_key, static_key, created_at, disabled_at)"
        " values (1, 'loaf', 'emojis/ab/x/original.png', 's', $1, $1)", world.clock.now(),
    )  # fmt: skip
    await alice.post("Warm :loaf: and :nothing:")
    archive = await write(world, alice, path)
    (tag,) = archive.notes["Warm :loaf: and :nothing:"]["tag"]
    assert (tag["type"], tag["name"]) == ("Emoji", ":loaf:")
    assert archive.files[tag["icon"]["url"]] == PIXEL


async def test_names_of_files_never_come_from_people(world: World, path: Path) -> None:
    alice = await world.person("alice")
    await alice.post("Picture", media_ids=[await upload(alice)])
    await alice.api.post("/api/v1/lists", {"title": "../../etc/passwd"})
    names = (await write(world, alice, path)).files
    assert not any(".." in name or name.startswith("/") or "evil" in name or "\\" in name for name in names)


async def test_an_empty_account_has_every_file_all_the_same(world: World, path: Path) -> None:
    archive = await write(world, await world.person("alice"), path)
    assert sorted(archive.files) == sorted(
        ["actor.json", "outbox.json", "likes.json", "bookmarks.json", "filters.json", "preferences.json",
         "following_accounts.csv", "followers.csv", "lists.csv", "muted_accounts.csv", "blocked_accounts.csv",
         "blocked_domains.csv", "bookmarks.csv", "followed_tags.csv", "account_notes.csv",
         "manifest.json", "manifest.sig", "signing-key.pem"]
    )  # fmt: skip
    assert archive.acts == []


async def test_settings_and_filters_come_along(world: World, path: Path) -> None:
    alice, bob = await world.person("alice", locale="it"), await world.person("bob")
    post = await bob.post("Again")
    made = await alice.api.post(
        "/api/v2/filters",
        {"title": "Football", "context": ["home"], "filter_action": "hide",
         "keywords_attributes": [{"keyword": "derby", "whole_word": True}]},
    )  # fmt: skip
    await alice.api.post(f"/api/v2/filters/{made.json()['id']}/statuses", {"status_id": post["id"]})
    archive = await write(world, alice, path)
    (found,) = archive.json("filters.json")
    assert (found["title"], found["context"], found["filter_action"]) == ("Football", ["home"], "hide")
    assert [(each["keyword"], each["whole_word"]) for each in found["keywords"]] == [("derby", True)]
    assert found["statuses"] == [post["uri"]]
    preferences = archive.json("preferences.json")
    assert (preferences["posting:default:visibility"], preferences["locale"]) == ("public", "it")


async def _many(world: World, account_id: int, number: int) -> None:
    """Posts, without the pipeline of publishing."""
    at = world.clock.now()
    await world.db.connection.execute("insert into conversations (id, created_at) values (1, $1)", at)
    await world.db.connection.execute(
        "insert into statuses (id, account_id, uri, url, text, content, visibility, conversation_id, created_at)"
        " select make_id($2::timestamptz + n * interval '1 second'), $1, 'http://localhost:3000/u/' || n, 'u',"
        " 'Post ' || n, '<p>Post</p>', 'public', 1, $2 from generate_series(0, $3::int - 1) n",
        account_id, at, number,
    )  # fmt: skip
