"""The sentences about copies, in the languages of the pages.

They stand here and not among the translations of the pages because the command line says them too, below the pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from babel.dates import format_date, format_time, format_timedelta

from rostra.continuity.health import Sentence, Value
from rostra.text.dates import long_moment

Words = Mapping[str, str]

SENTENCES: Final[Mapping[str, Words]] = {
    "no-copies": {
        "en": "There are no copies of this server. If its disk or its provider goes, everything is lost.",
        "it": "Non ci sono copie di questo server. Se perdi il disco o il fornitore, perdi tutto.",
    },
    "not-set-up": {"en": "Copies were never set up.", "it": "Le copie non sono mai state configurate."},
    "set-up": {
        "en": (
            "Name a place for them in the setting continuity_targets, run `rostra continuity init` and write the"
            " recovery key down on paper, then start the server again: `rostra up` copies from then on. An external"
            " database it leaves to those who run that, and copies files, settings and secrets."
        ),
        "it": (
            "Indica dove tenerle nell’impostazione continuity_targets, esegui `rostra continuity init` e scrivi su"
            " carta la chiave di recupero, poi riavvia il server: da allora `rostra up` fa le copie. Un database"
            " esterno resta affidato a chi lo gestisce: si copiano file, impostazioni e segreti."
        ),
    },
    "loss": {
        "en": (
            "If this server vanished now, {loss} of posts would be lost. How long it would take to be back, no drill"
            " has shown yet."
        ),
        "it": (
            "Se questo server sparisse adesso, andrebbero persi i post di {loss}. Quanto ci vorrebbe per tornare,"
            " nessuna prova l’ha ancora mostrato."
        ),
    },
    "loss-and-back": {
        "en": "If this server vanished now, {loss} of posts would be lost, and it would be back in about {back}.",
        "it": "Se questo server sparisse adesso, andrebbero persi i post di {loss}, e tornerebbe in circa {back}.",
    },
    "loss-of-files": {
        "en": (
            "If this server vanished now, {loss} of files would be lost. Its posts would come back from copies of its"
            " external database alone."
        ),
        "it": (
            "Se questo server sparisse adesso, andrebbero persi i file di {loss}. I post tornerebbero soltanto dalle"
            " copie del suo database esterno."
        ),
    },
    "external-database": {
        "en": "The database is an external one: files, settings and secrets are copied from here, and no post is.",
        "it": "Il database è esterno: da qui si copiano file, impostazioni e segreti, e nessun post.",
    },
    "copy-database": {
        "en": (
            "See that those who run it copy it elsewhere, and try their copies. Beside one, `rostra continuity restore`"
            " brings back the rest."
        ),
        "it": (
            "Assicurati che chi lo gestisce lo copi altrove, e prova quelle copie. Accanto a una di esse,"
            " `rostra continuity restore` riporta il resto."
        ),
    },
    "all-lost": {
        "en": "If this server vanished now, everything would be lost: nothing that can be restored is elsewhere.",
        "it": "Se questo server sparisse adesso, andrebbe perso tutto: altrove non c’è nulla da ripristinare.",
    },
    "loss-none": {
        "en": "If this server vanished now, no post that was acknowledged would be lost: a standby has them all.",
        "it": "Se questo server sparisse adesso, nessun post confermato andrebbe perso: una riserva li ha tutti.",
    },
    "proven": {"en": "Last proven: {at}.", "it": "Ultima prova riuscita: {at}."},
    "never-proven": {"en": "Never proven.", "it": "Mai provato."},
    "replaced": {
        "en": "Another server has taken over on {host} ({at}). This one does not write any more.",
        "it": "Un altro server ha preso il posto di questo su {host} ({at}). Questo non scrive più.",
    },
    "look-only": {
        "en": "This is a copy to look at, as the server was ({until}). What is written here is kept nowhere else.",
        "it": "Questa è una copia da guardare, com’era il server ({until}). Ciò che si scrive qui non resta altrove.",
    },
    "standby": {
        "en": "This is a standby. It follows the server and can take over: `rostra continuity promote`.",
        "it": "Questa è una riserva. Segue il server e può prenderne il posto: `rostra continuity promote`.",
    },
    "targets-gone": {
        "en": "Copies are set up, but the setting continuity_targets names no place any more.",
        "it": "Le copie sono configurate, ma l’impostazione continuity_targets non indica più alcun posto.",
    },
    "name-targets": {
        "en": "Name it again, in rostra.toml or as ROSTRA_CONTINUITY_TARGETS, and start the server again.",
        "it": "Indicalo di nuovo, in rostra.toml o come ROSTRA_CONTINUITY_TARGETS, e riavvia il server.",
    },
    "never-shipped": {"en": "Nothing has been copied yet.", "it": "Non è ancora stato copiato nulla."},
    "silent": {
        "en": "Copies have stopped: their last sign of life was {ago} ago ({at}).",
        "it": "Le copie si sono fermate: l’ultimo segno di vita è di {ago} fa ({at}).",
    },
    "start-ship": {
        "en": "`rostra up` does it by itself; look at its log, or run `rostra continuity ship`.",
        "it": "`rostra up` lo fa da solo; guarda il suo registro, o esegui `rostra continuity ship`.",
    },
    "alarm": {"en": "Alarm: {alarm}", "it": "Allarme: {alarm}"},
    "spool": {
        "en": "What waits for targets fills {share} % of the disk that it may take.",
        "it": "Ciò che attende le destinazioni occupa il {share} % del disco che gli spetta.",
    },
    "mind-spool": {
        "en": "At 100 % the target that lags is cut off and gets a new base copy when it answers again.",
        "it": "Al 100 % la destinazione in ritardo viene staccata e riceve una nuova copia di base quando risponde.",
    },
    "doing": {"en": "Under way: {work}", "it": "In corso: {work}"},
    "problem": {
        "en": "{label} has a problem since {since}: {problem}",
        "it": "{label} ha un problema ({since}): {problem}",
    },
    "ask-doctor": {"en": "`rostra doctor` tries each target.", "it": "`rostra doctor` prova ogni destinazione."},
    "no-base": {
        "en": "{label} has no complete base copy yet, so nothing can be restored from there.",
        "it": "{label} non ha ancora una copia di base completa: da lì non si può ripristinare nulla.",
    },
    "no-files": {
        "en": "{label} does not have all files, settings and secrets yet.",
        "it": "{label} non ha ancora tutti i file, le impostazioni e i segreti.",
    },
    "late-files": {
        "en": "{label} is {late} behind ({files} files).",
        "it": "{label} è in ritardo di {late} ({files} file).",
    },
    "late": {
        "en": "{label} is {late} behind ({behind} pieces).",
        "it": "{label} è in ritardo di {late} ({behind} pezzi).",
    },
    "same-disk": {
        "en": "{label} is on the disk of the server itself, and goes with it.",
        "it": "{label} è sul disco del server stesso, e sparisce con lui.",
    },
    "elsewhere": {
        "en": "Take a place at another company, with another login, card and address.",
        "it": "Scegli un posto presso un’altra azienda, con altri accesso, carta e indirizzo.",
    },
    "directory": {
        "en": "{label} is a directory of this machine: it helps if its disk really is elsewhere.",
        "it": "{label} è una cartella di questa macchina: serve se il suo disco è davvero altrove.",
    },
    "one-target": {
        "en": "There is one place for copies. A second one, at another company, is safer.",
        "it": "C’è un solo posto per le copie. Un secondo, presso un’altra azienda, dà più sicurezza.",
    },
    "same-host": {
        "en": "Two places for copies are on the same host, {host}, and may go together.",
        "it": "Due posti per le copie stanno sullo stesso host, {host}, e possono sparire insieme.",
    },
    "drill-never": {
        "en": "Nobody has rehearsed a restore yet. A copy that was never restored is a hope.",
        "it": "Nessuno ha ancora provato un ripristino. Una copia mai ripristinata è una speranza.",
    },
    "drill-old": {"en": "The last drill was {ago} ago.", "it": "L’ultima prova è di {ago} fa."},
    "drill-failed": {
        "en": "The last drill ({at}, {target}) failed: {problem}",
        "it": "L’ultima prova ({at}, {target}) è fallita: {problem}",
    },
    "do-drill": {
        "en": "Run `rostra continuity drill --key FILE`, best on another machine and by itself every week.",
        "it": "Esegui `rostra continuity drill --key FILE`, meglio su un’altra macchina e da sé ogni settimana.",
    },
}


def in_words(sentence: Sentence, language: str, now: datetime) -> str:
    """The sentence in a language of the pages; in English for any other."""
    words = SENTENCES[sentence.key]
    spoken = language if language in words else "en"
    return words[spoken].format(**{name: shown(value, spoken, now) for name, value in sentence.values.items()})


def shown(value: Value, language: str, now: datetime) -> str:
    """A time that passed in one unit (`4 seconds`), a moment as `yesterday, 03:12 UTC`, all else as it is."""
    if isinstance(value, timedelta):
        return duration(value, language)
    if isinstance(value, datetime):
        return moment(value, language, now)
    return str(value)


def duration(value: timedelta, language: str) -> str:
    """`4 seconds`, `2 minutes`: rounded up to a whole second, and to one unit."""
    return format_timedelta(timedelta(seconds=max(1, -(-value // timedelta(seconds=1)))), locale=language)


def moment(then: datetime, language: str, now: datetime) -> str:
    """`today, 03:12 UTC`, `yesterday, 03:12 UTC`, or with the date."""
    then, now = then.astimezone(UTC), now.astimezone(UTC)
    days = (now.date() - then.date()).days
    if days in _DAYS:
        return f"{_DAYS[days].get(language, _DAYS[days]['en'])}, {format_time(then, 'HH:mm', locale=language)} UTC"
    if then.year == now.year:
        return f"{format_date(then, 'd MMMM', locale=language)}, {format_time(then, 'HH:mm', locale=language)} UTC"
    return long_moment(then, language)


_DAYS: Final[Mapping[int, Words]] = {0: {"en": "today", "it": "oggi"}, 1: {"en": "yesterday", "it": "ieri"}}
