"""Telling those concerned what came of an appeal: who appealed, and, where a decision fell, those who had reported it.

An author hears of a new decision in the notice of that decision; here it is only announced. Nobody is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rostra.appeals import queries, review_queries
from rostra.appeals.records import AppealRow
from rostra.appeals.review_queries import Appellant
from rostra.dsa.explain import words_in
from rostra.events import AuthorTold, MailOrdered
from rostra.kit.db import Tx
from rostra.moderation.decisions import decision_queries
from rostra.moderation.decisions.tell import decision_url
from rostra.moderation.desk import Desk
from rostra.text.urls import Urls

_TEXTS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "subject": "What came of your appeal on {site}",
        "hello": "Hello {name},",
        "looked": "your appeal of {day} has been looked at by somebody who had no part in the decision.",
        "panel": "your appeal of {day} has been looked at by a panel of people of this server, drawn by lot.",
        "moot": "what your appeal of {day} was about has been taken back meanwhile.",
        "author.upheld": "The decision stands.",
        "author.overturned": "You were right: the decision is overturned. What it did is undone, and it counts for "
        "nothing.",
        "author.modified": "The decision is changed. What it did is undone; what holds instead is lighter, and a "
        "letter of its own says what it is.",
        "reporter.upheld": "We still find that what you reported does not go against the rules of this server.",
        "reporter.overturned": "You were right: what you reported goes against the rules of this server, and we have "
        "acted on it.",
        "answer": "The reason:\n{answer}",
        "page": "All of it:\n{link}",
        "summons.subject": "You are drawn for a panel on {site}",
        "summons": "lots were drawn, and you are one of five people who are asked to look at an appeal. It is a text, "
        "without pictures and without names. You have two days; if it is not for you, say so, and somebody else is "
        "asked.\n\n{link}",
        "reported.subject": "Something that you reported on {site} was decided anew",
        "reported": "the author of something that you had reported has appealed against what was decided about it, and "
        "was right: what was done is undone. Your report did no harm; thank you for it.",
    },
    "it": {
        "subject": "L’esito del tuo ricorso su {site}",
        "hello": "Ciao {name},",
        "looked": "il tuo ricorso del {day} è stato esaminato da qualcuno che non ha avuto parte nella decisione.",
        "panel": "il tuo ricorso del {day} è stato esaminato da una giuria di persone di questo server, sorteggiate.",
        "moot": "ciò contro cui era il tuo ricorso del {day} è stato intanto ritirato.",
        "author.upheld": "La decisione resta.",
        "author.overturned": "Avevi ragione: la decisione è annullata. I suoi effetti sono annullati e non conta "
        "nulla.",
        "author.modified": "La decisione è cambiata. I suoi effetti sono annullati; ciò che vale invece è più lieve, e "
        "una lettera a parte dice che cos’è.",
        "reporter.upheld": "Continuiamo a ritenere che ciò che hai segnalato non vada contro le regole di questo "
        "server.",
        "reporter.overturned": "Avevi ragione: ciò che hai segnalato va contro le regole di questo server, e siamo "
        "intervenuti.",
        "answer": "Il motivo:\n{answer}",
        "page": "Tutto:\n{link}",
        "summons.subject": "Fai parte di una giuria su {site}",
        "summons": "è stata fatta un’estrazione e sei una delle cinque persone a cui si chiede di esaminare un "
        "ricorso. È un testo, senza immagini e senza nomi. Hai due giorni; se non fa per te, dillo e lo si "
        "chiederà a qualcun altro.\n\n{link}",
        "reported.subject": "Qualcosa che avevi segnalato su {site} è stato deciso di nuovo",
        "reported": "l’autore di qualcosa che avevi segnalato ha fatto ricorso contro ciò che era stato deciso, e "
        "aveva ragione: i provvedimenti sono annullati. La tua segnalazione non ha fatto danni; grazie.",
    },
}
_AT_MOST: Final = 1000


async def tell_outcome(desk: Desk, appeal_id: int) -> None:
    """Write to those concerned, once."""
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        appeal = await queries.find_appeal(tx, appeal_id)
        if appeal is None or appeal.decided_at is None or not await queries.mark_notified(tx, appeal_id, at):
            return
        appellant = await review_queries.find_appellant(tx, appeal_id)
        by_panel = appeal.decided_by is None and await review_queries.had_panel(tx, appeal_id)
        if appellant is not None and appellant.email and appellant.reachable:
            await desk.emit(tx, write_outcome(appeal, appellant, desk.urls, by_panel=by_panel))
        if appeal.side == "author" and appeal.account_id is not None and appeal.state == "upheld":
            # Apps show the state of the appeal with the notification of the decision.
            await desk.emit(tx, AuthorTold(decision_id=appeal.decision_id, account_id=appeal.account_id, at=at))
        if appeal.side == "author" and appeal.state == "overturned":
            for letter in await _to_reporters(tx, appeal, desk.urls):
                await desk.emit(tx, letter)


async def _to_reporters(tx: Tx, appeal: AppealRow, urls: Urls) -> Sequence[MailOrdered]:
    decision = await decision_queries.find_decision(tx, appeal.decision_id)
    if decision is None or decision.case_id is None:
        return []
    reporters = await review_queries.list_reporters(tx, decision.case_id, _AT_MOST)
    return [_write(to, "reported.subject", ("reported",), urls) for to in reporters]


def write_outcome(appeal: AppealRow, to: Appellant, urls: Urls, *, by_panel: bool) -> MailOrdered:
    """The letter to who appealed."""
    texts, words = _texts(to.locale), words_in(to.locale)
    is_moot = appeal.decided_by is None and not by_panel
    looked = "moot" if is_moot else "panel" if by_panel else "looked"
    answer = next(iter(appeal.answer.values()), "")
    parts = [
        texts["hello"].format(name=to.name or ""),
        texts[looked].format(day=appeal.filed_at.date().isoformat()),
        texts[f"{appeal.side}.{appeal.state}"],
        *([texts["answer"].format(answer=answer)] if answer else []),
        *([words["redress.bodies"], words["redress.court"]] if appeal.state == "upheld" else []),
        *([texts["page"].format(link=decision_url(urls, appeal.decision_id))] if appeal.side == "author" else []),
    ]
    subject = texts["subject"].format(site=urls.domain)
    return MailOrdered(to=to.email or "", subject=subject, text="\n\n".join(parts) + f"\n\n-- \n{urls.domain}\n")


def write_summons(email: str, name: str, locale: str, urls: Urls, panel_id: int) -> MailOrdered:
    """The letter to a juror who was drawn."""
    texts = _texts(locale)
    text = "\n\n".join(
        [texts["hello"].format(name=name), texts["summons"].format(link=f"{urls.base}/panel/{panel_id}")]
    )
    subject = texts["summons.subject"].format(site=urls.domain)
    return MailOrdered(to=email, subject=subject, text=f"{text}\n\n-- \n{urls.domain}\n")


def _write(to: Appellant, subject: str, parts: Sequence[str], urls: Urls) -> MailOrdered:
    texts = _texts(to.locale)
    text = "\n\n".join([texts["hello"].format(name=to.name or ""), *(texts[part] for part in parts)])
    return MailOrdered(
        to=to.email or "", subject=texts[subject].format(site=urls.domain), text=f"{text}\n\n-- \n{urls.domain}\n"
    )


def _texts(locale: str) -> dict[str, str]:
    return _TEXTS.get(locale.replace("_", "-").partition("-")[0], _TEXTS["en"])
