"""`rostra policy learn` on a server's database: what it prints and refuses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from rostra.cli import policy_learn, policy_server
from rostra.cli.options import Refusal
from rostra.detect.adjust import Figures
from rostra.kit.clock import Clock, FixedClock
from rostra.screening.learn import Outcome
from rostra.screening.lessons import Learnt
from tests.posts.live import live_world
from tests.world import test_settings as settings_of


@pytest.fixture
def database(fresh_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    @asynccontextmanager
    async def current(_: object) -> AsyncIterator[str]:
        yield fresh_dsn

    monkeypatch.setattr(policy_server, "current_database", current)


@pytest.mark.usefixtures("database")
async def test_a_server_without_decisions_learns_nothing_and_says_what_is_needed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_of(tmp_path)
    await asyncio.to_thread(policy_learn.learn_and_print, settings, promote=True, as_json=False)
    printed = capsys.readouterr()
    assert "threat" in printed.out
    assert "too few: 50 are needed, 10 of each outcome" in printed.out
    await asyncio.to_thread(policy_learn.learn_and_print, settings, promote=False, as_json=True)
    outcome = msgspec.json.decode(capsys.readouterr().out.encode(), type=Outcome)
    assert {found.outcome for found in outcome.categories.values()} == {"too-few"}
    await asyncio.to_thread(policy_learn.propose_and_print, settings, 5, as_json=True)
    assert msgspec.json.decode(capsys.readouterr().out) == []
    with pytest.raises(Refusal, match="No adjustment is in force"):
        await asyncio.to_thread(policy_learn.roll_back_and_say, settings)


@pytest.mark.usefixtures("database")
async def test_what_is_proposed_can_be_answered_by_the_staff(
    fresh_dsn: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, clock = settings_of(tmp_path), Clock()
    async with live_world(fresh_dsn, FixedClock(clock.now()), tmp_path) as world:
        ada, mod = await world.person("ada"), await world.person("mod", role="moderator")
        posted = await ada.post("The tram is late again")
        post = int(posted["id"])
        await asyncio.to_thread(policy_learn.propose_and_print, settings, 5, as_json=False)
        printed = capsys.readouterr()
        assert str(post) in printed.out
        assert "rostra policy label POST" in printed.err

        async def answer(*categories: str, status_id: int = post, by: str = "mod") -> None:
            await asyncio.to_thread(policy_learn.label_and_say, settings, status_id, categories, actor=by)

        for refused, said in (
            (answer("none", by="ada"), "'ada' is not of the staff"),
            (answer("rude"), "'rude' is none of threat"),
            (answer("none", "hate"), "is of hate or of none"),
            (answer("none", status_id=1), "there is no public post 1"),
        ):
            with pytest.raises(Refusal, match=said):
                await refused
        await answer("harassment", "hate")
        row = await world.db.connection.fetchrow("select * from moderation_events where type = 'text_labelled'")
        assert (row["subject_id"], row["actor_id"]) == (post, int(mod.id))
        assert row["details"] == {"categories": ["hate", "harassment"]}
        await asyncio.to_thread(policy_learn.propose_and_print, settings, 5, as_json=True)
        assert msgspec.json.decode(capsys.readouterr().out) == [], "it is not asked twice"


def test_figures_are_shown_before_and_after() -> None:
    learnt = Learnt(
        decisions=80, bad=40, reviewers=4, held_back=16, outcome="promoted",
        before=Figures(0.7, 0.1, 0.2), after=Figures(0.8, 0.3, 0.05),
    )  # fmt: skip
    shown = policy_learn._line(learnt)
    assert shown == ["80", "40", "4", "0.700 → 0.800", "0.100 → 0.300", "0.200 → 0.050", "better"]
    broken = policy_learn._concluded(Outcome(broken=("tests/a.yaml:3: it is allowed",)))
    assert broken.startswith("nothing was changed")
    assert "1 of the policy's own tests would fail: tests/a.yaml:3" in broken
    some = policy_learn._concluded(Outcome(promoted="1a2b3c4d", broken=("tests/a.yaml:3: it is allowed",)))
    assert some.startswith("adjustment 1a2b3c4d is in force")
    assert "tests/a.yaml:3" in some
    assert "--rollback" in policy_learn._concluded(Outcome(promoted="1a2b3c4d"))
