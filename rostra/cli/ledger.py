"""`rostra ledger`: export the record of moderation, check an export, a proof or the live tables, print checkpoints."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar, cast

import click

from rostra.cli.options import (
    Exit,
    Refusal,
    current_database,
    data_option,
    database_errors,
    in_words,
    say,
    settings_of_command,
    with_settings,
)
from rostra.kit.ids import MAX_ID
from rostra.kit.settings import Settings

if TYPE_CHECKING:
    from rostra.kit.db import Database
    from rostra.ledger.audit import Outcome
    from rostra.ledger.leaf import Field
    from rostra.ledger.note import Checkpoint, Verifier

T = TypeVar("T")
Progress = Callable[[int, int], None]

# What a witness keeps may be the whole letter.
_NOTE: Final = re.compile(r"^[^\s+]+\n[0-9]+\n[A-Za-z0-9+/]{43}=\n\n(?:— [^\n]+\n)+", re.MULTILINE)
_FIELDS: Final = ("event", "subject", "account", "details", "actor")
_STATEMENT: Final = 600.0
_FAR: Final = 20_000

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def ledger() -> None:
    """Export and check the record of moderation.

    Every act of moderation is a leaf of a tree whose root is signed: docs/ledger.md explains what that proves.
    """


@ledger.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--with-openings", is_flag=True, help="Add whom and what each leaf is about, for your own eyes.")
@with_settings
def export(settings: Settings, file: Path, with_openings: bool) -> None:
    """Write the ledger to FILE (gzipped JSON lines), to be checked anywhere with `rostra ledger verify FILE`.

    Whom a leaf is about is in it as salted hashes only.
    """
    from rostra.kit.clock import Clock
    from rostra.ledger.export import export as write

    with _progress("Writing") as progress:
        newest = _with_database(
            settings, lambda db: write(db, Clock(), file, with_openings=with_openings, progress=progress)
        )
    say(f"{newest.size:,} leaves written to {file}")


@ledger.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", metavar="KEY", help="Believe only this key, as /ledger/key has it.")
@click.option(
    "--checkpoint",
    "kept",
    multiple=True,
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint that was kept, or the letter (.eml) with it: must be of this ledger. Can be repeated.",
)
@json_option
@data_option
def verify(file: Path | None, key: str | None, kept: tuple[Path, ...], as_json: bool, data_dir: Path | None) -> None:
    """Check an export or a proof from FILE alone, or without FILE all that is in the database.

    Ends with status 1 at the first thing that is wrong, and names it.
    """
    from rostra.ledger.proof import Broken

    trusted, witnessed = _key(key), [_read_kept(path) for path in kept]
    try:
        if file is None:
            outcome = _check_live(settings_of_command(data_dir), trusted, witnessed)
        elif _is_proof(file):
            _verify_proof(file, trusted)
            return
        else:
            outcome = _check_file(file, trusted, witnessed)
    except Broken as error:
        raise Refusal(Exit.FAILED, f"{file or 'the ledger'}: {error}") from None
    _print_outcome(outcome, is_trusted=key is not None or file is None, as_json=as_json)


@ledger.command()
@click.option("--seal", "seals", is_flag=True, help="First give leaves to the events that wait.")
@with_settings
def checkpoint(settings: Settings, seals: bool) -> None:
    """Print the newest checkpoint."""
    from rostra.ledger.published import get_published

    async def run(db: Database) -> str:
        if seals:
            await _seal(db, settings)
        async with db.read() as conn:
            return (await get_published(conn)).checkpoint.note

    click.echo(_with_database(settings, run), nl=False)


@ledger.command()
@click.argument("event", type=click.IntRange(1, MAX_ID))
@click.option("--show", multiple=True, type=click.Choice(_FIELDS), help="Open this field. Can be repeated.")
@click.option("--seal", "seals", is_flag=True, help="First give leaves to the events that wait.")
@with_settings
def prove(settings: Settings, event: int, show: tuple[str, ...], seals: bool) -> None:
    """Print the proof that EVENT (its id) is in the ledger, for `rostra ledger verify FILE --key KEY`.

    What a leaf is about is shown only where --show names it; "actor" may be a reviewer.
    """
    import msgspec

    from rostra.ledger.proof import EventProof
    from rostra.ledger.tree import proof_of_event

    async def run(db: Database) -> EventProof:
        if seals:
            await _seal(db, settings)
        async with db.read() as conn:
            return await proof_of_event(conn, event, cast("tuple[Field, ...]", show))

    click.echo(msgspec.json.encode(_with_database(settings, run)))


async def _seal(db: Database, settings: Settings) -> None:
    from rostra.kit.clock import Clock
    from rostra.ledger.keys import KeyRefused, load_signer
    from rostra.ledger.seal import LedgerBroken, seal

    try:
        await seal(db, Clock(), load_signer(settings))
    except KeyRefused as error:
        raise Refusal(Exit.SETTINGS, str(error)) from None
    except LedgerBroken:
        raise Refusal(Exit.FAILED, "the ledger is not what was signed; rostra ledger verify says more") from None


def _check_live(settings: Settings, key: Verifier | None, witnessed: list[Checkpoint]) -> Outcome:
    from rostra.ledger.audit_stored import check_stored

    with _progress("Checking") as progress:
        return _with_database(settings, lambda db: check_stored(db, key=key, witnessed=witnessed, progress=progress))


def _check_file(file: Path, key: Verifier | None, witnessed: list[Checkpoint]) -> Outcome:
    from rostra.ledger.read_export import check_export

    with _progress("Checking") as progress:
        return check_export(file, key=key, witnessed=witnessed, progress=progress)


def _is_proof(file: Path) -> bool:
    from rostra.ledger.proof import PROOF_FORMAT

    with file.open("rb") as opened:
        return PROOF_FORMAT.encode() in opened.read(100)


def _verify_proof(file: Path, key: Verifier | None) -> None:
    import msgspec

    from rostra.ledger.proof import Broken, EventProof, check_proof

    if key is None:
        raise click.UsageError("a proof is checked with --key KEY")
    try:
        proof = msgspec.json.decode(file.read_bytes(), type=EventProof)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Broken(f"cannot be read: {error}") from None
    said = check_proof(proof, key)
    leaf = proof.leaf
    click.echo(f"leaf {proof.index} is among the {said.size:,} of {said.origin}, signed by {key}")
    click.echo(f"{leaf.day} {leaf.type} of a {leaf.kind}, clause {leaf.clause or '-'}, policy {leaf.policy or '-'}")
    for field, opened in proof.opened.items():
        if opened.text is not None:
            click.echo(f"{field}: {opened.text}")


def _print_outcome(outcome: Outcome, *, is_trusted: bool, as_json: bool) -> None:
    import msgspec

    if as_json:
        click.echo(msgspec.json.encode(outcome))
        return
    click.echo(f"{outcome.origin}: {outcome.size:,} leaves are what was signed")
    click.echo(f"root {outcome.root}")
    click.echo(f"signed by {outcome.key}")
    click.echo(f"{outcome.checkpoints:,} earlier checkpoints and {outcome.witnessed:,} that were kept agree with it")
    click.echo(f"in {outcome.erased:,} leaves somebody was erased")
    if not is_trusted:
        say(f"this key is the file's own word; compare it with https://{outcome.origin}/key, or give it with --key")


def _key(text: str | None) -> Verifier | None:
    from rostra.ledger.note import NoteError, read_verifier

    try:
        return None if text is None else read_verifier(text)
    except NoteError as error:
        raise click.UsageError(f"--key: {error}") from None


def _read_kept(path: Path) -> Checkpoint:
    from email import message_from_bytes
    from email.policy import default

    from rostra.ledger.note import LONGEST, NoteError, read_checkpoint

    with path.open("rb") as file:
        raw = file.read(LONGEST)
    text = raw.decode(errors="replace")
    found = _NOTE.search(text)
    if found is None and (body := message_from_bytes(raw, policy=default).get_body(("plain",))):
        found = _NOTE.search(str(body.get_content()).replace("\r\n", "\n"))
    try:
        return read_checkpoint(found[0] if found else text)
    except NoteError as error:
        raise click.UsageError(f"{path}: {error}") from None


def _with_database(settings: Settings, act: Callable[[Database], Awaitable[T]]) -> T:
    """Run `act` on the server's database, whether or not the server runs."""
    from rostra.kit.db import open_database
    from rostra.kit.errors import NotFound, RostraError

    async def run() -> T:
        async with (
            current_database(settings) as dsn,
            open_database(dsn, max_size=2, statement_timeout=_STATEMENT) as db,
        ):
            return await act(db)

    with database_errors():
        try:
            return asyncio.run(run())
        except NotFound:
            raise Refusal(Exit.FAILED, "not in the ledger, or not yet: --seal gives leaves to what waits") from None
        except RostraError as error:
            raise Refusal(Exit.FAILED, in_words(error)) from None


@contextmanager
def _progress(label: str) -> Generator[Progress]:
    """A bar on standard error for what takes a while."""
    with click.progressbar(length=1, label=label, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:

        def tell(done: int, total: int) -> None:
            if total >= _FAR:
                bar.length = total
                bar.update(done - bar.pos)

        yield tell
