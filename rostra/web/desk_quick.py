"""Decisions of one key, and what the long form offers: actions with their usual lengths. Templates have the words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

import msgspec

from rostra.accounts.permissions import Permission, may
from rostra.accounts.records import Role
from rostra.kit.errors import Invalid
from rostra.moderation.decisions.actions import POSSIBLE
from rostra.moderation.records import ActedOn, ActionKind, Outcome, SubjectKind, Wish

LENGTHS: Final[dict[str, timedelta | None]] = {
    "24h": timedelta(hours=24), "7d": timedelta(days=7), "30d": timedelta(days=30), "": None,
}  # fmt: skip
# In the order of the form, the mildest first.
ON_STATUS: Final[tuple[ActionKind, ...]] = ("label", "sensitive", "interaction-off", "limit", "remove")
ON_ACCOUNT: Final[tuple[ActionKind, ...]] = ("warn", "label", "sensitive", "limit", "freeze", "suspend")

_ACTS: Final[dict[str, tuple[ActedOn, ActionKind]]] = {
    f"{on}.{kind}": (on, kind) for on, kinds in POSSIBLE.items() for kind in kinds
}


class Quick(msgspec.Struct, frozen=True, kw_only=True):
    """A decision of one key, its place in the list from one. `twice`: the key only goes to the button, which is then
    pressed."""

    name: str
    outcome: Outcome
    wishes: tuple[Wish, ...] = ()
    needs: Permission = "decide"
    twice: bool = False


_WEEK, _MONTH = LENGTHS["7d"], LENGTHS["30d"]
_REMOVE: Final = Wish(kind="remove")
_OF_STATUS: Final = (
    Quick(name="ok", outcome="ok", needs="dismiss"),
    Quick(name="remove", outcome="violates", wishes=(_REMOVE,)),
    Quick(
        name="remove-warn", outcome="violates", wishes=(_REMOVE, Wish(kind="warn", on="account")), needs="sanction"
    ),
    Quick(name="sensitive", outcome="violates", wishes=(Wish(kind="sensitive"),)),
    Quick(name="limit", outcome="violates", wishes=(Wish(kind="limit"),)),
    Quick(name="interaction-off", outcome="violates", wishes=(Wish(kind="interaction-off"),)),
    Quick(
        name="remove-freeze", outcome="violates", wishes=(_REMOVE, Wish(kind="freeze", on="account", lasts=_WEEK)),
        needs="sanction",
    ),
    Quick(
        name="remove-suspend", outcome="violates", wishes=(_REMOVE, Wish(kind="suspend", on="account")),
        needs="sanction", twice=True,
    ),
    Quick(name="out_of_scope", outcome="out_of_scope", needs="dismiss"),
)  # fmt: skip
_OF_ACCOUNT: Final = (
    Quick(name="ok", outcome="ok", needs="dismiss"),
    Quick(name="warn", outcome="violates", wishes=(Wish(kind="warn", on="account"),), needs="sanction"),
    Quick(name="limit-account", outcome="violates", wishes=(Wish(kind="limit", on="account"),), needs="sanction"),
    Quick(
        name="freeze-day", outcome="violates", wishes=(Wish(kind="freeze", on="account", lasts=LENGTHS["24h"]),),
        needs="sanction",
    ),
    Quick(
        name="freeze-week", outcome="violates", wishes=(Wish(kind="freeze", on="account", lasts=_WEEK),),
        needs="sanction",
    ),
    Quick(
        name="suspend-month", outcome="violates", wishes=(Wish(kind="suspend", on="account", lasts=_MONTH),),
        needs="sanction", twice=True,
    ),
    Quick(
        name="suspend", outcome="violates", wishes=(Wish(kind="suspend", on="account"),), needs="sanction", twice=True,
    ),
    Quick(name="cover-media", outcome="violates", wishes=(Wish(kind="sensitive", on="account"),), needs="sanction"),
    Quick(name="out_of_scope", outcome="out_of_scope", needs="dismiss"),
)  # fmt: skip


def quicks_for(kind: SubjectKind, role: Role, *, gone: bool, held: bool) -> list[tuple[int, Quick]]:
    """The decisions of one key that a role has for a case, each with its key. Of what is gone, or was never published,
    only what changes something."""
    offered = _OF_STATUS if kind == "status" else _OF_ACCOUNT
    useless = {"sensitive", "limit", "interaction-off"} if gone or held else set[str]()
    return [
        (key, quick)
        for key, quick in enumerate(offered, 1)
        if may(role, quick.needs) and quick.name not in useless and not (held and quick.name == "out_of_scope")
    ]


def find_quick(kind: SubjectKind, name: str) -> Quick | None:
    """The decision of that name."""
    return next((quick for quick in (_OF_STATUS if kind == "status" else _OF_ACCOUNT) if quick.name == name), None)


def wishes_of(acts: Sequence[str], lasts: Mapping[str, str], label: str, media: Sequence[int] = ()) -> tuple[Wish, ...]:
    """What the boxes of the long form ask for: `status.limit`, with `24h`, `7d`, `30d` or "" for good in `lasts`; what
    is for files is done to each of `media`. Raises Invalid."""
    found: list[Wish] = []
    for act in dict.fromkeys(acts):
        length = lasts.get(act, "")
        if act not in _ACTS or length not in LENGTHS:
            raise Invalid("actions", "are none of those that there are")
        on, kind = _ACTS[act]
        lasting = None if kind == "warn" or (on, kind) == ("status", "remove") else LENGTHS[length]
        if on == "media":
            if not media:
                raise Invalid("media", "is needed: which of the files?")
            found += [Wish(kind=kind, on=on, media_id=each, lasts=lasting) for each in dict.fromkeys(media)]
            continue
        found.append(Wish(kind=kind, on=on, label=label if kind == "label" else "", lasts=lasting))
    return tuple(found)
