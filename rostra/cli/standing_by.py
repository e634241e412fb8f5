"""A standby under a supervisor: its database, the process that follows, and what comes when it has been promoted.

The supervisor's process is the same from the first base backup to the life as the server, so that between being a
standby and being the server the database is not stopped and nobody else can take the data directory.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from rostra.cli.last_start import find_last_start, remember
from rostra.cli.options import Exit, Refusal, own_command, say
from rostra.cli.running import (
    begin_to_listen,
    child_environment,
    database_spec,
    ended,
    prepare_listener,
    tell_service_manager,
    web_specs,
)
from rostra.cli.up import serve
from rostra.continuity.place import Place
from rostra.continuity.standby.clone import follows, put_in_place, settings_of_replica
from rostra.continuity.standby.records import (
    GO_ON,
    STATUS,
    GoOn,
    Standby,
    StandbyStatus,
    find_standby,
    find_standby_status,
)
from rostra.continuity.targets import label_of
from rostra.kit.child import ChildSpec
from rostra.kit.metricfiles import prepare
from rostra.kit.postgres import EmbeddedPostgres, PostgresRefused
from rostra.kit.postgres_home import Home, settle
from rostra.kit.settings import Settings, SettingsError, load_settings
from rostra.kit.supervise import ChildFailed, EndRequested, StopRequested, Supervisor

BASE_ARRIVED: Final = 75
"""Exit status of the process that follows, when a base waits to be put in place."""

_FOLLOW: Final = "follow"
# How often files are looked at by which other processes speak to this one, in seconds.
_LOOK: Final = 0.1
# How long whoever promotes may take for what comes after, such as a migration, in seconds.
_GO_ON_PATIENCE: Final = 1800.0

Look = Callable[[Supervisor, Mapping[str, str], StandbyStatus | None], bool]
"""Called again and again while the standby follows; True when it was promoted in the same process."""


def directory_of(data_dir: Path | None, *, make: bool = False) -> Path:
    """The data directory that a command means; with `make` it is made where it is missing."""
    data = data_dir or Path(os.environ.get("ROSTRA_DATA") or os.environ.get("ROSTRA_DATA_DIR") or "data")
    if not make:
        return data.resolve()
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Refusal(Exit.DATA_DIRECTORY, f"{data}: {error.strerror}; choose another with --data") from None
    return data.resolve()


def settings_of_standby(data: Path, given: Mapping[str, object]) -> Settings:
    """The settings as far as they are known: a standby learns its domain from the primary."""
    last = find_last_start(data)
    known = {"ROSTRA_DOMAIN": "standby.invalid"} if last is None else last.as_environment()
    try:
        return load_settings(known | os.environ, {**given, "data_dir": data})
    except SettingsError as error:
        raise Refusal(Exit.SETTINGS, "\nrostra: ".join(error.problems)) from None


def stand_by(data: Path, given: Mapping[str, object], look: Look | None = None) -> None:
    """Follow until asked to end, and go on as the server when the standby was promoted. The caller has the lock.

    `given` are the command line's settings of the server. Raises Refusal.
    """
    place = Place(data)
    (place.path / GO_ON).unlink(missing_ok=True)
    while True:
        try:
            _follow(data, place, given, look)
        except EndRequested as error:
            if error.name != _FOLLOW:
                # It has said which server has taken over.
                sys.exit(error.status)
            # A base has arrived: it is put in place while nothing runs.
            continue
        except (StopRequested, ChildFailed) as error:
            ended(error)
        except PostgresRefused as error:
            raise Refusal(Exit.DATABASE, str(error)) from None
        return


def take_over_here(data: Path, given: Mapping[str, object], *, force: bool, up: bool) -> None:
    """Promote a standby that nobody keeps, and go on as the server where that is wished. The caller has the lock."""
    settings = settings_of_standby(data, given)
    place = Place(data)
    try:
        home = settle(data, settings.pg_user)
        put_in_place(home, data, settings.pg_user)
        standby = find_standby(place)
        if standby is None or not home.cluster.exists():
            raise Refusal(Exit.FAILED, "the first base backup has not arrived, so there is nothing to promote")
        with Supervisor(say) as supervisor:
            env = _environment(settings, given)
            server = _start(settings, supervisor, home, standby)
            force_words = ("--force",) if force else ()
            words = own_command("continuity", "take-over", "--why", "promote", *force_words)
            with _warmed_up(settings, env, supervisor, server if up else None) as warmed:
                supervisor.run_task(ChildSpec(name="take-over", argv=words, env=env))
                if warmed is not None:
                    _be_the_server(data, given, supervisor, warmed)
    except (StopRequested, ChildFailed) as error:
        ended(error)
    except EndRequested as error:
        sys.exit(error.status)
    except PostgresRefused as error:
        raise Refusal(Exit.DATABASE, str(error)) from None


def _follow(data: Path, place: Place, given: Mapping[str, object], look: Look | None) -> None:
    settings = settings_of_standby(data, given)
    home = settle(data, settings.pg_user)
    put_in_place(home, data, settings.pg_user)
    standby = find_standby(place)
    if standby is None or (home.cluster.exists() and not follows(home)):
        text = f"its promotion was begun; finish it with: rostra continuity promote --data {data}"
        raise Refusal(Exit.FAILED, text)
    with Supervisor(say) as supervisor:
        env = _environment(settings, given)
        server = _start(settings, supervisor, home, standby) if home.cluster.exists() else None
        supervisor.start(
            ChildSpec(
                name=_FOLLOW,
                argv=own_command("continuity", "follow"),
                env=env,
                essential=False,
                ends_all_with=BASE_ARRIVED,
            )
        )
        with _warmed_up(settings, env, supervisor, server) as warmed:
            go = _watch(supervisor, env, place, standby, look)
            supervisor.end(_FOLLOW)
            (place.path / STATUS).unlink(missing_ok=True)
            if go.up and warmed is not None:
                _be_the_server(data, given, supervisor, warmed)
        place.write_json(GO_ON, msgspec.structs.replace(go, problem="ended"))


def _watch(supervisor: Supervisor, env: Mapping[str, str], place: Place, standby: Standby, look: Look | None) -> GoOn:
    """Look after the children until the standby was promoted."""
    told, began, promoted_at = False, find_standby_status(place), None
    while True:
        supervisor.run(_LOOK)
        if (go := place.find_json(GO_ON, GoOn)) is not None:
            return go
        if find_standby(place) is None:
            promoted_at = promoted_at or time.monotonic()
            if time.monotonic() - promoted_at > _GO_ON_PATIENCE:
                say("this was promoted, and nobody has said how to go on; start the server: rostra up")
                return GoOn(up=False)
            continue
        status = find_standby_status(place)
        fresh = status if status is not None and (began is None or status.at > began.at) else None
        if fresh is not None and fresh.streaming and not told:
            told = True
            print(f"following {label_of(standby.source)} as {standby.name}", flush=True)
            tell_service_manager(b"READY=1")
        if look is not None and look(supervisor, env, fresh):
            return GoOn(up=True)


class _Warmed:
    """Web processes that have loaded what takes long, and wait; and the socket that nobody can connect to yet.

    `env` is what the other processes of the server get too. Made by `_warmed_up`.
    """

    def __init__(
        self, settings: Settings, env: Mapping[str, str], supervisor: Supervisor, listener: socket.socket
    ) -> None:
        self.env = dict(env)
        self.listener = listener
        self._address = settings.host, settings.port
        self._supervisor = supervisor
        # They wait for the end of the pipe: one that is started later finds it at once.
        self._waiting, self._held = os.pipe2(os.O_CLOEXEC)
        self._specs = web_specs(settings.workers, env, listener, wait_fd=self._waiting)
        for spec in self._specs:
            supervisor.start(spec)

    def let_go(self) -> None:
        """Let requests in, and the processes serve; they are essential from now on. Ends the command where the address
        is taken."""
        begin_to_listen(self.listener, *self._address)
        for spec in self._specs:
            self._supervisor.make_essential(spec.name)
        os.close(self._held)
        self._held = -1

    def close(self) -> None:
        """Give the pipe back."""
        for end in (self._waiting, self._held):
            if end >= 0:
                os.close(end)


@contextmanager
def _warmed_up(
    settings: Settings, env: Mapping[str, str], supervisor: Supervisor, server: EmbeddedPostgres | None
) -> Generator[_Warmed | None]:
    """The web processes of the server that this may become; None without a database."""
    if server is None:
        yield None
        return
    metrics = prepare(settings.data_dir.resolve() / "run" / "metrics")
    with prepare_listener(settings.host, settings.port) as listener:
        warmed = _Warmed(settings, {**env, **metrics, "ROSTRA_DATABASE_URL": server.dsn}, supervisor, listener)
        try:
            yield warmed
        finally:
            warmed.close()


def _environment(settings: Settings, given: Mapping[str, object]) -> dict[str, str]:
    """That of the children: what the primary was started with counts where nothing else is said."""
    last = find_last_start(settings.data_dir)
    known = {} if last is None else last.as_environment()
    return known | child_environment(settings, {name: value for name, value in given.items() if name != "data_dir"})


def _start(settings: Settings, supervisor: Supervisor, home: Home, standby: Standby) -> EmbeddedPostgres:
    more = settings_of_replica(home, standby.name, standby.limits) if follows(home) else {}
    server = EmbeddedPostgres.from_settings(settings, more)
    supervisor.start(database_spec(server))
    return server


def _be_the_server(data: Path, given: Mapping[str, object], supervisor: Supervisor, warmed: _Warmed) -> None:
    """As `rostra up`, with a database that runs already; whoever promoted it has brought it up to date."""
    settings, place = settings_of_standby(data, given), Place(data)
    remember(settings)
    answer = GoOn(up=True, url=settings.base_url)

    def tell() -> None:
        place.write_json(GO_ON, answer)

    try:
        serve(settings, supervisor, warmed.listener, warmed.env, warmed=warmed.let_go, on_ready=tell)
    except (Refusal, ChildFailed) as error:
        problem = error.message if isinstance(error, Refusal) else error.text
        place.write_json(GO_ON, GoOn(up=True, problem=f"{problem}; start it: rostra up --data {data}"))
        raise
