"""Landscapes: hills, water, night skies. Each fills whatever size it is asked for."""

from __future__ import annotations

from math import pi, sin
from random import Random

from rostra.demo.svg import (
    Points,
    circle,
    dice,
    el,
    ellipse,
    glow,
    gradient,
    group,
    line,
    path,
    picture,
    polygon,
    rect,
)


def ridge(chance: Random, width: float, height: float, level: float, rough: float) -> Points:
    """The outline of hills from the left edge to the right one and around below; `level` from the top, 0 to 1."""
    waves = [(chance.uniform(0.6, 3.4), chance.uniform(0, 2 * pi), chance.uniform(0.3, 1)) for _ in range(4)]
    steps = 60
    top: Points = []
    for step in range(steps + 1):
        x = step / steps
        lift = sum(size * sin(frequency * x * 2 * pi + phase) / frequency for frequency, phase, size in waves)
        top.append((x * width, (level - rough * lift) * height))
    return [*top, (width, height), (0, height)]


def hills(name: str, width: float, height: float, sky: tuple[str, str], colours: tuple[str, ...], sun: str) -> str:
    """Hills behind hills under a low sun; colours from the farthest to the nearest."""
    chance = dice(name)
    first, last = 0.5, 0.9
    layers = [
        polygon(ridge(chance, width, height, first + (last - first) * index / (len(colours) - 1), 0.055), colour)
        for index, colour in enumerate(colours)
    ]
    x, y, radius = width * chance.uniform(0.25, 0.75), height * 0.36, height * 0.1
    return picture(
        width,
        height,
        el("defs", gradient("sky", *sky), glow("halo", sun, sun)),
        rect(0, 0, width, height, "url(#sky)"),
        circle(x, y, radius * 4, "url(#halo)", opacity=0.55),
        circle(x, y, radius, sun),
        *layers,
    )


def mountains(name: str, width: float, height: float) -> str:
    """Snowy peaks above a lake that mirrors them."""
    chance = dice(name)
    shore = height * 0.66
    peaks: list[str] = []
    for index in range(7):
        x, top = width * (index + chance.uniform(0, 0.6)) / 6.5, height * chance.uniform(0.16, 0.4)
        half = (shore - top) * chance.uniform(0.7, 1)
        left, right = (x - half, shore), (x + half, shore)
        snow = 0.34
        tip = [
            (x, top),
            (x + half * snow, top + (shore - top) * snow),
            (x + half * 0.1, top + (shore - top) * 0.25),
            (x - half * 0.06, top + (shore - top) * 0.37),
            (x - half * snow * 0.8, top + (shore - top) * snow * 0.8),
        ]
        peaks.append(polygon([left, (x, top), right], chance.choice(["#6f86a8", "#7f95b3", "#62799c"])))
        peaks.append(polygon([(x, top), right, (x + half * 0.25, shore)], "#4d6389", opacity=0.55))
        peaks.append(polygon(tip, "#f7fbff"))
    view = "".join(peaks)
    mirror = el("g", view, transform=f"translate(0 {2 * shore:.0f}) scale(1 -1)", opacity=0.35)
    ripples = "".join(
        line(
            x := chance.uniform(0, width),
            y := chance.uniform(shore + 8, height),
            x + chance.uniform(30, 140),
            y,
            "#ffffff",
            2,
            opacity=0.28,
        )
        for _ in range(26)
    )
    return picture(
        width,
        height,
        el("defs", gradient("sky", "#7fb9e6", "#f6e7d8"), gradient("lake", "#8fb7d3", "#2f5f86")),
        rect(0, 0, width, height, "url(#sky)"),
        view,
        rect(0, shore, width, height - shore, "url(#lake)"),
        mirror,
        rect(0, shore, width, 3, "#dfe9ee", opacity=0.7),
        ripples,
    )


def stars(name: str, width: float, height: float, *, moon: bool = False) -> str:
    """The Milky Way above dark hills, or the moon."""
    chance = dice(name)
    band = "".join(
        ellipse(
            x := chance.uniform(0, width),
            height * 0.75 - x * height / width * 0.62 + chance.gauss(0, height * 0.06),
            chance.uniform(30, 120),
            chance.uniform(18, 60),
            chance.choice(["#8e7cc3", "#c9b6e4", "#6fa0d8"]),
            opacity=0.06,
        )
        for _ in range(80)
    )
    points = "".join(
        circle(
            chance.uniform(0, width),
            chance.uniform(0, height * 0.86),
            chance.choice([0.8, 1, 1.2, 1.6, 2.4]),
            chance.choice(["#ffffff", "#fff4dc", "#dce8ff"]),
            opacity=round(chance.uniform(0.4, 1), 2),
        )
        for _ in range(420)
    )
    return picture(
        width,
        height,
        el("defs", gradient("night", "#060a1f", "#14204a", "#3b3566"), glow("halo", "#fff3cf", "#fff3cf")),
        rect(0, 0, width, height, "url(#night)"),
        "" if moon else band,
        points,
        _moon(width * 0.62, height * 0.4, height * 0.22, chance) if moon else "",
        polygon(ridge(chance, width, height, 0.86, 0.05), "#0b1024"),
        polygon(ridge(chance, width, height, 0.93, 0.03), "#050816"),
    )


