"""Things close up: bread, soup, tomatoes, a sunflower, a map of trams."""

from __future__ import annotations

from math import cos, pi, sin

from rostra.demo.svg import circle, dice, ellipse, glow, gradient, group, line, path, rect, still


def bread(name: str, crust: tuple[str, str] = ("#d9964a", "#8f4f1f")) -> str:
    """A round loaf with scored ears on a floured board; its crust shades from one colour to another."""
    chance = dice(name)
    flour = "".join(
        circle(chance.gauss(600, 300), chance.gauss(640, 60), chance.uniform(1, 4), "#fffaf0", opacity=0.8)
        for _ in range(300)
    )
    scores = "".join(
        group(
            path("M-120 0 Q0 -46 120 0 Q0 -14 -120 0 Z", "#f5dcae"),
            at=(430 + 115 * step, 395 - 26 * (step % 3)),
            turn=-52,
        )
        for step in range(4)
    )
    return still(
        ("#e9d2b0", "#c79b6a"),
        gradient("crust", *crust),
        glow("shine", "#ffe3ad", "#ffe3ad"),
        rect(140, 560, 920, 90, "#8a5a35", rx=30),
        rect(140, 545, 920, 70, "#b67c4b", rx=30),
        flour,
        path("M270 560 C250 380 400 270 600 270 C800 270 950 380 930 560 C900 596 300 596 270 560 Z", "url(#crust)"),
        ellipse(540, 390, 230, 90, "url(#shine)", opacity=0.6),
        scores,
    )


def soup(name: str) -> str:
    """A bowl seen from above, with beans, greens and a thread of oil."""
    chance = dice(name)

    def scattered(colour: str, count: int, rx: float, ry: float) -> str:
        return "".join(
            group(
                ellipse(0, 0, rx, ry, colour),
                turn=chance.uniform(0, 180),
                at=(
                    600 + 230 * (r := chance.random() ** 0.5) * cos(a := chance.uniform(0, 2 * pi)),
                    400 + 230 * r * sin(a),
                ),
            )
            for _ in range(count)
        )

    return still(
        ("#3f5f5a", "#2d4743"),
        glow("broth", "#d98a3a", "#b3571f"),
        rect(0, 0, 1200, 800, "#3f5f5a"),
        *(line(x, 0, x - 160, 800, "#ffffff", 3, opacity=0.06) for x in range(0, 1500, 60)),
        circle(610, 420, 330, "#1d2f2c", opacity=0.5),
        circle(600, 400, 330, "#f4efe4"),
        circle(600, 400, 275, "#e2d6bf"),
        circle(600, 400, 265, "#bd6a2b"),
        circle(600, 400, 260, "url(#broth)"),
        scattered("#f3dfb6", 46, 22, 14),
        scattered("#4d7d3a", 40, 26, 8),
        scattered("#d8452f", 18, 16, 12),
        path(
            "M440 360 q80 -90 160 -10 t170 40", stroke="#ecd06a", stroke_width=9, stroke_linecap="round", opacity=0.85
        ),
        group(rect(-16, -40, 32, 460, "#cfd4d6", rx=16), ellipse(0, -80, 52, 84, "#dfe4e6"), at=(1050, 330), turn=12),
    )


def tomatoes(name: str) -> str:
    """Tomatoes on the vine in the evening sun."""
    chance = dice(name)
    leaves = "".join(
        group(
            path(
                "M0 0 C40 -50 110 -50 150 0 C110 50 40 50 0 0 Z",
                chance.choice(["#3f7a3c", "#5c9a4a", "#2f6236", "#79b05c"]),
            ),
            path("M10 0 H140", stroke="#2a5530", stroke_width=3, opacity=0.6),
            at=(chance.uniform(-40, 1200), chance.uniform(-20, 780)),
            turn=chance.uniform(0, 360),
            scale=chance.uniform(0.6, 1.5),
        )
        for _ in range(90)
    )
    fruit = "".join(
        group(
            circle(0, 0, 92, colour),
            circle(-30, -34, 26, "#ffffff", opacity=0.3),
            *(group(path("M0 -80 q14 -34 0 -58 q-14 24 0 58", "#3f7a3c"), turn=turn) for turn in (-70, -25, 25, 70)),
            at=(x, y),
            scale=size,
        )
        for x, y, size, colour in (
            (430, 330, 1.1, "#d93a26"),
            (620, 420, 1.25, "#e5472c"),
            (800, 300, 0.95, "#ee7a2e"),
            (520, 560, 0.9, "#e0b23a"),
            (760, 600, 1.05, "#cf2f22"),
        )
    )
    stem = path("M600 -20 C560 160 660 260 620 420 S 700 640 660 840", stroke="#3c6b35", stroke_width=16)
    return still(
        ("#bfe08f", "#5b8f4a"),
        glow("sun", "#fff2b0", "#fff2b0"),
        leaves,
        stem,
        fruit,
        circle(1050, 60, 520, "url(#sun)", opacity=0.5),
    )


