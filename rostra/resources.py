"""What a process holds open while it runs, opened and closed together.

Slices never take this bundle: they take the parts that they need as arguments. The edges (API, web, worker, command
line) hold it and hand the parts down.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

import msgspec

from rostra import __version__
from rostra.accounts import queries as account_queries
from rostra.accounts.blocks_edge import Edge
from rostra.accounts.passwords import Passwords
from rostra.continuity.place import LookOnly, Place
from rostra.events import Emit
from rostra.filters.match import FilterCache
from rostra.instance.cache import InstanceCache, default_settings
from rostra.kit.clock import Clock
from rostra.kit.db import Database, open_database
from rostra.kit.http import HttpClient
from rostra.kit.mail import Mailer
from rostra.kit.objectstore import ObjectStore, open_store
from rostra.kit.ratelimit import RateLimiter
from rostra.kit.reading import ReadingDatabase
from rostra.kit.sealing import Sealer
from rostra.kit.secretfile import Secrets, load_secrets
from rostra.kit.settings import Settings
from rostra.kit.stored_objects import ObjectRegister
from rostra.kit.webpush import Vapid
from rostra.levers.active import ActiveLevers
from rostra.media.workers import ImageWorkers
from rostra.moderation.cases.backlog import Backlog
from rostra.moderation.desk import Desk
from rostra.oauth.tokens import TokenReader
from rostra.posts import queries as post_queries
from rostra.posts.texts import KeptTexts
from rostra.posts.views import ViewCounter
from rostra.screening.active import ActivePolicy
from rostra.screening.external import open_external
from rostra.screening.screen import Screen
from rostra.search.trends import TrendsBeside
from rostra.text.urls import Urls

# What is made anew from other rows when it is read, even in a copy to look at.
_DERIVED: Final = (
    account_queries.LOCK_ACCOUNTS,
    account_queries.STORE_RENDERED,
    post_queries.LOCK_STATUSES,
    post_queries.STORE_RENDERED,
)
# How long a process may go on believing what it has read of a token that another process has revoked meanwhile.
TOKENS_KEPT: Final = timedelta(seconds=1)


class Resources(msgspec.Struct, frozen=True, kw_only=True):
    """Everything with a lifetime that the edges hand to the slices."""

    settings: Settings
    secrets: Secrets
    urls: Urls
    clock: Clock
    db: Database
    store: ObjectStore
    images: ImageWorkers
    http: HttpClient
    mailer: Mailer
    vapid: Vapid
    limiter: RateLimiter
    # Which networks have no access; followed by the web process alone.
    edge: Edge
    filters: FilterCache
    tokens: TokenReader
    passwords: Passwords
    sealer: Sealer
    instance: InstanceCache
    trends: TrendsBeside
    screen: Screen
    emit: Emit
    # When the process was opened; None where nobody asks.
    started_at: datetime | None = None
    backlog: Backlog = msgspec.field(default_factory=Backlog)
    # None: what is stored is read each time.
    texts: KeptTexts | None = None
    # None: nobody counts who is shown what.
    views: ViewCounter | None = None
    # Set where this is a copy to look at, which writes nothing and asks nobody.
    look: LookOnly | None = None

    @property
    def desk(self) -> Desk:
        """What deciding needs."""
        return Desk(db=self.db, clock=self.clock, emit=self.emit, policies=self.screen.policies, urls=self.urls)


def urls_of(settings: Settings) -> Urls:
    """The addresses that these settings give."""
    return Urls(base=settings.base_url, media=settings.media_base_url, domain=settings.domain)


def own_store(settings: Settings, db: Database, clock: Clock) -> ObjectStore:
    """This server's store of files, whose objects are registered in its database."""
    return open_store(settings.storage_url or settings.data_dir / "media", ObjectRegister(db, clock))


def instance_cache(settings: Settings, clock: Clock, vapid: Vapid, levers: ActiveLevers) -> InstanceCache:
    """The memory of what the instance is set to, empty yet."""
    defaults = default_settings(dev=settings.dev)
    return InstanceCache(clock, urls_of(settings), levers, defaults=defaults, vapid_public_key=vapid.public_key)


@asynccontextmanager
async def open_resources(
    settings: Settings, dsn: str, emit: Emit, *, waits_for_disk: bool = True
) -> AsyncGenerator[Resources]:
    """Open everything on the database `dsn`; closed in reverse. `emit` puts events into the queue, `waits_for_disk` is
    for `open_database`. A copy to look at counts nothing and asks no other server."""
    clock, look = Clock(), Place(settings.data_dir).find_look_only()
    user_agent = f"Rostra/{__version__} (+{settings.base_url})"
    limiter = RateLimiter(clock, scale=settings.rate_limits_scaled_by)
    http_client = HttpClient(
        user_agent=user_agent, allow_loopback=settings.dev, own_server=settings.external_url, asks=look is None
    )
    external = open_external(settings, http_client, clock)
    screen = Screen(clock, ActivePolicy(clock, settings.data_dir / "banks"), external)
    views = ViewCounter(clock)
    async with AsyncExitStack() as stack:
        pooled = open_database(dsn, max_size=settings.database_pool, waits_for_disk=waits_for_disk)
        db: Database = await stack.enter_async_context(pooled)
        if look is not None:
            db = ReadingDatabase(db, _DERIVED)
        http = await stack.enter_async_context(http_client)
        images = await stack.enter_async_context(ImageWorkers())
        for counting in () if look is not None else (limiter, screen.tally, screen.levers, views):
            await stack.enter_async_context(counting.sharing(db))
        if look is None:
            await stack.enter_async_context(screen.policies.following_banks())
        tokens = TokenReader(db, clock, keep=TOKENS_KEPT)
        await stack.enter_async_context(tokens.renewing())
        secrets = load_secrets(settings)
        vapid = Vapid(secrets.vapid_private_key, settings.base_url, clock)
        yield Resources(
            settings=settings,
            secrets=secrets,
            urls=urls_of(settings),
            clock=clock,
            db=db,
            store=own_store(settings, db, clock),
            images=images,
            http=http,
            mailer=Mailer(settings, clock),
            vapid=vapid,
            limiter=limiter,
            edge=Edge(clock),
            filters=FilterCache(),
            tokens=tokens,
            passwords=Passwords(settings),
            sealer=Sealer(secrets.secret_key),
            instance=instance_cache(settings, clock, vapid, screen.levers),
            trends=TrendsBeside(clock, urls_of(settings)),
            screen=screen,
            emit=emit,
            started_at=clock.now(),
            texts=KeptTexts(),
            views=views,
            look=look,
        )
