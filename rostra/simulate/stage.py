"""Where a simulation runs: a database of its own in a temporary folder, the policy that the process has, invented
accounts, and a clock that the simulation turns. The slices are the real ones; what they announce is handled here."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from rostra.accounts.create import create_account
from rostra.accounts.records import NewAccount, Role
from rostra.events import Event, NoticeReceived, StatusPublished
from rostra.kit.clock import FixedClock
from rostra.kit.db import Database, Tx, open_database
from rostra.kit.jobs import install
from rostra.kit.migrate import migrate
from rostra.kit.postgres import use_database
from rostra.kit.settings import Settings, load_settings
from rostra.ledger.keys import load_signer
from rostra.ledger.note import Signer
from rostra.moderation.decisions.automatic import record_rule
from rostra.moderation.desk import Desk, Reviewer
from rostra.notices.expand import expand
from rostra.policy.check import check_files
from rostra.policy.shipped import shipped_files
from rostra.screening import policy_queries
from rostra.screening.active import ActivePolicy
from rostra.screening.external import External
from rostra.screening.screen import Screen
from rostra.simulate import queries
from rostra.simulate.history import BEGIN, History
from rostra.text.urls import Urls

DOMAIN: Final = "simulated.example"
_MIGRATIONS: Final = Path(__file__).parent.parent / "migrations"
_REVIEWERS: Final = 6
# No password has this hash: nobody signs in to a simulation.
_NO_PASSWORD: Final = "-"


class Writer(msgspec.Struct, frozen=True):
    """An invented account."""

    account_id: int
    username: str


class Stage(msgspec.Struct, kw_only=True):
    """Everything that a process is tried with."""

    settings: Settings
    desk: Desk
    clock: FixedClock
    db: Database
    screen: Screen
    urls: Urls
    signer: Signer
    writers: list[Writer]
    reviewers: list[Reviewer]
    pending: list[Event]

    async def follow(self) -> None:
        """Do what follows from what was announced, as far as moderation is concerned."""
        while self.pending:
            event = self.pending.pop(0)
            if isinstance(event, StatusPublished) and event.restricted:
                await record_rule(self.desk, event.status_id)
            elif isinstance(event, NoticeReceived):
                await expand(self.desk, event.notice_id)


@asynccontextmanager
async def open_stage(folder: Path, history: History, files: Mapping[str, bytes]) -> AsyncGenerator[Stage]:
    """Open a stage in `folder`, with the policy of these files in force."""
    settings = load_settings({}, {"data_dir": folder, "dev": True})
    clock = FixedClock(BEGIN - timedelta(hours=1))
    pending: list[Event] = []

    async def emit(_: Tx, event: Event) -> None:
        pending.append(event)

    async with use_database(settings) as dsn:
        await migrate(dsn, _MIGRATIONS, after=install)
        async with open_database(dsn, waits_for_disk=False, statement_timeout=120) as db:
            urls = Urls(base=f"https://{DOMAIN}", media=f"https://{DOMAIN}/media", domain=DOMAIN)
            policies = ActivePolicy(clock)
            stage = Stage(
                settings=settings,
                desk=Desk(db=db, clock=clock, emit=emit, policies=policies, urls=urls),
                clock=clock,
                db=db,
                screen=Screen(clock, policies, External.off()),
                urls=urls,
                signer=load_signer(settings),
                writers=[],
                reviewers=[],
                pending=pending,
            )
            await _put_in_force(db, clock.now(), files)
            await _fill(stage, history)
            async with stage.screen.tally.sharing(db):
                yield stage


def with_rules() -> dict[str, bytes]:
    """The policy as it comes with the program."""
    return shipped_files()


def without_rules(*, ladder: bool) -> dict[str, bytes]:
    """Its clauses alone: nothing is screened; with what follows from strikes or without."""
    files = {name: body for name, body in shipped_files().items() if name.startswith(("clauses/", "policy.yaml"))}
    main: dict[str, Any] = yaml.safe_load(files["policy.yaml"])
    if not ladder:
        main.pop("ladder", None)
    return {**files, "policy.yaml": yaml.safe_dump(main, allow_unicode=True, sort_keys=False).encode()}


async def _put_in_force(db: Database, at: datetime, files: Mapping[str, bytes]) -> None:
    bundle, _ = check_files(files, today=at.date(), coverage=False)
    async with db.transaction() as tx:
        texts = {name: body.decode() for name, body in files.items()}
        version_id = await policy_queries.insert_version(tx, bundle.version, texts, "Of a simulation", None, at)
        await policy_queries.set_active(tx, version_id, at)


async def _fill(stage: Stage, history: History) -> None:
    """Make the accounts: staff first, then everybody who will ever write, as old as the history says."""
    async with stage.db.transaction() as tx:
        for number in range(_REVIEWERS):
            new = _account(f"reviewer{number}", "en", role="moderator")
            made = await create_account(tx, stage.urls, new, BEGIN - timedelta(days=800))
            stage.reviewers.append(Reviewer(account_id=made, role="moderator"))
        for author in history.authors:
            new = _account(f"person{author.number}", author.language)
            made = await create_account(tx, stage.urls, new, author.since)
            stage.writers.append(Writer(made, new.username))
        # As much of the work goes into samples at every scale.
        await queries.set_daily_sample(tx, max(5, round(60 * history.scale)))
        followers = [author.followers for author in history.authors]
        await queries.set_followers(tx, [writer.account_id for writer in stage.writers], followers)


def _account(name: str, locale: str, *, role: Role = "user") -> NewAccount:
    return NewAccount(
        username=name,
        email=f"{name}@{DOMAIN}",
        password_hash=_NO_PASSWORD,
        role=role,
        locale=locale,
        confirmed=True,
        approved=True,
    )
