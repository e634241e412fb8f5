"""What must hold whatever happens: months of moderation at random, and after each step the same questions.

Single rules have tests of their own: the appeal's reviewer (tests/appeals), escalation and leases (test_queue), bulk
(test_bulk), deadlines (below), statements against the schema (tests/dsa), the same text (tests/screening).
"""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from rostra.dsa.validate import validate
from rostra.kit.errors import RostraError
from rostra.moderation.cases.open import open_case
from rostra.moderation.decisions.decide import decide_subject
from rostra.moderation.decisions.expiry import expire_actions, expire_holds, miss_deadlines
from rostra.moderation.decisions.reverse import reverse
from rostra.moderation.records import Wish
from tests.api.pictures import png
from tests.moderation.desk import drafted, reviewer
from tests.screening.policies import MAIN, put_in_force
from tests.world import Person, World

LADDER = MAIN.replace(
    "labels:", "ladder:\n  - {points: 4, then: freeze, for: 24h}\n  - {points: 8, then: suspend, for: 7d}\nlabels:", 1
)
WORDS = ("carrot", "pumpkin", "marrow", "leek", "radish", "beetroot")
WISHES = (
    Wish(kind="remove"),
    Wish(kind="sensitive"),
    Wish(kind="limit", lasts=timedelta(days=2)),
    Wish(kind="interaction-off"),
    Wish(kind="label", label="graphic"),
    Wish(kind="label", label="rumour"),
    Wish(kind="limit", on="account", lasts=timedelta(days=3)),
    Wish(kind="warn", on="account"),
)

# Each finds rows that break a rule.
RULES = {
    "every action has a decision, a policy version and an event in the ledger": """
select x.id from actions x join decisions d on d.id = x.decision_id
where d.policy = '' or not exists (select from moderation_events e where e.id = d.event_id)""",
    "what restricts a person of this server has a statement of reasons": """
select d.id from decisions d join accounts a on a.id = d.account_id
where a.domain is null and exists (select from actions x where x.decision_id = d.id and x.kind <> 'warn')
  and not exists (select from statements s where s.decision_id = d.id)""",
    "and its author was told, unless it was taken back at once": """
select d.id from decisions d join accounts a on a.id = d.account_id
where a.domain is null and d.outcome = 'violates' and d.reversed_why is null
  and exists (select from actions x where x.decision_id = d.id)
  and not exists (select from author_notices n where n.decision_id = d.id and n.about = 'decision')""",
    "a post is out of sight while a removal holds, or it waits": """
select s.id from statuses s
where (s.withheld = 'refused') <> exists (select from actions x where x.subject_kind = 'status'
    and x.subject_id = s.id and x.kind = 'remove' and x.ended_at is null)
  or (s.withheld = 'review') <> exists (select from holds h where h.status_id = s.id and h.decided_at is null)""",
    "limits, closures and covers are the fold of the actions that hold": """
select s.id from statuses s
where s.limited <> exists (select from actions x where x.subject_kind = 'status' and x.subject_id = s.id
    and x.kind = 'limit' and x.ended_at is null)
  or s.interaction_off <> exists (select from actions x where x.subject_kind = 'status' and x.subject_id = s.id
    and x.kind = 'interaction-off' and x.ended_at is null)
  or s.covered <> (exists (select from actions x where x.subject_kind = 'status' and x.subject_id = s.id
    and x.kind = 'sensitive' and x.ended_at is null)
    or exists (select from media_attachments m where m.status_id = s.id and m.covered and m.removed_at is null)
    or exists (select from labels l where l.subject_kind = 'status' and l.subject_id = s.id and l.covers))""",
    "files are removed and cover their posts by actions that hold": """
select m.id from media_attachments m
where (m.removed_at is not null) <> exists (select from actions x where x.subject_kind = 'media'
    and x.subject_id = m.id and x.kind = 'remove' and x.ended_at is null)
  or m.covered <> exists (select from actions x where x.subject_kind = 'media' and x.subject_id = m.id
    and x.kind = 'sensitive' and x.ended_at is null)""",
    "no post shows a file that is removed, nor has it been taken to another post": """
select m.id from media_attachments m join statuses s on strpos(s.rendered, m.original_key) > 0
where m.removed_at is not null and s.rendered_for <> 0""",
    "accounts are limited, frozen and suspended by actions that hold, and by nothing else": """
select a.id from accounts a
where exists (
  select from (values ('limit', a.silenced_at), ('freeze', a.frozen_at), ('suspend', a.suspended_at)) v(kind, since)
  where (v.since is not null) <> exists (select from actions x where x.subject_kind = 'account'
    and x.subject_id = a.id and x.kind = v.kind and x.ended_at is null))""",
    "the strikes of what was turned round are lifted": """
select e.id from moderation_events e join decisions d on e.details ->> 'decision' = d.id::text
where e.type = 'strike' and d.reversed_at is not null
  and not exists (select from moderation_events r where r.type = 'strike_lifted'
    and r.details ->> 'event_id' = e.id::text)""",
    "nothing of what was turned round holds": """
select x.id from actions x join decisions d on d.id = x.decision_id
where d.reversed_at is not null and x.ended_at is null""",
    "a closed case has an outcome, an open one has none, and each subject has one that is open": """
select c.id from cases c where (c.state = 'closed') <> (c.outcome is not null)""",
    "a report has its outcome when all that it names is decided": """
select r.id from reports r
where exists (select from report_cases rc where rc.report_id = r.id)
  and (r.outcome is not null) <> (select bool_and(c.state = 'closed') from report_cases rc
    join cases c on c.id = rc.case_id where rc.report_id = r.id)""",
    "counters count what others can see": """
select st.account_id from account_stats st where st.statuses_count is distinct from (
  select count(*) from statuses s where s.account_id = st.account_id and s.visibility <> 'direct'
    and s.withheld is null)""",
    "everything that was decided is about the revision that was seen": """
select d.id from decisions d join snapshots p on p.id = d.snapshot_id
where d.subject_kind = 'status' and d.revision <> p.revision and not d.automated_decision
  and exists (select from statuses s where s.id = d.subject_id)""",
}


