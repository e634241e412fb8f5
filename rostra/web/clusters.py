"""Event clusters for moderators: what posts gather around, how fast, and how many days are left."""

from __future__ import annotations

from typing import Final

import msgspec
from starlette.responses import Response

from rostra.kit.ids import MAX_ID
from rostra.kit.paging import Id
from rostra.screening.clusters import get_cluster, list_clusters, list_refusals
from rostra.web.page import Pages
from rostra.web.visit import Visit

pages = Pages()

_PAGE: Final = 40


class ClusterForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    before: Id | None = None


@pages.get("/admin/policy/clusters", access="queue")
async def clusters_page(visit: Visit) -> Response:
    """The events, the most dangerous first."""
    today = visit.res.clock.now().date()
    found = await list_clusters(visit.res.db, visit.res.clock)
    clusters = [(each, (each.day - today).days if each.day else None) for each in found]
    return await visit.html("admin/clusters.html", clusters=clusters)


@pages.get("/admin/policy/clusters/{id}", access="queue")
async def cluster_page(visit: Visit, form: ClusterForm) -> Response:
    """The posts of one event, the newest first, and whose drafts were refused."""
    cluster, statuses = await get_cluster(visit.res.db, form.id, MAX_ID if form.before is None else form.before)
    today = visit.res.clock.now().date()
    older = f"/admin/policy/clusters/{form.id}?before={statuses[-1].status_id}" if len(statuses) == _PAGE else None
    return await visit.html(
        "admin/cluster.html",
        cluster=cluster,
        days=(cluster.day - today).days if cluster.day else None,
        statuses=statuses,
        refusals=await list_refusals(visit.res.db, form.id) if form.before is None else [],
        older_url=older,
    )
