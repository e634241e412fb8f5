"""`rostra continuity release`: ends a server for good because another takes over. The other one runs it here."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from rostra.cli.options import Exit, Refusal
from rostra.continuity.place import Replaced
from rostra.continuity.standby.release import NotReleased, become_owner, take_back
from rostra.continuity.standby.release import release as release_server
from rostra.kit.postgres_home import PostgresRefused


@click.command(hidden=True)
@click.option("--data", "data_dir", type=click.Path(file_okay=False, exists=True, path_type=Path), required=True)
@click.option("--to", "to", default="", help="The host that takes over.")
@click.option("--epoch", type=int, default=0)
@click.option("--why", type=click.Choice(["promote", "move"]), default="promote")
@click.option("--undo", is_flag=True, help="Let the server be started again.")
def release(data_dir: Path, to: str, epoch: int, why: str, undo: bool) -> None:
    """End the server of a data directory and see to it that it is not started again; print how it ended."""
    data = data_dir.resolve()
    try:
        become_owner(data)
        if undo:
            said = "it may be started again, unless another machine has said `this is the server now`"
            click.echo(said if take_back(data) else "it was not released")
            return
        done = release_server(data, Replaced(epoch=epoch, host=to, at=datetime.now(UTC), why=why))
    except (NotReleased, PostgresRefused) as error:
        raise Refusal(Exit.FAILED, str(error)) from None
    except OSError as error:
        raise Refusal(Exit.FAILED, f"{error.filename or data}: {error.strerror}") from None
    click.echo(msgspec.json.encode(done).decode())
