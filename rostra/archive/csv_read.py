"""Reading the CSV files that Mastodon and its kin give out, whatever their age: with a line of headings or without,
with a byte order mark, with any end of line. Pure: what a line names is looked up later.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from rostra.archive.layout import CSV_FILES, CSV_HEADINGS
from rostra.kit.addresses import normalise_domain
from rostra.kit.errors import Invalid
from rostra.lists.bulk import clean_title

CsvType = Literal["following", "blocking", "muting", "domain_blocking", "lists", "bookmarks"]
Problem = Literal["empty", "encoding", "unreadable", "columns", "rows", "type"]

MAX_ROWS: Final = 25_000
"""More than anybody follows by hand; each is a row in the database until it is done."""
_LONGEST_FIELD: Final = 4_096
_HEADINGS: Final = frozenset({"account address", "#domain", "domain", "#uri", "uri", "list name", "list"})
_NEEDED: Final[Mapping[CsvType, int]] = {
    "following": 1, "blocking": 1, "muting": 1, "domain_blocking": 1, "lists": 2, "bookmarks": 1,
}  # fmt: skip
_NAMES: Final[Mapping[str, CsvType]] = {
    CSV_FILES["follows"]: "following",
    CSV_FILES["blocks"]: "blocking",
    CSV_FILES["mutes"]: "muting",
    CSV_FILES["domain_blocks"]: "domain_blocking",
    CSV_FILES["lists"]: "lists",
    CSV_FILES["bookmarks"]: "bookmarks",
}
# In this order: "blocked_domains" is about domains.
_HINTS: Final[Sequence[tuple[str, CsvType]]] = (
    ("domain", "domain_blocking"), ("mut", "muting"), ("block", "blocking"), ("list", "lists"),
    ("bookmark", "bookmarks"), ("follow", "following"),
)  # fmt: skip
_PROBLEMS: Final[Mapping[Problem, str]] = {
    "empty": "has nothing in it",
    "encoding": "is not UTF-8 text: see line {line}",
    "unreadable": "cannot be read as CSV from line {line} on",
    "columns": "has too few columns in line {line}",
    "rows": "has {count} lines, and no more than {most} can be imported at once",
    "type": "does not say what it is a list of: choose it",
}


class BadFile(Invalid):
    """A file that cannot be imported at all. `line` is where it goes wrong, where that is one place; `count` how many
    lines there are, where they are too many."""

    def __init__(self, problem: Problem, *, line: int = 0, count: int = 0) -> None:
        self.problem: Problem = problem
        self.line = line
        self.count = count
        super().__init__("file", _PROBLEMS[problem].format(line=line, count=count, most=MAX_ROWS))


class CsvRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line. `subject` is an account (`name` here, `name@domain` elsewhere), a domain or an address of a post;
    `problem` is set where it is none. `line` is as it stood there."""

    place: int
    line: str
    subject: str
    options: dict[str, Any] = {}
    problem: str | None = None


class CsvFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was read. `headings` are its own, empty where it had none."""

    type: CsvType
    headings: list[str]
    rows: list[CsvRow]


def read_csv(body: bytes, *, own_domain: str, type: CsvType | None = None, file_name: str = "") -> CsvFile:  # noqa: A002
    """Read a file; where no `type` is given it is guessed by headings and name. Raises BadFile."""
    lines = list(_lines(_decode(body)))
    if not lines:
        raise BadFile("empty")
    headings = _headings(lines[0][1])
    chosen = type or guess_type(headings, file_name)
    if chosen is None:
        raise BadFile("type")
    rows = lines[1:] if headings else lines
    if not rows:
        raise BadFile("empty")
    if len(rows) > MAX_ROWS:
        raise BadFile("rows", count=len(rows))
    columns = {name: place for place, name in enumerate(headings)}
    return CsvFile(
        type=chosen,
        headings=headings,
        rows=[_row(chosen, place, fields, columns, own_domain) for place, fields in rows],
    )


def guess_type(headings: Sequence[str], file_name: str) -> CsvType | None:
    """What a file is a list of, by its headings (lower case) or its name; None where neither says."""
    if "hide notifications" in headings:
        return "muting"
    if {"show boosts", "notify on new posts", "languages"} & set(headings):
        return "following"
    if "list name" in headings or "list" in headings:
        return "lists"
    if headings and headings[0] in ("#domain", "domain"):
        return "domain_blocking"
    if headings and headings[0] in ("#uri", "uri"):
        return "bookmarks"
    name = file_name.rpartition("/")[2].lower()
    return _NAMES.get(name) or next((kind for hint, kind in _HINTS if hint in name), None)


def csv_line(fields: Sequence[str]) -> str:
    """Fields as one line of CSV, without its end."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(fields)
    return text.getvalue()


