"""Filters over HTTP, and what they do to the home timeline."""

from __future__ import annotations

import re
from typing import Any

import pytest

from rostra.filters.match import fold
from tests.world import Person, World

FILTER = {"id", "title", "context", "expires_at", "filter_action", "keywords", "statuses"}


async def make(person: Person, *words: str | dict[str, Any], **more: Any) -> dict[str, Any]:
    keywords = [{"keyword": word} if isinstance(word, str) else word for word in words]
    form = {"title": "spoilers", "context": ["home"], "keywords_attributes": keywords, **more}
    return (await person.api.post("/api/v2/filters", form)).json()


async def revision(person: Person) -> int:
    statement = "select filters_revision from users where account_id = $1"
    return await person.world.db.connection.fetchval(statement, person.account_id)


async def home(person: Person) -> dict[str, list[dict[str, Any]]]:
    """What is in the home timeline: text to what it was filtered for."""
    await person.world.settle()
    shown = (await person.api.get("/api/v1/timelines/home?limit=40")).json()
    return {status["content"].removeprefix("<p>").removesuffix("</p>"): status["filtered"] for status in shown}


async def test_a_filter_is_made_shown_changed_and_deleted(world: World) -> None:
    alice = await world.person("alice")
    made = await make(alice, "dragon", {"keyword": "wall", "whole_word": False}, expires_in=3600)
    assert set(made) == FILTER
    assert (made["title"], made["context"], made["filter_action"]) == ("spoilers", ["home"], "warn")
    assert made["expires_at"] == "2026-05-04T13:00:00.000Z"
    assert [(word["keyword"], word["whole_word"]) for word in made["keywords"]] == [("dragon", True), ("wall", False)]
    assert made["statuses"] == []
    path = f"/api/v2/filters/{made['id']}"
    assert (await alice.api.get(path)).json() == made
    assert (await alice.api.get("/api/v2/filters")).json() == [made]
    changed = (await alice.api.put(path, {"filter_action": "hide", "context": ["public", "home", "public"]})).json()
    assert (changed["filter_action"], changed["context"], changed["title"]) == ("hide", ["public", "home"], "spoilers")
    assert (changed["expires_at"], changed["keywords"]) == (made["expires_at"], made["keywords"])
    assert (await alice.api.delete(path)).json() == {}
    await alice.api.get(path, expect=404)
    assert (await alice.api.get("/api/v2/filters")).json() == []


async def test_keywords_are_added_changed_and_removed_with_their_filter(world: World) -> None:
    alice = await world.person("alice")
    made = await make(alice, "one", "two", "three")
    one, two, three = (word["id"] for word in made["keywords"])
    changes = [
        {"id": one, "keyword": "ONE"}, {"id": two, "_destroy": "true"}, {"id": three, "whole_word": "false"},
        {"keyword": "four", "whole_word": "0"},
    ]  # fmt: skip
    changed = (await alice.api.put(f"/api/v2/filters/{made['id']}", {"keywords_attributes": changes})).json()
    shown = [(word["keyword"], word["whole_word"]) for word in changed["keywords"]]
    assert shown == [("ONE", True), ("three", False), ("four", False)]
    for wrong in ({"id": two, "keyword": "x"}, {"id": two, "_destroy": True}):
        answer = await alice.api.put(
            f"/api/v2/filters/{made['id']}", {"keywords_attributes": [wrong], "title": "other"}, expect=404
        )
        assert answer.json() == {"error": "Record not found"}
    assert (await alice.api.get(f"/api/v2/filters/{made['id']}")).json() == changed


FLAT = [
    ("title", "spoilers"), ("context[]", "home"), ("context[]", "thread"), ("filter_action", "blur"),
    ("expires_in", "60"), ("keywords_attributes[][keyword]", "dragon"), ("keywords_attributes[][whole_word]", "false"),
    ("keywords_attributes[][keyword]", "wall"),
]  # fmt: skip
INDEXED = [
    ("title", "spoilers"), ("context[0]", "home"), ("context[1]", "thread"), ("filter_action", "blur"),
    ("expires_in", "60"), ("keywords_attributes[0][keyword]", "dragon"),
    ("keywords_attributes[0][whole_word]", "false"), ("keywords_attributes[1][keyword]", "wall"),
]  # fmt: skip
TREE = {
    "title": "spoilers", "context": ["home", "thread"], "filter_action": "blur", "expires_in": 60,
    "keywords_attributes": [{"keyword": "dragon", "whole_word": False}, {"keyword": "wall"}],
}  # fmt: skip


