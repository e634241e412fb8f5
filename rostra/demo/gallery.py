"""All pictures by name: what posts show, and what stands above profiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from rostra.demo import rooms, scenes, things, town

_POST: Final = (1200, 800)
_HEADER: Final = (1500, 500)

PICTURES: Final[dict[str, Callable[[], str]]] = {
    "bread": lambda: things.bread("bread"),
    "rye": lambda: things.bread("rye", ("#8a5a34", "#3f2413")),
    "cake": lambda: things.cake("cake"),
    "jupiter": lambda: things.jupiter("jupiter"),
    "soup": lambda: things.soup("soup"),
    "shelves": lambda: rooms.shelves("shelves"),
    "tomatoes": lambda: things.tomatoes("tomatoes"),
    "cat": lambda: rooms.cat("cat"),
    "code": lambda: rooms.code("code"),
    "tram_map": lambda: things.tram_map("map"),
    "sunflower": lambda: things.sunflower("sunflower"),
    "mountains": lambda: scenes.mountains("peaks", *_POST),
    "milky_way": lambda: scenes.stars("milky way", *_POST),
    "moon": lambda: scenes.stars("moon", *_POST, moon=True),
    "harbour": lambda: scenes.sea("harbour", *_POST),
    "tram": lambda: town.street("market street", *_POST),
    "football": lambda: town.football("ground", *_POST),
    "road": lambda: scenes.road("road", *_POST),
    "dawn": lambda: scenes.hills(
        "dawn", *_POST, ("#f7b267", "#fde9c9"), ("#c98ba0", "#9b6a8f", "#5f4b78", "#332b4f"), "#fff0c9"
    ),
    "vineyards": lambda: scenes.hills(
        "vines", *_POST, ("#9fd3f0", "#fdf6df"), ("#b7d0b2", "#8fb583", "#648f58", "#3d6b40"), "#ffe9a8"
    ),
}

HEADERS: Final[dict[str, Callable[[], str]]] = {
    "wheat": lambda: scenes.hills(
        "wheat", *_HEADER, ("#fbe7b8", "#fff6e0"), ("#ecc777", "#d9a94c", "#b98232"), "#ffd27a"
    ),
    "shelves": lambda: rooms.shelves("long shelves", *_HEADER),
    "street": lambda: town.street("long street", *_HEADER),
    "garden": lambda: scenes.hills(
        "garden", *_HEADER, ("#bfe6f0", "#fdfbe8"), ("#c2d9a0", "#94bd72", "#5f9650"), "#fff3b8"
    ),
    "terminal": lambda: rooms.tiles("terminal", *_HEADER, ("#141b2e", "#2f4a7d", "#59c2a4")),
    "climb": lambda: scenes.road("climb", *_HEADER),
    "ground": lambda: town.football("long ground", *_HEADER),
    "spices": lambda: rooms.tiles("spices", *_HEADER, ("#f6d9b8", "#d9632f", "#b3324a")),
    "paper": lambda: rooms.tiles("paper", *_HEADER, ("#f2ede1", "#b0324f", "#2f5d50")),
    "offers": lambda: rooms.tiles("offers", *_HEADER, ("#fbe38a", "#d9331f", "#2b2b6b")),
    "night": lambda: scenes.stars("long night", *_HEADER),
    "sea": lambda: scenes.sea("long harbour", *_HEADER),
    "lake": lambda: scenes.mountains("lake", *_HEADER),
    "dusk": lambda: scenes.hills(
        "dusk", *_HEADER, ("#e9846a", "#f9d3a8"), ("#b5654f", "#8c4a3a", "#5a2f2a"), "#fff0d0"
    ),
    "rain": lambda: scenes.hills(
        "rain", *_HEADER, ("#7d93a8", "#c9d6df"), ("#93a9a8", "#6d8a86", "#4a6763"), "#eef3f5"
    ),
    "blossom": lambda: scenes.hills(
        "blossom", *_HEADER, ("#c9d8f2", "#fdeaf0"), ("#e3b9cf", "#c58fb2", "#8a628f"), "#fff7e0"
    ),
}
