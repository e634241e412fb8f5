"""Letters to those who report: that a legal notice has arrived, what came of a report, that reports are or will be left
unheard. They name no moderator, and say of what was done no more than concerns who reported."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final, Literal

import msgspec

from rostra.dsa.explain import words_in
from rostra.events import MailOrdered
from rostra.text.dates import long_date
from rostra.text.urls import Urls

Kind = Literal["report", "legal"]

_TEXTS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "hello": "Hello {name},",
        "hello.nobody": "Hello,",
        "received.subject": "Your notice to {site} has arrived",
        "received": "your notice of content that is against the law has arrived at {site}. A person will look at it, "
        "as a rule within seven days. You will then have a letter that says what was decided, and what you can do if "
        "you think that it is wrong.",
        "follow": "What becomes of it, at any time; keep this link to yourself:\n{link}",
        "subject.report": "What came of your report on {site}",
        "subject.legal": "What came of your notice to {site}",
        "again.subject": "Something that you reported on {site} was decided anew",
        "lead.report": "on {day} you reported {what}.",
        "lead.legal": "on {day} you sent us a notice of content that is against the law.",
        "what.posts": "posts of @{who}",
        "what.post": "a post of @{who}",
        "what.account": "the account @{who}",
        "again": "It was looked at again, and what we had told you no longer holds.",
        "upheld": "You were right: it goes against the rules of this server or the law, and we have acted on it. Thank "
        "you.",
        "partly": "You were right about a part of it, and we have acted on that. With the rest we found nothing that "
        "goes against the rules of this server or the law, or it could not be told.",
        "rejected": "We have looked at it and found nothing that goes against the rules of this server or the law. "
        "Nothing was done. Thank you for telling us all the same.",
        "gone": "There was nothing left to decide on: it is gone.",
        # Of a notice both say the same, so that it tells nobody whether there is something that they may not see.
        "legal.rejected": "We have looked, and found nothing at the addresses in your notice that goes against the law "
        "or the rules of this server, or there is nothing there. Nothing was done.",
        "person": "A person looked at it and decided; nothing was decided automatically.",
        "automated": "The decision was made automatically, by a rule of our policy.",
        "detected": "Automatic checks had pointed to it as well.",
        "appeal": "If you think that this is wrong, you can appeal, free of charge, until {day}: {link}\nSomebody who "
        "had no part in the decision will look at it again.",
        "page": "Your report:\n{link}",
        "warned.subject": "Your reports on {site}",
        "warned": "of the last {n} things that you reported on {site}, moderators found nothing wrong with {wrong}. "
        "Every report takes a person's time, which is then missing where somebody is in danger.\n\nPlease report what "
        "you believe goes against the policy, and nothing else. If reports that are plainly unfounded go on, we will "
        "leave your reports unheard for a time, as Article 23 of Regulation (EU) 2022/2065 provides. Nothing else "
        "about your account changes.",
        "warned.few": "moderators of {site} have found some of your reports plainly unfounded. Every report takes a "
        "person's time, which is then missing where somebody is in danger.\n\nPlease report what you believe goes "
        "against the policy, and nothing else. If reports that are plainly unfounded go on, we will leave your reports "
        "unheard for a time, as Article 23 of Regulation (EU) 2022/2065 provides. Nothing else about your account "
        "changes.",
        "policy": "The policy:\n{link}",
        "muted.subject": "Your reports on {site} are left unheard for now",
        "muted": "we wrote to you that too many of your reports were plainly unfounded, and they have gone on. From "
        "now on they are kept, and not looked at, until a moderator takes this back. Mutes and blocks work as before. "
        "If you think that this is wrong, answer to the contact of this server:\n{link}",
        "heard.subject": "Your reports on {site} are heard again",
        "heard": "from now on moderators look at what you report again.",
    },
    "it": {
        "hello": "Ciao {name},",
        "hello.nobody": "Buongiorno,",
        "received.subject": "La tua notifica a {site} è arrivata",
        "received": "la tua notifica di contenuti illegali è arrivata a {site}. La esaminerà una persona, di regola "
        "entro sette giorni. Riceverai poi una lettera che dice che cosa è stato deciso e che cosa puoi fare se pensi "
        "che sia sbagliato.",
        "follow": "Che cosa ne è, in ogni momento; tieni questo link per te:\n{link}",
        "subject.report": "L’esito della tua segnalazione su {site}",
        "subject.legal": "L’esito della tua notifica a {site}",
        "again.subject": "Qualcosa che avevi segnalato su {site} è stato deciso di nuovo",
        "lead.report": "il {day} hai segnalato {what}.",
        "lead.legal": "il {day} ci hai notificato contenuti illegali.",
        "what.posts": "alcuni post di @{who}",
        "what.post": "un post di @{who}",
        "what.account": "l’account @{who}",
        "again": "È stato esaminato di nuovo, e ciò che ti avevamo comunicato non vale più.",
        "upheld": "Avevi ragione: va contro le regole di questo server o la legge, e siamo intervenuti. Grazie.",
        "partly": "Avevi ragione per una parte, e lì siamo intervenuti. Nel resto non abbiamo trovato nulla contro le "
        "regole di questo server o la legge, o non si poteva dire.",
        "rejected": "L’abbiamo esaminato e non abbiamo trovato nulla contro le regole di questo server o la legge. Non "
        "è stato fatto nulla. Grazie comunque di avercelo detto.",
        "gone": "Non c’era più nulla su cui decidere: non esiste più.",
        "legal.rejected": "Abbiamo guardato, e agli indirizzi della tua notifica non abbiamo trovato nulla contro la "
        "legge o le regole di questo server, oppure non c’è nulla. Non è stato fatto nulla.",
        "person": "L’ha esaminato e deciso una persona; nulla è stato deciso in modo automatico.",
        "automated": "La decisione è stata presa in modo automatico, da una regola della nostra policy.",
        "detected": "Anche controlli automatici l’avevano indicato.",
        "appeal": "Se pensi che sia sbagliato puoi fare ricorso, gratuitamente, fino al {day}: {link}\nLo riesaminerà "
        "qualcuno che non ha avuto parte nella decisione.",
        "page": "La tua segnalazione:\n{link}",
        "warned.subject": "Le tue segnalazioni su {site}",
        "warned": "delle ultime {n} cose che hai segnalato su {site}, in {wrong} i moderatori non hanno trovato nulla "
        "di sbagliato. Ogni segnalazione prende il tempo di una persona, che poi manca dove qualcuno è in pericolo.\n\n"
        "Segnala per favore ciò che secondo te va contro la policy, e nient’altro. Se le segnalazioni manifestamente "
        "infondate continuano, per un periodo non esamineremo le tue segnalazioni, come prevede l’articolo 23 del "
        "regolamento (UE) 2022/2065. Per il resto il tuo account non cambia.",
        "warned.few": "i moderatori di {site} hanno trovato alcune tue segnalazioni manifestamente infondate. Ogni "
        "segnalazione prende il tempo di una persona, che poi manca dove qualcuno è in pericolo.\n\nSegnala per favore "
        "ciò che secondo te va contro la policy, e nient’altro. Se le segnalazioni manifestamente infondate "
        "continuano, per un periodo non esamineremo le tue segnalazioni, come prevede l’articolo 23 del regolamento "
        "(UE) 2022/2065. Per il resto il tuo account non cambia.",
        "policy": "La policy:\n{link}",
        "muted.subject": "Le tue segnalazioni su {site} per ora non vengono esaminate",
        "muted": "ti avevamo scritto che troppe tue segnalazioni erano manifestamente infondate, e sono continuate. Da "
        "ora vengono conservate ma non esaminate, finché un moderatore non cambia idea. Silenziare e bloccare funziona "
        "come prima. Se pensi che sia sbagliato, scrivi al contatto di questo server:\n{link}",
        "heard.subject": "Le tue segnalazioni su {site} vengono di nuovo esaminate",
        "heard": "da ora i moderatori esaminano di nuovo ciò che segnali.",
    },
}


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a report, for the letter. `appeal_link`: where to appeal, "" where there is nothing to appeal
    against; `page`: where all of it stands, "" where that is not known any more."""

    kind: Kind
    outcome: str
    created_at: datetime
    again: bool
    detected: bool
    automated: bool
    posts: int
    who: str
    page: str
    appeal_link: str
    appeal_until: date


