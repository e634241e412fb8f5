"""The key that signs checkpoints: from the settings, or a file of its own that moves with the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rostra.kit.files import create_private
from rostra.kit.settings import Settings
from rostra.ledger.note import Signer

FILE: Final = "ledger.pem"


class KeyRefused(Exception):
    """The key cannot be used; the text says why."""


def load_signer(settings: Settings) -> Signer:
    """The signer of this server's ledger, whose name is `domain/ledger`.

    The key is the setting `ledger_key`, or in `ledger.pem` of the data directory, made where it is missing. Raises
    KeyRefused for what is no Ed25519 key in PEM.
    """
    if settings.ledger_key:
        return Signer(origin_of(settings), _parse(settings.ledger_key.encode(), "ledger_key"))
    path = settings.data_dir / FILE
    pem = _read(path) or _create(path)
    return Signer(origin_of(settings), _parse(pem, str(path)))


def origin_of(settings: Settings) -> str:
    """The name under which this server signs: it says which ledger a checkpoint is of."""
    return f"{settings.domain}/ledger"


def _parse(pem: bytes, place: str) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        raise KeyRefused(f"{place}: is not a private key in PEM") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyRefused(f"{place}: is not an Ed25519 key")
    return key


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _create(path: Path) -> bytes:
    made = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return create_private(path, made)
