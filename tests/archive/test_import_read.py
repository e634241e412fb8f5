"""Reading CSV files: whatever was once given out comes in, and what is broken is named by its line."""

from __future__ import annotations

import pytest

from rostra.archive.csv_read import MAX_ROWS, BadFile, CsvFile, read_csv

OWN = "home.example"


def read(text: str | bytes, **more: object) -> CsvFile:
    body = text if isinstance(text, bytes) else text.encode()
    return read_csv(body, own_domain=OWN, **more)  # type: ignore[arg-type]


def test_a_file_with_headings_says_what_it_is_and_what_is_wanted() -> None:
    file = read(
        "Account address,Show boosts,Notify on new posts,Languages\n"
        'ada@home.example,true,false,\n@Bob@far.example,false,true,"en, it"\n'
    )
    assert file.type == "following"
    assert [(row.subject, row.options) for row in file.rows] == [
        ("ada", {"show_reblogs": True, "notify": False}),
        ("bob@far.example", {"show_reblogs": False, "notify": True, "languages": ["en", "it"]}),
    ]


def test_columns_are_found_by_their_headings_in_any_order() -> None:
    file = read("Languages,Account address,Show boosts\nde,ada@home.example,false\n")
    assert file.rows[0].options == {"show_reblogs": False, "languages": ["de"]}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_an_old_file_of_one_column_is_taken_with_any_end_of_line_and_a_mark_at_its_start(end: str) -> None:
    file = read("\ufeff" + end.join(["ada@home.example", "", "bob", ""]), file_name="following_accounts.csv")
    assert file.type == "following"
    assert [(row.place, row.subject) for row in file.rows] == [(1, "ada"), (3, "bob")]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("following_accounts.csv", "following"),
        ("blocked_accounts.csv", "blocking"),
        ("blocked_domains.csv", "domain_blocking"),
        ("muted_accounts (1).csv", "muting"),
        ("lists.csv", "lists"),
        ("bookmarks.csv", "bookmarks"),
    ],
)
def test_the_name_of_a_file_tells_what_it_is(name: str, kind: str) -> None:
    assert read("friends,https://far.example/1\n", file_name=name).type == kind


def test_what_nothing_tells_is_asked_for() -> None:
    with pytest.raises(BadFile, match="choose it"):
        read("ada@home.example\n", file_name="people.csv")
    assert read("ada@home.example\n", file_name="people.csv", type="blocking").type == "blocking"


def test_a_mute_hides_notifications_unless_it_says_otherwise() -> None:
    file = read("Account address,Hide notifications\na,false\nb,true\nc\n")
    assert [row.options["hide"] for row in file.rows] == [False, True, True]


def test_lists_domains_and_bookmarks_are_read() -> None:
    lists = read("Friends,ada\n,bob\n", type="lists")
    assert [(row.options["title"], row.problem) for row in lists.rows] == [("Friends", None), ("", "bad_title")]
    domains = read("#domain\nBad.Example\nhome.example\nnot a domain\n")
    assert [(row.subject, row.problem) for row in domains.rows] == [
        ("bad.example", None),
        ("home.example", "own_server"),
        ("not a domain", "not_a_domain"),
    ]
    bookmarks = read("#uri\nhttps://far.example/1\njavascript:alert(1)\n")
    assert [row.problem for row in bookmarks.rows] == [None, "not_an_address"]


@pytest.mark.parametrize(
    "address", ["", "@", "a b@x.example", "ada@", "ä@home.example", "ada@@home.example", "<b>@x.y"]
)
def test_what_is_no_address_fails_alone(address: str) -> None:
    file = read(f'"{address}",x\nbob,x\n', type="blocking")
    assert [row.problem for row in file.rows][-1] is None
    assert address == "ada@" or all(row.problem == "not_an_address" for row in file.rows[:-1])


def test_a_broken_file_is_refused_and_its_line_named() -> None:
    def problem(body: bytes, **more: object) -> tuple[str, int]:
        with pytest.raises(BadFile) as caught:
            read(body, **{"type": "following", **more})
        return caught.value.problem, caught.value.line

    assert problem(b"ada\nbob\xff\n") == ("encoding", 2)
    assert problem(b"ada\nbo\0b\n") == ("encoding", 2)
    assert problem(b'ada\nbob\n"open,\n') == ("unreadable", 3)
    assert problem(b"ada\n" + b"x" * (10 << 20) + b"\n") == ("unreadable", 2)
    assert problem(b"ada\n" + b"x" * 5000 + b"\n") == ("unreadable", 2)
    assert problem(b"Friends,ada\nbob\n", type="lists") == ("columns", 2)
    assert problem(b"") == ("empty", 0)
    assert problem(b"\n\n") == ("empty", 0)
    assert problem(b"Account address,Show boosts\n") == ("empty", 0)


def test_a_hundred_thousand_lines_are_counted_and_too_many() -> None:
    with pytest.raises(BadFile) as caught:
        read("".join(f"user{number}\n" for number in range(100_000)), type="following")
    assert (caught.value.problem, caught.value.count) == ("rows", 100_000)
    assert str(MAX_ROWS) in caught.value.text
