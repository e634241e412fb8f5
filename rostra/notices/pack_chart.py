"""Estimates of prevalence as files of a pack: figures, and a chart with their intervals. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from html import escape
from typing import Final

import msgspec

_WIDE: Final = 640
_TALL: Final = 260
_LEFT: Final = 64
_FOOT: Final = 36


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """The estimated share of views that break a clause ("": any) in the days from `first` to before `until`, with its
    interval (95 %) and the number of labelled views that it rests on."""

    first: date
    until: date
    clause: str
    share: float
    low: float
    high: float
    labelled: int


def prevalence_files(figures: Sequence[Figure]) -> dict[str, bytes]:
    """`prevalence.json` with all figures, `prevalence.svg` with those of any clause; nothing where there are none."""
    if not figures:
        return {}
    whole = [each for each in figures if not each.clause] or list(figures)
    return {
        "prevalence.json": msgspec.json.format(msgspec.json.encode(list(figures)), indent=1),
        "prevalence.svg": _draw(sorted(whole, key=lambda each: each.first)).encode(),
    }


def _draw(figures: Sequence[Figure]) -> str:
    top = max((each.high for each in figures), default=0.0) or 0.01
    step = (_WIDE - _LEFT - 16) / max(len(figures), 1)

    def height(share: float) -> float:
        return round(_TALL - _FOOT - share / top * (_TALL - _FOOT - 24), 1)

    marks: list[str] = []
    for number, each in enumerate(figures):
        at = round(_LEFT + (number + 0.5) * step, 1)
        said = f"{each.first}: {each.share:.3%} ({each.low:.3%} to {each.high:.3%}, {each.labelled} looked at)"
        marks.append(
            f'<g><title>{escape(said)}</title><line x1="{at}" x2="{at}" y1="{height(each.low)}"'
            f' y2="{height(each.high)}" stroke="#555" stroke-width="2"/>'
            f'<circle cx="{at}" cy="{height(each.share)}" r="4" fill="#8a1c3b"/>'
            f'<text x="{at}" y="{_TALL - 14}" text-anchor="middle">{each.first:%d.%m.}</text></g>'
        )
    scale = "".join(
        f'<line x1="{_LEFT}" x2="{_WIDE - 16}" y1="{height(share)}" y2="{height(share)}" stroke="#ddd"/>'
        f'<text x="{_LEFT - 8}" y="{height(share) + 4}" text-anchor="end">{share:.2%}</text>'
        for share in (0.0, top / 2, top)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {_TALL}" role="img" font-family="sans-serif"'
        f' font-size="12"><title>Share of views that break the policy, by week, with 95 % intervals</title>'
        f"{scale}{''.join(marks)}</svg>\n"
    )
