"""Notices that come as mail: XARF attached, ARF (RFC 5965), tables attached, or people's own words with addresses.

An attachment that says it better than the words around it wins. Nothing is unpacked; what cannot be read is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from rostra.notices.formats.csvtable import read_csv
from rostra.notices.formats.decode import fault_of_archive, to_text, weigh
from rostra.notices.formats.html import to_plain
from rostra.notices.formats.mime import Mail, Part, take_apart
from rostra.notices.formats.plain import find_urls, read_plain
from rostra.notices.formats.records import (
    MAX_EVIDENCE,
    MAX_EVIDENCE_BYTES,
    MAX_ITEMS,
    MAX_QUOTE,
    Evidence,
    ParsedItem,
    ParsedNotice,
    Problem,
    Unusable,
    lines,
    one_line,
)
from rostra.notices.formats.term import find_moment, find_term
from rostra.notices.formats.xarf import read_xarf

_FIELD: Final = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9-]{1,60}):[ \t]*(?P<value>.*)")
_ENCRYPTED: Final = ("application/pkcs7-mime", "application/x-pkcs7-mime", "multipart/encrypted")
_SHOWN: Final = 20_000


def read_mail(raw: bytes, own: Sequence[str] = ()) -> ParsedNotice:
    """A mail as a notice. Raises Unusable for what is none (bounces, holiday notices) or cannot be read."""
    mail = take_apart(raw)
    _check_wanted(mail)
    text, faults = _text(mail)
    problems = faults
    found = _attached(mail, problems)
    if found is None and mail.report_type == "feedback-report":
        found = _read_arf(mail, text)
    if found is None:
        found = _read_words(mail, text, own)
    evidence = (*found.evidence, *_evidence(mail, problems))
    return msgspec.structs.replace(
        found,
        report_id=found.report_id or mail.message_id,
        sender=mail.sender,
        subject=mail.subject,
        text=found.text or lines(text, _SHOWN),
        term=found.term or find_term(f"{mail.subject}\n{text}"),
        due_at=found.due_at or find_moment(f"{mail.subject}\n{text}"),
        evidence=evidence[:MAX_EVIDENCE],
        problems=(*found.problems, *problems)[:50],
    )


def _check_wanted(mail: Mail) -> None:
    if mail.report_type in ("delivery-status", "disposition-notification"):
        raise Unusable("delivery_report")
    if mail.first("auto-submitted").lower().startswith("auto-replied") or mail.first("x-autoreply"):
        raise Unusable("auto_reply")
    if mail.content_type in _ENCRYPTED:
        raise Unusable("encrypted")


def _text(mail: Mail) -> tuple[str, list[Problem]]:
    """What people wrote: the plain text, or what the HTML shows where there is none."""
    problems: list[Problem] = []
    for kind in ("text/plain", "text/html"):
        found: list[str] = []
        for part in _own(mail, kind):
            if part.name:
                continue
            text, believed = to_text(part.body[: 2 << 20], part.charset)
            if not believed:
                problems.append(Problem("bad_charset", one_line(part.charset, 40)))
            found.append(to_plain(text) if kind == "text/html" else text)
        if any(text.strip() for text in found):
            return "\n".join(found).replace("\r\n", "\n").replace("\r", "\n"), problems
    return "", problems


def _own(mail: Mail, kind: str) -> Iterator[Part]:
    return (part for part in mail.parts if part.content_type == kind and not part.forwarded)


def _attached(mail: Mail, problems: list[Problem]) -> ParsedNotice | None:
    """A report in a file: XARF first, then a table. What turns out to be neither is a problem, not the end."""
    for part in mail.parts:
        is_json = part.content_type in (
            "application/json",
            "application/xarf",
            "text/json",
        ) or part.content_type.endswith("+json")
        if is_json or part.name.lower().endswith(".json"):
            try:
                return read_xarf(part.body)
            except Unusable as error:
                problems.append(error.problem)
    for part in mail.parts:
        if part.content_type == "text/csv" or part.name.lower().endswith((".csv", ".tsv")):
            try:
                return read_csv(to_text(part.body, part.charset)[0])
            except Unusable as error:
                problems.append(error.problem)
    return None


def _read_arf(mail: Mail, text: str) -> ParsedNotice:
    """The machine-readable part has what is reported; the original message is looked at where it names nothing."""
    fields = _fields(next((part.body for part in mail.parts if part.content_type == "message/feedback-report"), b""))
    clause = one_line(fields.get("policy", fields.get("feedback-type", [""]))[0], 120)
    urls = [url for value in fields.get("reported-uri", []) for url in find_urls(value)]
    original = [part for part in mail.parts if part.forwarded or part.content_type == "text/rfc822-headers"]
    words = "\n".join(
        to_text(part.body[: 1 << 20], part.charset)[0] for part in original if part.content_type.startswith("text/")
    )
    if not urls:
        urls = find_urls(f"{text}\n{words}")
    if not urls:
        raise Unusable("no_items")
    quote = lines(words, MAX_QUOTE) if len(urls) == 1 else ""
    items = [ParsedItem(url=url, clause=clause, quote=quote) for url in dict.fromkeys(urls)]
    many = (Problem("too_many_items", str(len(items))),) if len(items) > MAX_ITEMS else ()
    return ParsedNotice(
        format="arf",
        reporter=one_line(fields.get("user-agent", [""])[0], 200),
        domain=one_line(fields.get("reported-domain", [""])[0], 200).lower(),
        clauses=(clause,) if clause else (),
        items=tuple(items[:MAX_ITEMS]),
        problems=many,
    )


def _fields(body: bytes) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    last = ""
    for line in to_text(body[: 1 << 18])[0].splitlines()[:2000]:
        if line[:1] in " \t" and last:
            fields[last][-1] += " " + line.strip()
        elif found := _FIELD.fullmatch(line):
            last = found["name"].lower()
            fields.setdefault(last, []).append(found["value"].strip())
    return fields


def _read_words(mail: Mail, text: str, own: Sequence[str]) -> ParsedNotice:
    items, clauses, problems = read_plain(text, own)
    if not items:
        # A mail that was passed on has its addresses in the mail that it carries.
        carried = "\n".join(
            to_text(part.body[: 1 << 20], part.charset)[0]
            for part in mail.parts
            if part.forwarded and part.content_type == "text/plain"
        )
        items, clauses, problems = read_plain(carried, own)
        text = carried or text
    if not items:
        raise Unusable("no_items")
    return ParsedNotice(
        format="mail", text=lines(text, _SHOWN), clauses=tuple(clauses), items=tuple(items), problems=tuple(problems)
    )


def _evidence(mail: Mail, problems: list[Problem]) -> Iterator[Evidence]:
    """Files that came along, by their hash."""
    for part in mail.parts:
        named = part.name or not part.content_type.startswith(("text/", "message/"))
        if not named or not part.body:
            continue
        if len(part.body) > MAX_EVIDENCE_BYTES:
            problems.append(Problem("evidence_too_large", part.name))
            continue
        if fault := fault_of_archive(part.content_type, part.body):
            problems.append(Problem(fault, part.name))
        yield weigh(part.body, content_type=part.content_type, name=part.name)
