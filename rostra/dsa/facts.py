"""The facts of a statement: the same sentences for like cases, then what the reviewer or the rule found."""

from __future__ import annotations

from typing import Final

from rostra.dsa import schema
from rostra.dsa.decided import Automation, Decided, Origin
from rostra.dsa.personal import without_personal
from rostra.dsa.wording import clip, title_of

_FOUND: Final[dict[Origin, str]] = {
    "own": "The service found it on its own initiative.",
    "report": "A user of the service reported it.",
    "legal": "A notice under Article 16 of Regulation (EU) 2022/2065 pointed it out.",
    "trusted": "A trusted flagger gave notice of it.",
    "host": "The provider that hosts the service pointed it out.",
    "order": "An authority ordered that it be acted on.",
}
_DECIDED: Final[dict[Automation, str]] = {
    "fully": "The decision was made by automated means alone.",
    "partially": "The decision was made by automated means and a person.",
    "not": "A person looked at it and decided.",
}


def facts_of(decided: Decided) -> str:
    """The facts in English sentences, then `found_of`; within the database's limit."""
    subject = "An account" if decided.subject_kind == "account" else "A post"
    made_of = f" ({', '.join(sorted(set(decided.content_kinds)))})" if decided.content_kinds else ""
    rule = "the law, as named above" if decided.clause.ground == "law" else "the terms of the service"
    sentences = [
        f"{subject}{made_of} was found to go against {rule}: {title_of(decided.clause)}.",
        _FOUND[decided.origin],
        *_files(decided),
        *(["Automated means pointed to it."] if decided.automated_detection else []),
        _DECIDED[decided.automated_decision],
        found_of(decided),
    ]
    return clip(" ".join(sentence for sentence in sentences if sentence), schema.FACTS)


def _files(decided: Decided) -> list[str]:
    """Which files of the post it is about, where it is about no more than them."""
    on_files = {(action.place, action.files): action for action in decided.actions if action.on == "media"}
    if not on_files or any(action.on == "status" for action in decided.actions):
        return []
    named = [f"file {place} of {files}" if place else "a file" for place, files in sorted(on_files)]
    return [f"It is about {', '.join(named)} that the post shows; the rest of the post stays."]


def found_of(decided: Decided) -> str:
    """What was found, without what points to a person; may be empty."""
    return without_personal(decided.facts, decided.names).strip()
