"""What trends beside hashtags and posts."""

from __future__ import annotations

from rostra.entities.status import PreviewCard
from rostra.entities.tag import TagHistory


class TrendingLink(PreviewCard, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/entities/PreviewCard/#trends-link

    `history` is seven days, newest first.
    """

    history: list[TagHistory]
