"""A database address that names several servers: the one that takes writes is found, whatever the others do."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from rostra.kit import servers
from rostra.kit.db import DATABASE_ERRORS
from rostra.kit.servers import NoServer, Servers, each_server

THREE = "postgresql://rostra:p%40ss@one:5432,two:5433,[::1]:5434/rostra?sslmode=require"


def test_one_server_is_left_as_it_is() -> None:
    for dsn in ("postgresql://u:p@one:5432/x?sslmode=require", "postgresql:///x?host=/run/a,b", "postgresql://u@/x"):
        assert each_server(dsn) == [dsn]


def test_of_several_the_one_that_takes_writes_is_wanted() -> None:
    assert each_server(THREE) == [
        f"postgresql://rostra:p%40ss@{host}/rostra?sslmode=require&target_session_attrs=read-write"
        for host in ("one:5432", "two:5433", "[::1]:5434")
    ]
    assert each_server("postgresql://u@a,b/x?target_session_attrs=primary") == [
        "postgresql://u@a/x?target_session_attrs=primary",
        "postgresql://u@b/x?target_session_attrs=primary",
    ]


class Network:
    """Stands for asyncpg.connect: each host does what `does` says, and what was asked is written down."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **does: Exception | None) -> None:
        self.does = does
        self.asked: list[str] = []
        monkeypatch.setattr(asyncpg, "connect", self.connect)

    async def connect(self, dsn: str, **_options: Any) -> object:
        host = urlsplit(dsn).hostname or ""
        self.asked.append(host)
        if (error := self.does[host]) is not None:
            raise error
        return host


STANDBY = asyncpg.TargetServerAttributeNotMatched("None of the hosts match")
STARTING = asyncpg.CannotConnectNowError("the database system is starting up")
FULL = asyncpg.TooManyConnectionsError("sorry, too many clients already")


@pytest.mark.parametrize("problem", [ConnectionRefusedError(), TimeoutError(), STANDBY, STARTING, FULL])
async def test_whatever_is_wrong_with_one_the_next_is_asked(
    monkeypatch: pytest.MonkeyPatch, problem: Exception
) -> None:
    network = Network(monkeypatch, one=problem, two=None)
    assert await Servers("postgresql://u:secret@one,two/x").connect() == "two"
    assert network.asked == ["one", "two"]


async def test_the_one_that_was_good_last_is_asked_first(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(monkeypatch, one=STANDBY, two=STANDBY, three=None)
    several = Servers("postgresql://u@one,two,three/x")
    await several.connect()
    await several.connect()
    assert network.asked == ["one", "two", "three", "three"]
    network.does |= {"three": ConnectionRefusedError(), "two": None}
    assert await several.connect() == "two"
    assert await several.connect() == "two"


async def test_where_none_is_good_it_is_said_of_each_why_and_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    Network(monkeypatch, one=ConnectionRefusedError("refused"), two=STANDBY)
    with pytest.raises(NoServer) as caught:
        await Servers("postgresql://u:secret@one:1,two:2/x").connect()
    assert isinstance(caught.value, DATABASE_ERRORS)
    assert str(caught.value) == "one:1: refused; two:2: takes no writes"


async def test_a_host_that_says_nothing_does_not_keep_the_next_from_being_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(servers, "PATIENCE", 0.05)

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    async with silent:
        port = silent.sockets[0].getsockname()[1]
        with pytest.raises(NoServer) as caught:
            await Servers(f"postgresql://u@127.0.0.1:{port},127.0.0.1:1/x?sslmode=disable").connect()
    first, second = str(caught.value).split("; ")
    assert first == f"127.0.0.1:{port}: TimeoutError"
    assert second.startswith("127.0.0.1:1: ")
