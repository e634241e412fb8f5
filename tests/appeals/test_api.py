"""Decisions about oneself and appeals through the API: the same as the pages, held to the description."""

from __future__ import annotations

from rostra.accounts.records import Role
from rostra.moderation.records import Wish
from tests.appeals.court import dismissed, people, removed, told
from tests.moderation.desk import act, drafted
from tests.world import Person, World

OWN, DESK = "/api/rostra/v1/decisions", "/api/rostra/v1/moderation/appeals"
STAFF = "read write admin:read admin:write"


async def judge(world: World, role: Role = "moderator", name: str = "judge") -> Person:
    return await world.person(name, role=role, scopes=STAFF)


async def test_an_appeal_from_filing_to_its_outcome(world: World) -> None:
    ada, bob, mod = await people(world, "ada", "bob", "moderata")
    post, made = await removed(world, ada, mod, facts="Names a carrot.")
    (listed,) = (await ada.api.get(OWN)).json()["decisions"]
    assert (listed["id"], listed["subject_id"], listed["appeal_state"]) == (str(made), post, None)
    whole = (await ada.api.get(f"{OWN}/{made}")).json()
    assert "moderata" not in str(whole)
    assert whole["may_appeal"] is True
    assert whole["explanation"][0]["heading"] == "What we did"
    await bob.api.get(f"{OWN}/{made}", expect=404)
    await bob.api.post(f"{OWN}/{made}/appeal", {"text": "Not mine"}, expect=404)
    await ada.api.post(f"{OWN}/{made}/appeal", {"text": " "}, expect=422)
    filed = (await ada.api.post(f"{OWN}/{made}/appeal", {"text": "It was soup"})).json()
    assert (filed["side"], filed["state"]) == ("author", "filed")
    assert (await ada.api.get(f"{OWN}/{made}")).json()["appeal"]["text"] == "It was soup"
    await ada.api.post(f"{OWN}/{made}/appeal", {"text": "Again"}, expect=409)
    who = await judge(world)
    page = (await who.api.get(DESK)).json()
    assert [one["text"] for one in page["appeals"]] == ["It was soup"]
    taken = (await who.api.post(f"{DESK}/next")).json()["appeal"]
    assert taken["leased_to_me"] is True
    other = await judge(world, name="other")
    await other.api.post(f"{DESK}/{taken['id']}/take", expect=409)
    lighter = {
        "finding": "modified", "answer": "A cover is enough.", "revision": taken["revision"],
        "actions": [{"kind": "sensitive", "seconds": 86400}],
    }  # fmt: skip
    done = (await who.api.post(f"{DESK}/{taken['id']}/decide", lighter)).json()
    assert done["state"] == "modified"
    assert (await bob.api.get(f"/api/v1/statuses/{post}")).json()["sensitive"] is True
    newest, oldest = (await ada.api.get(OWN)).json()["decisions"]
    redress = (await ada.api.get(f"{OWN}/{made}")).json()["explanation"][-1]["paragraphs"]
    assert ["granted in part on" in one for one in redress] == [True]
    assert (newest["id"], oldest["reversed_why"]) == (done["new_decision_id"], "appeal")
    assert (await who.api.get(f"{DESK}/rates")).json()["clause"][0]["modified"] == 1
    assert (await who.api.post(f"{DESK}/next")).json() == {"appeal": None}


async def test_the_lists_take_as_many_statements_for_twenty_rows_as_for_one(world: World) -> None:
    ada, mod = await people(world, "ada", "mod")
    who = await judge(world)

    async def counted() -> tuple[int, int]:
        mine = len(await world.statements(lambda: ada.api.get(OWN)))
        return mine, len(await world.statements(lambda: who.api.get(DESK)))

    async def add(number: int) -> None:
        _, made = await removed(world, ada, mod, f"A carrot and {number}")
        await ada.api.post(f"{OWN}/{made}/appeal", {"text": "No"})

    await add(0)
    one = await counted()
    for number in range(1, 20):
        await add(number)
    assert await counted() == one
    assert len((await ada.api.get(OWN)).json()["decisions"]) == 20
    oldest = (await ada.api.get(OWN, {"limit": 5})).json()["decisions"][-1]["id"]
    assert len((await ada.api.get(OWN, {"max_id": oldest})).json()["decisions"]) == 15


async def test_a_reporter_appeals_and_a_frozen_author_too(world: World) -> None:
    ada, bob, mod = await people(world, "ada", "bob", "mod")
    _, harmless = await dismissed(world, ada, bob, mod)
    assert (await bob.api.post(f"{OWN}/{harmless}/appeal", {"text": "Look again"})).json()["side"] == "reporter"
    wish = Wish(kind="freeze", on="account")
    made = await act(world, "account", ada.id, drafted("violates", wish, clause="words", revision=None), mod)
    await told(world)
    await ada.api.post("/api/v1/statuses", {"status": "No"}, expect=403)
    await ada.api.post(f"{OWN}/{made}/appeal", {"text": "Please"})
    assert (await ada.api.get(f"{OWN}/{made}")).json()["may_appeal"] is False


async def test_appeals_are_for_those_who_decide(world: World) -> None:
    ada, mod = await people(world, "ada", "mod")
    _, made = await removed(world, ada, mod)
    await ada.api.post(f"{OWN}/{made}/appeal", {"text": "No"})
    roles: tuple[Role, ...] = ("user", "juror", "triage")
    for role in roles:
        who = await judge(world, role, f"a{role}")
        await who.api.get(DESK, expect=403)
        await who.api.post(f"{DESK}/next", expect=403)
    who = await judge(world)
    taken = (await who.api.post(f"{DESK}/next")).json()["appeal"]
    await who.api.post(f"{DESK}/{taken['id']}/release")
    await who.api.post(f"{DESK}/{taken['id']}/panel", expect=422)
    await who.api.post(f"{DESK}/{taken['id']}/decide", {"finding": "overturned", "answer": "Soup."})
    await who.api.post(f"{DESK}/{taken['id']}/take", expect=409)
    (decided,) = (await who.api.get(DESK, {"state": "decided"})).json()["appeals"]
    assert decided["state"] == "overturned"
