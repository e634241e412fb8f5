"""From a decision to the statement of reasons that the transparency database takes: one pure function.

The desk says what was decided (`Decided`), this says it in the database's fields; nobody types a statement. What each
action is called there, and why, is written beside the mapping.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Final

from rostra.dsa import schema
from rostra.dsa.decided import Automation, Body, Decided, Done, Ground, Kind, Origin
from rostra.dsa.facts import facts_of
from rostra.dsa.wording import clip, english, is_web_address, title_of

# A cover is no age check: everybody may look behind it, so that AGE_RESTRICTED would claim too much, and LABELLED alone
# too little. `remove` hides a post from all but its author. `limit` keeps it out of what people did not ask for.
_VISIBILITY: Final[dict[Kind, tuple[str, ...]]] = {
    "label": ("DECISION_VISIBILITY_CONTENT_LABELLED",),
    "sensitive": ("DECISION_VISIBILITY_CONTENT_LABELLED", "DECISION_VISIBILITY_OTHER"),
    "interaction-off": ("DECISION_VISIBILITY_CONTENT_INTERACTION_RESTRICTED",),
    "limit": ("DECISION_VISIBILITY_CONTENT_DEMOTED",),
    "remove": ("DECISION_VISIBILITY_CONTENT_REMOVED",),
}
_COVERED: Final = "Covered until the reader chooses to see it; no check of age"
_SOURCES: Final[dict[Origin, str]] = {
    "own": "SOURCE_VOLUNTARY",
    # A report in the application lacks what Article 16 asks of a notice. An order of an authority that is none of
    # Article 9 goes here as well, as the database explains.
    "report": "SOURCE_TYPE_OTHER_NOTIFICATION",
    "legal": "SOURCE_ARTICLE_16",
    "trusted": "SOURCE_TRUSTED_FLAGGER",
    "host": "SOURCE_TYPE_OTHER_NOTIFICATION",
    "order": "SOURCE_TYPE_OTHER_NOTIFICATION",
}
_AUTOMATION: Final[dict[Automation, str]] = {
    "fully": "AUTOMATED_DECISION_FULLY",
    "partially": "AUTOMATED_DECISION_PARTIALLY",
    "not": "AUTOMATED_DECISION_NOT_AUTOMATED",
}


def make_statement(decided: Decided, *, ground_url: str = "") -> Body | None:
    """The statement, valid by `validate`; None where nothing restricts. `ground_url`: page of the clause.

    Articles 17(3) and 24(5) of Regulation (EU) 2022/2065; fields of the database's API, version of July 2025.
    """
    if not decided.restricts:
        return None
    return {
        "puid": decided.puid,
        **_restrictions(decided),
        **_ground(decided, ground_url),
        **_category(decided.clause),
        **_content(decided),
        "territorial_scope": _territory(decided.territory),
        "application_date": _day(utc_day(decided.decided_at), schema.FIRST_APPLICATION_DATE),
        "decision_facts": facts_of(decided),
        "source_type": _SOURCES[decided.origin],
        "automated_detection": "Yes" if decided.automated_detection else "No",
        "automated_decision": _AUTOMATION[decided.automated_decision],
    }


def _restrictions(decided: Decided) -> Body:
    seen = [action for action in decided.actions if action.kind in _VISIBILITY]
    frozen = [action for action in decided.actions if action.kind == "freeze"]
    suspended = [action for action in decided.actions if action.kind == "suspend"]
    body: Body = {}
    if seen:
        names = {name for action in seen for name in _VISIBILITY[action.kind]}
        body["decision_visibility"] = sorted(names)
        if "DECISION_VISIBILITY_OTHER" in names:
            body["decision_visibility_other"] = _COVERED
        _until(body, "end_date_visibility_restriction", seen, decided)
    if frozen:
        # Signing in, reading, exporting and appealing remain.
        body["decision_provision"] = "DECISION_PROVISION_PARTIAL_SUSPENSION"
        _until(body, "end_date_service_restriction", frozen, decided)
    if suspended:
        for_good = any(action.ends_at is None for action in suspended)
        body["decision_account"] = "DECISION_ACCOUNT_TERMINATED" if for_good else "DECISION_ACCOUNT_SUSPENDED"
        _until(body, "end_date_account_restriction", suspended, decided)
    return body


def _until(body: Body, field: str, actions: Iterable[Done], decided: Decided) -> None:
    """The longest counts; left out where one of them is for good."""
    ends = [action.ends_at for action in actions]
    known = [end for end in ends if end is not None]
    if len(known) == len(ends):
        last = max(utc_day(end) for end in known)
        body[field] = _day(max(last, utc_day(decided.decided_at)), schema.FIRST_APPLICATION_DATE)


def _ground(decided: Decided, url: str) -> Body:
    clause = decided.clause
    title, text = title_of(clause), english(clause.text)
    words = clip(text or title, schema.EXPLANATION)
    body: Body
    if clause.ground == "law":
        legal = clip(clause.law, schema.SHORT) or clip(title, schema.SHORT)
        body = {
            "decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT",
            "illegal_content_legal_ground": legal,
            "illegal_content_explanation": words,
        }
    else:
        name = f"{title} ({clause.id})" if clause.id and title != clause.id else title
        body = {
            "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
            "incompatible_content_ground": clip(name, schema.SHORT),
            "incompatible_content_explanation": words,
        }
        if decided.also_illegal is not None:
            body["incompatible_content_illegal"] = "Yes" if decided.also_illegal else "No"
    if is_web_address(url):
        body["decision_ground_reference_url"] = url
    return body


def _category(clause: Ground) -> Body:
    """What the clause names; what the database does not know becomes its "other", with the clause's title."""
    otherwise = "ILLEGAL_OR_HARMFUL_SPEECH" if clause.ground == "law" else "OTHER_VIOLATION_TC"
    known = clause.category in schema.CATEGORIES
    keywords = {word if word in schema.KEYWORDS else "KEYWORD_OTHER" for word in clause.keywords}
    body: Body = {"category": clause.category if known else f"STATEMENT_CATEGORY_{otherwise}"}
    if keywords:
        body["category_specification"] = sorted(keywords)
    if "KEYWORD_OTHER" in keywords:
        body["category_specification_other"] = clip(title_of(clause), schema.SHORT)
    return body


