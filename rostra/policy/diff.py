"""What differs between two bundles, for people: what was added, taken out and changed, and the rules' modes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any, Final, Literal, Protocol

import msgspec

from rostra.policy.records import Bundle, Fixture, WordList

Kind = Literal["policy", "label", "clause", "rule", "host", "list", "test"]

# Where something is written is no difference.
_SILENT: Final = frozenset({"at", "when_spread"})
_WHOLE: Final = ("name", "description", "languages", "hold", "ladder")


class Field(msgspec.Struct, frozen=True):
    """A field that differs; texts as they are, everything else as JSON."""

    name: str
    old: str
    new: str


class Change(msgspec.Struct, frozen=True, kw_only=True):
    kind: Kind
    id: str
    what: Literal["added", "removed", "changed"]
    fields: tuple[Field, ...] = ()

    def __str__(self) -> str:
        head = f"{self.kind} {self.id}".rstrip()
        if self.what != "changed":
            return f"{head}: {self.what}"
        return "\n".join(
            f"{head}: {each.name}: {each.old or 'nothing'} → {each.new or 'nothing'}" for each in self.fields
        )


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """From one version to another."""

    old: str
    new: str
    changes: tuple[Change, ...]

    def of(self, kind: Kind) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.kind == kind)


class _Named(Protocol):
    @property
    def id(self) -> str: ...


def diff_bundles(old: Bundle, new: Bundle) -> Difference:
    """What must be done to `old` to have `new`."""
    changes = [
        *_changed("policy", {"": _part(old)}, {"": _part(new)}),
        *_of("label", old.labels, new.labels),
        *_of("clause", old.clauses, new.clauses),
        *_of("rule", old.rules, new.rules),
        *_of("host", old.hosts, new.hosts),
        *_changed("list", _by_id(old.lists, _list), _by_id(new.lists, _list)),
        *_changed("test", _tests(old), _tests(new)),
    ]
    return Difference(old=old.version, new=new.version, changes=tuple(changes))


def _of(kind: Kind, old: Iterable[_Named], new: Iterable[_Named]) -> Iterator[Change]:
    return _changed(kind, _by_id(old, _fields), _by_id(new, _fields))


def _by_id(records: Iterable[Any], fields: Callable[[Any], dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {record.id: fields(record) for record in records}


def _changed(kind: Kind, old: Mapping[str, dict[str, Any]], new: Mapping[str, dict[str, Any]]) -> Iterator[Change]:
    for name in sorted(old.keys() | new.keys()):
        if name not in old:
            yield Change(kind=kind, id=name, what="added")
        elif name not in new:
            yield Change(kind=kind, id=name, what="removed")
        elif old[name] != new[name]:
            before, after = old[name], new[name]
            fields = tuple(
                Field(key, _shown(before.get(key)), _shown(after.get(key)))
                for key in dict.fromkeys([*before, *after])
                if before.get(key) != after.get(key)
            )
            yield Change(kind=kind, id=name, what="changed", fields=fields)


def _fields(record: Any) -> dict[str, Any]:
    return {name: value for name, value in _plain(record).items() if name != "id"}


def _plain(value: Any) -> Any:
    """Structs as mappings, without the places where they are written."""
    if isinstance(value, msgspec.Struct):
        fields = {name: getattr(value, name) for name in value.__struct_fields__}
        return {name: _plain(each) for name, each in fields.items() if name not in _SILENT}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]  # pyright: ignore[reportUnknownVariableType]
    return value


def _part(bundle: Bundle) -> dict[str, Any]:
    return {name: _plain(getattr(bundle, name)) for name in _WHOLE}


def _list(words: WordList) -> dict[str, Any]:
    """A list's entries one by one, so that a change names only those that differ."""
    return {"kind": words.kind, "title": words.title, "language": words.language} | dict.fromkeys(
        words.entries, "there"
    )


def _tests(bundle: Bundle) -> dict[str, dict[str, Any]]:
    return {_name(test): {"expect": _plain(test.expect), "known_gap": test.known_gap} for test in bundle.fixtures}


def _name(test: Fixture) -> str:
    facts = "".join(f" {name}={_shown(value)}" for name, value in sorted(test.facts.items()))
    return f'"{test.text}"{facts}' if len(test.text) <= 80 else f'"{test.text[:79]}…" {_hash(test.text)}{facts}'


def _hash(text: str) -> str:
    """A short name for a long text."""
    return sha256(text.encode(errors="replace")).hexdigest()[:8]


def _shown(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
