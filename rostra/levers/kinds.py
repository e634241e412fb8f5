"""The levers that there are, and what can be set of each. Pure.

A lever is one measure against a flood, to be undone at a stroke. What each does is enforced where it belongs:
`rostra/levers/enforce.py` says what, screening, posts and the instance ask it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Final, Literal, get_args

import msgspec
from msgspec import Meta, inspect

from rostra.kit.errors import Invalid, NotFound

LeverName = Literal[
    "hold-new-accounts",
    "links-off-new",
    "slow-mode",
    "labelled-boosts-off",
    "sign-ups-approval",
    "sign-ups-invitation",
    "growth-brake",
]
# Pulled and released by the forecast alone (rostra/levers/watch.py).
BRAKE: Final = "growth-brake"
NAMES: Final[tuple[str, ...]] = tuple(name for name in get_args(LeverName) if name != BRAKE)

# Long enough for a crisis, short enough that nobody has to find out a year later why new people cannot post links.
USUALLY: Final = timedelta(hours=24)
SHORTEST: Final = timedelta(minutes=5)
LONGEST: Final = timedelta(days=90)

_Hours = Annotated[int, Meta(ge=1, le=90 * 24)]


class HoldNewAccounts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Posts of accounts younger than `hours` wait for a person; what nobody sees in time is released, or refused."""

    hours: _Hours = 72
    reach: Literal["public", "all"] = "public"
    unseen: Literal["release", "refuse"] = "release"


class LinksOffNew(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Accounts younger than `hours` cannot post links."""

    hours: _Hours = 72


class SlowMode(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One post in `seconds`, for all or for accounts younger than `hours`. Staff are left out."""

    seconds: Annotated[int, Meta(ge=5, le=24 * 3600)] = 300
    who: Literal["new", "all"] = "new"
    hours: _Hours = 72


class LabelledBoostsOff(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Posts that bear a label cannot be boosted; nor, where it is so set, favourited or answered."""

    favourites: bool = False
    replies: bool = False


class SignUps(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sign-ups by approval or by invitation have nothing to set."""


Params = HoldNewAccounts | LinksOffNew | SlowMode | LabelledBoostsOff | SignUps

_PARAMS: Final[Mapping[str, type[Params]]] = {
    "hold-new-accounts": HoldNewAccounts,
    "links-off-new": LinksOffNew,
    "slow-mode": SlowMode,
    "labelled-boosts-off": LabelledBoostsOff,
    "sign-ups-approval": SignUps,
    "sign-ups-invitation": SignUps,
    BRAKE: SignUps,
}
SAYS: Final[Mapping[str, str]] = {
    "hold-new-accounts": "posts of new accounts wait for a person before others see them",
    "links-off-new": "new accounts cannot post links",
    "slow-mode": "one post in a while, for new accounts or for all",
    "labelled-boosts-off": "posts that bear a label cannot be boosted",
    "sign-ups-approval": "who signs up waits for approval",
    "sign-ups-invitation": "nobody signs up without an invitation",
    BRAKE: "invitations only while the backlog cannot be cleared in time",
}


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that can be set: a number from `least` to `most`, one of `choices`, or yes and no (neither)."""

    name: str
    default: int | str | bool
    least: int = 0
    most: int = 0
    choices: tuple[str, ...] = ()


def check_name(name: str) -> None:
    """Raises NotFound for what is no lever that people pull."""
    if name not in NAMES:
        raise NotFound(f"There is no lever called {name}. There are: {', '.join(NAMES)}")


def fields_of(name: str) -> list[Field]:
    """What can be set of a lever."""
    kind = inspect.type_info(_PARAMS[name])
    assert isinstance(kind, inspect.StructType)
    return [_field(field) for field in kind.fields]


def default_params(name: str) -> dict[str, Any]:
    """A lever as it comes."""
    return msgspec.structs.asdict(_PARAMS[name]())


def read_params(name: str, given: Mapping[str, object], base: Mapping[str, object] | None = None) -> Params:
    """The parameters of a lever: those `given`, the rest as in `base` or as they come; texts of forms and command lines
    are converted. Raises Invalid with the parameter's name and its bounds."""
    fields = {field.name: field for field in fields_of(name)}
    if unknown := next((key for key in given if key not in fields), None):
        known = ", ".join(fields) or "nothing"
        raise Invalid(unknown, f"is no parameter of {name}, which takes {known}", code="ERR_INCLUSION")
    values: dict[str, object] = {**(base or {}), **given}
    for key, value in values.items():
        try:
            checked = msgspec.convert({key: value}, _PARAMS[name], strict=False)
        except msgspec.ValidationError:
            raise Invalid(key, _bounds(fields[key]), code="ERR_INCLUSION") from None
        values[key] = getattr(checked, key)
    return msgspec.convert(values, _PARAMS[name])


def load_params(name: str, stored: Mapping[str, object]) -> Params:
    """Stored parameters, which another version may have written: what does not fit is as it comes."""
    fitting: dict[str, Any] = {}
    for key in default_params(name):
        if key in stored:
            try:
                fitting[key] = getattr(msgspec.convert({key: stored[key]}, _PARAMS[name]), key)
            except msgspec.ValidationError:
                continue
    return _PARAMS[name](**fitting)


def check_lasts(lasts: timedelta | None) -> None:
    """Raises Invalid for a time that is too short to matter or too long to be reviewed."""
    if lasts is not None and not SHORTEST <= lasts <= LONGEST:
        raise Invalid("lasts", "must be between 5 minutes and 90 days", code="ERR_INCLUSION")


def _bounds(field: Field) -> str:
    if field.choices:
        return f"must be one of: {', '.join(field.choices)}"
    if isinstance(field.default, bool):
        return "must be true or false"
    return f"must be a whole number between {field.least} and {field.most}"


def _field(field: inspect.Field) -> Field:
    kind, default = field.type, field.default
    if isinstance(kind, inspect.LiteralType):
        return Field(name=field.name, default=default, choices=tuple(str(value) for value in kind.values))
    if isinstance(kind, inspect.IntType):
        return Field(name=field.name, default=default, least=kind.ge or 0, most=kind.le or 0)
    return Field(name=field.name, default=default)
