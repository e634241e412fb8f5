"""A mail taken apart within limits: its headers as text and its parts as bytes. Knows nothing of notices.

The parser of the standard library is lenient and safe, but recursive and patient; so what would make it deep or slow is
refused before it sees it, and whatever it may still raise becomes one refusal.
"""

from __future__ import annotations

import email
import re
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.policy import compat32
from email.utils import getaddresses
from typing import Any, Final, cast

import msgspec

from rostra.notices.formats.decode import to_text
from rostra.notices.formats.records import MAX_DEPTH, MAX_PARTS, Unusable, one_line

_TYPES: Final = re.compile(rb"^content-type:", re.IGNORECASE | re.MULTILINE)
_BOUNDARIES: Final = re.compile(rb"boundary\s*\*?\d?\*?=", re.IGNORECASE)
_MOST_HEADERS: Final = 256 << 10
_MOST_BOUNDARIES: Final = 40

Raw = Message


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A leaf of a mail: type in lower case, name of the file where it has one, bytes with their transfer encoding taken
    off, the charset that it claims. `forwarded`: within a mail that the mail carries."""

    content_type: str
    name: str
    body: bytes
    charset: str
    forwarded: bool = False


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail: headers decoded, in their order, names in lower case; `sender` is the address that it claims to be from,
    empty where it claims several or none."""

    headers: tuple[tuple[str, str], ...]
    content_type: str
    report_type: str
    sender: str
    subject: str
    message_id: str
    parts: tuple[Part, ...]

    def all(self, name: str) -> list[str]:
        """The values of a header, the topmost first."""
        return [value for each, value in self.headers if each == name]

    def first(self, name: str) -> str:
        """The topmost of them, or nothing."""
        return next(iter(self.all(name)), "")


def take_apart(raw: bytes) -> Mail:
    """A mail in parts. Raises Unusable for one that has too many, too deep, or cannot be read."""
    _check_shape(raw)
    try:
        message = email.message_from_bytes(raw, policy=compat32)
        parts: list[Part] = []
        _walk(message, 0, parts, forwarded=False)
        headers = tuple((name.lower(), _decoded(value)) for name, value in message.raw_items())
        return Mail(
            headers=headers,
            content_type=_type(message),
            report_type=_parameter(message, "report-type").lower(),
            sender=_sender([value for name, value in headers if name == "from"]),
            subject=_of(headers, "subject", 300),
            message_id=_of(headers, "message-id", 300),
            parts=tuple(parts),
        )
    except Unusable:
        raise
    except RecursionError:
        raise Unusable("too_deep") from None
    # Whatever else malformed mail has made this parser raise over the years: it is the mail's fault.
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        AssertionError,
        OverflowError,
        HeaderParseError,
    ) as error:
        raise Unusable("bad_headers", type(error).__name__) from None


def _check_shape(raw: bytes) -> None:
    if len(_TYPES.findall(raw)) > MAX_PARTS:
        raise Unusable("too_many_parts")
    if len(_BOUNDARIES.findall(raw)) > _MOST_BOUNDARIES:
        raise Unusable("too_deep")
    ends = [at for at in (raw.find(b"\n\n"), raw.find(b"\r\n\r\n")) if at >= 0]
    if min(ends, default=len(raw)) > _MOST_HEADERS:
        raise Unusable("bad_headers", "too_large")


def _walk(message: Raw, depth: int, parts: list[Part], *, forwarded: bool) -> None:
    if depth > MAX_DEPTH:
        raise Unusable("too_deep")
    if len(parts) > MAX_PARTS:
        raise Unusable("too_many_parts")
    # Asked for text, it would decode it with whatever codec the mail names.
    payload = cast("Any", message.get_payload()) if message.is_multipart() else None
    kind = _type(message)
    if isinstance(payload, list) and kind != "message/feedback-report":
        inside = forwarded or kind == "message/rfc822"
        for child in cast("list[Raw]", payload):
            _walk(child, depth + 1, parts, forwarded=inside)
        return
    body = cast("Any", message.get_payload(decode=True))
    if body is None and isinstance(payload, list):
        # A feedback report is taken for a mail of its own: its fields are its headers.
        body = "\n".join(str(child) for child in cast("list[Raw]", payload)).encode("utf-8", "replace")
    parts.append(
        Part(
            content_type=kind,
            name=one_line(_file_name(message), 200),
            body=body if isinstance(body, bytes) else b"",
            charset=_parameter(message, "charset"),
            forwarded=forwarded,
        )
    )


def _type(message: Raw) -> str:
    try:
        return message.get_content_type().lower()[:100]
    except (ValueError, LookupError, TypeError, AttributeError):
        return "text/plain"


def _parameter(message: Raw, name: str) -> str:
    try:
        value: object = message.get_param(name)
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
    if isinstance(value, tuple):
        value = cast("tuple[object, ...]", value)[-1]
    return one_line(value, 100)


def _file_name(message: Raw) -> object:
    try:
        return message.get_filename()
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""


def _decoded(value: object) -> str:
    """A header with its encoded words read (RFC 2047); as it is where they make no sense."""
    text = str(value)[:20_000]
    if "=?" not in text:
        return one_line(text.encode("utf-8", "surrogateescape").decode("utf-8", "replace"), 5000)
    try:
        pieces = decode_header(text)
        said = "".join(
            to_text(piece, charset or "ascii")[0] if isinstance(piece, bytes) else piece for piece, charset in pieces
        )
    except (ValueError, LookupError, TypeError, HeaderParseError):
        said = text
    return one_line(said, 5000)


def _sender(values: list[str]) -> str:
    """The one address of a mail's author: several are nobody's word (and how forgeries hide, RFC 5322 3.6.2)."""
    if len(values) != 1:
        return ""
    try:
        found = [address for _, address in getaddresses(values) if "@" in address]
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
    return one_line(found[0], 254).lower() if len(found) == 1 and values[0].count("@") <= 2 else ""


def _of(headers: tuple[tuple[str, str], ...], name: str, most: int) -> str:
    return next((value[:most] for each, value in headers if each == name), "")
