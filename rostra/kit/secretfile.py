"""The secrets of an installation: made on first start, kept in one file that only its owner may read."""

from __future__ import annotations

import secrets
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from rostra.kit.files import create_private
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
        return _parse(path.read_bytes())
    except FileNotFoundError:
        return None


def _create(path: Path) -> Secrets:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return _parse(create_private(path, msgspec.json.encode(Secrets(secrets.token_urlsafe(48), pem.decode()))))


def _parse(kept: bytes) -> Secrets:
    return msgspec.json.decode(kept, type=Secrets)
