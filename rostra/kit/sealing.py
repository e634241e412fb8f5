"""Signing and encrypting what leaves the process and has to come back as it was: cookies, stored secrets.

Every purpose has a key of its own, derived from the installation's secret key, so that what was made for one can never
be passed off for another. What is signed can be read by whoever holds it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import struct
from datetime import datetime
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE: Final = 12
_MAC: Final = hashlib.sha256().digest_size


class Sealer:
    """Holds the secret key; `purpose` is a fixed word in the code, never input."""

    def __init__(self, secret_key: str) -> None:
        self._secret_key = secret_key.encode()
        self._key = lru_cache(maxsize=64)(self._derive)

    def __repr__(self) -> str:
        return "Sealer(…)"

    def _derive(self, purpose: str) -> bytes:
        return HKDF(hashes.SHA256(), 32, None, purpose.encode()).derive(self._secret_key)

    def mac(self, purpose: str, text: str) -> str:
        """A keyed digest of a text, in base64url."""
        return _encode(self._mac_of(purpose, text))

    def masked_mac(self, purpose: str, text: str) -> str:
        """The same behind a random mask, for pages that show it: how well a page is compressed, which anybody on the
        way sees, says nothing of it then (breachattack.com)."""
        mask = os.urandom(_MAC)
        return _encode(mask + _xor(mask, self._mac_of(purpose, text)))

    def is_masked_mac(self, purpose: str, text: str, given: str) -> bool:
        """Whether `given` is the digest of the text behind some mask, in constant time."""
        raw = _decode(given)
        if raw is None or len(raw) != 2 * _MAC:
            return False
        return hmac.compare_digest(_xor(raw[:_MAC], raw[_MAC:]), self._mac_of(purpose, text))

    def sign(self, purpose: str, content: bytes, until: datetime) -> str:
        """`content` with a signature that holds until a moment; safe in a cookie and in an address."""
        body = struct.pack(">q", int(until.timestamp())) + content
        return _encode(self._mac(purpose, body) + body)

    def read_signed(self, purpose: str, signed: str, now: datetime) -> bytes | None:
        """What was signed, or None where the signature is not ours or no longer holds."""
        raw = _decode(signed)
        if raw is None or len(raw) < _MAC + 8:
            return None
        given, body = raw[:_MAC], raw[_MAC:]
        if not hmac.compare_digest(given, self._mac(purpose, body)):
            return None
        (until,) = struct.unpack(">q", body[:8])
        return body[8:] if now.timestamp() < until else None

    def encrypt(self, purpose: str, content: bytes) -> str:
        """`content` for our eyes only (AES-256-GCM)."""
        nonce = os.urandom(_NONCE)
        return _encode(nonce + AESGCM(self._key(purpose)).encrypt(nonce, content, None))

    def decrypt(self, purpose: str, sealed: str) -> bytes | None:
        """What was encrypted, or None where it was not by us, or with another key."""
        raw = _decode(sealed)
        if raw is None or len(raw) <= _NONCE:
            return None
        try:
            return AESGCM(self._key(purpose)).decrypt(raw[:_NONCE], raw[_NONCE:], None)
        except InvalidTag:
            return None

    def _mac_of(self, purpose: str, text: str) -> bytes:
        return self._mac(purpose, text.encode(errors="surrogateescape"))

    def _mac(self, purpose: str, content: bytes) -> bytes:
        return hmac.digest(self._key(purpose), content, "sha256")


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes | None:
    try:
        return base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (binascii.Error, UnicodeEncodeError):
        return None


def _xor(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one) ^ int.from_bytes(other)).to_bytes(len(one))
