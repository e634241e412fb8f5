"""Three etcd members and three Patroni nodes with PostgreSQL on this machine's loopback, in one scratch directory.

A node stands for a host: its etcd member, its Patroni and its PostgreSQL are lost together and come back together.
Knows nothing of Rostra but where its wheel keeps PostgreSQL's programs. PostgreSQL refuses to run as root: then all of
this runs as an ordinary account.
"""

from __future__ import annotations

import base64
import os
import pwd
import secrets
import shutil
import signal
import socket
import string
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
from rostra.kit.postgres import processes_in
from rostra.kit.postgres_programs import client_program

HERE = Path(__file__).parent
PATRONI = ("patroni[etcd3]==4.1.5", "psycopg2-binary==2.9.13")
TEMPLATE = HERE / "patroni.yml"


class Refused(Exception):
    """The rehearsal cannot run here; the text says what to do."""


class Node:
    """One of the three hosts: its ports, its directory, its two programs."""

    def __init__(self, name: str, home: Path) -> None:
        self.name = name
        self.home = home
        self.data = home / "postgres"
        self.etcd_data = home / "etcd"
        self.config = home / "patroni.yml"
        self.etcd_port, self.peer_port, self.pg_port, self.rest_port = free_ports(4)
        self.programs: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def etcd_url(self) -> str:
        return f"http://127.0.0.1:{self.etcd_port}"

    @property
    def peer_url(self) -> str:
        return f"http://127.0.0.1:{self.peer_port}"

    @property
    def rest_url(self) -> str:
        return f"http://127.0.0.1:{self.rest_port}"