@pytest.mark.parametrize(
    "more",
    [
        {"json": TREE},
        {"files": [(name, (None, value)) for name, value in INDEXED]},
        {"files": [(name, (None, value)) for name, value in FLAT]},
    ],
    ids=["json", "multipart-indexed", "multipart"],
)
async def test_a_filter_may_come_in_every_form(world: World, more: dict[str, Any]) -> None:
    alice = await world.person("alice")
    made = (await alice.api.request("POST", "/api/v2/filters", **more)).json()
    assert (made["context"], made["filter_action"]) == (["home", "thread"], "blur")
    assert made["expires_at"] == "2026-05-04T12:01:00.000Z"
    assert [(word["keyword"], word["whole_word"]) for word in made["keywords"]] == [("dragon", False), ("wall", True)]


@pytest.mark.parametrize("place", ["body", "query"])
async def test_a_filter_may_come_urlencoded(world: World, place: str) -> None:
    alice = await world.person("alice")
    # Built by hand: the order of the names says which belong together.
    flat = "&".join(f"{name}={value}" for name, value in FLAT)
    made = await alice.api.request(
        "POST",
        "/api/v2/filters" if place == "body" else f"/api/v2/filters?{flat}",
        content=flat if place == "body" else "",
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    words = [(word["keyword"], word["whole_word"]) for word in made.json()["keywords"]]
    assert words == [("dragon", False), ("wall", True)]


@pytest.mark.parametrize("never", ["", None])
async def test_an_expiry_is_taken_away_by_the_empty_text_and_by_null(world: World, never: str | None) -> None:
    alice = await world.person("alice")
    made = await make(alice, "x", expires_in="3600")
    path = f"/api/v2/filters/{made['id']}"
    assert (await alice.api.put(path, {"title": "y"})).json()["expires_at"] == made["expires_at"]
    assert (await alice.api.put(path, {"expires_in": never})).json()["expires_at"] is None


async def test_what_is_wrong_with_a_filter_is_named(world: World) -> None:
    alice = await world.person("alice")
    good = {"title": "x", "context": ["home"]}
    for wrong, field in (
        ({"title": " "}, "title"), ({"title": "x" * 257}, "title"), ({"context": []}, "context"),
        ({"context": ["everywhere"]}, "context"), ({"filter_action": "delete"}, "filter_action"),
        ({"expires_in": "soon"}, "expires_in"), ({"expires_in": -5}, "expires_in"),
        ({"expires_in": 9_999_999_999}, "expires_in"), ({"keywords_attributes": [{"keyword": " "}]}, "keyword"),
        ({"keywords_attributes": [{"keyword": "x" * 513}]}, "keyword"), ({"keywords_attributes": [{}]}, "keyword"),
        ({"keywords_attributes": [{"keyword": "x"}] * 501}, "keywords"),
    ):  # fmt: skip
        answer = (await alice.api.post("/api/v2/filters", {**good, **wrong}, expect=422)).json()
        assert field in answer["details"], (wrong, answer)
    for missing in good:
        await alice.api.post("/api/v2/filters", {k: v for k, v in good.items() if k != missing}, expect=400)
    assert (await alice.api.get("/api/v2/filters")).json() == []
    assert await revision(alice) == 0


async def test_every_change_gives_a_new_revision_and_the_last_filter_takes_it_along(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    post = await bob.post("x")
    seen = [await revision(alice)]
    assert seen == [0]
    made = await make(alice, "a")
    seen.append(await revision(alice))
    path = f"/api/v2/filters/{made['id']}"
    word = (await alice.api.post(f"{path}/keywords", {"keyword": "b"})).json()
    seen.append(await revision(alice))
    row = (await alice.api.post(f"{path}/statuses", {"status_id": post["id"]})).json()
    seen.append(await revision(alice))
    for call in (
        alice.api.put(f"/api/v2/filters/keywords/{word['id']}", {"keyword": "c"}),
        alice.api.delete(f"/api/v2/filters/keywords/{word['id']}"),
        alice.api.delete(f"/api/v2/filters/statuses/{row['id']}"),
        alice.api.put(path, {"title": "z"}),
    ):
        await call
        seen.append(await revision(alice))
    assert len(set(seen)) == len(seen)
    await alice.api.delete(path)
    assert await revision(alice) == 0
    assert await revision(bob) == 0
    jobs = "select count(*) from pgqueuer where entrypoint = 'live.filters'"
    assert await world.db.connection.fetchval(jobs) == 8


async def test_keywords_and_statuses_have_addresses_of_their_own(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    post, hidden = await bob.post("x"), await bob.post("y", visibility="private")
    path = f"/api/v2/filters/{(await make(alice, 'a'))['id']}"
    word = (await alice.api.post(f"{path}/keywords", {"keyword": "b", "whole_word": "false"})).json()
    assert word == {"id": word["id"], "keyword": "b", "whole_word": False}
    assert (await alice.api.get(f"/api/v2/filters/keywords/{word['id']}")).json() == word
    changed = (await alice.api.patch(f"/api/v2/filters/keywords/{word['id']}", {"whole_word": True})).json()
    assert changed == {**word, "whole_word": True}
    assert [one["keyword"] for one in (await alice.api.get(f"{path}/keywords")).json()] == ["a", "b"]
    row = (await alice.api.post(f"{path}/statuses", {"status_id": post["id"]})).json()
    assert row == {"id": row["id"], "status_id": post["id"]}
    assert (await alice.api.post(f"{path}/statuses", {"status_id": post["id"]})).json() == row
    assert (await alice.api.get(f"{path}/statuses")).json() == [row]
    assert (await alice.api.get(f"/api/v2/filters/statuses/{row['id']}")).json() == row
    for status_id in (hidden["id"], "99"):
        await alice.api.post(f"{path}/statuses", {"status_id": status_id}, expect=404)
    for url in (f"/api/v2/filters/keywords/{word['id']}", f"/api/v2/filters/statuses/{row['id']}"):
        assert (await alice.api.delete(url)).json() == {}
        await alice.api.get(url, expect=404)
        await alice.api.delete(url, expect=404)
    assert len((await alice.api.get(path)).json()["keywords"]) == 1


async def test_filters_of_others_are_not_there(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    post = await alice.post("x")
    made = await make(alice, "a")
    row = (await alice.api.post(f"/api/v2/filters/{made['id']}/statuses", {"status_id": post["id"]})).json()
    word = made["keywords"][0]["id"]
    paths = {
        f"/api/v2/filters/{made['id']}": ("GET", "PUT", "DELETE"),
        f"/api/v2/filters/{made['id']}/keywords": ("GET", "POST"),
        f"/api/v2/filters/{made['id']}/statuses": ("GET", "POST"),
        f"/api/v2/filters/keywords/{word}": ("GET", "PUT", "DELETE"),
        f"/api/v2/filters/statuses/{row['id']}": ("GET", "DELETE"),
        f"/api/v1/filters/{word}": ("GET", "PUT", "DELETE"),
    }
    for path, methods in paths.items():
        for method in methods:
            form = {"title": "b", "keyword": "b", "status_id": post["id"], "phrase": "b", "context": ["home"]}
            await bob.api.request(method, path, json=form, expect=404)
    assert (await alice.api.get(f"/api/v2/filters/{made['id']}")).json()["title"] == "spoilers"
    assert await revision(bob) == 0


async def test_warned_posts_are_marked_and_hidden_ones_left_out(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await alice.follow(bob)
    for text in ("the dragon dies", "nothing to see", "at the wall"):
        await bob.post(text)
    warned = await make(alice, "dragon", filter_action="warn")
    await make(alice, "wall", filter_action="hide")
    await make(alice, "nothing", context=["public", "notifications"], filter_action="hide")
    shown = await home(alice)
    assert list(shown) == ["nothing to see", "the dragon dies"]
    assert shown["nothing to see"] == []
    summary = {key: warned[key] for key in ("id", "title", "context", "expires_at", "filter_action")}
    assert shown["the dragon dies"] == [{"filter": summary, "keyword_matches": ["dragon"], "status_matches": None}]
    assert list(await home(bob)) == ["at the wall", "nothing to see", "the dragon dies"]


async def test_a_hidden_post_is_marked_where_it_is_asked_for_by_itself(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    post = await bob.post("the dragon dies")
    await make(alice, "dragon", filter_action="hide", context=["home", "public", "thread"])
    shown = (await alice.api.get(f"/api/v1/statuses/{post['id']}")).json()
    assert [one["filter"]["filter_action"] for one in shown["filtered"]] == ["hide"]
    assert (await bob.api.get(f"/api/v1/statuses/{post['id']}")).json()["filtered"] == []


@pytest.mark.parametrize(
    ("keyword", "whole_word", "text", "matches"),
    [
        ("cat", True, "a Cat sat", ["Cat"]),
        ("cat", True, "concatenate", None),
        ("cat", False, "concatenate", ["cat"]),
        ("cat", True, "cats", None),
        ("cat", True, "(cat)", ["cat"]),
        ("#cat", True, "see #cat", ["#cat"]),
        ("#cat", True, "see #cats", None),
        ("c++", True, "I like C++!", ["C++"]),
        ("c++", True, "abc++", None),
        ("città", True, "la CITTÀ eterna", ["CITTÀ"]),
        ("猫", False, "黒猫です", ["猫"]),
        ("a.b", False, "axb", None),
        ("two words", True, "Two words here", ["Two words"]),
        ("<b>", False, "a <b> c", ["<b>"]),
        ("R&D", True, "our R&D team", ["R&D"]),
        ("h-card", False, "@bob hello", None),
    ],
)
async def test_words_match_as_people_mean_them(
    world: World, keyword: str, whole_word: bool, text: str, matches: list[str] | None
) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    post = await bob.post(text)
    await make(alice, {"keyword": keyword, "whole_word": whole_word})
    filtered = (await alice.api.get(f"/api/v1/statuses/{post['id']}")).json()["filtered"]
    assert [one["keyword_matches"] for one in filtered] == ([matches] if matches else [])


async def test_several_keywords_and_filters_match_together(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    post = await bob.post("the dragon at the wall", spoiler_text="Finale")
    first = await make(alice, "wall", "finale", "absent")
    second = await make(alice, "dragon")
    await make(alice, "nothing")
    await alice.api.post(f"/api/v2/filters/{second['id']}/statuses", {"status_id": post["id"]})
    filtered = (await alice.api.get(f"/api/v1/statuses/{post['id']}")).json()["filtered"]
    assert [(one["filter"]["id"], one["keyword_matches"], one["status_matches"]) for one in filtered] == [
        (first["id"], ["Finale", "wall"], None),
        (second["id"], ["dragon"], [post["id"]]),
    ]


async def test_poll_options_are_read_too(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    post = await bob.post("which?", poll={"options": ["the dragon", "the wall"], "expires_in": 3600})
    await make(alice, "dragon")
    assert (await alice.api.get(f"/api/v1/statuses/{post['id']}")).json()["filtered"] != []


async def test_a_filter_that_has_run_out_does_nothing_and_is_still_listed(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await alice.follow(bob)
    await bob.post("dragon")
    made = await make(alice, "dragon", filter_action="hide", expires_in=60)
    assert await home(alice) == {}
    world.clock.tick(seconds=60)
    assert await home(alice) == {"dragon": []}
    assert [one["id"] for one in (await alice.api.get("/api/v2/filters")).json()] == [made["id"]]


async def test_nobodys_filters_hide_their_own_posts(world: World) -> None:
    alice = await world.person("alice")
    await alice.post("dragon")
    await make(alice, "dragon", filter_action="hide")
    assert await home(alice) == {"dragon": []}


async def test_a_changed_filter_counts_at_once(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await alice.follow(bob)
    await bob.post("dragon")
    made = await make(alice, "dragon", filter_action="hide")
    assert await home(alice) == {}
    await alice.api.put(f"/api/v2/filters/keywords/{made['keywords'][0]['id']}", {"keyword": "wall"})
    assert await home(alice) == {"dragon": []}
    await alice.api.post(f"/api/v2/filters/{made['id']}/keywords", {"keyword": "dragon"})
    assert await home(alice) == {}
    await alice.api.delete(f"/api/v2/filters/{made['id']}")
    assert await home(alice) == {"dragon": []}


async def test_old_apps_see_each_keyword_as_a_filter(world: World) -> None:
    alice = await world.person("alice")
    made = await make(alice, "one", {"keyword": "two", "whole_word": False}, filter_action="hide", expires_in=60)
    answer = await alice.api.get("/api/v1/filters")
    assert answer.headers["deprecation"] == "@1668384000"
    common = {"context": ["home"], "expires_at": "2026-05-04T12:01:00.000Z", "irreversible": True}
    ids = [word["id"] for word in made["keywords"]]
    assert answer.json() == [
        {"id": ids[0], "phrase": "one", "whole_word": True, **common},
        {"id": ids[1], "phrase": "two", "whole_word": False, **common},
    ]
    assert (await alice.api.get(f"/api/v1/filters/{ids[1]}")).json() == answer.json()[1]
    renamed = (await alice.api.put(f"/api/v1/filters/{ids[1]}", {"phrase": "2", "context": ["home"]})).json()
    assert (renamed["phrase"], renamed["whole_word"]) == ("2", False)
    for change in ({"context": ["public"]}, {"irreversible": False}, {"expires_in": 5}):
        await alice.api.put(f"/api/v1/filters/{ids[1]}", {"phrase": "2", **change}, expect=422)
    assert (await alice.api.delete(f"/api/v1/filters/{ids[0]}")).json() == {}
    assert [one["keyword"] for one in (await alice.api.get("/api/v2/filters")).json()[0]["keywords"]] == ["2"]
    await alice.api.delete(f"/api/v1/filters/{ids[1]}")
    assert (await alice.api.get("/api/v2/filters")).json() == []


async def test_what_old_apps_make_is_a_whole_filter(world: World) -> None:
    alice = await world.person("alice")
    form = {"phrase": "dragon", "context[]": ["home", "public"], "irreversible": "true", "whole_word": "false"}
    made = (await alice.api.request("POST", "/api/v1/filters", data=form)).json()
    assert made == {
        "id": made["id"], "phrase": "dragon", "context": ["home", "public"], "whole_word": False,
        "expires_at": None, "irreversible": True,
    }  # fmt: skip
    whole = (await alice.api.get("/api/v2/filters")).json()[0]
    assert (whole["title"], whole["filter_action"]) == ("dragon", "hide")
    change = {"phrase": "wall", "context": ["home"], "irreversible": False, "expires_in": 60}
    changed = (await alice.api.put(f"/api/v1/filters/{made['id']}", change)).json()
    assert (changed["phrase"], changed["irreversible"], changed["context"]) == ("wall", False, ["home"])
    assert changed["expires_at"] == "2026-05-04T12:01:00.000Z"
    whole = (await alice.api.get("/api/v2/filters")).json()[0]
    assert (whole["title"], whole["filter_action"]) == ("wall", "warn")
    for wrong in ({"phrase": "x", "context": []}, {"phrase": " ", "context": ["home"]}):
        await alice.api.post("/api/v1/filters", wrong, expect=422)
    await alice.api.post("/api/v1/filters", {"context": ["home"]}, expect=400)


async def test_the_list_of_filters_takes_the_same_statements_for_one_and_for_forty(world: World) -> None:
    alice = await world.person("alice")
    costs, made = list[int](), 0
    for total in (1, 40):
        while made < total:
            await make(alice, f"word {made}")
            made += 1
        await alice.api.get("/api/v2/filters")
        costs.append(len(await world.statements(lambda: alice.api.get("/api/v2/filters"))))
    assert costs[0] == costs[1] <= 2


async def test_there_is_an_end_to_the_number_of_filters(world: World) -> None:
    alice = await world.person("alice")
    await world.db.connection.execute(
        "insert into filters (id, account_id, title, context, created_at)"
        " select make_id($1), $2, 'x', '{home}', $1 from generate_series(1, 200)",
        world.clock.now(), alice.account_id,
    )  # fmt: skip
    answer = await alice.api.post("/api/v2/filters", {"title": "x", "context": ["home"]}, expect=422)
    assert "200 filters" in answer.json()["error"]


async def test_filters_need_their_scopes(world: World) -> None:
    reader, writer = await world.person("reader", scopes="read:filters"), await world.person("writer", scopes="write")
    await reader.api.get("/api/v2/filters")
    await reader.api.post("/api/v2/filters", {"title": "x", "context": ["home"]}, expect=403)
    await writer.api.get("/api/v2/filters", expect=403)
    await writer.api.get("/api/v1/filters", expect=403)
    await world.anyone.get("/api/v2/filters", expect=401)


@pytest.mark.parametrize("back", [False, True])
async def test_a_page_that_a_filter_hides_whole_is_not_taken_for_the_end(world: World, back: bool) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await make(alice, "dragon", filter_action="hide", context=["home", "public", "account"])
    first = await bob.post("first of all")
    for number in range(7):
        await bob.post(f"dragon {number}")
    last = await bob.post("last of all")
    place = f"min_id={first['id']}" if back else f"max_id={last['id']}"
    for path in ("/api/v1/timelines/public", f"/api/v1/accounts/{bob.account_id}/statuses"):
        answer = await alice.api.get(f"{path}?limit=3&{place}")
        assert [status["id"] for status in answer.json()] == [last["id"] if back else first["id"]]
        # Going on from there in the same direction leads to the end, and not through the same again.
        relation = 'rel="prev"' if back else 'rel="next"'
        for link in answer.headers["link"].split(", "):
            following = link.partition(">")[0].removeprefix("<http://localhost:3000")
            assert relation not in link or (await alice.api.get(following)).json() == []


async def test_looking_past_hidden_posts_comes_to_an_end(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await make(alice, "dragon", filter_action="hide", context=["public"])
    await bob.post("first of all")
    for number in range(12):
        await bob.post(f"dragon {number}")
    answer = await alice.api.get("/api/v1/timelines/public?limit=1")
    assert answer.json() == []
    assert 'rel="next"' in answer.headers["link"]


@pytest.mark.parametrize("back", [False, True])
async def test_hidden_notifications_are_not_taken_for_the_end(world: World, back: bool) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    await make(alice, "dragon", filter_action="hide", context=["notifications"])
    await bob.post("@alice first of all")
    for number in range(4):
        await bob.post(f"@alice dragon {number}")
    await bob.post("@alice last of all")
    await world.settle()
    ids = [int(one["id"]) for one in (await alice.api.get("/api/v1/notifications")).json()]
    place = f"min_id={min(ids)}" if back else f"max_id={max(ids)}"
    shown = (await alice.api.get(f"/api/v1/notifications?limit=2&{place}")).json()
    assert [int(one["id"]) for one in shown] == [max(ids) if back else min(ids)]


async def test_what_one_person_has_filtered_is_not_more_than_a_server_can_read_for_them(world: World) -> None:
    alice = await world.person("alice")

    async def refused(words: list[str]) -> str:
        form = {"title": "x", "context": ["home"], "keywords_attributes": [{"keyword": word} for word in words]}
        return (await alice.api.post("/api/v2/filters", form, expect=422)).json()["error"]

    long = ["a" * 512] * 39
    first = await make(alice, *long)
    assert "too long" in await refused(["b" * 40])
    keyword = first["keywords"][0]["id"]
    await alice.api.post(f"/api/v2/filters/{first['id']}/keywords", {"keyword": "b" * 40}, expect=422)
    await alice.api.put(f"/api/v2/filters/keywords/{keyword}", {"keyword": "short"})
    await alice.api.post(f"/api/v2/filters/{first['id']}/keywords", {"keyword": "b" * 40})
    await alice.api.put(f"/api/v2/filters/keywords/{keyword}", {"keyword": "b" * 512}, expect=422)
    await alice.api.delete(f"/api/v2/filters/{first['id']}")
    for _ in range(2):
        await make(alice, *(["word"] * 500))
    assert "1000" in await refused(["one more"])
    assert len((await alice.api.get("/api/v2/filters")).json()) == 2


def test_no_keyword_is_left_out_that_a_pattern_would_find() -> None:
    changing = [c for c in map(chr, range(0x110000)) if c.lower() != c or c.upper() != c or c.casefold() != c]
    assert len(changing) > 2_000
    by_fold: dict[str, list[str]] = {}
    for character in changing:
        by_fold.setdefault(fold(character), []).append(character)
    everything = "".join(changing)
    for character in changing:
        found = re.findall(re.escape(character), everything, re.IGNORECASE)
        assert set(found) <= set(by_fold[fold(character)]), character
