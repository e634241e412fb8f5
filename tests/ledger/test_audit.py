"""Checking an export from the file alone, and the live tables: whatever is changed is found and named."""

from __future__ import annotations

import gzip
import random
import re
import subprocess
import sys
import tracemalloc
from pathlib import Path

import msgspec
import pytest

from rostra.ledger import audit_stored
from rostra.ledger import export as export_module
from rostra.ledger.audit import Outcome
from rostra.ledger.audit_stored import check_stored
from rostra.ledger.export import export
from rostra.ledger.leaf import Leaf, encode_hash
from rostra.ledger.merkle import Frontier, hash_leaf, root_of
from rostra.ledger.note import read_checkpoint
from rostra.ledger.proof import Broken, check_proof
from rostra.ledger.read_export import EXPORT_FORMAT, Header, LeafLine, check_export
from rostra.ledger.tree import proof_of_event
from tests.ledger.stage import Stage, make_signer

ALL = ("event", "subject", "account", "details", "actor")


async def exported(stage: Stage, path: Path, **more: bool) -> list[bytes]:
    """The lines of an export that stands at `path`."""
    await export(stage.db, stage.clock, path, **more)
    return gzip.decompress(path.read_bytes()).splitlines(keepends=True)


def write(path: Path, lines: list[bytes]) -> Path:
    path.write_bytes(gzip.compress(b"".join(lines)))
    return path


async def test_an_export_is_checked_without_server_and_database(stage: Stage, tmp_path: Path) -> None:
    await stage.add(5)
    await stage.seal()
    await stage.add(4, actor_id=3)
    newest = await stage.seal()
    file = tmp_path / "ledger.gz"
    await exported(stage, file)
    outcome = check_export(file)
    assert outcome == Outcome(
        origin="social.example/ledger", size=9, root=newest.root.hex(), checkpoints=1, witnessed=0, erased=0,
        key=str(stage.signer.verifier),
    )  # fmt: skip
    assert check_export(file, key=stage.signer.verifier) == outcome
    plain = tmp_path / "ledger.jsonl"
    plain.write_bytes(gzip.decompress(file.read_bytes()))
    assert check_export(plain) == outcome


async def test_the_public_form_has_nothing_that_leads_to_people(stage: Stage, tmp_path: Path) -> None:
    ids = await stage.add(3, account_id=987_654_321, subject_id=987_654_322, actor_id=987_654_323)
    await stage.seal()
    lines = await exported(stage, tmp_path / "ledger.gz")
    leaf = msgspec.json.decode(lines[1])["leaf"]
    assert {key: leaf[key] for key in ("clause", "day", "kind", "policy", "type")} == {
        "clause": "violence/threat", "day": "2026-05-04", "kind": "status", "policy": "p1", "type": "verdict",
    }  # fmt: skip
    told = b"".join(lines)
    for number in (987_654_321, 987_654_322, 987_654_323, *ids):
        assert str(number).encode() not in told
    assert b"score" not in told
    assert (tmp_path / "ledger.gz").stat().st_mode & 0o777 == 0o644


async def test_with_openings_everything_can_be_read_and_is_held_to_the_leaves(stage: Stage, tmp_path: Path) -> None:
    (event_id,) = await stage.add(1, actor_id=3)
    await stage.seal()
    file = tmp_path / "ledger.gz"
    lines = await exported(stage, file, with_openings=True)
    assert file.stat().st_mode & 0o777 == 0o600
    opened = {name: each["text"] for name, each in msgspec.json.decode(lines[1])["opened"].items()}
    assert opened == {
        "account": "40", "actor": "3", "details": '{"n": 0, "è": "ü\\n", "score": 0.125}', "subject": "7000 0",
        "event": f"{event_id} 2026-05-04T12:00:00.001000Z",
    }  # fmt: skip
    check_export(file)
    for old, new in ((b'"text":"40"', b'"text":"41"'), (b'"text":"3"', b'"text":"4"'), (b"7000 0", b"7001 0")):
        with pytest.raises(Broken, match=r"leaf 0: .* committed to"):
            check_export(write(file, [line.replace(old, new) for line in lines]))


