"""Indoors: shelves of books, a cat at the window, a screen at night, tiles."""

from __future__ import annotations

from rostra.demo.svg import circle, dice, ellipse, glow, gradient, group, line, path, picture, rect, still


def shelves(name: str, width: float = 1200, height: float = 800) -> str:
    """Library shelves full of books."""
    chance = dice(name)
    colours = ["#8c3b3b", "#33576b", "#c98b3c", "#4f6b4a", "#6b4a6e", "#d8c9a8", "#2f3e52", "#b65c4a", "#7a8f6a"]
    rows = max(2, round(height / 200))
    tall = height / rows
    parts: list[str] = []
    for row in range(rows):
        x, floor = 18.0, (row + 1) * tall - 22
        while x < width - 40:
            wide, high = chance.uniform(20, 48), tall * chance.uniform(0.58, 0.82)
            colour = chance.choice(colours)
            book = rect(0, -high, wide, high, colour, rx=3) + rect(0, -high * 0.82, wide, 7, "#f3e6c8", opacity=0.75)
            book += rect(0, -high * 0.2, wide, 4, "#f3e6c8", opacity=0.5)
            leans = chance.random() < 0.06
            parts.append(group(book, at=(x + (high * 0.16 if leans else 0), floor), turn=8 if leans else 0))
            x += wide + (high * 0.16 if leans else 2) + (46 if chance.random() < 0.05 else 0)
        parts.append(rect(0, floor, width, 22, "#6a452c") + rect(0, floor, width, 5, "#8d6240"))
    return picture(width, height, rect(0, 0, width, height, "#3a2618"), *parts)


def cat(name: str) -> str:
    """A cat asleep on a window sill."""
    chance = dice(name)
    rain = "".join(
        line(x := chance.uniform(90, 1100), y := chance.uniform(60, 540), x - 8, y + 34, "#dfeaf2", 3, opacity=0.5)
        for _ in range(110)
    )
    fur, dark = "#d98b45", "#b5682b"
    stripes = "".join(
        path(f"M{x} 470 q14 50 -4 96", stroke=dark, stroke_width=15, stroke_linecap="round")
        for x in (520, 580, 640, 700)
    )
    return still(
        ("#f2dcc0", "#dcb98e"),
        gradient("glass", "#6f8ba5", "#b9c9d4"),
        rect(60, 30, 1080, 560, "#fbf6ec", rx=8),
        rect(90, 60, 1020, 520, "url(#glass)"),
        rain,
        rect(588, 40, 24, 550, "#fbf6ec"),
        rect(20, 580, 1160, 60, "#fffaf0", rx=8),
        rect(20, 632, 1160, 14, "#d9c7a8"),
        ellipse(600, 590, 250, 26, "#b99b74", opacity=0.5),
        path("M360 590 C350 470 470 420 620 430 C780 440 860 520 850 590 Z", fur),
        stripes,
        path("M850 588 C900 560 880 500 840 520", stroke=fur, stroke_width=34, stroke_linecap="round"),
        path("M330 480 L318 400 L372 440 Z M446 430 L470 372 L490 452 Z", dark),
        ellipse(402, 510, 96, 82, fur),
        path("M352 512 q16 14 32 0 M424 506 q16 14 32 -2", stroke="#3b2a22", stroke_width=5, stroke_linecap="round"),
        path("M398 532 l12 0 l-6 9 Z", "#b3505a"),
        *(line(380, 542, 300, 530 + 14 * k, "#fff", 3, opacity=0.8) for k in range(3)),
        ellipse(470, 580, 70, 24, fur),
    )


def code(name: str) -> str:
    """An editor window late at night."""
    chance = dice(name)
    lines: list[str] = []
    indent = 0
    for row in range(15):
        x, y = 250 + 44 * indent, 190 + 34 * row
        lines.append(rect(190, y, 22, 10, "#4a5470", rx=5))
        for _ in range(chance.randint(1, 4)):
            wide = chance.uniform(40, 190)
            if x + wide < 980:
                colour = chance.choice(["#7fb7ff", "#ffb86c", "#8be0a4", "#d6deeb", "#c792ea", "#d6deeb"])
                lines.append(rect(x, y, wide, 12, colour, rx=6))
            x += wide + 16
        indent = max(0, min(3, indent + chance.choice([-1, 0, 0, 1])))
    buttons = "".join(
        circle(190 + 34 * k, 132, 10, colour) for k, colour in enumerate(("#ff6b5e", "#f5c04a", "#59c264"))
    )
    return still(
        ("#2a2350", "#0f1730"),
        glow("lamp", "#ffcf87", "#ffcf87"),
        circle(1080, 120, 420, "url(#lamp)", opacity=0.5),
        rect(150, 100, 900, 620, "#151b2e", rx=18),
        path("M150 165 H1050 V118 a18 18 0 0 0 -18 -18 H168 a18 18 0 0 0 -18 18 Z", "#20283f"),
        buttons,
        *lines,
    )


def tiles(name: str, width: float, height: float, colours: tuple[str, str, str]) -> str:
    """A floor of patterned tiles, each turned at random."""
    chance = dice(name)
    side = height / 5
    ground, first, second = colours
    parts: list[str] = []
    for row in range(5):
        for column in range(int(width / side) + 1):
            half = side / 2
            arcs = path(f"M0 {-half} A{half} {half} 0 0 0 {half} 0", stroke=first, stroke_width=side * 0.22)
            arcs += path(f"M{-half} 0 A{half} {half} 0 0 0 0 {half}", stroke=second, stroke_width=side * 0.22)
            turned = group(arcs, at=(column * side + half, row * side + half), turn=90 * chance.randrange(2))
            parts.append(turned)
    return picture(width, height, rect(0, 0, width, height, ground), *parts)
