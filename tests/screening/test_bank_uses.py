"""What operators are told of their banks of known pictures, and that a quiet server takes them up."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner

from rostra.cli import doctor_banks, main
from rostra.kit.settings import Settings
from rostra.media.image import hash_file
from rostra.screening import active
from rostra.screening.active import ActivePolicy
from rostra.screening.bank_uses import BankUse, list_bank_uses
from rostra.screening.banks import Banks
from rostra.screening.subject import Picture
from tests.media.samples import encode, picture
from tests.screening.policies import RULES, put_in_force
from tests.screening.test_banks import HASHES, lines, looked, names
from tests.world import World

OTHER = "\n- id: waste\n  clause: words\n  description: Of a bank.\n  mode: shadow\n"
OTHER += '  when: image.banks.exists(b, b == "scams")\n  then: [hold]\n  reason: {en: Known., it: Nota.}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "banks"
    made.mkdir()
    return made


async def test_a_file_without_hashes_changes_nothing_and_is_named(folder: Path) -> None:
    (folder / "scams.txt").write_text(lines(HASHES[0]))
    banks = await looked(Banks(folder))
    for content in ("", "# nothing yet\n", "hash,type\nd41d8cd98f00b204e9800998ecf8427e,md5\n"):
        (folder / "scams.txt").write_text(content)
        await looked(banks)
        assert names(banks, Picture(HASHES[0], 100)) == ["scams"]
        [bank] = banks.describe()
        assert bank.problem is not None
        assert "holds no hashes" in bank.problem
    assert "1 of other kinds than PDQ" in bank.problem


async def test_a_bank_whose_hashes_were_all_taken_back_knows_nothing(folder: Path) -> None:
    (folder / "scams.txt").write_text(lines(HASHES[0]))
    banks = await looked(Banks(folder))
    (folder / "scams.txt").write_text(f"hash,status\n{HASHES[0].hex()},NON_MALICIOUS\n")
    await looked(banks)
    assert names(banks, Picture(HASHES[0], 100)) == []
    assert [(bank.hashes, bank.problem) for bank in banks.describe()] == [(0, None)]


async def test_a_server_on_which_nobody_posts_takes_up_a_bank(
    world: World, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(active, "_LOOK_AGAIN", active.timedelta(seconds=0.02))
    policies = ActivePolicy(world.clock, folder)
    await policies.current(world.db)
    async with asyncio.timeout(60), policies.following_banks():
        (folder / "scams.txt").write_text(lines(HASHES[0]))
        while not names(policies.banks, Picture(HASHES[0], 100)):
            await asyncio.sleep(0.02)
        (folder / "scams.txt").unlink()
        while names(policies.banks, Picture(HASHES[0], 100)):
            await asyncio.sleep(0.02)


async def test_each_bank_is_told_with_what_follows_from_it(world: World, folder: Path) -> None:
    await put_in_force(world, RULES + OTHER)
    (folder / "scams.txt").write_text(lines(HASHES[0]))
    (folder / "other.txt").write_text(lines(*HASHES[:3]))
    (folder / "broken.txt").write_text("nonsense")
    await looked(Banks(folder))
    (folder / "later.txt").write_text(lines(HASHES[5]))
    uses = {use.name: use for use in await list_bank_uses(world.db, world.clock, folder)}
    assert {name: (use.hashes, use.action, use.rule) for name, use in uses.items()} == {
        "broken": (0, "allow", None),
        "later": (0, "allow", None),
        "other": (3, "allow", None),
        "scams": (1, "allow", "waste"),
    }
    assert "is no PDQ hash" in (uses["broken"].problem or "")
    assert "was not read yet" in (uses["later"].problem or "")
    assert uses["scams"].problem is None


async def test_the_policy_of_the_program_says_what_follows_from_any_bank(world: World, folder: Path) -> None:
    await world.db.connection.execute("update policy_state set version_id = null")
    for name in ("terror-2027", "csam", "ncii-1", "whatever"):
        (folder / f"{name}.txt").write_text(lines(HASHES[0]))
    await looked(Banks(folder))
    uses = await list_bank_uses(world.db, world.clock, folder)
    assert {use.name: use.action for use in uses} == {
        "csam": "reject",
        "ncii-1": "reject",
        "terror-2027": "reject",
        "whatever": "hold",
    }


def test_the_doctor_names_files_that_are_not_in_use_and_banks_without_a_rule(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def use(name: str, hashes: int, rule: str | None, problem: str | None = None) -> BankUse:
        return BankUse(file=f"{name}.txt", name=name, hashes=hashes, action="hold", rule=rule, problem=problem)

    uses = [
        use("a", 0, "r", "a.txt:1: broken"),
        use("b", 3, "r", "b.txt:1: broken"),
        use("c", 5, None),
        use("d", 7, "r"),
    ]
    monkeypatch.setattr("rostra.cli.policy_banks.find_uses", lambda _settings: uses)
    found = doctor_banks.check_banks(Settings(data_dir=tmp_path))
    assert [(each.state, each.found) for each in found] == [
        ("fail", "a.txt:1: broken: it is not in use"),
        ("warn", "b.txt:1: broken: what it held before is in use"),
        ("warn", "nothing follows from the bank c: no rule names it"),
        ("ok", "12 hashes of known pictures in c, d"),
    ]


def test_a_line_of_a_bank_is_made_of_a_picture(tmp_path: Path, folder: Path) -> None:
    body = encode(picture(400, 300), "PNG")
    (tmp_path / "a, b.png").write_bytes(body)
    (tmp_path / "no.txt").write_text("no picture")
    result = CliRunner().invoke(main, ["policy", "hash", str(tmp_path / "a, b.png"), str(tmp_path / "no.txt")])
    assert result.exit_code == 1
    made = hash_file(body)
    assert f"{made.pdq.hex()},{made.quality},a b.png\n" in result.output
    assert "no.txt: is not an image" in result.output
