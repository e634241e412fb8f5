"""Views of the town: a street with its tram, the football ground, a map. Most fill whatever size they are asked for."""

from __future__ import annotations

from random import Random

from rostra.demo.svg import circle, dice, el, ellipse, glow, gradient, group, line, path, picture, polygon, rect


def street(name: str, width: float, height: float) -> str:
    """A row of old houses with a red tram before it."""
    chance = dice(name)
    ground = height * 0.82
    houses: list[str] = []
    x = -30.0
    while x < width:
        wide, tall = chance.uniform(120, 190) * height / 800, height * chance.uniform(0.42, 0.6)
        wall = chance.choice(["#f0c987", "#e8a57c", "#d9c7a3", "#e9dcc3", "#c98b6b", "#b9c4a9"])
        houses.append(_house(x, ground, wide, tall, wall, chance))
        x += wide
    wires = line(0, height * 0.3, width, height * 0.34, "#4a4a55", 2, opacity=0.6)
    return picture(
        width,
        height,
        el("defs", gradient("sky", "#8cc3ea", "#eef6f8")),
        rect(0, 0, width, height, "url(#sky)"),
        *houses,
        wires,
        rect(0, ground, width, height - ground, "#7d7a78"),
        rect(0, ground, width, 10, "#b9b3aa"),
        line(0, ground + 52, width, ground + 52, "#56524f", 4),
        line(0, ground + 84, width, ground + 84, "#56524f", 4),
        group(_tram(), at=(width * 0.36, ground + 60), scale=height / 800),
    )


def _house(x: float, ground: float, wide: float, tall: float, wall: str, chance: Random) -> str:
    roof = polygon(
        [(x - 6, ground - tall), (x + wide / 2, ground - tall - 46), (x + wide + 6, ground - tall)], "#a3543f"
    )
    shutters = chance.choice(["#4f7d5b", "#57708c", "#8c4a3a"])
    windows = "".join(
        rect(left - 9, top, 42, 46, shutters) + rect(left, top, 24, 46, "#33475a")
        for top in range(int(ground - tall + 34), int(ground - 110), 84)
        for left in (x + wide * 0.24 - 12, x + wide * 0.72 - 12)
    )
    door = rect(x + wide * 0.42, ground - 74, 32, 74, "#5c3b2e", rx=4)
    return rect(x, ground - tall, wide, tall, wall) + roof + windows + door


def _tram() -> str:
    windows = "".join(rect(x, -150, 62, 56, "#d5ecf5", rx=6) for x in (24, 96, 240, 312, 384))
    wheels = "".join(circle(x, -4, 17, "#33333a") + circle(x, -4, 6, "#8c8c92") for x in (70, 120, 360, 410))
    return "".join(
        (
            path("M200 -178 L230 -236 L262 -178", stroke="#4a4a55", stroke_width=5),
            rect(0, -174, 480, 160, "#c8352f", rx=22),
            rect(0, -84, 480, 24, "#f4e6cf"),
            rect(20, -182, 440, 12, "#8d2320", rx=6),
            windows,
            rect(170, -152, 56, 128, "#8d2320", rx=4),
            rect(176, -146, 20, 116, "#d5ecf5"),
            rect(200, -146, 20, 116, "#d5ecf5"),
            circle(466, -46, 8, "#ffe9a6"),
            circle(14, -46, 8, "#ffe9a6"),
            wheels,
        )
    )


def football(name: str, width: float, height: float) -> str:
    """A small ground under floodlights."""
    chance = dice(name)
    near = height * 0.44
    bands = [
        polygon(
            [
                (width * (0.5 + (index / 10 - 0.5) * 0.7), near),
                (width * (0.5 + ((index + 1) / 10 - 0.5) * 0.7), near),
                (width * (0.5 + ((index + 1) / 10 - 0.5) * 1.5), height),
                (width * (0.5 + (index / 10 - 0.5) * 1.5), height),
            ],
            "#3f9450" if index % 2 else "#4aa45c",
        )
        for index in range(10)
    ]
    crowd = "".join(
        circle(
            chance.uniform(0, width),
            near - chance.uniform(6, height * 0.14),
            7 * height / 800,
            chance.choice(["#f2d64b", "#2c4d8f", "#f7f3e8", "#d95f4a", "#2c4d8f"]),
        )
        for _ in range(520)
    )
    lights = "".join(
        line(x, near, x, height * 0.1, "#59606b", 7)
        + rect(x - 40, height * 0.06, 80, 40, "#fffbe6", rx=6)
        + circle(x, height * 0.09, height * 0.3, "url(#halo)", opacity=0.5)
        for x in (width * 0.12, width * 0.88)
    )
    return picture(
        width,
        height,
        el("defs", gradient("sky", "#141c3f", "#40508f"), glow("halo", "#fffbe0", "#fffbe0")),
        rect(0, 0, width, height, "url(#sky)"),
        rect(0, near - height * 0.16, width, height * 0.16, "#2a3350"),
        crowd,
        rect(0, near, width, height - near, "#3f9450"),
        *bands,
        ellipse(
            width / 2,
            height * 0.72,
            width * 0.15,
            height * 0.09,
            "none",
            stroke="#ffffff",
            stroke_width=4,
            opacity=0.85,
        ),
        line(0, height * 0.72, width, height * 0.72, "#ffffff", 4, opacity=0.85),
        lights,
        circle(width * 0.54, height * 0.8, height * 0.022, "#ffffff"),
    )
