"""Signed checkpoints as text: notes as C2SP's signed-note and tlog-checkpoint define them, with Ed25519. Pure.

example.org/ledger          origin: which ledger
20852                       size: number of leaves
dGhlIHJvb3Q…=               root of the tree, base64

— example.org/ledger Az3g…  the key's name; four bytes of key id and the signature, base64
"""

from __future__ import annotations

import base64
import binascii
import re
from hashlib import sha256
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from rostra.ledger.merkle import HASH_SIZE

_ED25519: Final = b"\x01"
_ID: Final = 4
_MARK: Final = "— "
_NAME: Final = re.compile(r"[^\s+]+")
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")
# Far more than a checkpoint with the signatures of many witnesses needs.
LONGEST: Final = 100_000


class NoteError(ValueError):
    """A note or a key cannot be read, or a signature does not hold; the text says what is wrong."""


class Checkpoint(msgspec.Struct, frozen=True):
    """What a checkpoint says: the ledger `origin` had `size` leaves under this `root`."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


class Verifier:
    """A public key under its name. Its text, `name+id+key`, is what one passes on."""

    def __init__(self, name: str, public: bytes) -> None:
        if not _NAME.fullmatch(name):
            raise NoteError("the name of a key has no spaces and no plus")
        self.name = name
        self._raw = public
        self._public = Ed25519PublicKey.from_public_bytes(public)
        self.key_id = sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:_ID]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(_ED25519 + self._raw).decode()}"

    def open(self, note: str) -> Checkpoint:
        """What the note says. Raises NoteError unless it is a checkpoint that this key has signed."""
        return _read(self.check(note))

    def is_named_in(self, note: str) -> bool:
        """Whether the note says that this key has signed it. Raises NoteError."""
        return any(name == self.name and raw[:_ID] == self.key_id for name, raw in _take_apart(note)[1])

    def check(self, note: str) -> str:
        """The text of any note that this key has signed. Raises NoteError for others."""
        text, signatures = _take_apart(note)
        found = [raw[_ID:] for name, raw in signatures if name == self.name and raw[:_ID] == self.key_id]
        if not found:
            raise NoteError(f"is not signed by the key {self.name}+{self.key_id.hex()}")
        for signature in found:
            try:
                self._public.verify(signature, text.encode())
            except InvalidSignature:
                raise NoteError(f"the signature of {self.name} does not hold") from None
        return text


class Signer:
    """A private key under its name."""

    def __init__(self, name: str, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.verifier = Verifier(name, private.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"Signer({self.verifier.name})"

    @property
    def origin(self) -> str:
        """The ledger that it signs for."""
        return self.verifier.name

    def sign(self, size: int, root: bytes) -> str:
        """The note that says: this ledger has `size` leaves under `root`."""
        text = Checkpoint(self.origin, size, root).text
        signed = base64.b64encode(self.verifier.key_id + self._private.sign(text.encode())).decode()
        return f"{text}\n{_MARK}{self.origin} {signed}\n"


def read_verifier(text: str) -> Verifier:
    """The key of a text such as `example.org/ledger+1234abcd+AZ…`. Raises NoteError."""
    parts = text.strip().split("+", 2)
    try:
        raw = base64.b64decode(parts[2], validate=True)
        if raw[:1] != _ED25519 or len(raw) != HASH_SIZE + 1:
            raise NoteError("the key is not an Ed25519 key")
        found = Verifier(parts[0], raw[1:])
        if bytes.fromhex(parts[1]) != found.key_id:
            raise NoteError("the id of the key does not fit the key")
    except (IndexError, ValueError, binascii.Error) as error:
        if isinstance(error, NoteError):
            raise
        raise NoteError("a key is written as name+id+key") from None
    return found


def read_checkpoint(note: str) -> Checkpoint:
    """What a note says, whoever has signed it. Raises NoteError."""
    text, _ = _take_apart(note)
    return _read(text)


def _take_apart(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """The text that was signed, and (name, key id and signature) of each signature."""
    if len(note) > LONGEST:
        raise NoteError("is too long to be a checkpoint")
    text, blank, rest = note.rpartition("\n\n")
    if not blank or not rest.endswith("\n"):
        raise NoteError("is not a signed note")
    return text + "\n", [_signature(line) for line in rest[:-1].split("\n")]


def _signature(line: str) -> tuple[str, bytes]:
    words = line.removeprefix(_MARK).split(" ")
    if not line.startswith(_MARK) or len(words) != 2:
        raise NoteError("has a line among the signatures that is none")
    try:
        raw = base64.b64decode(words[1], validate=True)
    except binascii.Error:
        raise NoteError("has a signature that is not base64") from None
    if len(raw) <= _ID:
        raise NoteError("has a signature that is too short")
    return words[0], raw


def _read(text: str) -> Checkpoint:
    lines = text.split("\n")
    if len(lines) < 4 or not lines[0] or not _SIZE.fullmatch(lines[1]):
        raise NoteError("is not a checkpoint")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except binascii.Error:
        raise NoteError("has a root that is not base64") from None
    if len(root) != HASH_SIZE:
        raise NoteError("has a root that is not a hash")
    return Checkpoint(lines[0], int(lines[1]), root)
