#!/usr/bin/env python
"""Rehearse the loss of the leader: three etcd, three Patroni with PostgreSQL, Rostra on top, clients that write.

    python deploy/cluster/rehearse.py [lost|frozen|switchover] [--json] [--clients N] [--seconds S]

Everything runs on loopback in one scratch directory that is removed in the end. While clients post, the leader's host
is lost without a word (kill -9 of its etcd member, Patroni and PostgreSQL, its directories deleted) and comes back
empty; or it is frozen (SIGSTOP) and goes on later, believing that it leads; or it is asked to hand over. Every post
that was acknowledged must be there in the end, and once. Exit status 1: it is not so. docs/cluster.md has the figures
and the operator's guide.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import asyncpg
import httpx
import msgspec

from clients import Clients, Person, home_of, read_all
from trio import Node, Refused, Trio, find_etcd, find_patroni, free_ports, new_key

ROOT = Path(__file__).parents[2]
WHAT = {
    "lost": "its host is lost, and its disk",
    "frozen": "its host is frozen, and goes on later",
    "switchover": "it is asked to hand over",
}
IS_ROOT = os.geteuid() == 0
# The account that PostgreSQL runs as where we are root must be able to go there.
CACHE = (Path("/var/cache") if IS_ROOT else Path.home() / ".cache") / "rostra-cluster"
PATIENCE = 120.0


class Report(msgspec.Struct, kw_only=True):
    """What a run found. Times in seconds."""

    what: str
    cores: int
    clients: int
    acknowledged: int = 0
    lost: list[str] = []
    twice: list[str] = []
    new_leader_after: float = 0.0
    first_acknowledged_after: float = 0.0
    longest_silence: float = 0.0
    longest_post: float = 0.0
    faults: dict[str, int] = {}
    answers_503_without_retry_after: int = 0
    posts_a_second_before: float = 0.0
    posts_a_second_after: float = 0.0
    home_timelines_after: float = 0.0
    live_events_after: bool = False
    back_after: float = 0.0
    reinit_took: float = 0.0

    @property
    def is_good(self) -> bool:
        """Nothing acknowledged is lost or doubled, and nobody got an error that is not 503."""
        errors = {name for name in self.faults if name.isdecimal()} - {"503"}
        wrong = self.lost or self.twice or errors or self.answers_503_without_retry_after
        return not wrong and self.live_events_after


class Rostra:
    """`rostra web` and `rostra worker` on the three. Owns both processes."""

    def __init__(self, scratch: Path, dsn: str) -> None:
        (self.port,) = free_ports(1)
        self.url = f"http://localhost:{self.port}"
        self._log = scratch / "rostra.log"
        self._environment = {
            "PATH": os.environ["PATH"],
            "ROSTRA_DATA": str(scratch / "rostra"),
            "ROSTRA_DATABASE_URL": dsn,
            "ROSTRA_DEV": "true",
            "ROSTRA_DOMAIN": f"localhost:{self.port}",
            "ROSTRA_SCHEME": "http",
            "ROSTRA_PORT": str(self.port),
            "ROSTRA_LOG_JSON": "true",
        }
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Migrate, then start the two parts and wait until the health address answers."""
        self.run("migrate")
        with self._log.open("ab") as log:
            for part in ("web", "worker"):
                self._processes.append(
                    subprocess.Popen(
                        self._command(part),
                        cwd=ROOT,
                        env=self._environment,
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        start_new_session=True,
                    )
                )
        ends = time.monotonic() + 60
        while not self._is_healthy():
            if time.monotonic() > ends or any(each.poll() is not None for each in self._processes):
                raise Refused(f"Rostra did not start:\n{self._log.read_text()[-3000:]}")
            time.sleep(0.1)

    def run(self, *words: str) -> str:
        """Run a command and return what it prints."""
        done = subprocess.run(
            self._command(*words), cwd=ROOT, env=self._environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Refused(f"rostra {' '.join(words)}: {done.stderr}")
        return done.stdout

    def person(self, name: str) -> Person:
        """Somebody who may write."""
        made = json.loads(self.run("account", "create", name, "--email", f"{name}@example.com", "--confirmed"))
        token = json.loads(self.run("account", "token", name))["access_token"]
        return Person(name, made["id"], token)

    def problems(self) -> Counter[str]:
        """What the parts have logged as errors."""
        lines = self._log.read_text(errors="replace").splitlines()
        found = [json.loads(line) for line in lines if line.startswith("{")]
        return Counter(each.get("event", "") for each in found if each.get("level") in ("error", "critical"))

    def stop(self) -> None:
        """End both parts; those that do not within ten seconds are killed."""
        for each in self._processes:
            each.terminate()
        for each in self._processes:
            try:
                each.wait(12)
            except subprocess.TimeoutExpired:
                os.killpg(each.pid, signal.SIGKILL)
                each.wait()

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "rostra", *words]

    def _is_healthy(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", timeout=3, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False


def main() -> int:
    """Run it and print what was found."""
    args = _arguments()
    signal.signal(signal.SIGTERM, _end)
    try:
        with _scratch(keep=args.keep) as scratch:
            report = _rehearse(args, scratch)
    except Refused as error:
        print(f"rehearse: {error}", file=sys.stderr)
        return 2
    print(json.dumps(msgspec.to_builtins(report), indent=2) if args.json else _text(report))
    return 0 if report.is_good else 1


def _end(_number: int, _frame: object) -> None:
    sys.exit(143)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=list(WHAT), default="lost", help="what happens to the leader (lost)")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument("--clients", type=int, default=4, help="how many write at once (4)")
    parser.add_argument("--seconds", type=float, default=8.0, help="how long they write before and after (8)")
    parser.add_argument("--asynchronous", action="store_true", help="commits wait for nobody")
    parser.add_argument("--lag", type=float, default=0.0, help="seconds that the standbys hang before (0)")
    parser.add_argument("--etcd", type=Path, help="the program etcd; else the system's, else Debian's package")
    parser.add_argument("--venv", type=Path, default=CACHE / "patroni", help=f"where Patroni is kept ({CACHE}/patroni)")
    parser.add_argument(
        "--python",
        default="/usr/bin/python3" if IS_ROOT else sys.executable,
        help="the Python to make it with",
    )
    parser.add_argument("--account", default="nobody", help="whom PostgreSQL runs as where we are root (nobody)")
    parser.add_argument("--keep", action="store_true", help="leave the scratch directory with its logs")
    return parser.parse_args()


