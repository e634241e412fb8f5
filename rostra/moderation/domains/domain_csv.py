"""Lists of rules for other servers as files, with the columns that Mastodon writes and reads: `#domain,#severity,…`.

Reading says line by line what there is, what would change and what cannot be used; nothing is written here.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from rostra.kit.addresses import normalise_domain
from rostra.kit.db import Database
from rostra.kit.errors import Invalid
from rostra.moderation.domains import domain_queries as queries
from rostra.moderation.domains.domain_queries import DomainAllow, DomainBlock, Severity
from rostra.moderation.domains.domains import MAX_COMMENT, DomainWish

MAX_LINES: Final = 5_000
MAX_BYTES: Final = 900_000

_COLUMNS: Final = ("domain", "severity", "reject_media", "reject_reports", "public_comment", "obfuscate")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_TRUE: Final = frozenset({"true", "1", "yes", "t", "y"})
_SEVERITIES: Final[dict[str, Severity]] = {
    "": "suspend", "suspend": "suspend", "silence": "silence", "limit": "silence", "noop": "noop", "none": "noop",
}  # fmt: skip


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a list. `state`: `new`; `changes` what there is (`before`); the `same` as there is; or `unusable`."""

    number: int
    domain: str
    wish: DomainWish
    state: Literal["new", "changes", "same", "unusable"]
    before: DomainBlock | None = None


def write_blocks(blocks: Sequence[DomainBlock]) -> str:
    """A list of blocks as a file. Private comments are not handed on."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([f"#{name}" for name in _COLUMNS])
    for block in blocks:
        writer.writerow([_spell(getattr(block, name)) for name in _COLUMNS])
    return out.getvalue()


def write_lines(lines: Sequence[Line]) -> str:
    """What was read, as a file that is read as the same; what cannot be used is left out."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for line in lines:
        if line.state != "unusable":
            writer.writerow([line.domain, *(getattr(line.wish, name) for name in _COLUMNS[1:])])
    return out.getvalue()


def write_allows(allows: Sequence[DomainAllow]) -> str:
    """A list of servers that are let in as a file."""
    return "".join(f"{line}\r\n" for line in ("#domain", *(allow.domain for allow in allows)))


def _spell(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    # A programme that calculates must not take a comment for a formula (CWE-1236).
    return f"'{text}" if text[:1] in _FORMULA else text


async def read_blocks(db: Database, file: bytes, *, own_domain: str) -> list[Line]:
    """A list of blocks, compared with what there is. A file without a head is a list of domains to suspend.

    Raises Invalid("file") for what is no such list.
    """
    rows = _rows(file)
    domains = [_domain(row, own_domain) for row in rows]
    async with db.read() as conn:
        known = await queries.find_blocks_of(conn, [domain for domain in domains if domain])
    seen: set[str] = set()
    lines: list[Line] = []
    for number, (row, domain) in enumerate(zip(rows, domains, strict=True), 1):
        if not row.get("domain") or domain in seen:
            continue
        seen.add(domain or "")
        lines.append(_line(number, row, domain, known.get(domain or "")))
    return lines


def _rows(file: bytes) -> list[dict[str, str]]:
    if len(file) > MAX_BYTES:
        raise Invalid("file", "is too large", code="ERR_TOO_LARGE")
    try:
        text = file.decode("utf-8-sig")
        found = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if any(map(str.strip, row))]
    except (UnicodeDecodeError, csv.Error):
        raise Invalid("file", "is no list of comma-separated values", code="ERR_NO_TABLE") from None
    if not found:
        raise Invalid("file", "is empty", code="ERR_EMPTY")
    if len(found) > MAX_LINES + 1:
        raise Invalid("file", f"has more than {MAX_LINES} lines")
    names = [name.strip().lower().removeprefix("#") for name in found[0]]
    has_head = "domain" in names
    if not has_head:
        names = ["domain"]
    return [dict(zip(names, map(str.strip, row), strict=False)) for row in (found[1:] if has_head else found)]


def _domain(row: dict[str, str], own_domain: str) -> str | None:
    try:
        domain = normalise_domain(row.get("domain", ""), allow_port=":" in own_domain)
    except Invalid:
        return None
    return None if domain == own_domain or own_domain.endswith(f".{domain}") else domain


def _line(number: int, row: dict[str, str], domain: str | None, before: DomainBlock | None) -> Line:
    severity = _SEVERITIES.get(row.get("severity", "").lower())
    comment = row.get("public_comment", "").replace("\x00", "")
    # As it was before `_spell` made it harmless.
    comment = comment[1:] if comment[:1] == "'" and comment[1:2] in _FORMULA else comment
    wish = DomainWish(
        severity=severity or "suspend",
        reject_media=row.get("reject_media", "").lower() in _TRUE,
        reject_reports=row.get("reject_reports", "").lower() in _TRUE,
        public_comment=comment[:MAX_COMMENT],
        obfuscate=row.get("obfuscate", "").lower() in _TRUE,
    )
    if domain is None or severity is None or "*" in row["domain"]:
        return Line(number=number, domain=row["domain"][:255], wish=wish, state="unusable")
    if before is None:
        return Line(number=number, domain=domain, wish=wish, state="new")
    same = all(getattr(before, name) == getattr(wish, name) for name in _COLUMNS[1:])
    return Line(number=number, domain=domain, wish=wish, state="same" if same else "changes", before=before)


async def export_blocks(db: Database) -> str:
    """All blocks as a file."""
    async with db.read() as conn:
        return write_blocks(await queries.list_all_blocks(conn))


async def export_allows(db: Database) -> str:
    """All servers that are let in as a file."""
    async with db.read() as conn:
        return write_allows(await queries.list_all_allows(conn))
