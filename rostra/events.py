"""What happened, as the slices say it: stored with the transaction that made it happen, handled by workers.

Events are kept in the queue across versions: fields are only added, with defaults. Which handler runs for which event
is said in `effects`, far above; a slice is given an `Emit` and knows no more.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Literal

import msgspec

from rostra.kit.db import Tx


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all events."""


class StatusPublished(Event, frozen=True, kw_only=True):
    """A status or a boost was published. The flags spare handlers a look at what is not there."""

    status_id: int
    account_id: int
    visibility: str
    reblog_of_id: int | None = None
    has_mentions: bool = False
    is_reply: bool = False
    has_links: bool = False
    poll_id: int | None = None
    # Whether somebody wants to be told of each post of the author.
    rings: bool = True
    # Whether a rule has labelled, limited or closed it.
    restricted: bool = False


class StatusEdited(Event, frozen=True, kw_only=True):
    """Text, media or poll of a status changed."""

    status_id: int
    account_id: int
    has_links: bool = False


class MediaJudged(Event, frozen=True, kw_only=True):
    """Moderation took a file of a status out of sight, covered it, or put it back. Nobody is to be told of an edit."""

    status_id: int
    account_id: int


class StatusRejudged(Event, frozen=True, kw_only=True):
    """An edit was judged: what the verdict before it did holds no more, whatever becomes of the edit."""

    status_id: int


class StatusWithheld(Event, frozen=True, kw_only=True):
    """A status that others could see is for its author only from now on."""

    status_id: int
    account_id: int


class StatusDeleted(Event, frozen=True, kw_only=True):
    """A status is gone, and with it the boosts of it (`boost_ids`), or a boost alone is gone (of `reblog_of_id`).

    `media_keys` name files that nothing needs any more.
    """

    status_id: int
    account_id: int
    media_keys: list[str] = []
    reblog_of_id: int | None = None
    boost_ids: list[int] = []


class Favourited(Event, frozen=True, kw_only=True):
    status_id: int
    account_id: int


class Unfavourited(Event, frozen=True, kw_only=True):
    status_id: int
    account_id: int


class Followed(Event, frozen=True, kw_only=True):
    """`account_id` now follows `target_id`."""

    account_id: int
    target_id: int


class FollowRequested(Event, frozen=True, kw_only=True):
    account_id: int
    target_id: int


class FollowAccepted(Event, frozen=True, kw_only=True):
    """A request of `account_id` was accepted by `target_id`; a Followed is said as well."""

    account_id: int
    target_id: int


class Unfollowed(Event, frozen=True, kw_only=True):
    """`account_id` no longer follows `target_id`, or a block has taken its posts out of sight."""

    account_id: int
    target_id: int


class TagUnfollowed(Event, frozen=True, kw_only=True):
    """`account_id` no longer follows a hashtag."""

    account_id: int
    tag_id: int


class ListChanged(Event, frozen=True, kw_only=True):
    list_id: int
    account_id: int


class PollClosed(Event, frozen=True, kw_only=True):
    poll_id: int


class FiltersChanged(Event, frozen=True, kw_only=True):
    account_id: int


class TokensRevoked(Event, frozen=True, kw_only=True):
    """Tokens or sessions ended: their streams must, too."""

    account_id: int | None = None
    token_ids: list[int] = []


class ProfileChanged(Event, frozen=True, kw_only=True):
    """A profile changed; `searchable_changed` where the wish to be found did, `unlocked` where follows no longer need
    consent. The files `media_keys` are not shown any more."""

    account_id: int
    searchable_changed: bool = False
    unlocked: bool = False
    media_keys: list[str] = []
    # Whether a page behind one of its links may vouch for it.
    has_unverified_links: bool = False


class SignedUp(Event, frozen=True, kw_only=True):
    account_id: int


class Reported(Event, frozen=True, kw_only=True):
    report_id: int
    account_id: int


class Decided(Event, frozen=True, kw_only=True):
    """A decision of moderation was made on `account_id`'s content; `restricts` where it takes something from them."""

    decision_id: int
    account_id: int
    restricts: bool
    # Whether they live here.
    is_local: bool = True
    at: datetime | None = None
    # Reports that have their outcome by it.
    report_ids: list[int] = []


