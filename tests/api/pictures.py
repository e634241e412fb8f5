"""Uploading small pictures in tests."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from tests.world import Person


def png(width: int = 60, height: int = 40) -> bytes:
    """A small picture."""
    out = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(out, "PNG")
    return out.getvalue()


async def upload(person: Person, path: str = "/api/v2/media", **fields: str) -> dict[str, Any]:
    """Upload a picture and return its entity."""
    answer = await person.api.request("POST", path, files={"file": ("a.png", png(), "image/png")}, data=fields)
    return answer.json()
