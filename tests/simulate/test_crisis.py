"""The acceptance scenario, small: the whole of it runs, on the real code, and its page and table tell of it."""

from __future__ import annotations

import msgspec

from rostra.simulate.crisis import Result, run
from rostra.simulate.page import render_page
from rostra.simulate.process import PLAIN, ROSTRA
from rostra.simulate.table import print_lines, targets_of


async def test_a_small_crisis_is_lived_through_and_proved() -> None:
    result = await run(3, 0.01, hours=0.5, processes=(PLAIN, ROSTRA))
    plain, ours = result.figures
    assert ours.violent_views < plain.violent_views
    assert (ours.unstated, ours.breaches, ours.unanswered) == (0, 0, 0)
    assert ours.pack_verified is True
    assert ours.counts["events"] > ours.posts
    assert (plain.refused_at_once, plain.held_at_once, plain.pack_verified) == (0, 0, None)
    lines = "\n".join(print_lines(result))
    assert f"{result.posts:,} posts" in lines
    assert all(target.text in lines for target in targets_of(result))
    alone = msgspec.structs.replace(result, figures=[msgspec.structs.replace(ours, breaches=1)])
    told = {target.text: target.met for target in targets_of(alone)}
    assert told["every letter of the host answered within 24 hours"] is False
    assert not any("plain queue" in text for text in told)
    assert "MISSED" in "\n".join(print_lines(alone))
    assert targets_of(msgspec.structs.replace(result, figures=[plain])) == []
    page = render_page(result)
    assert page.count("<svg") >= 6
    assert "Volunteer" not in page.split("What was assumed")[0]
    assert msgspec.json.decode(msgspec.json.encode(result), type=Result) == result