class DecisionReversed(Event, frozen=True, kw_only=True):
    """A decision was turned round: undone by who made it, after a review or an appeal, or by a newer verdict."""

    decision_id: int
    account_id: int
    why: Literal["undo", "review", "appeal", "superseded"]


class ReportsClosed(Event, frozen=True, kw_only=True):
    """Reports have their outcome without a decision, at `at`: nothing was found of what they name."""

    report_ids: list[int]
    at: datetime


class LegalNoticeFiled(Event, frozen=True, kw_only=True):
    """Somebody sent a legal notice; what it names is yet to be looked up."""

    report_id: int


class LegalNoticeRead(Event, frozen=True, kw_only=True):
    """What a legal notice names was looked up, and its cases are open."""

    report_id: int


class AuthorTold(Event, frozen=True, kw_only=True):
    """Somebody of this server has been written to about a decision on what is theirs, or about its end, at `at`."""

    decision_id: int
    account_id: int
    at: datetime


class AppealDecided(Event, frozen=True, kw_only=True):
    """An appeal was decided: by a reviewer, by a panel, or because what it was against was taken back."""

    appeal_id: int


class AccountHidden(Event, frozen=True, kw_only=True):
    """An account was suspended: nobody sees anything of it from now on."""

    account_id: int


class AccountShown(Event, frozen=True, kw_only=True):
    """A suspension ended."""

    account_id: int


class DomainPolicyChanged(Event, frozen=True, kw_only=True):
    """What holds for another server, and for all below its domain, changed."""

    domain: str


class FilesLetGo(Event, frozen=True, kw_only=True):
    """Nothing shows these files any more."""

    media_keys: list[str]


class AccountDeleted(Event, frozen=True, kw_only=True):
    """An account and all its rows are gone; its files remain to be removed."""

    account_id: int
    media_keys: list[str]


class AccountClosed(Event, frozen=True, kw_only=True):
    """Somebody has left, and is hidden already; the rows remain to be removed."""

    account_id: int


class LinkRequested(Event, frozen=True, kw_only=True):
    """Somebody asks for a mailed link; whether the address belongs to anybody is found out later, so that the answer
    takes as long either way."""

    purpose: Literal["confirm", "reset_password"]
    email: str


class MailOrdered(Event, frozen=True, kw_only=True):
    """A letter to be sent; rendered already, so that nothing secret needs to be looked up later."""

    to: str
    subject: str
    text: str


class Notified(Event, frozen=True, kw_only=True):
    """Notifications were made, at most a hundred, as (notification, account); who is connected is told at once."""

    notifications: list[tuple[int, int]]


class PushOrdered(Event, frozen=True, kw_only=True):
    """A Web Push subscription wants to be told of a notification."""

    subscription_id: int
    notification_id: int


class NoticeReceived(Event, frozen=True, kw_only=True):
    """A notice of a host or an authority was believed, and is to be looked into."""

    notice_id: int


class LeverMoved(Event, frozen=True, kw_only=True):
    """A crisis lever was pulled or released; `actor_id` None: by its condition, its expiry or the growth brake."""

    pull_id: int
    released: bool
    actor_id: int | None = None


class FollowedTogether(Event, frozen=True, kw_only=True):
    """Follows of a batch, as (account, target), and requests to follow; `tells` where the targets hear of it."""

    pairs: list[tuple[int, int]]
    requested: list[tuple[int, int]] = []
    tells: bool = True


class UnfollowedTogether(Event, frozen=True, kw_only=True):
    """`Unfollowed`, for the pairs of a batch."""

    pairs: list[tuple[int, int]]


class StatusesImported(Event, frozen=True, kw_only=True):
    """Posts that were first posted elsewhere can be seen here. No news to anybody: they only become findable."""

    account_id: int
    status_ids: list[int]
    # Those of them that a rule has labelled, limited or closed.
    restricted: list[int] = []


class Moved(Event, frozen=True, kw_only=True):
    """`account_id` says that it is `target_id` now; `follows` where its followers are to go there as well. A target of
    None: it says so no more."""

    account_id: int
    target_id: int | None
    move_id: int | None = None
    follows: bool = False


Emit = Callable[[Tx, Event], Awaitable[None]]
