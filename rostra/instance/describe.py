"""What the instance says of itself to clients: both versions of the Instance entity, from one set of facts.

Only what works is announced: clients choose what they offer by the version and by `api_versions`.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from rostra import __version__
from rostra.accounts.profile import (
    MAX_DISPLAY_NAME,
    MAX_FIELD_NAME,
    MAX_FIELD_VALUE,
    MAX_FIELDS,
    MAX_IMAGE_DESCRIPTION,
    MAX_NOTE,
)
from rostra.accounts.queries import find_profile_by_handle
from rostra.accounts.render import hydrate_accounts
from rostra.entities import instance as entities
from rostra.entities.account import RawAccount
from rostra.instance.records import InstanceSettings, Rule, Statistics
from rostra.kit.db import Database
from rostra.media.codec import ACCEPTED_TYPES, Limits
from rostra.media.upload import MAX_DESCRIPTION
from rostra.posts.draft import (
    MAX_CHARACTERS,
    MAX_MEDIA,
    MAX_OPTION_CHARACTERS,
    MAX_POLL_OPTIONS,
    MAX_POLL_SECONDS,
    MIN_POLL_SECONDS,
)
from rostra.text.count import CHARACTERS_PER_URL
from rostra.text.urls import Urls

# Clients read the first number as that of Mastodon; the form is the custom of compatible servers.
VERSION: Final = f"4.2.0 (compatible; Rostra {__version__})"
API_VERSIONS: Final = {"mastodon": 1, "rostra": 1}
MAX_PINNED: Final = 5
MAX_FEATURED_TAGS: Final = 10
_IMAGES: Final = Limits()


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """All that the descriptions are made of."""

    settings: InstanceSettings
    rules: list[Rule]
    statistics: Statistics
    contact: RawAccount | None
    vapid_public_key: str


async def find_contact(db: Database, urls: Urls, username: str) -> RawAccount | None:
    """The account to turn to, where one is named and exists."""
    if not username:
        return None
    async with db.read() as conn:
        profile = await find_profile_by_handle(conn, username, None)
    found = await hydrate_accounts(db, [profile.id], urls) if profile and profile.suspended_at is None else []
    return found[0] if found else None


def render_instance(facts: Facts, urls: Urls) -> entities.Instance:
    """The Instance entity of version 2."""
    settings = facts.settings
    mode = settings.registrations_mode
    return entities.Instance(
        domain=urls.domain,
        title=settings.title,
        version=VERSION,
        source_url=settings.source_url,
        description=settings.short_description,
        usage=entities.Usage(users=entities.UserUsage(active_month=facts.statistics.active_month)),
        thumbnail=_thumbnail(settings, urls),
        icon=[
            entities.Icon(src=f"{urls.base}/static/icon-{size}.png", size=f"{size}x{size}") for size in (180, 192, 512)
        ],
        languages=settings.languages,
        configuration=_configuration(facts, urls),
        registrations=entities.Registrations(
            enabled=mode in ("open", "approval"),
            approval_required=mode == "approval",
            reason_required=mode == "approval" and settings.reason_required,
            message=settings.registrations_message or None,
        ),
        api_versions=API_VERSIONS,
        contact=entities.Contact(email=settings.contact_email, account=facts.contact),
        rules=render_rules(facts.rules),
    )


def render_old_instance(facts: Facts, urls: Urls) -> entities.OldInstance:
    """The Instance entity of version 1."""
    settings, statistics = facts.settings, facts.statistics
    return entities.OldInstance(
        uri=urls.domain,
        title=settings.title,
        short_description=settings.short_description,
        description=settings.short_description,
        email=settings.contact_email,
        version=VERSION,
        urls=entities.StreamingUrl(streaming_api=streaming_url(urls)),
        stats=entities.Totals(
            user_count=statistics.users, status_count=statistics.statuses, domain_count=statistics.domains
        ),
        thumbnail=_thumbnail(settings, urls).url,
        languages=settings.languages,
        registrations=settings.registrations_mode in ("open", "approval"),
        approval_required=settings.registrations_mode == "approval",
        invites_enabled=settings.members_may_invite and settings.registrations_mode != "closed",
        configuration=_configuration(facts, urls),
        contact_account=facts.contact,
        rules=render_rules(facts.rules),
    )


def render_rules(rules: list[Rule]) -> list[entities.Rule]:
    """Rules as entities, in their order."""
    return [entities.Rule(id=str(rule.id), text=rule.text, hint=rule.hint) for rule in rules]


def render_node(facts: Facts, version: str) -> entities.NodeInfo:
    """What crawlers and clients learn of the software. `version` is that of the schema: 2.0 or 2.1.

    Some clients know only Mastodon's name and refuse others, unless `metadata.upstream` says what they may take it for.
    """
    settings, statistics = facts.settings, facts.statistics
    repository = (settings.source_url or None) if version == "2.1" else None
    metadata: dict[str, Any] = {
        "nodeName": settings.title,
        "nodeDescription": settings.short_description,
        "upstream": {"name": "mastodon"},
    }
    return entities.NodeInfo(
        version="2.1" if version == "2.1" else "2.0",
        software=entities.NodeSoftware(name="rostra", version=__version__, repository=repository),
        # The schema wants at least one; this is what the accounts' addresses are made for.
        protocols=["activitypub"],
        open_registrations=settings.registrations_mode == "open",
        usage=entities.NodeUsage(
            users=entities.NodeUsers(
                total=statistics.users,
                active_month=statistics.active_month,
                active_halfyear=statistics.active_half_year,
            ),
            local_posts=statistics.statuses,
        ),
        metadata=metadata,
    )


def streaming_url(urls: Urls) -> str:
    """Where WebSockets are answered: the host alone, without a path."""
    return urls.base.replace("http", "ws", 1)


def _thumbnail(settings: InstanceSettings, urls: Urls) -> entities.Thumbnail:
    url = urls.stored(settings.thumbnail_key) if settings.thumbnail_key else f"{urls.base}/static/icon-512.png"
    return entities.Thumbnail(
        url=url,
        blurhash=settings.thumbnail_blurhash,
        versions={"@1x": url},
        description=settings.thumbnail_description,
    )


def _configuration(facts: Facts, urls: Urls) -> entities.Configuration:
    return entities.Configuration(
        urls=entities.InstanceUrls(
            streaming=streaming_url(urls),
            status=facts.settings.status_url or None,
            about=f"{urls.base}/about",
            privacy_policy=f"{urls.base}/about#privacy" if facts.settings.privacy_policy else None,
        ),
        vapid=entities.Vapid(public_key=facts.vapid_public_key),
        accounts=_ACCOUNT_LIMITS,
        statuses=_STATUS_LIMITS,
        media_attachments=_MEDIA_LIMITS,
        polls=_POLL_LIMITS,
        limited_federation=facts.settings.limited_federation,
    )


_ACCOUNT_LIMITS: Final = entities.AccountLimits(
    max_display_name_length=MAX_DISPLAY_NAME,
    max_note_length=MAX_NOTE,
    max_avatar_description_length=MAX_IMAGE_DESCRIPTION,
    max_header_description_length=MAX_IMAGE_DESCRIPTION,
    max_featured_tags=MAX_FEATURED_TAGS,
    max_pinned_statuses=MAX_PINNED,
    max_profile_fields=MAX_FIELDS,
    profile_field_name_limit=MAX_FIELD_NAME,
    profile_field_value_limit=MAX_FIELD_VALUE,
)
_STATUS_LIMITS: Final = entities.StatusLimits(
    max_characters=MAX_CHARACTERS, max_media_attachments=MAX_MEDIA, characters_reserved_per_url=CHARACTERS_PER_URL
)
# Clients expect numbers for video, too; none is accepted yet, as the types say.
_MEDIA_LIMITS: Final = entities.MediaLimits(
    description_limit=MAX_DESCRIPTION,
    image_matrix_limit=_IMAGES.pixels,
    image_size_limit=_IMAGES.size,
    supported_mime_types=list(ACCEPTED_TYPES),
    video_frame_rate_limit=120,
    video_matrix_limit=8_294_400,
    video_size_limit=_IMAGES.size,
)
_POLL_LIMITS: Final = entities.PollLimits(
    max_options=MAX_POLL_OPTIONS,
    max_characters_per_option=MAX_OPTION_CHARACTERS,
    min_expiration=MIN_POLL_SECONDS,
    max_expiration=MAX_POLL_SECONDS,
)
