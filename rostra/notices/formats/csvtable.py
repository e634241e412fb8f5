"""A table of examples, one on a line: comma, semicolon or tabulator, with a line of names or without one."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from rostra.notices.formats.plain import find_urls
from rostra.notices.formats.records import (
    MAX_ITEMS,
    MAX_URL,
    Evidence,
    Fault,
    ParsedItem,
    ParsedNotice,
    Problem,
    Unusable,
    lines,
    one_line,
)
from rostra.notices.formats.term import read_due

_NAMES: Final = {
    "url": "url", "link": "url", "uri": "url", "address": "url", "indirizzo": "url",
    "quote": "quote", "text": "quote", "content": "quote", "excerpt": "quote", "testo": "quote", "citazione": "quote",
    "clause": "clause", "policy": "clause", "rule": "clause", "violation": "clause", "clausola": "clause",
    "deadline": "due", "due": "due", "due_at": "due", "respond_by": "due", "scadenza": "due",
    "note": "note", "comment": "note", "reason": "note", "nota": "note",
    "sha256": "sha256", "evidence": "sha256", "hash": "sha256",
    "report_id": "report_id", "reference": "report_id", "id": "report_id",
}  # fmt: skip
_MOST_COLUMNS: Final = 60


def read_csv(text: str) -> ParsedNotice:
    """A table as a notice. Raises Unusable where no line of it has an address or a quotation."""
    rows, problems = _rows(text)
    names = _header(rows[0]) if rows else {}
    body = rows[1:] if names else rows
    items: list[ParsedItem] = []
    dues: list[tuple[timedelta | None, datetime | None]] = []
    report_id = ""
    for number, row in enumerate(body, 2 if names else 1):
        values = {name: row[at] for name, at in names.items() if at < len(row)} if names else _guess(row)
        item = _item(values)
        if item is None:
            problems.append(Problem("bad_row", str(number)))
            continue
        items.append(item)
        report_id = report_id or one_line(values.get("report_id", ""), 200)
        if due := values.get("due", "").strip():
            dues.append(read_due(due[:60]))
    if len(items) > MAX_ITEMS:
        problems.append(Problem("too_many_items", str(len(items))))
    if not items:
        raise Unusable("no_items")
    return ParsedNotice(
        format="csv",
        report_id=report_id,
        clauses=tuple(dict.fromkeys(item.clause for item in items if item.clause)),
        term=min((term for term, _ in dues if term), default=None),
        due_at=min((moment for _, moment in dues if moment), default=None),
        items=tuple(items[:MAX_ITEMS]),
        problems=tuple(problems[:50]),
    )


def _rows(text: str) -> tuple[list[list[str]], list[Problem]]:
    first = text[:4000].split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(text.replace("\x00", "")), delimiter=delimiter)
    fault: Fault | None = None
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append(row[:_MOST_COLUMNS])
            if len(rows) > MAX_ITEMS * 2:
                fault = "too_many_items"
                break
    except csv.Error:
        fault = "bad_row"
    return rows, [Problem(fault, str(reader.line_num))] if fault else []


def _header(row: Sequence[str]) -> dict[str, int]:
    names: dict[str, int] = {}
    for at, cell in enumerate(row):
        name = _NAMES.get(cell.strip().lower().replace(" ", "_").lstrip("\ufeff"))
        if name is not None and name not in names:
            names[name] = at
    return names if "url" in names or "quote" in names else {}


def _guess(row: Sequence[str]) -> dict[str, str]:
    """Without names: the first cell with an address, and the longest other one as what is quoted."""
    url = next((cell for cell in row if find_urls(cell)), "")
    quote = max((cell for cell in row if cell != url), key=len, default="")
    return {"url": url, "quote": quote if url and len(quote) >= 16 else ""}


def _item(values: dict[str, str]) -> ParsedItem | None:
    urls = find_urls(values.get("url", "")[: MAX_URL * 2])
    quote = lines(values.get("quote", ""))
    if not urls and len(quote) < 8:
        return None
    digest = one_line(values.get("sha256", ""), 80).lower().removeprefix("sha256:")
    known = len(digest) == 64 and all(letter in "0123456789abcdef" for letter in digest)
    return ParsedItem(
        url=urls[0] if urls else "",
        quote=quote,
        clause=one_line(values.get("clause", ""), 120),
        note=one_line(values.get("note", "")),
        evidence=(Evidence(sha256=digest, size=0),) if known else (),
    )
