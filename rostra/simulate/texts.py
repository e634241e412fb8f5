"""What the invented people write: made up from templates, in English and Italian, harmless and not.

None of it is training data or a test of the policy. A third of what breaks the policy is veiled or disguised, so that
the detectors miss some of it: how much is measured in each run and printed with it.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Final, Literal

Manner = Literal["overt", "veiled", "disguised"]

_SLOTS: Final[Mapping[str, Sequence[str]]] = {
    "name": ("Anna", "Marco", "the mayor", "my neighbour", "Giulia", "old Pietro", "the coach", "Sara", "Davide"),
    "thing": ("bread", "a bicycle", "the garden", "an old radio", "the choir", "a soup", "my thesis", "the boat"),
    "place": (
        "the market",
        "Castelvento",
        "the harbour",
        "Pietralunga",
        "the library",
        "the town hall",
        "Borgo San Luca",
    ),
    "day": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "who": ("those traitors", "the councillors", "these journalists", "the judges", "that minister", "the clerks"),
    "tool": ("rifles", "clubs", "guns", "knives", "torches", "whatever shoots"),
    "number": tuple(str(n) for n in range(2, 60)),
    "feeling": ("lovely", "odd", "far too long", "better than last year", "a mess", "quiet", "worth the walk"),
}
_SLOTS_IT: Final[Mapping[str, Sequence[str]]] = {
    "name": ("Anna", "Marco", "il sindaco", "la vicina", "Giulia", "il vecchio Pietro", "Sara", "Davide"),
    "thing": ("il pane", "la bicicletta", "l'orto", "una vecchia radio", "il coro", "la zuppa", "la tesi"),
    "place": ("al mercato", "a Castelvento", "al porto", "a Pietralunga", "in biblioteca", "in municipio"),
    "day": ("lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"),
    "who": ("quei traditori", "i consiglieri", "questi giornalisti", "i giudici", "quel ministro"),
    "tool": ("i fucili", "le spranghe", "le pistole", "i coltelli", "le torce"),
    "number": tuple(str(n) for n in range(2, 60)),
    "feeling": ("bella", "strana", "troppo lunga", "meglio dell'anno scorso", "tranquilla"),
}
_HARMLESS: Final = (
    "Spent {day} with {name} working on {thing}. It was {feeling}.",
    "Does anybody know when {place} opens on {day}?",
    "{number} pages of {thing} left and I still like it.",
    "The meeting at {place} was {feeling}; {name} talked for {number} minutes.",
    "Found {thing} at {place} for {number} euros. No regrets.",
    "{name} says the train on {day} is {feeling}. I believe it when I see it.",
    "New photo of {place}, taken at {number} past six.",
    "I disagree with {name} about {place}, but the coffee afterwards was {feeling}.",
    "We are looking for {number} volunteers for {day} at {place}.",
    "After {number} years {thing} finally works again.",
)
_HARMLESS_IT: Final = (
    "Sabato con {name} per {thing}: {feeling}.",
    "Qualcuno sa a che ora si apre {place} di {day}?",
    "{number} pagine e poi ho finito {thing}.",
    "La riunione {place} è stata {feeling}, {name} ha parlato {number} minuti.",
    "Cerchiamo {number} volontari per {day}, ci vediamo {place}.",
    "Dopo {number} anni {thing} va di nuovo.",
)
# Two of these are added, so that what different people write is as different as it is in life.
_ASIDES: Final = (
    "The {noun} was {feeling}.",
    "My {noun} still smells of {smell}.",
    "{name} would have laughed.",
    "I had {smell} for lunch, of all things.",
    "It rained {number} times on the way.",
    "Nobody brought {smell}.",
    "Then the {noun} broke, as every {day}.",
    "We sat by the {noun} until {number} past nine.",
    "There is a {noun} in the window of the {noun2} now.",
    "Somebody has painted the {noun2} {colour}.",
    "Does a {colour} {noun} exist?",
    "{name} sent me a picture of a {noun2}.",
    "I owe {name} {number} euros.",
    "Whoever left a {colour} {noun2} at the {noun}: it is at my place.",
    "The {noun2} opens again in {number} days.",
    "What a {colour} sky over the {noun2}.",
    "More about the {noun} on {day}.",
    "Listen to the {noun2} at night.",
)
_ASIDES_IT: Final = (
    "Il {noun} era pieno.",
    "Ho mangiato {smell}, pensa.",
    "{name} avrebbe riso.",
    "Ha piovuto {number} volte.",
    "Poi si è rotto il {noun}.",
    "Hanno dipinto il {noun2} di {colour}.",
    "Devo {number} euro a {name}.",
    "Il {noun2} riapre tra {number} giorni.",
    "Che cielo {colour} sopra il {noun2}.",
    "Esiste un {noun} {colour}?",
    "Domani racconto del {noun}.",
    "Qualcuno ha visto un {noun2} {colour} vicino al {noun}?",
)
_NOUNS: Final = (
    "bus",
    "chair",
    "bakery",
    "piano",
    "lamp",
    "kettle",
    "fountain",
    "bridge",
    "theatre",
    "ladder",
    "stove",
    "tram",
    "school",
    "mirror",
    "printer",
    "goat",
    "orchard",
    "cellar",
    "museum",
    "ferry",
    "tractor",
    "clock",
    "kiosk",
    "sofa",
)
_NOUNS_IT: Final = (
    "forno",
    "pianoforte",
    "tram",
    "ponte",
    "teatro",
    "museo",
    "trattore",
    "cortile",
    "chiosco",
    "divano",
    "lampione",
    "traghetto",
    "bollitore",
    "frutteto",
    "gatto",
    "tetto",
    "fiume",
    "campanile",
    "cancello",
    "motore",
)
_SMELLS: Final = ("lemons", "coffee", "paint", "rosemary", "wet dog", "onions", "cake", "oranges", "smoke", "soap")
_SMELLS_IT: Final = ("limoni", "caffè", "cipolle", "torta", "arance", "rosmarino", "fichi", "castagne")
_COLOURS: Final = ("green", "pale", "yellow", "grey", "purple", "orange", "striped", "blue", "brown", "pink")
_COLOURS_IT: Final = ("verde", "giallo", "grigio", "viola", "arancione", "blu", "marrone", "rosa")
# What looks like it and is not: figures of speech, news, games, people who speak against it.
_CONFUSING: Final = (
    "This film killed me, {number} minutes of laughing about {name}.",
    "The police say that somebody threatened {who} on {day}; nobody was hurt.",
    "I would kill for {thing} right now.",
    "Whoever says that {who} should be shot ought to be ashamed. Not in my town.",
    "Level {number}: you have to shoot your way through {place}. Great game.",
    "{name} is going to murder me when the bill for {thing} comes.",
)
_CONFUSING_IT: Final = (
    "Questo film mi ha ucciso, {number} minuti di risate.",
    "Chi dice che {who} vanno ammazzati dovrebbe vergognarsi.",
    "Ucciderei per {thing}, ho una fame.",
)
_OVERT: Final = (
    "On {day} we go to {place} with {tool} and {who} do not come out alive.",
    "I will find {who} and I will kill every one of them, {number} bullets are enough.",
    "Hang {who}. Bring the rope to {place} on {day}.",
    "Shoot {who} on sight, no more talking. {number} of us are ready.",
    "Burn {place} down with {who} inside. {day}, bring {tool}.",
    "Bring {tool} to {place} on {day}: we drag {who} out and end them.",
)
_OVERT_IT: Final = (
    "{day} andiamo {place} con {tool} e {who} non escono vivi.",
    "Bisogna impiccare {who}, portate la corda {place}.",
    "Ammazziamo {who} uno per uno, bastano {number} proiettili.",
    "Bruciamo tutto {place} con {who} dentro, portate {tool}.",
)
_VEILED: Final = (
    "{who} know what is coming on {day}. {place}. Bring your tools, you know which.",
    "A tree near {place}, a rope, and {who}. Do the sum.",
    "{day} will be the last day that {who} sleep well. {number} of us.",
    "Second amendment people, {who} are at {place} on {day}. Just saying.",
)
_VEILED_IT: Final = (
    "{who} sanno cosa li aspetta {day}. Ci vediamo {place}, portate gli attrezzi.",
    "Un albero, una corda e {who}. Fate voi il conto.",
)
_DISGUISE: Final = str.maketrans({"a": "4", "e": "3", "i": "1", "o": "0", "s": "5"})


def write_harmless(rng: random.Random, language: str, *, confusing: float) -> str:
    """Something that anybody may say; with that probability one that looks otherwise."""
    italian = language == "it"
    if rng.random() < confusing:
        first = _CONFUSING_IT if italian else _CONFUSING
    else:
        first = _HARMLESS_IT if italian else _HARMLESS
    asides = rng.sample(_ASIDES_IT if italian else _ASIDES, 2)
    return " ".join(_fill(rng, (template,), language) for template in (rng.choice(first), *asides))


def write_violent(rng: random.Random, language: str, manner: Manner) -> str:
    """A threat or a call to violence."""
    overt, veiled = (_OVERT_IT, _VEILED_IT) if language == "it" else (_OVERT, _VEILED)
    text = _fill(rng, veiled if manner == "veiled" else overt, language)
    return _disguise(rng, text) if manner == "disguised" else text


def copy_of(rng: random.Random, text: str) -> str:
    """What somebody makes of a text that goes round: a word more, another sign at its end."""
    end = rng.choice(("", "!", "!!", " Share.", " Pass it on.", " NOW", " 🔥", " #19"))
    start = rng.choice(("", "", "RT ", ">> ", "Listen: "))
    return f"{start}{text}{end}"


def _fill(rng: random.Random, templates: Sequence[str], language: str) -> str:
    italian = language == "it"
    slots = _SLOTS_IT if italian else _SLOTS
    nouns = rng.sample(_NOUNS_IT if italian else _NOUNS, 2)
    words = {name: rng.choice(words) for name, words in slots.items()}
    words |= {"noun": nouns[0], "noun2": nouns[1], "smell": rng.choice(_SMELLS_IT if italian else _SMELLS)}
    words["colour"] = rng.choice(_COLOURS_IT if italian else _COLOURS)
    text = rng.choice(templates).format(**words)
    return text[:1].upper() + text[1:]


def _disguise(rng: random.Random, text: str) -> str:
    """Letters as figures, in one word of three."""
    return " ".join(word.translate(_DISGUISE) if rng.random() < 0.34 else word for word in text.split(" "))
