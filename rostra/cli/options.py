"""What the commands share: the options that make the settings, the exit statuses, the one-line errors, a database."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from enum import IntEnum
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, Final, ParamSpec, TypeVar

import click

from rostra.cli.last_start import find_last_start
from rostra.continuity.place import Place
from rostra.kit.postgres_home import PostgresRefused
from rostra.kit.settings import NO_DOMAIN, Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from rostra.kit.errors import RostraError

P = ParamSpec("P")
T = TypeVar("T")

_NOT_FOUND: Final = 404
MIGRATIONS: Final = Path(__file__).parent.parent / "migrations"


class Exit(IntEnum):
    """What the exit status of `rostra` means; click itself uses 2 for a wrong command line."""

    FAILED = 1
    SETTINGS = 3
    DATA_DIRECTORY = 4
    ALREADY_RUNNING = 5
    ADDRESS = 6
    DATABASE = 7
    PART_CRASHED = 8
    REPLACED = 9


class Refusal(click.ClickException):
    """Ends the command with `text` on standard error and the exit status `status`."""

    def __init__(self, status: Exit, text: str) -> None:
        super().__init__(text)
        self.exit_code = int(status)  # pyright: ignore[reportAttributeAccessIssue] - click reads the instance's own

    def show(self, file: object = None) -> None:  # noqa: ARG002 - click's signature
        say(self.message)


def in_words(error: RostraError, nothing: str = "") -> str:
    """What the server refuses, for a terminal; `nothing` where what was named is not there."""
    if nothing and error.status == _NOT_FOUND:
        return nothing
    return (error.operator_text or error.text).removeprefix("Validation failed: ")


def say(text: str) -> None:
    """A line for the operator, on standard error; standard output is for what a command prints as its result."""
    click.echo(f"rostra: {text}", err=True)


def settings_from(given: Mapping[str, object], environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings, where `given` holds the command line's. Ends the command where one cannot be used."""
    try:
        return load_settings(environ, given)
    except SettingsError as error:
        raise Refusal(Exit.SETTINGS, "\nrostra: ".join(error.problems)) from None


def settings_of_command(data_dir: Path | None) -> Settings:
    """The settings of a command on a data directory: what its server was last started with, beneath the environment."""
    place = data_dir or Path(os.environ.get("ROSTRA_DATA") or os.environ.get("ROSTRA_DATA_DIR") or "data")
    last = find_last_start(place)
    environ = os.environ if last is None else last.as_environment() | os.environ
    try:
        settings = load_settings(environ, {"data_dir": data_dir})
    except SettingsError as error:
        problems = list(error.problems)
        if last is None and NO_DOMAIN in problems:
            problems.remove(NO_DOMAIN)
            problems.insert(
                0,
                f"no server was started on {place} yet: name the data directory of one with --data or ROSTRA_DATA, "
                "start one with `rostra up`, or set ROSTRA_DOMAIN",
            )
        raise Refusal(Exit.SETTINGS, "\nrostra: ".join(problems)) from None
    check_database_named(settings, is_external=last is not None and last.external_database)
    return settings


def check_database_named(settings: Settings, *, is_external: bool = False) -> None:
    """End the command where an external database is to be used and none is named: an empty one would be made."""
    is_external = is_external or Place(settings.data_dir).has_external_database
    if is_external and settings.database_url is None:
        raise Refusal(Exit.SETTINGS, "database_url: the server uses an external database; set ROSTRA_DATABASE_URL")


data_option = click.option(
    "--data",
    "data_dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Directory of everything that must survive. [ROSTRA_DATA; default: ./data]",
)


def with_settings(command: Callable[Concatenate[Settings, P], T]) -> Callable[P, T]:
    """Give a command the option --data and, as its first argument, the settings (`settings_of_command`)."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        chosen = kwargs.pop("data_dir", None)
        return command(settings_of_command(chosen if isinstance(chosen, Path) else None), *args, **kwargs)

    return data_option(run)


@contextmanager
def database_errors() -> Generator[None]:
    """Turn what a database may fail with at start into one line and the exit status DATABASE."""
    import asyncpg

    from rostra.kit.errors import Unavailable
    from rostra.kit.migrate import MigrationRefused

    try:
        yield
    except (PostgresRefused, MigrationRefused) as error:
        raise Refusal(Exit.DATABASE, str(error)) from None
    except (
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,
        Unavailable,
        ConnectionError,
        TimeoutError,
    ) as error:
        raise Refusal(Exit.DATABASE, f"the database: {error or type(error).__name__}") from None
    except OSError as error:
        if error.filename is None:
            # A host that has no address, or that no way leads to.
            raise Refusal(Exit.DATABASE, f"the database: {error.strerror or error}; check its address") from None
        raise Refusal(
            Exit.DATA_DIRECTORY, f"{error.filename}: {error.strerror}; check the path and its owner"
        ) from None


@asynccontextmanager
async def current_database(settings: Settings) -> AsyncGenerator[str]:
    """Yield the DSN of a database that is up to date, whether or not the server runs. For commands that use it."""
    from rostra.kit.migrate import pending
    from rostra.kit.postgres import use_database

    _log_beside_the_result()
    async with use_database(settings) as dsn:
        # The whole step also looks after the queue's tables, which costs more than most commands do themselves.
        if await pending(dsn, MIGRATIONS):
            await bring_up_to_date(dsn)
        yield dsn


def _log_beside_the_result() -> None:
    """Have what parts of the server log go to standard error: a command's own output may be read by a program."""
    import structlog

    if not structlog.is_configured():
        # Whatever standard error is by then.
        structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))


async def bring_up_to_date(dsn: str) -> list[str]:
    """Apply what is missing of the migrations and of the queue's tables, and return the names of the migrations."""
    from rostra.kit.jobs.schema import install
    from rostra.kit.migrate import migrate

    return await migrate(dsn, MIGRATIONS, install)


def writable_data_directory(settings: Settings) -> Path:
    """Make the data directory if there is none. Ends the command where it cannot be written."""
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Refusal(
            Exit.DATA_DIRECTORY, f"{settings.data_dir}: {error.strerror}; choose another with --data"
        ) from None
    if not os.access(settings.data_dir, os.W_OK | os.X_OK):
        raise Refusal(
            Exit.DATA_DIRECTORY, f"{settings.data_dir} cannot be written; chown it or choose another with --data"
        )
    return settings.data_dir.resolve()


def own_command(*words: str) -> tuple[str, ...]:
    """The command line that runs this program again.

    What lies in the directory in which it was started is no part of it (-P), whatever its name.
    """
    return (sys.executable, "-P", "-m", "rostra", *words)
