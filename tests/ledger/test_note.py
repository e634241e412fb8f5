"""Checkpoints as signed notes: the form that others read, and what is refused."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rostra.ledger.merkle import hash_leaf
from rostra.ledger.note import Checkpoint, NoteError, Signer, Verifier, read_checkpoint, read_verifier
from rostra.ledger.proof import Broken, open_checkpoint
from tests.ledger.stage import ORIGIN, make_signer

ROOT = hash_leaf(b"anything")
# The example in the documentation of golang.org/x/mod/sumdb/note.
NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"


def test_a_note_that_another_implementation_has_signed_is_read() -> None:
    key = read_verifier(KEY)
    assert str(key) == KEY
    assert key.check(NOTE) == NOTE.rpartition("\n— ")[0]
    with pytest.raises(NoteError, match="does not hold"):
        key.check(NOTE.replace("answer", "Answer"))
    with pytest.raises(NoteError, match="is not a checkpoint"):
        key.open(NOTE)


def test_the_key_of_a_public_log_has_the_id_that_it_says() -> None:
    text = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    assert str(read_verifier(text)) == text


def test_a_checkpoint_has_origin_size_root_and_a_signature_over_them() -> None:
    signer = make_signer()
    note = signer.sign(20852, ROOT)
    lines = note.split("\n")
    assert lines[:4] == [ORIGIN, "20852", base64.b64encode(ROOT).decode(), ""]
    assert lines[4].startswith(f"— {ORIGIN} ")
    assert lines[5:] == [""]
    assert signer.verifier.open(note) == read_checkpoint(note) == Checkpoint(ORIGIN, 20852, ROOT)
    assert read_verifier(str(signer.verifier)).open(note).size == 20852


def test_what_a_key_has_not_signed_is_refused() -> None:
    signer, other = make_signer(), make_signer()
    note = signer.sign(3, ROOT)
    with pytest.raises(NoteError, match="does not hold"):
        signer.verifier.open(note.replace("\n3\n", "\n4\n"))
    with pytest.raises(NoteError, match="is not signed by the key"):
        other.verifier.open(note)
    with pytest.raises(NoteError, match="is not signed by the key"):
        make_signer("else.example/ledger").verifier.open(note)


def test_a_key_speaks_for_its_own_ledger_only() -> None:
    private = Ed25519PrivateKey.generate()
    key = Signer(ORIGIN, private).verifier
    text = Checkpoint("else.example/ledger", 3, ROOT).text
    note = f"{text}\n— {ORIGIN} {base64.b64encode(key.key_id + private.sign(text.encode())).decode()}\n"
    assert key.open(note).origin == "else.example/ledger"
    with pytest.raises(Broken, match=f"signed in the name of {ORIGIN}"):
        open_checkpoint(key, note)


def test_signatures_of_others_and_further_lines_change_nothing() -> None:
    signer = make_signer()
    note = signer.sign(3, ROOT) + "— witness.example " + base64.b64encode(b"1234" + b"x" * 72).decode() + "\n"
    assert signer.verifier.open(note).size == 3
    assert read_checkpoint(note.replace("\n\n", "\nextension\n\n")).size == 3


@pytest.mark.parametrize(
    "note",
    [
        "", "\n", "\n\n", "a\n\nb", "a\n1\nAA==\n\n— a b\n", f"{ORIGIN}\n03\n{'A' * 43}=\n\n— a AAAAAAAA\n",
        f"{ORIGIN}\n-3\n{'A' * 43}=\n\n— a AAAAAAAA\n", f"{ORIGIN}\n3\n{'A' * 40}\n\n— a AAAAAAAA\n",
        f"{ORIGIN}\n3\n%\n\n— a AAAAAAAA\n", f"\n3\n{'A' * 43}=\n\n— a AAAAAAAA\n", f"{ORIGIN}\n3\n\n— a AAAA\n",
        f"{ORIGIN}\n3\n{'A' * 43}=\n\n- a AAAAAAAA\n", "x" * 200_000,
    ],
)  # fmt: skip
def test_what_is_no_checkpoint_is_refused(note: str) -> None:
    with pytest.raises(NoteError):
        read_checkpoint(note)


@pytest.mark.parametrize(
    "text", ["", "a+b", "a+00000000+AQ==", KEY.replace("c74f", "c74e"), KEY.replace("+AR", "+BR"), "ü+zz+" + "A" * 44]
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        read_verifier(text)


def test_a_key_cannot_have_a_name_that_would_be_read_otherwise() -> None:
    for name in ("", "a b", "a+b", "a\nb"):
        with pytest.raises(NoteError):
            Verifier(name, b"\1" * 32)