def headings_of(type: CsvType) -> tuple[str, ...]:  # noqa: A002
    """What the columns of such a file are called, in the order of a file without headings."""
    names: dict[CsvType, tuple[str, ...]] = {
        "following": CSV_HEADINGS["follows"],
        "muting": CSV_HEADINGS["mutes"],
        "blocking": ("Account address",),
        "domain_blocking": ("#domain",),
        "lists": ("List name", "Account address"),
        "bookmarks": ("#uri",),
    }
    return names[type]


def _decode(body: bytes) -> str:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile("encoding", line=body.count(b"\n", 0, error.start) + 1) from None
    if "\0" in text:
        raise BadFile("encoding", line=text.count("\n", 0, text.index("\0")) + 1)
    return text


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """The records with the lines in which they begin; empty ones are left out."""
    reader = csv.reader(io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n"), newline=""), strict=True)
    while True:
        place = reader.line_num + 1
        try:
            fields = next(reader, None)
        except csv.Error:
            raise BadFile("unreadable", line=place) from None
        if fields is None:
            return
        fields = [field.strip() for field in fields]
        if any(len(field) > _LONGEST_FIELD for field in fields):
            raise BadFile("unreadable", line=place)
        if any(fields):
            yield place, fields


def _headings(first: Sequence[str]) -> list[str]:
    names = [name.lower() for name in first]
    return names if _HEADINGS & set(names) else []


def _row(kind: CsvType, place: int, fields: list[str], columns: Mapping[str, int], own_domain: str) -> CsvRow:
    if len(fields) < _NEEDED[kind]:
        raise BadFile("columns", line=place)

    def cell(name: str, default: int) -> str:
        at = columns.get(name, -1) if columns else default
        return fields[at] if 0 <= at < len(fields) else ""

    subject, options, problem = _READERS[kind](cell, own_domain)
    return CsvRow(place=place, line=csv_line(fields), subject=subject, options=options, problem=problem)


Cell = Callable[[str, int], str]
Read = tuple[str, dict[str, Any], str | None]


def _follow(cell: Cell, own_domain: str) -> Read:
    subject, problem = _account(cell("account address", 0), own_domain)
    languages = [language.strip() for language in cell("languages", 3).split(",")]
    options: dict[str, Any] = {
        "show_reblogs": _flag(cell("show boosts", 1)),
        "notify": _flag(cell("notify on new posts", 2)),
        "languages": [language for language in languages if language.isalpha() and 2 <= len(language) <= 3][:50],
    }
    return subject, {name: value for name, value in options.items() if value not in (None, [])}, problem


def _mute(cell: Cell, own_domain: str) -> Read:
    subject, problem = _account(cell("account address", 0), own_domain)
    return subject, {"hide": _flag(cell("hide notifications", 1)) is not False}, problem


def _block(cell: Cell, own_domain: str) -> Read:
    subject, problem = _account(cell("account address", 0), own_domain)
    return subject, {}, problem


def _listed(cell: Cell, own_domain: str) -> Read:
    title = clean_title(cell("list name", 0) or cell("list", 0))
    subject, problem = _account(cell("account address", 1), own_domain)
    return subject, {"title": title or ""}, problem if title else "bad_title"


def _domain(cell: Cell, own_domain: str) -> Read:
    named = cell("#domain", 0) or cell("domain", 0)
    try:
        domain = normalise_domain(named, allow_port=":" in own_domain)
    except Invalid:
        return named, {}, "not_a_domain"
    return domain, {}, "own_server" if domain == own_domain else None


def _bookmark(cell: Cell, own_domain: str) -> Read:
    del own_domain
    uri = cell("#uri", 0) or cell("uri", 0)
    return uri, {}, None if uri.startswith(("https://", "http://")) else "not_an_address"


_READERS: Final[Mapping[CsvType, Callable[[Cell, str], Read]]] = {
    "following": _follow, "muting": _mute, "blocking": _block, "lists": _listed, "domain_blocking": _domain,
    "bookmarks": _bookmark,
}  # fmt: skip


def read_address(text: str, own_domain: str) -> str | None:
    """An account's address in canonical form: `name` for those who live here, `name@domain` for others."""
    name, _, host = text.strip().removeprefix("acct:").removeprefix("@").partition("@")
    if not name or not name.isascii() or not all(letter.isalnum() or letter in "_.-" for letter in name):
        return None
    if not host:
        return name.lower()
    try:
        domain = normalise_domain(host, allow_port=":" in own_domain)
    except Invalid:
        return None
    return name.lower() if domain == own_domain else f"{name.lower()}@{domain}"


def _account(text: str, own_domain: str) -> tuple[str, str | None]:
    address = read_address(text, own_domain)
    return (text, "not_an_address") if address is None else (address, None)


def _flag(text: str) -> bool | None:
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(text.lower())
