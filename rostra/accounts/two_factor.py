"""The second factor: time-based codes (RFC 6238), each good once, and recovery codes for when the device is lost.

The secret is kept encrypted, since codes have to be computed from it; recovery codes are kept as keyed digests.
"""

from __future__ import annotations

import hmac
import re
import secrets
from datetime import datetime
from typing import Final

import msgspec
from pyotp import random_base32
from pyotp.totp import TOTP

from rostra.accounts import user_queries
from rostra.accounts.letters import write_letter
from rostra.events import Emit
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.kit.errors import Invalid, NotFound
from rostra.kit.sealing import Sealer
from rostra.text.urls import Urls

STEP_SECONDS: Final = 30
# Clocks go wrong by a little (RFC 6238, 5.2).
_STEPS_AROUND: Final = (0, -1, 1)
_RECOVERY_CODES: Final = 10
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
SEALED_FOR: Final = "totp"
_RECOVERY: Final = "recovery"


class Enrolment(msgspec.Struct, frozen=True):
    """What an authenticator app needs: the secret in base32, and the same as an address in a QR code."""

    secret: str
    uri: str


async def start_enrolment(db: Database, sealer: Sealer, urls: Urls, account_id: int, username: str) -> Enrolment:
    """Make a secret that is not asked for yet. Raises Invalid where the second factor is on."""
    secret = random_base32()
    async with db.transaction() as tx:
        kept = await user_queries.lock_totp(tx, account_id)
        if kept is None:
            raise NotFound
        if kept.totp_enabled_at is not None:
            raise Invalid("code", "is asked for already")
        await user_queries.update_totp_secret(tx, account_id, sealer.encrypt(SEALED_FOR, secret.encode()))
    return _enrolment(secret, urls, username)


async def find_enrolment(db: Database, sealer: Sealer, urls: Urls, account_id: int, username: str) -> Enrolment | None:
    """The enrolment that waits for its first code, for a page that is shown again."""
    async with db.transaction() as tx:
        kept = await user_queries.lock_totp(tx, account_id)
    secret = None if kept is None or kept.totp_enabled_at else _open(sealer, kept.totp_secret)
    return None if secret is None else _enrolment(secret, urls, username)


async def is_on(db: Database, account_id: int) -> bool:
    """Whether a second factor is asked for."""
    async with db.read() as conn:
        user = await user_queries.find_user(conn, account_id)
    return user is not None and user.totp_enabled_at is not None


async def enable(db: Database, clock: Clock, sealer: Sealer, account_id: int, code: str) -> list[str]:
    """Ask for the second factor from now on, once a code proves that the app has the secret.

    Returns the recovery codes, which are not kept in plain text. Raises Invalid("code").
    """
    codes = [_new_code() for _ in range(_RECOVERY_CODES)]
    async with db.transaction() as tx:
        kept = await user_queries.lock_totp(tx, account_id)
        secret = _open(sealer, kept.totp_secret) if kept else None
        step = None if secret is None else _find_step(secret, code, clock.now())
        if kept is None or kept.totp_enabled_at is not None or step is None:
            raise Invalid("code", "is not the one that the app shows now")
        hashes = [_hash(sealer, account_id, made) for made in codes]
        await user_queries.enable_totp(tx, account_id, clock.now(), step, hashes)
    return codes


async def disable(db: Database, emit: Emit, urls: Urls, account_id: int) -> None:
    """Ask for it no more, and tell the person, in case it is somebody else."""
    async with db.transaction() as tx:
        user = await user_queries.lock_user(tx, account_id)
        if user is None or user.totp_enabled_at is None:
            return
        await user_queries.disable_totp(tx, account_id)
        link = f"{urls.base}/auth/password/new"
        name, site = user.username, urls.domain
        await emit(tx, write_letter("two_factor_off", user.locale, to=user.email, name=name, site=site, link=link))


async def renew_recovery_codes(db: Database, sealer: Sealer, account_id: int) -> list[str]:
    """New recovery codes; the old ones stop working. Raises Invalid where no second factor is on."""
    codes = [_new_code() for _ in range(_RECOVERY_CODES)]
    async with db.transaction() as tx:
        kept = await user_queries.lock_totp(tx, account_id)
        if kept is None or kept.totp_enabled_at is None:
            raise Invalid("code", "is not asked for")
        await user_queries.update_recovery_codes(tx, account_id, [_hash(sealer, account_id, made) for made in codes])
    return codes


async def use_code(db: Database, clock: Clock, sealer: Sealer, account_id: int, code: str) -> bool:
    """Whether this is a code of the person's app, or one of their recovery codes; either works once."""
    async with db.transaction() as tx:
        kept = await user_queries.lock_totp(tx, account_id)
        if kept is None or kept.totp_enabled_at is None:
            return False
        return await _use_step(tx, sealer, kept, account_id, code, clock.now()) or (
            await user_queries.spend_recovery_code(tx, account_id, _hash(sealer, account_id, code))
        )


async def _use_step(tx: Tx, sealer: Sealer, kept: user_queries.Totp, account_id: int, code: str, at: datetime) -> bool:
    secret = _open(sealer, kept.totp_secret)
    step = None if secret is None else _find_step(secret, code, at)
    return step is not None and await user_queries.use_totp_step(tx, account_id, step)


def _find_step(secret: str, code: str, at: datetime) -> int | None:
    """The time step around `at` whose code this is."""
    digits = re.sub(r"\s", "", code)
    if not re.fullmatch(r"[0-9]{6}", digits):
        return None
    now = int(at.timestamp()) // STEP_SECONDS
    totp = TOTP(secret)
    for step in (now + offset for offset in _STEPS_AROUND):
        if hmac.compare_digest(totp.at(step * STEP_SECONDS), digits):
            return step
    return None


def _enrolment(secret: str, urls: Urls, username: str) -> Enrolment:
    return Enrolment(secret, TOTP(secret).provisioning_uri(name=f"{username}@{urls.domain}", issuer_name=urls.domain))


def _open(sealer: Sealer, sealed: str | None) -> str | None:
    content = sealer.decrypt(SEALED_FOR, sealed) if sealed else None
    return None if content is None else content.decode()


def _new_code() -> str:
    text = "".join(secrets.choice(_ALPHABET) for _ in range(12))
    return f"{text[:4]}-{text[4:8]}-{text[8:]}"


def _hash(sealer: Sealer, account_id: int, code: str) -> bytes:
    plain = re.sub(r"[\s-]", "", code).lower()
    return sealer.mac(_RECOVERY, f"{account_id}:{plain}").encode()
