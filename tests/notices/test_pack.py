"""The evidence pack proves itself to a stranger, and nothing in it can be changed without being found."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
import zipfile
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from rostra.ledger.erase import erase_account
from rostra.ledger.keys import load_signer
from rostra.notices import pack_verify
from rostra.notices.answer import approve, draft, send
from rostra.notices.pack import find_pack, make_pack, order_pack
from rostra.notices.pack_verify import Broken, is_signed, read_archive, verify, write_archive
from tests.notices.scene import reviewer
from tests.notices.test_answer import decide, stage
from tests.world import World


async def pack_of(world: World, **extras: bytes) -> bytes:
    """The pack of a notice that was answered."""
    anna, notice_id, _, _ = await stage(world)
    desk, by = world.res.desk, reviewer(anna)
    await decide(world, anna, notice_id)
    await approve(desk, by, notice_id, await draft(desk, by, notice_id))
    await send(desk, by, notice_id, by_hand=True)
    return await make_pack(desk, world.res.settings, notice_id, extras=extras)


def contents(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(archive)) as opened:
        assert opened.testzip() is None
        return {name: opened.read(name) for name in opened.namelist()}


async def test_a_pack_verifies_without_the_server(world: World, tmp_path: Path) -> None:
    archive = await pack_of(world)
    files = contents(archive)
    assert {"README.txt", "answer.txt", "notice.json", "policy.json", "items/001.json", "verify.py"} < set(files)
    (tmp_path / "pack.zip").write_bytes(archive)
    (tmp_path / "verify.py").write_bytes(files["verify.py"])
    # -I: nothing but the standard library; -S: no site packages either.
    done = subprocess.run(
        [sys.executable, "-I", "-S", "verify.py", "pack.zip"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "VERIFIED" in done.stdout
    assert "3 decisions are as the ledger has them" in done.stdout


async def test_a_pack_says_what_was_done_and_names_nobody(world: World) -> None:
    files = contents(await pack_of(world))
    item: dict[str, Any] = json.loads(files["items/001.json"])
    assert (item["result"], item["cause"], item["after"]["state"]) == ("removed", "no_rule", "removed")
    assert item["before"]["text_sha256"] == hashlib.sha256(item["before"]["text"].encode()).hexdigest()
    assert [copy["result"] for copy in item["copies"]] == ["removed", "removed"]
    assert sorted({item["author"], *(copy["author"] for copy in item["copies"])}) == ["A1", "A2", "A3"]
    notice = json.loads(files["notice.json"])
    assert [step["state"] for step in notice["steps"]] == [
        "received", "parsed", "expanding", "acting", "drafting", "approved", "sent",
    ]  # fmt: skip
    everything = b"\n".join(content for name, content in files.items() if name != "verify.py")
    for name in (b"anna", b"copier0", b"copier1", b"@example.com"):
        assert name not in everything


async def test_any_changed_byte_is_found(world: World) -> None:
    archive = await pack_of(world)
    assert verify(archive)
    chosen = random.Random(7).sample(range(len(archive)), 250)
    for at in {*chosen, *range(40), *range(len(archive) - 120, len(archive))}:
        changed = archive[:at] + bytes([archive[at] ^ random.Random(at).choice((1, 2, 32, 128))]) + archive[at + 1 :]
        with pytest.raises(Broken):
            verify(changed)
    for cut in (archive[:-1], archive + b"\x00", archive[1:], b"", archive[: len(archive) // 2]):
        with pytest.raises(Broken):
            verify(cut)


async def test_every_byte_of_the_signature_counts(world: World) -> None:
    files = read_archive(await pack_of(world))
    note = files["manifest.sig"]
    for at in range(len(note)):
        with pytest.raises(Broken):
            verify(write_archive({**files, "manifest.sig": note[:at] + bytes([note[at] ^ 1]) + note[at + 1 :]}))


async def test_a_pack_that_is_packed_anew_does_not_hold(world: World) -> None:
    files = read_archive(await pack_of(world))
    item = json.loads(files["items/001.json"])
    item["result"] = "kept"
    forged = {**files, "items/001.json": json.dumps(item).encode()}
    with pytest.raises(Broken, match=r"items/001\.json is not the file"):
        verify(write_archive(forged))
    manifest = json.loads(files["manifest.json"])
    for each in manifest["files"]:
        each |= {"sha256": hashlib.sha256(forged[each["path"]]).hexdigest(), "size": len(forged[each["path"]])}
    with pytest.raises(Broken, match="the manifest is not the one"):
        verify(write_archive({**forged, "manifest.json": json.dumps(manifest).encode()}))
    with pytest.raises(Broken, match="other files"):
        verify(write_archive({**files, "extra.txt": b"x"}))
    with pytest.raises(Broken, match="other files"):
        verify(write_archive({name: content for name, content in files.items() if name != "answer.txt"}))
    repacked = BytesIO()
    with zipfile.ZipFile(repacked, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    with pytest.raises(Broken, match="archive was changed"):
        verify(repacked.getvalue())


async def test_a_decision_that_the_ledger_does_not_have_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server itself cannot state in a pack what it has not written down when it happened."""
    from rostra.notices import pack

    real = pack._decision

    def lie(seen: Any, actions: Any) -> Any:
        said = real(seen, actions)
        return said and {**said, "outcome": "ok"}

    with monkeypatch.context() as patched:
        patched.setattr(pack, "_decision", lie)
        archive = await pack_of(world)
    with pytest.raises(Broken, match="the ledger says something else"):
        verify(archive)


