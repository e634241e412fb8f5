"""The secrets of an installation: made on first start, kept in one file that only its owner may read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from rostra.kit.settings import Settings


class Secrets(msgspec.Struct, frozen=True):
    """`secret_key` signs and encrypts what we hand out; `vapid_private_key` is a P-256 key in PEM (RFC 8292)."""

    secret_key: str
    vapid_private_key: str

    def __repr__(self) -> str:
        return "Secrets(…)"


def load_secrets(settings: Settings) -> Secrets:
    """The secrets from the settings, or from `secrets.json` in the data directory, made where they are missing."""
    path = settings.data_dir / "secrets.json"
    if settings.secret_key and settings.vapid_private_key:
        return Secrets(settings.secret_key, settings.vapid_private_key)
    kept = _read(path) or _create(path)
    return Secrets(settings.secret_key or kept.secret_key, settings.vapid_private_key or kept.vapid_private_key)


def _read(path: Path) -> Secrets | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Secrets)
    except FileNotFoundError:
        return None


def _create(path: Path) -> Secrets:
    path.parent.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    made = Secrets(secrets.token_urlsafe(48), pem.decode())
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(made))
        file.flush()
        os.fsync(file.fileno())
    try:
        # A link, not a rename: of two processes that start at once, the first one's secrets stay.
        path.hardlink_to(temporary)
    except FileExistsError:
        made = _read(path) or made
    finally:
        temporary.unlink()
    return made
