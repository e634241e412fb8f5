"""Bringing an archive of posts into an account: with their dates, judged, once, and without telling anybody."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rostra.archive import import_archive, import_posts
from rostra.archive.import_archive import sweep_imports, undo_import
from rostra.archive.import_csv import get_import
from rostra.kit.errors import NotFound
from rostra.kit.ids import moment_of
from tests.archive.bring import (
    ACTOR,
    boost,
    bring,
    confirm,
    files_of,
    note,
    picture,
    picture_files,
    posts_of,
    reasons,
    stage,
    tarred,
    zipped,
)
from tests.archive.stage import upload, write
from tests.screening.policies import put_in_force
from tests.world import Person, World


@pytest.fixture
async def ada(world: World) -> Person:
    return await world.person("ada")


def words(status: dict[str, Any]) -> str:
    return re.sub(r"<[^>]+>", "", status["content"])


async def test_posts_keep_their_dates_and_stand_in_their_order(world: World, ada: Person, tmp_path: Path) -> None:
    new = await ada.post("Of today")
    files = files_of(note(9), note(2, updated="2021-01-01T00:00:00Z"), note(5), boost(1))
    done = await bring(world, ada, tmp_path, files)
    assert (done.state, done.total, done.imported, done.failed, done.skipped) == ("finished", 3, 3, 0, 1)
    shown = await posts_of(ada)
    assert [words(status) for status in shown] == ["Of today", "Post 9", "Post 5", "Post 2"]
    assert [status["created_at"] for status in shown[1:]] == [
        "2020-01-09T10:00:00.000Z",
        "2020-01-05T10:00:00.000Z",
        "2020-01-02T10:00:00.000Z",
    ]
    assert shown[3]["edited_at"] == "2021-01-01T00:00:00.000Z"
    for status in shown:
        made = datetime.fromisoformat(status["created_at"])
        assert abs(moment_of(int(status["id"])) - made) < timedelta(seconds=1)
    older = (await ada.api.get(f"/api/v1/accounts/{ada.id}/statuses", {"max_id": shown[1]["id"]})).json()
    assert [words(status) for status in older] == ["Post 5", "Post 2"]
    own = (await ada.api.get("/api/v1/accounts/verify_credentials")).json()
    assert (own["statuses_count"], own["last_status_at"]) == (4, new["created_at"][:10])


async def test_imported_posts_are_no_news_to_anybody(world: World, ada: Person, tmp_path: Path) -> None:
    bob = await world.person("bob")
    await bob.api.post(f"/api/v1/accounts/{ada.id}/follow", {"notify": True})
    await world.settle()
    yesterday = "2026-05-03T12:00:00Z"
    tag = {"type": "Mention", "href": "http://localhost:3000/users/bob", "name": "@bob@localhost:3000"}
    fresh = note(1, "@bob@localhost:3000 #carrots", published=yesterday, tag=[tag])
    done = await bring(world, ada, tmp_path, files_of(fresh))
    assert done.imported == 1
    assert (await bob.api.get("/api/v1/timelines/home")).json() == []
    assert (await ada.api.get("/api/v1/timelines/home")).json() == []
    assert (await bob.api.get("/api/v1/notifications")).json() == []
    count = await world.db.connection.fetchval("select count(*) from tag_uses")
    assert count == 0
    tagged = (await bob.api.get("/api/v1/timelines/tag/carrots")).json()
    assert [status["account"]["username"] for status in tagged] == ["ada"]
    assert [mention["username"] for mention in tagged[0]["mentions"]] == ["bob"]
    found = (await ada.api.get("/api/v2/search", {"q": "carrots from:me", "type": "statuses"})).json()
    assert len(found["statuses"]) == 1
    assert await world.db.connection.fetchval("select count(*) from rate_windows") == 0


async def test_a_post_keeps_all_that_its_author_gave_it(world: World, ada: Person, tmp_path: Path) -> None:
    html = (
        'Hello <span class="h-card"><a href="https://far.example/@bob" class="u-url mention">@<span>bob</span></a>'
        '</span> and @nobody<br>see <a href="https://x.example/long/address"><span class="invisible">https://</span>'
        '<span class="ellipsis">x.example/lo</span><span class="invisible">ng/address</span></a></p><p>'
        '<a href="https://far.example/tags/Tea" class="mention hashtag" rel="tag">#<span>Tea</span></a>'
    )
    mention = {"type": "Mention", "href": "https://far.example/users/bob", "name": "@bob@far.example"}
    bob = await world.person("bob")
    full = note(
        1, html, summary="Careful", sensitive=True, contentMap={"it": "x"}, tag=[mention], attachment=[picture()],
        cc=["https://www.w3.org/ns/activitystreams#Public"], to=[f"{ACTOR}/followers"],
    )  # fmt: skip
    await bring(world, ada, tmp_path, files_of(full) | picture_files())
    (status,) = await posts_of(ada)
    source = (await ada.api.get(f"/api/v1/statuses/{status['id']}/source")).json()
    assert source["text"] == (
        "Hello @bob@far.example and @nobody@far.example\nsee https://x.example/long/address\n\n#Tea"
    )
    assert source["spoiler_text"] == status["spoiler_text"] == "Careful"
    assert (status["visibility"], status["sensitive"], status["language"]) == ("unlisted", True, "it")
    # Not the bob who lives here.
    assert status["mentions"] == []
    assert '<a href="https://far.example/users/bob" class="u-url mention">' in status["content"]
    assert [tag["name"] for tag in status["tags"]] == ["tea"]
    (media,) = status["media_attachments"]
    assert (media["description"], media["meta"]["focus"]) == ("A pixel", {"x": 0.5, "y": -0.25})
    assert (await bob.api.get(f"/api/v1/statuses/{status['id']}")).json()["id"] == status["id"]


async def test_polls_come_in_closed_with_their_votes(world: World, ada: Person, tmp_path: Path) -> None:
    options = [
        {"type": "Note", "name": name, "replies": {"totalItems": votes}} for name, votes in (("Tea", 3), ("Coffee", 1))
    ]
    asked = note(1, "Which?", type="Question", oneOf=options, endTime="2099-01-01T00:00:00Z", votersCount=4)
    await bring(world, ada, tmp_path, files_of(asked))
    bob = await world.person("bob")
    (status,) = await posts_of(ada)
    poll = (await bob.api.get(f"/api/v1/polls/{status['poll']['id']}")).json()
    assert [(option["title"], option["votes_count"]) for option in poll["options"]] == [("Tea", 3), ("Coffee", 1)]
    assert (poll["expired"], poll["voters_count"]) == (True, 4)
    await bob.api.post(f"/api/v1/polls/{poll['id']}/votes", {"choices": [0]}, expect=422)


async def test_ones_own_threads_are_threads_again(world: World, ada: Person, tmp_path: Path) -> None:
    files = files_of(
        note(3, inReplyTo=f"{ACTOR}/statuses/2"),
        note(1),
        note(2, inReplyTo=f"{ACTOR}/statuses/1"),
        note(4, inReplyTo="https://other.example/1"),
    )
    await bring(world, ada, tmp_path, files)
    by_text = {words(status): status for status in await posts_of(ada)}
    context = (await ada.api.get(f"/api/v1/statuses/{by_text['Post 2']['id']}/context")).json()
    assert [words(each) for each in context["ancestors"]] == ["Post 1"]
    assert [words(each) for each in context["descendants"]] == ["Post 3"]
    assert by_text["Post 1"]["replies_count"] == 1
    assert by_text["Post 4"]["in_reply_to_id"] is None
    answers = await world.db.connection.fetchval(
        "select answers_url from imported_statuses where answers_url is not null"
    )
    assert answers == "https://other.example/1"


async def test_a_post_that_the_policy_refuses_stays_out_and_its_neighbours_come_in(
    world: World, ada: Person, tmp_path: Path
) -> None:
    await put_in_force(world)
    bob = await world.person("bob")
    await bob.follow(ada)
    files = files_of(note(1), note(2, "a turnip"), note(3, "a pumpkin"), note(4, "a beetroot"), note(5))
    done = await bring(world, ada, tmp_path, files)
    assert (done.imported, done.failed) == (4, 1)
    assert await reasons(world, done) == {"2": "refused", "3": "held"}
    assert [words(each) for each in await posts_of(bob_sees(bob, ada))] == ["Post 5", "a beetroot", "Post 1"]
    (held,) = await world.db.connection.fetch("select status_id from holds where decided_at is null")
    actions = await world.db.connection.fetch(
        "select details ->> 'action' as action from moderation_events where type = 'verdict' order by id"
    )
    assert sorted(row["action"] for row in actions) == ["allow", "allow", "hold", "label", "reject"]
    await bob.api.get(f"/api/v1/statuses/{held['status_id']}", expect=404)


async def test_a_post_costs_the_same_statements_however_many_come_with_it(
    world: World, ada: Person, tmp_path: Path
) -> None:
    from rostra.archive.import_reader import open_archive

    tools = import_posts.Tools(
        db=world.db, clock=world.clock, urls=world.res.urls, screen=world.res.screen, store=world.res.store,
        images=world.res.images,
    )  # fmt: skip
    folder = import_archive.folder_of(world.res.settings.data_dir)
    counts: list[int] = []
    # The first one loads what judging takes.
    for start, number in ((1, 1), (20, 1), (100, 8), (200, 15)):
        items = [note(start + each, f"Post #tag{each} @nobody@far.example") for each in range(number)]
        staged = await stage(world, ada, zipped(tmp_path / f"{start}.zip", files_of(*items)))
        await world.db.connection.execute("update imports set state = 'running' where id = $1", staged.id)
        with open_archive(folder / str(staged.stored_as)) as archive:
            found = import_archive.items_of(archive)
            ran = await world.statements(
                lambda archive=archive, found=found, staged=staged: import_archive.run_posts(
                    tools, world.res.emit, archive, found, staged.id
                )
            )
        counts.append(len(ran))
    assert counts[3] - counts[2] == counts[2] - counts[1]
    # One to judge it, and what writing it takes.
    assert (counts[2] - counts[1]) / 7 <= 6


async def test_what_a_rule_says_of_a_post_holds_for_an_imported_one(world: World, ada: Person, tmp_path: Path) -> None:
    await put_in_force(world)
    bob = await world.person("bob")
    await bring(world, ada, tmp_path, files_of(note(1, "a beetroot"), note(2, "a radish")))
    closed, covered = await posts_of(bob_sees(bob, ada))
    assert covered["sensitive"] is True
    await bob.api.post(f"/api/v1/statuses/{closed['id']}/favourite", expect=403)
    decided = await world.db.connection.fetchval("select count(*) from decisions where account_id = $1", ada.account_id)
    assert decided == 2


def bob_sees(bob: Person, ada: Person) -> Person:
    """Ada as the subject, with the eyes of Bob."""
    seen = Person(ada.world, ada.account_id, ada.username, bob.token)
    seen.api = bob.api
    return seen


async def test_a_held_post_that_is_released_is_no_news_either(world: World, ada: Person, tmp_path: Path) -> None:
    from rostra.posts.withhold import lock_status, put_back

    await put_in_force(world)
    bob = await world.person("bob")
    await bob.api.post(f"/api/v1/accounts/{ada.id}/follow", {"notify": True})
    await world.settle()
    await bring(world, ada, tmp_path, files_of(note(1, "a pumpkin", published="2026-05-03T12:00:00Z")))
    (status,) = await posts_of(ada)
    async with world.db.transaction() as tx:
        locked = await lock_status(tx, int(status["id"]))
        assert locked is not None
        await put_back(tx, world.res.emit, locked, world.clock.now(), fresh=True)
    await world.settle()
    assert (await bob.api.get("/api/v1/timelines/home")).json() == []
    assert (await bob.api.get("/api/v1/notifications")).json() == []
    assert (await bob.api.get(f"/api/v1/statuses/{status['id']}")).json()["id"] == status["id"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"published": "2099-01-01T00:00:00Z"}, "bad_date"),
        ({"published": "1999-01-01T00:00:00Z"}, "bad_date"),
        ({"published": "soon"}, None),
        ({"attributedTo": "https://far.example/users/eve"}, "not_theirs"),
        ({"withheld": "refused"}, "withheld"),
        ({"content": "<p>" + "a" * 70_000}, "too_long"),
        ({"content": "", "attachment": [{"url": "/media_attachments/gone.png"}]}, "nothing_left"),
        ({"attachment": [picture(), {"url": "/media_attachments/gone.png"}]}, "picture_left_out"),
        ({"attachment": [picture() for _ in range(6)]}, "picture_left_out"),
        ({"content": {"no": "text"}, "tag": 7, "to": {"a": 1}, "attachment": "x", "summary": ["x"]}, "nothing_left"),
    ],
)
async def test_what_cannot_be_a_post_here_is_said_and_stops_nothing(
    world: World, ada: Person, tmp_path: Path, change: dict[str, Any], reason: str | None
) -> None:
    files = files_of(note(1), note(2, **change), note(3), "nonsense", None, {"type": "Create", "object": 3})
    done = await bring(world, ada, tmp_path, files | picture_files())
    left_out = reason not in (None, "picture_left_out")
    assert (done.state, done.imported, done.failed) == ("finished", 2 if left_out else 3, int(left_out))
    assert await reasons(world, done) == ({"2": reason} if reason else {})


async def test_direct_posts_come_in_only_where_that_is_asked_for(world: World, ada: Person, tmp_path: Path) -> None:
    direct = note(1, to=["https://other.example/users/bob"], cc=[])
    private = note(2, to=[f"{ACTOR}/followers"], cc=[])
    done = await bring(world, ada, tmp_path, files_of(direct, private))
    assert [status["visibility"] for status in await posts_of(ada)] == ["private"]
    assert (done.archive.direct, done.imported, done.skipped) == (1, 1, 1)
    await bring(world, ada, tmp_path, files_of(direct, private), with_direct=True)
    assert sorted(status["visibility"] for status in await posts_of(ada)) == ["direct", "private"]


async def test_the_same_archive_twice_brings_nothing_twice(world: World, ada: Person, tmp_path: Path) -> None:
    files = files_of(note(1), note(2))
    await bring(world, ada, tmp_path, files)
    again = await bring(world, ada, tmp_path, files)
    assert (again.imported, again.failed, again.skipped) == (0, 0, 2)
    assert len(await posts_of(ada)) == 2
    # Somebody else's import of the same is another matter.
    other = await bring(world, await world.person("eve"), tmp_path, files)
    assert other.imported == 2


async def test_a_job_that_dies_in_the_middle_goes_on_without_doubles(
    world: World, ada: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_archive, "BATCH", 2)
    staged = await stage(world, ada, zipped(tmp_path / "a.zip", files_of(*(note(number) for number in range(1, 8)))))
    advance = import_archive.post_queries.advance
    calls = 0

    async def die(*given: Any, **more: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise RuntimeError("killed")
        await advance(*given, **more)

    monkeypatch.setattr(import_archive.post_queries, "advance", die)
    with pytest.raises(RuntimeError):
        await confirm(world, ada, staged)
    broken = await get_import(world.db, ada.account_id, staged.id)
    assert (broken.state, broken.cursor, broken.imported) == ("running", 2, 2)
    assert len(await posts_of(ada)) == 2
    tools = import_posts.Tools(
        db=world.db, clock=world.clock, urls=world.res.urls, screen=world.res.screen, store=world.res.store,
        images=world.res.images,
    )  # fmt: skip
    folder = import_archive.folder_of(world.res.settings.data_dir)
    await import_archive.run_archive(tools, world.res.emit, folder, staged.id)
    done = await get_import(world.db, ada.account_id, staged.id)
    assert (done.state, done.imported) == ("finished", 7)
    assert len({words(status) for status in await posts_of(ada)}) == len(await posts_of(ada)) == 7
    assert list(folder.iterdir()) == []


async def test_whoever_may_not_post_does_not_post_by_an_archive(world: World, ada: Person, tmp_path: Path) -> None:
    await world.db.connection.execute("update accounts set frozen_at = now() where id = $1", ada.account_id)
    done = await bring(world, ada, tmp_path, files_of(note(1)))
    assert (done.state, done.problem, done.imported) == ("stopped", "barred", 0)
    assert await posts_of(ada) == []


async def test_an_import_is_taken_back_within_a_week_and_not_later(world: World, ada: Person, tmp_path: Path) -> None:
    kept = await ada.post("My own")
    done = await bring(world, ada, tmp_path, files_of(note(1), note(2, attachment=[picture()])) | picture_files())
    world.at(world.clock.now() + timedelta(days=8))
    with pytest.raises(NotFound):
        await undo_import(world.db, world.clock, ada.account_id, done.id)
    world.at(world.clock.now() - timedelta(days=2))
    with pytest.raises(NotFound):
        await undo_import(world.db, world.clock, (await world.person("eve")).account_id, done.id)
    await undo_import(world.db, world.clock, ada.account_id, done.id)
    await world.settle()
    assert [status["id"] for status in await posts_of(ada)] == [kept["id"]]
    assert (await get_import(world.db, ada.account_id, done.id)).state == "undone"
    assert (await ada.api.get("/api/v1/accounts/verify_credentials")).json()["statuses_count"] == 1
    assert await world.db.connection.fetchval("select count(*) from media_attachments") == 0
    again = await bring(world, ada, tmp_path, files_of(note(1)))
    assert again.imported == 1


async def test_a_tar_file_of_another_server_comes_in_too_from_any_folder(
    world: World, ada: Person, tmp_path: Path
) -> None:
    files = files_of(note(1, attachment=[picture()])) | picture_files()
    inside = {f"./archive-2020/{name}": body for name, body in files.items()}
    done = await confirm(world, ada, await stage(world, ada, tarred(tmp_path / "a.tar.gz", inside)))
    assert done.imported == 1
    assert len((await posts_of(ada))[0]["media_attachments"]) == 1


async def test_lists_in_an_archive_come_in_where_they_are_chosen(world: World, ada: Person, tmp_path: Path) -> None:
    bob = await world.person("bob")
    post = await bob.post("To be kept")
    files = files_of(note(1)) | {
        "following_accounts.csv": b"Account address,Show boosts\nbob@localhost:3000,true\n",
        "blocked_domains.csv": b"bad.example\n",
        "bookmarks.json": b'{"orderedItems": ["' + post["uri"].encode() + b'"]}',
    }
    staged = await stage(world, ada, zipped(tmp_path / "a.zip", files))
    assert staged.archive.lists == {"following": 1, "domain_blocking": 1, "bookmarks": 1}
    await confirm(world, ada, staged, lists=["following", "bookmarks"])
    found = (await ada.api.get("/api/v1/accounts/relationships", {"id[]": bob.id})).json()[0]
    assert found["following"] is True
    assert len((await ada.api.get("/api/v1/bookmarks")).json()) == 1
    assert (await ada.api.get("/api/v1/domain_blocks")).json() == []


async def test_what_was_exported_here_comes_in_under_another_name_with_everything(world: World, tmp_path: Path) -> None:
    ada, bea = await world.person("ada"), await world.person("bea")
    media_id = await upload(ada, "Two pixels, or one")
    first = await ada.post("Good *morning* & <hello> #Tea https://x.example/a?b=c", language="en")
    world.at(world.clock.now() + timedelta(minutes=1))
    await ada.post("With a picture", media_ids=[media_id], visibility="unlisted", spoiler_text="Look")
    await ada.post("An answer", in_reply_to_id=first["id"], language="it")
    await ada.post("Which?", poll={"options": ["Tea", "Coffee"], "expires_in": 3600})
    await world.settle()
    archive = await write(world, ada, tmp_path / "own.zip")
    world.at(world.clock.now() + timedelta(days=3))
    staged = await stage(world, bea, archive.path)
    done = await confirm(world, bea, staged)
    assert (done.imported, done.failed) == (4, 0)

    def kept(status: dict[str, Any]) -> tuple[Any, ...]:
        media = [(m["description"], m["meta"]["focus"], m["blurhash"]) for m in status["media_attachments"]]
        poll = [option["title"] for option in (status["poll"] or {"options": []})["options"]]
        return (
            status["content"], status["created_at"], status["visibility"], status["spoiler_text"],
            status["language"], status["sensitive"], media, poll, status["in_reply_to_id"] is None,
        )  # fmt: skip

    assert sorted(map(kept, await posts_of(bea))) == sorted(map(kept, await posts_of(ada)))
    assert staged.archive.signature == "valid"
    assert staged.archive.key_confirmed
    assert (staged.archive.handle, staged.archive.tie, staged.archive.proven) == ("@ada@localhost:3000", "none", False)


async def test_an_alias_and_a_signature_together_prove_whose_posts_they_are(world: World, tmp_path: Path) -> None:
    ada, bea = await world.person("ada"), await world.person("bea")
    await ada.post("Mine")
    await world.db.connection.execute(
        "update accounts set also_known_as = '{http://localhost:3000/users/bea}' where id = $1", ada.account_id
    )
    archive = await write(world, ada, tmp_path / "own.zip")
    staged = await stage(world, bea, archive.path)
    assert (staged.archive.tie, staged.archive.proven) == ("alias", True)
    await confirm(world, bea, staged)
    assert await world.db.connection.fetchval("select proven from imported_statuses") is True
    changed = {**archive.files, "outbox.json": archive.files["outbox.json"].replace(b"Mine", b"Hers")}
    forged = await stage(world, bea, zipped(tmp_path / "forged.zip", changed))
    assert (forged.archive.signature, forged.archive.proven) == ("invalid", False)
    assert "outbox.json" in forged.archive.signature_problem


async def test_a_key_that_its_server_does_not_confirm_proves_nothing(world: World, tmp_path: Path) -> None:
    from rostra.archive.import_inspect import confirm_key
    from rostra.archive.import_records import Source

    source = Source(handle="@ada@far.invalid", actor="https://far.invalid/users/ada", signature="valid",
                    signed_by="far.invalid", key="far.invalid/ledger+00000000+AAAA", tie="alias")  # fmt: skip
    asked = await confirm_key(world.res.http, source, own_domain="localhost:3000", own_key="x")
    assert not asked.key_confirmed
    assert not asked.proven


async def test_of_archives_that_wait_only_the_last_is_kept(world: World, ada: Person, tmp_path: Path) -> None:
    first = await stage(world, ada, zipped(tmp_path / "a.zip", files_of(note(1))))
    last = await stage(world, ada, zipped(tmp_path / "b.zip", files_of(note(2))))
    folder = import_archive.folder_of(world.res.settings.data_dir)
    assert [path.name for path in folder.iterdir()] == [last.stored_as]
    with pytest.raises(NotFound):
        await get_import(world.db, ada.account_id, first.id)


async def test_what_nobody_wants_any_more_is_swept_up(world: World, ada: Person, tmp_path: Path) -> None:
    folder = import_archive.folder_of(world.res.settings.data_dir)
    # Files have the time of the machine.
    world.at(datetime.now(UTC))
    staged = await stage(world, ada, zipped(tmp_path / "a.zip", files_of(note(1))))
    stray = folder / "stray.archive"
    stray.write_bytes(b"x")
    world.at(datetime.now(UTC) + timedelta(days=2))
    await sweep_imports(world.db, world.clock, folder)
    assert [path.name for path in folder.iterdir()] == [staged.stored_as]
    world.at(datetime.now(UTC) + timedelta(days=9))
    await sweep_imports(world.db, world.clock, folder)
    assert list(folder.iterdir()) == []
    with pytest.raises(NotFound):
        await get_import(world.db, ada.account_id, staged.id)
