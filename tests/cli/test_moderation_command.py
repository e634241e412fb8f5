"""`rostra moderation`, on a database that another program started."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rostra.cli import main
from rostra.kit.clock import Clock
from rostra.kit.db import connect
from rostra.screening.cases import NewCase, open_case

Run = Callable[..., Result]


@pytest.fixture
def rostra(migrated_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `rostra` on a database with a moderator, somebody else, and a case about them."""
    for name, value in {
        "DATABASE_URL": migrated_dsn, "DATA": str(tmp_path), "DOMAIN": "social.example", "ARGON2_TIME_COST": "1",
        "ARGON2_MEMORY_KIB": "64",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"ROSTRA_{name}", value)

    async def open_one() -> None:
        connection = await connect(migrated_dsn)
        ada = await connection.fetchval("select id from accounts where username = 'ada'")
        case = NewCase(kind="account", subject_id=ada, account_id=ada, source="person", clause="violence.threat")
        await open_case(connection, Clock().now(), case)
        await connection.close()

    def run(*words: str, stdin: str = "", code: int = 0) -> Result:
        result = CliRunner().invoke(main, [*words], input=stdin)
        assert result.exit_code == code, result.output
        return result

    for who, role in (("mod", "moderator"), ("ada", "user")):
        words = ("--email", f"{who}@example.com", "--role", role, "--confirmed", "--password", "a long enough phrase")
        run("account", "create", who, *words)
    asyncio.run(open_one())
    return run


@pytest.fixture
def post(rostra: Run) -> tuple[str, str]:
    """The ids of a post by ada and of its picture."""

    async def add() -> tuple[str, str]:
        connection = await connect(os.environ["ROSTRA_DATABASE_URL"])
        at = Clock().now()
        ada = await connection.fetchval("select id from accounts where username = 'ada'")
        talk = await connection.fetchval(
            "insert into conversations (id, created_at) values (make_id($1), $1) returning id", at
        )
        status = await connection.fetchval(POST, at, ada, talk)
        await connection.execute("insert into status_stats (status_id) values ($1)", status)
        media = await connection.fetchval(PICTURE, at, ada, status)
        await connection.close()
        return str(status), str(media)

    return asyncio.run(add())


async def reject_one_of(username: str) -> None:
    connection = await connect(os.environ["ROSTRA_DATABASE_URL"])
    await connection.execute(
        "insert into reporters (account_id, rejected) select id, 1 from accounts where username = $1", username
    )
    await connection.close()


POST = """
insert into statuses (id, account_id, uri, url, text, content, visibility, conversation_id, created_at)
values (make_id($1), $2, 'u', 'u', 'Look', 'Look', 'public', $3, $1) returning id
"""
PICTURE = """
insert into media_attachments (id, account_id, status_id, type, description, content_type, original_key, preview_key,
  size_bytes, meta, created_at)
values (make_id($1), $2, $3, 'image', 'a knife', 'image/png', 'attachments/00/a/original.png',
  'attachments/00/a/small.png', 1, '{}', $1) returning id
"""


def test_a_picture_of_a_post_is_found_removed_and_brought_back(rostra: Run, post: tuple[str, str]) -> None:
    status, media = post
    shown = rostra("moderation", "files", status).stdout
    assert shown == f"revision: 0\nfile {media}: image a knife\n"
    words = (
        "violates",
        "--as",
        "mod",
        "--clause",
        "violence.threat",
        "--revision",
        "0",
        "--act",
        f"file.{media}.remove:7d",
    )
    made = rostra("moderation", "act", "post", status, *words)
    assert f"remove on file {media} until" in made.stderr
    listed = json.loads(rostra("moderation", "files", status, "--json").stdout)
    assert (listed["revision"], listed["files"][0]["removed_at"] is not None) == (0, True)
    number = made.stderr.split("decision ")[1].split(":")[0]
    words = ("--as", "mod", "--note", "The picture is from a film", "--json")
    turned = json.loads(rostra("moderation", "reverse", number, *words).stdout)
    assert turned["decision"]["reversed_why"] == "review"
    shown = json.loads(rostra("moderation", "show", str(turned["decision"]["case_id"]), "--json").stdout)
    assert [note["text"] for note in shown["notes"]] == ["The picture is from a film"]
    assert "(removed)" not in rostra("moderation", "files", status).stdout


