"""Pushing one notification to one subscription.

Each is a job of its own, so that a dead endpoint holds up nobody else. What the person could not read through the API
now (gone, no longer visible, hidden by a filter) is not pushed either: it is read in the same way.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import msgspec
import structlog

from rostra.entities.notification import Notification
from rostra.events import PushOrdered
from rostra.filters.match import FilterCache
from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.errors import Upstream
from rostra.kit.http import HttpClient
from rostra.kit.sealing import Sealer
from rostra.kit.webpush import Subscription, Vapid, build_push_request
from rostra.notifications import push_queries as queries
from rostra.notifications import show
from rostra.notifications.push_texts import push_title
from rostra.notifications.records import Target
from rostra.notifications.subscribe import SEALED_FOR
from rostra.posts.hydrate import StatusReader
from rostra.text.sanitise import to_plain_text
from rostra.text.urls import Urls

log = structlog.get_logger()

# Two days, after which nobody wants to hear of it any more.
_TTL: Final = 48 * 3600
_LONGEST_BODY: Final = 140
_LONGEST_TITLE: Final = 100
_DEADLINE: Final = 8.0
# A subscription that has failed so often is still tried with each notification, but each only once.
_TRIED_ONCE_FROM: Final = 10
_GIVEN_UP_AFTER: Final = timedelta(days=7)
_GONE: Final = frozenset({404, 410})
_LATER: Final = frozenset({408, 425, 429})


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """What apps read. The id is a number, as apps on phones want it, and one that apps in browsers can hold exactly."""

    access_token: str
    preferred_locale: str
    notification_id: int
    notification_type: str
    icon: str
    title: str
    body: str


class _Person(msgspec.Struct, frozen=True):
    id: str
    display_name: str
    username: str
    avatar_static: str
    note: str


class _Text(msgspec.Struct, frozen=True):
    spoiler_text: str
    content: str


class Pusher:
    """The parts that pushing needs, bound together for the handler."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        urls: Urls,
        *,
        http: HttpClient,
        vapid: Vapid,
        sealer: Sealer,
        filters: FilterCache,
    ) -> None:
        self._db = db
        self._clock = clock
        self._urls = urls
        self._http = http
        self._vapid = vapid
        self._sealer = sealer
        self._filters = filters

    async def push(self, event: PushOrdered) -> None:
        """Push, unless there is nothing to push any more. Raises Upstream where it should be tried again."""
        async with self._db.read() as conn:
            target = await queries.find_target(conn, event.subscription_id)
        if target is None:
            return
        token = self._sealer.decrypt(SEALED_FOR, target.token_sealed)
        if token is None:
            # Encrypted with a secret key that is no longer ours: the app will notice and subscribe again.
            await self._remove(target)
            return
        notification = await self._find(target, event.notification_id)
        if notification is None:
            return
        payload = build_payload(notification, token.decode(), target)
        status = await self._send(target, payload, urgent=notification.type == "mention")
        await self._settle(target, status)

    async def _find(self, target: Target, notification_id: int) -> Notification | None:
        viewer_id = target.account_id
        filters = await self._filters.of_account(self._db, viewer_id, target.filters_revision)
        reader = StatusReader(self._db, self._urls, viewer_id, self._clock.now(), filters)
        return await show.find(self._db, self._urls, reader, viewer_id, notification_id)

    async def _send(self, target: Target, payload: Payload, *, urgent: bool) -> int | None:
        """The status that the push service answers, or None where it does not answer."""
        request = build_push_request(
            Subscription(endpoint=target.endpoint, p256dh=target.p256dh, auth=target.auth, standard=target.standard),
            msgspec.json.encode(payload),
            vapid=self._vapid,
            ttl=_TTL,
            urgency="high" if urgent else "normal",
        )
        try:
            answer = await self._http.post(
                request.url, content=request.body, headers=request.headers, deadline=_DEADLINE
            )
        except Upstream as problem:
            log.info("a push service does not answer", subscription=target.id, reason=problem.operator_text)
            return None
        return answer.status

    async def _settle(self, target: Target, status: int | None) -> None:
        if status is not None and 200 <= status < 300:
            if target.failures:
                async with self._db.transaction() as tx:
                    await queries.note_success(tx, target.id)
            return
        if status in _GONE:
            await self._remove(target)
            return
        async with self._db.transaction() as tx:
            failing = await queries.note_failure(tx, target.id, self._clock.now())
        if failing is None:
            return
        if failing.failures >= _TRIED_ONCE_FROM and self._clock.now() - failing.failing_since >= _GIVEN_UP_AFTER:
            await self._remove(target)
            return
        log.info("a push was not taken", subscription=target.id, status=status, failures=failing.failures)
        passing = status is None or status >= 500 or status in _LATER
        if passing and failing.failures < _TRIED_ONCE_FROM:
            raise Upstream(f"the push service of subscription {target.id} answers {status or 'nothing'}")

    async def _remove(self, target: Target) -> None:
        log.info("a push subscription is removed", subscription=target.id)
        async with self._db.transaction() as tx:
            await queries.delete(tx, target.id)


# What is called otherwise where it comes from nobody else.
_OWN: Final = {"poll": "own_poll", "admin.report": "legal_notice"}


def build_payload(notification: Notification, token: str, target: Target) -> Payload:
    """What is pushed: a title that says who did what, and the beginning of the text that it is about."""
    who = msgspec.json.decode(notification.account, type=_Person)
    own = int(who.id) == target.account_id
    kind = _OWN.get(notification.type, notification.type) if own else notification.type
    name = _cut(who.display_name or who.username, _LONGEST_TITLE)
    body = ""
    if not isinstance(notification.status, msgspec.UnsetType):
        text = msgspec.json.decode(notification.status, type=_Text)
        body = text.spoiler_text or to_plain_text(text.content)
    elif notification.type in ("follow", "follow_request"):
        body = to_plain_text(who.note)
    elif not isinstance(notification.report, msgspec.UnsetType):
        body = notification.report.comment
    return Payload(
        access_token=token,
        preferred_locale=target.locale,
        notification_id=int(notification.id),
        notification_type=notification.type,
        icon=who.avatar_static,
        title=push_title(kind, name, target.locale),
        body=_cut(body, _LONGEST_BODY),
    )


def _cut(text: str, most: int) -> str:
    text = text.strip()
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
