"""Passwords: argon2id, hashed and checked in a thread, because it is meant to be slow."""

from __future__ import annotations

import asyncio
import base64
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from rostra.kit.errors import FieldProblem, InvalidFields
from rostra.kit.settings import Settings

MIN_LENGTH = 8
# Longer ones cost hashing time without making a guess harder.
MAX_LENGTH = 128


class Passwords:
    """Hashes and checks passwords; at most two at once, since each takes tens of megabytes."""

    def __init__(self, settings: Settings) -> None:
        self._hasher = PasswordHasher(time_cost=settings.argon2_time_cost, memory_cost=settings.argon2_memory_kib)
        self._room = asyncio.Semaphore(2)
        self._decoy = _make_decoy(self._hasher)

    async def hash(self, password: str) -> str:
        """The hash to keep, with its salt and parameters inside."""
        async with self._room:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, kept: str | None, password: str) -> bool:
        """Whether `password` is the one of the hash `kept`; takes as long where there is none."""
        async with self._room:
            return await asyncio.to_thread(self._verify, kept or self._decoy, password) and kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether a hash was made with other parameters than those that are set now."""
        try:
            return self._hasher.check_needs_rehash(kept)
        except InvalidHashError:
            return True

    def _verify(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return False


def _make_decoy(hasher: PasswordHasher) -> str:
    """What is checked where there is no such account, so that the answer takes as long: a hash of nothing in
    particular, put together rather than computed, since every process makes one when it starts."""
    salt, digest = (base64.b64encode(secrets.token_bytes(size)).rstrip(b"=").decode() for size in (16, 32))
    parameters = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${parameters}${salt}${digest}"


def find_password_problem(password: str) -> FieldProblem | None:
    """What is wrong with a new password, if anything. Length is all that is asked: rules make passwords worse."""
    if not password:
        return FieldProblem("ERR_BLANK", "can't be blank")
    if len(password) < MIN_LENGTH:
        return FieldProblem("ERR_TOO_SHORT", f"is too short (minimum is {MIN_LENGTH} characters)")
    if len(password) > MAX_LENGTH:
        return FieldProblem("ERR_TOO_LONG", f"is too long (maximum is {MAX_LENGTH} characters)")
    return None


def check_password(password: str, field: str = "password") -> None:
    """Raises InvalidFields where a new password cannot be one."""
    if problem := find_password_problem(password):
        raise InvalidFields({field: [problem]})