@contextmanager
def _scratch(*, keep: bool) -> Generator[Path]:
    path = Path(tempfile.mkdtemp(prefix="rostra-cluster-"))
    try:
        yield path
    finally:
        if keep:
            print(f"rehearse: everything is in {path}", file=sys.stderr)
        else:
            shutil.rmtree(path, ignore_errors=True)


def _rehearse(args: argparse.Namespace, scratch: Path) -> Report:
    etcd, patroni = find_etcd(args.etcd, scratch), find_patroni(args.venv, args.python)
    trio = Trio(scratch, etcd, patroni, args.account, synchronous=not args.asynchronous)
    try:
        _say("three nodes")
        trio.start()
        dsn = asyncio.run(_make_database(trio))
        rostra = Rostra(scratch, dsn)
        try:
            _say("Rostra")
            rostra.start()
            people = [rostra.person(f"client{number}") for number in range(1, args.clients + 1)]
            report = Report(
                what=_describe(args),
                cores=os.cpu_count() or 1,
                clients=args.clients,
            )
            asyncio.run(_write_and_lose(args, trio, rostra, people, scratch, report))
            if problems := rostra.problems():
                _say(f"errors in the log: {dict(problems)}")
            return report
        finally:
            rostra.stop()
    finally:
        trio.stop()


def _describe(args: argparse.Namespace) -> str:
    behind = f"; the others {args.lag} s behind" if args.lag else ""
    return f"{WHAT[args.what]}{behind}{'; asynchronous' if args.asynchronous else ''}"


async def _make_database(trio: Trio) -> str:
    """What the operator does once by psql: a role and a database of its own for Rostra."""
    password = new_key()
    connection = await asyncpg.connect(trio.dsn("postgres", trio.passwords["SUPERUSER"], "postgres"))
    await connection.execute(f"create role rostra login password '{password}'")
    await connection.execute("create database rostra owner rostra")
    await connection.close()
    return trio.dsn("rostra", password, "rostra")


