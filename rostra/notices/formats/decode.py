"""From bytes to text, whatever they claim to be: only encodings that are known to be harmless, never an error."""

from __future__ import annotations

import base64
import binascii
import codecs
import hashlib
import re
from typing import Final

from rostra.notices.formats.records import MAX_EVIDENCE_BYTES, Evidence, Fault, one_line

# Python's other "encodings" unpack, or take quadratic time.
_HARMLESS: Final = re.compile(
    r"ascii|utf-8|utf-16(-[bl]e)?|utf-32(-[bl]e)?|iso8859-\d{1,2}|cp125\d|cp437|cp850|cp932|cp949|cp950|koi8-[ru]"
    r"|gb2312|gbk|gb18030|big5|shift_jis|euc_jp|euc_kr|mac-roman|tis-620"
)
_NOT_BASE64: Final = re.compile(rb"\s+")


def to_text(body: bytes, charset: str = "") -> tuple[str, bool]:
    """The text, and whether the charset could be believed; without one, UTF-8 or else Windows' Western one."""
    name = _codec(charset)
    if name is not None:
        return body.decode(name, "replace"), True
    try:
        return body.decode("utf-8-sig"), not charset
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace"), not charset


def _codec(charset: str) -> str | None:
    if not charset or len(charset) > 40 or not charset.isascii() or "\x00" in charset:
        return None
    try:
        name = codecs.lookup(charset.strip().strip("\"'")).name
    except (LookupError, ValueError, TypeError):
        return None
    return name if _HARMLESS.fullmatch(name) else None


def from_base64(payload: str | bytes) -> bytes | None:
    """What was encoded, or None where it is no base64 or more than a piece of evidence may have."""
    raw = payload.encode("ascii", "replace") if isinstance(payload, str) else payload
    if len(raw) > MAX_EVIDENCE_BYTES * 3 // 2:
        return None
    try:
        return base64.b64decode(_NOT_BASE64.sub(b"", raw), validate=True)
    except (binascii.Error, ValueError):
        return None


def weigh(body: bytes, *, content_type: str = "", name: str = "") -> Evidence:
    """Evidence by its hash."""
    return Evidence(
        sha256=hashlib.sha256(body).hexdigest(),
        size=len(body),
        content_type=one_line(content_type, 100).lower(),
        name=one_line(name, 200),
    )


def fault_of_archive(content_type: str, body: bytes) -> Fault | None:
    """Whether something is packed or is XML: neither is ever opened, whatever it is called."""
    kind = content_type.lower()
    head = body[:8]
    if head.startswith(
        (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"BZh", b"7z\xbc\xaf", b"Rar!", b"\xfd7zXZ", b"(\xb5/\xfd")
    ):
        return "archive_not_opened"
    if any(word in kind for word in ("zip", "x-tar", "x-7z", "x-rar", "gzip", "x-bzip", "x-xz", "zstd")):
        return "archive_not_opened"
    if kind.partition(";")[0].strip() in ("application/xml", "text/xml") or body[:100].lstrip().startswith(b"<?xml"):
        return "xml_not_read"
    return None
