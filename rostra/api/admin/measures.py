"""What administrators measure: numbers by day, rankings, and how many of those who came are still here."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from rostra.api.admin.staff import staff
from rostra.api.call import Call
from rostra.api.route import Routes
from rostra.entities.admin import AdminCohort, AdminDimension, AdminMeasure
from rostra.instance.measures import Span, Subjects, measure, rank, retention, span_of
from rostra.kit.errors import Invalid
from rostra.kit.paging import Id

routes = Routes("admin")


class OfTag(msgspec.Struct, frozen=True, kw_only=True):
    id: Id | None = None


class OfDomain(msgspec.Struct, frozen=True, kw_only=True):
    domain: str | None = None


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """ISO dates, or moments; only their days count."""

    start_at: str = ""
    end_at: str = ""


class Keys(Times, frozen=True, kw_only=True):
    keys: Annotated[list[str], Meta(max_length=50)] = []
    tag_servers: OfTag = OfTag()
    instance_accounts: OfDomain = OfDomain()


class MeasuresForm(Keys, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/admin/measures/#get"""

    tag_accounts: OfTag = OfTag()
    tag_uses: OfTag = OfTag()
    instance_media_attachments: OfDomain = OfDomain()
    instance_reports: OfDomain = OfDomain()
    instance_statuses: OfDomain = OfDomain()
    instance_follows: OfDomain = OfDomain()
    instance_followers: OfDomain = OfDomain()


class DimensionsForm(Keys, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/admin/dimensions/#get"""

    tag_languages: OfTag = OfTag()
    instance_languages: OfDomain = OfDomain()
    limit: int = 10


class RetentionForm(Times, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/admin/retention/#create"""

    frequency: Literal["day", "month"] = "day"


def _days(call: Call, form: Times) -> tuple[date, date]:
    """The first and the last day; thirty up to today where nothing is said."""
    end = _day("end_at", form.end_at) if form.end_at else call.res.clock.now().date()
    start = _day("start_at", form.start_at) if form.start_at else end - timedelta(days=29)
    return start, end


def _day(name: str, text: str) -> date:
    try:
        day = datetime.fromisoformat(text.strip()).date()
    except ValueError:
        raise Invalid(name, "is not an ISO date") from None
    # Beyond these no database can count.
    if not 1970 <= day.year <= 2200:
        raise Invalid(name, "is too far away")
    return day


def _span(call: Call, form: Times) -> Span:
    return span_of(*_days(call, form))


def _subjects(form: Keys) -> Subjects:
    tags: dict[str, int] = {}
    domains: dict[str, str] = {}
    for field in form.__struct_fields__:
        value = getattr(form, field)
        if isinstance(value, OfTag) and value.id is not None:
            tags[field] = value.id
        elif isinstance(value, OfDomain) and value.domain:
            domains[field] = value.domain.strip().lower()
    return Subjects(tags=tags, domains=domains)


@routes.post("/api/v1/admin/measures", scopes="admin:read")
async def show_measures(call: Call, form: MeasuresForm) -> list[AdminMeasure]:
    """Numbers, in all and by day."""
    staff(call, "measure")
    return await measure(call.res.db, form.keys, _span(call, form), _subjects(form))


@routes.post("/api/v1/admin/dimensions", scopes="admin:read")
async def show_dimensions(call: Call, form: DimensionsForm) -> list[AdminDimension]:
    """Rankings."""
    staff(call, "measure")
    own = call.res.urls.domain
    return await rank(call.res.db, form.keys, _span(call, form), _subjects(form), limit=form.limit, own_domain=own)


@routes.post("/api/v1/admin/retention", scopes="admin:read")
async def show_retention(call: Call, form: RetentionForm) -> list[AdminCohort]:
    """How many of those who came are still here."""
    staff(call, "measure")
    start, end = _days(call, form)
    return await retention(call.res.db, start, end, form.frequency)
