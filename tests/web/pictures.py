"""Made-up pictures for the preview: a face, a river, a sky, each a small SVG drawn from its name."""

from __future__ import annotations

# ruff: noqa: E501
# fmt: off
import zlib


def picture_svg(path: str) -> str:
    """An SVG that is always the same for the same path."""
    name = path.rsplit("/", 1)[-1].removesuffix(".svg")
    seed = zlib.crc32(name.encode())
    if name.startswith(("picture", "header")):
        return _landscape(seed)
    if name.startswith("laurel"):
        return '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path d="M4 3q-2 14 8 18 10-4 8-18-3 3-3 9-2-2-5-2t-5 2q0-6-3-9" fill="#3f8f56"/></svg>'
    return _face(seed)


def _face(seed: int) -> str:
    hue = seed % 360
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48" width="400" height="400"><rect width="48" height="48" fill="hsl({hue} 38% 62%)"/>'
        f'<circle cx="24" cy="19" r="8.500" fill="hsl({(hue + 25) % 360} 45% 86%)"/><path d="M15 17c0-8 5-10 9-10s10 2 9 11q-3-5-9-5t-9 4" fill="hsl({(hue + 200) % 360} 30% 26%)"/>'
        f'<path d="M6 48c0-11 8-17 18-17s18 6 18 17z" fill="hsl({(hue + 160) % 360} 36% 38%)"/></svg>'
    )


def _landscape(seed: int) -> str:
    hue, height = seed % 360, 300 + seed % 120
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 800" width="1200" height="800" preserveAspectRatio="xMidYMid slice"><defs><linearGradient id="g" x2="0" y2="1">'
        f'<stop stop-color="hsl({hue} 45% 78%)"/><stop offset="1" stop-color="hsl({(hue + 40) % 360} 60% 88%)"/></linearGradient></defs><rect width="1200" height="800" fill="url(#g)"/>'
        f'<circle cx="{300 + seed % 600}" cy="{height - 90}" r="70" fill="hsl({(hue + 50) % 360} 85% 90%)"/>'
        f'<path d="M0 {height + 60}Q300 {height - 80} 600 {height + 40}T1200 {height}V800H0z" fill="hsl({(hue + 110) % 360} 22% 48%)"/>'
        f'<path d="M0 {height + 150}Q400 {height + 90} 700 {height + 170}T1200 {height + 130}V800H0z" fill="hsl({(hue + 160) % 360} 30% 36%)"/></svg>'
    )
