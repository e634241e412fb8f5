"""The container of everything that is shipped: a clear signed header, then a body that is usually an age file.

age hides what is in a file and does not say who wrote it; anybody with the public key could plant one. So the header
carries the body's hash and is signed, and names the object, the site and the epoch, so that a genuine object under
another name is as worthless as a false one. The shape is four parts: a line with the format, the header as one line of
JSON, its Ed25519 signature in base64 on a line, the body.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from rostra.continuity.keys import SigningKey, VerifyKey

_FORMAT: Final = b"rostra-continuity 1\n"


class Broken(Exception):
    """A copy is not what it should be: changed, cut short, forged, out of order or missing. The text names it."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an object without opening it. `size` in bytes and `sha256` in hex are the body's.

    `sequence` and `previous` (the digest of the header before) make a chain where the kind of object has one; `about`
    is what its kind says (records.py).
    """

    site: str
    name: str
    epoch: int
    signer: str
    made_at: datetime
    size: int
    sha256: str
    sequence: int = 0
    previous: str = ""
    about: msgspec.Raw = msgspec.Raw(b"{}")


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """An object that was found genuine. `digest` is what a successor's `previous` says."""

    header: Header
    body: bytes
    digest: str


def seal(
    key: SigningKey,
    body: bytes,
    *,
    site: str,
    name: str,
    epoch: int,
    made_at: datetime,
    about: msgspec.Struct | None = None,
    sequence: int = 0,
    previous: str = "",
) -> tuple[bytes, str]:
    """The object as bytes, and the digest of its header."""
    header = Header(
        site=site,
        name=name,
        epoch=epoch,
        signer=key.public.id,
        made_at=made_at,
        size=len(body),
        sha256=hashlib.sha256(body).hexdigest(),
        sequence=sequence,
        previous=previous,
        about=msgspec.Raw(b"{}" if about is None else msgspec.json.encode(about)),
    )
    line = msgspec.json.encode(header)
    signature = base64.b64encode(key.sign(_FORMAT + line))
    return b"".join((_FORMAT, line, b"\n", signature, b"\n", body)), hashlib.sha256(line).hexdigest()


def unseal(raw: bytes, trusted: Mapping[str, VerifyKey], *, site: str, name: str) -> Sealed:
    """The object `name` of `site`, if it is whole and one of the `trusted` keys (by id) signed it. Raises Broken."""
    line, signature, body = _split(raw, name)
    header = _header_of(line, name)
    key = trusted.get(header.signer)
    if key is None:
        raise Broken(f"{name}: signed by {header.signer}, whom nobody certified")
    if not key.has_signed(_FORMAT + line, signature):
        raise Broken(f"{name}: the signature is false")
    if (header.site, header.name) != (site, name):
        raise Broken(f"{name}: is really {header.name} of {header.site}, put under another name")
    if len(body) != header.size or hashlib.sha256(body).hexdigest() != header.sha256:
        raise Broken(f"{name}: its bytes were changed or cut short ({len(body)} of {header.size})")
    return Sealed(header=header, body=body, digest=hashlib.sha256(line).hexdigest())


def peek(raw: bytes, name: str) -> Header:
    """The header, unchecked: to learn who claims to have signed. Raises Broken where there is none."""
    return _header_of(_split(raw, name)[0], name)


def _split(raw: bytes, name: str) -> tuple[bytes, bytes, bytes]:
    if not raw.startswith(_FORMAT):
        raise Broken(f"{name}: does not begin as a copy of this format does")
    line, _, rest = raw[len(_FORMAT) :].partition(b"\n")
    signature, _, body = rest.partition(b"\n")
    try:
        return line, base64.b64decode(signature, validate=True), body
    except binascii.Error:
        raise Broken(f"{name}: the signature cannot be read") from None


def _header_of(line: bytes, name: str) -> Header:
    try:
        return msgspec.json.decode(line, type=Header)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Broken(f"{name}: the header cannot be read: {error}") from None
