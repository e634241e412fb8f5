"""Looking into an archive before anything is done with it: whose it is, what is in it, and whether its signature holds.

What an archive says of itself proves nothing. It is proven to be somebody's where it is signed, the server that it
names says that the key is its own, and its actor names the account here.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from rostra.archive.csv_read import BadFile, CsvFile, CsvRow, CsvType, guess_type, read_csv
from rostra.archive.import_activity import visibility_of, when
from rostra.archive.import_reader import MAX_DOCUMENT, MAX_SMALL, ArchiveReader, BadArchive, open_archive
from rostra.archive.import_records import Source
from rostra.archive.layout import ACTOR, BOOKMARKS, CSV_FILES, MANIFEST, OUTBOX
from rostra.archive.signing import load_key, name_key, same_key
from rostra.archive.verify import NotAnArchive, verify_archive
from rostra.kit.addresses import normalise_domain
from rostra.kit.errors import Invalid, RostraError
from rostra.kit.http import HttpClient
from rostra.kit.settings import Settings
from rostra.ledger.note import NoteError

_KEY_PATH: Final = "/ledger/key"
_LONGEST_KEY: Final = 1000
_LONGEST_NAME: Final = 300
_LONGEST_URI: Final = 1000
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


class _Actor(msgspec.Struct):
    id: str
    preferredUsername: str  # noqa: N815 - as it stands in the file
    name: Any = None
    alsoKnownAs: Any = None  # noqa: N815


class _Collection(msgspec.Struct):
    orderedItems: list[msgspec.Raw]  # noqa: N815


class _Addresses(msgspec.Struct):
    orderedItems: list[Any]  # noqa: N815


class Here(msgspec.Struct, frozen=True, kw_only=True):
    """The account that an archive is to come into: its addresses, and `name@domain`."""

    uri: str
    url: str
    address: str
    domain: str


def inspect(path: Path, here: Here) -> Source:
    """Read what an archive says of itself, and check its signature: seconds for a large one. Raises BadArchive."""
    with open_archive(path) as archive:
        actor = _actor(archive)
        items = items_of(archive)
        sizes = archive.sizes()
        kinds = [visibility_of(item) for item in items]
        times = [moment for moment in map(when, items) if moment.year > 1]
        lists = {kind: len(file.rows) for kind, file in _lists(archive, here.domain).items()}
    server = _server(actor.id)
    source = Source(
        handle=f"@{actor.preferredUsername}@{server}",
        actor=actor.id,
        name=str(actor.name or "")[:_LONGEST_NAME],
        posts=sum(kind not in ("boost", "other") for kind in kinds),
        boosts=kinds.count("boost"),
        direct=kinds.count("direct"),
        files=len(sizes),
        size=sum(sizes.values()),
        oldest=min(times).isoformat() if times else None,
        newest=max(times).isoformat() if times else None,
        tie=_tie(actor, here),
        lists=lists,
    )
    return _with_signature(path, source) if MANIFEST in sizes else source


def items_of(archive: ArchiveReader) -> list[bytes]:
    """The items of the outbox, as they stand there. Raises BadArchive."""
    body = archive.find(OUTBOX, MAX_DOCUMENT)
    if body is None:
        raise BadArchive("no_posts")
    try:
        return [bytes(item) for item in msgspec.json.decode(body, type=_Collection).orderedItems]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise BadArchive("damaged") from None


def list_of(archive: ArchiveReader, kind: CsvType, own_domain: str) -> CsvFile | None:
    """The list of that kind which an archive holds."""
    return _lists(archive, own_domain).get(kind)


async def confirm_key(http: HttpClient, source: Source, *, own_domain: str, own_key: str) -> Source:
    """Ask the server that is said to have signed whether the key is its own. `own_key` is this server's, as /ledger
    writes it. What cannot be asked is not confirmed."""
    if source.signature != "valid":
        return source
    if source.signed_by == own_domain:
        return msgspec.structs.replace(source, key_confirmed=_is_same(own_key, source.key))
    try:
        answer = await http.get(f"https://{source.signed_by}{_KEY_PATH}", max_bytes=_LONGEST_KEY)
        told = answer.body.decode() if answer.status == 200 else ""
    except (RostraError, UnicodeDecodeError, ValueError):
        return source
    return msgspec.structs.replace(source, key_confirmed=_is_same(told.strip(), source.key))


def own_key(settings: Settings) -> str:
    """This server's key, as /ledger writes it."""
    return name_key(settings.domain, load_key(settings).public_pem)


def _is_same(one: str, other: str) -> bool:
    try:
        return same_key(one, other)
    except NoteError:
        return False


def _actor(archive: ArchiveReader) -> _Actor:
    body = archive.find(ACTOR, MAX_SMALL)
    try:
        actor = msgspec.json.decode(body or b"", type=_Actor)
        _server(actor.id)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError, Invalid):
        raise BadArchive("no_actor") from None
    if len(actor.id) > _LONGEST_URI or not _NAME.fullmatch(actor.preferredUsername):
        raise BadArchive("no_actor")
    return actor


def _server(uri: str) -> str:
    """The server of an account. Raises ValueError and Invalid for what is no address of one."""
    parts = urlsplit(uri)
    if parts.scheme not in ("https", "http"):
        raise ValueError(uri)
    return normalise_domain(parts.netloc, allow_port=True)


def _tie(actor: _Actor, here: Here) -> Any:
    if actor.id == here.uri:
        return "handle"
    named = actor.alsoKnownAs if isinstance(actor.alsoKnownAs, list) else [actor.alsoKnownAs]
    return "alias" if {here.uri, here.url} & {name for name in named if isinstance(name, str)} else "none"


def _with_signature(path: Path, source: Source) -> Source:
    try:
        verdict = verify_archive(path)
    except (NotAnArchive, NoteError) as error:
        return msgspec.structs.replace(source, signature="invalid", signature_problem=str(error)[:_LONGEST_NAME])
    problem = verdict.problems[0] if verdict.problems else ""
    # The manifest says who signed; the posts are those of the actor. The two have to be of one server.
    if not problem and verdict.server != _server(source.actor):
        problem = f"it is signed by {verdict.server}, and its actor is of another server"
    return msgspec.structs.replace(
        source,
        signature="invalid" if problem else "valid",
        signature_problem=problem[:_LONGEST_NAME],
        signed_by=verdict.server,
        signed_at=verdict.made_at,
        key=verdict.key,
    )


def _lists(archive: ArchiveReader, own_domain: str) -> dict[CsvType, CsvFile]:
    """The lists in an archive that can be read: those in CSV files, and bookmarks as Mastodon's own archives have
    them."""
    found: dict[CsvType, CsvFile] = {}
    for name in CSV_FILES.values():
        kind = guess_type((), name)
        body = archive.find(name, MAX_SMALL) if kind else None
        if kind is None or body is None or name == CSV_FILES["followers"]:
            continue
        try:
            found[kind] = read_csv(body, own_domain=own_domain, type=kind, file_name=name)
        except BadFile:
            continue
    if "bookmarks" not in found and (file := _bookmarks(archive)):
        found["bookmarks"] = file
    return found


def _bookmarks(archive: ArchiveReader) -> CsvFile | None:
    body = archive.find(BOOKMARKS, MAX_SMALL)
    try:
        addresses = msgspec.json.decode(body or b"", type=_Addresses).orderedItems
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    rows = [
        CsvRow(place=place, line=address, subject=address)
        for place, address in enumerate(addresses, 1)
        if isinstance(address, str) and address.startswith(("https://", "http://"))
    ]
    return CsvFile(type="bookmarks", headings=[], rows=rows) if rows else None