async def test_the_expected_key_is_asked_for(world: World) -> None:
    archive = await pack_of(world)
    assert "by the key that was expected" in verify(archive, str(load_signer(world.res.settings).verifier))
    other = load_signer(world.res.settings)
    public = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    wrong = type(other.verifier)(other.origin, public)
    with pytest.raises(Broken, match="another key"):
        verify(archive, str(wrong))


async def test_estimates_are_part_of_what_is_signed(world: World) -> None:
    anna, notice_id, _, _ = await stage(world, copies=0)
    await decide(world, anna, notice_id)
    extras = {"prevalence.json": b"{}", "prevalence.svg": b"<svg/>"}
    files = read_archive(await make_pack(world.res.desk, world.res.settings, notice_id, extras=extras))
    assert b"prevalence" in files["README.txt"]
    with pytest.raises(Broken):
        verify(write_archive({**files, "prevalence.svg": b"<svg />"}))


@given(message=st.binary(max_size=200), flip=st.integers(0, 511))
@settings(max_examples=40, deadline=None)
def test_signatures_are_checked_as_the_library_does(message: bytes, flip: int) -> None:
    private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(message).digest())
    key, signature = private.public_key().public_bytes_raw(), private.sign(message)
    assert is_signed(key, message, signature)
    bad = bytearray(signature)
    bad[flip // 8] ^= 1 << flip % 8
    assert not is_signed(key, message, bytes(bad))
    assert not is_signed(key, message + b"x", signature)
    # A signature is not to be had in two forms (RFC 8032, 5.1.7).
    number = int.from_bytes(signature[32:], "little") + pack_verify._L
    assert not is_signed(key, message, signature[:32] + number.to_bytes(32, "little"))


@given(archive=st.binary(max_size=400), head=st.sampled_from([b"", b"PK\x03\x04", b"PK\x03\x04\x14\x00\x00\x08"]))
@settings(max_examples=200, deadline=None)
def test_whatever_is_called_a_pack_is_refused_and_nothing_else(archive: bytes, head: bytes) -> None:
    with pytest.raises(Broken):
        verify(head + archive)


@given(
    files=st.dictionaries(
        st.sampled_from(["manifest.json", "manifest.sig", "ledger/proofs.json", "items/001.json"]),
        st.recursive(
            st.none() | st.integers() | st.text(max_size=9),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["format", "files", "key", "path"]), inner, max_size=4)
            ),
        ),
    )
)
@settings(max_examples=150, deadline=None)
def test_a_pack_of_nonsense_is_refused(files: dict[str, Any]) -> None:
    with pytest.raises(Broken):
        verify(write_archive({name: json.dumps(tree).encode() for name, tree in files.items()}))


