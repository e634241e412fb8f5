"""The secrets of an installation: made on first start, kept in one file that only its owner may read."""

from __future__ import annotations

import os
import secrets
import tempfile
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


def create_private(path: Path, body: bytes) -> bytes:
    """Have `body` in a file that only its owner may read, unless the file is there already; what is in it in the end.

    The file appears whole and on disk, or not at all. Of several that make it at once the first one's stays, and all
    get that. Makes the folders above it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Made with the mode 0600, under a name that a process that died here cannot have left behind.
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        # A link, not a rename: that would replace what another has put there.
        path.hardlink_to(temporary)
    except FileExistsError:
        return path.read_bytes()
    finally:
        temporary.unlink()
    return body


def _read(path: Path) -> Secrets | None:
    try:
        return _parse(path.read_bytes())
    except FileNotFoundError:
        return None


def _create(path: Path) -> Secrets:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return _parse(create_private(path, msgspec.json.encode(Secrets(secrets.token_urlsafe(48), pem.decode()))))


def _parse(kept: bytes) -> Secrets:
    return msgspec.json.decode(kept, type=Secrets)