async def test_a_flipped_byte_is_found_and_the_leaf_is_named(stage: Stage, tmp_path: Path) -> None:
    await stage.add(40, actor_id=5)
    await stage.seal()
    file = tmp_path / "ledger.gz"
    lines = await exported(stage, file)
    chance = random.Random(7)
    for _ in range(300):
        index = chance.randrange(40)
        place = chance.randrange(len(lines[index + 1]) - 1)
        spoilt = bytearray(lines[index + 1])
        spoilt[place] ^= 1 << chance.randrange(7)
        if msgspec_equal(bytes(spoilt), lines[index + 1]):
            continue
        with pytest.raises(Broken, match=rf"\bleaf {index}\b"):
            check_export(write(file, [*lines[: index + 1], bytes(spoilt), *lines[index + 2 :]]))


def msgspec_equal(one: bytes, two: bytes) -> bool:
    """Whether two lines say the same, as with another blank or another case of a hex digit."""
    try:
        decoded, other = msgspec.json.decode(one), msgspec.json.decode(two)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return decoded | {"check": str(decoded.get("check")).lower()} == other


async def test_what_was_changed_together_with_its_hash_is_found_by_the_checkpoints(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_module, "_CHECKPOINT_EVERY", 10)
    for _ in range(4):
        await stage.add(10)
        await stage.seal()
    file = tmp_path / "ledger.gz"
    lines = await exported(stage, file)
    place = next(number for number, line in enumerate(lines) if line.startswith(b'{"type":"leaf","n":23,'))
    forged = msgspec.json.decode(lines[place])
    forged["leaf"]["clause"] = "other"
    forged["check"] = hash_of(forged["leaf"])[:16]
    with pytest.raises(Broken, match="of leaves 20 to 29 one was changed together with its hash"):
        check_export(write(file, [*lines[:place], msgspec.json.encode(forged) + b"\n", *lines[place + 1 :]]))


def hash_of(leaf: dict[str, object]) -> str:
    return msgspec.convert(leaf, Leaf).hash().hex()


async def test_leaves_left_out_added_or_moved_are_found(stage: Stage, tmp_path: Path) -> None:
    await stage.add(8)
    await stage.seal()
    file = tmp_path / "ledger.gz"
    lines = await exported(stage, file)
    head, leaves = lines[:1], lines[1:9]
    wrong = {
        "leaf 4 stands where leaf 3 should be": [*leaves[:3], *leaves[4:]],
        "leaf 2 stands where leaf 3 should be": [*leaves[:3], leaves[2], *leaves[3:]],
        "leaf 5 stands where leaf 4 should be": [*leaves[:4], leaves[5], leaves[4], *leaves[6:]],
        "ends after 6 of 8 leaves": leaves[:6],
        "ends after 0 of 8 leaves": [],
        "checkpoint of 8 leaves stands after 9": [*leaves, leaves[7].replace(b'"n":7', b'"n":8')],
        "the line of leaf 8 cannot be read": [*leaves, b"x\n"],
    }
    for said, rest in wrong.items():
        with pytest.raises(Broken, match=said):
            check_export(write(file, head + rest))