async def test_an_event_that_is_not_under_the_signed_root_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor can the server show events that it has made up afterwards."""
    from rostra.notices import pack

    real = pack._proofs

    async def lie(*given: Any) -> dict[str, Any]:
        proofs = await real(*given)
        proofs["events"][0]["leaf"] = {**proofs["events"][0]["leaf"], "day": "2020-01-01"}
        return proofs

    async def bend(*given: Any) -> dict[str, Any]:
        proofs = await real(*given)
        proofs["events"][0]["index"] += 1
        return proofs

    anna, notice_id, _, _ = await stage(world)
    await decide(world, anna, notice_id)
    for forger in (lie, bend):
        with monkeypatch.context() as patched:
            patched.setattr(pack, "_proofs", forger)
            archive = await make_pack(world.res.desk, world.res.settings, notice_id)
        with pytest.raises(Broken, match="is not in the ledger that was signed"):
            verify(archive)


async def test_of_whom_has_left_a_pack_says_that_the_ledger_cannot_tell_any_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rostra.notices import pack

    anna, notice_id, _, _ = await stage(world)
    await decide(world, anna, notice_id)
    desk = world.res.desk
    # A leaf first: what is erased before it has one is gone from the beginning.
    before = verify(await make_pack(desk, world.res.settings, notice_id))
    assert "3 decisions are as the ledger has them" in before
    async with desk.db.transaction() as tx:
        authors = await tx.fetch(
            "select distinct account_id from moderation_events where type = 'decision' and account_id is not null"
        )
        for row in authors:
            await erase_account(tx, desk.clock.now(), row["account_id"])
    after = verify(await make_pack(desk, world.res.settings, notice_id))
    assert "0 decisions are as the ledger has them" in after
    assert "3 decisions were about somebody who has left: what they said is the server's word alone" in after

    real = pack._proofs

    async def with_one_leaf_for_two(*given: Any) -> dict[str, Any]:
        proofs = await real(*given)
        first, second, *others = proofs["erased"]
        return {**proofs, "erased": [first, {**first, "event": second["event"]}, *others]}

    async def without(*given: Any) -> dict[str, Any]:
        return {**await real(*given), "erased": []}

    for forger, said in ((with_one_leaf_for_two, "stands for two events"), (without, "has no proof of decision")):
        with monkeypatch.context() as patched:
            patched.setattr(pack, "_proofs", forger)
            archive = await make_pack(desk, world.res.settings, notice_id)
        with pytest.raises(Broken, match=said):
            verify(archive)


async def test_a_decision_about_something_else_does_not_pass_for_this_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rostra.notices import pack

    real = pack._copy

    def lie(*given: Any) -> dict[str, Any]:
        return {**real(*given), "subject": "17"}

    anna, notice_id, _, _ = await stage(world)
    await decide(world, anna, notice_id)
    monkeypatch.setattr(pack, "_copy", lie)
    archive = await make_pack(world.res.desk, world.res.settings, notice_id)
    with pytest.raises(Broken, match="is about something else"):
        verify(archive)


async def test_what_samples_have_shown_comes_with_the_pack(world: World) -> None:
    anna, notice_id, _, _ = await stage(world, copies=0)
    await decide(world, anna, notice_id)
    today = world.clock.now().date()
    async with world.db.transaction() as tx:
        await tx.execute(
            "insert into prevalence_estimates (days, clause, views, drawn, labelled, hits, share, low, high, unknown,"
            " made_at) values (daterange($1, $2), '', 90000, 700, 700, 4, 0.004, 0.002, 0.009, 0, $3)",
            today - timedelta(days=14), today - timedelta(days=7), world.clock.now(),
        )  # fmt: skip
    await order_pack(world.res.desk, reviewer(anna), notice_id)
    await world.settle()
    archive = await find_pack(world.res.desk, notice_id)
    assert verify(archive)
    files = read_archive(archive)
    assert json.loads(files["prevalence.json"])[0]["labelled"] == 700
    assert b"0.400%" in files["prevalence.svg"]
