"""What deciding needs, in one hand, and who decides."""

from __future__ import annotations

import msgspec

from rostra.accounts.records import Role
from rostra.events import Emit
from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.screening.active import ActivePolicy
from rostra.text.urls import Urls


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """The parts that the desk's functions take together. Holds nothing of its own."""

    db: Database
    clock: Clock
    emit: Emit
    policies: ActivePolicy
    urls: Urls


class Reviewer(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever acts; their permissions follow from the role."""

    account_id: int
    role: Role
