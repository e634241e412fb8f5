"""Web Push: encrypting for a subscription (RFC 8291, and the draft that old clients speak), identifying us (RFC 8292).

Everything here is computed; sending is the caller's, through the one outgoing HTTP client. What is pushed to whom is
not known here.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal, cast
from urllib.parse import urlsplit

import http_ece
import msgspec
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from rostra.kit.clock import Clock
from rostra.kit.errors import Invalid

# A push service must take 4096 bytes (RFC 8030, 7.2), of which encryption and its header use 103.
MAX_PAYLOAD: Final = 3993

_TOKEN_LIFE: Final = timedelta(hours=12)
_TOKEN_RENEWED: Final = timedelta(hours=6)
_MOST_TOKENS: Final = 1000
_TOPIC: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")

# {"typ":"JWT","alg":"ES256"} in base64.
_JWT_HEADER: Final = "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9"

Urgency = Literal["very-low", "low", "normal", "high"]


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """Where to push and for whom to encrypt: the client's P-256 point and secret, in base64 of either alphabet.

    `standard` clients read RFC 8291; the others the draft before it (`aesgcm`).
    """

    endpoint: str
    p256dh: str
    auth: str
    standard: bool


class Encrypted(msgspec.Struct, frozen=True):
    """An encrypted payload and the headers that say how to read it."""

    headers: Mapping[str, str]
    body: bytes


class PushRequest(msgspec.Struct, frozen=True):
    """A request to be sent with POST."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class Vapid:
    """Our key towards push services, and the signed tokens that it made: one an origin, renewed every six hours.

    `contact` is where a push service reaches the operator: a mailto: or https: URL.
    """

    def __init__(self, private_key_pem: str, contact: str, clock: Clock) -> None:
        self._key = key = load_key(private_key_pem)
        self._contact = contact
        self._clock = clock
        self._tokens: dict[str, tuple[datetime, str]] = {}
        self.public_key = _encode(_point(key))

    def token(self, endpoint: str) -> str:
        """A token (JWT, ES256) that is good for the origin of `endpoint` for at least six hours."""
        origin, now = _origin(endpoint), self._clock.now()
        signed_at, token = self._tokens.get(origin, (now, ""))
        if not token or now - signed_at >= _TOKEN_RENEWED:
            token = self._sign({"aud": origin, "exp": int((now + _TOKEN_LIFE).timestamp()), "sub": self._contact})
            if len(self._tokens) >= _MOST_TOKENS:
                self._tokens.clear()
            self._tokens[origin] = (now, token)
        return token

    def _sign(self, claims: Mapping[str, object]) -> str:
        signed = _JWT_HEADER + "." + _encode(msgspec.json.encode(claims))
        r, s = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return signed + "." + _encode(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def generate_private_key() -> str:
    """A new key for `Vapid`, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def check_subscription(subscription: Subscription, *, allow_http: bool = False) -> None:
    """Raise Invalid, naming the field, for a subscription that could never be pushed to."""
    try:
        parts = urlsplit(subscription.endpoint)
        usable = bool(parts.hostname) and parts.username is None and parts.port != 0
    except ValueError:
        raise Invalid("subscription[endpoint]", "is not a URL") from None
    if not usable or parts.scheme not in (("https", "http") if allow_http else ("https",)):
        raise Invalid("subscription[endpoint]", "is not an https URL")
    _client_key(subscription.p256dh)
    _client_secret(subscription.auth)


def encrypt(
    payload: bytes,
    p256dh: str,
    auth: str,
    *,
    standard: bool,
    sender: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> Encrypted:
    """Encrypt for the client with the given key and secret, by RFC 8291 or by draft-ietf-webpush-encryption-04.

    `sender` and `salt` are random unless a test vector gives them. Raises Invalid for keys that are none, and
    ValueError for an empty payload or one of more than MAX_PAYLOAD bytes.
    """
    if not 1 <= len(payload) <= MAX_PAYLOAD:
        raise ValueError(f"a push of {len(payload)} bytes; 1 to {MAX_PAYLOAD} can be sent")
    sender = sender or ec.generate_private_key(ec.SECP256R1())
    salt = salt or os.urandom(16)
    version = "aes128gcm" if standard else "aesgcm"
    body = cast(
        "bytes",
        cast("Any", http_ece).encrypt(
            payload,
            salt=salt,
            private_key=sender,
            dh=_client_key(p256dh),
            auth_secret=_client_secret(auth),
            version=version,
        ),
    )
    headers = {"Content-Encoding": version}
    if not standard:
        headers |= {"Encryption": f"salt={_encode(salt)}", "Crypto-Key": f"dh={_encode(_point(sender))}"}
    return Encrypted(headers, body)


def build_push_request(
    subscription: Subscription,
    payload: bytes,
    *,
    vapid: Vapid,
    ttl: int,
    urgency: Urgency = "normal",
    topic: str | None = None,
) -> PushRequest:
    """The request that pushes `payload`, of 1 to MAX_PAYLOAD bytes.

    The push service keeps it for `ttl` seconds for a client that is away; a later one of the same `topic` (up to 32 of
    A-Z a-z 0-9 - _) replaces it there. Raises Invalid for a subscription whose keys are none.
    """
    encrypted = encrypt(payload, subscription.p256dh, subscription.auth, standard=subscription.standard)
    headers = {
        **encrypted.headers,
        "Content-Type": "application/octet-stream",
        "TTL": str(ttl),
        "Urgency": urgency,
    }
    if topic is not None:
        if not _TOPIC.fullmatch(topic):
            raise ValueError(f"{topic!r} cannot be a topic")
        headers["Topic"] = topic
    token = vapid.token(subscription.endpoint)
    if subscription.standard:
        headers["Authorization"] = f"vapid t={token},k={vapid.public_key}"
    else:
        # Clients and relays of the draft know the draft's way of naming the key, too.
        headers["Authorization"] = f"WebPush {token}"
        headers["Crypto-Key"] += f";p256ecdsa={vapid.public_key}"
    return PushRequest(subscription.endpoint, headers, encrypted.body)


def load_key(pem: str) -> ec.EllipticCurvePrivateKey:
    """The key that a server signs with. Raises ValueError for what is none."""
    try:
        key = serialization.load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("vapid_private_key: must be a P-256 private key in PEM")
    return key


def _client_key(p256dh: str) -> bytes:
    try:
        point = _decode(p256dh)
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        raise Invalid("subscription[keys][p256dh]", "is not a P-256 public key") from None
    if len(point) != 65:
        raise Invalid("subscription[keys][p256dh]", "is not an uncompressed P-256 public key")
    return point


def _client_secret(auth: str) -> bytes:
    try:
        secret = _decode(auth)
    except ValueError:
        secret = b""
    if len(secret) != 16:
        raise Invalid("subscription[keys][auth]", "is not a secret of 16 bytes")
    return secret


def _point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    """Base64 of either alphabet, padded or not: clients send all four. Raises ValueError."""
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None


def _origin(endpoint: str) -> str:
    """Scheme, host and, where it is not the scheme's own, port (RFC 6454, 6.2)."""
    parts = urlsplit(endpoint)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    own = {"https": 443, "http": 80}.get(parts.scheme)
    return f"{parts.scheme}://{host}" + ("" if parts.port in (None, own) else f":{parts.port}")
