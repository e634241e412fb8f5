"""Markers of how far the viewer has read."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from rostra.api.call import Call
from rostra.api.route import Routes
from rostra.entities.personal import Markers
from rostra.kit.paging import Id
from rostra.timelines.markers import Reading, Timeline, find_markers, save_markers

routes = Routes("markers")


class WantedMarkers(msgspec.Struct, frozen=True, kw_only=True):
    timeline: list[str] = []


class MarkerForm(msgspec.Struct, frozen=True, kw_only=True):
    last_read_id: Id
    version: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None


class MarkersForm(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/markers/#create"""

    home: MarkerForm | None = None
    notifications: MarkerForm | None = None


@routes.get("/api/v1/markers", scopes="read:statuses")
async def show_markers(call: Call, form: WantedMarkers) -> Markers:
    """How far the viewer has read the timelines that are named."""
    return await find_markers(call.res.db, call.me.account_id, form.timeline)


@routes.post("/api/v1/markers", scopes="write:statuses")
async def save(call: Call, form: MarkersForm) -> Markers:
    """Remember how far the viewer has read."""
    given: dict[Timeline, MarkerForm | None] = {"home": form.home, "notifications": form.notifications}
    readings: dict[Timeline, Reading] = {
        timeline: Reading(last_read_id=marker.last_read_id, version=marker.version)
        for timeline, marker in given.items()
        if marker is not None
    }
    return await save_markers(call.res.db, call.res.clock, call.me.account_id, readings)
