"""The ledger: sealed, forgotten where somebody has left, shown to witnesses."""

from __future__ import annotations

from rostra.effects.reactions import Tick, emit, every
from rostra.ledger.erase import erase_departed
from rostra.ledger.keys import load_signer
from rostra.ledger.seal import seal
from rostra.ledger.witness import write_letters
from rostra.resources import Resources


async def _seal(_: Tick, res: Resources) -> None:
    await seal(res.db, res.clock, load_signer(res.settings))


async def _erase_departed(_: Tick, res: Resources) -> None:
    await erase_departed(res.db, res.clock)


async def _tell_witnesses(_: Tick, res: Resources) -> None:
    await write_letters(res.db, emit, res.settings.ledger_witnesses, res.urls.base)


every("* * * * * */10", "ledger.seal", _seal, timeout=600)
every("29 * * * *", "ledger.erase_departed", _erase_departed, timeout=600)
every("13 6 * * *", "ledger.tell_witnesses", _tell_witnesses)
