"""What a decision becomes in the transparency database: its fields, for every action, origin and ground."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from rostra.dsa import schema
from rostra.dsa.decided import Body, Decided, Done, Ground, puid_of
from rostra.dsa.statement import make_statement
from rostra.dsa.validate import validate
from rostra.policy.shipped import shipped_bundle
from tests.dsa.decisions import AT, TERROR, anything_decided, decided

WEEK = AT + timedelta(days=7)


def statement(*actions: Done, url: str = "", **changes: object) -> Body:
    body = make_statement(decided(*actions, **changes), ground_url=url)
    assert body is not None
    assert validate(body) == []
    return body


@settings(max_examples=600, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(anything_decided)
def test_whatever_is_decided_its_statement_is_valid_and_there_is_one_where_something_is_restricted(
    any_decided: Decided,
):
    body = make_statement(any_decided, ground_url="https://rostra.example/policy#x")

    assert (body is None) == all(action.kind == "warn" for action in any_decided.actions)
    assert body is None or validate(body) == []
    assert body is None or b"\\u0000" not in msgspec.json.encode(body)


@pytest.mark.parametrize(
    ("kind", "restriction"),
    [
        ("label", {"decision_visibility": ["DECISION_VISIBILITY_CONTENT_LABELLED"]}),
        ("limit", {"decision_visibility": ["DECISION_VISIBILITY_CONTENT_DEMOTED"]}),
        ("remove", {"decision_visibility": ["DECISION_VISIBILITY_CONTENT_REMOVED"]}),
        ("interaction-off", {"decision_visibility": ["DECISION_VISIBILITY_CONTENT_INTERACTION_RESTRICTED"]}),
        ("freeze", {"decision_provision": "DECISION_PROVISION_PARTIAL_SUSPENSION"}),
        ("suspend", {"decision_account": "DECISION_ACCOUNT_TERMINATED"}),
    ],
)
def test_each_action_is_called_by_the_databases_name(kind: str, restriction: dict[str, object]):
    body = statement(Done(kind=kind))  # pyright: ignore[reportArgumentType]

    assert {name: body[name] for name in schema.RESTRICTIONS if name in body} == restriction


def test_a_cover_is_a_label_and_more_but_no_check_of_age():
    body = statement(Done(kind="sensitive"))

    assert body["decision_visibility"] == ["DECISION_VISIBILITY_CONTENT_LABELLED", "DECISION_VISIBILITY_OTHER"]
    assert "no check of age" in body["decision_visibility_other"]


def test_a_warning_alone_needs_no_statement():
    assert make_statement(decided(Done(kind="warn"))) is None


def test_a_suspension_for_a_time_is_no_termination_and_says_until_when():
    body = statement(Done(kind="suspend", on="account", ends_at=WEEK))

    assert body["decision_account"] == "DECISION_ACCOUNT_SUSPENDED"
    assert body["end_date_account_restriction"] == "2026-03-11"


def test_several_actions_stand_in_one_statement_each_kind_with_its_own_end():
    body = statement(
        Done(kind="remove"),
        Done(kind="limit", on="account", ends_at=WEEK),
        Done(kind="freeze", on="account", ends_at=WEEK),
        Done(kind="warn", on="account"),
    )

    assert body["decision_visibility"] == [
        "DECISION_VISIBILITY_CONTENT_DEMOTED",
        "DECISION_VISIBILITY_CONTENT_REMOVED",
    ]
    assert "end_date_visibility_restriction" not in body
    assert body["end_date_service_restriction"] == "2026-03-11"


def test_of_several_ends_the_longest_counts():
    body = statement(Done(kind="label", ends_at=AT + timedelta(days=1)), Done(kind="limit", ends_at=WEEK))

    assert body["end_date_visibility_restriction"] == "2026-03-11"


def test_days_are_those_of_utc():
    night = datetime(2026, 3, 5, 1, 0, tzinfo=timezone(timedelta(hours=2)))

    assert statement(decided_at=night)["application_date"] == "2026-03-04"


def test_days_that_the_database_does_not_know_become_the_nearest_that_it_does():
    body = statement(
        Done(kind="limit", ends_at=datetime(2060, 1, 1, tzinfo=UTC)), content_date=date(1970, 1, 1)
    )  # fmt: skip

    assert body["content_date"] == "2000-01-01"
    assert body["end_date_visibility_restriction"] == "2038-01-01"


@pytest.mark.parametrize(
    ("origin", "source"),
    [
        ("own", "SOURCE_VOLUNTARY"),
        ("report", "SOURCE_TYPE_OTHER_NOTIFICATION"),
        ("legal", "SOURCE_ARTICLE_16"),
        ("trusted", "SOURCE_TRUSTED_FLAGGER"),
        ("host", "SOURCE_TYPE_OTHER_NOTIFICATION"),
        ("order", "SOURCE_TYPE_OTHER_NOTIFICATION"),
    ],
)
def test_the_source_is_how_it_came_to_us_and_never_who_said_it(origin: str, source: str):
    body = statement(origin=origin)

    assert body["source_type"] == source
    assert "source_identity" not in body


def test_a_clause_of_the_terms_is_a_contractual_ground():
    body = statement(url="https://rostra.example/policy#violence.threat")

    assert body["decision_ground"] == "DECISION_GROUND_INCOMPATIBLE_CONTENT"
    assert body["incompatible_content_ground"] == "Threats (violence.threat)"
    assert body["incompatible_content_explanation"] == "Do not threaten anybody with violence."
    assert body["decision_ground_reference_url"] == "https://rostra.example/policy#violence.threat"
    assert "incompatible_content_illegal" not in body


def test_whether_it_is_illegal_too_is_said_where_somebody_said_it():
    assert statement(also_illegal=True)["incompatible_content_illegal"] == "Yes"
    assert "incompatible_content_illegal" not in statement(also_illegal=True, clause=TERROR)


def test_a_clause_of_the_law_is_a_legal_ground():
    body = statement(clause=TERROR)

    assert body["decision_ground"] == "DECISION_GROUND_ILLEGAL_CONTENT"
    assert body["illegal_content_legal_ground"] == "Directive (EU) 2017/541, art. 5"
    assert body["category"] == "STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY"
    assert body["category_specification"] == ["KEYWORD_TERRORIST_CONTENT"]


def test_a_keyword_that_the_database_does_not_know_is_its_other_with_the_clauses_title():
    body = statement(clause=Ground(id="x", title={"it": "Altro"}, text={}, keywords=("KEYWORD_OF_TOMORROW",)))

    assert body["category"] == "STATEMENT_CATEGORY_OTHER_VIOLATION_TC"
    assert body["category_specification"] == ["KEYWORD_OTHER"]
    assert body["category_specification_other"] == "Altro"


def test_long_words_are_cut_to_the_databases_limits():
    body = statement(clause=Ground(id="x", title={"en": "t" * 900}, text={"en": "w" * 9000}), facts="f" * 9000)

    assert len(body["incompatible_content_explanation"]) == schema.EXPLANATION
    assert len(body["decision_facts"]) == schema.FACTS
    assert body["decision_facts"][-1] == "…"


def test_an_address_that_the_database_would_refuse_is_left_out():
    for url in ("javascript:alert(1)", "https://", "https://r.example/" + "x" * 500, "ftp://r.example/", "nonsense"):
        assert "decision_ground_reference_url" not in statement(url=url)


def test_an_account_is_content_of_another_type_beside_what_else_was_looked_at():
    body = statement(Done(kind="suspend", on="account"), subject_kind="account", content_kinds=("image",))

    assert body["content_type"] == ["CONTENT_TYPE_IMAGE", "CONTENT_TYPE_OTHER"]
    assert body["content_type_other"] == "Account"


def test_a_language_is_named_by_its_first_part_where_the_database_knows_it():
    assert statement(language="pt-BR")["content_language"] == "PT"
    assert "content_language" not in statement(language="fil")


def test_it_holds_in_the_whole_economic_area_unless_something_else_is_said():
    assert statement()["territorial_scope"] == list(schema.COUNTRIES)
    assert statement(territory=("it", "DE", "US"))["territorial_scope"] == ["DE", "IT"]


def test_the_facts_say_how_it_came_what_decided_and_what_was_found():
    facts = statement(automated_detection=True, automated_decision="partially", content_kinds=("text", "image"))[
        "decision_facts"
    ]

    assert facts == (
        "A post (image, text) was found to go against the terms of the service: Threats. A user of the service "
        "reported it. Automated means pointed to it. The decision was made by automated means and a person. The author "
        "announces an attack on a neighbour."
    )


def test_the_facts_hold_none_of_those_concerned():
    facts = statement(
        facts="Anna Verdi (@anna@b.example, anna@mail.example) posted https://a.example/anna and +39 333 123 4567.",
        names=("Anna Verdi", "anna"),
    )["decision_facts"]

    assert str(facts).endswith("[account] ([account], [address]) posted [link] and [number].")


def test_a_decision_without_a_proper_puid_or_with_a_time_without_zone_is_refused():
    for puid in ("", "a b", "è", "x" * 501, "a\n"):
        with pytest.raises(ValueError, match="puid"):
            decided(puid=puid)
    with pytest.raises(ValueError, match="zone"):
        decided(Done(kind="limit", ends_at=datetime(2026, 1, 1)))
    with pytest.raises(ValueError, match="zone"):
        decided(decided_at=datetime(2026, 1, 1))


def test_a_puid_is_the_same_for_the_same_decision_and_fits_the_database():
    assert puid_of("Città.example:3000", 17) == puid_of("Città.example:3000", 17) == "citt-example-3000-17"
    assert decided(puid=puid_of("…", 1)).puid == "1"


def test_all_clauses_that_are_shipped_have_categories_and_keywords_that_the_database_knows():
    for clause in shipped_bundle().clauses:
        assert clause.dsa is not None
        assert clause.dsa.category in schema.CATEGORIES
        assert set(clause.dsa.keywords) <= set(schema.KEYWORDS), clause.id
