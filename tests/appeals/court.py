"""What tests of notices and appeals have in common: people, a decided post, the letters that were ordered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from rostra.kit.clock import FixedClock
from rostra.moderation.decisions.decide import decide_case, decide_subject
from tests.moderation.desk import case_of, drafted, reviewer
from tests.screening.policies import put_in_force
from tests.world import Person, World


async def people(world: World, *names: str) -> list[Person]:
    """People under a policy whose rules know vegetables."""
    await put_in_force(world)
    return [await world.person(name) for name in names]


def later(world: World, **by: float) -> None:
    clock: FixedClock = world.clock
    world.at(clock.now() + timedelta(**by))


async def told(world: World) -> None:
    """Let half a minute pass, and all that is due then."""
    await world.settle()
    later(world, seconds=31)
    await world.settle()


async def removed(world: World, author: Person, mod: Person, text: str = "A carrot", **more: Any) -> tuple[str, int]:
    """A published post that a moderator removes, and of which its author has been told; post and decision."""
    posted = await author.post(text)
    await world.settle()
    wanted: dict[str, Any] = {"clause": "words"} | more
    draft = drafted("violates", **wanted)
    made = await decide_subject(world.res.desk, reviewer(mod), "status", int(posted["id"]), draft)
    await told(world)
    return posted["id"], made


async def dismissed(world: World, author: Person, reporter: Person, mod: Person) -> tuple[str, int]:
    """A post that somebody reports and a moderator finds nothing wrong with; post and decision."""
    posted = await author.post("A carrot")
    await world.settle()
    await reporter.api.post("/api/v1/reports", {"account_id": author.id, "status_ids": [posted["id"]]})
    await world.settle()
    case = await case_of(world, posted["id"])
    made = await decide_case(world.res.desk, reviewer(mod), case["id"], drafted("ok", clause="words"))
    await told(world)
    return posted["id"], made


def letters(world: World) -> list[str]:
    """The letters that were sent, as text."""
    folder = world.res.settings.data_dir / "mail"
    return [path.read_text() for path in sorted(folder.glob("*"), key=lambda path: path.stat().st_mtime_ns)]
