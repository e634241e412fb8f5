"""One API request on its way to its handler: who asks, with what rights, and what the process holds open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from starlette.requests import Request

from rostra.accounts.records import Viewer
from rostra.kit.errors import Forbidden, InvalidFields, Unauthorized
from rostra.oauth.tokens import TokenOwner
from rostra.posts.hydrate import StatusReader
from rostra.resources import Resources

# "anyone" is public, and a token that is no good is as none: for what an app asks before all else, even where its token
# was taken back. "open" is public, and a token that comes along is not even looked at.
Access = Literal["open", "anyone", "public", "app", "user"]
FOR_ALL: Final = frozenset({"open", "anyone", "public"})

_OBSTACLES = {
    "unconfirmed": "Your login is missing a confirmed e-mail address",
    "pending": "Your login is currently pending approval",
    "disabled": "Your login is currently disabled",
    "suspended": "Your login is currently disabled",
}
# What somebody whose account is frozen may still do, beside reading: what nobody else sees, taking one's own posts
# away, and asking for help.
_QUIET_SCOPES: Final = frozenset(
    {
        "write:blocks", "write:bookmarks", "write:filters", "write:lists", "write:mutes", "write:notifications",
        "write:reports", "push", "profile",
    }
)  # fmt: skip
_QUIET: Final = frozenset(
    {
        ("POST", "/api/v1/markers"),
        ("DELETE", "/api/v1/statuses/{id}"),
        ("DELETE", "/api/v1/scheduled_statuses/{id}"),
        ("POST", "/api/rostra/v1/decisions/{id}/appeal"),
    }
)


class UserNeeded(InvalidFields):
    """An app's own token was used where a person's is needed (HTTP 422 in Mastodon's words)."""

    def __init__(self) -> None:
        super().__init__({})
        self.text = "This method requires an authenticated user"


class Call:
    """What a handler is given beside its form."""

    __slots__ = ("_looked_up", "owner", "request", "res")

    def __init__(self, request: Request, res: Resources, owner: TokenOwner | None, *, looked_up: bool = False) -> None:
        self.request = request
        self.res = res
        self.owner = owner
        self._looked_up = looked_up

    @property
    def viewer(self) -> Viewer | None:
        """The person behind the token, or None for a visitor and for an app's own token."""
        return self.owner.viewer if self.owner else None

    @property
    def me(self) -> Viewer:
        """The person behind the token of a route with access "user"."""
        viewer = self.viewer
        if viewer is None:
            raise UserNeeded
        return viewer

    @property
    def app(self) -> TokenOwner:
        """The token, on routes with access "app" or "user"."""
        if self.owner is None:
            raise Unauthorized
        return self.owner

    async def statuses(self, *, in_one: bool = False) -> StatusReader:
        """A reader of statuses for this viewer, with the viewer's filters. With `in_one`, whoever had to be looked up
        gets all with one statement, so that with the look-up's it is never more than two."""
        filters = await self.res.filters.of(self.res.db, self.viewer)
        viewer_id = self.viewer.account_id if self.viewer else None
        locale = self.viewer.locale if self.viewer else "en"
        kept = None if in_one and self._looked_up else self.res.texts
        views = self.res.views if self.request.method == "GET" else None
        return StatusReader(self.res.db, self.res.urls, viewer_id, self.res.clock.now(), filters, locale, kept, views)


def check_usable(viewer: Viewer) -> None:
    """Raises Forbidden, with the words that apps show, where the login cannot be used yet or any more."""
    if viewer.obstacle is not None:
        raise Forbidden(_OBSTACLES[viewer.obstacle])


def check_not_frozen(viewer: Viewer, method: str, path: str, scopes: Sequence[str]) -> None:
    """Raises Forbidden where a frozen account would do something that others see. `path` is the route's."""
    if not viewer.frozen or method in ("GET", "HEAD") or (method, path) in _QUIET:
        return
    if not scopes or not _QUIET_SCOPES.issuperset(scopes):
        raise Forbidden