def _content(decided: Decided) -> Body:
    kinds = {f"CONTENT_TYPE_{kind.upper()}" for kind in decided.content_kinds}
    body: Body = {"content_date": _day(decided.content_date, schema.FIRST_CONTENT_DATE)}
    if decided.subject_kind == "account":
        kinds.add("CONTENT_TYPE_OTHER")
        body["content_type_other"] = "Account"
    body["content_type"] = sorted(kinds or {"CONTENT_TYPE_TEXT"})
    language = (decided.language or "").replace("_", "-").partition("-")[0].upper()
    if language in schema.LANGUAGES:
        body["content_language"] = language
    if decided.account_type is not None:
        body["account_type"] = f"ACCOUNT_TYPE_{decided.account_type.upper()}"
    return body


def _territory(countries: tuple[str, ...]) -> list[str]:
    """Those that the database knows; all of them where none is left."""
    known = sorted({country.upper() for country in countries} & set(schema.COUNTRIES))
    return known or list(schema.COUNTRIES)


def _day(day: date, first: date) -> str:
    """As the database takes it: nothing before the first day that it knows, nor after its last."""
    return min(max(day, first), schema.LAST_DATE).isoformat()


def utc_day(moment: datetime) -> date:
    """The day in UTC; of the first and last hours of the calendar, the day that they name."""
    try:
        return moment.astimezone(UTC).date()
    except OverflowError:
        return moment.date()
