"""`rostra doctor` on the banks of known pictures: files that are not in use, and banks from which nothing follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rostra.cli.findings import Finding
from rostra.cli.options import Refusal

if TYPE_CHECKING:
    from rostra.kit.settings import Settings


def check_banks(settings: Settings) -> list[Finding]:
    """One finding for each file that is wrong or without consequences, one for all the others; silent without any."""
    from rostra.cli.policy_banks import find_uses

    try:
        uses = find_uses(settings)
    except Refusal:
        # That the database does not answer is another check's business.
        return []
    found: list[Finding] = []
    for use in uses:
        if use.problem is not None:
            kept = "what it held before is in use" if use.hashes else "it is not in use"
            todo = "mend the file, or remove it to remove the bank"
            found.append(Finding("banks", "warn" if use.hashes else "fail", f"{use.problem}: {kept}", todo))
        elif use.rule is None:
            todo = f'write a rule: when: image.banks.exists(b, b == "{use.name}"); see docs/media.md'
            found.append(Finding("banks", "warn", f"nothing follows from the bank {use.name}: no rule names it", todo))
    sound = [use for use in uses if use.problem is None]
    if sound:
        hashes = sum(use.hashes for use in sound)
        names = ", ".join(use.name for use in sound)
        found.append(Finding("banks", "ok", f"{hashes:,} hashes of known pictures in {names}"))
    return found
