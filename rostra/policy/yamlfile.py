"""YAML as it is written, without YAML's guesses: text, lists and mappings, each with its line, and nothing else.

Anchors, aliases, tags, merge keys, several documents and repeated keys are refused, and size, depth and number of
nodes have limits, so that a hostile file costs no more than its bytes. Scalars stay text: what `no` or `1.10` means is
for the reader who knows what belongs there.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec
import yaml

from rostra.policy.said import Said, said

MAX_FILE_BYTES: Final = 1_000_000
MAX_DEPTH: Final = 12
MAX_NODES: Final = 100_000

_Value: TypeAlias = "str | list[Node] | dict[str, Node] | None"


class Node(msgspec.Struct):
    """One value. `value` is None where nothing is written; `key_line` is the line of its key in a mapping."""

    line: int
    value: _Value = None
    key_line: int = 0
    # For text over several lines: how many characters, spaces left out, stand on each line from `line` on.
    spread: tuple[int, ...] = ()


class YamlRefused(Exception):
    """A file that is no YAML, or more YAML than a bundle needs: `line` from 1, what, and the remedy."""

    def __init__(self, line: int, what: Said, remedy: Said) -> None:
        super().__init__(str(what))
        self.line, self.what, self.remedy = line, what, remedy


def read_yaml(content: bytes) -> Node:
    """The tree of one file. Raises YamlRefused with the line."""
    if len(content) > MAX_FILE_BYTES:
        what = said("the file is larger than %(n)s bytes", n=MAX_FILE_BYTES)
        raise YamlRefused(1, what, said("split it into several files"))
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise YamlRefused(line, said("the file is not UTF-8"), said("save it as UTF-8")) from None
    try:
        return _Builder(text).build()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        what = said("not valid YAML: %(why)s", why=getattr(error, "problem", None) or str(error))
        remedy = said("check indentation, colons and quotes on this line and the one before")
        raise YamlRefused(line, what, remedy) from None


class _Builder:
    """Builds the tree from the parser's events, which hold no more than the nesting at any time."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = text.split("\n")
        self.open: list[Node] = []
        self.keys: list[tuple[str, int] | None] = []
        self.root: Node | None = None
        self.count = 0

    def build(self) -> Node:
        for event in yaml.parse(self.text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.NodeEvent):
                self._take(event)
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                self.open.pop()
                self.keys.pop()
        return self.root or Node(line=1)

    def _take(self, event: yaml.NodeEvent) -> None:
        line = event.start_mark.line + 1
        self._check(event, line)
        if isinstance(event, yaml.ScalarEvent):
            if self._is_key():
                self.keys[-1] = (event.value, line)
                return
            self._place(self._scalar(event, line))
            return
        if self._is_key():
            raise YamlRefused(line, said("a key must be text"), said("write the key as one word"))
        node = Node(line=line, value={} if isinstance(event, yaml.MappingStartEvent) else [])
        self._place(node)
        self.open.append(node)
        self.keys.append(None)

    def _check(self, event: yaml.NodeEvent, line: int) -> None:
        self.count += 1
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            what = said("anchors and aliases (& and *) are not allowed")
            raise YamlRefused(line, what, said("write the value out, or quote it"))
        if getattr(event, "tag", None) not in {None, "!"}:
            remedy = said("quote the value if it begins with an exclamation mark")
            raise YamlRefused(line, said("tags (!) are not allowed"), remedy)
        if self.count > MAX_NODES:
            what = said("the file has more than %(n)s values", n=MAX_NODES)
            raise YamlRefused(line, what, said("split it into several files"))
        if len(self.open) >= MAX_DEPTH:
            what = said("nested more than %(n)s deep", n=MAX_DEPTH)
            raise YamlRefused(line, what, said("see the section Format in docs/policy.md"))

    def _is_key(self) -> bool:
        return bool(self.open) and isinstance(self.open[-1].value, dict) and self.keys[-1] is None

    def _place(self, node: Node) -> None:
        if not self.open:
            if self.root is not None:
                remedy = said("one document a file: take out `---`")
                raise YamlRefused(node.line, said("a second document begins here"), remedy)
            self.root = node
            return
        into = self.open[-1].value
        if isinstance(into, list):
            into.append(node)
        elif isinstance(into, dict) and (key := self.keys[-1]) is not None:
            name, node.key_line = key
            self.keys[-1] = None
            if name in into:
                remedy = said("the first is on line %(line)s; keep one", line=str(into[name].key_line))
                raise YamlRefused(node.key_line, said("'%(name)s' is written twice", name=name), remedy)
            into[name] = node

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> Node:
        if not event.style and event.value in {"", "~", "null"}:
            return Node(line=line)
        first, last = line, event.end_mark.line + 1
        if event.style in {"|", ">"}:
            first, last = line + 1, event.end_mark.line
        if last <= first:
            return Node(line=first if event.style in {"|", ">"} else line, value=event.value)
        raw = self.lines[first - 1 : last]
        if event.style not in {"|", ">"}:
            raw[0] = raw[0][event.start_mark.column :]
        return Node(line=first, value=event.value, spread=tuple(len("".join(each.split())) for each in raw))
