"""The reader's language: which one to use, its translations, and the names of languages in it.

Translations are the `.po` files under `locale/`, compiled in memory when the process starts, so that no compiled file
can be forgotten. After changing sentences: extract them as babel.cfg says, then `pybabel update -i messages.pot -d
rostra/web/locale`; a test names what is not translated yet.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from babel import Locale
from babel.core import negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from rostra.policy.said import Said
from rostra.web.formats import full_count

LOCALE_FOLDER = Path(__file__).parent / "locale"
LANGUAGES: Mapping[str, str] = {"en": "English", "it": "Italiano"}

POSTING_LANGUAGES = [
    "ar", "bg", "bn", "ca", "cs", "cy", "da", "de", "el", "en", "eo", "es", "et", "eu", "fa", "fi", "fr", "ga", "gl",
    "gu", "he", "hi", "hr", "hu", "hy", "id", "is", "it", "ja", "ka", "kk", "ko", "la", "lt", "lv", "mk", "ml", "mr",
    "ms", "mt", "nb", "nl", "nn", "pa", "pl", "pt", "ro", "ru", "sc", "sk", "sl", "sq", "sr", "sv", "sw", "ta", "te",
    "th", "tl", "tr", "uk", "ur", "vi", "yi", "zh",
]  # fmt: skip


def load_translations() -> dict[str, NullTranslations]:
    """Compile every language's catalogue. English is the source and needs none."""
    found: dict[str, NullTranslations] = {"en": NullTranslations()}
    for language in LANGUAGES:
        source = LOCALE_FOLDER / language / "LC_MESSAGES" / "messages.po"
        if source.exists():
            found[language] = _compile(source, language)
    return found


def _compile(source: Path, language: str) -> Translations:
    with source.open("rb") as text:
        catalogue = read_po(text, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


def speak(catalogue: NullTranslations, language: str, sentence: Said) -> str:
    """What was found in a policy, in the reader's language. Text, not HTML."""
    filled = {
        name: speak(catalogue, language, value)
        if isinstance(value, Said)
        else full_count(value, language)
        if isinstance(value, int)
        else value
        for name, value in sentence.values
    }
    words = catalogue.gettext(sentence.words)
    return words % filled if filled else words


def choose_language(preferred: Sequence[str], accept_language: str = "") -> str:
    """The language to speak: the first of `preferred` (account's setting, cookie) that we have, else by the header
    (RFC 9110 section 12.5.4), else English. Anything malformed is passed over.
    """
    for wanted in preferred:
        if wanted in LANGUAGES:
            return wanted
    accepted = sorted(map(_weighed, accept_language[:500].split(",")), key=lambda pair: -pair[0])
    tags = [tag for weight, tag in accepted if tag and weight > 0]
    return negotiate_locale(tags, list(LANGUAGES), sep="-") or "en"


def _weighed(part: str) -> tuple[float, str]:
    tag, _, parameters = part.strip().partition(";")
    try:
        weight = float(parameters.strip().removeprefix("q=")) if parameters else 1.0
    except ValueError:
        weight = 0.0
    return weight, tag.strip()


@lru_cache(maxsize=8)
def language_choices(reader: str, chosen: str | None = None) -> list[tuple[str, str]]:
    """Languages that a status may be marked with, as (code, name in the reader's language), sorted by name; also the
    `chosen` one, which an app may have set to another."""
    names = Locale.parse(reader).languages
    pairs = [(code, _capitalised(names.get(code, code))) for code in POSTING_LANGUAGES]
    if chosen and chosen not in POSTING_LANGUAGES:
        pairs.append((chosen, language_name(chosen, reader)))
    return sorted(pairs, key=lambda pair: pair[1])


def language_name(code: str | None, reader: str) -> str:
    """The name of `code` in the reader's language; the code itself when it is unknown, empty for None."""
    if not code:
        return ""
    name = Locale.parse(reader).languages.get(code.replace("-", "_"))
    return _capitalised(name) if name else code


def _capitalised(name: str) -> str:
    return name[:1].upper() + name[1:]
