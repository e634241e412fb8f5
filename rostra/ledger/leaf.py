"""What stands in a leaf, what it commits to, and opening that for whoever may see it. Pure.

A leaf is JSON in its canonical form (RFC 8785). What kind of event it was, on which day, under which policy and clause
is plain; whom and what it was about, and who did it, are salted hashes. The salt belongs to a person: once that is
deleted, nothing leads from the leaf to the person any more, and the leaf stays what it was.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, Literal

import msgspec

from rostra.ledger.merkle import HASH_SIZE, hash_leaf

Field = Literal["account", "details", "event", "subject", "actor"]

# What `about` is made of, in this order; `by` is made of the actor alone.
ABOUT: Final[tuple[Field, ...]] = ("account", "details", "event", "subject")
BY: Final[Field] = "actor"
# Whose salt it is where an event is about nobody.
NOBODY: Final = 0
_VERSION: Final = 1


class Leaf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of a leaf. The fields stand in the order of their names, which is what makes the JSON canonical."""

    # Base64 of SHA-256 over the hashes of the four fields of `ABOUT`.
    about: str
    # Base64 of the hash of the actor; null where the server itself acted.
    by: str | None
    clause: str
    # UTC. The moment is among what is committed to: it would lead to the post.
    day: str
    detectors: str
    kind: str
    policy: str
    type: str
    v: int = _VERSION

    def content(self) -> bytes:
        """The bytes of the leaf."""
        return msgspec.json.encode(self)

    def hash(self) -> bytes:
        """The hash of the leaf, as it is in the tree."""
        return hash_leaf(self.content())


class Opened(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A field that is shown, with `key` (base64) and `text`; or one that is not, as its `hash` (base64)."""

    key: str = ""
    text: str | None = None
    hash: str = ""

    def commitment(self) -> bytes:
        """The hash of the field. Raises ValueError where it is written wrongly."""
        if self.text is None:
            return decode_hash(self.hash)
        return _commit(decode_hash(self.key), self.text)


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A moderation event with the salts of whom it is about and of who did it, and what is kept where these are erased.

    `details` is the text of the database's JSON, byte for byte what is committed to.
    """

    id: int
    type: str
    subject_kind: str
    subject_id: int | None
    revision: int
    account_id: int | None
    actor_id: int | None
    policy: str
    detectors: str
    clause: str
    details: str
    created_at: datetime
    owner_salt: bytes | None
    actor_salt: bytes | None
    about_kept: bytes | None
    by_kept: bytes | None

    @property
    def owner_id(self) -> int:
        """Whose salt hides what the event is about."""
        return owner_of(self.account_id, self.subject_kind, self.subject_id)

    @property
    def is_erased(self) -> bool:
        """Whether anything of it is."""
        return self.about_kept is not None or self.by_kept is not None


def owner_of(account_id: int | None, subject_kind: str, subject_id: int | None) -> int:
    """Whose an event is: `NOBODY`'s unless it names an account as its owner or its subject."""
    if account_id is not None:
        return account_id
    return (subject_id or NOBODY) if subject_kind == "account" else NOBODY


class SaltMissing(Exception):
    """An event's salt is gone although nothing says that the person was erased."""


def about_of(event: Event) -> bytes:
    """The commitment to whom and what the event is about. Raises SaltMissing."""
    if event.about_kept is not None:
        return event.about_kept
    if event.owner_salt is None:
        raise SaltMissing
    return _join(_commit(_key(event.owner_salt, event.id, field), _text(event, field)) for field in ABOUT)


def by_of(event: Event) -> bytes | None:
    """The commitment to who did it; None for the server itself. Raises SaltMissing."""
    if event.by_kept is not None or event.actor_id is None:
        return event.by_kept
    if event.actor_salt is None:
        raise SaltMissing
    return _commit(_key(event.actor_salt, event.id, BY), _text(event, BY))


def leaf_of(event: Event) -> Leaf:
    """The leaf of an event: the same before and after it is erased. Raises SaltMissing."""
    by = by_of(event)
    return Leaf(
        about=encode_hash(about_of(event)),
        by=None if by is None else encode_hash(by),
        clause=event.clause,
        day=event.created_at.astimezone(UTC).date().isoformat(),
        detectors=event.detectors,
        kind=event.subject_kind,
        policy=event.policy,
        type=event.type,
    )


def open_event(event: Event, fields: Collection[Field]) -> dict[Field, Opened]:
    """These fields as they are, with what proves it; of what is erased nothing can be opened.

    Knowing the key of one field says nothing of the others, of other events, or of the salt.
    """
    opened: dict[Field, Opened] = {}
    about = [field for field in ABOUT if field in fields]
    if about and event.about_kept is None and event.owner_salt is not None:
        for field in ABOUT:
            opened[field] = _open(event, event.owner_salt, field, is_shown=field in about)
    if BY in fields and event.by_kept is None and event.actor_id is not None and event.actor_salt is not None:
        opened[BY] = _open(event, event.actor_salt, BY, is_shown=True)
    return opened


def find_lie(leaf: Leaf, opened: Mapping[Field, Opened]) -> str | None:
    """What is wrong with fields that are said to be those of a leaf; None where all of it is true."""
    if unknown := set(opened) - {*ABOUT, BY}:
        return f"there is no field {min(unknown)!r}"
    about = {field: each for field, each in opened.items() if field != BY}
    try:
        if about and len(about) < len(ABOUT):
            return "some of the fields that it is made of are missing"
        if about and _join(about[field].commitment() for field in ABOUT) != decode_hash(leaf.about):
            return "what it is said to be about is not what was committed to"
        if BY in opened and (leaf.by is None or opened[BY].commitment() != decode_hash(leaf.by)):
            return "who is said to have done it is not who was committed to"
    except ValueError as error:
        return str(error)
    return None


def encode_hash(raw: bytes) -> str:
    """A hash in base64."""
    return base64.b64encode(raw).decode()


def decode_hash(text: str) -> bytes:
    """A hash from base64, of either alphabet. Raises ValueError."""
    try:
        # A plus that came through a query is a space.
        raw = base64.b64decode(text.replace("-", "+").replace("_", "/").replace(" ", "+"), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("is not base64") from None
    if len(raw) != HASH_SIZE:
        raise ValueError("a hash has not 32 bytes")
    return raw


def _open(event: Event, salt: bytes, field: Field, *, is_shown: bool) -> Opened:
    key, text = _key(salt, event.id, field), _text(event, field)
    return Opened(key=encode_hash(key), text=text) if is_shown else Opened(hash=encode_hash(_commit(key, text)))


def _text(event: Event, field: Field) -> str:
    if field == "account":
        return "" if event.account_id is None else str(event.account_id)
    if field == "details":
        return event.details
    if field == "event":
        return f"{event.id} {event.created_at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
    if field == "subject":
        return f"{event.subject_id} {event.revision}"
    return str(event.actor_id)


def _key(salt: bytes, event_id: int, field: Field) -> bytes:
    return hmac.digest(salt, f"{event_id} {field}".encode(), "sha256")


def _commit(key: bytes, text: str) -> bytes:
    return sha256(key + text.encode()).digest()


def _join(commitments: Iterable[bytes]) -> bytes:
    return sha256(b"".join(commitments)).digest()
