"""Authors are told what was decided, once, by nobody's name, and not of what was undone at once."""

from __future__ import annotations

from typing import Any

from rostra.moderation.decisions.reverse import reverse
from rostra.moderation.decisions.tell import MOST_LETTERS, tell_author
from rostra.moderation.records import Wish
from tests.appeals.court import later, letters, people, removed, told
from tests.moderation.desk import act, drafted, reviewer
from tests.world import Person, World


async def warnings(person: Person) -> list[dict[str, Any]]:
    answer = await person.api.get("/api/v1/notifications", {"types[]": "moderation_warning"})
    return answer.json()


async def test_the_author_is_told_by_a_letter_and_in_every_app_and_no_moderator_is_named(world: World) -> None:
    ada, mod = await people(world, "ada", "moderata")
    post, made = await removed(world, ada, mod, facts="Names a carrot.")
    (notification,) = await warnings(ada)
    assert notification["account"]["id"] == ada.id
    warning = notification["moderation_warning"]
    assert (warning["id"], warning["action"], warning["status_ids"]) == (str(made), "delete_statuses", [post])
    assert warning["target_account"]["id"] == ada.id
    assert warning["appeal"] is None
    (letter,) = letters(world)
    for words in (
        "Names a carrot.",
        f"/settings/decisions/{made}",
        "You can appeal",
        "go to court",
        "removed your post",
    ):
        assert words in letter
    assert "moderata" not in letter + str(notification)
    notified = await world.db.connection.fetchval("select notified_at from statements where decision_id = $1", made)
    assert notified == world.clock.now()


async def test_nothing_is_told_within_half_a_minute_nor_of_what_was_undone_by_then(world: World) -> None:
    ada, mod = await people(world, "ada", "mod")
    posted = await ada.post("A carrot")
    made = await act(world, "status", posted["id"], drafted("violates", clause="words"), mod)
    assert letters(world) == []
    await reverse(world.res.desk, reviewer(mod), made, "undo")
    await told(world)
    assert letters(world) == []
    assert await warnings(ada) == []


async def test_what_runs_twice_tells_once(world: World) -> None:
    ada, mod = await people(world, "ada", "mod")
    _, made = await removed(world, ada, mod)
    await tell_author(world.res.desk, made)
    await world.settle()
    assert len(letters(world)) == len(await warnings(ada)) == 1


async def test_who_was_told_hears_that_it_was_taken_back(world: World) -> None:
    ada, mod = await people(world, "ada", "mod")
    _, made = await removed(world, ada, mod)
    later(world, days=1)
    await reverse(world.res.desk, None, made, "review")
    await world.settle()
    (notification,) = await warnings(ada)
    assert notification["moderation_warning"]["action"] == "none"
    assert "taken back" in notification["moderation_warning"]["text"]
    assert len(letters(world)) == 2
    assert "have taken it back" in letters(world)[1].replace("\n", " ")


async def test_hundreds_of_posts_are_not_hundreds_of_letters_and_apps_tell_of_all(world: World) -> None:
    ada, mod = await people(world, "ada", "mod")
    for number in range(MOST_LETTERS + 2):
        posted = await ada.post(f"A carrot and {number}")
        await act(world, "status", posted["id"], drafted("violates", clause="words"), mod)
    await told(world)
    assert len(letters(world)) == MOST_LETTERS
    assert len(await warnings(ada)) == MOST_LETTERS + 2
    wish = Wish(kind="freeze", on="account")
    await act(world, "account", ada.id, drafted("violates", wish, clause="words", revision=None), mod)
    await told(world)
    assert len(letters(world)) == MOST_LETTERS + 1


async def test_the_letter_is_in_the_authors_language(world: World) -> None:
    ada, mod = await people(world, "ada", "mod")
    await world.db.connection.execute("update users set locale = 'it' where account_id = $1", ada.account_id)
    await removed(world, ada, mod)
    assert "Puoi fare ricorso" in letters(world)[0]


async def test_a_warning_and_a_freeze_have_mastodons_words(world: World) -> None:
    ada, mod = await people(world, "ada", "mod")
    for kind in ("warn", "limit", "sensitive", "freeze"):
        wish = Wish(kind=kind, on="account")
        await act(world, "account", ada.id, drafted("violates", wish, clause="words", revision=None), mod)
        await told(world)
    actions = [one["moderation_warning"]["action"] for one in await warnings(ada)]
    assert actions == ["disable", "sensitive", "silence", "none"]


async def test_a_list_of_warnings_takes_as_many_statements_as_one(world: World) -> None:
    ada, mod = await people(world, "ada", "mod")

    async def listed() -> int:
        return len(await world.statements(lambda: ada.api.get("/api/v1/notifications")))

    await removed(world, ada, mod)
    one = await listed()
    for number in range(5):
        await removed(world, ada, mod, f"A carrot and {number}")
    assert await listed() == one
