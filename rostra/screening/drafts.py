"""Changing a policy file by file: each change that is kept is a version of its own, and none of them is in force."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from rostra.kit.errors import Invalid
from rostra.policy.folder import FOLDERS, MAIN, MAX_BYTES, MAX_FILES
from rostra.policy.yamlfile import MAX_FILE_BYTES

_NAME: Final = re.compile(rf"(?:{'|'.join(FOLDERS)})/[a-z0-9][a-z0-9_-]{{0,60}}\.ya?ml\Z")


def with_file(files: Mapping[str, bytes], name: str, text: str) -> dict[str, bytes]:
    """The files of a bundle with one of them changed, added, or, where `text` is empty, taken out.

    Raises Invalid with the field `name` or `text`.
    """
    if name != MAIN and not _NAME.fullmatch(name):
        raise Invalid("name", f"must be {MAIN} or a name such as rules/mine.yaml in {', '.join(FOLDERS)}")
    content = text.replace("\r\n", "\n").replace("\r", "\n").encode(errors="replace")
    if len(content) > MAX_FILE_BYTES:
        raise Invalid("text", f"must not be longer than {MAX_FILE_BYTES:,} bytes")
    changed = {each: old for each, old in files.items() if each != name}
    if content.strip():
        changed[name] = content if content.endswith(b"\n") else content + b"\n"
    elif name == MAIN:
        raise Invalid("text", "must not be empty: every policy has this file")
    if len(changed) > MAX_FILES or sum(map(len, changed.values())) > MAX_BYTES:
        raise Invalid("text", f"makes the policy larger than {MAX_BYTES:,} bytes or {MAX_FILES} files")
    return changed
