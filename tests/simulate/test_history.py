"""The invented history, and what is made of a result."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from rostra.simulate.history import BEGIN, HALF_LIFE, ULTIMATUM, invent
from rostra.simulate.process import JURY, PLAIN, PROCESSES, finds_violent, seconds_for


def test_the_same_seed_invents_the_same_history_and_another_seed_another() -> None:
    assert invent(7, 0.01) == invent(7, 0.01)
    assert invent(7, 0.01) != invent(8, 0.01)


def test_the_violent_share_grows_as_it_did_then() -> None:
    history = invent(1, 0.6)
    posts, violent = Counter[int](), Counter[int]()
    for post in history.posts:
        posts[(post.at - BEGIN).days // 14] += 1
        violent[(post.at - BEGIN).days // 14] += post.violent
    shares = [violent[week] / posts[week] for week in range(4)]
    assert 1.5 < shares[1] / shares[0] < 2.6
    assert 2.2 < shares[2] / shares[0] < 4.0
    assert 8.0 < shares[3] / shares[0] < 12.5


def test_the_host_sends_a_hundred_examples_and_in_the_end_all_of_them_at_once() -> None:
    history = invent(1, 0.3)
    *letters, last = history.letters
    assert {post for letter in letters for post in letter.posts} <= set(last.posts)
    assert (last.kind, last.at, len(last.posts), last.hours) == ("ultimatum", ULTIMATUM, 100, 24)
    assert all(history.posts[post].violent for post in last.posts)
    assert all(history.posts[post].at < letter.at for letter in letters for post in letter.posts)


def test_views_come_as_the_half_life_says() -> None:
    post = max(invent(1, 0.01).posts, key=lambda each: each.views)
    assert post.views_until(post.at) == 0
    assert post.views_until(post.at + HALF_LIFE) == post.views / 2
    assert post.views_until(post.at + timedelta(days=9)) > 0.999 * post.views


def test_a_panel_of_five_needs_four_and_takes_longer_than_one() -> None:
    found = sum(finds_violent(JURY, 1, number, violent=True) for number in range(4000)) / 4000
    # Four or five of five, each right in 85 of 100: 0.8352.
    assert 0.80 < found < 0.87
    assert sum(finds_violent(JURY, 1, number, violent=False) for number in range(4000)) < 8
    assert sum(seconds_for(JURY, 1, n) for n in range(200)) > 2 * sum(seconds_for(PLAIN, 1, n) for n in range(200))


def test_all_processes_have_names_of_their_own() -> None:
    assert [process.id for process in PROCESSES] == ["jury", "plain", "rostra"]
