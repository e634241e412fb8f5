"""What the instance is set to, kept in memory: every page shows it, and it changes a few times a year.

Settings and rules are read again after a few seconds, so that a change reaches all processes; the process that makes a
change calls `forget`. The numbers, which cost a pass over the accounts, are a minute old at most. Who may sign up is
what is set, or what a crisis lever makes stricter.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from rostra.entities.account import RawAccount
from rostra.instance import queries
from rostra.instance.describe import Facts, find_contact, render_instance
from rostra.instance.records import InstanceSettings, RegistrationsMode, Rule, Statistics, Week
from rostra.instance.settings import read_settings
from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.remembered import Remembered
from rostra.levers.active import ActiveLevers
from rostra.levers.enforce import sign_up_mode
from rostra.text.urls import Urls

_SETTINGS_FOR: Final = timedelta(seconds=5)
_STATISTICS_FOR: Final = timedelta(minutes=1)
_WEEKS_FOR: Final = timedelta(hours=1)
_WEEKS: Final = 12
# For apps, where the administrators have not written anything themselves. Pages say it in the reader's language.
_FOR_NOW: Final[dict[str, str]] = {
    "approval": "For the time being, new accounts are approved by a person.",
    "invite": "For the time being, new accounts need an invitation.",
}


class InstanceCache:
    """One process's memory of the instance. `defaults` are the settings that hold until they are changed."""

    def __init__(
        self,
        clock: Clock,
        urls: Urls,
        levers: ActiveLevers,
        *,
        defaults: InstanceSettings,
        vapid_public_key: str,
    ) -> None:
        self.defaults = defaults
        self._levers = levers
        self._clock = clock
        self._urls = urls
        self._vapid_public_key = vapid_public_key
        self._said: Remembered[tuple[InstanceSettings, list[Rule], RawAccount | None]] = Remembered(
            clock, _SETTINGS_FOR
        )
        # By who may sign up: a lever changes that sooner than the rest is read again.
        self._site: defaultdict[RegistrationsMode, Remembered[dict[str, Any]]] = defaultdict(
            lambda: Remembered(clock, _SETTINGS_FOR)
        )
        self._statistics: Remembered[Statistics] = Remembered(clock, _STATISTICS_FOR)
        self._weeks: Remembered[list[Week]] = Remembered(clock, _WEEKS_FOR)

    def forget(self) -> None:
        """Read everything again when it is next needed; to be called after a change."""
        for kept in (self._said, *self._site.values(), self._statistics, self._weeks):
            kept.forget()

    async def settings(self, db: Database) -> InstanceSettings:
        """What holds now: what the instance is set to, under the levers."""
        return await self._under_levers(db, (await self._read(db))[0])

    async def configured(self, db: Database) -> InstanceSettings:
        """What the instance is set to, whatever levers are pulled: for the form that changes it."""
        return (await self._read(db))[0]

    async def sign_up_lever(self, db: Database) -> int | None:
        """The pull of the crisis lever that says who may sign up; None where what is set does."""
        configured = (await self._read(db))[0].registrations_mode
        lever = sign_up_mode(await self._levers.current(db), configured, self._clock.now())[1]
        return lever.pull_id if lever else None

    async def facts(self, db: Database) -> Facts:
        """What the instance says of itself."""
        settings, rules, contact = await self._read(db)
        return Facts(
            settings=await self._under_levers(db, settings),
            rules=rules,
            contact=contact,
            statistics=await self._statistics.get(lambda: self._count(db)),
            vapid_public_key=self._vapid_public_key,
        )

    async def site(self, db: Database) -> dict[str, Any]:
        """The Instance entity as a plain mapping, as pages take it. Not to be changed."""

        async def describe() -> dict[str, Any]:
            instance = render_instance(await self.facts(db), self._urls)
            return msgspec.json.decode(msgspec.json.encode(instance), type=dict[str, Any])

        mode = (await self.settings(db)).registrations_mode
        return await self._site[mode].get(describe)

    async def dated(self, db: Database, name: str) -> tuple[InstanceSettings, datetime | None]:
        """The settings, and when the one called `name` was last changed (None: never), read anew."""
        async with db.read() as conn:
            changed = await queries.find_setting_date(conn, name)
        return await self.settings(db), changed

    async def weeks(self, db: Database) -> list[Week]:
        """The last twelve weeks, the present one first."""
        now = self._clock.now()
        monday = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=now.weekday())
        begins = [monday - timedelta(weeks=back) for back in range(_WEEKS)]

        async def count() -> list[Week]:
            async with db.read() as conn:
                return await queries.count_weeks(conn, begins)

        return await self._weeks.get(count)

    async def _under_levers(self, db: Database, settings: InstanceSettings) -> InstanceSettings:
        mode, lever = sign_up_mode(await self._levers.current(db), settings.registrations_mode, self._clock.now())
        if lever is None:
            return settings
        message = settings.registrations_message or _FOR_NOW[mode]
        return msgspec.structs.replace(settings, registrations_mode=mode, registrations_message=message)

    async def _read(self, db: Database) -> tuple[InstanceSettings, list[Rule], RawAccount | None]:
        async def read() -> tuple[InstanceSettings, list[Rule], RawAccount | None]:
            async with db.read() as conn:
                settings = await read_settings(conn, self.defaults)
                rules = await queries.list_rules(conn)
            return settings, rules, await find_contact(db, self._urls, settings.contact_username)

        return await self._said.get(read)

    async def _count(self, db: Database) -> Statistics:
        today = self._clock.now().date()
        async with db.read() as conn:
            return await queries.count_everything(conn, today - timedelta(days=30), today - timedelta(days=180))


def default_settings(*, dev: bool) -> InstanceSettings:
    """The settings of a fresh instance. Whoever comes is looked at first, unless nobody can come from elsewhere."""
    return InstanceSettings(registrations_mode="open" if dev else "approval")
