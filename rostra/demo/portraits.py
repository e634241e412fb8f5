"""Avatars: plain portraits put together from a few features, and some things that people show instead of a face."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi, sin
from typing import Final, Literal

import msgspec

from rostra.demo import svg
from rostra.demo.svg import circle, el, ellipse, group, line, path, picture, rect

Hair = Literal["short", "bob", "long", "bun", "curls", "bald", "scarf", "cap", "beret"]
_SIDE: Final = 200
_FRAME: Final = "#22303c"


class Face(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A portrait's features; colours as `#rrggbb`."""

    skin: str
    hair: Hair
    hair_colour: str
    clothes: str
    background: str
    glasses: bool = False
    beard: bool = False
    stripes: bool = False


def draw_face(face: Face) -> str:
    """A portrait of the square kind."""
    behind, before = _HAIR[face.hair](face)
    return picture(
        _SIDE,
        _SIDE,
        rect(0, 0, _SIDE, _SIDE, face.background),
        circle(100, 96, 82, "#ffffff", opacity=0.16),
        behind,
        _shoulders(face),
        rect(86, 120, 28, 44, _darker(face.skin), rx=12),
        ellipse(64, 100, 7, 11, _darker(face.skin)),
        ellipse(136, 100, 7, 11, _darker(face.skin)),
        ellipse(100, 94, 37, 46, face.skin),
        _beard(face) if face.beard else "",
        _features(face),
        before,
        _glasses() if face.glasses else "",
    )


def _shoulders(face: Face) -> str:
    shape = "M18 200 C22 164 52 150 82 148 C90 160 110 160 118 148 C148 150 178 164 182 200 Z"
    stripes = [line(10, y, 190, y, "#ffffff", 5, opacity=0.5) for y in (166, 182, 198)] if face.stripes else []
    cut = el("clipPath", path(shape, "#000"), id="body")
    return el("defs", cut) + path(shape, face.clothes) + el("g", *stripes, clip_path="url(#body)")


def _features(face: Face) -> str:
    dark = "#2b2330"
    covered = face.hair in ("scarf", "cap", "beret")
    brow = "#3b2a22" if covered else face.hair_colour if face.hair_colour.lower() < "#c" else "#8a8178"
    return "".join(
        (
            circle(86, 95, 3.6, dark),
            circle(114, 95, 3.6, dark),
            path("M79 84 q7 -5 14 -1", stroke=brow, stroke_width=3, stroke_linecap="round"),
            path("M107 83 q7 -4 14 1", stroke=brow, stroke_width=3, stroke_linecap="round"),
            path("M100 97 q-4 10 1 11", stroke=_darker(face.skin), stroke_width=3, stroke_linecap="round"),
            path("M88 118 q12 11 24 0", stroke="#a23b3b", stroke_width=3.4, stroke_linecap="round"),
            circle(77, 110, 6, "#e86a5c", opacity=0.25),
            circle(123, 110, 6, "#e86a5c", opacity=0.25),
        )
    )


def _beard(face: Face) -> str:
    shape = "M63 98 C63 140 82 150 100 150 C118 150 137 140 137 98 C130 116 120 108 100 108 C80 108 70 116 63 98 Z"
    return path(shape, face.hair_colour)


def _glasses() -> str:
    return (
        circle(85, 96, 13, "#ffffff", fill_opacity=0.18, stroke=_FRAME, stroke_width=3)
        + circle(115, 96, 13, "#ffffff", fill_opacity=0.18, stroke=_FRAME, stroke_width=3)
        + path("M98 95 q2 -3 4 0 M72 94 l-9 -3 M128 94 l9 -3", stroke=_FRAME, stroke_width=3)
    )


def _short_hair(face: Face) -> tuple[str, str]:
    fringe = "C134 78 128 70 118 68 C100 76 78 70 70 72 C65 78 63 84 62 92 Z"
    front = f"M62 92 C56 50 84 40 102 42 C130 40 144 58 138 92 {fringe}"
    return "", path(front, face.hair_colour)


def _bob(face: Face) -> tuple[str, str]:
    back = "M54 140 C44 70 66 38 100 38 C134 38 156 70 146 140 C136 146 124 142 122 130 L78 130 C76 142 64 146 54 140 Z"
    front = "M62 96 C56 54 80 40 104 40 C130 40 144 60 138 96 C132 80 118 74 108 66 C96 78 72 76 62 96 Z"
    return path(back, face.hair_colour), path(front, face.hair_colour)


def _long_hair(face: Face) -> tuple[str, str]:
    back = "M50 190 C40 90 58 36 100 36 C142 36 160 90 150 190 C134 176 124 170 120 140 L80 140 C76 170 66 176 50 190 Z"
    front = "M62 98 C56 58 84 46 100 48 C122 46 144 60 138 98 C134 84 122 72 96 60 C92 76 70 80 62 98 Z"
    return path(back, face.hair_colour), path(front, face.hair_colour)


def _bun(face: Face) -> tuple[str, str]:
    behind = circle(100, 34, 20, face.hair_colour)
    front = "M61 96 C56 58 76 44 100 44 C124 44 144 58 139 96 C136 76 124 64 100 62 C76 64 64 76 61 96 Z"
    return behind, path(front, face.hair_colour) + path("M86 40 q14 -8 28 0", stroke="#ffffff", opacity=0.25)


def _curls(face: Face) -> tuple[str, str]:
    ring = [(100 + 46 * cos(pi * step / 11 + pi), 84 + 44 * sin(pi * step / 11 + pi)) for step in range(-2, 14)]
    behind = "".join(circle(x, y, 19, face.hair_colour) for x, y in ring)
    front = "".join(circle(70 + 12 * step, 56 - 5 * (step % 2), 12, face.hair_colour) for step in range(6))
    return behind, front


