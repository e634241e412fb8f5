"""`rostra policy learn`: adjust the text model to what people decided, take that back, or ask for more decisions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import click
import msgspec

from rostra.cli.moderation_server import reviewer_named, run_desk
from rostra.cli.options import Exit, Refusal, say
from rostra.cli.policy_files import columns
from rostra.cli.policy_server import with_database
from rostra.detect.adjust import Figures
from rostra.detect.reading import CATEGORIES, Category
from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.settings import Settings
from rostra.moderation.desk import Desk
from rostra.screening.active import ActivePolicy
from rostra.screening.learn import Outcome, learn, roll_back
from rostra.screening.learn_job import learn_and_keep
from rostra.screening.lessons import LEAST, LEAST_OF_EACH, Learnt
from rostra.screening.propose import label_status, propose

NONE: Final = "none"
_SAID: Final = {
    "promoted": "better",
    "no-better": "no better: stays as it is",
    "breaks-tests": "better, but breaks tests of the policy: stays as it is",
}


def learn_and_print(settings: Settings, *, promote: bool, as_json: bool) -> None:
    """Learn, and print what came of each category."""
    outcome = with_database(settings, lambda db: _learn(db, promote=promote))
    if as_json:
        click.echo(msgspec.json.encode(outcome))
        return
    rows = [["CATEGORY", "DECISIONS", "AGAINST", "PEOPLE", "AUROC", "FOUND AT 1 %", "ERROR", ""]]
    rows += [[category, *_line(found)] for category, found in outcome.categories.items()]
    for line in columns(rows):
        click.echo(line)
    say(_concluded(outcome))


async def _learn(db: Database, *, promote: bool) -> Outcome:
    clock = Clock()
    policies = ActivePolicy(clock)
    return await (learn_and_keep(db, clock, policies) if promote else learn(db, clock, policies, promote=False))


def roll_back_and_say(settings: Settings) -> None:
    """Take the last adjustment back."""
    back = with_database(settings, lambda db: roll_back(db, Clock(), ActivePolicy(Clock())))
    now = "the model judges as it came" if back is None else "the adjustment before it is in force again"
    say(f"{now}; running servers take it up within two seconds, and learn again once `rostra policy learn` was run")


def propose_and_print(settings: Settings, number: int, *, as_json: bool) -> None:
    """Name the posts whose labels would teach most."""
    found = with_database(settings, lambda db: propose(db, Clock(), ActivePolicy(Clock()), number))
    if as_json:
        click.echo(msgspec.json.encode(found))
        return
    rows = [["POST", "BY", "WHY", "CHANCE", "TEXT"]]
    rows += [
        [
            str(each.status_id),
            f"@{each.username}" + (f"@{each.domain}" if each.domain else ""),
            each.why,
            f"{each.category} {each.chance:.2f}",
            _short(each.text),
        ]
        for each in found
    ]
    for line in columns(rows):
        click.echo(line)
    if found:
        say("say what each is: rostra policy label POST none|CATEGORY... --as USERNAME")


def label_and_say(settings: Settings, status_id: int, categories: Sequence[str], *, actor: str) -> None:
    """Write down what somebody of the staff finds a post to be. Ends the command where that is refused."""
    named = tuple(name for name in categories if name != NONE)
    if NONE in categories and named:
        raise Refusal(Exit.FAILED, f"a post is of {', '.join(named)} or of none")
    if unknown := [name for name in named if name not in CATEGORIES]:
        raise Refusal(Exit.FAILED, f"{unknown[0]!r} is none of {', '.join(CATEGORIES)}, {NONE}")

    async def write(desk: Desk) -> None:
        reviewer = await reviewer_named(desk, actor)
        chosen: list[Category] = [category for category in CATEGORIES if category in named]
        await label_status(desk.db, desk.clock, status_id, chosen, actor_id=reviewer.account_id)

    run_desk(settings, write, nothing=f"there is no public post {status_id}")
    say(f"post {status_id}: {', '.join(named) or NONE}, says {actor}")


def _line(found: Learnt) -> list[str]:
    counted = [str(found.decisions), str(found.bad), str(found.reviewers)]
    if found.before is None or found.after is None:
        return [*counted, "", "", "", f"too few: {LEAST} are needed, {LEAST_OF_EACH} of each outcome"]
    return [*counted, *_figures(found.before, found.after), _SAID[found.outcome]]


def _figures(before: Figures, after: Figures) -> list[str]:
    pairs = ((before.auroc, after.auroc), (before.recall, after.recall), (before.ece, after.ece))
    return [f"{was:.3f} → {now:.3f}" for was, now in pairs]


def _concluded(outcome: Outcome) -> str:
    said = f"nothing was changed: {outcome.skipped}" if outcome.skipped else "nothing was changed"
    if outcome.promoted:
        said = f"adjustment {outcome.promoted} is in force; `rostra policy learn --rollback` takes it back"
    if outcome.broken:
        some = "; ".join(outcome.broken[:3])
        said += f"\nwith all of it {len(outcome.broken)} of the policy's own tests would fail: {some}"
    return said


def _short(text: str) -> str:
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= 80 else line[:79] + "…"