def status_link(urls: Urls, token: str) -> str:
    """Where the sender of a legal notice follows it."""
    return f"{urls.base}/legal/notice/{token}"


def report_link(urls: Urls, report_id: int) -> str:
    """Where somebody follows their report."""
    return f"{urls.base}/settings/reports/{report_id}"


def write_acknowledgement(email: str, locale: str, urls: Urls, token: str) -> MailOrdered:
    """That a legal notice has arrived (Article 16(4)). Nothing in it was typed by who sent the notice: anybody could
    have written anybody's address there."""
    texts = _texts(locale)
    parts = [texts["received"].format(site=urls.domain), texts["follow"].format(link=status_link(urls, token))]
    return _letter(email, "", texts["received.subject"], texts, parts, urls)


def write_outcome(told: Told, email: str, name: str, locale: str, urls: Urls) -> MailOrdered:
    """What came of a report or a legal notice, with what can be done about it (Article 16(5) and (6))."""
    texts, words = _texts(locale), words_in(locale)
    subject = texts["again.subject" if told.again and told.kind == "report" else f"subject.{told.kind}"]
    legal = told.kind == "legal" and told.outcome in ("rejected", "gone")
    parts = [
        _lead(told, texts, locale),
        *([texts["again"]] if told.again else []),
        texts["legal.rejected" if legal else told.outcome],
        *_how(told, texts),
    ]
    if told.outcome in ("rejected", "partly") or legal:
        if told.appeal_link:
            day = long_date(told.appeal_until, _tongue(locale))
            parts.append(texts["appeal"].format(day=day, link=told.appeal_link))
        parts += [words["redress.bodies"], words["redress.court"]]
    if told.page:
        parts.append(texts["page" if told.kind == "report" else "follow"].format(link=told.page))
    return _letter(email, name, subject, texts, parts, urls)


