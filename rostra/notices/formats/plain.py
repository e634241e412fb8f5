"""Running text, as people write to each other: addresses and what is quoted beside them, one example each.

An address that is ours makes those of others in the same text footnotes (help pages, trackers): they are counted, and
left out. So are those in an earlier mail that is quoted below an answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from rostra.notices.formats.records import MAX_ITEMS, MAX_QUOTE, MAX_TEXT, MAX_URL, ParsedItem, Problem, lines, one_line

# Addresses are often made harmless before they are sent: hxxps://example[.]com.
_URL: Final = re.compile(r"h(?:tt|xx|XX)ps?(?:://|\[:\]//|\[://\])[^\s<>\"'`\\^|{}«»“”]{3,2100}", re.IGNORECASE)
_TRAILING: Final = ".,:;!?*_…"
_SAID: Final = re.compile(r"[\"“«„](?P<said>[^\"“”«»„\n]{8,5000})[\"”»“]")
_LABEL: Final = re.compile(
    r"\s*(?:quote|text|content|excerpt|post|message|citazione|testo|contenuto)\s*[:=]\s*(?P<said>\S.*)", re.I
)
_CLAUSE: Final = re.compile(
    r"\s*(?:clause|policy|section|violation|violates|reason|category|clausola|sezione|violazione|motivo|categoria)\s*[:=]\s*(?P<clause>\S.{0,200})",
    re.I,
)
_WROTE: Final = re.compile(
    r".{0,200}\b(?:wrote|ha scritto|writes)\s*:\s*|-{2,}\s*(?:original message|messaggio originale).*", re.I
)


class _Gathered:
    """What has been found so far."""

    def __init__(self) -> None:
        self.urls: list[str] = []
        self.quotes: list[str] = []
        self.clauses: list[str] = []
        self.clause = ""

    def add_url(self, url: str) -> None:
        self.urls.append(url)
        self.quotes.append("")
        self.clauses.append(self.clause)

    def add_quote(self, quote: str) -> None:
        """Belongs to the address before it, unless that has one already."""
        if self.urls and not self.quotes[-1]:
            self.quotes[-1] = quote
            return
        self.urls.append("")
        self.quotes.append(quote)
        self.clauses.append(self.clause)


def read_plain(text: str, own: Sequence[str] = ()) -> tuple[list[ParsedItem], list[str], list[Problem]]:
    """The examples, the names of clauses, and what was left out. `own` are our hosts, in lower case."""
    text = text[:MAX_TEXT]
    fresh, quoted = _gather(text)
    found = fresh if any(fresh.urls) or not any(quoted.urls) else quoted
    items = [
        ParsedItem(url=url, quote=quote, clause=clause)
        for url, quote, clause in zip(found.urls, found.quotes, found.clauses, strict=True)
    ]
    kept, problems = _only_own(_once(items), own)
    if len(kept) > MAX_ITEMS:
        problems.append(Problem("too_many_items", str(len(kept))))
    clauses = list(dict.fromkeys(each for each in (*fresh.clauses, fresh.clause) if each))
    return kept[:MAX_ITEMS], clauses, problems


def find_urls(text: str) -> list[str]:
    """All addresses of a text, each once, with what made them harmless taken back."""
    return list(dict.fromkeys(filter(None, (_clean(found[0]) for found in _URL.finditer(text[:MAX_TEXT])))))


def host_of(url: str) -> str:
    """The host of an address with its port, in lower case; empty where it has none."""
    try:
        parts = urlsplit(url)
        return (parts.hostname or "") + (f":{parts.port}" if parts.port else "")
    except ValueError:
        return ""


def _gather(text: str) -> tuple[_Gathered, _Gathered]:
    fresh, quoted = _Gathered(), _Gathered()
    is_earlier_mail = False
    pending: list[str] = []
    for line in text.split("\n"):
        if _WROTE.fullmatch(line.strip()[:400]):
            is_earlier_mail = True
        is_quoted = line.lstrip().startswith(">")
        into = quoted if is_earlier_mail else fresh
        if is_quoted and not is_earlier_mail:
            bare = line.lstrip().lstrip("> ").rstrip()
            for url in find_urls(bare):
                quoted.add_url(url)
            if bare and not _URL.search(bare):
                pending.append(bare)
            continue
        _end_quote(pending, fresh)
        _read_line(line.lstrip("> ") if is_earlier_mail else line, into)
    _end_quote(pending, fresh)
    return fresh, quoted


def _end_quote(pending: list[str], into: _Gathered) -> None:
    if pending:
        quote = "\n".join(pending)[:MAX_QUOTE]
        pending.clear()
        if len(quote) >= 8:
            into.add_quote(lines(quote))


def _read_line(line: str, into: _Gathered) -> None:
    if found := _CLAUSE.fullmatch(line[:300]):
        clause = one_line(found["clause"], 120)
        into.clause = clause
        if into.clauses and not into.clauses[-1]:
            into.clauses[-1] = clause
        return
    for url in find_urls(line):
        into.add_url(url)
    rest = _URL.sub(" ", line)
    if found := _SAID.search(rest) or _LABEL.fullmatch(rest[:MAX_QUOTE]):
        said = lines(found["said"].strip(' "“”«»'))
        if len(said) >= 8 and (any(into.urls) or len(said) >= 16):
            into.add_quote(said)


def _clean(url: str) -> str:
    url = re.sub(r"^h(?:tt|xx)p", "http", url, flags=re.IGNORECASE).replace("[:]", ":").replace("[://]", "://")
    url = url.replace("[.]", ".").replace("(.)", ".").replace("[dot]", ".")
    while url and (
        url[-1] in _TRAILING or (url[-1] in ")]" and url.count(url[-1]) > url.count("(["[")]".index(url[-1])]))
    ):
        url = url[:-1]
    url = one_line(url, MAX_URL + 1)
    return url if len(url) <= MAX_URL and host_of(url) else ""


def _once(items: Sequence[ParsedItem]) -> list[ParsedItem]:
    """Each address and each quotation once; the one with more to it stays."""
    kept: dict[str, ParsedItem] = {}
    for item in items:
        key = item.url or f"\n{item.quote}"
        before = kept.get(key)
        if before is None or (item.quote and not before.quote):
            kept[key] = item
    return list(kept.values())


def _only_own(items: list[ParsedItem], own: Sequence[str]) -> tuple[list[ParsedItem], list[Problem]]:
    ours = [item for item in items if not item.url or host_of(item.url) in own]
    if not any(item.url for item in ours):
        return items, []
    left_out = len(items) - len(ours)
    return ours, [Problem("other_addresses", str(left_out))] if left_out else []
