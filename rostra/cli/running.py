"""How the parts are run together: the listening socket, the children and their environment, the line `ready URL`.

`up.py` and `parts.py` are the commands; `kit/supervise.py` looks after the processes.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from rostra.cli.options import Exit, Refusal, own_command, say
from rostra.continuity.place import Place
from rostra.kit.child import ChildSpec
from rostra.kit.postgres import EmbeddedPostgres
from rostra.kit.settings import Settings
from rostra.kit.supervise import ChildFailed, StopRequested, Supervisor

LISTEN_FD: Final = "ROSTRA_LISTEN_FD"
WAIT_FD: Final = "ROSTRA_WAIT_FD"
"""A pipe whose end a web process waits for, when it has loaded what takes long, before it serves."""

# Connections that may wait while every web process is busy.
_BACKLOG: Final = 2048
# Seconds between two questions for the health of a server that just started.
_HEALTH_PAUSE: Final = 0.1


def listen(host: str, port: int) -> socket.socket:
    """Bind the one listening socket that all web processes share. Ends the command where that is not possible."""
    listener = prepare_listener(host, port)
    begin_to_listen(listener, host, port)
    return listener


def prepare_listener(host: str, port: int) -> socket.socket:
    """The socket, which nobody can connect to yet. Ends the command where there is no such address."""
    try:
        family, kind, _, _, _ = _resolve(host, port)
        listener = socket.socket(family, kind)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    except OSError as error:
        raise _cannot_listen(host, port, error) from None
    return listener


def begin_to_listen(listener: socket.socket, host: str, port: int) -> None:
    """Let connections in, on a socket that other processes may have already. Ends the command where it cannot be."""
    try:
        listener.bind(_resolve(host, port)[4])
        listener.listen(_BACKLOG)
    except OSError as error:
        raise _cannot_listen(host, port, error) from None


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[Any, ...]]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]


def _cannot_listen(host: str, port: int, error: OSError) -> Refusal:
    text = f"cannot listen on {host} port {port}: {error.strerror}; free it, or choose another with --host and --port"
    return Refusal(Exit.ADDRESS, text)


def child_environment(settings: Settings, given: Mapping[str, object]) -> dict[str, str]:
    """Our environment and, on top, what the command line said: `given`, with None for what it did not say."""
    env = dict(os.environ)
    for name, value in given.items():
        if value is not None:
            env[f"ROSTRA_{name.upper()}"] = str(value)
    # What the server was last started with is not to be had back where the command line says nothing.
    env |= {"ROSTRA_DOMAIN": settings.domain, "ROSTRA_SCHEME": settings.scheme, "ROSTRA_DEV": str(settings.dev)}
    env.pop("ROSTRA_DATA_DIR", None)
    env["ROSTRA_DATA"] = str(settings.data_dir.resolve())
    if settings.log_json is None and os.isatty(2):
        # A child's standard error is a pipe to us; what it would look for is our terminal.
        env["ROSTRA_LOG_JSON"] = "false"
    return env


def database_spec(server: EmbeddedPostgres) -> ChildSpec:
    """The embedded PostgreSQL: ends last, with a checkpoint, or after that without one."""
    return ChildSpec(
        name="postgres",
        launch=server.launch,
        read_log=server.log_tail,
        ends_last=True,
        end_signal=signal.SIGINT,
        kill_signal=signal.SIGQUIT,
    )


def web_specs(
    count: int, env: Mapping[str, str], listener: socket.socket, wait_fd: int | None = None
) -> list[ChildSpec]:
    """`count` web processes on one socket. With `wait_fd` they serve when that pipe ends, and may die until then."""
    number = listener.fileno()
    env = {**env, LISTEN_FD: str(number)} | ({} if wait_fd is None else {WAIT_FD: str(wait_fd)})
    return [
        ChildSpec(
            name=f"web-{index + 1}",
            argv=own_command("web"),
            env=env,
            pass_fds=(number,) if wait_fd is None else (number, wait_fd),
            essential=wait_fd is None,
            tells_ready=True,
            reloads=True,
        )
        for index in range(count)
    ]


def worker_specs(count: int, env: Mapping[str, str]) -> list[ChildSpec]:
    """`count` job workers."""
    return [
        ChildSpec(name=f"worker-{index + 1}", argv=own_command("worker"), env=env, tells_ready=True, reloads=True)
        for index in range(count)
    ]


def sync_specs(settings: Settings, env: Mapping[str, str]) -> list[ChildSpec]:
    """The keeper of synchronous commits, where it has no other process to be in: shipping has it as one of its parts.

    It goes by the data directory, so it is not told of the database as the others are.
    """
    ships = bool(settings.continuity_targets) and Place(settings.data_dir).is_set_up
    if settings.continuity_sync == "off" or settings.database_url is not None or ships:
        return []
    env = {name: value for name, value in env.items() if name != "ROSTRA_DATABASE_URL"}
    return [ChildSpec(name="sync", argv=own_command("continuity", "keep-sync"), env=env, essential=False)]


def run_children(
    settings: Settings,
    supervisor: Supervisor,
    specs: Sequence[ChildSpec],
    listener: socket.socket,
    *,
    later: Sequence[ChildSpec] = (),
    afterwards: Sequence[ChildSpec] = (),
    on_ready: Callable[[], None] | None = None,
) -> None:
    """Start the children, print `ready URL` when the health address answers, look after them until asked to end.

    Once requests are answered `later` are started, `on_ready` is called and `afterwards` are run as tasks.
    """
    for spec in specs:
        supervisor.start(spec)
    supervisor.wait_ready()
    while not is_healthy(listener, settings.domain):
        supervisor.run(_HEALTH_PAUSE)
    for spec in later:
        supervisor.start(spec)
    print(f"ready {settings.base_url}", flush=True)
    tell_service_manager(b"READY=1")
    if on_ready is not None:
        on_ready()
    for task in afterwards:
        _run_aside(supervisor, task)
    supervisor.run()


def _run_aside(supervisor: Supervisor, task: ChildSpec) -> None:
    """Run what the server does without: where it fails, that is said, and the server goes on."""
    try:
        supervisor.run_task(task)
    except ChildFailed as error:
        if not error.is_task:
            raise
        say(f"{error.text}; the server goes on without")


def ended(error: ChildFailed | StopRequested) -> None:
    """The end of a supervised run: nothing to say where it was asked for, else why, and the child's last lines."""
    tell_service_manager(b"STOPPING=1")
    if isinstance(error, StopRequested):
        return
    if error.is_task:
        # It has said what the matter is; its exit status means the same as ours.
        sys.exit(error.status if error.status > 0 else int(Exit.DATABASE))
    status = Exit.DATABASE if error.name == "postgres" else Exit.PART_CRASHED
    raise Refusal(status, f"{error.text}. Its last lines:\n{error.log}") from None


def is_healthy(listener: socket.socket, domain: str) -> bool:
    """Whether GET /health on the listening socket is answered with 200. By hand: a client library costs 5 MB."""
    host, port = listener.getsockname()[:2]
    target = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    request = f"GET /health HTTP/1.1\r\nHost: {domain}\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection((target, port), timeout=2.0) as connection:
            connection.sendall(request.encode())
            return connection.recv(12) == b"HTTP/1.1 200"
    except OSError:
        return False


def tell_service_manager(state: bytes) -> None:
    """sd_notify(3): tell systemd, where it started us, how far we are."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        try:
            notify.sendto(state, address.replace("@", "\0", 1) if address.startswith("@") else address)
        except OSError as error:
            say(f"the service manager does not listen: {error.strerror}")