def test_a_file_is_covered_in_the_case_of_its_post_which_shows_it(rostra: Run, post: tuple[str, str]) -> None:
    status, media = post
    words = ("ok", "--as", "mod", "--revision", "0", "--json")
    rostra("moderation", "act", "post", status, *words)
    case = the_case(rostra, "closed")
    assert f"file {media}: image a knife" in rostra("moderation", "show", str(case["id"])).stdout
    assert json.loads(rostra("moderation", "show", str(case["id"]), "--json").stdout)["files"][0]["id"] == int(media)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("post", "POST", "violates", "--as", "mod", "--act", "file.99.remove"), "`rostra moderation files` prints"),
        (("post", "POST", "violates", "--as", "mod", "--act", "file.remove"), "as in file.1166.remove"),
        (("post", "POST", "violates", "--as", "mod", "--act", "file.FILE.limit"), "cannot limit a file"),
        (
            ("post", "POST", "violates", "--as", "mod", "--act", "remove"),
            "`rostra moderation show` and `files` print it",
        ),
        (("post", "POST", "ok", "--as", "mod", "--revision", "7"), "look with `rostra moderation files"),
        (("post", "99", "ok", "--as", "mod", "--revision", "0"), "there is no post 99"),
        (("account", "99", "ok", "--as", "mod"), "there is no account 99"),
    ],
)
def test_what_cannot_be_done_to_a_post_names_the_remedy(
    rostra: Run, post: tuple[str, str], words: tuple[str, ...], says: str
) -> None:
    status, media = post
    given = [each.replace("POST", status).replace("FILE", media) for each in words]
    clause = [] if "--revision" in given else ["--clause", "violence.threat"]
    needs = [] if "remove" in given or "--revision" in given else ["--revision", "0"]
    assert says in rostra("moderation", "act", *given, *clause, *needs, code=1).stderr


def test_what_is_not_there_is_said_with_where_to_look(rostra: Run) -> None:
    assert "`rostra moderation queue`" in rostra("moderation", "show", "99", code=1).stderr
    assert "`rostra moderation queue`" in rostra("moderation", "decide", "99", "ok", "--as", "mod", code=1).stderr
    assert "there is no decision 99" in rostra("moderation", "reverse", "99", "--as", "mod", code=1).stderr
    assert "there is no post 99" in rostra("moderation", "files", "99", code=1).stderr


def test_a_server_is_limited_shut_out_and_let_in_again(rostra: Run) -> None:
    words = ("moderation", "servers")
    first = rostra(
        *words, "decide", "Bad.Example", "silence", "--as", "mod", "--clause", "spam.bulk", "--public", "Spam"
    )
    assert "bad.example is limited" in first.stderr
    made = rostra(*words, "decide", "bad.example", "suspend", "--as", "mod", "--for", "7d", "--reject-media", "--json")
    second = json.loads(made.stdout)
    assert (second["severity"], second["reject_media"], second["before_id"] is not None) == ("suspend", True, True)
    table = rostra(*words, "list").stdout
    assert [line.split()[1:4] for line in table.splitlines()[1:]] == [
        ["bad.example", "suspend", "-"],
        ["bad.example", "silence", "spam.bulk"],
    ]
    assert "severity: suspend" in rostra(*words, "show", str(second["id"])).stdout
    back = rostra(*words, "reverse", str(second["id"]), "--as", "mod")
    assert f"decision {second['before_id']} holds again" in back.stderr
    gone = rostra(*words, "reverse", str(second["before_id"]), "--as", "mod")
    assert "no rule holds for it any more" in gone.stderr
    assert [each["ended_why"] for each in json.loads(rostra(*words, "list", "--json").stdout)] == ["reversed"] * 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("decide", "not a domain", "silence", "--as", "mod"), "as in example.org"),
        (("decide", "social.example", "silence", "--as", "mod"), "domain"),
        (("decide", "bad.example", "silence", "--as", "mod", "--clause", "nonsense"), "is none of the policy's"),
        (("decide", "bad.example", "silence", "--as", "mod", "--for", "soon"), "say 24h or 7d"),
        (("decide", "bad.example", "silence", "--as", "tri"), "docs/moderators-guide.md"),
        (("decide", "bad.example", "silence", "--as", "ada"), "not of the staff"),
        (("show", "99"), "`rostra moderation servers list`"),
        (("reverse", "99", "--as", "mod"), "`rostra moderation servers list`"),
    ],
)
def test_what_cannot_be_done_to_a_server_names_the_remedy(rostra: Run, words: tuple[str, ...], says: str) -> None:
    more = ("--email", "tri@example.com", "--role", "triage", "--confirmed", "--password", "a long enough phrase")
    rostra("account", "create", "tri", *more)
    assert says in rostra("moderation", "servers", *words, code=1).stderr
    assert json.loads(rostra("moderation", "servers", "list", "--json").stdout) == []