class Life:
    """People who post and report, and reviewers who decide, at random."""

    def __init__(self, world: World, seed: int, people: list[Person], staff: list[Person]) -> None:
        self.world = world
        self.random = random.Random(seed)
        self.people = people
        self.staff = staff
        self.posts: list[tuple[Person, int]] = []
        self.number = 0

    async def step(self) -> str:
        act = self.random.choice((self.post, self.post, self.report, self.decide, self.decide, self.reverse, self.edit,
                                  self.delete, self.wait))  # fmt: skip
        try:
            await act()
        except RostraError as error:
            return f"{act.__name__}: {error.text}"
        await self.world.settle()
        return act.__name__

    async def post(self) -> None:
        who = self.random.choice(self.people)
        self.number += 1
        media = [await self.picture(who) for _ in range(self.random.choice((0, 0, 1, 2)))]
        text = f"{self.random.choice(WORDS)} number {self.number}"
        answer = await who.api.post("/api/v1/statuses", {"status": text, "media_ids": media}, expect=None)
        if answer.status_code == 200:
            self.posts.append((who, int(answer.json()["id"])))

    async def picture(self, who: Person) -> str:
        files = {"file": ("a.png", png(), "image/png")}
        answer = await who.api.request("POST", "/api/v2/media", files=files, expect=None)
        return str(answer.json().get("id", "0"))

    async def report(self) -> None:
        if self.posts:
            who, status_id = self.random.choice(self.posts)
            by = self.random.choice(self.people)
            form = {"account_id": who.id, "status_ids": [str(status_id)]}
            await by.api.post("/api/v1/reports", form, expect=None)

    async def decide(self) -> None:
        if not self.posts:
            return
        _, status_id = self.random.choice(self.posts)
        by = self.random.choice(self.staff)
        revision = await self.world.db.connection.fetchval("select revision from statuses where id = $1", status_id)
        outcome = self.random.choice(("violates", "violates", "ok", "unclear"))
        wishes = (await self.wishes(status_id)) if outcome == "violates" else ()
        draft = drafted(outcome, *wishes, revision=revision, clause="words" if wishes else "")
        await decide_subject(self.world.res.desk, reviewer(by, "admin"), "status", status_id, draft)

    async def wishes(self, status_id: int) -> tuple[Wish, ...]:
        rows = await self.world.db.connection.fetch(
            "select id from media_attachments where status_id = $1 order by id", status_id
        )
        files = [
            Wish(kind=kind, on="media", media_id=row["id"], lasts=lasts)
            for row in rows
            for kind, lasts in (("remove", None), ("remove", timedelta(days=1)), ("sensitive", timedelta(days=2)))
        ]
        return tuple(self.random.sample([*WISHES, *files], self.random.randint(1, 3)))

    async def reverse(self) -> None:
        rows = await self.world.db.connection.fetch("select id from decisions where reversed_at is null order by id")
        if rows:
            by = self.random.choice(self.staff)
            why: Any = self.random.choice(("review", "undo"))
            await reverse(self.world.res.desk, reviewer(by, "admin"), self.random.choice(rows)["id"], why)

    async def edit(self) -> None:
        if self.posts:
            who, status_id = self.random.choice(self.posts)
            self.number += 1
            rows = await self.world.db.connection.fetch(
                "select id from media_attachments where account_id = $1 order by id", who.account_id
            )
            media = [str(row["id"]) for row in self.random.sample(rows, min(len(rows), self.random.choice((0, 1, 2))))]
            form = {"status": f"{self.random.choice(WORDS)} number {self.number}", "media_ids": media}
            await who.api.put(f"/api/v1/statuses/{status_id}", form, expect=None)

    async def delete(self) -> None:
        if self.posts and self.random.random() < 0.3:
            who, status_id = self.posts.pop(self.random.randrange(len(self.posts)))
            await who.api.delete(f"/api/v1/statuses/{status_id}", expect=None)

    async def wait(self) -> None:
        self.world.at(self.world.clock.now() + timedelta(hours=self.random.choice((1, 12, 30, 80))))
        await expire_holds(self.world.res.desk)
        await expire_actions(self.world.res.desk)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_what_must_hold_holds_whatever_happens(world: World, seed: int) -> None:
    await put_in_force(world, main=LADDER)
    people = [await world.person(name) for name in ("ada", "bob", "eve")]
    life = Life(world, seed, people, [await world.person(name) for name in ("mod", "max")])
    done: list[str] = []
    for _ in range(60):
        done.append(await life.step())
        # The notices of what was decided go out half a minute later.
        world.at(world.clock.now() + timedelta(seconds=40))
        await world.settle()
        for rule, statement in RULES.items():
            broken = await world.db.connection.fetch(statement)
            assert not broken, f"{rule}: {[tuple(row.values()) for row in broken]} after {done}"
    bodies = await world.db.connection.fetch("select body from statements")
    assert all(validate(row["body"]) == [] for row in bodies)
    assert len(bodies) > 3


