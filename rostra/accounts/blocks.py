"""What stands in the way of somebody who signs up or changes their address: blocked providers, addresses, networks.

Keeping the lists is `blocks_email` and `blocks_ip`; who has no access at all is turned away earlier, by `blocks_edge`.
"""

from __future__ import annotations

import hashlib
import ipaddress
from datetime import timedelta
from typing import Final

from rostra.accounts import blocks_queries as queries
from rostra.accounts.blocks_queries import Obstacles
from rostra.kit.addresses import normalise_domain
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Reader
from rostra.kit.errors import FieldProblem, Invalid

# Of attempts with blocked providers; the lists show as many days.
DAYS_KEPT: Final = timedelta(days=7)

_PROVIDER: Final = FieldProblem("ERR_BLOCKED", "uses a disallowed e-mail provider")
# Nobody is told that somebody was turned away before.
_ADDRESS: Final = FieldProblem("ERR_TAKEN", "has already been taken")


def canonical_email(email: str) -> str:
    """What different spellings of one mailbox share: lower case, without dots and without what follows a plus sign in
    the local part. As Mastodon has it, so that lists of hashes can be exchanged."""
    local, _, domain = email.strip().lower().rpartition("@")
    return f"{local.replace('.', '').partition('+')[0]}@{domain}"


def hash_canonical(email: str) -> str:
    """SHA-256 of `canonical_email`, in hexadecimal."""
    return hashlib.sha256(canonical_email(email).encode()).hexdigest()


def provider_of(email: str) -> str:
    """The domain of an address, in its one spelling."""
    domain = email.strip().rpartition("@")[2]
    try:
        return normalise_domain(domain)
    except Invalid:
        return domain.lower()


async def find_obstacles(db: Reader, clock: Clock, email: str, address: str | None) -> Obstacles:
    """What stands in the way of an e-mail address, and of somebody who comes from the IP address `address`. One
    statement."""
    return await queries.find_obstacles(db, provider_of(email), hash_canonical(email), _usable(address), clock.now())


def _usable(address: str | None) -> str | None:
    try:
        return str(ipaddress.ip_address((address or "").partition("%")[0]))
    except ValueError:
        return None


def problem_with_email(obstacles: Obstacles) -> FieldProblem | None:
    """Why the address cannot be used, where that is so."""
    if obstacles.refusing:
        return _PROVIDER
    return _ADDRESS if obstacles.is_refused_address else None


def is_kept_out(obstacles: Obstacles) -> bool:
    """Whether nobody can sign up from that network."""
    return any(severity in ("sign_up_block", "no_access") for severity in obstacles.of_network)


def has_to_wait(obstacles: Obstacles) -> bool:
    """Whether a person has to look at it first, whatever the server is set to."""
    return bool(obstacles.delaying) or "sign_up_requires_approval" in obstacles.of_network


async def check_email(db: Reader, clock: Clock, email: str) -> None:
    """Raises Invalid("email") for an address that nobody may have here."""
    problem = problem_with_email(await find_obstacles(db, clock, email, None))
    if problem is not None:
        raise Invalid("email", problem.description, code=problem.code)


async def note_attempt(db: Database, clock: Clock, obstacles: Obstacles, address: str | None) -> None:
    """Count somebody who has come with an address of blocked providers; shown with the block for a week."""
    block_ids = [*obstacles.refusing, *obstacles.delaying]
    if not block_ids:
        return
    today = clock.now().date()
    async with db.transaction() as tx:
        await queries.note_attempt(tx, block_ids, today, _usable(address) or "", today - DAYS_KEPT)
