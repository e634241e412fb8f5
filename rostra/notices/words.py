"""The words of answers and of the pack, in the languages that providers may ask for. Text alone, no logic."""

from __future__ import annotations

from typing import Final

Words = dict[str, str]

EN: Final[Words] = {
    "greeting": "Hello,",
    "opening": "this is our answer to your notice of {received} ({reference}), which named {items}.",
    "breach": "This answer comes after the time that you gave ({due}). We are sorry; the delay is on record.",
    "item": "{n}. {what}",
    "quote": "   You quoted: “{quote}”",
    "removed": "   Removed on {at} under our clause “{clause}”.",
    "restricted": "   Kept with restrictions since {at} under our clause “{clause}” ({actions}).",
    "account": "   The account was acted on at {at} under our clause “{clause}” ({actions}).",
    "warned": "   The author was warned on {at} under our clause “{clause}”.",
    "kept": "   We looked at it on {at} and found that it does not break our policy; it stays.",
    "gone": "   It was gone before we looked at it.",
    "not_ours": "   This address is not on our server.",
    "unknown": "   We could not find anything at this address or with these words.",
    "open": "   This is not decided yet.",
    "near": "   Nothing was at the address; this was found by what you quoted.",
    "copies": "   Near-copies found: {total}. Removed: {removed}; restricted: {restricted}; kept: {kept}; gone "
    "before: {gone}; open: {open}.",
    "acts": "   The author's account: {acts}.",
    "act_warn": "warned on {at}",
    "act_limit": "limited in reach on {at}",
    "act_freeze": "frozen on {at}",
    "act_suspend": "suspended on {at}",
    "act_sensitive": "media marked as sensitive on {at}",
    "act_until": " until {until}",
    "act_for_good": " for good",
    "no_rule": "   Why it was published: no rule of our policy recognised it.",
    "shadow": "   Why it was published: the rule “{rule}” recognised it, but only ran on trial.",
    "allowed": "   Why it was published: the exception “{rule}” of our policy let it pass.",
    "held": "   Why it was published: the rule “{rule}” had held it, and it was released.",
    "cased": "   It was published and brought before our moderators by the rule “{rule}”.",
    "unscreened": "   It was written before our screening began, or came from elsewhere.",
    "changed": "What has changed so that this does not happen again",
    "learnt": "- Copies of what was removed ({n}) are recognised from now on, also in other words, and held before "
    "anybody sees them.",
    "policy_activated": "- A new version of our policy ({policy}) holds since {at}.",
    "rule_resumed": "- The rule “{rule}” counts again since {at}.",
    "model_promoted": "- Our text model was trained anew with these decisions on {at}.",
    "nothing_changed": "- No rule needed to change: what was found was acted on under the policy in force.",
    "pack": "The evidence pack that goes with this answer can be checked without us: README.txt in it says how.",
    "closing": "Please tell us if you see it differently, or if you find more: an answer to this mail reaches us.",
    "sign": "The moderators of {domain}",
    "subject": "Answer to your notice",
    "one": "one example",
    "many": "{n} examples",
}  # fmt: skip

IT: Final[Words] = {
    "greeting": "Buongiorno,",
    "opening": "questa è la nostra risposta alla vostra segnalazione del {received} ({reference}), che indicava "
    "{items}.",
    "breach": "Questa risposta arriva dopo il termine che avevate dato ({due}). Ci scusiamo; il ritardo è agli atti.",
    "item": "{n}. {what}",
    "quote": "   Citavate: «{quote}»",
    "removed": "   Rimosso il {at} in base alla nostra clausola «{clause}».",
    "restricted": "   Mantenuto con restrizioni dal {at} in base alla nostra clausola «{clause}» ({actions}).",
    "account": "   Si è agito sull’account il {at} in base alla nostra clausola «{clause}» ({actions}).",
    "warned": "   L’autore è stato avvertito il {at} in base alla nostra clausola «{clause}».",
    "kept": "   L’abbiamo esaminato il {at}: non viola le nostre regole e resta.",
    "gone": "   Non c’era più prima che lo esaminassimo.",
    "not_ours": "   Questo indirizzo non è del nostro server.",
    "unknown": "   Non abbiamo trovato nulla a questo indirizzo né con queste parole.",
    "open": "   Non è ancora deciso.",
    "near": "   All’indirizzo non c’era nulla; questo è stato trovato in base alla vostra citazione.",
    "copies": "   Copie simili trovate: {total}. Rimosse: {removed}; limitate: {restricted}; mantenute: {kept}; "
    "già sparite: {gone}; aperte: {open}.",
    "acts": "   L’account dell’autore: {acts}.",
    "act_warn": "avvertito il {at}",
    "act_limit": "limitato nella portata il {at}",
    "act_freeze": "congelato il {at}",
    "act_suspend": "sospeso il {at}",
    "act_sensitive": "media contrassegnati come sensibili il {at}",
    "act_until": " fino al {until}",
    "act_for_good": " definitivamente",
    "no_rule": "   Perché era pubblicato: nessuna delle nostre regole lo riconosceva.",
    "shadow": "   Perché era pubblicato: la regola «{rule}» lo riconosceva, ma era solo in prova.",
    "allowed": "   Perché era pubblicato: l’eccezione «{rule}» delle nostre regole lo ha lasciato passare.",
    "held": "   Perché era pubblicato: la regola «{rule}» l’aveva trattenuto, poi è stato rilasciato.",
    "cased": "   Era pubblicato e portato ai nostri moderatori dalla regola «{rule}».",
    "unscreened": "   Era stato scritto prima dell’inizio del nostro controllo, o veniva da altrove.",
    "changed": "Che cosa è cambiato perché non si ripeta",
    "learnt": "- Le copie di ciò che è stato rimosso ({n}) d’ora in poi sono riconosciute, anche con altre parole, e "
    "trattenute prima che qualcuno le veda.",
    "policy_activated": "- Dal {at} vale una nuova versione delle nostre regole ({policy}).",
    "rule_resumed": "- Dal {at} la regola «{rule}» conta di nuovo.",
    "model_promoted": "- Il {at} il nostro modello dei testi è stato riaddestrato con queste decisioni.",
    "nothing_changed": "- Nessuna regola doveva cambiare: si è agito in base alle regole in vigore.",
    "pack": "Il fascicolo di prova che accompagna questa risposta si può verificare senza di noi: README.txt "
    "spiega come.",
    "closing": "Scriveteci se la vedete diversamente o se trovate altro: una risposta a questa mail ci raggiunge.",
    "sign": "I moderatori di {domain}",
    "subject": "Risposta alla vostra segnalazione",
    "one": "un esempio",
    "many": "{n} esempi",
}  # fmt: skip


def words_of(language: str) -> Words:
    """The words in that language, or in English."""
    return IT if language.startswith("it") else EN
