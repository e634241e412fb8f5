"""Home, public, hashtag and list timelines."""

from __future__ import annotations

from rostra.api.call import Call
from rostra.api.route import Routes
from rostra.entities.status import RawStatus
from rostra.kit.errors import Invalid
from rostra.kit.paging import Id, Page, PageForm
from rostra.text.entities import normalise_tag
from rostra.timelines.home import home
from rostra.timelines.public import Choice, listed, public, tagged

routes = Routes("timelines")


class PublicForm(PageForm, frozen=True, kw_only=True):
    local: bool = False
    remote: bool = False
    only_media: bool = False

    def choice(self) -> Choice:
        """What is wanted; both `local` and `remote` is everything, as neither is."""
        both = self.local and self.remote
        return Choice(local=self.local and not both, remote=self.remote and not both, only_media=self.only_media)


class TagForm(PublicForm, frozen=True, kw_only=True):
    hashtag: str
    any: list[str] = []
    all: list[str] = []
    none: list[str] = []


class ListForm(PageForm, frozen=True, kw_only=True):
    list_id: Id


@routes.get("/api/v1/timelines/home", scopes="read:statuses", family="paging")
async def home_timeline(call: Call, form: PageForm) -> Page[RawStatus]:
    """Statuses of the accounts and hashtags that the viewer follows."""
    return await home(await call.statuses(in_one=True), form.window(), merges=call.me.merges)


@routes.get("/api/v1/timelines/public", access="public", scopes="read:statuses", family="paging")
async def public_timeline(call: Call, form: PublicForm) -> Page[RawStatus]:
    """Public statuses of everybody, of this server only, or of other servers only."""
    return await public(await call.statuses(), form.window(), form.choice())


@routes.get("/api/v1/timelines/tag/{hashtag}", access="public", scopes="read:statuses", family="paging")
async def tag_timeline(call: Call, form: TagForm) -> Page[RawStatus]:
    """Public statuses with a hashtag, and any, all or none of others."""
    if len(form.any) + len(form.all) + len(form.none) > 12:
        raise Invalid("any", "all and none together must not name more than 12 hashtags")
    return await tagged(
        await call.statuses(),
        form.window(),
        form.choice(),
        some=[normalise_tag(name) for name in (form.hashtag, *form.any)],
        every=sorted({normalise_tag(name) for name in form.all}),
        none=[normalise_tag(name) for name in form.none],
    )


@routes.get("/api/v1/timelines/list/{list_id}", scopes="read:lists", family="paging")
async def list_timeline(call: Call, form: ListForm) -> Page[RawStatus]:
    """Statuses of the members of one of the viewer's lists."""
    reader = await call.statuses()
    return await listed(call.res.db, reader, form.window(), account_id=call.me.account_id, list_id=form.list_id)
