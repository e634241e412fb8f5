"""The three processes that are compared, and the people who work in them."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from typing import Final

import msgspec

from rostra.simulate.stage import with_rules, without_rules


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """A way to moderate. `voters` look at each item, `needed` of them must say that it breaks the policy; `seconds` is
    what one look takes, at the median."""

    id: str
    title: str
    screened: bool = False
    ladder: bool = False
    # Expected harm first, near-copies at once, host notices with a clock, daily samples; else the oldest first.
    ordered: bool = False
    voters: int = 1
    needed: int = 1
    seconds: float = 30.0
    # A violent post passes for harmless, a harmless one for violent.
    misses: float = 0.06
    mistakes: float = 0.03

    def files(self) -> Mapping[str, bytes]:
        """The policy that it works under."""
        return with_rules() if self.screened else without_rules(ladder=self.ladder)


# Volunteers are quicker, less sure, and five of them look at everything.
JURY: Final = Process(
    id="jury", title="Volunteer jury, first in, first out", voters=5, needed=4, seconds=20.0, misses=0.15, mistakes=0.08
)
PLAIN: Final = Process(id="plain", title="Report queue by date", ladder=True)
ROSTRA: Final = Process(id="rostra", title="Rostra", screened=True, ladder=True, ordered=True)
PROCESSES: Final = (JURY, PLAIN, ROSTRA)

# What all that is violent here breaks.
CLAUSE: Final = "violence.threat"
# Seconds: a label of a sample, a glance at one of the previewed copies.
LABEL_SECONDS: Final = 10.0
COPY_SECONDS: Final = 1.0
# An answer to the host, whoever writes it.
ANSWER_SECONDS: Final = 300.0


def chance(*of: object) -> float:
    """A number from 0 to 1 that is the same for the same things: who looks at what, and sees what."""
    digest = hashlib.sha256("|".join(map(str, of)).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def finds_violent(process: Process, seed: int, post: int, violent: bool) -> bool:
    """What the process makes of a post."""
    votes = 0
    for voter in range(process.voters):
        drawn = chance(seed, process.id, post, voter)
        votes += drawn >= process.misses if violent else drawn < process.mistakes
    return votes >= process.needed


def seconds_for(process: Process, seed: int, post: int) -> float:
    """What the people of the process spend on a post, all of them together."""
    rng = random.Random(f"{seed}|{process.id}|{post}")  # noqa: S311
    return sum(process.seconds * rng.lognormvariate(0.0, 0.5) for _ in range(process.voters))
