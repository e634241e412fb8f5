"""The one way in: bytes and what they claim to be become a notice, or a reason why not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from rostra.notices.formats.csvtable import read_csv
from rostra.notices.formats.decode import fault_of_archive, to_text
from rostra.notices.formats.html import to_plain
from rostra.notices.formats.mail import read_mail
from rostra.notices.formats.plain import read_plain
from rostra.notices.formats.records import MAX_BYTES, ParsedNotice, Unusable, lines
from rostra.notices.formats.term import find_moment, find_term
from rostra.notices.formats.xarf import read_xarf

_HEADERS: Final = re.compile(rb"[A-Za-z][A-Za-z0-9-]{1,60}[ \t]*:[ \t]")
_SENDER: Final = re.compile(rb"^from[ \t]*:", re.IGNORECASE | re.MULTILINE)


def read_notice(body: bytes, content_type: str = "", own: Sequence[str] = ()) -> ParsedNotice:
    """A notice in whatever form it came. `own` are our hosts, in lower case and with their ports. Raises Unusable, and
    nothing else, where nothing of it can be used."""
    if len(body) > MAX_BYTES:
        raise Unusable("too_large", str(len(body)))
    kind = content_type.partition(";")[0].strip().lower()
    if fault := fault_of_archive(kind, body):
        raise Unusable(fault, kind)
    if kind.startswith("multipart/") and not _HEADERS.match(body.lstrip()):
        head = content_type.replace("\r", " ").replace("\n", " ").encode("utf-8", "replace")
        return read_mail(b"Content-Type: " + head + b"\r\n\r\n" + body, own)
    if kind.startswith(("message/", "multipart/")):
        return read_mail(body, own)
    if kind in ("application/json", "application/xarf") or kind.endswith("+json"):
        return read_xarf(body)
    if kind in ("text/csv", "text/tab-separated-values"):
        return read_csv(to_text(body, _charset(content_type))[0])
    if kind not in ("", "text/plain", "text/html", "application/octet-stream"):
        raise Unusable("unknown_format", kind)
    return _by_look(body, content_type, kind, own)


def _by_look(body: bytes, content_type: str, kind: str, own: Sequence[str]) -> ParsedNotice:
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"{") and kind != "text/html":
        return read_xarf(start)
    if _HEADERS.match(start) and _SENDER.search(re.split(rb"\r?\n\r?\n", start[: 64 << 10], maxsplit=1)[0]):
        return read_mail(start, own)
    text = to_text(body, _charset(content_type))[0]
    if kind == "text/html":
        text = to_plain(text)
    elif kind != "text/plain" and _looks_like_table(text):
        return read_csv(text)
    return read_words(text, own)


def read_words(text: str, own: Sequence[str] = ()) -> ParsedNotice:
    """Running text as a notice. Raises Unusable where it names and quotes nothing."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    items, clauses, problems = read_plain(text, own)
    if not items:
        raise Unusable("no_items")
    return ParsedNotice(
        format="text",
        text=lines(text, 20_000),
        clauses=tuple(clauses),
        term=find_term(text),
        due_at=find_moment(text),
        items=tuple(items),
        problems=tuple(problems),
    )


def _charset(content_type: str) -> str:
    found = re.search(r"charset\s*=\s*\"?([\w.:-]{1,40})", content_type, re.IGNORECASE)
    return found[1] if found else ""


def _looks_like_table(text: str) -> bool:
    first = text[:1000].split("\n", 1)[0].lower()
    return any(mark in first for mark in ",;\t") and any(
        name in re.split(r"[,;\t\"\s]+", first) for name in ("url", "link", "quote")
    )
