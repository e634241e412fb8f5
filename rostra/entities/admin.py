"""What staff sees through Mastodon's admin API (docs.joinmastodon.org/entities/Admin_Account and its neighbours)."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType

from rostra.entities.account import IdText, RawAccount, Role, Timestamp
from rostra.entities.instance import Rule
from rostra.entities.status import RawStatus, Status
from rostra.entities.tag import Tag, TagHistory
from rostra.entities.trends import TrendingLink

# A number as text, the way Mastodon counts.
CountText = Annotated[str, Meta(pattern=r"^\d+$")]


class AdminIp(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/Admin_Ip/"""

    ip: str
    used_at: Timestamp


class AdminAccount(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/Admin_Account/

    Of accounts of other servers all that belongs to a login is null.
    """

    id: IdText
    username: str
    domain: str | None
    created_at: Timestamp
    email: str | None
    ip: str | None
    ips: list[AdminIp]
    locale: str | None
    invite_request: str | None
    role: Role | None
    confirmed: bool | None
    approved: bool | None
    disabled: bool | None
    sensitized: bool
    silenced: bool
    suspended: bool
    account: RawAccount
    created_by_application_id: IdText | UnsetType = UNSET
    invited_by_account_id: IdText | UnsetType = UNSET


class AdminReport(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/Admin_Report/

    `account` is null where somebody without an account sent a legal notice.
    """

    id: IdText
    action_taken: bool
    action_taken_at: Timestamp | None
    category: Literal["spam", "legal", "violation", "other"]
    comment: str
    forwarded: bool
    created_at: Timestamp
    updated_at: Timestamp
    account: AdminAccount | None
    target_account: AdminAccount
    assigned_account: AdminAccount | None
    action_taken_by_account: AdminAccount | None
    statuses: list[RawStatus]
    rules: list[Rule]


class AdminDomainAllow(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/Admin_DomainAllow/"""

    id: IdText
    domain: str
    created_at: Timestamp


class AdminDomainBlock(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/Admin_DomainBlock/"""

    id: IdText
    domain: str
    digest: str
    created_at: Timestamp
    severity: Literal["silence", "suspend", "noop"]
    reject_media: bool
    reject_reports: bool
    private_comment: str | None
    public_comment: str | None
    obfuscate: bool


class AdminEmailDomainBlock(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/Admin_EmailDomainBlock/

    `history` is seven days, newest first: how many addresses tried to sign up, and how often.
    """

    id: IdText
    domain: str
    created_at: Timestamp
    history: list[TagHistory]
    allow_with_approval: bool


class AdminCanonicalEmailBlock(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/Admin_CanonicalEmailBlock/"""

    id: IdText
    canonical_email_hash: str


class AdminIpBlock(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/Admin_IpBlock/"""

    id: IdText
    # In CIDR notation.
    ip: str
    severity: Literal["sign_up_requires_approval", "sign_up_block", "no_access"]
    comment: str
    created_at: Timestamp
    expires_at: Timestamp | None


class MeasuredDay(msgspec.Struct, frozen=True, kw_only=True):
    date: Timestamp
    value: CountText


class AdminMeasure(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/Admin_Measure/"""

    key: str
    unit: str | None
    total: CountText
    human_value: str | UnsetType = UNSET
    previous_total: CountText | UnsetType = UNSET
    data: list[MeasuredDay]


class DimensionRow(msgspec.Struct, frozen=True, kw_only=True):
    key: str
    human_key: str
    value: str
    unit: str | UnsetType = UNSET
    human_value: str | UnsetType = UNSET


class AdminDimension(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/Admin_Dimension/"""

    key: str
    data: list[DimensionRow]


class CohortPeriod(msgspec.Struct, frozen=True, kw_only=True):
    """How many of a cohort were there in the period that begins at `date`; `rate` is their share of it."""

    date: Timestamp
    rate: float
    value: CountText


class AdminCohort(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/Admin_Cohort/"""

    period: Timestamp
    frequency: Literal["day", "month"]
    data: list[CohortPeriod]


class AdminTag(Tag, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/Tag/#admin"""

    trendable: bool
    usable: bool
    listable: bool
    requires_review: bool


class AdminTrendingLink(TrendingLink, frozen=True, kw_only=True):
    """A link that trends or could, and whether somebody has still to look at it."""

    id: IdText
    requires_review: bool


class AdminTrendingStatus(Status, frozen=True, kw_only=True):
    """A status that trends or could, and whether somebody has still to look at it."""

    requires_review: bool


# Already JSON, like RawStatus.
RawTrendingStatus = Annotated[Raw, Meta(extra_json_schema={"$ref": "#/components/schemas/AdminTrendingStatus"})]


class LinkPublisher(msgspec.Struct, frozen=True, kw_only=True):
    """A site whose pages people share (Mastodon's PreviewCardProvider)."""

    id: IdText
    domain: str
    trendable: bool | None
    reviewed_at: Timestamp | None
    requested_review_at: Timestamp | None
    requires_review: bool
