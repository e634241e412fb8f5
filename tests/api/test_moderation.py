"""The desk for programs, over HTTP."""

from __future__ import annotations

from typing import Any

from tests.api.pictures import upload
from tests.screening.policies import put_in_force
from tests.world import Person, World

PATH = "/api/rostra/v1/moderation"


SCOPES = "profile read write follow admin:read admin:write"


async def staff(world: World, name: str, role: str) -> Person:
    return await world.person(name, role=role, scopes=SCOPES)


async def scene(world: World) -> tuple[Person, Person, dict[str, Any]]:
    await put_in_force(world)
    ada, mod = await world.person("ada", scopes=SCOPES), await staff(world, "mod", "moderator")
    return ada, mod, await ada.post("A marrow")


async def test_a_case_is_taken_decided_and_undone(world: World) -> None:
    ada, mod, posted = await scene(world)
    case = (await mod.api.post(f"{PATH}/cases/next")).json()["case"]
    assert (case["subject_id"], case["acct"], case["leased_to_me"]) == (posted["id"], "ada", True)
    draft = {"outcome": "violates", "actions": [{"kind": "remove"}], "revision": 0}
    made = (await mod.api.post(f"{PATH}/cases/{case['id']}/decide", draft)).json()
    assert (made["clause"], [action["kind"] for action in made["actions"]]) == ("words", ["remove"])
    assert (await mod.api.get(f"{PATH}/cases/{case['id']}")).json()["outcome"] == "violates"
    await world.anyone.get(f"/api/v1/statuses/{posted['id']}", expect=404)
    why = {"why": "undo", "note": "A marrow is fine"}
    undone = (await mod.api.post(f"{PATH}/decisions/{made['id']}/reverse", why)).json()
    assert undone["reversed_why"] == "undo"
    notes = (await mod.api.get(f"{PATH}/cases/{case['id']}/notes")).json()
    assert [(note["username"], note["text"]) for note in notes] == [("mod", "A marrow is fine")]
    await ada.api.get(f"{PATH}/cases/{case['id']}/notes", expect=403)
    await world.anyone.get(f"/api/v1/statuses/{posted['id']}")
    assert (await mod.api.get(f"{PATH}/cases")).json()["cases"][0]["id"] == case["id"]
    of_ada = (await mod.api.get(f"{PATH}/decisions", {"account_id": ada.id})).json()
    assert [each["id"] for each in of_ada] == [made["id"]]


async def test_nothing_waits(world: World) -> None:
    await put_in_force(world)
    mod = await staff(world, "mod", "moderator")
    assert (await mod.api.post(f"{PATH}/cases/next")).json() == {"case": None}


async def test_a_post_that_nobody_reported_can_be_acted_on(world: World) -> None:
    _, mod, _ = await scene(world)
    eve = await world.person("eve")
    posted = await eve.post("A carrot")
    draft = {
        "subject_kind": "status",
        "subject_id": posted["id"],
        "outcome": "violates",
        "clause": "words",
        "actions": [{"kind": "limit", "seconds": 3600}, {"kind": "label", "label": "rumour"}],
        "revision": 0,
    }
    made = (await mod.api.post(f"{PATH}/decisions", draft)).json()
    assert [(each["kind"], each["ends_at"] is not None) for each in made["actions"]] == [
        ("limit", True),
        ("label", False),
    ]
    assert made["reviewer"] is None or "mod" not in made["reviewer"]


async def test_many_are_decided_by_a_job(world: World) -> None:
    ada, mod, _ = await scene(world)
    ids = [(await ada.post(f"A carrot number {n}"))["id"] for n in range(3)]
    draft = {"subject_ids": ids, "outcome": "violates", "clause": "words", "actions": [{"kind": "remove"}]}
    made = (await mod.api.post(f"{PATH}/bulk", draft, expect=202)).json()
    await world.settle()
    found = (await mod.api.get(f"{PATH}/bulk/{made['id']}")).json()
    assert (found["state"], found["done"], found["total"]) == ("finished", 3, 3)


async def test_a_second_person_lets_a_decision_over_very_many_go_ahead(world: World) -> None:
    ada, mod, _ = await scene(world)
    other = await staff(world, "max", "admin")
    assert (await mod.api.get(f"{PATH}/bulk_limit")).json() == {"over": 0}
    await mod.api.put(f"{PATH}/bulk_limit", {"over": 2}, expect=403)
    await other.api.put(f"{PATH}/bulk_limit", {"over": 20_001}, expect=422)
    assert (await other.api.put(f"{PATH}/bulk_limit", {"over": 2})).json() == {"over": 2}
    ids = [(await ada.post(f"A carrot number {n}"))["id"] for n in range(3)]
    draft = {"subject_ids": ids, "outcome": "violates", "clause": "words", "actions": [{"kind": "remove"}]}
    made = (await mod.api.post(f"{PATH}/bulk", draft, expect=202)).json()
    assert (made["state"], made["second_look"], made["approved_at"]) == ("waiting", "asked", None)
    [waiting] = (await other.api.get(f"{PATH}/bulk")).json()["bulk"]
    assert waiting == made
    await mod.api.post(f"{PATH}/bulk/{made['id']}/approve", expect=403)
    await ada.api.get(f"{PATH}/bulk", expect=403)
    await ada.api.post(f"{PATH}/bulk/{made['id']}/approve", expect=403)
    await other.api.post(f"{PATH}/bulk/{made['id']}/approve", expect=202)
    await world.settle()
    found = (await mod.api.get(f"{PATH}/bulk/{made['id']}")).json()
    assert (found["state"], found["done"], found["approved_at"] is None) == ("finished", 3, False)
    await other.api.post(f"{PATH}/bulk/{made['id']}/approve", expect=409)
    assert (await other.api.get(f"{PATH}/bulk")).json() == {"bulk": []}


