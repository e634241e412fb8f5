"""What everybody can see of the ledger: page, plain texts, proofs; and what witnesses are sent."""

from __future__ import annotations

import base64
from email import message_from_bytes
from email.policy import default
from urllib.parse import quote

import pytest

from rostra.kit.settings import SettingsError, load_settings
from rostra.ledger.keys import KeyRefused, load_signer
from rostra.ledger.merkle import is_consistent, is_included
from rostra.ledger.note import read_checkpoint, read_verifier
from rostra.ledger.seal import seal
from rostra.ledger.witness import write_letters
from tests.ledger.stage import Stage, make_signer
from tests.world import World


def raw(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


async def test_before_the_first_checkpoint_there_is_nothing_to_see_and_nothing_breaks(world: World) -> None:
    for path in ("/ledger/checkpoint", "/ledger/key", "/api/rostra/v1/ledger/checkpoint"):
        await world.anyone.get(path, expect=404)
    await world.anyone.get("/api/rostra/v1/ledger/consistency", {"first": 0}, expect=404)
    answer = await world.anyone.get("/api/rostra/v1/ledger/consistency", {"first": 0, "second": 0}, expect=422)
    assert "larger than the ledger" in answer.json()["error"]
    assert "Nothing was signed yet" in (await world.anyone.get("/ledger")).text


async def test_the_worker_seals_and_everybody_can_check_what_is_published(world: World, stage: Stage) -> None:
    await stage.add(3)
    signer = load_signer(world.res.settings)
    newest = await seal(world.db, world.clock, signer)
    note = (await world.anyone.get("/ledger/checkpoint")).text
    key = (await world.anyone.get("/ledger/key")).text
    said = read_verifier(key).open(note)
    assert (said.origin, said.size, said.root) == ("localhost:3000/ledger", 3, newest.root)
    shown = (await world.anyone.get("/api/rostra/v1/ledger/checkpoint")).json()
    assert shown["note"] == note
    assert (shown["size"], raw(shown["root"]), shown["key"]) == (3, newest.root, key.strip())


async def test_growth_can_be_checked_from_outside(world: World, stage: Stage) -> None:
    await stage.add(5)
    first = await stage.seal()
    await stage.add(9)
    second = await stage.seal()
    for more in ({}, {"second": 14}):
        answer = (await world.anyone.get("/api/rostra/v1/ledger/consistency", {"first": 5, **more})).json()
        proof = [raw(each) for each in answer["proof"]]
        assert is_consistent(answer["first"], answer["second"], first.root, second.root, proof)
    for wrong in ({"first": 6, "second": 5}, {"first": 1, "second": 15}, {"first": -1}, {"first": "x"}):
        await world.anyone.get("/api/rostra/v1/ledger/consistency", wrong, expect=422)


async def test_a_leaf_can_be_found_by_its_hash_from_outside(world: World, stage: Stage) -> None:
    await stage.add(9)
    newest = await stage.seal()
    for index, each in enumerate(await stage.leaf_hashes()):
        spelt = base64.b64encode(each).decode() if index % 2 else base64.urlsafe_b64encode(each).decode()
        answer = (await world.anyone.get(f"/api/rostra/v1/ledger/inclusion?hash={quote(spelt)}")).json()
        proof = [raw(part) for part in answer["proof"]]
        assert answer["index"] == index
        assert is_included(each, index, answer["size"], newest.root, proof)
    there = base64.b64encode((await stage.leaf_hashes())[6]).decode()
    await world.anyone.get("/api/rostra/v1/ledger/inclusion", {"hash": there, "size": 7})
    await world.anyone.get("/api/rostra/v1/ledger/inclusion", {"hash": there, "size": 6}, expect=422)
    await world.anyone.get("/api/rostra/v1/ledger/inclusion", {"hash": there, "size": 10}, expect=422)
    await world.anyone.get("/api/rostra/v1/ledger/inclusion", {"hash": "A" * 43 + "="}, expect=404)
    for wrong in ("", "x", "AAAA", "é" * 44):
        await world.anyone.get("/api/rostra/v1/ledger/inclusion", {"hash": wrong}, expect=422)


@pytest.mark.parametrize(("language", "words"), [("en", "Check it yourself"), ("it", "Controlla di persona")])
async def test_the_page_shows_checkpoint_size_and_key(world: World, stage: Stage, language: str, words: str) -> None:
    await stage.add(1234)
    newest = await stage.seal()
    page = (await world.anyone.get("/ledger", headers={"accept-language": language})).text
    assert words in page
    assert "1,234" in page or "1.234" in page
    assert "Nobody is named yet" in page or "Nessuno è ancora nominato" in page
    assert newest.note.split("\n")[2] in page.replace("&#43;", "+")
    stage.signer = make_signer()
    await stage.add(1)
    await stage.seal()
    page = (await world.anyone.get("/ledger", headers={"accept-language": language})).text
    assert page.count(f"+{stage.signer.verifier.key_id.hex()}+") == 3


async def test_every_witness_gets_a_letter_with_a_checkpoint_that_can_be_checked(world: World, stage: Stage) -> None:
    addresses = ("notary@else.example", "ben@example.org")
    assert await write_letters(world.db, world.res.emit, addresses, world.res.urls.base) == 0
    await stage.add(4)
    newest = await stage.seal()
    assert await write_letters(world.db, world.res.emit, addresses, world.res.urls.base) == 2
    await world.settle()
    files = sorted((world.res.settings.data_dir / "mail").glob("*.eml"))
    letters = [message_from_bytes(file.read_bytes(), policy=default) for file in files]
    assert {letter["to"] for letter in letters} == set(addresses)
    text = letters[0].get_content().replace("\r\n", "\n")
    assert newest.note in text
    assert str(stage.signer.verifier) in text
    assert f"{world.res.urls.base}/api/rostra/v1/ledger/consistency?first=4" in text
    assert await write_letters(world.db, world.res.emit, (), world.res.urls.base) == 0


async def test_the_jobs_are_on_the_timetable(world: World) -> None:
    from rostra.effects import HANDLERS, Tick

    named = {periodic.job.name for periodic in HANDLERS.periodic}
    assert {"ledger.seal", "ledger.erase_departed", "ledger.tell_witnesses"} <= named
    for name in ("ledger.seal", "ledger.erase_departed", "ledger.tell_witnesses"):
        await HANDLERS.get(name).handler(Tick(), world.res)
    assert (await world.anyone.get("/ledger/checkpoint")).text.split("\n")[1] == "0"


def test_the_key_is_made_once_and_kept_to_its_owner(world: World) -> None:
    first, second = load_signer(world.res.settings), load_signer(world.res.settings)
    assert str(first.verifier) == str(second.verifier)
    file = world.res.settings.data_dir / "ledger.pem"
    assert file.stat().st_mode & 0o777 == 0o600
    given = load_settings(
        {"ROSTRA_LEDGER_KEY": file.read_text()},
        {"data_dir": world.res.settings.data_dir / "other", "domain": "localhost:3000", "scheme": "http", "dev": True},
    )
    assert str(load_signer(given).verifier) == str(first.verifier)
    assert not (world.res.settings.data_dir / "other").exists()
    assert file.read_text()[30:60] not in repr(given)
    assert file.read_text()[30:60] not in repr(load_signer(given))


def test_what_is_no_key_is_refused_without_being_shown(world: World) -> None:
    file = world.res.settings.data_dir / "ledger.pem"
    for content in ("hush", world.res.secrets.vapid_private_key):
        file.write_text(content)
        with pytest.raises(KeyRefused, match=r"ledger\.pem") as refused:
            load_signer(world.res.settings)
        assert content not in str(refused.value)


def test_witnesses_are_addresses(world: World) -> None:
    environ = {"ROSTRA_LEDGER_WITNESSES": "a@example.org, b@example.org"}
    given = {"data_dir": world.res.settings.data_dir, "domain": "localhost:3000", "scheme": "http", "dev": True}
    assert load_settings(environ, given).ledger_witnesses == ("a@example.org", "b@example.org")
    with pytest.raises(SettingsError, match="ledger_witnesses"):
        load_settings({"ROSTRA_LEDGER_WITNESSES": "nobody"}, given)
    assert read_checkpoint(make_signer().sign(0, b"\0" * 32)).size == 0
