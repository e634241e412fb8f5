"""The servers that a database address names, and connecting to the one that takes writes.

An address may name several, `postgresql://user:password@one:5432,two:5432,three:5432/rostra`: those of a cluster, of
which one at a time takes writes. They are tried one after another, each for a few seconds, the one that was last good
first: a host that is gone without a word does not keep the others from being asked. What a client does that is
connected while the leader changes is up to the pool.
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import asyncpg

# Seconds for one of several servers; a single one has asyncpg's own minute.
PATIENCE: Final = 4.0
# Scheme and login, hosts, path, query. What is special in a login is written as %40 and the like.
_ADDRESS: Final = re.compile(r"(?P<before>[a-z]+://(?:[^/?]*@)?)(?P<hosts>[^/?@]*)(?P<path>[^?]*)\??(?P<query>.*)")


class NoServer(ConnectionError):
    """None of several servers can be used; the text says of each why."""


def each_server(dsn: str) -> list[str]:
    """The addresses of the servers that `dsn` names, in its order; itself alone where that is one.

    Of several the one that takes writes is wanted, unless the address says otherwise (`target_session_attrs`). Servers
    that stand in the query (`?host=one,two`) are left to asyncpg.
    """
    # Python's own parser takes one host for an address; some versions of it refuse what several look like.
    found = _ADDRESS.fullmatch(dsn)
    if found is None or "," not in found["hosts"]:
        return [dsn]
    query = dict(parse_qsl(found["query"], keep_blank_values=True))
    query.setdefault("target_session_attrs", "read-write")
    return [f"{found['before']}{host}{found['path']}?{urlencode(query)}" for host in found["hosts"].split(",") if host]


class Servers:
    """Connects to those that a database address names. Owns the memory of which one was good last."""

    def __init__(self, dsn: str) -> None:
        self._dsns = each_server(dsn)

    async def connect(self, **options: Any) -> asyncpg.Connection:
        """A connection to the first server that can be used; `options` are those of asyncpg.

        Raises what asyncpg raises where the address names one server, and NoServer where it names several.
        """
        if len(self._dsns) == 1:
            return await asyncpg.connect(self._dsns[0], **options)
        options.setdefault("timeout", PATIENCE)
        problems: list[str] = []
        for dsn in list(self._dsns):
            try:
                connection: asyncpg.Connection = await asyncpg.connect(dsn, **options)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
                reads_only = isinstance(error, asyncpg.TargetServerAttributeNotMatched)
                problems.append(
                    f"{_place(dsn)}: {'takes no writes' if reads_only else str(error) or type(error).__name__}"
                )
            else:
                # Replaced whole: others may be going through it meanwhile.
                self._dsns = [dsn, *(each for each in self._dsns if each != dsn)]
                return connection
        raise NoServer("; ".join(problems))


def _place(dsn: str) -> str:
    """Host and port alone: what is logged must not have the password."""
    return urlsplit(dsn).netloc.rpartition("@")[2]
