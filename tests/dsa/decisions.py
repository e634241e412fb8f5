"""Decisions to make statements of: one that is whole, and any that there could be."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from hypothesis import strategies as st

from rostra.dsa import schema
from rostra.dsa.decided import Decided, Done, Ground

AT = datetime(2026, 3, 4, 10, 30, tzinfo=UTC)
THREATS = Ground(
    id="violence.threat",
    title={"en": "Threats", "it": "Minacce"},
    text={"en": "Do not threaten anybody with violence.", "it": "Non minacciare nessuno di violenza."},
    category="STATEMENT_CATEGORY_VIOLENCE",
    keywords=("KEYWORD_INCITEMENT_VIOLENCE_HATRED",),
)
TERROR = Ground(
    id="terror.content",
    title={"en": "Terrorist content", "it": "Contenuti terroristici"},
    text={"en": "Do not spread it.", "it": "Non diffonderli."},
    ground="law",
    law="Directive (EU) 2017/541, art. 5",
    category="STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY",
    keywords=("KEYWORD_TERRORIST_CONTENT",),
)


def decided(*actions: Done, **changes: Any) -> Decided:
    """A post of text that was reported and threatens somebody; removed, where no action is given."""
    fields: dict[str, Any] = {
        "puid": "rostra-test-1",
        "decided_at": AT,
        "subject_kind": "status",
        "content_date": date(2026, 3, 3),
        "clause": THREATS,
        "actions": actions or (Done(kind="remove"),),
        "content_kinds": ("text",),
        "language": "en",
        "facts": "The author announces an attack on a neighbour.",
        "origin": "report",
    }
    return Decided(**{**fields, **changes})


_words = st.text(max_size=60) | st.sampled_from(["", " ", "\u200b", "\0", "x" * 6000, "@anna@b.example", "\ud7ff"])
_texts = st.dictionaries(st.sampled_from(["en", "it", "de"]), _words, max_size=3)
_times = st.datetimes(timezones=st.just(UTC) | st.timezones())
_grounds = st.builds(
    Ground,
    id=_words,
    title=_texts,
    text=_texts,
    ground=st.sampled_from(["terms", "law"]),
    law=_words,
    category=st.sampled_from([*schema.CATEGORIES, "", "STATEMENT_CATEGORY_PORNOGRAPHY"]),
    keywords=st.lists(st.sampled_from([*schema.KEYWORDS, "KEYWORD_NEW"]), max_size=4).map(tuple),
)
_actions = st.builds(
    Done,
    kind=st.sampled_from(["label", "sensitive", "interaction-off", "limit", "remove", "warn", "freeze", "suspend"]),
    on=st.sampled_from(["status", "account"]),
    ends_at=st.none() | _times,
    label=_texts,
)
anything_decided = st.builds(
    Decided,
    puid=st.from_regex(r"[a-zA-Z0-9_-]{1,500}", fullmatch=True),
    decided_at=_times,
    subject_kind=st.sampled_from(["status", "account"]),
    content_date=st.dates(),
    clause=_grounds,
    actions=st.lists(_actions, max_size=5).map(tuple),
    content_kinds=st.lists(st.sampled_from(["text", "image", "video", "audio"]), max_size=4).map(tuple),
    language=st.none() | st.sampled_from(["en", "it", "zh-Hant", "pt_BR", "fil", "xx", "", "EN"]) | _words,
    facts=_words,
    names=st.lists(_words, max_size=3).map(tuple),
    reason=_texts,
    origin=st.sampled_from(["own", "report", "legal", "trusted", "host", "order"]),
    automated_detection=st.booleans(),
    automated_decision=st.sampled_from(["fully", "partially", "not"]),
    territory=st.lists(st.sampled_from([*schema.COUNTRIES, "it", "US", ""]), max_size=5).map(tuple),
    account_type=st.sampled_from([None, "private", "business"]),
    also_illegal=st.sampled_from([None, True, False]),
)
