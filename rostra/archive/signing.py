"""The key that signs archives: the ledger's, whose public half everybody can read at /ledger.

What is signed is JSON, which begins with a brace: no checkpoint of the ledger does, nor any other note that this key
signs, so that none can pass for another.
"""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from rostra.kit.settings import Settings
from rostra.ledger.keys import FILE, load_signer
from rostra.ledger.note import NoteError, Verifier, read_verifier

_LONGEST_PEM: Final = 10_000


class SigningKey:
    """The server's private key, for manifests."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private

    def __repr__(self) -> str:
        return "SigningKey()"

    def sign(self, manifest: bytes) -> bytes:
        """Ed25519 over the bytes (RFC 8032): 64 bytes."""
        return self._private.sign(manifest)

    @property
    def public_pem(self) -> bytes:
        """The public key as SubjectPublicKeyInfo in PEM (RFC 8410)."""
        return self._private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )


def load_key(settings: Settings) -> SigningKey:
    """The key of this server, made where there is none yet. Raises KeyRefused (`ledger.keys`)."""
    load_signer(settings)
    pem = settings.ledger_key.encode() if settings.ledger_key else (settings.data_dir / FILE).read_bytes()
    key = serialization.load_pem_private_key(pem, password=None)
    assert isinstance(key, Ed25519PrivateKey)
    return SigningKey(key)


def name_key(server: str, pem: bytes) -> str:
    """A public key as it stands at /ledger of `server`: name, id and key. Raises NoteError for what is none."""
    return str(Verifier(f"{server}/ledger", _read_pem(pem).public_bytes_raw()))


def same_key(one: str, other: str) -> bool:
    """Whether two keys as /ledger writes them are one. Raises NoteError."""
    return str(read_verifier(one)) == str(read_verifier(other))


def holds(pem: bytes, manifest: bytes, signature: bytes) -> bool:
    """Whether the signature is this key's over the manifest. Raises NoteError for what is no key."""
    try:
        _read_pem(pem).verify(signature, manifest)
    except InvalidSignature:
        return False
    return True


def _read_pem(pem: bytes) -> Ed25519PublicKey:
    try:
        key = serialization.load_pem_public_key(pem[:_LONGEST_PEM])
    except ValueError:
        raise NoteError("the key is not a public key in PEM") from None
    if not isinstance(key, Ed25519PublicKey):
        raise NoteError("the key is not an Ed25519 key")
    return key
