"""The titles of pushes in the language of whoever gets them.

They are written by the slice, below the pages' catalogues, and say what the pages say.
"""

from __future__ import annotations

from typing import Final

_TITLES: Final[dict[str, dict[str, str]]] = {
    "en": {
        "mention": "{name} mentioned you",
        "status": "{name} has posted",
        "reblog": "{name} boosted your post",
        "follow": "{name} follows you now",
        "follow_request": "{name} asks to follow you",
        "favourite": "{name} favourited your post",
        "poll": "A poll in which you voted has closed",
        "own_poll": "Your poll has closed",
        "update": "{name} edited a post that you reacted to",
        "admin.sign_up": "{name} signed up",
        "admin.report": "{name} filed a report",
        "legal_notice": "A legal notice has come in",
        "moderation_warning": "The moderators have decided something that concerns you",
    },
    "it": {
        "mention": "{name} ti ha menzionato",
        "status": "{name} ha pubblicato un post",
        "reblog": "{name} ha rilanciato il tuo post",
        "follow": "{name} ora ti segue",
        "follow_request": "{name} chiede di seguirti",
        "favourite": "{name} ha messo una stella al tuo post",
        "poll": "Si è chiuso un sondaggio in cui avevi votato",
        "own_poll": "Il tuo sondaggio si è chiuso",
        "update": "{name} ha modificato un post a cui avevi reagito",
        "admin.sign_up": "Nuova iscrizione: {name}",
        "admin.report": "{name} ha inviato una segnalazione",
        "legal_notice": "È arrivata una segnalazione legale",
        "moderation_warning": "I moderatori hanno deciso qualcosa che ti riguarda",
    },
}


def push_title(kind: str, name: str, locale: str) -> str:
    """What a push says in its first line; `kind` is a type of notification, `own_poll`, or `legal_notice`."""
    titles = _TITLES.get(locale) or _TITLES.get(locale.partition("-")[0]) or _TITLES["en"]
    # Not format(): names may contain braces.
    return titles[kind].replace("{name}", name)
