"""What a sample is drawn from, and the drawing itself: the same frame and seed always give the same sample. Pure.

docs/measurement.md describes it so that it can be written again in any language: only SHA-256 and whole numbers.
"""

from __future__ import annotations

import hashlib
import math
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# By what screening said of a status when it was written: nothing was asked, little, something, much or a rule's hit.
STRATA: Final = ("unjudged", "low", "middle", "high")
MIDDLE: Final = 0.1
HIGH: Final = 0.5
# The shares of violating views that are expected before anything was labelled.
GUESSES: Final = (0.005, 0.001, 0.02, 0.2)


class Frame(msgspec.Struct, frozen=True):
    """All statuses that were viewed, in the order of their ids, with their views and strata."""

    ids: NDArray[np.int64]
    views: NDArray[np.int64]
    strata: NDArray[np.int8]

    def views_of(self, stratum: int) -> int:
        return int(self.views[self.strata == stratum].sum())

    def statuses_of(self, stratum: int) -> int:
        return int((self.strata == stratum).sum())


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """A status of the sample: how often it was drawn, its place in the order of labelling, whether two label it."""

    status_id: int
    stratum: int
    draws: int
    position: int
    twice: bool


def make_frame(rows: Sequence[tuple[int, int, int]]) -> Frame:
    """The frame of (status, views, stratum), in any order."""
    # Here, as most that is known of frames is asked for without one.
    import numpy as np

    ordered = np.array(sorted(rows), dtype=np.int64).reshape(-1, 3)
    return Frame(ordered[:, 0].copy(), ordered[:, 1].copy(), ordered[:, 2].astype(np.int8))


def stratum_of(risk: float | None, *, is_flagged: bool) -> int:
    """The stratum of a status with this risk (None: it was never judged)."""
    if is_flagged or (risk is not None and risk >= HIGH):
        return 3
    if risk is None:
        return 0
    return 2 if risk >= MIDDLE else 1


def text_of(frame: Frame) -> bytes:
    """The frame as it is hashed: a line "status views stratum" for each, in the order of ids."""
    rows = zip(frame.ids.tolist(), frame.views.tolist(), frame.strata.tolist(), strict=True)
    return "".join(f"{number} {views} {stratum}\n" for number, views, stratum in rows).encode()


def digest(frame: Frame) -> bytes:
    """The SHA-256 of the frame's text."""
    return hashlib.sha256(text_of(frame)).digest()


def pack(frame: Frame) -> bytes:
    """The frame as it is stored."""
    return zlib.compress(text_of(frame), 6)


def unpack(stored: bytes) -> Frame:
    """What `pack` made."""
    lines = zlib.decompress(stored).decode().splitlines()
    return make_frame([(int(a), int(b), int(c)) for a, b, c in (line.split(" ") for line in lines)])


def draw(frame: Frame, seed: str, draws: Sequence[int], double_share: float) -> list[Drawn]:
    """Draw `draws[h]` views from each stratum h, with replacement, and put their statuses into an order.

    The k-th draw (from 0) of stratum h takes the first 16 bytes of SHA-256("seed/h/k") as a number, big end first,
    times the stratum's views, shifted right by 128 bits: that view is taken, where views are counted from 0 along the
    statuses in the order of ids. Statuses come in the order of SHA-256("seed/order/status"); of them the given share,
    rounded up, with the lowest SHA-256("seed/twice/status") is labelled by two.
    """
    import numpy as np

    found: dict[int, tuple[int, int]] = {}
    for stratum, count in enumerate(draws):
        ids = frame.ids[frame.strata == stratum]
        ends = np.cumsum(frame.views[frame.strata == stratum])
        total = int(ends[-1]) if len(ends) else 0
        for number in range(count if total else 0):
            view = (int.from_bytes(_hash(seed, stratum, number)[:16]) * total) >> 128
            status_id = int(ids[np.searchsorted(ends, view, side="right")])
            found[status_id] = (stratum, found.get(status_id, (stratum, 0))[1] + 1)
    ordered = sorted(found, key=lambda each: _hash(seed, "order", each))
    twice = chosen(seed, "twice", ordered, double_share)
    return [
        Drawn(
            status_id=status_id, stratum=found[status_id][0], draws=found[status_id][1], position=position,
            twice=status_id in twice,
        )
        for position, status_id in enumerate(ordered)
    ]  # fmt: skip


def chosen(seed: str, purpose: str, ids: Sequence[int], share: float) -> set[int]:
    """That share of the ids, rounded up: those with the lowest hashes."""
    count = math.ceil(share * len(ids) - 1e-9)
    return set(sorted(ids, key=lambda each: _hash(seed, purpose, each))[:count])


def _hash(seed: str, part: int | str, number: int) -> bytes:
    return hashlib.sha256(f"{seed}/{part}/{number}".encode()).digest()
