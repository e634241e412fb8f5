"""Samples, estimates and reports."""

from __future__ import annotations

from rostra.effects.reactions import Tick, emit, every
from rostra.measurement import transparency
from rostra.measurement.golden import collect_golden
from rostra.measurement.labelling import draw_second
from rostra.measurement.prevalence import estimate_weeks
from rostra.measurement.sample import sample_daily
from rostra.measurement.transparency_statements import Register, hand_in
from rostra.measurement.watch import watch_prevalence
from rostra.resources import Resources


async def _sample(_: Tick, res: Resources) -> None:
    await sample_daily(res.db, res.clock)
    await draw_second(res.db, res.clock)
    await collect_golden(res.db, res.clock)


async def _estimate(_: Tick, res: Resources) -> None:
    await estimate_weeks(res.db, res.clock, res.screen.policies)
    await watch_prevalence(res.db, res.clock, emit, res.urls, res.screen.policies)


async def _hand_in(_: Tick, res: Resources) -> None:
    if res.settings.dsa_token is not None:
        register = Register(url=res.settings.dsa_url, token=res.settings.dsa_token)
        await hand_in(res.db, res.clock, res.http, register)


async def _make_overview(_: Tick, res: Resources) -> None:
    service = transparency.service_of(await res.instance.configured(res.db), res.settings.domain)
    await transparency.make_overview(res.db, res.clock, service)


async def _count_recipients(_: Tick, res: Resources) -> None:
    await transparency.count_recipients(res.db, res.clock)


every("19 0 * * *", "measurement.sample", _sample, timeout=3600)
every("49 * * * *", "measurement.estimate", _estimate, timeout=600)
every("52 * * * *", "transparency.hand_in", _hand_in, attempts=1, timeout=1800)
every("7 * * * *", "transparency.overview", _make_overview, timeout=600)
every("48 23 * * *", "transparency.recipients", _count_recipients)
