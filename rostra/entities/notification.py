"""Notification and Web Push subscription."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType

from rostra.entities.account import IdText, RawAccount, Timestamp
from rostra.entities.report import Report
from rostra.entities.status import RawStatus
from rostra.entities.warning import AccountWarning

NotificationType = Literal[
    "mention", "status", "reblog", "follow", "follow_request", "favourite", "poll", "update", "admin.sign_up",
    "admin.report", "moderation_warning",
]  # fmt: skip


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/Notification/"""

    id: IdText
    type: NotificationType
    created_at: Timestamp
    group_key: str
    account: RawAccount
    status: RawStatus | UnsetType = UNSET
    report: Report | UnsetType = UNSET
    moderation_warning: AccountWarning | UnsetType = UNSET


# Notifications of a list are put together as text.
RawNotification = Annotated[Raw, Meta(extra_json_schema={"$ref": "#/components/schemas/Notification"})]


class UnreadCount(msgspec.Struct, frozen=True):
    count: int


class PushAlerts(
    msgspec.Struct, frozen=True, kw_only=True, rename={"admin_sign_up": "admin.sign_up", "admin_report": "admin.report"}
):
    """Which notifications are pushed."""

    mention: bool = False
    status: bool = False
    reblog: bool = False
    follow: bool = False
    follow_request: bool = False
    favourite: bool = False
    poll: bool = False
    update: bool = False
    admin_sign_up: bool = False
    admin_report: bool = False


class WebPushSubscription(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/WebPushSubscription/"""

    id: IdText
    endpoint: str
    standard: bool
    alerts: PushAlerts
    policy: Literal["all", "followed", "follower", "none"]
    server_key: str
