"""What the tests of archives share: one of everything, and an archive of it taken apart."""

from __future__ import annotations

import base64
import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

from rostra.archive.export_archive import Sources, write_archive
from rostra.archive.signing import load_key
from tests.world import Person, World

# A picture of one pixel.
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def sources_of(world: World) -> Sources:
    """What archives are made from in this world."""
    return Sources(db=world.db, store=world.res.store, urls=world.res.urls, clock=world.clock)


async def write(world: World, person: Person, path: Path) -> Archive:
    """The archive of somebody, written to a file and opened."""
    await write_archive(sources_of(world), load_key(world.res.settings), person.account_id, path)
    return Archive(path)


async def upload(person: Person, description: str = "A pixel", focus: str = "0.5,-0.25") -> str:
    """The id of a new picture."""
    more = {"files": {"file": ("evil/../name.png", PIXEL, "image/png")}}
    answer = await person.api.post("/api/v2/media", data={"description": description, "focus": focus}, **more)
    return answer.json()["id"]


class Archive:
    """A zip, with its files as what they hold."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with zipfile.ZipFile(path) as found:
            assert found.testzip() is None
            self.files = {name: found.read(name) for name in found.namelist()}

    def json(self, name: str) -> Any:
        return json.loads(self.files[name])

    def csv(self, name: str) -> list[list[str]]:
        return list(csv.reader(io.StringIO(self.files[name].decode(), newline="")))

    @property
    def acts(self) -> list[dict[str, Any]]:
        """The activities of the outbox."""
        return self.json("outbox.json")["orderedItems"]

    @property
    def notes(self) -> dict[str, dict[str, Any]]:
        """The posts by what their author typed."""
        return {act["object"]["source"]["content"]: act["object"] for act in self.acts if act["type"] == "Create"}
