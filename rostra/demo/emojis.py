"""Custom emojis: small drawings on nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from rostra.demo.svg import circle, ellipse, line, path, picture, rect

_SIDE: Final = 128


def draw_tram() -> str:
    """A tram from the front."""
    return picture(
        _SIDE,
        _SIDE,
        path("M44 14 L64 2 L84 14", stroke="#4a4a55", stroke_width=5, stroke_linecap="round"),
        rect(22, 14, 84, 98, "#c8352f", rx=20),
        rect(32, 26, 64, 40, "#d5ecf5", rx=8),
        line(64, 28, 64, 64, "#c8352f", 4),
        rect(22, 74, 84, 12, "#f4e6cf"),
        circle(40, 98, 7, "#ffe9a6"),
        circle(88, 98, 7, "#ffe9a6"),
        path("M36 112 L26 126 M92 112 L102 126", stroke="#4a4a55", stroke_width=7, stroke_linecap="round"),
    )


def draw_loaf() -> str:
    """A loaf that is pleased with itself."""
    return picture(
        _SIDE,
        _SIDE,
        path("M12 92 C6 46 34 26 64 26 C94 26 122 46 116 92 C110 110 18 110 12 92 Z", "#c47a35"),
        path(
            "M30 46 q8 -8 20 -6 M56 38 q10 -6 20 -2 M84 42 q10 0 16 8",
            stroke="#f5dcae",
            stroke_width=8,
            stroke_linecap="round",
        ),
        circle(48, 76, 6, "#3b2416"),
        circle(80, 76, 6, "#3b2416"),
        path("M52 88 q12 10 24 0", stroke="#3b2416", stroke_width=5, stroke_linecap="round"),
        ellipse(36, 86, 8, 5, "#e8836a", opacity=0.6),
        ellipse(92, 86, 8, 5, "#e8836a", opacity=0.6),
    )


def draw_heron() -> str:
    """The heron of Mulini Bassi, on duty."""
    return picture(
        _SIDE,
        _SIDE,
        path("M58 92 V124 M70 92 V124", stroke="#c79a4a", stroke_width=5, stroke_linecap="round"),
        path("M28 92 C30 62 60 52 92 66 C106 74 104 92 80 96 C60 100 40 98 28 92 Z", "#8ea3b5"),
        path("M84 74 C104 58 62 48 72 22", stroke="#b9c8d4", stroke_width=12, stroke_linecap="round"),
        ellipse(76, 20, 14, 10, "#b9c8d4"),
        path("M86 16 L124 24 L86 24 Z", "#e0a33a"),
        path("M66 14 q-16 -6 -26 4", stroke="#33424f", stroke_width=5, stroke_linecap="round"),
        circle(80, 18, 3, "#22303c"),
    )


EMOJIS: Final[dict[str, Callable[[], str]]] = {"tram": draw_tram, "loaf": draw_loaf, "heron": draw_heron}
