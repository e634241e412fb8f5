"""The letters that people get about their accounts, in their language: plain text, ready to be sent.

They stand here and not among the translations of the pages because they are written by the slice, below the pages.
"""

from __future__ import annotations

from typing import Final, Literal

from rostra.events import MailOrdered

Subject = Literal[
    "confirm",
    "confirm_new_email",
    "email_changed",
    "reset_password",
    "password_changed",
    "approved",
    "two_factor_off",
    "archive_ready",
]

_TEXTS: Final[dict[str, dict[Subject, tuple[str, str]]]] = {
    "en": {
        "confirm": (
            "Confirm your e-mail address for {site}",
            "Hello {name},\n\nsomebody, we hope you, has created the account @{name} on {site} with this address.\n"
            "Open this link within two days to confirm it:\n\n{link}\n\n"
            "If it was not you, do nothing: without the confirmation the account cannot be used.",
        ),
        "confirm_new_email": (
            "Confirm your new e-mail address for {site}",
            "Hello {name},\n\nopen this link within two days to make this the address of your account on {site}:\n\n"
            "{link}\n\nIf you did not ask for it, do nothing.",
        ),
        "email_changed": (
            "The e-mail address of your account on {site} is about to change",
            "Hello {name},\n\nsomebody who knows your password wants to give your account on {site} the address {new}."
            "\n\nIf it was not you, set a new password at once:\n\n{link}",
        ),
        "reset_password": (
            "Set a new password for {site}",
            "Hello {name},\n\nopen this link within an hour to set a new password for your account on {site}:\n\n{link}"
            "\n\nIf you did not ask for it, do nothing: your password stays as it is.",
        ),
        "password_changed": (
            "Your password for {site} was changed",
            "Hello {name},\n\nthe password of your account on {site} was changed, and everybody who was signed in with "
            "it was signed out.\n\nIf it was not you, set a new one at once:\n\n{link}",
        ),
        "approved": (
            "Welcome to {site}",
            "Hello {name},\n\nyour account on {site} is open now. Sign in here:\n\n{link}",
        ),
        "two_factor_off": (
            "Two-factor sign-in was switched off for {site}",
            "Hello {name},\n\nsigning in to your account on {site} no longer needs a second factor.\n\n"
            "If it was not you, set a new password at once:\n\n{link}",
        ),
        "archive_ready": (
            "Your archive from {site} is ready",
            "Hello {name},\n\nthe archive of your account on {site} that you asked for can be downloaded for seven "
            "days, once you have signed in:\n\n{link}\n\nIf it was not you who asked, set a new password.",
        ),
    },
    "it": {
        "confirm": (
            "Conferma il tuo indirizzo e-mail per {site}",
            "Ciao {name},\n\nqualcuno, speriamo tu, ha creato l’account @{name} su {site} con questo indirizzo.\n"
            "Apri questo link entro due giorni per confermarlo:\n\n{link}\n\n"
            "Se non sei stato tu, non fare nulla: senza la conferma l’account non può essere usato.",
        ),
        "confirm_new_email": (
            "Conferma il tuo nuovo indirizzo e-mail per {site}",
            "Ciao {name},\n\napri questo link entro due giorni per usare questo indirizzo per il tuo account su {site}:"
            "\n\n{link}\n\nSe non l’hai chiesto tu, non fare nulla.",
        ),
        "email_changed": (
            "L’indirizzo e-mail del tuo account su {site} sta per cambiare",
            "Ciao {name},\n\nqualcuno che conosce la tua password vuole dare al tuo account su {site} "
            "l’indirizzo {new}.\n\nSe non sei stato tu, imposta subito una nuova password:\n\n{link}",
        ),
        "reset_password": (
            "Imposta una nuova password per {site}",
            "Ciao {name},\n\napri questo link entro un’ora per impostare una nuova password per il tuo account su "
            "{site}:\n\n{link}\n\nSe non l’hai chiesto tu, non fare nulla: la tua password resta com’è.",
        ),
        "password_changed": (
            "La tua password per {site} è stata cambiata",
            "Ciao {name},\n\nla password del tuo account su {site} è stata cambiata, e tutte le sessioni sono state "
            "chiuse.\n\nSe non sei stato tu, impostane subito una nuova:\n\n{link}",
        ),
        "approved": (
            "Benvenuto su {site}",
            "Ciao {name},\n\nil tuo account su {site} è aperto. Accedi qui:\n\n{link}",
        ),
        "two_factor_off": (
            "L’accesso a due fattori è stato disattivato per {site}",
            "Ciao {name},\n\nper accedere al tuo account su {site} non serve più un secondo fattore.\n\n"
            "Se non sei stato tu, imposta subito una nuova password:\n\n{link}",
        ),
        "archive_ready": (
            "Il tuo archivio da {site} è pronto",
            "Ciao {name},\n\nl’archivio del tuo account su {site} che hai chiesto si può scaricare per sette giorni, "
            "dopo aver effettuato l’accesso:\n\n{link}\n\nSe non l’hai chiesto tu, imposta una nuova password.",
        ),
    },
}

LOCALES: Final = tuple(_TEXTS)


def write_letter(
    subject: Subject, locale: str, *, to: str, name: str, site: str, link: str, new: str = ""
) -> MailOrdered:
    """A letter about an account. `site` is the server's domain, `link` an absolute address."""
    title, text = _TEXTS.get(locale, _TEXTS["en"])[subject]
    filled = text.format(name=name, site=site, link=link, new=new)
    return MailOrdered(to=to, subject=title.format(site=site), text=f"{filled}\n\n-- \n{site}\n")
