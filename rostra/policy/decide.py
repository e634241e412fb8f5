"""From the rules that hit to the verdict: modes, canaries, exceptions, and the strongest action. Pure and small."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from hashlib import blake2b
from typing import Final

import msgspec

from rostra.policy.records import STRENGTH, Action, Clause, Do, Hold, Mode, Rule, Texts

# Exceptions never lift what is this severe, and no clock publishes it.
NEVER_LIFTED: Final = 5
_MASK: Final = 2**64 - 1


class Verdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What becomes of a post, why, and which version of the policy says so."""

    action: Action = "allow"
    labels: tuple[str, ...] = ()
    limited: bool = False
    interaction_off: bool = False
    # What the author reads, by language: of the rule that decided. Empty where a failed rule did.
    reasons: Texts = {}
    clause: str = ""
    rule: str = ""
    # Where it is held: what becomes of it if nobody looks.
    hold: Hold | None = None
    # Clauses to open cases for.
    cases: tuple[str, ...] = ()
    # Rules that hit and count.
    hits: tuple[str, ...] = ()
    # Rules that hit and do not count: shadows, drafts, canaries outside of their share, paused ones.
    shadow: tuple[str, ...] = ()
    # Rules whose hits an `allow` rule lifted.
    lifted: tuple[str, ...] = ()
    # Rules that count and could not be evaluated; the post is held for them.
    failed: tuple[str, ...] = ()
    shadow_failed: tuple[str, ...] = ()
    policy: str = ""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """What `decide` needs of a rule."""

    id: str
    clause: str
    severity: int
    do: Do
    strength: int
    reasons: Texts
    mode: Mode
    share: float
    seed: int
    expires: date | None
    lifts: tuple[str, ...]
    hold: Hold


def candidate(rule: Rule, clause: Clause | None, default: Hold) -> Candidate:
    """A rule with what its clause adds: default action and reason, severity. `default`: what becomes of what is held
    where neither of them says so."""
    do = rule.follows(clause)
    return Candidate(
        id=rule.id,
        clause=rule.clause,
        severity=clause.severity if clause is not None else 0,
        do=do,
        strength=STRENGTH[do.strongest],
        reasons=rule.reason or (clause.reason if clause is not None else {}),
        mode=rule.mode,
        share=1.0 if rule.share is None else rule.share,
        seed=int.from_bytes(blake2b(rule.id.encode(), digest_size=8).digest(), "big"),
        expires=rule.expires,
        lifts=rule.lifts,
        hold=_hold(rule, clause, default),
    )


def _hold(rule: Rule, clause: Clause | None, default: Hold) -> Hold:
    """What becomes of what the rule holds and nobody looks at. What is severest is never published unseen."""
    hold = rule.hold or (clause.hold if clause is not None else None) or default
    if clause is not None and clause.severity >= NEVER_LIFTED:
        return Hold(hold.expires, "refuse")
    return hold


def decide(
    rules: Sequence[Candidate],
    hits: Sequence[int],
    failed: Sequence[int],
    *,
    now: date,
    sample: int | None,
    paused: Collection[str],
    version: str,
) -> Verdict:
    """The verdict, where `hits` and `failed` are places in `rules`. Of equals in action and severity one that is
    refused unseen wins, then the first."""
    if not hits and not failed:
        return Verdict(policy=version)
    current = [rules[place] for place in hits if not _over(rules[place], now)]
    broken = [rules[place] for place in failed if not _over(rules[place], now)]
    live = [rule for rule in current if counts(rule, sample, paused)]
    live_broken = [rule for rule in broken if counts(rule, sample, paused)]
    lifts = tuple(prefix for rule in live for prefix in rule.lifts)
    kept = [rule for rule in live if not _lifted(rule, lifts)]
    return _verdict(
        kept,
        [rule for rule in live_broken if not rule.lifts],
        shadow=tuple(rule.id for rule in current if rule not in live),
        lifted=tuple(rule.id for rule in live if rule not in kept),
        failed=tuple(rule.id for rule in live_broken),
        shadow_failed=tuple(rule.id for rule in broken if rule not in live_broken),
        version=version,
    )


def counts(rule: Candidate, sample: int | None, paused: Collection[str]) -> bool:
    """Whether a hit of this rule counts. A canary's share of texts is the same for the same text, always."""
    if rule.id in paused:
        return False
    if rule.mode != "canary" or sample is None:
        return rule.mode in {"live", "canary"}
    return _mix(rule.seed ^ (sample & _MASK)) < rule.share * 2**64


def covers(prefix: str, clause: str) -> bool:
    """Whether `prefix` names the clause: itself, a family that it belongs to (spam for spam.links), or * for all."""
    return prefix in {clause, "*"} or clause.startswith(prefix + ".")


def _verdict(
    kept: Sequence[Candidate],
    broken: Sequence[Candidate],
    *,
    shadow: tuple[str, ...],
    lifted: tuple[str, ...],
    failed: tuple[str, ...],
    shadow_failed: tuple[str, ...],
    version: str,
) -> Verdict:
    deciding = max(kept, key=_rank, default=None)
    action: Action = "allow" if deciding is None else deciding.do.strongest
    reasons = {} if deciding is None else deciding.reasons
    if broken and STRENGTH[action] < STRENGTH["hold"]:
        # What cannot be judged is not let through, and the rule's own reason would accuse somebody of nothing.
        deciding, action, reasons = max(broken, key=_rank), "hold", {}
    acting = [rule for rule in kept if not rule.lifts]
    return Verdict(
        action=action,
        labels=tuple(dict.fromkeys(label for rule in acting for label in rule.do.labels)),
        limited=any("limit" in rule.do.actions for rule in acting),
        interaction_off=any("interaction-off" in rule.do.actions for rule in acting),
        reasons=reasons,
        clause="" if deciding is None else deciding.clause,
        rule="" if deciding is None else deciding.id,
        hold=None if deciding is None or action != "hold" else deciding.hold,
        cases=tuple(dict.fromkeys(rule.clause for rule in acting if rule.do.case)),
        hits=tuple(rule.id for rule in kept),
        shadow=shadow,
        lifted=lifted,
        failed=failed,
        shadow_failed=shadow_failed,
        policy=version,
    )


def _rank(rule: Candidate) -> tuple[int, int, bool]:
    return rule.strength, rule.severity, rule.hold.then == "refuse"


def _lifted(rule: Candidate, lifts: Sequence[str]) -> bool:
    if not lifts or rule.lifts or rule.severity >= NEVER_LIFTED:
        return False
    return any(covers(prefix, rule.clause) for prefix in lifts)


def _over(rule: Candidate, now: date) -> bool:
    return rule.expires is not None and now > rule.expires


def _mix(value: int) -> int:
    """Spread the bits, so that neighbouring samples fall anywhere (the finaliser of splitmix64)."""
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)
