"""XARF, the JSON of abuse desks: version 4 (xarf/xarf-spec) and 3 (abusix), as far as it concerns what people posted.

Beside the standard's fields, `items` (each with url, quote, clause), `urls`, `clause` and `respond_within_hours` are
understood: the standard allows further fields, and has no type for violence or hatred.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, cast

import msgspec

from rostra.notices.formats.decode import fault_of_archive, from_base64, to_text, weigh
from rostra.notices.formats.plain import find_urls
from rostra.notices.formats.records import (
    MAX_EVIDENCE,
    MAX_EVIDENCE_BYTES,
    MAX_ITEMS,
    Evidence,
    Format,
    ParsedItem,
    ParsedNotice,
    Problem,
    Unusable,
    bounded_term,
    lines,
    one_line,
)
from rostra.notices.formats.term import find_moment, find_term, read_due

_URL_FIELDS: Final = (
    "url", "urls", "infringing_url", "infringing_urls", "content_url", "page_url", "source_url", "affected_urls",
    "source_identifier",
)  # fmt: skip
_URL_FIELDS_3: Final = ("SourceUrl", "SourceURL", "Url", "URL", "Source", "Urls")
_TEXT_FIELDS: Final = ("description", "detection_details", "additional_info", "comment", "message")

Tree = dict[str, Any]


def read_xarf(body: bytes) -> ParsedNotice:
    """A report of either version. Raises Unusable for what is no JSON, no report, or names nothing."""
    try:
        tree = msgspec.json.decode(body)
    except RecursionError:
        raise Unusable("too_deep") from None
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise Unusable("bad_json", str(error)) from None
    if not isinstance(tree, dict):
        raise Unusable("bad_json", "an object is needed")
    report = cast("Tree", tree)
    if "xarf_version" in report or "report_id" in report or "reporter" in report:
        return _version_4(report)
    if "Report" in report or "ReporterInfo" in report:
        return _version_3(report)
    raise Unusable("missing_field", "xarf_version")


def _version_4(report: Tree) -> ParsedNotice:
    reporter = _tree(report.get("reporter"))
    problems = [
        Problem("missing_field", name) for name in ("report_id", "category", "type") if not one_line(report.get(name))
    ]
    evidence, quotes, faults = _evidence(report.get("evidence"), "payload", "content_type")
    problems += faults
    clause = one_line(report.get("clause") or report.get("policy_clause"), 120) or _kind(report, "category", "type")
    text = "\n".join(filter(None, (lines(report.get(name)) for name in _TEXT_FIELDS)))
    items = _items(report, _URL_FIELDS, clause)
    term, due_at = _due(report, text)
    return _notice(
        "xarf4", items, quotes, evidence, problems, clause,
        report_id=one_line(report.get("report_id"), 200),
        reporter=one_line(reporter.get("org"), 200),
        domain=one_line(reporter.get("domain"), 200).lower(),
        sender=one_line(reporter.get("contact") or _tree(report.get("sender")).get("contact"), 254),
        text=text, term=term, due_at=due_at,
    )  # fmt: skip


def _version_3(report: Tree) -> ParsedNotice:
    reporter = _tree(report.get("ReporterInfo"))
    given = report.get("Report")
    bodies = [_tree(each) for each in cast("list[Any]", given)] if isinstance(given, list) else [_tree(given)]
    items: list[ParsedItem] = []
    evidence: list[Evidence] = []
    quotes: list[str] = []
    problems: list[Problem] = []
    first = bodies[0] if bodies else {}
    clause = one_line(first.get("Clause"), 120) or _kind(first, "ReportClass", "ReportType")
    for body in bodies[:MAX_ITEMS]:
        own = one_line(body.get("Clause"), 120) or _kind(body, "ReportClass", "ReportType")
        items += _items(body, _URL_FIELDS_3, own)
        found, said, faults = _evidence(body.get("Samples"), "Payload", "ContentType")
        evidence, quotes, problems = evidence + found, quotes + said, problems + faults
    text = lines(first.get("AdditionalInformation") or first.get("Description"))
    term, due_at = _due(first, text)
    return _notice(
        "xarf3", items, quotes, evidence[:MAX_EVIDENCE], problems, clause,
        report_id=one_line(first.get("ReportID") or report.get("ReportID"), 200),
        reporter=one_line(reporter.get("ReporterOrg"), 200),
        domain=one_line(reporter.get("ReporterOrgDomain"), 200).lower(),
        sender=one_line(reporter.get("ReporterContactEmail") or reporter.get("ReporterOrgEmail"), 254),
        text=text, term=term, due_at=due_at,
    )  # fmt: skip


def _notice(
    kind: Format,
    items: list[ParsedItem],
    quotes: list[str],
    evidence: list[Evidence],
    problems: list[Problem],
    clause: str,
    **more: Any,
) -> ParsedNotice:
    if quotes and len(items) == 1 and not items[0].quote:
        items = [msgspec.structs.replace(items[0], quote=quotes[0])]
    elif not items:
        items = [ParsedItem(quote=quote, clause=clause) for quote in quotes]
    if not items:
        raise Unusable("no_items")
    if len(items) > MAX_ITEMS:
        problems = [*problems, Problem("too_many_items", str(len(items)))]
    clauses = tuple(dict.fromkeys(each for each in (clause, *(item.clause for item in items)) if each))
    return ParsedNotice(
        format=kind, items=tuple(items[:MAX_ITEMS]), evidence=tuple(evidence), problems=tuple(problems[:50]),
        clauses=clauses[:20], **more,
    )  # fmt: skip


def _items(report: Tree, fields: tuple[str, ...], clause: str) -> list[ParsedItem]:
    given = report.get("items")
    listed = [_tree(each) for each in cast("list[Any]", given)[: 2 * MAX_ITEMS]] if isinstance(given, list) else []
    items: dict[str, ParsedItem] = {}
    for each in listed:
        urls = find_urls(str(each.get("url", "")))
        quote = lines(each.get("quote"))
        if urls or quote:
            items[urls[0] if urls else quote] = ParsedItem(
                url=urls[0] if urls else "", quote=quote, clause=one_line(each.get("clause"), 120) or clause,
                note=one_line(each.get("note")),
            )  # fmt: skip
    for url in _urls(report, fields):
        items.setdefault(url, ParsedItem(url=url, clause=clause))
    return list(items.values())


def _urls(report: Tree, fields: tuple[str, ...]) -> Iterator[str]:
    for name in fields:
        value = report.get(name)
        values = cast("list[Any]", value)[: 2 * MAX_ITEMS] if isinstance(value, list) else [value]
        for each in values:
            if isinstance(each, str):
                yield from find_urls(each)


def _evidence(given: object, payload: str, kind: str) -> tuple[list[Evidence], list[str], list[Problem]]:
    """Evidence by hash, short texts among it as quotations, and what is wrong with the rest."""
    listed = cast("list[Any]", given) if isinstance(given, list) else []
    found: list[Evidence] = []
    quotes: list[str] = []
    problems: list[Problem] = []
    if len(listed) > MAX_EVIDENCE:
        problems.append(Problem("too_many_parts", str(len(listed))))
    for number, each in enumerate(map(_tree, listed[:MAX_EVIDENCE]), 1):
        body = _payload(each, payload)
        if body is None or len(body) > MAX_EVIDENCE_BYTES:
            problems.append(
                Problem(
                    "evidence_too_large"
                    if body or len(str(each.get(payload, ""))) > MAX_EVIDENCE_BYTES
                    else "bad_base64",
                    str(number),
                )
            )
            continue
        type_ = one_line(each.get(kind), 100)
        found.append(
            weigh(body, content_type=type_, name=one_line(each.get("description") or each.get("Description"), 200))
        )
        claimed = one_line(each.get("hash"), 100).lower().removeprefix("sha256:")
        if claimed and len(claimed) == 64 and claimed != hashlib.sha256(body).hexdigest():
            problems.append(Problem("evidence_wrong_hash", str(number)))
        if fault := fault_of_archive(type_, body):
            problems.append(Problem(fault, str(number)))
        elif type_.lower().startswith("text/plain") and 8 <= len(body) <= 20_000:
            quotes.append(lines(to_text(body)[0]))
    return found, [quote for quote in quotes if len(quote) >= 8], problems


def _payload(each: Mapping[str, Any], name: str) -> bytes | None:
    value = each.get(name)
    if not isinstance(value, str):
        return None
    if each.get("Base64Encoded") in (False, "false"):
        return value.encode("utf-8", "replace")
    return from_base64(value)


def _due(report: Tree, text: str) -> tuple[timedelta | None, datetime | None]:
    hours = report.get("respond_within_hours")
    if isinstance(hours, int | float) and not isinstance(hours, bool) and 0 < hours < 10_000:
        return bounded_term(timedelta(hours=float(hours))), None
    named = one_line(report.get("respond_by") or report.get("deadline"), 60)
    if named:
        return read_due(named)
    return find_term(text), find_moment(text)


def _kind(report: Tree, *names: str) -> str:
    return "/".join(filter(None, (one_line(report.get(name), 60) for name in names)))


def _tree(value: object) -> Tree:
    return cast("Tree", value) if isinstance(value, dict) else {}
