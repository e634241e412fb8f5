"""Checks an evidence pack of a Rostra server, without that server and with nothing but Python 3.9 or later.

    python3 verify.py PACK.zip [--key KEY]

This file is in every pack as verify.py; whoever does not trust the pack takes it from the project instead. It finds any
byte that was changed: the archive must be, bit for bit, the one that its files make in their canonical order, the
signed manifest lists all of them by SHA-256, and what is said to have been decided must be in the server's signed
ledger (RFC 6962). KEY is the server's public key, as it is published (name+id+base64); without it, the one in the pack
is used, and who made the pack is not proven.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import sys
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

FORMAT = "rostra-evidence-pack/1"
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
# 1 January 1980, 00:00, as MS-DOS counts.
_MOMENT = (0x0021 << 16).to_bytes(4, "little")
_ABOUT = ("account", "details", "event", "subject")


class Broken(Exception):
    """The pack is not what was signed; the text says where."""


# The archive: stored files in the order of their names, no dates, nothing between them.


def write_archive(files: Mapping[str, bytes]) -> bytes:
    """The one archive that these files make."""
    body, directory = bytearray(), bytearray()
    for name in sorted(files):
        raw, content = name.encode(), files[name]
        about = b"\x00\x08\x00\x00" + _MOMENT + zlib.crc32(content).to_bytes(4, "little")
        about += len(content).to_bytes(4, "little") * 2 + len(raw).to_bytes(2, "little") + b"\x00\x00"
        directory += _CENTRAL + b"\x14\x00\x14\x00" + about + b"\x00" * 10 + len(body).to_bytes(4, "little") + raw
        body += _LOCAL + b"\x14\x00" + about + raw + content
    count = len(files).to_bytes(2, "little")
    end = (
        _END
        + b"\x00" * 4
        + count * 2
        + len(directory).to_bytes(4, "little")
        + len(body).to_bytes(4, "little")
        + b"\x00\x00"
    )
    return bytes(body + directory + end)


def read_archive(archive: bytes) -> dict[str, bytes]:
    """The files of an archive. Raises Broken unless it is exactly the one that they make."""
    files: dict[str, bytes] = {}
    at = 0
    while archive[at : at + 4] == _LOCAL:
        size, length = (
            int.from_bytes(archive[at + 22 : at + 26], "little"),
            int.from_bytes(archive[at + 26 : at + 28], "little"),
        )
        start = at + 30 + length
        try:
            name = archive[at + 30 : start].decode()
        except UnicodeDecodeError:
            raise Broken("a name in the archive is not text") from None
        if start + size > len(archive):
            raise Broken("the archive is cut off")
        files[name], at = archive[start : start + size], start + size
    if write_archive(files) != archive:
        raise Broken("the archive was changed, or another program has packed it anew")
    return files


# Ed25519 (RFC 8032), verification only.

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
_Point = tuple[int, int, int, int]


def _add(one: _Point, other: _Point) -> _Point:
    a, b = (one[1] - one[0]) * (other[1] - other[0]) % _P, (one[1] + one[0]) * (other[1] + other[0]) % _P
    c, d = 2 * one[3] * other[3] * _D % _P, 2 * one[2] * other[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(number: int, point: _Point) -> _Point:
    result: _Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = _add(result, point)
        point, number = _add(point, point), number >> 1
    return result


def _point(raw: bytes) -> _Point | None:
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    x = _P - x if x & 1 != sign else x
    return x, y, 1, x * y % _P


_BASE = _point((4 * pow(5, _P - 2, _P) % _P).to_bytes(32, "little"))


def is_signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature of the message is by that key (32 bytes)."""
    if len(key) != 32 or len(signature) != 64 or _BASE is None:
        return False
    point, commitment = _point(key), _point(signature[:32])
    number = int.from_bytes(signature[32:], "little")
    if point is None or commitment is None or number >= _L:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % _L
    one, other = _times(number, _BASE), _add(commitment, _times(challenge, point))
    return not ((one[0] * other[2] - other[0] * one[2]) % _P or (one[1] * other[2] - other[1] * one[2]) % _P)


# Signed notes (C2SP signed-note, tlog-checkpoint): a name, a size, a hash; then the signature.


def read_key(text: str) -> tuple[str, bytes]:
    """The name and the 32 bytes of a public key that is written as name+id+base64. Raises Broken."""
    name, _, rest = text.strip().partition("+")
    raw = _bytes(rest.partition("+")[2])
    if not name or len(raw) != 33 or raw[:1] != b"\x01":
        raise Broken("a key is written as name+id+base64")
    if rest.partition("+")[0] != _key_id(name, raw[1:]).hex():
        raise Broken("the id of the key does not fit the key")
    return name, raw[1:]


