"""Every form in which notices come, and every way in which they may be broken."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

from rostra.notices.formats.authentication import signed_domain
from rostra.notices.formats.mime import take_apart
from rostra.notices.formats.read import read_notice
from rostra.notices.formats.records import MAX_BYTES, MAX_ITEMS, ParsedNotice, Unusable
from rostra.notices.formats.term import find_moment, find_term, read_due
from tests.notices.letters import BASE, OWN, arf, evidence, letter, xarf3, xarf4

ONE, TWO = f"{BASE}/@carl/1", f"{BASE}/@carl/2"


def read(body: bytes | str, kind: str = "") -> ParsedNotice:
    return read_notice(body.encode() if isinstance(body, str) else body, kind, OWN)


def faults(notice: ParsedNotice) -> list[str]:
    return [problem.fault for problem in notice.problems]


def refused(body: bytes | str, kind: str = "") -> str:
    with pytest.raises(Unusable) as raised:
        read(body, kind)
    return raised.value.problem.fault


def test_xarf_4_names_its_report_its_sender_and_its_examples() -> None:
    notice = read(xarf4(ONE, TWO, clause="violence", respond_within_hours=24), "application/json")
    assert (notice.format, notice.report_id, notice.reporter) == ("xarf4", "6f1e-44", "Example Cloud")
    assert notice.sender == "abuse@cloud.example"
    assert notice.term == timedelta(hours=24)
    assert [item.url for item in notice.items] == [ONE, TWO]
    assert {item.clause for item in notice.items} == {"violence"}


def test_xarf_4_without_a_clause_says_what_kind_of_report_it_is() -> None:
    assert read(xarf4(ONE)).clauses == ("content/violence",)


def test_xarf_4_takes_items_with_quotations() -> None:
    notice = read(
        xarf4(items=[{"url": ONE, "quote": "they must hang", "clause": "threats"}, {"quote": "march on them all"}])
    )
    assert [(item.url, item.quote, item.clause) for item in notice.items] == [
        (ONE, "they must hang", "threats"),
        ("", "march on them all", "content/violence"),
    ]


def test_evidence_is_kept_by_its_hash_and_short_texts_are_quotations() -> None:
    notice = read(xarf4(ONE, evidence=[evidence(b"we will burn it down")]))
    assert notice.evidence[0].size == 20
    assert notice.items[0].quote == "we will burn it down"


def test_evidence_that_is_broken_is_named_and_disturbs_nothing() -> None:
    notice = read(
        xarf4(ONE, evidence=[evidence(b"x", payload="%%%"), evidence(b"something", hash="sha256:" + "0" * 64), 7])
    )
    assert faults(notice) == ["bad_base64", "evidence_wrong_hash", "bad_base64"]
    assert notice.items[0].url == ONE


def test_evidence_over_five_megabytes_is_left_out() -> None:
    assert faults(read(xarf4(ONE, evidence=[evidence(b"a" * (5 << 20) + b"b")]))) == ["evidence_too_large"]


def test_more_than_fifty_pieces_of_evidence_are_cut() -> None:
    notice = read(xarf4(ONE, evidence=[evidence(b"abcdefgh%d" % n) for n in range(60)]))
    assert (len(notice.evidence), faults(notice)) == (50, ["too_many_parts"])


def test_xarf_3_is_read() -> None:
    notice = read(xarf3(ONE, TWO))
    assert (notice.format, notice.report_id, notice.domain) == ("xarf3", "33", "cloud.example")
    assert [item.url for item in notice.items] == [ONE, TWO]
    assert notice.clauses == ("Content/Violence",)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"{", "bad_json"), (b"{]", "bad_json"), (b"[1]", "no_items"), (b"{}", "missing_field"), (xarf4(), "no_items"),
        (b'{"xarf_version": "4", "urls": {"a": 1}, "evidence": {"x": []}, "reporter": [], "items": [[]]}', "no_items"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "too_deep"), (b'{"Report": [[[]]]}', "no_items"),
    ],
)  # fmt: skip
def test_json_that_is_no_report_is_refused_with_the_reason(body: bytes, fault: str) -> None:
    assert refused(body) == fault


def test_more_items_than_anybody_reads_are_cut() -> None:
    notice = read(xarf4(*(f"{BASE}/@carl/{n}" for n in range(MAX_ITEMS + 20))))
    assert (len(notice.items), faults(notice)) == (MAX_ITEMS, ["too_many_items"])


def test_a_feedback_report_names_its_addresses() -> None:
    notice = read(arf(ONE, TWO))
    assert (notice.format, notice.sender, notice.report_id) == ("arf", "abuse@cloud.example", "<arf-1@cloud.example>")
    assert [item.url for item in notice.items] == [ONE, TWO]
    assert notice.term == timedelta(hours=48)


def test_a_feedback_report_is_read_without_its_mail_headers() -> None:
    body = arf(ONE).split(b"\r\n\r\n", 1)[1]
    notice = read(body, 'multipart/report; report-type=feedback-report; boundary="part"')
    assert [item.url for item in notice.items] == [ONE]


def test_plain_mail_gives_addresses_with_what_is_quoted_beside_them() -> None:
    text = (
        f"Hello,\n\nplease act within 24 hours (see https://cloud.example/aup).\n\nClause: Threats\n{ONE}\n"
        f'"hang them all on the square"\n\n2) hxxp://localhost:3000/@carl/2.\n> we come armed\n> on the 19th\n'
    )
    notice = read(letter(text).as_bytes())
    assert [(item.url, item.quote) for item in notice.items] == [
        (ONE, "hang them all on the square"),
        (TWO, "we come armed\non the 19th"),
    ]
    assert notice.items[0].clause == "Threats"
    assert notice.term == timedelta(hours=24)
    assert faults(notice) == ["other_addresses"]
    assert (notice.sender, notice.subject) == ("abuse@cloud.example", "Abuse report")


def test_addresses_of_an_earlier_mail_below_the_answer_are_left_out() -> None:
    notice = read(letter(f"Also this one:\n{ONE}\n\nOn Monday you wrote:\n> {TWO}\n").as_bytes())
    assert [item.url for item in notice.items] == [ONE]


def test_a_mail_that_only_quotes_is_read_from_what_it_quotes() -> None:
    assert [item.url for item in read(letter(f"fyi\n\n> {TWO}\n").as_bytes()).items] == [TWO]


def test_html_mail_is_read_as_it_is_shown() -> None:
    mail = letter("")
    mail.clear_content()
    mail.set_content(
        f'<style>x</style><script>{TWO}</script><p>Look at <a href="{ONE}">this post</a>:</p>'
        "<blockquote>burn it <b>all</b> down</blockquote>",
        subtype="html",
    )
    notice = read(mail.as_bytes())
    assert [(item.url, item.quote) for item in notice.items] == [(ONE, "burn it all down")]


def test_an_attached_report_wins_over_the_words_around_it() -> None:
    mail = letter(f"see the attachment, or {TWO}")
    mail.add_attachment(xarf4(ONE), maintype="application", subtype="json", filename="xarf.json")
    notice = read(mail.as_bytes())
    assert (notice.format, [item.url for item in notice.items]) == ("xarf4", [ONE])
    assert notice.evidence[0].name == "xarf.json"


def test_a_broken_attachment_leaves_the_words() -> None:
    mail = letter(f"see {TWO}")
    mail.add_attachment(b"{broken", maintype="application", subtype="json", filename="xarf.json")
    notice = read(mail.as_bytes())
    assert ([item.url for item in notice.items], faults(notice)) == ([TWO], ["bad_json"])


def bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xarf.json", b"0" * (50 << 20))
    return packed.getvalue()


def test_archives_are_never_opened() -> None:
    mail = letter(f"see {TWO}")
    mail.add_attachment(bomb(), maintype="application", subtype="zip", filename="evidence.zip")
    mail.add_attachment(bomb(), maintype="application", subtype="json", filename="hidden.json")
    notice = read(mail.as_bytes())
    assert "archive_not_opened" in faults(notice)
    assert [item.url for item in notice.items] == [TWO]
    assert refused(bomb(), "application/json") == "archive_not_opened"
    assert refused(bomb()) == "archive_not_opened"


def test_xml_is_never_parsed() -> None:
    laughs = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><l>&b;</l>'
    assert refused(laughs) == "xml_not_read"
    assert refused(laughs, "text/xml") == "xml_not_read"
    assert refused(laughs, "application/json") == "xml_not_read"


def test_bounces_and_holiday_notices_are_no_notices() -> None:
    assert refused(letter(ONE, Auto_Submitted="auto-replied").as_bytes()) == "auto_reply"
    bounce = arf(ONE).replace(b"report-type=feedback-report", b"report-type=delivery-status")
    assert refused(bounce) == "delivery_report"


def test_a_mail_of_a_thousand_parts_is_refused() -> None:
    parts = b"--p\r\nContent-Type: text/plain\r\n\r\nx\r\n" * 1000
    head = b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=p\r\n\r\n"
    assert refused(head + parts) == "too_many_parts"


def test_a_mail_in_a_mail_in_a_mail_is_refused() -> None:
    deep = (
        b"From: a@b.example\r\nContent-Type: message/rfc822\r\n\r\n" * 30 + f"From: a@b.example\r\n\r\n{ONE}".encode()
    )
    assert refused(deep) == "too_deep"
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (n, n) for n in range(60))
    assert refused(b"From: a@b.example\r\n" + nested) == "too_deep"


def test_a_mail_that_is_nothing_but_headers_is_refused() -> None:
    assert refused(b"From: a@b.example\r\n" + b"X-A: b\r\n" * 100_000) == "bad_headers"


@pytest.mark.parametrize(
    "charset", ["utf-9", "zlib_codec", "hex", "idna", "punycode", "utf-7", "x" * 900, "unicode_escape"]
)
def test_a_charset_that_is_none_is_not_believed(charset: str) -> None:
    raw = f"From: a@b.example\r\nContent-Type: text/plain; charset={charset}\r\n\r\nquesto \u2014 {ONE}\r\n".encode()
    notice = read(raw)
    assert [item.url for item in notice.items] == [ONE]
    assert faults(notice) == ["bad_charset"]


def test_a_table_with_names_is_read() -> None:
    table = f'Link;Testo;Clausola;Scadenza\n{ONE};"li bruceremo, tutti";minacce;24h\n{TWO};;;\n;;;\nno address;;;\n'
    notice = read(table, "text/csv")
    assert [(item.url, item.quote, item.clause) for item in notice.items] == [
        (ONE, "li bruceremo, tutti", "minacce"),
        (TWO, "", ""),
    ]
    assert notice.term == timedelta(hours=24)
    assert faults(notice) == ["bad_row"]


def test_a_table_without_names_is_read() -> None:
    assert [item.url for item in read(f"1,{ONE}\n2,{TWO}\n", "text/csv").items] == [ONE, TWO]


def test_a_table_as_a_cell_without_end_is_refused() -> None:
    assert refused('url,quote\n"' + "x" * 300_000, "text/csv") == "no_items"


def test_what_is_too_large_is_refused() -> None:
    assert refused(b" " * (MAX_BYTES + 1)) == "too_large"


def test_what_nobody_can_read_is_refused() -> None:
    assert refused(b"\x89PNG", "image/png") == "unknown_format"
    assert refused(b"\x00\xff\xfe", "") == "no_items"
    assert refused("hello, your site is bad", "text/plain") == "no_items"


def test_control_and_direction_characters_do_not_get_through() -> None:
    notice = read(f'{ONE}\n"kill\x00 \u202eeverybody at the march"\n', "text/plain")
    assert notice.items[0].quote == "kill everybody at the march"


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("please respond within 24 hours", 24), ("within the next twenty-four (24) hours", 24), ("entro 24 ore", 24),
        ("entro le prossime 48 ore", 48), ("You have 2 days to act", 48), ("within one hour of receipt", 1),
        ("respond in 3 days, at the latest within a week", 72), ("it was posted within 2 hours of the attack", None),
        ("nothing of the kind", None), ("within 0 hours", None), ("within 999 weeks", 90 * 24),
    ],
)  # fmt: skip
def test_a_term_is_found_in_the_words(text: str, hours: int | None) -> None:
    assert find_term(text) == (timedelta(hours=hours) if hours else None)


def test_a_moment_is_found_in_the_words() -> None:
    assert find_moment("answer by 2026-05-05 at 18:30 UTC.") == datetime(2026, 5, 5, 18, 30, tzinfo=UTC)
    assert find_moment("entro il 2026-05-05") == datetime(2026, 5, 5, 23, 59, tzinfo=UTC)
    assert find_moment("by 2026-13-45") is None
    assert read_due("2026-05-05T18:30:00+02:00")[1] == datetime(2026, 5, 5, 16, 30, tzinfo=UTC)
    assert read_due("0001-01-01T00:00:00+23:59") == (None, None)


GOOD = "mx.localhost; dkim=pass header.d=cloud.example; spf=pass"


@pytest.mark.parametrize(
    ("results", "sender", "domain"),
    [
        ([GOOD], "abuse@cloud.example", "cloud.example"),
        (["mx.localhost 1; dmarc=pass (p=reject) header.from=cloud.example"], "a@eu.cloud.example", "eu.cloud.example"),
        (["mx.localhost; dkim=fail header.d=cloud.example"], "abuse@cloud.example", ""),
        (["mx.localhost; dkim=pass header.d=evil.example"], "abuse@cloud.example", ""),
        (["mx.localhost; spf=pass smtp.mailfrom=cloud.example"], "abuse@cloud.example", ""),
        (["mx.evil.example; dkim=pass header.d=cloud.example"], "abuse@cloud.example", ""),
        (["mx.localhost; dkim=fail header.d=cloud.example", GOOD], "abuse@cloud.example", ""),
        (["mx.localhost; dkim=none (mx.localhost; dkim=pass header.d=cloud.example)"], "abuse@cloud.example", ""),
        ([], "abuse@cloud.example", ""),
        ([GOOD], "abuse@cloud.example>, <evil@evil.example", ""),
        (["mx.localhost; dkim=pass header.d=example"], "abuse@cloud.example", ""),
    ],
)  # fmt: skip
def test_only_our_own_server_says_who_a_mail_is_from(results: list[str], sender: str, domain: str) -> None:
    head = "".join(f"Authentication-Results: {each}\r\n" for each in results)
    mail = take_apart(f"{head}From: Cloud <{sender}>\r\n\r\nhello".encode())
    assert signed_domain(mail, "mx.localhost") == domain
    assert not signed_domain(mail, "")


def test_two_authors_are_none() -> None:
    mail = take_apart(
        f"Authentication-Results: {GOOD}\r\nFrom: a@cloud.example\r\nFrom: b@evil.example\r\n\r\n".encode()
    )
    assert (mail.sender, signed_domain(mail, "mx.localhost")) == ("", "")


def test_json_is_read_in_whatever_it_is_called() -> None:
    assert read(json.dumps(json.loads(xarf4(ONE))), "application/xarf+json").format == "xarf4"


def test_what_would_make_the_parser_deep_or_slow_never_reaches_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from rostra.notices.formats import mime

    def reached(*_: object, **__: object) -> None:
        raise AssertionError("the parser was asked")

    monkeypatch.setattr(mime.email, "message_from_bytes", reached)
    level = b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n"
    assert refused(b"From: a@b.example\r\n" + b"".join(level % (n, n) for n in range(60))) == "too_deep"
    assert refused(b"From: a@b.example\r\n\r\n" + b"--p\r\nContent-Type: text/plain\r\n\r\n" * 300) == "too_many_parts"
    assert refused(b"From: a@b.example\r\n" + b"X-A: b\r\n" * 100_000) == "bad_headers"
