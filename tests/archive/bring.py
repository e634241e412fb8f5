"""What the tests of importing archives share: archives as other servers make them, and bringing one in."""

from __future__ import annotations

import io
import itertools
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

from rostra.archive.import_archive import confirm_archive, folder_of, stage_archive
from rostra.archive.import_csv import get_import
from rostra.archive.import_records import Import
from rostra.archive.signing import load_key, name_key
from tests.archive.stage import PIXEL
from tests.world import Person, World

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
ACTOR = "https://far.example/users/ada"
_numbers = itertools.count(1)


def actor(**more: Any) -> dict[str, Any]:
    return {"id": ACTOR, "type": "Person", "preferredUsername": "ada", "name": "Ada", **more}


def note(number: int, body: str = "", **more: Any) -> dict[str, Any]:
    """A post as Mastodon's archives have it, of the day `number` of 2020."""
    published = f"2020-{1 + (number - 1) // 28:02}-{1 + (number - 1) % 28:02}T10:00:00Z"
    uri = f"{ACTOR}/statuses/{number}"
    return {
        "id": f"{uri}/activity",
        "type": "Create",
        "actor": ACTOR,
        "published": published,
        "to": [PUBLIC],
        "cc": [f"{ACTOR}/followers"],
        "object": {
            "id": uri,
            "type": "Note",
            "url": f"https://far.example/@ada/{number}",
            "attributedTo": ACTOR,
            "published": published,
            "summary": None,
            "inReplyTo": None,
            "to": [PUBLIC],
            "cc": [f"{ACTOR}/followers"],
            "content": f"<p>{body or f'Post {number}'}</p>",
            "contentMap": {"en": "x"},
            "tag": [],
            "attachment": [],
            "sensitive": False,
            **more,
        },
    }


def boost(number: int) -> dict[str, Any]:
    return {"id": f"{ACTOR}/b/{number}", "type": "Announce", "actor": ACTOR, "object": "https://other.example/1"}


def files_of(*items: Any, **more: Any) -> dict[str, bytes]:
    """The files of an archive; `more` are keys of the actor."""
    outbox = {"id": "outbox.json", "type": "OrderedCollection", "totalItems": len(items), "orderedItems": list(items)}
    return {"actor.json": json.dumps(actor(**more)).encode(), "outbox.json": json.dumps(outbox).encode()}


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return path


def tarred(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, body in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
    return path


def picture(number: int = 1) -> dict[str, Any]:
    """An attachment whose file is in the archive, by an address as Mastodon writes it."""
    return {
        "type": "Document",
        "mediaType": "image/png",
        "url": f"/media_attachments/files/{number}/original/a.png",
        "name": "A pixel",
        "focalPoint": [0.5, -0.25],
    }


def picture_files(number: int = 1) -> dict[str, bytes]:
    return {f"media_attachments/files/{number}/original/a.png": PIXEL}


async def stage(world: World, owner: Person, path: Path) -> Import:
    res = world.res
    import_id = await stage_archive(
        res.db,
        res.clock,
        res.urls,
        res.http,
        own_key=name_key(res.urls.domain, load_key(res.settings).public_pem),
        folder=folder_of(res.settings.data_dir),
        path=path,
        account_id=owner.account_id,
        username=owner.username,
    )
    return await get_import(res.db, owner.account_id, import_id)


async def confirm(world: World, owner: Person, staged: Import, **more: Any) -> Import:
    res = world.res
    folder = folder_of(res.settings.data_dir)
    await confirm_archive(res.db, res.clock, res.urls, folder, owner.account_id, staged.id, **more)
    await world.settle()
    return await get_import(res.db, owner.account_id, staged.id)


async def bring(world: World, owner: Person, tmp_path: Path, files: dict[str, bytes], **more: Any) -> Import:
    """An archive of these files, staged, confirmed and carried out."""
    path = zipped(tmp_path / f"archive-{next(_numbers)}.zip", files)
    return await confirm(world, owner, await stage(world, owner, path), **more)


async def posts_of(owner: Person) -> list[dict[str, Any]]:
    """What the owner sees of their own posts, the latest first."""
    return (await owner.api.get(f"/api/v1/accounts/{owner.id}/statuses", {"limit": 40})).json()


async def reasons(world: World, done: Import) -> dict[str, str]:
    """Why what was not imported was not, by address."""
    rows = await world.db.connection.fetch("select line, reason from import_rows where import_id = $1", done.id)
    return {row["line"].rpartition("/")[2]: row["reason"] for row in rows}
