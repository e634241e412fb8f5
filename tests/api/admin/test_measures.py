"""Numbers for administrators, from rows: by day, as rankings, and as cohorts."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from rostra.instance.measures import forget_activity, spell_bytes
from tests.conftest import NOON
from tests.world import Person, World

MEASURES = "/api/v1/admin/measures"
DIMENSIONS = "/api/v1/admin/dimensions"
RETENTION = "/api/v1/admin/retention"
TODAY = NOON.date()
EVERYTHING = [
    "active_users", "new_users", "interactions", "opened_reports", "resolved_reports", "tag_accounts", "tag_uses",
    "tag_servers", "instance_accounts", "instance_media_attachments", "instance_reports", "instance_statuses",
    "instance_follows", "instance_followers",
]  # fmt: skip
RANKINGS = [
    "languages", "sources", "servers", "space_usage", "software_versions", "tag_servers", "tag_languages",
    "instance_accounts", "instance_languages",
]  # fmt: skip


async def measured(by: Person, key: str, days: int = 3, **more: Any) -> tuple[int, int | None, list[int]]:
    form = {"keys": [key], "start_at": str(TODAY - timedelta(days=days - 1)), "end_at": str(TODAY), **more}
    [found] = (await by.api.post(MEASURES, form)).json()
    previous = found.get("previous_total")
    values = [int(day["value"]) for day in found["data"]]
    return int(found["total"]), None if previous is None else int(previous), values


async def ranked(by: Person, key: str, **more: Any) -> dict[str, str]:
    form = {"keys": [key], "start_at": str(TODAY - timedelta(days=9)), "end_at": str(TODAY), **more}
    [found] = (await by.api.post(DIMENSIONS, form)).json()
    return {row["key"]: row["value"] for row in found["data"]}


def at(days_ago: int) -> datetime:
    return NOON - timedelta(days=days_ago)


async def came(world: World, name: str, days_ago: int) -> Person:
    """Somebody who signed up then."""
    world.at(at(days_ago))
    person = await world.person(name)
    world.at(NOON)
    return person


async def was_here(world: World, person: Person, *days_ago: int) -> None:
    """As a request on that day notes it."""
    for ago in sorted(days_ago, reverse=True):
        await world.db.connection.execute(
            "update users set last_active_on = $2 where account_id = $1", person.account_id, at(ago).date()
        )


async def test_who_was_here_is_counted_once_a_day_and_once_in_all(world: World, moderator: Person) -> None:
    anna, bert = await came(world, "anna", 20), await came(world, "bert", 20)
    await was_here(world, anna, 5, 4, 2, 1)
    await was_here(world, bert, 4, 1)
    # Both days count, the first and the last.
    await was_here(world, moderator, 0)
    assert await measured(moderator, "active_users") == (3, 2, [1, 2, 1])
    assert await measured(moderator, "active_users", days=1) == (1, 2, [1])


async def test_a_request_notes_that_somebody_was_here(world: World) -> None:
    anna = await world.person("anna")
    for moment in (NOON, NOON + timedelta(hours=1), NOON + timedelta(days=1)):
        world.at(moment)
        await world.db.connection.execute("update access_tokens set last_used_on = null")
        await anna.api.get("/api/v1/accounts/verify_credentials")
    rows = await world.db.connection.fetch("select day from activity_days order by day")
    assert [row["day"] for row in rows] == [TODAY, TODAY + timedelta(days=1)]


async def test_newcomers_are_counted_by_the_day_on_which_they_came(world: World, moderator: Person) -> None:
    for name, ago in (("anna", 4), ("bert", 2), ("carl", 1), ("dora", 1)):
        await came(world, name, ago)
    assert await measured(moderator, "new_users") == (4, 1, [1, 2, 1])


async def test_what_others_do_with_posts_of_people_here_is_counted(world: World, moderator: Person) -> None:
    anna, bert = await world.person("anna"), await world.person("bert")
    post = await anna.post("Hello")
    await bert.api.post(f"/api/v1/statuses/{post['id']}/favourite")
    await bert.api.post(f"/api/v1/statuses/{post['id']}/reblog")
    await bert.post("Hi", in_reply_to_id=post["id"])
    await anna.post("And more", in_reply_to_id=post["id"])
    assert await measured(moderator, "interactions") == (3, 0, [0, 0, 3])


async def test_reports_are_counted_when_they_come_and_when_they_are_dealt_with(world: World, moderator: Person) -> None:
    anna, bert = await world.person("anna"), await world.person("bert")
    for _ in range(2):
        await bert.api.post("/api/v1/reports", {"account_id": anna.id})
    assert await measured(moderator, "opened_reports") == (2, 0, [0, 0, 2])
    await world.db.connection.execute("update reports set action_taken_at = $1", at(1))
    assert await measured(moderator, "resolved_reports") == (2, 0, [0, 2, 0])


async def test_a_hashtag_is_measured(world: World, moderator: Person) -> None:
    anna, bert = await world.person("anna"), await world.person("bert")
    for person in (anna, anna, bert):
        await person.post("#cats", language="it")
    tag_id = str(await world.db.connection.fetchval("select id from tags"))
    assert await measured(moderator, "tag_accounts", tag_accounts={"id": tag_id}) == (2, 0, [0, 0, 2])
    assert await measured(moderator, "tag_uses", tag_uses={"id": tag_id}) == (3, 0, [0, 0, 3])
    assert await measured(moderator, "tag_servers", tag_servers={"id": tag_id}) == (0, 0, [0, 0, 0])
    assert await ranked(moderator, "tag_languages", tag_languages={"id": tag_id}) == {"it": "3"}
    assert await ranked(moderator, "tag_servers", tag_servers={"id": tag_id}) == {"localhost:3000": "3"}


async def test_another_server_is_measured(world: World, moderator: Person) -> None:
    anna = await world.person("anna")
    run = world.db.connection.execute
    for number in range(3):
        await run(
            "insert into accounts (id, username, domain, uri, url, created_at, updated_at)"
            " values ($1, $2, 'else.example', $2, '', $3, $3)", number + 1, f"r{number}", at(number),
        )  # fmt: skip
        await run(
            "insert into account_stats (account_id, statuses_count, followers_count) values ($1, 2, $1)", number + 1
        )
    await run("insert into follows (id, account_id, target_id, created_at) values (make_id($1), $2, 1, $1),"
              " (make_id($1), 1, $2, $1), (make_id($1), 2, $2, $1)", NOON, anna.account_id)  # fmt: skip
    await run(
        "insert into media_attachments (id, account_id, type, content_type, original_key, preview_key, size_bytes,"
        " meta, created_at) values (make_id($1), 1, 'image', '', '', '', 2048, '{}', $1)", NOON,
    )  # fmt: skip

    async def of(key: str) -> tuple[int, int | None, list[int]]:
        return await measured(moderator, key, **{key: {"domain": "Else.example"}})

    assert await of("instance_accounts") == (3, None, [1, 1, 1])
    assert (await of("instance_statuses"))[0] == 6
    assert await of("instance_follows") == (1, None, [0, 0, 1])
    assert await of("instance_followers") == (2, None, [0, 0, 2])
    assert await of("instance_media_attachments") == (2048, None, [0, 0, 2048])
    assert (await of("instance_reports"))[0] == 0
    top = await ranked(moderator, "instance_accounts", instance_accounts={"domain": "else.example"}, limit=2)
    assert top == {"r2": "3", "r1": "2"}


async def test_rankings_say_where_people_come_from_and_what_they_speak(world: World, moderator: Person) -> None:
    anna, bert = await came(world, "anna", 2), await world.person("bert")
    await was_here(world, anna, 0)
    await was_here(world, bert, 0)
    await world.db.connection.execute("update users set locale = 'it' where account_id = $1", anna.account_id)
    await anna.post("Ciao")
    assert await ranked(moderator, "languages") == {"en": "1", "it": "1"}
    assert await ranked(moderator, "servers") == {"localhost:3000": "1"}
    assert await ranked(moderator, "sources") == {"web": "3"}
    assert set(await ranked(moderator, "space_usage")) == {"postgresql", "media"}
    assert set(await ranked(moderator, "software_versions")) == {"rostra", "python", "postgresql"}


async def test_cohorts_say_how_many_are_still_here(world: World, moderator: Person) -> None:
    anna, bert = await came(world, "anna", 2), await came(world, "bert", 2)
    await came(world, "carl", 1)
    await was_here(world, anna, 2, 0)
    await was_here(world, bert, 2, 1, 0)
    form = {"start_at": str(at(2).date()), "end_at": str(TODAY), "frequency": "day"}
    cohorts = (await moderator.api.post(RETENTION, form)).json()
    values = [[(day["value"], day["rate"]) for day in cohort["data"]] for cohort in cohorts]
    assert values == [[("2", 1.0), ("1", 0.5), ("2", 1.0)], [("1", 1.0), ("0", 0.0)], [("1", 1.0)]]
    months = {"start_at": "2026-03-15", "end_at": str(TODAY), "frequency": "month"}
    cohorts = (await moderator.api.post(RETENTION, months)).json()
    assert [cohort["period"][:10] for cohort in cohorts] == ["2026-03-01", "2026-04-01", "2026-05-01"]
    assert cohorts[2]["data"] == [{"date": "2026-05-01T00:00:00.000Z", "rate": 1.0, "value": "4"}]


async def test_who_was_here_is_forgotten_after_a_year(world: World) -> None:
    anna = await world.person("anna")
    await was_here(world, anna, 401, 399)
    await forget_activity(world.db, world.clock)
    rows = await world.db.connection.fetch("select day from activity_days")
    assert [row["day"] for row in rows] == [at(399).date()]


async def test_keys_that_nobody_knows_are_left_out(moderator: Person) -> None:
    form = {"keys": ["odd", "tag_uses", "instance_accounts"], "start_at": "2026-05-01", "end_at": "2026-05-02"}
    for path in (MEASURES, DIMENSIONS):
        assert (await moderator.api.post(path, form)).json() == []
        assert (await moderator.api.post(path)).json() == []


@pytest.mark.parametrize("times", [("2026-05-02", "2026-05-01"), ("2000-01-01", "2026-01-01"), ("soon", "2026-01-01"),
                                   ("9999-12-31", "9999-12-31"), ("0001-01-01", "0001-01-02")])  # fmt: skip
async def test_times_that_make_no_sense_are_refused(moderator: Person, times: tuple[str, str]) -> None:
    form = {"keys": ["new_users"], "start_at": times[0], "end_at": times[1]}
    for path in (MEASURES, DIMENSIONS, RETENTION):
        await moderator.api.post(path, form, expect=422)


async def test_each_key_is_one_statement(world: World, moderator: Person) -> None:
    more = {key: {"id": "1"} if key.startswith("tag_") else {"domain": "a.example"} for key in [*EVERYTHING, *RANKINGS]
            if key.startswith(("tag_", "instance_"))}  # fmt: skip
    for path, keys in ((MEASURES, EVERYTHING), (DIMENSIONS, RANKINGS)):
        form = {"keys": keys, "start_at": str(date(2026, 4, 1)), "end_at": str(TODAY), **more}
        await moderator.api.post(path, form)
        ran = await world.statements(lambda path=path, form=form: moderator.api.post(path, form))
        # One is the look-up of the token.
        assert len(ran) == len(keys) + 1
        assert [row["key"] for row in (await moderator.api.post(path, form)).json()] == keys


def test_bytes_are_spelt() -> None:
    assert [spell_bytes(n) for n in (0, 1023, 1536, 5 * 1024**2, 3 * 1024**4)] == [
        "0 Bytes", "1023 Bytes", "1.5 KB", "5 MB", "3 TB",
    ]  # fmt: skip


async def test_a_scope_is_not_enough(member: Person) -> None:
    for path in (MEASURES, DIMENSIONS, RETENTION):
        await member.api.post(path, {"keys": ["new_users"]}, expect=403)
