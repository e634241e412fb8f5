"""The shapes of Web Push subscriptions."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

Policy = Literal["all", "followed", "follower", "none"]


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription as its owner made it."""

    id: int
    endpoint: str
    p256dh: str
    auth: str
    standard: bool
    alerts: list[str]
    policy: Policy


class Target(Subscription, frozen=True, kw_only=True):
    """A subscription with what pushing to it takes. `failures` since the last push that was taken."""

    account_id: int
    token_sealed: str
    failures: int
    locale: str
    filters_revision: int


class Failing(msgspec.Struct, frozen=True, kw_only=True):
    """How long and how often a subscription has failed without a success between."""

    failures: int
    failing_since: datetime