async def test_a_damaged_or_cut_off_file_is_told_from_a_changed_one(stage: Stage, tmp_path: Path) -> None:
    await stage.add(50)
    await stage.seal()
    file = tmp_path / "ledger.gz"
    await exported(stage, file)
    packed = file.read_bytes()
    file.write_bytes(packed[:-200])
    with pytest.raises(Broken, match="damaged or cut off after line"):
        check_export(file)
    spoilt = bytearray(packed)
    spoilt[len(packed) // 2] ^= 0x10
    file.write_bytes(spoilt)
    with pytest.raises(Broken):
        check_export(file)
    for content in (b"", b"{}\n", b'{"format":"other","made_at":"","checkpoint":"","keys":[],"with_openings":false}\n'):
        file.write_bytes(content)
        with pytest.raises(Broken):
            check_export(file)


async def test_another_key_than_the_one_given_is_not_believed(stage: Stage, tmp_path: Path) -> None:
    await stage.add(3)
    await stage.seal()
    file = tmp_path / "ledger.gz"
    lines = await exported(stage, file)
    with pytest.raises(Broken, match="is not signed by the key"):
        check_export(file, key=make_signer().verifier)
    forger = make_signer()
    header = msgspec.json.decode(lines[0])
    root = read_checkpoint(header["checkpoint"]).root
    header["checkpoint"] = forger.sign(3, root)
    with pytest.raises(Broken, match="is not signed by the key"):
        check_export(write(file, [msgspec.json.encode(header) + b"\n", *lines[1:]]), key=stage.signer.verifier)
    header["checkpoint"] = lines_note(stage, lines).replace("\n3\n", "\n2\n")
    with pytest.raises(Broken, match="does not hold"):
        check_export(write(file, [msgspec.json.encode(header) + b"\n", *lines[1:]]))


def lines_note(stage: Stage, lines: list[bytes]) -> str:
    return msgspec.json.decode(lines[0])["checkpoint"]


async def test_a_new_key_goes_on_where_the_old_one_stopped(stage: Stage, tmp_path: Path) -> None:
    await stage.add(3)
    await stage.seal()
    old, stage.signer = stage.signer, make_signer()
    await stage.add(3)
    await stage.seal()
    file = tmp_path / "ledger.gz"
    await exported(stage, file)
    assert check_export(file).key == str(stage.signer.verifier)
    assert check_export(file, key=stage.signer.verifier).size == 6
    assert (await check_stored(stage.db, key=stage.signer.verifier)).checkpoints == 1
    assert (await check_stored(stage.db)).checkpoints == 2
    with pytest.raises(Broken, match="is not signed by the key"):
        check_export(file, key=old.verifier)


async def test_a_checkpoint_that_a_witness_has_kept_shows_a_rewritten_past(stage: Stage, tmp_path: Path) -> None:
    await stage.add(3)
    kept = read_checkpoint((await stage.seal()).note)
    await stage.add(3)
    newest = read_checkpoint((await stage.seal()).note)
    file = tmp_path / "ledger.gz"
    await exported(stage, file)
    assert check_export(file, witnessed=[kept, newest]).witnessed == 2
    assert (await check_stored(stage.db, witnessed=[kept])).witnessed == 1
    other = msgspec.structs.replace(kept, root=newest.root)
    with pytest.raises(Broken, match="the first 3 leaves are not those"):
        check_export(file, witnessed=[other])
    with pytest.raises(Broken, match="kept a checkpoint of 9 leaves, and here are only 6"):
        check_export(file, witnessed=[msgspec.structs.replace(kept, size=9)])


async def test_a_proof_of_an_event_is_checked_without_anything_else(stage: Stage) -> None:
    ids = await stage.add(300, actor_id=5)
    await stage.seal()
    async with stage.db.read() as conn:
        proof = await proof_of_event(conn, ids[123], ("event", "subject"))
    sent = msgspec.json.decode(msgspec.json.encode(proof), type=type(proof))
    assert check_proof(sent, stage.signer.verifier).size == 300
    assert sent.opened["subject"].text == "7123 0"
    assert sent.opened["account"].text is None
    assert "actor" not in sent.opened
    with pytest.raises(Broken, match="is not signed by"):
        check_proof(sent, make_signer().verifier)
    replace = msgspec.structs.replace
    for forged in (
        replace(sent, index=124),
        replace(sent, leaf=replace(sent.leaf, clause="other")),
        replace(sent, path=sent.path[:-1]),
        replace(sent, path=["AAAA"]),
        replace(sent, opened=sent.opened | {"subject": replace(sent.opened["subject"], text="7124 0")}),
        replace(sent, opened=sent.opened | {"actor": sent.opened["subject"]}),
        replace(sent, opened={"subject": sent.opened["subject"]}),
        replace(sent, format="other"),
    ):
        with pytest.raises(Broken):
            check_proof(forged, stage.signer.verifier)


async def test_the_live_tables_are_in_order_while_nobody_meddles(stage: Stage) -> None:
    await stage.seal()
    await stage.add(600)
    newest = await stage.seal()
    await stage.add(2)
    outcome = await check_stored(stage.db, key=stage.signer.verifier)
    assert (outcome.size, outcome.root, outcome.checkpoints) == (600, newest.root.hex(), 2)


MEDDLING = {
    "update moderation_events set clause = 'x' where id = $1": "leaf 311 was changed",
    "update moderation_events set account_id = 1 where id = $1": "leaf 311: the salt of event",
    "update moderation_events set subject_id = 1 where id = $1": "leaf 311 was changed",
    "update moderation_events set details = '{}' where id = $1": "leaf 311 was changed",
    "update moderation_events set created_at = created_at + '1 second' where id = $1": "leaf 311 was changed",
    "update moderation_events set actor_id = null where id = $1": "leaf 311 was changed",
    "delete from moderation_events where id = $1": "leaf 311: its event",
    "update ledger_leaves set leaf_hash = sha256('x') where event_id = $1": "leaf 311 was changed",
    "delete from ledger_leaves where event_id = $1": "leaf 312 stands where leaf 311",
    "insert into ledger_erasures select $1, 'about', sha256('x'), now()": "leaf 311 was changed",
    "update ledger_tiles set hash = sha256('x') where $1::bigint > 0": "kept hash 0 of level 1",
    "delete from ledger_tiles where $1::bigint > 0": "kept hash 0 of level 1",
    "update ledger_checkpoints set root = sha256('x') where $1::bigint > 0": "is kept with a note of",
    "update ledger_checkpoints set note = 'x' where $1::bigint > 0": "is not a signed note",
    "delete from ledger_salts where $1::bigint > 0": "leaf 0: the salt of event",
    "delete from ledger_pending where $1::bigint > 0": "has no leaf and does not wait for one",
    "insert into ledger_leaves select 600, $1::bigint + 1, sha256('x')": "leaf 600 is covered by no checkpoint",
}


@pytest.mark.parametrize("statement", MEDDLING)
async def test_meddling_past_the_databases_refusals_is_found(stage: Stage, statement: str) -> None:
    ids = await stage.add(600, actor_id=5)
    await stage.seal()
    await stage.add(1)
    async with stage.meddling() as owner:
        await owner.execute(statement, ids[311])
    with pytest.raises(Broken, match=re.escape(MEDDLING[statement])):
        await check_stored(stage.db)


async def test_rewriting_everything_but_the_signature_is_found(stage: Stage) -> None:
    ids = await stage.add(30)
    await stage.seal()
    async with stage.db.read() as conn:
        proof = await proof_of_event(conn, ids[7])
    forged = msgspec.structs.replace(proof.leaf, clause="other")
    async with stage.meddling() as owner:
        await owner.execute("update moderation_events set clause = 'other' where id = $1", ids[7])
        await owner.execute("update ledger_leaves set leaf_hash = $2 where event_id = $1", ids[7], forged.hash())
        await owner.execute("update ledger_checkpoints set root = $1", root_of(await stage.leaf_hashes()))
    with pytest.raises(Broken, match="of leaves 0 to 29 one was changed together with its hash"):
        await check_stored(stage.db)


async def test_checking_goes_on_in_pieces(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_stored, "_BATCH", 7)
    monkeypatch.setattr(export_module, "_BATCH", 7)
    await stage.add(30)
    await stage.seal()
    await stage.add(5)
    await stage.seal()
    seen: list[tuple[int, int]] = []
    await check_stored(stage.db, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(7, 35), (14, 35), (21, 35), (28, 35), (35, 35)]
    file = tmp_path / "ledger.gz"
    await exported(stage, file)
    assert check_export(file).size == 35


async def test_a_leaf_is_canonical_json(stage: Stage) -> None:
    import json

    (event_id,) = await stage.add(1, clause='quotes "\\ \t\n\x01 ü €', actor_id=4)
    await stage.seal()
    async with stage.db.read() as conn:
        leaf = (await proof_of_event(conn, event_id)).leaf
    # RFC 8785 of texts and small integers is just this.
    canonical = json.dumps(msgspec.to_builtins(leaf), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert leaf.content() == canonical.encode()
    assert encode_hash(leaf.hash()) == encode_hash((await stage.leaf_hashes())[0])


def test_checking_a_file_loads_no_database(tmp_path: Path) -> None:
    script = "import sys, rostra.ledger.read_export as r; sys.exit('asyncpg' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def written(path: Path, count: int) -> Path:
    """An export of so many made-up leaves."""
    signer = make_signer()
    frontier = Frontier()
    leaves: list[bytes] = []
    for number in range(count):
        leaf = Leaf(
            about=encode_hash(hash_leaf(str(number).encode())), by=None, clause="spam", day="2026-05-04",
            detectors="m1", kind="status", policy="p1", type="verdict",
        )  # fmt: skip
        frontier.push(leaf.hash())
        line = LeafLine(n=number, check=leaf.hash()[:8].hex(), leaf=leaf)
        leaves.append(msgspec.json.encode(line) + b"\n")
    header = Header(
        format=EXPORT_FORMAT, made_at="", checkpoint=signer.sign(count, frontier.root()), keys=[str(signer.verifier)],
        with_openings=False,
    )  # fmt: skip
    return write(path, [msgspec.json.encode(header) + b"\n", *leaves])


def test_checking_takes_as_much_memory_for_a_long_file_as_for_a_short_one(tmp_path: Path) -> None:
    peaks: list[int] = []
    # The first time loads what is loaded once; the short file is long enough for the collector to have run.
    for count in (2_500, 2_500, 10_000):
        file = written(tmp_path / str(count), count)
        tracemalloc.start()
        assert check_export(file).size == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < peaks[1] * 1.5
