"""The ledger for everybody: the newest checkpoint and proofs. Nothing here says what a leaf is about."""

from __future__ import annotations

import msgspec
from starlette.responses import PlainTextResponse, Response

from rostra.api.call import Call
from rostra.api.route import Routes
from rostra.entities.account import timestamp
from rostra.entities.ledger import LedgerCheckpoint, LedgerConsistency, LedgerInclusion
from rostra.kit.errors import Invalid, NotFound
from rostra.kit.paging import Id
from rostra.ledger.leaf import decode_hash, encode_hash
from rostra.ledger.published import get_published
from rostra.ledger.tree import consistency_proof, find_leaf, inclusion_proof

routes = Routes("ledger")


class ConsistencyForm(msgspec.Struct, frozen=True, kw_only=True):
    """Two sizes of the tree; without `second`, the newest."""

    first: Id
    second: Id | None = None


class InclusionForm(msgspec.Struct, frozen=True, kw_only=True):
    """The hash of a leaf, base64 of either alphabet, and a size of the tree; without it, the newest."""

    hash: str
    size: Id | None = None


@routes.get("/ledger/checkpoint", access="open")
async def checkpoint_note(call: Call) -> Response:
    """The newest checkpoint as a signed note, as plain text."""
    async with call.res.db.read() as conn:
        return PlainTextResponse((await get_published(conn)).checkpoint.note)


@routes.get("/ledger/key", access="open")
async def verifier_key(call: Call) -> Response:
    """The key that has signed it, as plain text."""
    async with call.res.db.read() as conn:
        return PlainTextResponse(f"{(await get_published(conn)).key}\n")


@routes.get("/api/rostra/v1/ledger/checkpoint", access="public")
async def show_checkpoint(call: Call) -> LedgerCheckpoint:
    """The newest checkpoint of the ledger, in parts and as a signed note."""
    async with call.res.db.read() as conn:
        found = await get_published(conn)
    newest = found.checkpoint
    return LedgerCheckpoint(
        origin=found.origin,
        size=newest.size,
        root=encode_hash(newest.root),
        note=newest.note,
        key=found.key,
        created_at=timestamp(newest.created_at),
    )


@routes.get("/api/rostra/v1/ledger/consistency", access="public")
async def show_consistency(call: Call, form: ConsistencyForm) -> LedgerConsistency:
    """The proof that the ledger only grew between two sizes."""
    async with call.res.db.read() as conn:
        second = (await get_published(conn)).checkpoint.size if form.second is None else form.second
        proof = await consistency_proof(conn, form.first, second)
    return LedgerConsistency(first=form.first, second=second, proof=[encode_hash(each) for each in proof])


@routes.get("/api/rostra/v1/ledger/inclusion", access="public")
async def show_inclusion(call: Call, form: InclusionForm) -> LedgerInclusion:
    """The proof that a leaf with this hash is in the ledger."""
    try:
        wanted = decode_hash(form.hash)
    except ValueError as error:
        raise Invalid("hash", str(error)) from None
    async with call.res.db.read() as conn:
        index = await find_leaf(conn, wanted)
        if index is None:
            raise NotFound
        size = (await get_published(conn)).checkpoint.size if form.size is None else form.size
        proof = await inclusion_proof(conn, index, size)
    return LedgerInclusion(index=index, size=size, proof=[encode_hash(each) for each in proof])
