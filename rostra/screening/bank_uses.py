"""What the banks of known pictures are there for: how each file stands, and what the policy in force makes of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.policy.evaluate import Policy
from rostra.policy.facts import Facts, ImageFacts, PostFacts
from rostra.screening import policy_queries
from rostra.screening.active import shipped
from rostra.screening.banks import Banks
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


async def list_bank_uses(db: Database, clock: Clock, folder: Path) -> list[BankUse]:
    """The banks by their files, as a running server has read them; changes nothing."""
    banks = Banks(folder, silent=True)
    await banks.look()
    found = banks.describe()
    if not found:
        return []
    async with db.read() as conn:
        state = await policy_queries.read_state(conn, clock.now())
        version = state.version_id
        policy = (await asyncio.to_thread(shipped))[1] if version is None else (await load_policy(conn, version))[1]
    uses: list[BankUse] = []
    for bank in found:
        action, rule = _follows(policy, bank.name, clock)
        uses.append(
            BankUse(file=bank.file, name=bank.name, hashes=bank.hashes, action=action, rule=rule, problem=bank.problem)
        )
    return uses


def _follows(policy: Policy, name: str, clock: Clock) -> tuple[str, str | None]:
    """What a post with nothing but a known picture comes to, and by which rule."""
    image = ImageFacts(count=1, banks=[name], distance=0)
    facts = Facts(image=image, post=PostFacts(visibility="public"))
    verdict = policy.judge(facts, now=clock.now().date(), sample=None)
    rule = verdict.rule or next(iter((*verdict.hits, *verdict.shadow)), None)
    return verdict.action, rule
