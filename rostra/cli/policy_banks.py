"""`rostra policy banks` and `hash`: the banks of known pictures, and lines for one of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import msgspec

from rostra.cli.options import Exit, Refusal, say
from rostra.cli.policy_files import columns, counted
from rostra.kit.clock import Clock
from rostra.kit.errors import Invalid
from rostra.kit.settings import Settings

if TYPE_CHECKING:
    from rostra.screening.bank_uses import BankUse

NO_RULE: Final = "no rule"


def banks_and_print(settings: Settings, *, as_json: bool) -> None:
    """Each file of the folder, its hashes, what follows from it, and what is wrong with it."""
    folder = settings.data_dir / "banks"
    uses = find_uses(settings)
    if as_json:
        click.echo(msgspec.json.encode(uses))
        return
    if not uses:
        say(f"there are no banks in {folder}; docs/media.md says how to add one")
        return
    rows = [[use.name, use.file, f"{use.hashes:,}", follows(use), use.problem or "-"] for use in uses]
    for line in columns([["BANK", "FILE", "HASHES", "WHAT FOLLOWS", "PROBLEM"], *rows]):
        click.echo(line)


def find_uses(settings: Settings) -> list[BankUse]:
    """The banks as the server has them; none, without asking the database, where there is no folder."""
    from rostra.cli.policy_server import with_database
    from rostra.screening.bank_uses import list_bank_uses

    folder = settings.data_dir / "banks"
    if not folder.is_dir():
        return []
    return with_database(settings, lambda db: list_bank_uses(db, Clock(), folder))


def follows(use: BankUse) -> str:
    """What a post with a picture of the bank comes to: `reject by terror-picture`."""
    if use.rule is None:
        return NO_RULE
    return f"{use.action} by {use.rule}" if use.action != "allow" else f"noted by {use.rule}"


def hash_and_print(pictures: Sequence[Path]) -> None:
    """A line for a bank of each picture. Ends the command with status 1 where one cannot be read."""
    from rostra.detect.bank_files import LEAST_QUALITY
    from rostra.media.image import hash_file

    failed = 0
    for path in pictures:
        try:
            made = hash_file(path.read_bytes())
        except OSError as error:
            say(f"{path}: {error.strerror}")
            failed += 1
            continue
        except Invalid as error:
            say(f"{path}: {error.text.removeprefix('Validation failed: file ')}")
            failed += 1
            continue
        note = " ".join(path.name.replace(",", " ").split())
        click.echo(f"{made.pdq.hex()},{made.quality},{note}")
        if made.quality < LEAST_QUALITY:
            say(f"{path}: has too little in it to be told apart (quality {made.quality}); banks pass over it")
    if failed:
        raise Refusal(Exit.FAILED, f"{counted(failed, 'picture')} could not be read")
