"""The keys of continuity: the recovery key that is kept away from the server, and the signing key that the server has.

A recovery key is an age identity (X25519) whose 32 bytes also derive the root, an Ed25519 key. The server only knows
its public halves, so whoever has the server can neither read old copies nor certify a false site, while whoever has the
24 words needs nothing else: they open the copies and tell which of them are genuine.
"""

from __future__ import annotations

import base64
import hashlib
import os
from functools import cached_property
from typing import Final, Self

import bech32
import pyrage
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from mnemonic import Mnemonic

_IDENTITY: Final = "age-secret-key-"
_SEED: Final = 32
_ROOT: Final = b"rostra continuity root v1"


class KeyUnusable(Exception):
    """What was given as a key is none; the text says what is wrong and never quotes it."""


class VerifyKey:
    """The public half of an Ed25519 key. `id` (16 hex digits) names it where a signature says who made it."""

    def __init__(self, raw: bytes) -> None:
        try:
            self._key = Ed25519PublicKey.from_public_bytes(raw)
        except ValueError:
            raise KeyUnusable("a public key has 32 bytes; this is none") from None
        self.raw = raw
        self.id = hashlib.sha256(raw).hexdigest()[:16]

    @classmethod
    def parse(cls, text: str) -> Self:
        """From base64. Raises KeyUnusable."""
        try:
            return cls(base64.b64decode(text, validate=True))
        except ValueError:
            raise KeyUnusable("a public key is written in base64; this is none") from None

    def __str__(self) -> str:
        return base64.b64encode(self.raw).decode()

    def has_signed(self, content: bytes, signature: bytes) -> bool:
        """Whether `signature` is this key's over `content`."""
        try:
            self._key.verify(signature, content)
        except InvalidSignature:
            return False
        return True


class SigningKey:
    """An Ed25519 key that signs what a server ships."""

    def __init__(self, raw: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(raw)
        self.public = VerifyKey(self._key.public_key().public_bytes_raw())

    @classmethod
    def generate(cls) -> Self:
        return cls(os.urandom(_SEED))

    @property
    def raw(self) -> bytes:
        """The secret 32 bytes."""
        return self._key.private_bytes_raw()

    def sign(self, content: bytes) -> bytes:
        return self._key.sign(content)

    def __repr__(self) -> str:
        return f"SigningKey({self.public.id}, …)"


class RecoveryKey:
    """What opens all copies and certifies who may make them. Printed once, kept on paper, never beside the server."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) != _SEED:
            raise KeyUnusable(f"a recovery key has {_SEED} bytes, not {len(seed)}")
        self._seed = seed

    @classmethod
    def generate(cls) -> Self:
        return cls(os.urandom(_SEED))

    @classmethod
    def parse(cls, text: str) -> Self:
        """From 24 words, or from the line AGE-SECRET-KEY-1…; lines that begin with # are passed over, as age does.

        Raises KeyUnusable.
        """
        lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
        written = " ".join(lines)
        if written.lower().startswith(_IDENTITY):
            return cls(_from_bech32(written))
        return cls(_from_words(written.lower().split()))

    @property
    def identity(self) -> str:
        """As age writes it."""
        five = bech32.convertbits(self._seed, 8, 5)
        assert five is not None
        return bech32.bech32_encode(_IDENTITY, five).upper()

    @property
    def words(self) -> list[str]:
        """The same as 24 words of BIP 39's English list, with a checksum in them."""
        return Mnemonic("english").to_mnemonic(self._seed).split()

    @cached_property
    def recipient(self) -> str:
        """The public half, to which copies are encrypted (age1…)."""
        return str(self._identity.to_public())

    @cached_property
    def root(self) -> SigningKey:
        """The key that certifies the site and its epochs."""
        return SigningKey(HKDF(hashes.SHA256(), _SEED, None, _ROOT).derive(self._seed))

    def decrypt(self, body: bytes) -> bytes:
        """What `encrypt` was given. Raises KeyUnusable where it was for another key, or is broken."""
        try:
            return pyrage.decrypt(body, [self._identity])
        except pyrage.DecryptError as error:
            raise KeyUnusable(f"the recovery key does not open this: {error}") from None

    @cached_property
    def _identity(self) -> pyrage.x25519.Identity:
        return pyrage.x25519.Identity.from_str(self.identity)

    def __repr__(self) -> str:
        return f"RecoveryKey({self.recipient}, …)"


class Recipients:
    """The public halves of the recovery keys: each of them opens what is encrypted."""

    def __init__(self, written: list[str]) -> None:
        self._recipients = [pyrage.x25519.Recipient.from_str(each) for each in written]

    def encrypt(self, body: bytes) -> bytes:
        """`body` as an age file."""
        return pyrage.encrypt(body, self._recipients)


def _from_bech32(written: str) -> bytes:
    prefix, five = bech32.bech32_decode(written.lower())
    seed = None if five is None else bech32.convertbits(five, 5, 8, False)
    if prefix != _IDENTITY or seed is None:
        raise KeyUnusable("the recovery key has a typing error: its checksum is wrong")
    return bytes(seed)


def _from_words(words: list[str]) -> bytes:
    if len(words) != 24:
        raise KeyUnusable(
            f"a recovery key is 24 words, or one line that begins with AGE-SECRET-KEY-1; got {len(words)} words"
        )
    book = Mnemonic("english")
    if unknown := [str(place) for place, word in enumerate(words, 1) if word not in book.wordlist]:
        raise KeyUnusable(f"not a word of the list: number {', '.join(unknown)}")
    try:
        return bytes(book.to_entropy(words))
    except ValueError:
        raise KeyUnusable("the recovery key has a typing error: a word is wrong, or two have changed places") from None
