"""Each rule of the database's schema, broken alone, is found, and nothing else is."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from rostra.dsa import schema
from rostra.dsa.validate import Problem, validate

GOOD: dict[str, Any] = {
    "decision_visibility": ["DECISION_VISIBILITY_CONTENT_DISABLED"],
    "decision_monetary": "DECISION_MONETARY_TERMINATION",
    "end_date_monetary_restriction": "2026-08-08",
    "decision_provision": "DECISION_PROVISION_TOTAL_SUSPENSION",
    "decision_account": "DECISION_ACCOUNT_SUSPENDED",
    "account_type": "ACCOUNT_TYPE_BUSINESS",
    "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
    "decision_ground_reference_url": "https://www.anurl.example",
    "content_type": ["CONTENT_TYPE_VIDEO", "CONTENT_TYPE_AUDIO", "CONTENT_TYPE_SYNTHETIC_MEDIA"],
    "category": "STATEMENT_CATEGORY_CYBER_VIOLENCE_AGAINST_WOMEN",
    "category_addition": ["STATEMENT_CATEGORY_VIOLENCE"],
    "category_specification": ["KEYWORD_OTHER"],
    "incompatible_content_ground": "grounds",
    "incompatible_content_explanation": "explanation",
    "incompatible_content_illegal": "Yes",
    "territorial_scope": ["PT", "ES", "DE"],
    "content_language": "EN",
    "content_date": "2026-08-07",
    "content_id": {"EAN-13": "0123456789123"},
    "application_date": "2026-08-08",
    "decision_facts": "facts about the decision",
    "source_type": "SOURCE_TRUSTED_FLAGGER",
    "source_identity": "an office",
    "automated_detection": "No",
    "automated_decision": "AUTOMATED_DECISION_PARTIALLY",
    "puid": "TK421",
}
ILLEGAL = {
    "decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT",
    "illegal_content_legal_ground": "a law",
    "illegal_content_explanation": "why",
    "incompatible_content_ground": None,
    "incompatible_content_explanation": None,
    "incompatible_content_illegal": None,
}


def wrong(**changes: Any) -> list[str]:
    """The fields with problems, once each."""
    return sorted({problem.field for problem in validate({**GOOD, **changes})})


def test_a_full_statement_is_valid():
    assert validate(GOOD) == []
    assert wrong(**ILLEGAL) == []


@pytest.mark.parametrize("field", schema.REQUIRED)
@pytest.mark.parametrize("empty", [None, "", "  \u200b", "absent"])
def test_what_is_required_must_be_there_and_not_blank(field: str, empty: str | None):
    body = {name: value for name, value in GOOD.items() if name != field or empty != "absent"}
    if empty != "absent":
        body[field] = empty

    problems = validate(body)
    assert Problem(field, "is missing") in problems


@pytest.mark.parametrize("field", schema.ONE_OF)
def test_a_value_must_be_one_that_the_database_knows(field: str):
    assert field in wrong(**{field: "SOMETHING_ELSE"})
    assert field in wrong(**{field: ["No"]})
    assert field in wrong(**{field: schema.ONE_OF[field][0].swapcase()})


@pytest.mark.parametrize("field", schema.ONE_OF)
def test_every_value_of_the_database_is_taken(field: str):
    for value in schema.ONE_OF[field]:
        assert field not in wrong(**{field: value}), value


@pytest.mark.parametrize("field", schema.SEVERAL_OF)
def test_a_list_must_be_one_and_hold_known_values(field: str):
    known = schema.SEVERAL_OF[field]

    assert field in wrong(**{field: known[0]})
    assert field in wrong(**{field: [known[0], "SOMETHING_ELSE"]})
    assert field in wrong(**{field: [17]})
    assert field not in wrong(**{field: list(known)})


@pytest.mark.parametrize(
    "old",
    [
        "STATEMENT_CATEGORY_PORNOGRAPHY_OR_SEXUALIZED_CONTENT",
        "STATEMENT_CATEGORY_NON_CONSENSUAL_BEHAVIOUR",
        "STATEMENT_CATEGORY_SCOPE_OF_PLATFORM_SERVICE",
        "STATEMENT_CATEGORY_NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE",
    ],
)
def test_categories_from_before_july_2025_are_refused(old: str):
    assert wrong(category=old) == ["category"]


def test_there_are_sixteen_categories_sixty_nine_keywords_and_thirty_countries():
    assert (len(schema.CATEGORIES), len(schema.KEYWORDS), len(schema.COUNTRIES)) == (16, 69, 30)


def test_an_absent_list_is_fine_but_the_database_takes_no_null_for_additional_categories():
    assert wrong(category_addition=None) == ["category_addition"]
    assert wrong(category_specification=None, territorial_scope=None) == []


@pytest.mark.parametrize("field", schema.TEXTS)
def test_a_text_has_its_limit(field: str):
    most = schema.TEXTS[field]
    others = ILLEGAL if field.startswith("illegal") else {}
    if field == "content_type_other":
        others = {"content_type": ["CONTENT_TYPE_OTHER"]}
    if field == "decision_visibility_other":
        others = {"decision_visibility": ["DECISION_VISIBILITY_OTHER"]}
    if field == "decision_monetary_other":
        others = {"decision_monetary": "DECISION_MONETARY_OTHER"}
    fits = "https://a.example/".ljust(most, "x") if field.endswith("url") else "x" * most

    assert wrong(**{**others, field: fits}) == []
    assert wrong(**{**others, field: fits + "x"}) == [field]
    assert field in wrong(**{**others, field: 17})


def test_what_cannot_be_stored_is_refused():
    assert wrong(decision_facts="a\0b") == ["decision_facts"]
    assert wrong(decision_facts="a\ud800") == ["decision_facts"]


@pytest.mark.parametrize("field", schema.DATES)
@pytest.mark.parametrize(
    "day", ["2026-02-30", "2026-8-08", "08.08.2026", "2026-08-08T00:00:00", "２０２６-08-08", 20260808]
)
def test_a_day_is_written_as_year_month_and_day(field: str, day: object):
    assert field in wrong(**{field: day})


@pytest.mark.parametrize(
    ("field", "first"), [("content_date", date(2000, 1, 1)), ("application_date", date(2020, 1, 1))]
)
def test_days_begin_and_end_where_the_database_says(field: str, first: date):
    no_end = {"end_date_monetary_restriction": None}

    assert wrong(**{field: first.isoformat()}) == []
    assert wrong(**{field: first.replace(year=first.year - 1).isoformat()}) == [field]
    assert wrong(**{field: "2038-01-01"}, **no_end) == []
    assert wrong(**{field: "2038-01-02"}, **no_end) == [field]


@pytest.mark.parametrize("kind", ["visibility", "monetary", "service", "account"])
def test_an_end_is_not_after_2038_nor_before_the_beginning(kind: str):
    field = f"end_date_{kind}_restriction"

    assert wrong(**{field: "2038-01-01"}) == []
    assert wrong(**{field: "2038-01-02"}) == [field]
    assert wrong(**{field: "2026-08-07"}) == [field]


@pytest.mark.parametrize(
    ("end", "restriction"),
    [
        ("end_date_visibility_restriction", "decision_visibility"),
        ("end_date_monetary_restriction", "decision_monetary"),
        ("end_date_service_restriction", "decision_provision"),
        ("end_date_account_restriction", "decision_account"),
    ],
)
def test_an_end_needs_the_restriction_that_it_ends(end: str, restriction: str):
    assert end in wrong(**{end: "2026-09-01", restriction: None})


def test_one_of_four_restrictions_is_enough_and_none_is_too_few():
    none: dict[str, Any] = {**dict.fromkeys(schema.RESTRICTIONS), "end_date_monetary_restriction": None}

    assert wrong(**none) == ["decision_visibility"]
    assert wrong(**{**none, "decision_visibility": []}) == ["decision_visibility"]
    for name in schema.RESTRICTIONS:
        assert wrong(**{**none, name: GOOD[name]}) == []


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("decision_visibility", ["DECISION_VISIBILITY_OTHER"], "decision_visibility_other"),
        ("decision_monetary", "DECISION_MONETARY_OTHER", "decision_monetary_other"),
        ("content_type", ["CONTENT_TYPE_TEXT", "CONTENT_TYPE_OTHER"], "content_type_other"),
    ],
)
def test_other_needs_words_and_words_need_other(field: str, value: object, text: str):
    assert wrong(**{field: value}) == [text]
    assert wrong(**{field: value, text: "this"}) == []
    assert wrong(**{text: "this"}) == [text]


def test_each_ground_needs_its_own_words_and_no_others():
    assert wrong(incompatible_content_ground="") == ["incompatible_content_ground"]
    assert wrong(incompatible_content_explanation=None) == ["incompatible_content_explanation"]
    assert wrong(illegal_content_legal_ground="a law") == ["illegal_content_legal_ground"]
    assert wrong(**{**ILLEGAL, "illegal_content_explanation": " "}) == ["illegal_content_explanation"]
    assert wrong(**{**ILLEGAL, "illegal_content_legal_ground": None}) == ["illegal_content_legal_ground"]
    assert wrong(**{**ILLEGAL, "incompatible_content_illegal": "No"}) == ["incompatible_content_illegal"]


def test_the_source_of_an_own_initiative_has_no_identity():
    assert wrong(source_type="SOURCE_VOLUNTARY") == ["source_identity"]
    assert wrong(source_type="SOURCE_VOLUNTARY", source_identity=None) == []


@pytest.mark.parametrize("puid", ["a b", "è", "a/b", "a\n", "a.b"])
def test_a_puid_has_letters_digits_hyphens_and_underscores(puid: str):
    assert wrong(puid=puid) == ["puid"]


@pytest.mark.parametrize(
    "url", ["rostra", "https://", "javascript:alert(1)", "https://a b.example", "https://[x/", "//a.example"]
)
def test_the_address_of_the_ground_is_one_of_a_page(url: str):
    assert wrong(decision_ground_reference_url=url) == ["decision_ground_reference_url"]


@pytest.mark.parametrize("content_id", ["0123456789123", {"EAN-13": "123"}, {"EAN-13": 1}, {"ISBN": "1"}])
def test_a_product_is_named_by_thirteen_digits(content_id: object):
    assert wrong(content_id=content_id) == ["content_id"]


def test_a_product_may_stand_in_the_field_of_the_form_too():
    assert wrong(content_id=None, content_id_ean="0123456789123") == []
    assert wrong(content_id=None, content_id_ean="x") == ["content_id"]


def test_a_field_that_the_database_does_not_know_would_be_lost_and_is_a_problem():
    assert wrong(content_langauge="EN") == ["content_langauge"]
