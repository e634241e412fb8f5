"""Decisions written straight into the database, as many as a test needs, and a database of statements that answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import msgspec

from rostra.dsa.decided import Done
from rostra.dsa.statement import make_statement
from rostra.dsa.validate import validate
from tests.dsa.decisions import THREATS, decided
from tests.world import World

_INSERT = """
insert into decisions (id, subject_kind, subject_id, account_id, reviewer_id, event_id, policy, clause, outcome, origin,
  automated_detection, automated_decision, created_at, reversed_at, reversed_why)
values (make_id($1), $2, $3, $4, $5, 1, 'v1', $6, $7, $8, $9, $10, $1, $11, $12) returning id
"""
_ACT = """
insert into actions (id, decision_id, kind, subject_kind, subject_id, account_id, starts_at, ends_at)
values (make_id($1), $2, $3, $4, $5, $6, $1, $7)
"""
_STATE = "insert into statements (puid, decision_id, account_id, body, created_at) values ($1, $2, $3, $4, $5)"


async def decide(
    world: World,
    at: datetime,
    *,
    account_id: int,
    status_id: int = 0,
    actions: tuple[str, ...] = ("remove",),
    clause: str = THREATS.id,
    outcome: str = "violates",
    origin: str = "report",
    detected: bool = False,
    automatic: bool = False,
    reviewer_id: int | None = None,
    reversed_why: str | None = None,
    lasts: timedelta | None = None,
) -> int:
    """A decision with its actions and, where it restricts, its statement; its id."""
    kind, subject = ("status", status_id) if status_id else ("account", account_id)
    ends = None if lasts is None else at + lasts
    async with world.db.transaction() as tx:
        decision_id: int = await tx.fetchval(
            _INSERT, at, kind, subject, account_id, reviewer_id, clause, outcome, origin, detected, automatic,
            at + timedelta(hours=2) if reversed_why else None, reversed_why,
        )  # fmt: skip
        on_account = ("warn", "freeze", "suspend")
        for action in actions if outcome == "violates" else ():
            on = "account" if kind == "account" or action in on_account else "status"
            acted_on = account_id if on == "account" else subject
            await tx.execute(_ACT, at, decision_id, action, on, acted_on, account_id, ends)
        body = make_statement(
            decided(
                *(Done(kind=action, ends_at=ends) for action in actions),  # pyright: ignore[reportArgumentType]
                puid=f"test-{decision_id}", decided_at=at, subject_kind=kind, origin=origin,
                automated_detection=detected, automated_decision="fully" if automatic else "not",
            )
        )  # fmt: skip
        if body is not None and outcome == "violates":
            await tx.execute(_STATE, body["puid"], decision_id, account_id, body, at)
    return decision_id


class Register:
    """The European Union's database as far as its answers go: it checks, wants each puid once, and gives uuids."""

    def __init__(self) -> None:
        self.port = 0
        self.held: dict[str, dict[str, Any]] = {}
        self.batches: list[int] = []
        self.tokens: set[str] = set()
        self.refuses: set[str] = set()
        # Answers to give before any other: a status, and whether what was sent is taken all the same.
        self.first: list[tuple[int, bool]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v1/statements"

    def take(self, token: str, content: bytes) -> tuple[int, Any]:
        """What it answers to a batch."""
        statements: list[dict[str, Any]] = msgspec.json.decode(content)["statements"]
        self.batches.append(len(statements))
        self.tokens.add(token)
        status, takes = self.first.pop(0) if self.first else (201, True)
        wrong = {
            f"statement_{place}": {"category": ["is wrong"]}
            for place, each in enumerate(statements)
            if each["puid"] in self.refuses or validate(each)
        }
        if wrong:
            return 422, {"errors": wrong}
        had = [each["puid"] for each in statements if each["puid"] in self.held]
        if had:
            return 422, {"message": "not unique", "errors": {"puid": ["not unique"], "existing_puids": had}}
        if takes:
            self.held |= {each["puid"]: each for each in statements}
        named = [{**each, "uuid": str(uuid5(UUID(int=0), each["puid"]))} for each in statements]
        return status, {"statements": named}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}
                content = await reader.readexactly(int(headers["content-length"]))
                status, body = self.take(headers["authorization"], content)
                answer = msgspec.json.encode(body)
                writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(answer)}\r\n\r\n".encode() + answer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def a_register() -> AsyncGenerator[Register]:
    register = Register()
    server = await asyncio.start_server(register.serve, "127.0.0.1", 0)
    register.port = server.sockets[0].getsockname()[1]
    try:
        yield register
    finally:
        server.close()
