"""Hostile texts, in every field that people can fill: refused, held or published, never an error page, and what the
detectors are given and what is kept of it stays small."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rostra.detect.cascade import Cascade
from rostra.screening.active import shipped
from rostra.screening.detectors import Found, NoBanks, load_detectors
from rostra.screening.subject import Part, Subject
from tests.world import Api, Person, World

DAY = date(2026, 5, 4)
THREAT = "I will kill you tonight. "
HOSTILE = {
    "zalgo": "z" + "\u0336\u0489\u0301" * 300_000,
    "some zalgo": "".join(letter + "\u0336\u0489\u0301" * 40 for letter in THREAT),
    "emoji": "👩‍👩‍👧‍👦🏴‍☠️👍🏿" * 20_000,
    "some emoji": "👩‍👩‍👧‍👦🏴‍☠️👍🏿" * 40,
    "joiners": "\u200d" * 400 + THREAT,
    "quotes": "“" * 450 + THREAT[:20] + "”" * 20,
    "quotes in quotes": "> " * 240,
    "brackets": "([{" * 160,
    "mixed scripts": ("kіll уоu кілл 杀死 اقتل हत्या " * 20)[:490],
    "right to left": ("\u202e\u2067uoy llik\u2069\u202c \u200f" * 20)[:490],
    "nul": "kill\x00you",
    "surrogates": "\ud800 I will \udfff kill \udc80 you",
    "controls": "".join(map(chr, range(1, 32))) + "\x7f\x85\u2028\u2029\ufeff\ufff9" + THREAT,
    "letters": "a" * 65_536,
    "some letters": "a" * 490,
    "spaces": " " * 450 + "k i l l",
    "links": "http://a.b/c " * 160,
    "one link": "http://example.com/" + "a/" * 30_000,
    "mentions": "@a " * 165,
    "tags": "#kill" * 95,
    "numbers": "1/1/1 " * 80,
    "percent": "%s%n%x{0}{{" * 40,
    "patterns": "(a+)+$" * 80,
    "unassigned": "\U000e0001\ufffe\uffff\U0010ffff" * 20,
}
FIELDS = {
    "status": lambda text: {"status": text},
    "spoiler_text": lambda text: {"status": "x", "spoiler_text": text},
    "poll": lambda text: {"status": "x", "poll": {"options": [text, "b"], "expires_in": 3600}},
    "language": lambda text: {"status": "x", "language": text},
}
PROFILE = {
    "display_name": lambda text: {"display_name": text},
    "note": lambda text: {"note": text},
    "fields": lambda text: {"fields_attributes": {"0": {"name": text, "value": text}}},
}


class Counted:
    """What was given to the cascade."""

    def __init__(self) -> None:
        self.longest = 0

    def watch(self, monkeypatch: pytest.MonkeyPatch) -> Counted:
        sound = Cascade.read

        def read(cascade: Cascade, texts: Sequence[str], **more: Any) -> Any:
            self.longest = max([self.longest, *map(len, texts)])
            return sound(cascade, texts, **more)

        monkeypatch.setattr(Cascade, "read", read)
        return self


async def shipped_world(world: World) -> Person:
    """Somebody where the shipped policy holds."""
    await world.db.connection.execute("update policy_state set version_id = null")
    world.res.screen.policies.forget()
    return await world.person("ada")


async def send(api: Api, method: str, path: str, body: dict[str, Any]) -> None:
    """As JSON with escapes, which can say what UTF-8 cannot, and as a form."""
    escaped = json.dumps(body).encode()
    answer = await api.request(method, path, content=escaped, headers={"content-type": "application/json"}, expect=None)
    assert answer.status_code == 200 or 400 <= answer.status_code < 500, (path, answer.status_code)
    form = urlencode([(name, str(value).encode(errors="surrogatepass")) for name, value in body.items()])
    kind = {"content-type": "application/x-www-form-urlencoded"}
    answer = await api.request(method, path, content=form.encode(), headers=kind, expect=None)
    assert answer.status_code == 200 or 400 <= answer.status_code < 500, (path, answer.status_code)


@pytest.mark.parametrize("kind", HOSTILE)
async def test_hostile_posts_and_profiles_are_refused_held_or_published(
    world: World, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, counted = HOSTILE[kind], Counted().watch(monkeypatch)
    ada = await shipped_world(world)
    plain = await ada.post("Good morning")
    await world.token_for(None, "app", "read write")
    sign_up = {
        "username": text[:30], "email": "a@example.com", "password": "longenough", "agreement": True, "locale": "en",
        "reason": text,
    }  # fmt: skip
    sent = [("POST", "/api/v1/statuses", make(text)) for make in FIELDS.values()]
    sent += [("PATCH", "/api/v1/accounts/update_credentials", make(text)) for make in PROFILE.values()]
    sent.append(("PUT", f"/api/v1/statuses/{plain['id']}", {"status": text}))
    for method, path, body in sent:
        await send(ada.api, method, path, body)
    await send(Api(world, "app"), "POST", "/api/v1/accounts", sign_up)
    # An address of any length counts 23 characters and may be published; other texts are refused unread.
    most = 1 << 16 if kind == "one link" else 6_000
    assert counted.longest <= most, "what is too long is never read"
    kept = await world.db.connection.fetchval(
        "select max(length(details::text)) from moderation_events where type = 'verdict'"
    )
    assert kept < 6_000, "what is found in a text is kept, and not the text"
    crashed = await world.db.connection.fetchval(
        "select count(*) from moderation_events where details ? 'crashed' or details ? 'failed'"
    )
    assert crashed == 0, "no detector breaks on it"


def read(text: str) -> Found:
    bundle, _ = shipped()
    subject = Subject(kind="post", parts=(Part("spoiler_text", "CW"), Part("text", text)), visibility="public")
    return load_detectors().for_bundle(bundle).read(subject, NoBanks(), DAY)


def check(text: str, found: Found) -> None:
    assert found.failed == ()
    assert all(0 <= score <= 1 for score in found.scores.values())
    for mark in found.marks:
        whole = {"spoiler_text": "CW", "text": text}[mark.field]
        assert 0 <= mark.start < mark.end <= len(whole)
    for facts in (found.text, found.links, found.event):
        lists = [value for value in msgspec.structs.astuple(facts) if isinstance(value, list)]
        assert all(len(value) <= 40 for value in lists)
    assert len(found.text.normal) <= 4 * len(text) + 10


@pytest.mark.parametrize("kind", [kind for kind, text in HOSTILE.items() if len(text) < 25_000])
def test_detectors_bear_hostile_texts(kind: str) -> None:
    """Whatever the length that the server takes, for what comes by other ways than its own forms."""
    text = HOSTILE[kind]
    check(text, read(text))


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.one_of(
            st.text(st.characters(codec=None), max_size=30),
            st.sampled_from(
                [THREAT, "“", "”", "> ", "\u202e", "\u0336", "\ud83d", "http://", "@", "#", "1/2/3", "k.i.l.l"]
            ),
        ),
        max_size=8,
    ).map("".join)
)
def test_detectors_bear_any_text(text: str) -> None:
    check(text, read(text))
