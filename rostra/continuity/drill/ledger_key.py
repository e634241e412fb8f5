"""Whether a copy has the key of its ledger: without it, everybody who follows the ledger would be told of a new one."""

from __future__ import annotations

from rostra.continuity.drill.notes import CheckFailed
from rostra.kit.db import Database
from rostra.kit.settings import Settings
from rostra.ledger import queries
from rostra.ledger.keys import FILE, KeyRefused, load_signer
from rostra.ledger.note import NoteError


async def check_ledger_key(db: Database, settings: Settings) -> str:
    """Hold the key against the newest checkpoint; what was found. Raises CheckFailed.

    A key that was changed and has signed since counts, as one that has not signed yet does not.
    """
    async with db.read() as conn:
        newest = await queries.find_newest(conn)
        signers = {each.verifier for each in await queries.list_signers(conn)}
    if newest is None:
        return "nothing was sealed yet"
    if not settings.ledger_key and not (settings.data_dir / FILE).exists():
        raise CheckFailed("the copy has no key of the ledger: another one would sign it from then on")
    try:
        verifier = load_signer(settings).verifier
        if str(verifier) not in signers:
            raise CheckFailed("the copy's key of the ledger is not one that has ever signed it")
        if verifier.is_named_in(newest.note):
            verifier.check(newest.note)
    except (KeyRefused, NoteError) as error:
        raise CheckFailed(f"the key of the ledger: {error}") from None
    return f"it has signed {newest.size} entries"