def _bald(_face: Face) -> tuple[str, str]:
    return "", path("M84 58 q14 -8 28 -2", stroke="#ffffff", stroke_width=4, stroke_linecap="round", opacity=0.35)


def _scarf(face: Face) -> tuple[str, str]:
    back = "M56 150 C42 80 62 36 100 36 C138 36 158 80 144 150 C130 168 70 168 56 150 Z"
    edge = "M60 104 C54 60 78 44 100 44 C122 44 146 60 140 104 C138 80 122 62 100 62 C78 62 62 80 60 104 Z"
    chin = "M58 112 C64 150 84 150 100 150 C116 150 136 150 142 112 L150 150 C130 176 70 176 50 150 Z"
    return path(back, face.hair_colour), path(edge, face.hair_colour) + path(chin, face.hair_colour)


def _cap(face: Face) -> tuple[str, str]:
    crown = path("M60 80 C58 46 80 36 102 36 C128 36 144 52 141 80 C116 72 84 72 60 80 Z", face.hair_colour)
    peak = path("M96 72 C126 66 152 70 166 84 C146 84 122 82 98 82 Z", _darker(face.hair_colour))
    return "", crown + peak + circle(102, 37, 4, "#ffffff", opacity=0.7)


def _beret(face: Face) -> tuple[str, str]:
    behind = path("M56 130 C48 84 60 56 100 54 C140 56 152 84 144 130 C134 136 124 132 122 120 L78 120 Z", "#3b2a22")
    top = path("M54 74 C40 44 84 24 116 30 C152 34 162 60 144 72 C116 60 82 62 54 74 Z", face.hair_colour)
    return behind, top + path("M104 30 q4 -8 8 -9", stroke=face.hair_colour, stroke_width=5, stroke_linecap="round")


_HAIR: Final[dict[str, Callable[[Face], tuple[str, str]]]] = {
    "short": _short_hair,
    "bob": _bob,
    "long": _long_hair,
    "bun": _bun,
    "curls": _curls,
    "bald": _bald,
    "scarf": _scarf,
    "cap": _cap,
    "beret": _beret,
}


def _darker(colour: str) -> str:
    parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{int(part * 0.84):02x}" for part in parts)


def draw_planet() -> str:
    """A ringed planet among stars."""
    chance = svg.dice("planet")
    stars = "".join(
        circle(chance.uniform(0, 200), chance.uniform(0, 200), chance.uniform(0.6, 2), "#fff", opacity=0.8)
        for _ in range(46)
    )
    return picture(
        _SIDE,
        _SIDE,
        el("defs", svg.gradient("night", "#101638", "#3a2a63"), svg.gradient("ball", "#ffb27a", "#d9576a")),
        rect(0, 0, _SIDE, _SIDE, "url(#night)"),
        stars,
        group(
            path("M-82 0 A82 22 0 0 1 82 0", stroke="#f0d9a8", stroke_width=9),
            circle(0, 0, 50, "url(#ball)"),
            path("M-46 -18 Q0 -6 46 -18 M-50 6 Q0 18 50 6", stroke="#fff", stroke_width=4, opacity=0.25),
            path("M-82 0 A82 22 0 0 0 82 0", stroke="#f0d9a8", stroke_width=9),
            at=(100, 102),
            turn=-18,
        ),
    )


def draw_weather() -> str:
    """A sun behind a cloud."""
    rays = "".join(group(line(0, -52, 0, -66, "#ffd15c", 7), turn=turn) for turn in (0, 45, 90, 180, 225, 270, 315))
    cloud = circle(76, 132, 26, "#fff") + circle(108, 118, 36, "#fff") + circle(140, 134, 24, "#fff")
    return picture(
        _SIDE,
        _SIDE,
        el("defs", svg.gradient("sky", "#4aa7e8", "#a9dcf7")),
        rect(0, 0, _SIDE, _SIDE, "url(#sky)"),
        group(circle(0, 0, 40, "#ffc53d"), rays, at=(120, 82)),
        cloud,
        rect(52, 132, 110, 26, "#fff", rx=13),
    )


def draw_townhall() -> str:
    """A town hall with a clock tower, for who writes about the council."""
    windows = "".join(rect(x, 128, 14, 24, "#7a3b2e", rx=7) for x in (38, 62, 124, 148))
    return picture(
        _SIDE,
        _SIDE,
        el("defs", svg.gradient("dusk", "#f6c9a0", "#e9846a")),
        rect(0, 0, _SIDE, _SIDE, "url(#dusk)"),
        rect(26, 112, 148, 70, "#fbe9d2"),
        rect(80, 58, 40, 124, "#f4dcbd"),
        path("M74 60 L100 26 L126 60 Z", "#8c4a3a"),
        circle(100, 80, 13, "#fff", stroke="#7a3b2e", stroke_width=3),
        path("M100 80 V72 M100 80 L106 84", stroke="#7a3b2e", stroke_width=2.6, stroke_linecap="round"),
        path("M20 114 H80 M120 114 H180", stroke="#8c4a3a", stroke_width=8),
        windows,
        path("M88 182 V152 a12 12 0 0 1 24 0 V182 Z", "#7a3b2e"),
        rect(0, 180, _SIDE, 20, "#b5654f"),
    )


THINGS: Final[dict[str, Callable[[], str]]] = {
    "planet": draw_planet,
    "weather": draw_weather,
    "townhall": draw_townhall,
}