def _moon(x: float, y: float, radius: float, chance: Random) -> str:
    craters = "".join(
        circle(
            x + chance.uniform(-0.6, 0.6) * radius,
            y + chance.uniform(-0.6, 0.6) * radius,
            radius * chance.uniform(0.05, 0.18),
            "#d9cfb0",
            opacity=0.7,
        )
        for _ in range(14)
    )
    return circle(x, y, radius * 2.4, "url(#halo)", opacity=0.4) + circle(x, y, radius, "#f4ecd4") + craters


def sea(name: str, width: float, height: float) -> str:
    """A calm harbour in the evening with sailing boats."""
    chance = dice(name)
    horizon = height * 0.52
    waves = "".join(
        line(
            x := chance.uniform(0, width),
            y := horizon + (height - horizon) * chance.random() ** 1.4,
            x + 10 + (y - horizon) * 0.4,
            y,
            "#fff1d6",
            2 + (y - horizon) / 90,
            opacity=0.3,
        )
        for _ in range(120)
    )
    boats = "".join(
        group(
            path("M-40 0 H44 L30 18 H-28 Z", hull),
            line(0, 0, 0, -86, "#6b4a36", 3),
            path("M4 -84 L44 -8 H4 Z", "#fffaf0"),
            path("M-4 -70 L-32 -8 H-4 Z", "#f3d9b8"),
            at=(width * place, horizon + height * 0.06 * size),
            scale=size * height / 800,
        )
        for place, size, hull in ((0.2, 0.8, "#2f5f86"), (0.44, 1.3, "#b5453a"), (0.8, 1.0, "#3b4a5c"))
    )
    return picture(
        width,
        height,
        el(
            "defs",
            gradient("sky", "#4a5d9b", "#e98f7a", "#ffd9a0"),
            gradient("water", "#e0a184", "#45618f", "#22375f"),
            glow("halo", "#fff0c2", "#fff0c2"),
        ),
        rect(0, 0, width, height, "url(#sky)"),
        circle(width * 0.66, horizon, height * 0.34, "url(#halo)"),
        circle(width * 0.66, horizon - 4, height * 0.085, "#fff3d0"),
        rect(0, horizon, width, height - horizon, "url(#water)"),
        waves,
        boats,
    )


def road(name: str, width: float, height: float) -> str:
    """A cycle path that winds uphill between vineyards."""
    base = hills(name, width, height, ("#bfe3f5", "#fdf1d7"), ("#a9c8b5", "#86b08d", "#6a9a63"), "#ffe39a")
    bends = (
        f"M{width * 0.3:.0f} {height} "
        f"C{width * 0.62:.0f} {height * 0.86:.0f} {width * 0.3:.0f} {height * 0.76:.0f} {width * 0.5:.0f} "
        f"{height * 0.68:.0f} S{width * 0.6:.0f} {height * 0.6:.0f} {width * 0.56:.0f} {height * 0.57:.0f}"
    )
    vines = "".join(
        line(
            width * column / 22,
            height * (0.93 + 0.02 * row),
            width * column / 22 + 26,
            height * (0.915 + 0.02 * row),
            "#3f6b3a",
            7,
        )
        for column in range(12, 23)
        for row in range(3)
    )
    bike = group(_bicycle(), at=(width * 0.33, height * 0.9), scale=height / 800)
    trail = path(bends, stroke="#e9dcc0", stroke_width=height * 0.05, stroke_linecap="round")
    return base.removesuffix("</svg>") + trail + vines + bike + "</svg>"


def _bicycle() -> str:
    return (
        circle(-62, 0, 44, "none", stroke="#22303c", stroke_width=6)
        + circle(66, 0, 44, "none", stroke="#22303c", stroke_width=6)
        + path(
            "M-62 0 L-22 -64 L42 -64 L4 0 Z M-22 -64 L4 0 M66 0 L42 -64 L36 -86 M24 -86 H50 M-26 -74 L-30 -84 M-46 -84 "
            "H-14",
            stroke="#d9482f",
            stroke_width=7,
            stroke_linejoin="round",
            stroke_linecap="round",
        )
        + circle(4, 0, 9, "#22303c")
    )