def tram_map(name: str) -> str:
    """A schematic map of tram lines; line 4 is the long one."""
    chance = dice(name)
    routes = {
        "#d7352f": "M90 640 H330 L520 450 H760 L980 230 V90",
        "#2f6fb5": "M90 240 H420 L600 420 V720",
        "#3f9450": "M200 90 V300 L420 520 H1110",
        "#e0a22c": "M520 90 V260 L760 500 L900 640 H1110",
    }
    stops = [
        (190, 640),
        (330, 640),
        (520, 450),
        (640, 450),
        (760, 450),
        (870, 340),
        (980, 230),
        (180, 240),
        (300, 240),
        (420, 240),
        (600, 560),
        (600, 680),
        (200, 180),
        (310, 410),
        (520, 520),
        (840, 520),
        (1000, 520),
        (520, 180),
        (640, 380),
        (830, 570),
        (1000, 640),
    ]
    river = path("M-20 380 C240 480 360 300 620 330 S 1000 120 1220 210", stroke="#cfe6f2", stroke_width=70)
    park = "".join(
        circle(chance.gauss(980, 60), chance.gauss(720, 30), chance.uniform(16, 40), "#dcebcf") for _ in range(30)
    )
    return still(
        ("#fbf7ee", "#f6efe0"),
        river,
        park,
        *(
            path(d, stroke=colour, stroke_width=18, stroke_linejoin="round", stroke_linecap="round")
            for colour, d in routes.items()
        ),
        *(circle(x, y, 13, "#ffffff", stroke="#2b2b33", stroke_width=6) for x, y in stops),
    )


def sunflower(name: str) -> str:
    """A sunflower close up; its seeds lie on Fermat's spiral."""
    chance = dice(name)
    petals = "".join(
        group(
            path(
                "M0 0 C-46 -110 -30 -220 0 -260 C30 -220 46 -110 0 0 Z",
                chance.choice(["#ffc62e", "#ffb51f", "#ffd75a"]),
            ),
            at=(600, 400),
            turn=turn + chance.uniform(-4, 4),
            scale=1.25,
        )
        for turn in range(0, 360, 12)
    )
    golden = pi * (3 - 5**0.5)
    seeds = "".join(
        circle(
            600 + 8.6 * n**0.5 * cos(n * golden),
            400 + 8.6 * n**0.5 * sin(n * golden),
            2 + n / 90,
            "#6e4722" if n < 190 else "#8f5f2a",
        )
        for n in range(330)
    )
    return still(("#6db7e8", "#bfe3f5"), petals, circle(600, 400, 168, "#4a2d17"), seeds)


def cake(name: str) -> str:
    """A cake with three floors, cream, cherries and two small figures."""
    chance = dice(name)
    floors: list[str] = []
    for top, half, tall, colour in ((560, 300, 150, "#f7e3d4"), (420, 220, 140, "#f3cdd2"), (300, 140, 120, "#f7e3d4")):
        floors.append(rect(600 - half, top, 2 * half, tall, colour, rx=14))
        waves = "".join(f" q{half / 8:.0f} 44 {half / 4:.0f} 0" for _ in range(8))
        floors.append(path(f"M{600 - half} {top + 4}{waves} V{top} H{600 - half} Z", "#fffaf3"))
        for cherry in range(5):
            x = 600 - half + half * (0.2 + 0.4 * cherry)
            floors.append(circle(x, top - 6, 15, "#c8303f") + circle(x - 4, top - 11, 4, "#ffffff", opacity=0.6))
    crumbs = "".join(
        circle(chance.gauss(600, 330), chance.gauss(742, 12), chance.uniform(2, 5), "#f7e3d4") for _ in range(60)
    )
    pair = "".join(
        path(f"M{x - 18} 284 L{x} 216 L{x + 18} 284 Z", colour) + circle(x, 206, 13, "#e8b48c")
        for x, colour in ((580, "#34324a"), (622, "#ffffff"))
    )
    return still(
        ("#bfd9e6", "#8fb3c9"),
        rect(0, 730, 1200, 70, "#7a5a48"),
        ellipse(600, 716, 380, 34, "#dfe6ea"),
        *floors,
        pair,
        crumbs,
    )


def jupiter(name: str) -> str:
    """Jupiter with its bands, the red spot and four moons, as in a good eyepiece."""
    chance = dice(name)
    bands = "".join(
        ellipse(600, 400 + offset, 250 * (1 - (offset / 250) ** 2) ** 0.5, tall, colour, opacity=0.75)
        for offset, tall, colour in (
            (-150, 16, "#c9a27a"),
            (-92, 26, "#b5774f"),
            (52, 30, "#a9683f"),
            (128, 18, "#c9a27a"),
            (188, 12, "#b58a66"),
        )
    )
    moons = "".join(circle(x, 400 + chance.uniform(-8, 8), 6, "#fff6e0") for x in (130, 260, 930, 1090))
    points = "".join(
        circle(chance.uniform(0, 1200), chance.uniform(0, 800), chance.uniform(0.6, 1.8), "#dfe6ff", opacity=0.7)
        for _ in range(120)
    )
    return still(
        ("#05070f", "#0b1020"),
        glow("halo", "#f3ddb8", "#f3ddb8"),
        points,
        circle(600, 400, 360, "url(#halo)", opacity=0.25),
        circle(600, 400, 250, "#ead7b5"),
        bands,
        ellipse(700, 452, 46, 26, "#c8553a"),
        moons,
    )
