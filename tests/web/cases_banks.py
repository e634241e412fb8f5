"""The page of the banks of known pictures with the variables that it documents: usual, empty, and hostile."""

from __future__ import annotations

# ruff: noqa: E501
# fmt: off
from typing import Any

from rostra.detect.bank import BankMatch
from rostra.screening.bank_uses import BankUse, Known
from rostra.screening.banks import WAITS
from rostra.web.policy_banks import Tried
from tests.web import samples as s
from tests.web.case import Case
from tests.web.samples import page


def bank_cases() -> dict[str, Case]:
    """Name to case."""
    at = page("/admin/policy/banks")
    used = BankUse(file="terror-2027.csv", name="terror-2027", hashes=12_400, action="reject", rule="terror-picture")
    broken = BankUse(file=f"{s.HOSTILE}.csv", name=s.HOSTILE, hashes=3, action="allow", rule=None, problem=s.HOSTILE)
    banks = [used, broken, BankUse(file="a.txt", name="a", hashes=0, action="allow", rule="x", problem="line 3"), BankUse(file="b.txt", name="b", hashes=0, action="hold", rule="other-picture", problem=WAITS)]
    known = [Known(BankMatch("scams", 2, 12, s.HOSTILE), "hold", "other-picture"), Known(BankMatch("x", 2, 12), "allow", None)]
    usual: dict[str, Any] = {"banks": banks, "tried": None, "errors": {}, "problem": "", "typed": {}}
    return {
        "admin/policy_banks-hostile": Case("admin/policy_banks.html", at, usual | {"tried": Tried("ab" * 32 + ",80", False, known)}),
        "admin/policy_banks-empty": Case("admin/policy_banks.html", page("/admin/policy/banks", administrator=False, moderator=True), usual | {"banks": []}),
        "admin/policy_banks-dull": Case("admin/policy_banks.html", at, usual | {"tried": Tried("ab" * 32 + ",3", True, []), "banks": [used]}),
        "admin/policy_banks-unlike": Case("admin/policy_banks.html", at, usual | {"tried": Tried("ab" * 32 + ",93", False, [])}),
        "admin/policy_banks-wrong": Case("admin/policy_banks.html", at, usual | {"errors": {"file": "ERR_INVALID", "name": "ERR_BANK_NAME", "to": "ERR_BANK_SHAPE", "pictures": "ERR_BLANK", "picture": "ERR_NO_PICTURE"}, "problem": s.HOSTILE, "typed": {"name": s.HOSTILE, "to": "x", "note": s.HOSTILE}}),
    }
