"""What transparency pages call things, in the reader's language: acts, origins, categories, sections of a report."""

from __future__ import annotations

from collections.abc import Callable

from rostra.measurement.transparency_sections import NO_CATEGORY

Say = Callable[..., str]


def acts(_: Say) -> dict[str, str]:
    """By the columns of a report (`1.4`, `X.4`), in the order in which people care."""
    return {
        "removed": _("Post removed"),
        "labelled": _("Label added"),
        "covered": _("Covered as sensitive"),
        "demoted": _("Reach limited"),
        "interaction_restricted": _("Replies and boosts off"),
        "service_partially_suspended": _("Account frozen"),
        "account_suspended": _("Account suspended for a time"),
        "account_terminated": _("Account suspended for good"),
        "warned": _("Warning"),
    }


def act(_: Say, kind: str, on: str, *, ends: bool) -> str:
    """An act of the log."""
    if on == "server":
        return _("Server shut out") if kind == "suspend" else _("Server limited")
    if (kind, on) == ("remove", "media"):
        return _("File of a post removed")
    if on == "account" and kind in ("label", "sensitive", "limit"):
        return {
            "label": _("Label added to the account"),
            "sensitive": _("Media of the account covered"),
            "limit": _("Reach of the account limited"),
        }[kind]
    names = acts(_)
    if kind == "suspend":
        return names["account_suspended" if ends else "account_terminated"]
    columns = {
        "remove": "removed",
        "label": "labelled",
        "sensitive": "covered",
        "limit": "demoted",
        "interaction-off": "interaction_restricted",
        "freeze": "service_partially_suspended",
        "warn": "warned",
    }
    return names[columns[kind]]


def origins(_: Say) -> dict[str, str]:
    return {
        "own": _("Found by ourselves"),
        "report": _("Reported by users"),
        "legal": _("Legal notices"),
        "trusted": _("Trusted flaggers"),
        "host": _("Notices of our host"),
        "order": _("Orders of authorities"),
    }


def origin(_: Say, name: str) -> str:
    """Of one decision."""
    return {
        "own": _("found by ourselves"),
        "report": _("reported by a user"),
        "legal": _("legal notice"),
        "trusted": _("trusted flagger"),
        "host": _("notice of our host"),
        "order": _("order of an authority"),
    }[name]


def categories(_: Say) -> dict[str, str]:
    """The European Union's, as its database names them."""
    return {
        "ANIMAL_WELFARE": _("Animal welfare"),
        "CONSUMER_INFORMATION": _("Consumer information"),
        "CYBER_VIOLENCE": _("Cyber violence"),
        "CYBER_VIOLENCE_AGAINST_WOMEN": _("Cyber violence against women"),
        "DATA_PROTECTION_AND_PRIVACY_VIOLATIONS": _("Data protection and privacy"),
        "ILLEGAL_OR_HARMFUL_SPEECH": _("Illegal or harmful speech"),
        "INTELLECTUAL_PROPERTY_INFRINGEMENTS": _("Intellectual property"),
        "NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS": _("Civic discourse, elections"),
        "NOT_SPECIFIED_NOTICE": _("Not specified by notifier"),
        "OTHER_VIOLATION_TC": _("Other rules of the house"),
        "PROTECTION_OF_MINORS": _("Protection of minors"),
        "RISK_FOR_PUBLIC_SECURITY": _("Public security"),
        "SCAMS_AND_FRAUD": _("Scams and fraud"),
        "SELF_HARM": _("Self-harm"),
        "UNSAFE_AND_PROHIBITED_PRODUCTS": _("Unsafe, prohibited products"),
        "VIOLENCE": _("Violence"),
        NO_CATEGORY: _("Other servers, and none"),
    }


def outcomes(_: Say) -> dict[str, str]:
    """Of appeals, by the columns of `1.5`."""
    return {
        "upheld": _("Decision stands"),
        "overturned": _("Turned round"),
        "modified": _("Changed"),
        "open": _("Being looked at"),
    }


def reversals(_: Say) -> dict[str, str]:
    return {
        "undo": _("undone"),
        "review": _("turned round on review"),
        "appeal": _("turned round on appeal"),
        "superseded": _("replaced by another"),
    }