def open_note(note: str, name: str, key: bytes) -> tuple[int, bytes]:
    """The size and the hash that a note states, which that key has signed under that name. Raises Broken."""
    text, _, signatures = note.partition("\n\n")
    text += "\n"
    signed = [line.split(" ") for line in signatures.split("\n") if line.startswith(f"\u2014 {name} ")]
    wanted = _key_id(name, key)
    raw = next((each for each in (_bytes(parts[-1]) for parts in signed) if each[:4] == wanted), b"")
    if not is_signed(key, text.encode(), raw[4:]):
        raise Broken(f"the signature of {name} does not hold")
    lines = text.split("\n")
    if len(lines) < 4 or lines[0] != name or not lines[1].isdigit():
        raise Broken(f"what {name} has signed is something else")
    return int(lines[1]), _bytes(lines[2])


def _key_id(name: str, key: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n\x01" + key).digest()[:4]


def _bytes(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Broken("something is not base64") from None
    if base64.b64encode(raw).decode() != text:
        raise Broken("base64 is not in its canonical form")
    return raw


# The ledger: leaves, what they commit to, and the way from a leaf to the signed root.


def check_proof(proof: Mapping[str, Any], size: int, root: bytes) -> dict[str, Any]:
    """What an event's leaf commits to, as far as it is opened. Raises Broken unless the leaf is under that root."""
    leaf = _check_leaf(proof, size, root)
    return {"type": leaf["type"], "day": leaf["day"], **_opened(leaf, proof["opened"], int(proof["index"]))}


def _check_leaf(proof: Mapping[str, Any], size: int, root: bytes) -> Mapping[str, Any]:
    """The leaf. Raises Broken unless it is under that root."""
    leaf, index = proof["leaf"], int(proof["index"])
    content = json.dumps(leaf, separators=(",", ":"), ensure_ascii=False, sort_keys=True).encode()
    node, place, last = hashlib.sha256(b"\x00" + content).digest(), index, size - 1
    if not 0 <= index < size:
        raise Broken(f"leaf {index} is not in a ledger of {size}")
    for step in (_bytes(each) for each in proof["path"]):
        if last == 0:
            raise Broken(f"the way from leaf {index} is too long")
        if place & 1 or place == last:
            node = hashlib.sha256(b"\x01" + step + node).digest()
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\x01" + node + step).digest()
        place, last = place >> 1, last >> 1
    if last or node != root:
        raise Broken(f"leaf {index} is not in the ledger that was signed")
    return leaf


def _opened(leaf: Mapping[str, Any], opened: Mapping[str, Any], index: int) -> dict[str, str]:
    if sorted(opened) != sorted(_ABOUT):
        raise Broken(f"leaf {index} is opened in part")
    said: dict[str, str] = {}
    commitments = b""
    for field in _ABOUT:
        each = opened[field]
        if each.get("text") is None:
            commitments += _bytes(each["hash"])
            continue
        said[field] = each["text"]
        commitments += hashlib.sha256(_bytes(each["key"]) + each["text"].encode()).digest()
    if hashlib.sha256(commitments).digest() != _bytes(leaf["about"]):
        raise Broken(f"leaf {index} does not commit to what is said of it")
    return said


# The pack.


def check_pack(archive: bytes, expected_key: str = "") -> list[str]:
    """What was found to be right, one line each. Raises Broken for anything that is not."""
    files = read_archive(archive)
    manifest = _json(files, MANIFEST)
    if manifest.get("format") != FORMAT:
        raise Broken("this is no evidence pack that this program knows")
    name, key = read_key(str(manifest["key"]))
    _check_files(files, manifest)
    size, digest = open_note(_text(files, SIGNATURE), name, key)
    if digest != hashlib.sha256(files[MANIFEST]).digest() or size != len(manifest["files"]):
        raise Broken("the manifest is not the one that was signed")
    lines = [f"{len(files)} files, none of them changed", f"signed by {name}"]
    if not expected_key:
        lines.append(f"key: {manifest['key']} (compare it with the one that the server publishes, or use --key)")
    elif read_key(expected_key)[1] != key:
        raise Broken("it is signed by another key than the one that was expected")
    else:
        lines.append("by the key that was expected")
    events, erased = _check_ledger(files, str(manifest["ledger_key"]), key)
    lines.append(f"{len(events) + len(erased)} events are in the signed ledger")
    as_told, hidden = _check_items(files, events, erased)
    lines.append(f"{as_told} decisions are as the ledger has them")
    if hidden:
        lines.append(f"{hidden} decisions were about somebody who has left: what they said is the server's word alone")
    return lines


def _check_files(files: Mapping[str, bytes], manifest: Mapping[str, Any]) -> None:
    listed = {each["path"]: each for each in manifest["files"]}
    if set(listed) | {MANIFEST, SIGNATURE} != set(files) or len(listed) != len(manifest["files"]):
        raise Broken("the manifest lists other files than there are")
    for path, each in listed.items():
        if each["sha256"] != hashlib.sha256(files[path]).hexdigest() or each["size"] != len(files[path]):
            raise Broken(f"{path} is not the file that was signed")


def _check_ledger(
    files: Mapping[str, bytes], ledger_key: str, key: bytes
) -> tuple[dict[str, dict[str, Any]], dict[str, Mapping[str, Any]]]:
    """The proven events by their ids, and the leaves of those that cannot be opened any more."""
    proofs = _json(files, "ledger/proofs.json")
    name, own = read_key(ledger_key)
    if own != key:
        raise Broken("the ledger is signed by another key than the pack")
    roots = [open_note(note, name, own) for note in proofs["checkpoints"]]
    events: dict[str, dict[str, Any]] = {}
    for proof in proofs["events"]:
        size, root = roots[proof["checkpoint"]]
        said = check_proof(proof, size, root)
        events[said.get("event", "").partition(" ")[0]] = said
    hidden = proofs.get("erased", [])
    erased = {str(proof["event"]): _check_leaf(proof, *roots[proof["checkpoint"]]) for proof in hidden}
    places = [int(proof["index"]) for proof in [*proofs["events"], *hidden]]
    if len(set(places)) != len(places):
        raise Broken("one leaf of the ledger stands for two events")
    return events, erased


def _check_items(
    files: Mapping[str, bytes], events: Mapping[str, Mapping[str, Any]], erased: Mapping[str, Mapping[str, Any]]
) -> tuple[int, int]:
    """How many decisions are as the ledger has them, and how many it has without saying what they were."""
    count = hidden = 0
    for path in sorted(files):
        if not path.startswith("items/"):
            continue
        item = _json(files, path)
        for each in (item, *item["copies"]):
            if _is_erased(path, each, erased):
                hidden += 1
            else:
                count += _check_decision(path, each, events)
        before = item.get("before") or {}
        if "text" in before and hashlib.sha256(before["text"].encode()).hexdigest() != before["text_sha256"]:
            raise Broken(f"{path}: the text is not the one whose hash is stated")
    return count, hidden


def _is_erased(path: str, subject: Mapping[str, Any], erased: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether the ledger has the decision and cannot show any more what it was."""
    decision = subject.get("decision") or {}
    leaf = erased.get(str(decision.get("event")))
    if leaf is None:
        return False
    if leaf["day"] != str(decision["at"])[:10]:
        raise Broken(f"{path}: the ledger has decision {decision['event']} on another day")
    return True


def _check_decision(path: str, subject: Mapping[str, Any], events: Mapping[str, Mapping[str, Any]]) -> int:
    decision = subject.get("decision")
    if not decision:
        return 0
    event = events.get(str(decision["event"]))
    if event is None:
        raise Broken(f"{path}: the ledger has no proof of decision {decision['event']}")
    if event["type"] != "decision":
        # The decision was a rule's own verdict.
        return 1
    details = json.loads(event.get("details", "{}"))
    if details.get("outcome") != decision["outcome"] or event["day"] != str(decision["at"])[:10]:
        raise Broken(f"{path}: the ledger says something else of decision {decision['event']}")
    if event.get("subject", "").partition(" ")[0] != str(subject["subject"]):
        raise Broken(f"{path}: the ledger's decision {decision['event']} is about something else")
    return 1


def _json(files: Mapping[str, bytes], path: str) -> Any:
    try:
        return json.loads(_text(files, path))
    except ValueError:
        raise Broken(f"{path} is not JSON") from None


def _text(files: Mapping[str, bytes], path: str) -> str:
    if path not in files:
        raise Broken(f"{path} is missing")
    try:
        return files[path].decode()
    except UnicodeDecodeError:
        raise Broken(f"{path} is not text") from None


def verify(archive: bytes, expected_key: str = "") -> list[str]:
    """`check_pack`, where a pack that is written wrongly is Broken as well."""
    try:
        return check_pack(archive, expected_key)
    except (KeyError, TypeError, AttributeError, IndexError, ValueError, RecursionError) as error:
        raise Broken(f"the pack is written wrongly ({type(error).__name__})") from None


def main(arguments: Sequence[str]) -> int:
    """Check the pack that the command line names, and say what came of it."""
    names = [each for each in arguments if not each.startswith("--")]
    key = ""
    if "--key" in arguments[:-1]:
        key = arguments[arguments.index("--key") + 1]
        names.remove(key)
    if len(names) != 1:
        print("usage: verify.py PACK.zip [--key KEY]", file=sys.stderr)
        return 2
    try:
        lines = verify(Path(names[0]).read_bytes(), key)
    except (Broken, OSError) as error:
        print(f"NOT VERIFIED: {error}", file=sys.stderr)
        return 1
    print("\n".join(lines))
    print("VERIFIED")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