class Trio:
    """Owns the three nodes, from `start` to `stop`."""

    def __init__(self, scratch: Path, etcd: Path, venv: Path, account: str, *, synchronous: bool = True) -> None:
        self.scratch = scratch
        self.nodes = [Node(f"n{number}", scratch / f"n{number}") for number in (1, 2, 3)]
        self.passwords = {name: secrets.token_hex(12) for name in ("SUPERUSER", "REPLICATION", "REWIND", "REST")}
        self._etcd = etcd
        self._synchronous = synchronous
        self._venv = venv
        self._bin_dir = client_program(None, "pg_rewind").parent
        self._account = pwd.getpwnam(account) if os.geteuid() == 0 else None
        self._http = httpx.Client(timeout=3, trust_env=False)

    def start(self) -> None:
        """Start all three and wait until one leads, one is its synchronous standby, and the third follows."""
        self.scratch.chmod(0o711)
        for node in self.nodes:
            node.home.mkdir()
            self._own(node.home)
            node.config.write_text(self.configuration(node))
            self._own(node.config, 0o600)
        for node in self.nodes:
            self._start_etcd(node, ",".join(f"{each.name}={each.peer_url}" for each in self.nodes), "new")
        for node in self.nodes:
            self._wait(lambda node=node: self._answers(f"{node.etcd_url}/health"), 30, f"etcd on {node.name}")
        for node in self.nodes:
            self._start_patroni(node)
        self.wait_whole()

    def configuration(self, node: Node) -> str:
        """The template filled in for a node of this machine."""
        names = {f"{name}_PASSWORD": password for name, password in self.passwords.items()}
        template = TEMPLATE.read_text()
        if not self._synchronous:
            template = template.replace("synchronous_mode: true", "synchronous_mode: false")
        return string.Template(template).substitute(
            names,
            NODE=node.name,
            REST_ADDRESS=f"127.0.0.1:{node.rest_port}",
            ETCD_HOSTS=",".join(f"127.0.0.1:{each.etcd_port}" for each in self.nodes),
            PG_ADDRESS=f"127.0.0.1:{node.pg_port}",
            DATA_DIR=node.data,
            BIN_DIR=self._bin_dir,
            RUN_DIR=node.home,
            HBA_KIND="host",
            NETWORK="127.0.0.1/32",
            SHARED_BUFFERS="64MB",
            SSL="off",
            WATCHDOG="off",
        )

    def dsn(self, user: str, password: str, database: str) -> str:
        """The address of all three, of which the one that takes writes is wanted."""
        hosts = ",".join(f"127.0.0.1:{node.pg_port}" for node in self.nodes)
        return f"postgresql://{user}:{password}@{hosts}/{database}?target_session_attrs=read-write&sslmode=disable"

    def members(self) -> list[dict[str, Any]]:
        """What Patroni says of its members, by the first node that answers; nothing where none does."""
        for node in self.nodes:
            try:
                return self._http.get(f"{node.rest_url}/cluster").json()["members"]
            except (httpx.HTTPError, ValueError, KeyError):
                continue
        return []

    def leader(self) -> Node | None:
        """The node that leads."""
        leading = {each["name"] for each in self.members() if each["role"] == "leader" and each["state"] == "running"}
        return next((node for node in self.nodes if node.name in leading), None)

    def wait_whole(self, seconds: float = 120) -> None:
        """Wait until one leads and two stream from it, one of them synchronously where that is asked for."""

        def whole() -> bool:
            roles = sorted((each["role"], each["state"]) for each in self.members())
            second = "sync_standby" if self._synchronous else "replica"
            return roles == [("leader", "running"), ("replica", "streaming"), (second, "streaming")]

        self._wait(whole, seconds, "three whole nodes")

    def lose(self, node: Node) -> None:
        """Lose a host without a word: SIGKILL to everything of it, and its disk is gone."""
        self._signal(node, signal.SIGKILL)
        for program in node.programs.values():
            program.wait()
        node.programs.clear()
        shutil.rmtree(node.data)
        shutil.rmtree(node.etcd_data)

    def freeze(self, node: Node) -> None:
        """Stop a host where it stands: its sockets stay open and say nothing, and it believes that it leads."""
        self._signal(node, signal.SIGSTOP)

    def thaw(self, node: Node) -> None:
        """Let a frozen host go on, as if no time had passed."""
        self._signal(node, signal.SIGCONT)

    def bring_back(self, node: Node) -> None:
        """Start the host again with an empty disk: etcd is told of a new member, Patroni clones from the leader."""
        others = [each for each in self.nodes if each is not node]
        url = others[0].etcd_url
        listed = self._http.post(f"{url}/v3/cluster/member/list", json={}).json()["members"]
        old = next(each["ID"] for each in listed if each.get("name") == node.name)
        self._http.post(f"{url}/v3/cluster/member/remove", json={"ID": old}).raise_for_status()
        self._http.post(f"{url}/v3/cluster/member/add", json={"peerURLs": [node.peer_url]}).raise_for_status()
        self._start_etcd(node, ",".join(f"{each.name}={each.peer_url}" for each in self.nodes), "existing")
        self._wait(lambda: self._answers(f"{node.etcd_url}/health"), 30, f"etcd on {node.name}")
        self._start_patroni(node)

    def reinit(self, node: Node) -> None:
        """Have Patroni throw a standby's directory away and clone it anew."""
        command = [self._venv / "bin/patronictl", "-c", node.config, "reinit", "--force", "--wait", "rostra", node.name]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=_environment())
        if done.returncode:
            raise Refused(f"patronictl reinit: {done.stdout}{done.stderr}")

    def hang_all_but(self, leader: Node) -> list[int]:
        """Have the standbys hear nothing of the leader until `let_go` gets what this returns."""
        hung = [pid for node in self.nodes if node is not leader for pid in processes_in(node.data)]
        _signal_each(hung, signal.SIGSTOP)
        return hung

    def let_go(self, hung: list[int]) -> None:
        """End what `hang_all_but` began. What has waited unread in the standbys' sockets is lost with the leader."""
        _signal_each([pid for pid in hung if "walreceiver" in _title(pid)], signal.SIGTERM)
        _signal_each(hung, signal.SIGCONT)

    def hand_over(self, node: Node) -> None:
        """Have the leader hand over to its synchronous standby, as before its host is looked after."""
        given = {"leader": node.name}
        auth = ("patroni", self.passwords["REST"])
        self._http.post(f"{node.rest_url}/switchover", json=given, auth=auth, timeout=60).raise_for_status()

    def stop(self) -> None:
        """End everything at once."""
        for node in self.nodes:
            self._signal(node, signal.SIGKILL)
        for node in self.nodes:
            for program in node.programs.values():
                program.wait()
        self._http.close()

    def log(self, node: Node, lines: int = 30) -> str:
        """The end of what a node's Patroni has said."""
        return "\n".join((node.home / "patroni.log").read_text(errors="replace").splitlines()[-lines:])

    def _start_etcd(self, node: Node, cluster: str, state: str) -> None:
        self._start(
            node,
            "etcd",
            self._etcd,
            f"--name={node.name}",
            f"--data-dir={node.etcd_data}",
            f"--listen-client-urls={node.etcd_url}",
            f"--advertise-client-urls={node.etcd_url}",
            f"--listen-peer-urls={node.peer_url}",
            f"--initial-advertise-peer-urls={node.peer_url}",
            f"--initial-cluster={cluster}",
            f"--initial-cluster-state={state}",
            "--initial-cluster-token=rostra",
        )

    def _start_patroni(self, node: Node) -> None:
        self._start(node, "patroni", self._venv / "bin/patroni", node.config)

    def _start(self, node: Node, name: str, *command: object) -> None:
        account = self._account
        with (node.home / f"{name}.log").open("ab") as log:
            node.programs[name] = subprocess.Popen(
                list(map(str, command)),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=node.home,
                env=_environment(),
                umask=0o077,
                start_new_session=True,
                user=account and account.pw_uid,
                group=account and account.pw_gid,
                extra_groups=None if account is None else [],
            )

    def _signal(self, node: Node, number: signal.Signals) -> None:
        # Patroni first: it would start its PostgreSQL again.
        for program in sorted(node.programs, reverse=True):
            node.programs[program].send_signal(number)
        _signal_each(processes_in(node.data) if node.data.exists() else [], number)

    def _own(self, path: Path, mode: int = 0o700) -> None:
        path.chmod(mode)
        if self._account is not None:
            os.chown(path, self._account.pw_uid, self._account.pw_gid)

    def _answers(self, url: str) -> bool:
        try:
            return self._http.get(url).status_code == 200
        except httpx.HTTPError:
            return False

    def _wait(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        ends = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > ends:
                raise Refused(f"{what} did not come up in {seconds:.0f} s; {self.members()}")
            for node in self.nodes:
                for name, program in node.programs.items():
                    if program.poll() is not None:
                        raise Refused(f"{name} on {node.name} has ended; see {node.home / f'{name}.log'}")
            time.sleep(0.2)


def find_etcd(given: Path | None, scratch: Path) -> Path:
    """The program `etcd`: the one that was named, the system's, or Debian's package unpacked into `scratch`."""
    found = given or shutil.which("etcd")
    if found:
        return Path(found)
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise Refused("etcd is not here: install it (Debian: etcd-server), or name it with --etcd")
    place = scratch / "etcd-server"
    place.mkdir(mode=0o755)
    try:
        subprocess.run(["apt-get", "-q", "download", "etcd-server"], cwd=place, check=True, capture_output=True)
        (package,) = place.glob("*.deb")
        subprocess.run(["dpkg-deb", "-x", package, place], check=True, capture_output=True)
    except (subprocess.CalledProcessError, ValueError):
        raise Refused("Debian's package etcd-server could not be had; apt-get update, or use --etcd") from None
    return place / "usr/bin/etcd"


def find_patroni(venv: Path, python: str) -> Path:
    """The virtual environment with Patroni, made and kept at `venv` where there is none yet."""
    if not (venv / "bin/patroni").exists():
        venv.parent.mkdir(parents=True, exist_ok=True)
        for command in ([python, "-m", "venv", venv], [venv / "bin/pip", "install", "--quiet", *PATRONI]):
            done = subprocess.run(command, capture_output=True, text=True, check=False, umask=0o022)
            if done.returncode:
                raise Refused(f"Patroni could not be installed into {venv}: {done.stderr or done.stdout}")
    return venv


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that nobody has."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def new_key() -> str:
    """Something that nobody guesses."""
    return base64.urlsafe_b64encode(os.urandom(12)).decode()


def _title(pid: int) -> str:
    """What a process calls itself; nothing where it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def _signal_each(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _environment() -> dict[str, str]:
    # ETCD_ and PATRONI_ variables of ours would change what is rehearsed.
    return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "ETCDCTL_API": "3"}
