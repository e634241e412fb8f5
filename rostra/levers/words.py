"""What levers, their parameters and their conditions are called, in the languages of the pages and letters.

They stand here and not among the translations of the pages because the letters to staff use them, below the pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from rostra.levers.kinds import Field
from rostra.levers.triggers import BOUNDS, Trigger

Words = Mapping[str, str]

TITLES: Final[Mapping[str, Words]] = {
    "hold-new-accounts": {"en": "Hold posts of new accounts", "it": "Trattieni i post dei nuovi account"},
    "links-off-new": {"en": "No links by new accounts", "it": "Niente link dai nuovi account"},
    "slow-mode": {"en": "Slow mode", "it": "Modalità lenta"},
    "labelled-boosts-off": {"en": "No boosts of labelled posts", "it": "Niente rilanci dei post etichettati"},
    "sign-ups-approval": {"en": "Sign-ups by approval", "it": "Iscrizioni con approvazione"},
    "sign-ups-invitation": {"en": "Sign-ups by invitation", "it": "Iscrizioni su invito"},
    "growth-brake": {"en": "Growth brake", "it": "Freno alla crescita"},
}
DOES: Final[Mapping[str, Words]] = {
    "hold-new-accounts": {
        "en": "What they write waits for a person. Its author sees it, and reads why.",
        "it": "Quello che scrivono aspetta una persona. L’autore lo vede, e legge perché.",
    },
    "links-off-new": {
        "en": "A post with a link is refused, and says until when. Without the link it is published.",
        "it": "Un post con un link viene rifiutato, e dice fino a quando. Senza il link viene pubblicato.",
    },
    "slow-mode": {
        "en": "Whoever has posted waits for a while before the next post. Staff are left out.",
        "it": "Chi ha pubblicato aspetta un po’ prima del post successivo. Lo staff è escluso.",
    },
    "labelled-boosts-off": {
        "en": "What moderation has labelled stays visible and spreads no further.",
        "it": "Ciò che la moderazione ha etichettato resta visibile e non si diffonde oltre.",
    },
    "sign-ups-approval": {
        "en": "A person lets each newcomer in. Who has an invitation comes in without.",
        "it": "Una persona fa entrare chi arriva. Chi ha un invito entra senza.",
    },
    "sign-ups-invitation": {
        "en": "Nobody comes in without an invitation.",
        "it": "Nessuno entra senza un invito.",
    },
    "growth-brake": {
        "en": "Invitations only, while clearing the open cases would take too long.",
        "it": "Solo su invito, finché smaltire i casi aperti richiederebbe troppo tempo.",
    },
}
_FIELDS: Final[Mapping[str, Words]] = {
    "hours": {"en": "New means younger than (hours)", "it": "Nuovo vuol dire più giovane di (ore)"},
    "reach": {"en": "Which posts", "it": "Quali post"},
    "unseen": {"en": "What nobody looks at in time", "it": "Ciò che nessuno guarda in tempo"},
    "seconds": {"en": "Seconds between two posts", "it": "Secondi tra due post"},
    "who": {"en": "For whom", "it": "Per chi"},
    "favourites": {"en": "No favourites either", "it": "Nemmeno i preferiti"},
    "replies": {"en": "No replies either", "it": "Nemmeno le risposte"},
}
_CHOICES: Final[Mapping[str, Words]] = {
    "reach.public": {"en": "those that everybody can see", "it": "quelli che tutti possono vedere"},
    "reach.all": {"en": "all, private ones too", "it": "tutti, anche quelli privati"},
    "unseen.release": {"en": "is published", "it": "viene pubblicato"},
    "unseen.refuse": {"en": "is refused", "it": "viene rifiutato"},
    "who.new": {"en": "new accounts", "it": "nuovi account"},
    "who.all": {"en": "all", "it": "tutti"},
}
_SET: Final[Mapping[str, Words]] = {
    "hours": {"en": "accounts younger than {n} hours", "it": "account più giovani di {n} ore"},
    "reach.public": {"en": "posts that everybody can see", "it": "post che tutti possono vedere"},
    "reach.all": {"en": "private posts too", "it": "anche i post privati"},
    "unseen.release": {"en": "published if nobody looks in time", "it": "pubblicati se nessuno guarda in tempo"},
    "unseen.refuse": {"en": "refused if nobody looks in time", "it": "rifiutati se nessuno guarda in tempo"},
    "seconds": {"en": "one post in {n} seconds", "it": "un post ogni {n} secondi"},
    "who.new": {"en": "for new accounts", "it": "per i nuovi account"},
    "who.all": {"en": "for all", "it": "per tutti"},
    "favourites": {"en": "no favourites either", "it": "nemmeno i preferiti"},
    "replies": {"en": "no replies either", "it": "nemmeno le risposte"},
}
_CONDITIONS: Final[Mapping[str, Words]] = {
    "drain-time": {"en": "Clearing takes over (hours)", "it": "Smaltire richiede più di (ore)"},
    "backlog": {"en": "Open cases over", "it": "Casi aperti più di"},
    "sign-ups": {"en": "Sign-ups an hour over", "it": "Iscrizioni all’ora più di"},
    "held-share": {"en": "Share of posts held over (%)", "it": "Quota di post trattenuti oltre (%)"},
    "prevalence-alarm": {"en": "The prevalence alarm rings", "it": "Suona l’allarme di prevalenza"},
    "event-near": {"en": "An event within (days)", "it": "Un evento entro (giorni)"},
}
_MET: Final[Mapping[str, Words]] = {
    "drain-time": {
        "en": "clearing the open cases takes over {over:g} hours",
        "it": "smaltire i casi aperti richiede più di {over:g} ore",
    },
    "backlog": {"en": "over {over:g} open cases", "it": "più di {over:g} casi aperti"},
    "sign-ups": {"en": "over {over:g} sign-ups an hour", "it": "più di {over:g} iscrizioni all’ora"},
    "held-share": {"en": "over {over:g} % of posts are held", "it": "oltre il {over:g} % dei post è trattenuto"},
    "prevalence-alarm": {"en": "the prevalence alarm rings", "it": "suona l’allarme di prevalenza"},
    "event-near": {
        "en": "an event that several people call for is at most {over:g} days away",
        "it": "un evento a cui più persone chiamano è al massimo tra {over:g} giorni",
    },
}


def title(name: str, language: str) -> str:
    """What a lever is called."""
    return _say(TITLES.get(name, {"en": name}), language)


def does(name: str, language: str) -> str:
    """What a lever does, in a sentence or two."""
    return _say(DOES.get(name, {"en": ""}), language)


def field_title(field: Field, language: str) -> str:
    """What a parameter is called."""
    return _say(_FIELDS[field.name], language)


def choice_title(field: Field, value: str, language: str) -> str:
    """What a value of a parameter is called."""
    return _say(_CHOICES[f"{field.name}.{value}"], language)


def condition_titles(language: str) -> list[tuple[str, str]]:
    """The conditions that there are, as (kind, what it is called)."""
    return [(kind, _say(_CONDITIONS[kind], language)) for kind in BOUNDS]


def condition(trigger: Trigger, language: str) -> str:
    """A condition in words, to stand within a sentence."""
    return _say(_MET[trigger.kind], language).format(over=trigger.over)


def settings_in_words(params: Mapping[str, Any], language: str) -> list[str]:
    """Parameters, each in a few words; what makes no difference is left out."""
    said: list[str] = []
    for name, value in params.items():
        if name == "hours" and params.get("who") == "all":
            continue
        key = f"{name}.{value}" if isinstance(value, str) else name
        if value is not False:
            said.append(_say(_SET[key], language).format(n=value))
    return said


def spell(lasts: timedelta) -> str:
    """A length of time as it is written on the command line: 90m, 24h, 3d."""
    minutes = int(lasts.total_seconds()) // 60
    if minutes % (24 * 60) == 0:
        return f"{minutes // (24 * 60)}d"
    return f"{minutes // 60}h" if minutes % 60 == 0 else f"{minutes}m"


def _say(words: Words, language: str) -> str:
    return words.get(language) or words["en"]
