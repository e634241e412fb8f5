"""`rostra policy`: check, test, compare and try policies as folders, and put them into force in a server's database."""

from __future__ import annotations

from pathlib import Path
from typing import IO

import click

from rostra.cli.options import with_settings
from rostra.kit.settings import Settings

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
bundle_argument = click.argument("bundle", default="shipped", metavar="[FOLDER]")


@click.group()
def policy() -> None:
    """Check, test and try the rules by which posts are judged.

    FOLDER is a policy's folder, with its policy.yaml; the word "shipped", or nothing, is the policy that comes with
    Rostra. docs/policy.md teaches to write one.
    """


@policy.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def copy(folder: Path) -> None:
    """Write the policy that comes with Rostra to a new FOLDER, to be changed there."""
    from rostra.cli.policy_files import write_copy

    write_copy(folder)


@policy.command()
@bundle_argument
@click.option("--coverage", is_flag=True, help="Print what answers each clause of a host, too.")
@json_option
def check(bundle: str, coverage: bool, as_json: bool) -> None:
    """Say all that is wrong with a policy, with file, line and remedy."""
    from rostra.cli.policy_check import check_and_print

    check_and_print(bundle, coverage=coverage, as_json=as_json)


@policy.command()
@bundle_argument
@click.option("--only", default="", metavar="NAME", help="Only tests of files with NAME in their name.")
@click.option("--gaps", is_flag=True, help="Name the known gaps one by one, too.")
@json_option
def test(bundle: str, only: str, gaps: bool, as_json: bool) -> None:
    """Run a policy's own tests: the detectors read each text, the rules judge it."""
    from rostra.cli.policy_check import test_and_print

    test_and_print(bundle, only=only, gaps=gaps, as_json=as_json)


@policy.command()
@click.argument("old")
@click.argument("new")
@json_option
def diff(old: str, new: str, as_json: bool) -> None:
    """What differs from policy OLD to policy NEW, each a folder or the word "shipped"."""
    from rostra.cli.policy_files import print_difference

    print_difference(old, new, as_json=as_json)


@policy.command()
@click.argument("file", type=click.File(encoding="utf-8", errors="replace"), default="-")
@click.option("--policy", "bundle", default="shipped", metavar="FOLDER", help="The policy to judge by.")
@json_option
def score(file: IO[str], bundle: str, as_json: bool) -> None:
    """Judge each line of FILE, or of standard input, as a post by an account that is old enough.

    Prints the verdict, the scores and the places that were found; with --json one object for each line.
    """
    from rostra.cli.policy_score import score_and_print

    score_and_print(file, bundle, as_json=as_json)


@policy.command()
@click.argument("version", required=False)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Write the files of VERSION here.")
@json_option
@with_settings
def show(settings: Settings, version: str | None, out: Path | None, as_json: bool) -> None:
    """The versions that were kept, which is in force, and how its rules fare today.

    With --out the files of VERSION (its first letters; the one in force where none is given) are written to a folder,
    to be changed there.
    """
    from rostra.cli import policy_server

    if version is not None and out is None:
        raise click.UsageError("VERSION needs --out FOLDER: its files are written there")
    policy_server.show(settings, version, out=out, as_json=as_json)


@policy.command()
@bundle_argument
@click.option("--note", default="", help="Why, for the history.")
@click.option("--without-replay", is_flag=True, help="Although it was not tried on stored posts.")
@with_settings
def activate(settings: Settings, bundle: str, note: str, without_replay: bool) -> None:
    """Put a policy into force, once its check and its tests pass.

    All processes have it within two seconds. It must have been replayed within a week.
    """
    from rostra.cli import policy_server

    policy_server.activate(settings, bundle, note=note, unreplayed=without_replay)


@policy.command()
@click.argument("version", required=False)
@click.option("--note", default="", help="Why, for the history.")
@with_settings
def rollback(settings: Settings, version: str | None, note: str) -> None:
    """Put the policy before, or VERSION (its first letters), back into force."""
    from rostra.cli import policy_server

    policy_server.rollback(settings, version, note=note)


@policy.command()
@click.argument("rule")
@with_settings
def resume(settings: Settings, rule: str) -> None:
    """Have a RULE count again that was paused by its daily cap or by the alarm on hit rates."""
    from rostra.cli import policy_server

    policy_server.resume(settings, rule)


@policy.command()
@bundle_argument
@click.option("--days", type=click.IntRange(1, 3650), default=30, show_default=True, help="How far back.")
@json_option
@with_settings
def replay(settings: Settings, bundle: str, days: int, as_json: bool) -> None:
    """Try a policy on the posts of the last days: what it would newly hit and newly free."""
    from rostra.cli import policy_server

    policy_server.replay_and_print(settings, bundle, days, as_json=as_json)


@policy.command()
@click.option("--rollback", is_flag=True, help="Take back what was learnt last.")
@click.option("--propose", type=click.IntRange(1, 200), metavar="N", help="Name N posts whose labels would teach most.")
@click.option("--try", "only_try", is_flag=True, help="Say what would be learnt, and change nothing.")
@json_option
@with_settings
def learn(settings: Settings, rollback: bool, propose: int | None, only_try: bool, as_json: bool) -> None:
    """Adjust the text model to what this server's reviewers have decided.

    What is learnt is put into force only where it does better on the newest fifth of the decisions of each outcome,
    which it has not seen, and breaks none of the policy's own tests. A running server does so by itself every night.
    """
    from rostra.cli import policy_learn

    if rollback and (propose or only_try):
        raise click.UsageError("--rollback stands alone")
    if rollback:
        policy_learn.roll_back_and_say(settings)
    elif propose:
        policy_learn.propose_and_print(settings, propose, as_json=as_json)
    else:
        policy_learn.learn_and_print(settings, promote=not only_try, as_json=as_json)


@policy.command("label")
@click.argument("status_id", type=int, metavar="POST")
@click.argument("categories", nargs=-1, required=True, metavar="none|CATEGORY...")
@click.option("--as", "actor", metavar="USERNAME", required=True, help="In whose name: one of the staff.")
@with_settings
def label_post(settings: Settings, status_id: int, categories: tuple[str, ...], actor: str) -> None:
    """Answer what `learn --propose` asks: of which categories a POST is, or "none".

    The categories are threat, incitement, hate, harassment, self_harm, sexual and spam. Nothing becomes of the post;
    the model learns of it.
    """
    from rostra.cli import policy_learn

    policy_learn.label_and_say(settings, status_id, categories, actor=actor)


@policy.command()
@json_option
@with_settings
def clusters(settings: Settings, as_json: bool) -> None:
    """The events that posts gather around: place, day, weapons, growth, reach, and the days that are left."""
    from rostra.cli import policy_server

    policy_server.clusters_and_print(settings, as_json=as_json)


@policy.command()
@json_option
@with_settings
def banks(settings: Settings, as_json: bool) -> None:
    """The banks of known pictures: how many hashes, what follows from them, and what is wrong with a file."""
    from rostra.cli.policy_banks import banks_and_print

    banks_and_print(settings, as_json=as_json)


@policy.command("hash")
@click.argument("pictures", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path))
def hash_pictures(pictures: tuple[Path, ...]) -> None:
    """Print a line for a bank of known PICTURES: the PDQ hash, its quality, the file's name.

    `rostra policy hash *.jpg > data/banks/scams.txt` makes a bank of one's own; docs/media.md says what then.
    """
    from rostra.cli.policy_banks import hash_and_print

    hash_and_print(pictures)