async def test_a_missed_deadline_cannot_be_edited_away(world: World) -> None:
    await put_in_force(world)
    ada = await world.person("ada")
    at = world.clock.now()
    async with world.db.transaction() as tx:
        case_id = await open_case(
            tx, at, kind="account", subject_id=ada.account_id, account_id=ada.account_id, clause="words", severity=3,
            policy="", source="notice", due_at=at + timedelta(hours=1), regime="host",
        )  # fmt: skip
    world.at(at + timedelta(minutes=59))
    assert await miss_deadlines(world.res.desk) == 0
    world.at(at + timedelta(minutes=61))
    assert await miss_deadlines(world.res.desk) == 1
    for statement in (
        "update deadlines set missed_at = null",
        "update deadlines set due_at = due_at + interval '1 day'",
    ):
        transaction = world.db.connection.transaction()
        await transaction.start()
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="cannot be edited away"):
            await world.db.connection.execute(statement)
        await transaction.rollback()
    draft = drafted("ok", clause="words", revision=None)
    mod = await world.person("mod")
    await decide_subject(world.res.desk, reviewer(mod, "moderator"), "account", ada.account_id, draft)
    row = await world.db.connection.fetchrow("select met_at, missed_at, case_id from deadlines")
    assert (row["met_at"] is not None, row["missed_at"] is not None, row["case_id"]) == (True, True, case_id)
