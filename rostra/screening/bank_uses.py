"""What the banks of known pictures are there for: how each file stands, and what the policy in force makes of it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import NamedTuple

import msgspec

from rostra.detect.bank import BankMatch
from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.policy.evaluate import Policy
from rostra.policy.facts import Facts, ImageFacts, PostFacts
from rostra.screening import policy_queries
from rostra.screening.active import shipped
from rostra.screening.banks import WAITS, Banks
from rostra.screening.subject import Picture
from rostra.screening.versions import load_policy


class BankUse(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the folder: the bank's name, its hashes, and the rule that a post with such a picture meets.

    `rule` is None where nothing follows; `problem` says why the file as it is now is not in use.
    """

    file: str
    name: str
    hashes: int
    action: str
    rule: str | None
    problem: str | None = None

    @property
    def waits(self) -> bool:
        """Whether it has just come, and is about to be read."""
        return self.problem == WAITS


class Known(NamedTuple):
    """A known picture that another resembles, and what a post with such a picture comes to, by which rule."""

    match: BankMatch
    action: str
    rule: str | None


async def list_bank_uses(db: Database, clock: Clock, folder: Path) -> list[BankUse]:
    """The banks by their files, as a running server has read them; changes nothing."""
    banks = Banks(folder, silent=True)
    await banks.look()
    found = banks.describe()
    if not found:
        return []
    policy = await _policy(db, clock)
    uses: list[BankUse] = []
    for bank in found:
        action, rule = _follows(policy, bank.name, clock)
        uses.append(
            BankUse(file=bank.file, name=bank.name, hashes=bank.hashes, action=action, rule=rule, problem=bank.problem)
        )
    return uses


async def find_known(db: Database, clock: Clock, folder: Path, picture: Picture) -> list[Known]:
    """The known pictures that a picture resembles, the nearest first, and what follows from each."""
    banks = Banks(folder, silent=True)
    await banks.look()
    matches = await asyncio.to_thread(banks.match, picture)
    policy = await _policy(db, clock) if matches else None
    return [Known(match, *_follows(policy, match.bank, clock)) for match in matches if policy is not None]


async def _policy(db: Database, clock: Clock) -> Policy:
    async with db.read() as conn:
        state = await policy_queries.read_state(conn, clock.now())
        version = state.version_id
        return (await asyncio.to_thread(shipped))[1] if version is None else (await load_policy(conn, version))[1]


def _follows(policy: Policy, name: str, clock: Clock) -> tuple[str, str | None]:
    """What a post with nothing but a known picture comes to, and by which rule."""
    image = ImageFacts(count=1, banks=[name], distance=0)
    facts = Facts(image=image, post=PostFacts(visibility="public"))
    verdict = policy.judge(facts, now=clock.now().date(), sample=None)
    rule = verdict.rule or next(iter((*verdict.hits, *verdict.shadow)), None)
    return verdict.action, rule
