"""What is kept of a drill at the target, under the root's signature: nobody without a recovery key can claim one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from rostra.continuity import names
from rostra.continuity.keys import SigningKey, VerifyKey
from rostra.continuity.records import DrillRecord
from rostra.continuity.sealed import Broken, seal, unseal
from rostra.continuity.targets import Target

_LARGEST: Final = 1 << 20


async def put_record(target: Target, site: str, root: SigningKey, record: DrillRecord) -> str:
    """Keep it; its name. Raises StoreUnavailable."""
    name = names.drill(record.at)
    raw, _ = seal(root, b"", site=site, name=name, epoch=record.epoch, made_at=record.ended_at, about=record)
    await target.put(f"{site}/{name}", raw)
    return name


async def list_records(target: Target, site: str, roots: Mapping[str, VerifyKey], limit: int) -> list[DrillRecord]:
    """The newest genuine ones, the newest first; what is none is passed over. Raises StoreUnavailable."""
    folder = f"{site}/{names.DRILLS}"
    heads = sorted([head async for head in target.list(folder)], key=lambda head: head.key, reverse=True)
    found: list[DrillRecord] = []
    for head in heads[: 10 * limit]:
        if head.size > _LARGEST or len(found) == limit:
            continue
        raw = await target.find(head.key)
        record = None if raw is None else _read(raw, roots, site, head.key.removeprefix(f"{site}/"))
        if record is not None:
            found.append(record)
    return found


def _read(raw: bytes, roots: Mapping[str, VerifyKey], site: str, name: str) -> DrillRecord | None:
    try:
        record = msgspec.json.decode(unseal(raw, roots, site=site, name=name).header.about, type=DrillRecord)
    except (Broken, msgspec.DecodeError):
        return None
    return record if names.drill(record.at) == name else None