async def test_escalation_notes_and_hand_over(world: World) -> None:
    _, mod, posted = await scene(world)
    await staff(world, "max", "moderator")
    case = (await mod.api.get(f"{PATH}/cases")).json()["cases"][0]
    assert case["subject_id"] == posted["id"]
    await mod.api.post(f"{PATH}/cases/{case['id']}/notes", {"note": "Looks harmless"})
    await mod.api.post(f"{PATH}/cases/{case['id']}/notes", {"note": " "}, expect=422)
    await mod.api.post(f"{PATH}/cases/{case['id']}/hand_over", {"to": "max"})
    await mod.api.post(f"{PATH}/cases/{case['id']}/hand_over", {"to": "nobody"}, expect=422)
    answer = (await mod.api.post(f"{PATH}/cases/{case['id']}/escalate", {"note": "A threat?"})).json()
    assert answer["state"] == "escalated"
    draft = {"outcome": "ok", "revision": 0}
    await mod.api.post(f"{PATH}/cases/{case['id']}/decide", draft, expect=403)


async def test_only_staff_may_and_each_only_what_their_role_allows(world: World) -> None:
    ada, mod, posted = await scene(world)
    triage = await staff(world, "tom", "triage")
    case = (await mod.api.get(f"{PATH}/cases")).json()["cases"][0]
    for path in ("cases", "decisions", f"cases/{case['id']}"):
        await ada.api.get(f"{PATH}/{path}", expect=403)
    await world.anyone.get(f"{PATH}/cases", expect=401)
    remove = {"outcome": "violates", "actions": [{"kind": "remove"}], "revision": 0}
    await triage.api.post(f"{PATH}/cases/{case['id']}/decide", remove, expect=403)
    await triage.api.post(f"{PATH}/cases/{case['id']}/decide", {"outcome": "ok", "revision": 0})
    await world.anyone.get(f"/api/v1/statuses/{posted['id']}")


async def test_somebody_elses_case_and_another_revision_are_conflicts(world: World) -> None:
    ada, mod, posted = await scene(world)
    max_ = await staff(world, "max", "moderator")
    case = (await mod.api.post(f"{PATH}/cases/next")).json()["case"]
    answer = await max_.api.post(f"{PATH}/cases/{case['id']}/take", expect=409)
    assert "Somebody else" in answer.json()["error"]
    await ada.api.put(f"/api/v1/statuses/{posted['id']}", {"status": "Another marrow"})
    draft = {"outcome": "ok", "revision": 0}
    await mod.api.post(f"{PATH}/cases/{case['id']}/decide", draft, expect=409)
    await mod.api.post(f"{PATH}/cases/{case['id']}/release")
    await mod.api.get(f"{PATH}/cases/999", expect=404)


async def test_the_queue_takes_the_same_statements_for_one_and_for_thirty_cases(world: World) -> None:
    ada, mod, _ = await scene(world)
    await mod.api.get(f"{PATH}/cases")
    one = await world.statements(lambda: mod.api.get(f"{PATH}/cases"))
    for n in range(32):
        await ada.post(f"A marrow number {n}")
    many = await world.statements(lambda: mod.api.get(f"{PATH}/cases"))
    page = (await mod.api.get(f"{PATH}/cases")).json()
    assert len(page["cases"]) == 30
    assert page["next"]
    assert len(one) == len(many)


async def test_a_file_of_a_post_is_removed_by_itself(world: World) -> None:
    ada, mod, _ = await scene(world)
    media = [await upload(ada), await upload(ada)]
    posted = await ada.post("A carrot", media_ids=[each["id"] for each in media])
    draft = {
        "subject_kind": "status",
        "subject_id": posted["id"],
        "outcome": "violates",
        "clause": "words",
        "actions": [{"kind": "remove", "on": "media", "media_id": media[1]["id"], "seconds": 3600}],
        "revision": 0,
    }
    made = (await mod.api.post(f"{PATH}/decisions", draft)).json()
    assert (made["actions"][0]["on"], made["actions"][0]["media_id"]) == ("media", media[1]["id"])
    shown = (await world.anyone.get(f"/api/v1/statuses/{posted['id']}")).json()["media_attachments"]
    assert [each["id"] for each in shown] == [media[0]["id"]]
    await mod.api.post(f"{PATH}/decisions", {**draft, "actions": [{"kind": "remove", "on": "media"}]}, expect=422)