async def _write_and_lose(
    args: argparse.Namespace, trio: Trio, rostra: Rostra, people: list[Person], scratch: Path, report: Report
) -> None:
    await _follow(rostra.url, people)
    clients = Clients(rostra.url, people, scratch / "acknowledged.jsonl")
    clients.start()
    _say("clients write")
    await asyncio.sleep(args.seconds)
    leader = await asyncio.to_thread(trio.leader)
    assert leader is not None
    now = time.monotonic()
    before = [each for each in clients.acknowledged if each.answered > now - args.seconds]
    report.posts_a_second_before = round(len(before) / args.seconds, 1)
    _say(f"{leader.name} leads: {WHAT[args.what]}")
    hung = trio.hang_all_but(leader) if args.lag else []
    await asyncio.sleep(args.lag)
    lost_at = time.monotonic()
    watching = asyncio.create_task(_until_another_leads(trio, leader))
    await asyncio.to_thread({"lost": trio.lose, "frozen": trio.freeze, "switchover": trio.hand_over}[args.what], leader)
    trio.let_go(hung)
    first = await clients.until_acknowledged(lost_at, PATIENCE)
    report.first_acknowledged_after = round(first.answered - lost_at, 2)
    report.new_leader_after = round(await watching - lost_at, 2)
    _say(f"first post after {report.first_acknowledged_after} s")
    after = time.monotonic()
    await asyncio.sleep(args.seconds)
    written = [each for each in clients.acknowledged if each.answered > after]
    report.posts_a_second_after = round(len(written) / args.seconds, 1)
    report.longest_post = round(max(each.answered - each.wanted for each in clients.acknowledged), 2)
    times = [lost_at, *sorted(each.answered for each in clients.acknowledged if each.answered > lost_at)]
    report.longest_silence = round(max(following - one for one, following in pairwise(times)), 2)
    report.home_timelines_after = await _until_copied(rostra, people, clients, lost_at)
    began = time.monotonic()
    if args.what != "switchover":
        await asyncio.to_thread(trio.bring_back if args.what == "lost" else trio.thaw, leader)
    await asyncio.to_thread(trio.wait_whole)
    report.back_after = round(time.monotonic() - began, 1)
    _say(f"{leader.name} follows after {report.back_after} s")
    if args.what == "lost":
        began = time.monotonic()
        await asyncio.to_thread(trio.reinit, leader)
        await asyncio.to_thread(trio.wait_whole)
        report.reinit_took = round(time.monotonic() - began, 1)
    await clients.stop()
    await _judge(rostra, people, clients, lost_at, report)


async def _until_another_leads(trio: Trio, leader: Node) -> float:
    while True:
        found = await asyncio.to_thread(trio.leader)
        if found is not None and found is not leader:
            return time.monotonic()
        await asyncio.sleep(0.1)


async def _follow(url: str, people: list[Person]) -> None:
    """The first one follows everybody, so that home timelines and the stream have something to say."""
    headers = {"authorization": f"Bearer {people[0].token}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False) as http:
        for person in people[1:]:
            (await http.post(f"/api/v1/accounts/{person.id}/follow")).raise_for_status()


async def _judge(rostra: Rostra, people: list[Person], clients: Clients, lost_at: float, report: Report) -> None:
    """Hold the ledger against what the server has, and wait for what the worker still has to do."""
    there: dict[str, str] = {}
    texts: Counter[str] = Counter()
    for person in people:
        for post in await read_all(rostra.url, person):
            there[post["id"]] = post["content"]
            texts[post["content"]] += 1
    report.acknowledged = len(clients.acknowledged)
    report.lost = [each.text for each in clients.acknowledged if each.text not in there.get(each.id, "")]
    report.twice = [text for text, times in texts.items() if times > 1]
    report.faults = dict(sorted(clients.faults.items()))
    report.answers_503_without_retry_after = clients.without_retry_after
    report.live_events_after = bool(_of_others(clients, people, lost_at) & clients.heard)


def _of_others(clients: Clients, people: list[Person], since: float) -> set[str]:
    """The posts that were sent after a moment and that the first one's home timeline should have."""
    return {each.id for each in clients.acknowledged if each.sent > since and each.author != people[0].name}


async def _until_copied(rostra: Rostra, people: list[Person], clients: Clients, since: float) -> float:
    """Wait until the worker has copied what was just written into the home timeline; how many seconds it took."""
    newest = max(map(int, _of_others(clients, people, since)))
    began = time.monotonic()
    while max(map(int, await home_of(rostra.url, people[0])), default=0) < newest:
        if time.monotonic() > began + PATIENCE:
            raise Refused("the worker did not copy the last posts into home timelines")
        await asyncio.sleep(0.1)
    return round(time.monotonic() - began, 1)


def _text(report: Report) -> str:
    faults = ", ".join(f"{name} × {times}" for name, times in report.faults.items()) or "none"
    lines = [
        f"The leader: {report.what}; {report.clients} clients, {report.cores} cores",
        f"  first post acknowledged after        {report.first_acknowledged_after:8.2f} s",
        f"  another node led after               {report.new_leader_after:8.2f} s",
        f"  the longest time without a post      {report.longest_silence:8.2f} s",
        f"  the longest a post took              {report.longest_post:8.2f} s",
        f"  posts acknowledged in all            {report.acknowledged:8}",
        f"  acknowledged and lost                {len(report.lost):8}",
        f"  written twice                        {len(report.twice):8}",
        f"  posts a second before, after         {report.posts_a_second_before:8} {report.posts_a_second_after}",
        f"  503 without Retry-After              {report.answers_503_without_retry_after:8}",
        f"  the old leader followed after        {report.back_after:8} s",
        f"  live events were heard afterwards    {'yes' if report.live_events_after else 'NO':>8}",
        f"  home timelines had caught up after   {report.home_timelines_after:8} s",
    ]
    if report.reinit_took:
        lines.append(f"  patronictl reinit of it took         {report.reinit_took:8} s")
    return "\n".join([*lines, f"  what clients got besides answers: {faults}"])


def _say(text: str) -> None:
    print(f"rehearse: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
