"""Labels of accounts from before they said whether they cover."""

from __future__ import annotations

from pathlib import Path

from tests.api.pictures import upload
from tests.world import World

_MIGRATION = Path("rostra/migrations/0027_covering_labels.sql")


async def test_an_older_label_that_covers_covers_the_pictures_of_its_account(world: World) -> None:
    alice, bob = await world.person("alice"), await world.person("bob")
    db = world.db.connection
    posts: dict[str, str] = {}
    for person, covers in ((alice, True), (bob, False)):
        posts[person.id] = (await person.post("look", media_ids=[(await upload(person))["id"]]))["id"]
        await db.execute(
            "insert into labels (id, subject_kind, subject_id, label, title, covers, source, event_id, created_at)"
            " values (make_id(now()), 'account', $1, 'graphic', '{\"en\": \"Graphic\"}', $2, 'person', 1, now())",
            person.account_id, covers,
        )  # fmt: skip
        older = '[{"id": "graphic", "title": {"en": "Graphic"}}]'
        await db.execute("update accounts set labels = $2::text::jsonb where id = $1", person.account_id, older)
    await db.execute(_MIGRATION.read_text())
    for person, covered in ((alice, True), (bob, False)):
        shown = (await world.anyone.get(f"/api/v1/statuses/{posts[person.id]}")).json()
        assert shown["sensitive"] is covered
        assert bool(shown.get("filtered")) is covered
