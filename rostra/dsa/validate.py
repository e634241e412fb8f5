"""Holds a statement to the transparency database's schema, rule by rule, before anything leaves the server.

Stricter than the database in one respect: it silently drops fields that it does not know or that do not fit the others;
here they are problems, since something was meant by them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final, cast

import msgspec

from rostra.dsa import schema
from rostra.dsa.decided import PUID
from rostra.dsa.wording import is_blank, is_web_address

_ILLEGAL: Final = "DECISION_GROUND_ILLEGAL_CONTENT"
_INCOMPATIBLE: Final = "DECISION_GROUND_INCOMPATIBLE_CONTENT"
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_EAN: Final = re.compile(r"[0-9]{13}\Z")
_FIELDS: Final = frozenset(
    {*schema.ONE_OF, *schema.SEVERAL_OF, *schema.TEXTS, *schema.DATES, "content_id", "content_id_ean"}
)
# Where the list field holds the value, the text must be there, and only there.
_OTHERS: Final = (
    ("decision_visibility", "DECISION_VISIBILITY_OTHER", "decision_visibility_other"),
    ("decision_monetary", "DECISION_MONETARY_OTHER", "decision_monetary_other"),
    ("content_type", "CONTENT_TYPE_OTHER", "content_type_other"),
)
_OF_GROUND: Final = {
    _ILLEGAL: ("illegal_content_legal_ground", "illegal_content_explanation"),
    _INCOMPATIBLE: ("incompatible_content_ground", "incompatible_content_explanation"),
}
_ENDS: Final = {
    "end_date_visibility_restriction": "decision_visibility",
    "end_date_monetary_restriction": "decision_monetary",
    "end_date_service_restriction": "decision_provision",
    "end_date_account_restriction": "decision_account",
}


class Problem(msgspec.Struct, frozen=True, order=True):
    """What is wrong with which field."""

    field: str
    what: str

    def __str__(self) -> str:
        return f"{self.field}: {self.what}"


_Body = Mapping[str, object]


def validate(body: _Body) -> list[Problem]:
    """All that the database would refuse or drop, by field; empty where it takes the statement as it is."""
    checks: tuple[Callable[[_Body], list[Problem]], ...] = (
        _check_fields, _check_required, _check_values, _check_texts, _check_dates, _check_restrictions, _check_others,
        _check_ground, _check_source, _check_product,
    )  # fmt: skip
    return sorted({problem for check in checks for problem in check(body)})


def _is_empty(value: object) -> bool:
    """As the database sees it: texts are trimmed, and empty ones become null."""
    return is_blank(value) if isinstance(value, str) else value is None or value in ([], {})


def _check_fields(body: _Body) -> list[Problem]:
    return [Problem(name, "is no field of the database") for name in body if name not in _FIELDS]


def _check_required(body: _Body) -> list[Problem]:
    return [Problem(name, "is missing") for name in schema.REQUIRED if _is_empty(body.get(name))]


def _check_values(body: _Body) -> list[Problem]:
    found: list[Problem] = []
    for name, allowed in schema.ONE_OF.items():
        value = body.get(name)
        if not _is_empty(value) and value not in allowed:
            found.append(Problem(name, "is none of the values that the database knows"))
    for name, allowed in schema.SEVERAL_OF.items():
        value = body.get(name)
        if value is None and (name not in body or name != "category_addition"):
            continue
        if not isinstance(value, list):
            found.append(Problem(name, "must be a list"))
        elif any(one not in allowed for one in cast("list[object]", value)):
            found.append(Problem(name, "has a value that the database does not know"))
    return found


def _check_texts(body: _Body) -> list[Problem]:
    found: list[Problem] = []
    for name, most in schema.TEXTS.items():
        value = body.get(name)
        if value is None:
            continue
        if not isinstance(value, str):
            found.append(Problem(name, "must be a text"))
        elif len(value) > most:
            found.append(Problem(name, f"has more than {most} characters"))
        elif any(char == "\0" or "\ud800" <= char <= "\udfff" for char in value):
            found.append(Problem(name, "has characters that cannot be stored"))
    puid, url = body.get("puid"), body.get("decision_ground_reference_url")
    if isinstance(puid, str) and puid and not PUID.match(puid):
        found.append(Problem("puid", "has characters other than letters, digits, hyphens and underscores"))
    if isinstance(url, str) and not _is_empty(url) and not is_web_address(url):
        found.append(Problem("decision_ground_reference_url", "is no address of a page"))
    return found


def _check_dates(body: _Body) -> list[Problem]:
    found: list[Problem] = []
    for name, first in schema.DATES.items():
        if _is_empty(body.get(name)):
            continue
        day = _read_day(body[name])
        if day is None:
            found.append(Problem(name, "is no day written as YYYY-MM-DD"))
        elif first is not None and day < first:
            found.append(Problem(name, f"is before {first}"))
        elif day > schema.LAST_DATE:
            found.append(Problem(name, f"is after {schema.LAST_DATE}"))
    begin = _read_day(body.get("application_date"))
    for name, restriction in _ENDS.items():
        end = _read_day(body.get(name))
        if end is not None and _is_empty(body.get(restriction)):
            found.append(Problem(name, f"ends a restriction that is not there: {restriction}"))
        if end is not None and begin is not None and end < begin:
            found.append(Problem(name, "is before the restriction begins"))
    return found


def _read_day(value: object) -> date | None:
    if not isinstance(value, str) or not _DAY.match(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _check_restrictions(body: _Body) -> list[Problem]:
    if all(_is_empty(body.get(name)) for name in schema.RESTRICTIONS):
        return [Problem("decision_visibility", f"is missing, and so are {', '.join(schema.RESTRICTIONS[1:])}")]
    return []


def _check_others(body: _Body) -> list[Problem]:
    found: list[Problem] = []
    for field, value, text in _OTHERS:
        chosen = body.get(field)
        meant = value in cast("list[object]", chosen) if isinstance(chosen, list) else chosen == value
        if meant and _is_empty(body.get(text)):
            found.append(Problem(text, f"is missing: {field} says {value}"))
        if not meant and not _is_empty(body.get(text)):
            found.append(Problem(text, f"would be dropped: {field} does not say {value}"))
    return found


def _check_ground(body: _Body) -> list[Problem]:
    ground = body.get("decision_ground")
    found: list[Problem] = []
    for which, fields in _OF_GROUND.items():
        for name in fields:
            empty = _is_empty(body.get(name))
            if which == ground and empty:
                found.append(Problem(name, f"is missing: decision_ground says {which}"))
            if which != ground and not empty:
                found.append(Problem(name, f"would be dropped: decision_ground does not say {which}"))
    if ground != _INCOMPATIBLE and not _is_empty(body.get("incompatible_content_illegal")):
        found.append(Problem("incompatible_content_illegal", f"would be dropped: not {_INCOMPATIBLE}"))
    return found


def _check_source(body: _Body) -> list[Problem]:
    if body.get("source_type") == "SOURCE_VOLUNTARY" and not _is_empty(body.get("source_identity")):
        return [Problem("source_identity", "would be dropped: source_type says SOURCE_VOLUNTARY")]
    return []


def _check_product(body: _Body) -> list[Problem]:
    content_id, ean = body.get("content_id"), body.get("content_id_ean")
    if content_id is not None:
        if not isinstance(content_id, dict):
            return [Problem("content_id", "must hold EAN-13")]
        held = cast("dict[str, object]", content_id)
        if set(held) - {"EAN-13"}:
            return [Problem("content_id", "may hold EAN-13 and nothing else")]
        ean = held.get("EAN-13", ean)
    if not _is_empty(ean) and not (isinstance(ean, str) and _EAN.match(ean)):
        return [Problem("content_id", "an EAN-13 has thirteen digits")]
    return []