def _how(told: Told, texts: dict[str, str]) -> list[str]:
    if told.outcome == "gone" and told.kind == "report":
        return []
    return [texts["automated" if told.automated else "person"], *([texts["detected"]] if told.detected else [])]


def _lead(told: Told, texts: dict[str, str], locale: str) -> str:
    day = long_date(told.created_at.astimezone(UTC), _tongue(locale))
    what = "account" if not told.posts else "post" if told.posts == 1 else "posts"
    return texts[f"lead.{told.kind}"].format(day=day, what=texts[f"what.{what}"].format(who=told.who))


def write_warning(email: str, name: str, locale: str, urls: Urls, *, upheld: int, rejected: int) -> MailOrdered:
    """The warning that comes before reports are left unheard (Article 23(2))."""
    texts = _texts(locale)
    key = "warned" if rejected > 1 else "warned.few"
    said = texts[key].format(site=urls.domain, n=upheld + rejected, wrong=rejected)
    parts = [said, texts["policy"].format(link=f"{urls.base}/policy")]
    return _letter(email, name, texts["warned.subject"], texts, parts, urls)


def write_muted(email: str, name: str, locale: str, urls: Urls, *, muted: bool) -> MailOrdered:
    """That reports are left unheard from now on, or are heard again."""
    texts, key = _texts(locale), "muted" if muted else "heard"
    said = texts[key].format(link=f"{urls.base}/about")
    return _letter(email, name, texts[f"{key}.subject"], texts, [said], urls)


def _letter(email: str, name: str, subject: str, texts: dict[str, str], parts: list[str], urls: Urls) -> MailOrdered:
    hello = texts["hello"].format(name=name) if name else texts["hello.nobody"]
    text = "\n\n".join([hello, *parts]) + f"\n\n-- \n{urls.domain}\n"
    return MailOrdered(to=email, subject=subject.format(site=urls.domain), text=text)


def _tongue(locale: str) -> str:
    found = locale.replace("_", "-").partition("-")[0]
    return found if found in _TEXTS else "en"


def _texts(locale: str) -> dict[str, str]:
    return _TEXTS[_tongue(locale)]