def the_case(rostra: Run, state: str = "queued") -> dict[str, object]:
    (case,) = json.loads(rostra("moderation", "queue", "--state", state, "--json").stdout)
    return case


def test_a_case_is_listed_shown_decided_and_turned_round(rostra: Run) -> None:
    assert "violence.threat" in rostra("moderation", "queue").stdout
    case_id = str(the_case(rostra)["id"])
    assert "severity: 2" in rostra("moderation", "show", case_id).stdout
    made = rostra("moderation", "decide", case_id, "violates", "--as", "mod", "--act", "freeze:24h", "--json")
    decision = json.loads(made.stdout)
    assert [(action["kind"], action["ends_at"] is not None) for action in decision["actions"]] == [("freeze", True)]
    assert the_case(rostra, "closed")["outcome"] == "violates"
    result = rostra("moderation", "reverse", str(decision["decision"]["id"]), "--as", "mod")
    assert "was turned round" in result.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--as", "ada", "--act", "warn"), "not of the staff"),
        (("--as", "nobody", "--act", "warn"), "not of the staff"),
        (("--as", "mod", "--act", "dance"), "is no act"),
        (("--as", "mod", "--act", "freeze:soon"), "is no time"),
        (("--as", "mod", "--act", "remove"), "cannot remove a post"),
        (("--as", "mod", "--act", "warn", "--clause", "nonsense"), "a clause of the policy"),
        (("--as", "mod"), "say what is done with --act"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_happens(rostra: Run, words: tuple[str, ...], says: str) -> None:
    case_id = str(the_case(rostra)["id"])
    result = rostra("moderation", "decide", case_id, "violates", *words, code=1)
    assert says in result.stderr
    assert "Validation failed" not in result.stderr
    assert the_case(rostra)["id"] == int(case_id)


def test_a_reporter_is_warned_muted_and_heard_again(rostra: Run) -> None:
    assert "warned first" in rostra("moderation", "mute-reporter", "ada", "--as", "mod", code=1).stderr
    assert "found wrong" in rostra("moderation", "warn-reporter", "ada", "--as", "mod", code=1).stderr
    asyncio.run(reject_one_of("ada"))
    warned = rostra("moderation", "warn-reporter", "ada", "--as", "mod", "--json").stdout
    assert json.loads(warned) == {"username": "ada", "warned": True}
    assert "warned already" in rostra("moderation", "warn-reporter", "ada", "--as", "mod", code=1).stderr
    assert "without effect" in rostra("moderation", "mute-reporter", "ada", "--as", "mod").stderr
    assert "heard again" in rostra("moderation", "mute-reporter", "ada", "--off", "--as", "mod").stderr
    muted = rostra("moderation", "mute-reporter", "ada", "--as", "mod", "--json").stdout
    assert json.loads(muted) == {"username": "ada", "muted": True}
    assert "nobody here" in rostra("moderation", "mute-reporter", "eve", "--as", "mod", code=1).stderr


def test_a_bulk_decision_waits_for_a_second_person_who_approves_or_stops_it(rostra: Run, post: tuple[str, str]) -> None:
    more = ("--email", "max@example.com", "--role", "admin", "--confirmed", "--password", "a long enough phrase")
    rostra("account", "create", "max", *more)
    assert json.loads(rostra("moderation", "bulk-limit", "--json").stdout) == {"over": 0}
    assert "--as NAME" in rostra("moderation", "bulk-limit", "2", code=2).stderr
    assert "not allowed" in rostra("moderation", "bulk-limit", "2", "--as", "mod", code=1).stderr
    assert rostra("moderation", "bulk-limit", "2", "--as", "max").stdout == "over 2: a second person looks first\n"
    words = ("moderation", "bulk", "violates", "-", "--as", "mod", "--clause", "violence.threat", "--act", "remove")
    ids = f"{post[0]}\n1\n2\n"
    made = rostra(*words, stdin=ids)
    assert "waits for a second person" in made.stderr
    [waiting] = json.loads(rostra("moderation", "bulk-waiting", "--json").stdout)
    number = str(waiting["id"])
    assert number in rostra("moderation", "bulk-waiting").stdout
    refused = rostra("moderation", "bulk-approve", number, "--as", "mod", code=1)
    assert "Somebody else has to look at what you have ordered" in refused.stderr
    assert "is carried out by a worker" in rostra("moderation", "bulk-approve", number, "--as", "max").stderr
    assert "does not wait for anybody" in rostra("moderation", "bulk-approve", number, "--as", "max", code=1).stderr
    assert "state: running" in rostra("moderation", "bulk-show", number).stdout
    again = json.loads(rostra(*words, "--json", stdin=ids).stdout)
    assert (again["state"], again["second_look"]) == ("waiting", "asked")
    assert "was stopped" in rostra("moderation", "bulk-stop", str(again["id"]), "--as", "max").stderr
    assert json.loads(rostra("moderation", "bulk-waiting", "--json").stdout) == []


@pytest.mark.parametrize("command", ["bulk-show", "bulk-approve", "bulk-stop", "bulk-reverse"])
def test_of_a_bulk_decision_that_there_is_not_it_is_said_where_the_numbers_are(rostra: Run, command: str) -> None:
    more = () if command == "bulk-show" else ("--as", "mod")
    assert "`rostra moderation bulk` prints the number" in rostra("moderation", command, "77", *more, code=1).stderr


@pytest.mark.parametrize("command", [("show",), ("files",), ("bulk-show",), ("servers", "show")])
def test_a_number_that_none_can_have_is_no_number(rostra: Run, command: tuple[str, ...]) -> None:
    assert "is not in the range" in rostra("moderation", *command, "99999999999999999999", code=2).stderr


def test_of_a_source_that_there_is_not_it_is_said_which_there_are(rostra: Run) -> None:
    assert "rule, hold, report" in rostra("moderation", "queue", "--source", "nonsense", code=1).stderr


def test_what_is_found_and_noted_goes_with_a_bulk_decision(rostra: Run, post: tuple[str, str]) -> None:
    words = ("moderation", "bulk", "ok", "-", "--as", "mod", "--facts", "Harmless", "--note", "All looked at", "--json")
    made = json.loads(rostra(*words, stdin=post[0]).stdout)
    assert (made["draft"]["facts"], made["draft"]["note"], made["total"]) == ("Harmless", "All looked at", 1)


def test_a_bulk_decision_needs_ids(rostra: Run) -> None:
    words = ("moderation", "bulk", "violates", "-", "--as", "mod", "--clause", "violence.threat", "--act", "remove")
    assert "is no id" in rostra(*words, stdin="12\nx\n", code=1).stderr
    assert "is no id" in rostra(*words, stdin="99999999999999999999\n", code=1).stderr
    assert "nothing was chosen" in rostra(*words, stdin="\n", code=1).stderr
