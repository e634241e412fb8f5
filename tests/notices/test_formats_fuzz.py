"""Whatever comes, it is a notice or one refusal with a reason: never another error, and never without an end."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from rostra.notices.formats.authentication import signed_domain
from rostra.notices.formats.mime import take_apart
from rostra.notices.formats.read import read_notice
from rostra.notices.formats.records import MAX_ITEMS, Unusable
from tests.notices.letters import BASE, OWN, arf, evidence, letter, xarf3, xarf4

KINDS = st.sampled_from([
    "", "application/json", "text/csv", "message/rfc822", "multipart/report; boundary=part",
    "text/plain; charset=utf-16", "text/html", "application/xarf+json", "multipart/mixed",
    "text/plain; charset=nonsense",
])  # fmt: skip
SEEDS = [
    xarf4(f"{BASE}/@a/1", evidence=[evidence(b"some evidence")]), xarf3(f"{BASE}/@a/1"), arf(f"{BASE}/@a/1"),
    letter(
        f"within 24 hours\n{BASE}/@a/1\n> quoted words here\n",
        Authentication_Results="mx; dkim=pass header.d=a.example",
    ).as_bytes(),
    f"url,quote,due\n{BASE}/@a/1,\"some words\",24h\n".encode(),
    f'<p><a href="{BASE}/@a/1">x</a><blockquote>quoted words</blockquote>'.encode(),
    b"From: =?utf-16?b?//79?= <a@b.example>\nSubject: =?x?q?=zz?=\nContent-Type: text/plain; charset*0*=utf''%ff\n\nhxxp://a.example/\n",
]  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAMES = ["xarf_version", "report_id", "reporter", "sender", "evidence", "urls", "url", "items", "clause",
         "respond_within_hours", "deadline", "description", "Report", "ReporterInfo", "category", "type",
         "source_identifier"]  # fmt: skip


def check(body: bytes, kind: str) -> None:
    try:
        notice = read_notice(body, kind, OWN)
    except Unusable:
        return
    assert 0 < len(notice.items) <= MAX_ITEMS
    kept = msgspec.json.encode(notice)
    assert b"\\u0000" not in kept
    kept.decode()


@given(body=st.binary(max_size=3000), kind=KINDS)
@settings(max_examples=150, deadline=None)
def test_any_bytes(body: bytes, kind: str) -> None:
    check(body, kind)


@given(
    seed=st.sampled_from(SEEDS),
    cuts=st.lists(st.tuples(st.integers(0, 1500), st.integers(0, 30), st.binary(max_size=12)), max_size=6),
    kind=KINDS,
)
@settings(max_examples=400, deadline=None)
def test_real_notices_with_something_broken_in_them(seed: bytes, cuts: list[tuple[int, int, bytes]], kind: str) -> None:
    for at, length, instead in cuts:
        seed = seed[:at] + instead + seed[at + length :]
    check(seed, kind)


@given(
    tree=st.dictionaries(
        st.sampled_from(NAMES),
        JSON
        | st.lists(
            st.dictionaries(st.sampled_from([*NAMES, "payload", "Payload", "hash"]), JSON, max_size=5), max_size=3
        ),
    )
)
@settings(max_examples=200, deadline=None)
def test_any_tree_under_the_names_of_xarf(tree: dict[str, Any]) -> None:
    check(json.dumps(tree).encode("utf-8", "surrogatepass"), "application/json")


@given(
    head=st.lists(
        st.tuples(
            st.sampled_from(
                ["From", "Subject", "Content-Type", "Authentication-Results", "Message-ID", "Content-Transfer-Encoding"]
            ),
            st.text(max_size=60),
        ),
        max_size=8,
    ),
    body=st.text(max_size=300),
)
@settings(max_examples=300, deadline=None)
def test_any_mail(head: list[tuple[str, str]], body: str) -> None:
    raw = ("".join(f"{name}: {value}\r\n" for name, value in head) + "\r\n" + body).encode("utf-8", "surrogatepass")
    check(raw, "message/rfc822")
    with contextlib.suppress(Unusable):
        signed_domain(take_apart(raw), "mx.localhost")
