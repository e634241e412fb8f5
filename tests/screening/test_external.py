"""The external model: what it says becomes facts, and nothing that it does keeps a post from being judged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from math import log
from typing import Any

import pytest
from structlog.testing import capture_logs

from rostra.kit.clock import FixedClock
from rostra.kit.http import HttpClient
from rostra.kit.settings import Settings, load_settings
from rostra.policy.facts import ExternalFacts
from rostra.screening.external import LONGEST, External, open_external
from rostra.screening.external_models import ExternalModel
from rostra.screening.subject import Part, Subject
from tests.screening.model_server import ModelServer, chat, model_server, moderation

POST = Subject(kind="post", parts=(Part("text", "I will find you"),))
NAMED = frozenset({"text.threat", "external.flagged", "external.available"})
NO_ANSWER = ExternalFacts(asked=True, available=False)
KEY = "sk-hush-hush"


class Setup:
    """A model server, the clock, and what asks it."""

    def __init__(self, model: ModelServer) -> None:
        self.model = model
        self.clock = FixedClock(datetime(2027, 1, 1, tzinfo=UTC))
        self.http = HttpClient(user_agent="Rostra/test", own_server=model.url)
        self.use("moderations")

    def use(self, kind: Any, **how: Any) -> None:
        how = {"timeout": 5.0, "key": KEY, **how}
        self.external = External(ExternalModel(url=self.model.url, kind=kind, **how), self.http, self.clock)

    async def ask(self, text: str | None = None) -> ExternalFacts:
        subject = POST if text is None else Subject(kind="post", parts=(Part("text", text),))
        return await self.external.ask(subject, NAMED)

    async def fail(self, times: int) -> None:
        for _ in range(times):
            assert await self.ask() == NO_ANSWER


@pytest.fixture
async def setup() -> AsyncGenerator[Setup]:
    async with model_server() as model:
        made = Setup(model)
        async with made.http:
            yield made


async def test_a_moderation_endpoint_is_asked_and_believed(setup: Setup) -> None:
    setup.use("moderations", model="omni-moderation-latest")
    setup.model.answer = moderation("harassment/threatening", "hate", score=0.93)
    facts = await setup.ask()
    assert facts == ExternalFacts(
        asked=True, available=True, flagged=True, categories=["hate", "harassment/threatening"], score=0.93
    )
    [(path, headers, body)] = setup.model.asked
    assert path == "/v1/moderations"
    assert headers["authorization"] == f"Bearer {KEY}"
    assert body == {"model": "omni-moderation-latest", "input": "I will find you"}


async def test_what_it_finds_harmless_is_not_flagged(setup: Setup) -> None:
    setup.model.answer = moderation()
    assert await setup.ask() == ExternalFacts(asked=True, available=True, score=0.01)
    assert "model" not in setup.model.asked[0][2]


async def test_llama_guard_speaks_in_numbers(setup: Setup) -> None:
    setup.use("guard", model="llama-guard3:1b")
    setup.model.answer = chat("\n\nunsafe\nS1,S10")
    facts = await setup.ask()
    assert (facts.flagged, facts.score) == (True, 1.0)
    assert facts.categories == ["S1", "illicit/violent", "S10", "hate"]
    [(path, _, body)] = setup.model.asked
    assert path == "/v1/chat/completions"
    # It has a policy of its own, and templates that refuse any other role.
    assert [message["role"] for message in body["messages"]] == ["user"]
    assert body["messages"][0]["content"] == "I will find you"


@pytest.mark.parametrize(
    ("words", "tokens", "flagged", "score"),
    [
        ("unsafe\nS2", [("un", log(0.8)), ("safe", log(0.9)), ("\n", 0.0), ("S", log(0.1))], True, 0.72),
        ("\n\nsafe", [("\n\n", 0.0), ("safe", log(0.75))], False, 0.25),
        ("safe", None, False, 0.0),
    ],
)
async def test_llama_guard_is_as_sure_as_its_first_word(
    setup: Setup, words: str, tokens: list[tuple[str, float]] | None, flagged: bool, score: float
) -> None:
    setup.use("guard", model="g")
    setup.model.answer = chat(words, tokens)
    facts = await setup.ask()
    assert facts.available
    assert facts.flagged is flagged
    assert facts.score == pytest.approx(score)


@pytest.mark.parametrize(
    "words",
    [
        '{"categories": ["hate"], "score": 0.8}',
        '```json\n{"categories": ["hate"], "score": 0.8}\n```',
        '<think>Is {this} a threat?</think>{"categories": ["hate"], "score": 0.8, "why": "…"}',
    ],
)
async def test_a_chat_model_is_told_the_policy_and_answers_in_json(setup: Setup, words: str) -> None:
    setup.use("chat", model="gpt-oss-safeguard:20b", policy="Be kind.")
    setup.model.answer = chat(words)
    assert await setup.ask() == ExternalFacts(asked=True, available=True, flagged=True, categories=["hate"], score=0.8)
    system, user = setup.model.asked[0][2]["messages"]
    assert system["role"] == "system"
    assert system["content"].startswith("Be kind.")
    # Quoted, so that a post cannot end where it likes.
    assert user == {"role": "user", "content": '{"post":"I will find you"}'}


async def test_the_policy_that_comes_with_it_names_the_categories_of_the_rules(setup: Setup) -> None:
    setup.use("chat", model="m")
    setup.model.answer = chat('{"categories": [], "score": 0.02}')
    assert not (await setup.ask()).flagged
    told = setup.model.asked[0][2]["messages"][0]["content"]
    for category in (
        "harassment/threatening",
        "hate/threatening",
        "illicit/violent",
        "sexual/minors",
        "violence/graphic",
    ):
        assert f"- {category}:" in told


@pytest.mark.parametrize("kind", ["moderations", "guard", "chat"])
@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>",
        {},
        [],
        {"results": []},
        {"results": [{"flagged": "perhaps"}]},
        {"choices": []},
        chat(None),
        chat("I cannot help with that."),
        chat("unsafely said"),
        chat('{"categories": "hate", "score": 1}'),
        chat('{"categories": ["hate"], "score": 7}'),
        chat('{"categories": ["' + "x" * 200 + '"], "score": 1}'),
        chat("}{"),
        b'{"choices": ' + b"[" * 5000,
        b"x" * 300_000,
    ],
)
async def test_nonsense_is_no_answer(setup: Setup, kind: str, answer: Any) -> None:
    setup.use(kind, model="m")
    setup.model.answer = answer
    assert await setup.ask() == NO_ANSWER


@pytest.mark.parametrize("status", [301, 400, 401, 404, 413, 422, 429, 500, 503])
async def test_an_error_is_no_answer(setup: Setup, status: int) -> None:
    setup.model.status, setup.model.answer = status, moderation("hate")
    assert await setup.ask() == NO_ANSWER


async def test_a_slow_model_is_not_waited_for(setup: Setup) -> None:
    setup.use("moderations", timeout=0.05)
    setup.model.stuck = True
    with capture_logs() as said:
        async with asyncio.timeout(60):
            assert await setup.ask() == NO_ANSWER
    assert [entry["problem"] for entry in said] == ["no answer within 0.05 s, which is as long as a post waits"]
    setup.model.stuck = False
    setup.use("moderations")
    setup.model.answer = moderation()
    assert (await setup.ask()).available


async def test_a_model_that_fails_in_a_row_is_left_alone_and_then_tried_once(setup: Setup) -> None:
    setup.model.status = 500
    with capture_logs() as said:
        await setup.fail(5)
        assert setup.external.state == "open"
        await setup.fail(3)
    assert len(setup.model.asked) == 5
    assert [entry["event"] for entry in said if entry["log_level"] == "error"] == [
        "the external model is left alone for a while"
    ]
    setup.clock.tick(seconds=31)
    await setup.fail(2)
    assert len(setup.model.asked) == 6
    setup.clock.tick(seconds=31)
    setup.model.status, setup.model.answer = 200, moderation("hate")
    with capture_logs() as said:
        assert (await setup.ask()).flagged
    assert setup.external.state == "closed"
    assert [entry["event"] for entry in said] == ["the external model answers again"]


async def test_what_an_author_writes_cannot_switch_the_model_off(setup: Setup) -> None:
    setup.use("chat", model="m")
    setup.model.answer = chat("As you wish.")
    await setup.fail(10)
    setup.model.status = 413
    await setup.fail(10)
    assert setup.external.state == "closed"
    assert len(setup.model.asked) == 20


async def test_a_question_that_was_broken_off_leaves_room_for_the_next_trial(setup: Setup) -> None:
    setup.model.status = 500
    await setup.fail(5)
    setup.clock.tick(seconds=31)
    setup.model.stuck = True
    asking = asyncio.create_task(setup.ask())
    async with asyncio.timeout(60):
        while len(setup.model.asked) < 6:
            await asyncio.sleep(0.01)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    setup.model.stuck, setup.model.status, setup.model.answer = False, 200, moderation()
    assert (await setup.ask()).available


async def test_only_so_many_are_asked_at_once(setup: Setup) -> None:
    setup.model.answer = moderation()
    answers = await asyncio.gather(*(setup.ask() for _ in range(40)))
    assert all(facts.available for facts in answers)
    assert setup.model.most_at_once <= 8


async def test_of_a_long_text_the_beginning_is_sent_and_nothing_found_in_it_is_no_answer(setup: Setup) -> None:
    setup.model.answer = moderation()
    assert await setup.ask("a" * (LONGEST + 1)) == NO_ANSWER
    assert setup.model.asked[0][2]["input"] == "a" * LONGEST
    setup.model.answer = moderation("hate")
    assert (await setup.ask("a" * (LONGEST + 1))).flagged
    assert setup.external.state == "closed"


async def test_text_that_is_no_unicode_is_sent_all_the_same(setup: Setup) -> None:
    setup.model.answer = moderation()
    assert (await setup.ask("\ud800 hi")).available
    assert setup.model.asked[0][2]["input"] == "? hi"


async def test_it_is_not_asked_where_the_policy_names_none_of_its_facts(setup: Setup) -> None:
    assert await setup.external.ask(POST, {"text.threat", "externals.flagged"}) == ExternalFacts()
    assert await setup.external.ask(Subject(kind="post", parts=(Part("text", " \n"),)), NAMED) == ExternalFacts()
    assert await External.off().ask(POST, NAMED) == ExternalFacts()
    assert External.off().state is None
    assert not setup.model.asked


async def test_the_settings_choose_it(setup: Setup, tmp_path: Any) -> None:
    (tmp_path / "policy.txt").write_text("Our own policy.")
    given = {"url": setup.model.url + "/", "kind": "chat", "model": "m", "policy": tmp_path / "policy.txt"}
    given |= {"timeout": "5"}
    settings = load_settings({}, {"dev": True, **{f"external_{name}": value for name, value in given.items()}})
    setup.model.answer = chat('{"categories": [], "score": 0}')
    assert (await open_external(settings, setup.http, setup.clock).ask(POST, NAMED)).available
    path, headers, body = setup.model.asked[0]
    assert path == "/v1/chat/completions"
    assert "authorization" not in headers
    assert body["messages"][0]["content"].startswith("Our own policy.")
    assert await open_external(Settings(), setup.http, setup.clock).ask(POST, NAMED) == ExternalFacts()


@pytest.mark.parametrize("key", [KEY, f"{KEY}\n", f"{KEY}é"])
async def test_the_key_is_told_to_nobody_else(setup: Setup, key: str) -> None:
    setup.use("moderations", key=key)
    setup.model.status, setup.model.answer = 401, f"the key {KEY} is wrong".encode()
    with capture_logs() as said:
        await setup.fail(6)
    assert said
    assert KEY not in repr(said)
    model = ExternalModel(url="http://x", key=key)
    assert KEY not in f"{model!r}{model.__rich_repr__()}"
