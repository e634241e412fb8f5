"""Drawing: a few words for SVG, and its rendering into an image file.

All pictures of the demonstration are drawn by code, so that it carries no photographs and nobody's rights.
"""

from __future__ import annotations

import random
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from rostra.media import codec
from rostra.media.libvips import pyvips, voperation

Points = list[tuple[float, float]]

_SVG_LOADER: Final = "VipsForeignLoadSvgBuffer"
_QUALITY: Final = 90


def dice(name: str) -> random.Random:
    """Chance that falls the same for the same name, so that a picture is always the same."""
    return random.Random(name)  # noqa: S311 - for drawing


def el(tag: str, *children: str, **attributes: object) -> str:
    """An element; underscores in names of attributes become hyphens."""
    said = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_short(value)}"' for name, value in attributes.items() if value != ""
    )
    return f"<{tag}{said}>{''.join(children)}</{tag}>"


def rect(x: float, y: float, width: float, height: float, fill: str, **more: object) -> str:
    return el("rect", x=x, y=y, width=width, height=height, fill=fill, **more)


def circle(x: float, y: float, radius: float, fill: str, **more: object) -> str:
    return el("circle", cx=x, cy=y, r=radius, fill=fill, **more)


def ellipse(x: float, y: float, rx: float, ry: float, fill: str, **more: object) -> str:
    return el("ellipse", cx=x, cy=y, rx=rx, ry=ry, fill=fill, **more)


def path(d: str, fill: str = "none", **more: object) -> str:
    return el("path", d=d, fill=fill, **more)


def polygon(points: Points, fill: str, **more: object) -> str:
    return el("polygon", points=" ".join(f"{_short(x)},{_short(y)}" for x, y in points), fill=fill, **more)


def line(x1: float, y1: float, x2: float, y2: float, stroke: str, width: float, **more: object) -> str:
    return el("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=stroke, stroke_width=width, stroke_linecap="round", **more)


def group(*children: str, at: tuple[float, float] = (0, 0), scale: float = 1, turn: float = 0) -> str:
    """Children moved to `at`, then turned by degrees, then scaled."""
    return el("g", *children, transform=f"translate({at[0]:.1f} {at[1]:.1f}) rotate({turn:.1f}) scale({scale:.3f})")


def gradient(name: str, *colours: str, across: bool = False) -> str:
    """A linear gradient of evenly spread colours, downwards or across; used as `url(#name)`."""
    last = len(colours) - 1
    stops = [el("stop", offset=index / last, stop_color=colour) for index, colour in enumerate(colours)]
    return el("linearGradient", *stops, id=name, x1=0, y1=0, x2=int(across), y2=int(not across))


def glow(name: str, inner: str, outer: str) -> str:
    """A radial gradient from the middle; used as `url(#name)`."""
    stops = (el("stop", offset=0, stop_color=inner), el("stop", offset=1, stop_color=outer, stop_opacity=0))
    return el("radialGradient", *stops, id=name)


def picture(width: float, height: float, *parts: str) -> str:
    """A whole drawing of this size in its own units."""
    return el(
        "svg",
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:g} {height:g}",
        width=width,
        height=height,
    )


def still(ground: tuple[str, str], *parts: str) -> str:
    """A picture of 1200 x 800 on a ground that shades from one colour to another; gradients may be among the parts."""
    base = rect(0, 0, 1200, 800, "url(#ground)")
    return picture(1200, 800, el("defs", gradient("ground", *ground)), base, *parts)


def render(drawing: str, width: int, kind: codec.Format = "jpeg") -> bytes:
    """The drawing as an image file, `width` pixels wide, within `drawings_allowed`. Some hundredths of a second."""
    image = pyvips.Image.thumbnail_buffer(drawing.encode(), width)
    return codec.encode(image.copy_memory(), kind, quality=_QUALITY).body


@contextmanager
def drawings_allowed() -> Generator[None]:
    """`codec` takes no drawings from strangers; for a while, take ours."""
    voperation.operation_block_set(_SVG_LOADER, False)
    try:
        yield
    finally:
        voperation.operation_block_set(_SVG_LOADER, True)


def _short(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) and abs(value) > 1 else str(value)
