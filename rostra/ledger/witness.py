"""The daily letter with the newest checkpoint. Whoever keeps one can show later that the past was rewritten.

Witnesses are people or programs at the addresses of a setting. Nothing comes back from them: their own signatures
(C2SP tlog-cosignature) are not collected.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rostra.events import Emit, MailOrdered
from rostra.kit.db import Database
from rostra.kit.errors import NotFound
from rostra.ledger.published import get_published

_SUBJECT: Final = "Checkpoint of {origin}: {size} events"
_TEXT: Final = """\
Hello,

somebody who runs {base} has named this address as a witness of its moderation ledger.
Please keep this letter: below is what the ledger was today, signed. Nothing else is asked of you.

{note}
It holds {size} events under one hash. Should any of them ever be changed, removed or moved, no honest continuation fits
this checkpoint any more, and with it you can show that. The key that has signed it:

{key}

The newest checkpoint is at {base}/ledger/checkpoint, and the proof that it goes on from this one at
{base}/api/rostra/v1/ledger/consistency?first={size}
Whoever has an export of the ledger checks it against this letter, saved as a file, without asking the server:

  rostra ledger verify EXPORT --checkpoint FILE
"""


async def write_letters(db: Database, emit: Emit, witnesses: Sequence[str], base: str) -> int:
    """Order the letter of today for every witness, all or none; how many they are. `base` is the server's address.

    Nothing is ordered before the first checkpoint.
    """
    if not witnesses:
        return 0
    async with db.transaction() as tx:
        try:
            newest = await get_published(tx)
        except NotFound:
            return 0
        named = {"base": base, "size": newest.checkpoint.size, "origin": newest.origin}
        text = _TEXT.format(**named, note=newest.checkpoint.note, key=newest.key)
        for address in witnesses:
            await emit(tx, MailOrdered(to=address, subject=_SUBJECT.format(**named), text=text))
    return len(witnesses)
