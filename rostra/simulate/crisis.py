"""The acceptance scenario: "would the host have kept us?" Three processes on the same history with the same hours."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from rostra.notices.pack import make_pack
from rostra.notices.pack_verify import Broken, verify
from rostra.simulate.history import History, invent
from rostra.simulate.process import PROCESSES, Process
from rostra.simulate.score import Figures, score
from rostra.simulate.stage import open_stage
from rostra.simulate.trial import Trial

# Hours of review a day at scale 1, for all processes the same.
HOURS: Final = 1.5


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What the scenario showed."""

    seed: int
    scale: float
    hours_a_day: float
    authors: int
    posts: int
    violent_posts: int
    complaints: int
    figures: list[Figures]


async def run(
    seed: int,
    scale: float,
    *,
    hours: float | None = None,
    processes: Sequence[Process] = PROCESSES,
    progress: Callable[[str, float], None] = lambda _process, _share: None,
) -> Result:
    """Run the scenario; minutes at scale 0.1. `hours`: of review a day, for each process."""
    history = invent(seed, scale)
    hours = HOURS * scale if hours is None else hours
    figures = [await _try(process, history, hours, progress) for process in processes]
    return Result(
        seed=seed,
        scale=scale,
        hours_a_day=hours,
        authors=len(history.authors),
        posts=len(history.posts),
        violent_posts=sum(post.violent for post in history.posts),
        complaints=len(history.complaints),
        figures=figures,
    )


async def _try(process: Process, history: History, hours: float, progress: Callable[[str, float], None]) -> Figures:
    with tempfile.TemporaryDirectory(prefix="rostra-simulate-") as folder:
        async with open_stage(Path(folder), history, process.files()) as stage:
            trial = Trial(stage, process, history, hours)
            await trial.run(lambda share: progress(process.title, share))
            pack = await _prove(trial)
            return await score(trial, None if pack is None else _verifies(pack))


async def _prove(trial: Trial) -> bytes | None:
    """The evidence pack of the answer to the ultimatum, where the process makes one."""
    notice_id = trial.letters.letters[-1].notice_id if trial.letters.letters else None
    if notice_id is None:
        return None
    return await make_pack(trial.stage.desk, trial.stage.settings, notice_id)


def _verifies(pack: bytes) -> bool:
    """Whether the stand-alone verifier takes the pack, and no longer takes it with one byte changed."""
    try:
        verify(pack)
    except Broken:
        return False
    changed = bytearray(pack)
    changed[len(changed) // 2] ^= 1
    try:
        verify(bytes(changed))
    except Broken:
        return True
    return False
