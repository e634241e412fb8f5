"""What each role may do. Whoever acts needs the permission for the act, and for acts on people a role above theirs."""

from __future__ import annotations

from typing import Final, Literal, get_args

from rostra.accounts.records import Role
from rostra.kit.errors import Forbidden, Outranked

Permission = Literal[
    "queue",  # see the desk, take cases, add notes
    "dismiss",  # close a case without an act, or escalate it
    "decide",  # act on posts
    "sanction",  # act on accounts
    "escalated",  # close what was escalated, turn round what others decided
    "notices",  # answer hosts and authorities
    "measure",  # samples, figures, golden items
    "blocks",  # domains, addresses, networks
    "people",  # logins, approvals, invitations
    "policy",
    "levers",
    "settings",
    "roles",
    "panel",  # vote on appeals when drawn
]

_TRIAGE: Final = frozenset[Permission]({"queue", "dismiss"})
_MODERATOR: Final = _TRIAGE | frozenset[Permission](
    {"decide", "sanction", "notices", "measure", "blocks", "people", "panel"}
)
_ADMIN: Final = frozenset[Permission](get_args(Permission)) - frozenset[Permission]({"roles"})
_ROLES: Final[dict[Role, frozenset[Permission]]] = {
    "owner": _ADMIN | frozenset[Permission]({"roles"}),
    "admin": _ADMIN,
    "moderator": _MODERATOR,
    "triage": _TRIAGE,
    "juror": frozenset({"panel"}),
    "user": frozenset(),
}
_RANK: Final[dict[Role, int]] = {"user": 0, "juror": 0, "triage": 1, "moderator": 2, "admin": 3, "owner": 4}


def may(role: Role, permission: Permission) -> bool:
    """Whether somebody of that role has the permission."""
    return permission in _ROLES[role]


def permissions_of(role: Role) -> frozenset[Permission]:
    """All that the role may do."""
    return _ROLES[role]


def check_may(role: Role, permission: Permission) -> None:
    """Raises Forbidden where the role lacks the permission."""
    if not may(role, permission):
        raise Forbidden


def is_above(role: Role, target: Role | None) -> bool:
    """Whether `role` stands above that of the person who is acted on (None: not of this server)."""
    return _RANK[target or "user"] < _RANK[role]


def check_above(role: Role, target: Role | None) -> None:
    """Raises Outranked unless `role` stands above that of the person who is acted on (None: not of this server)."""
    if not is_above(role, target):
        raise Outranked


def roles_with(permission: Permission) -> list[Role]:
    """The roles that have the permission."""
    return [role for role, granted in _ROLES.items() if permission in granted]
