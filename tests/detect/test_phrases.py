"""Claims about the built-in phrases: what they find, what they leave alone, and what takes the edge off."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rostra.detect.normalise import normalise
from rostra.detect.phrases import PHRASES, find_phrases
from rostra.detect.phrases.conjugate import conjugate
from rostra.detect.phrases.find import find_phrases as find
from rostra.detect.phrases.fold import fold, join
from rostra.detect.phrases.phrase import expand
from rostra.detect.reading import CATEGORIES, Match

CATALOGUE = [(phrase, language) for phrase in PHRASES for language in phrase.languages]
EACH = pytest.mark.parametrize(("phrase", "language"), CATALOGUE, ids=[f"{p.name}-{lang}" for p, lang in CATALOGUE])


def read(text: str, language: str = "") -> tuple[Match, ...]:
    return find_phrases(text, normalise(text), language)


def names(text: str) -> set[str]:
    return {match.name for match in read(text) if not match.suppressed_by}


def edges(text: str) -> set[str]:
    """What suppresses the finds of a text in which nothing stands unsuppressed."""
    matches = read(text)
    assert matches, text
    assert all(match.suppressed_by for match in matches), matches
    return {match.suppressed_by for match in matches}


# --- the catalogue -------------------------------------------------------------------------------------------------
@EACH
def test_each_phrase_finds_its_example(phrase, language):
    assert phrase.name in names(phrase.example[language])


@EACH
def test_each_phrase_leaves_its_contrast_alone_or_suppresses_it(phrase, language):
    assert phrase.name not in names(phrase.contrast[language])


def test_every_phrase_is_known_in_both_languages_and_has_a_name_of_its_own():
    assert all(phrase.languages == ("en", "it") for phrase in PHRASES)
    assert len({phrase.name for phrase in PHRASES}) == len(PHRASES)


def test_the_catalogue_can_be_shown_to_people():
    for phrase in PHRASES:
        assert phrase.category in CATEGORIES
        assert phrase.name.count(".") == 1
        assert phrase.reason[0].isupper()
        assert phrase.reason.endswith(".")
        assert 0 < phrase.weight <= 1
        assert set(phrase.example) == set(phrase.contrast) == set(phrase.patterns)


def test_every_category_has_phrases():
    assert {phrase.category for phrase in PHRASES} == set(CATEGORIES)


def test_a_word_class_that_does_not_exist_is_refused():
    with pytest.raises(KeyError):
        expand("i will {eat} you", {"kill": "kill"})


# --- what is found -------------------------------------------------------------------------------------------------
FOUND = [
    # threats
    ("I swear to god I'll stab you", "threat.direct"),
    ("we will find you and cut your throat", "threat.direct"),
    ("ti taglio la gola", "threat.direct"),
    ("vi veniamo a prendere uno per uno", "threat.direct"),
    ("li ammazzo con le mie mani", "threat.direct"),
    ("giuro che gli sparo in testa", "threat.direct"),
    ("you're getting your ass kicked, I'm gonna smash your face", "threat.beating"),
    ("ti faccio nero se ti becco", "threat.beating"),
    ("farai una brutta fine", "threat.fate"),
    ("sei un uomo morto", "threat.fate"),
    ("your blood will flow", "threat.fate"),
    ("my rifle is ready for you", "threat.weapon"),
    ("una pallottola in testa e via", "threat.weapon"),
    ("next time you come here you leave in a coffin", "threat.conditional"),
    ("se parli ancora ti spacco la faccia", "threat.conditional"),
    ("prova a tornare e finisci sottoterra", "threat.conditional"),
    ("your days are numbered", "threat.veiled"),
    ("would be a shame if something happened to your kids", "threat.veiled"),
    ("hai i giorni contati", "threat.veiled"),
    ("guardati le spalle", "threat.veiled"),
    ("sappiamo dove abiti", "threat.veiled"),
    ("we know where you sleep", "threat.watching"),
    ("abbiamo il tuo indirizzo", "threat.watching"),
    ("I'm going to blow up the courthouse", "threat.attack"),
    ("there is a bomb in the school", "threat.attack"),
    ("c'è una bomba in stazione", "threat.attack"),
    ("sabato faccio una strage al corteo", "threat.attack"),
    ("you're going home in a coffin", "threat.fate"),
    ("ti mando all'ospedale, capito?", "threat.direct"),
    ("ti butto giù dal ponte", "threat.direct"),
    ("I'm coming back with a hammer, wait for it", "threat.weapon"),
    ("withdraw the complaint or your mother gets hurt", "threat.conditional"),
    ("tocca mia figlia e muori", "threat.conditional"),
    ("la prossima volta torni a casa in una bara", "threat.fate"),
    ("vi veniamo a prendere", "threat.coming"),
    # incitement
    ("i vegani vanno impiccati", "incite.must_die"),
    ("una pallottola a testa per i giornalisti", "incite.must_die"),
    ("string up the cops", "incite.kill"),
    ("crowbars provided, see you tonight", "mobilise.armed"),
    ("all politicians must be hanged", "incite.must_die"),
    ("i giornalisti vanno impiccati", "incite.must_die"),
    ("gli sbirri al rogo", "incite.must_die"),
    ("someone should shoot that judge", "incite.kill"),
    ("Hang her publicly.", "incite.kill"),
    ("li ammazziamo tutti", "incite.kill"),
    ("spariamogli", "incite.kill"),
    ("ammazzateli", "incite.kill"),
    ("bruciamo il campo rom stanotte", "incite.fire"),
    ("come armed, patriots", "mobilise.armed"),
    ("rifles at the capitol on 19 January", "mobilise.armed"),
    ("armatevi, domani si va al parlamento", "mobilise.armed"),
    ("let's storm the city hall", "mobilise.storm"),
    ("the killer did nothing wrong, saint tarrant", "glorify.attacker"),
    ("se l'è cercata, uno sbirro di meno", "glorify.attacker"),
    ("gloria all'isis", "terror.support"),
    # exposure, hate, harassment
    ("does anyone have his home address?", "dox.request"),
    ("ecco l'indirizzo di casa del sindaco", "dox.address"),
    ("send all migrants back to africa", "hate.expel"),
    ("tornatevene a casa vostra", "hate.expel"),
    ("gays are subhuman", "hate.dehumanise"),
    ("gli immigrati sono parassiti", "hate.dehumanise"),
    ("heil hitler", "hate.slogan"),
    ("spero che tu crepi", "harass.death_wish"),
    ("sei un coglione", "harass.insult"),
    ("kys", "self_harm.encourage"),
    ("sparati in bocca, fai un favore a tutti", "self_harm.encourage"),
    ("I want to kill myself", "self_harm.disclosure"),
    ("stasera mi ammazzo", "self_harm.disclosure"),
    ("are you home alone? how old are you, send me a pic", "sexual.grooming"),
    ("send 1 btc and I will send 2 btc back", "spam.scam_giveaway"),
    ("invest $200 and earn $2000 in a week, message me on whatsapp", "spam.scam_profit"),
    ("il tuo account verrà sospeso, verifica qui https://a.example/x", "spam.phishing"),
    ("vendo passaporti falsi, scrivi su telegram", "spam.documents"),
    # the end that is announced, what was made ready, who is sent
    ("she won't live to see the weekend", "threat.no_tomorrow"),
    ("your last day on earth is near", "threat.no_tomorrow"),
    ("quel giudice non arriva alla pensione", "threat.no_tomorrow"),
    ("non vedrai un'altra alba", "threat.no_tomorrow"),
    ("one more word and they'll be scraping you off the pavement", "threat.carried_out"),
    ("he's going home in a box", "threat.carried_out"),
    ("ti trovano in un fosso", "threat.carried_out"),
    ("se testimoni ne esci coi piedi davanti", "threat.carried_out"),
    ("got a fist with your name on it", "threat.prepared"),
    ("c'è una pallottola col tuo nome", "threat.prepared"),
    ("I'd gladly rot in jail for killing that bastard", "threat.worth_prison"),
    ("finisco in galera ma lo ammazzo", "threat.worth_prison"),
    ("my uncles are on their way with bats", "threat.sent"),
    ("ho pagato due tizi a spezzarti le gambe", "threat.sent"),
    ("stay home tomorrow if you want to live", "threat.leak"),
    ("c'è un ordigno al binario e vi restano dieci minuti", "threat.leak"),
    ("why is that senator still breathing?", "incite.why_alive"),
    ("come mai nessuno gli ha ancora sparato?", "incite.why_alive"),
    ("politicians deserve a rope", "incite.needs"),
    ("ai giornalisti ci vogliono le sprangate", "incite.needs"),
    ("find out where they sleep and burn it down", "incite.drag_out"),
    ("casa per casa, ammazzateli", "incite.drag_out"),
    ("these people breed like everything is free", "hate.breeding"),
    ("gli zingari si moltiplicano come topi", "hate.breeding"),
    ("keep the faggots away from my kids", "hate.shut_out"),
    ("non voglio che un migrante tocchi mia figlia", "hate.shut_out"),
    ("everyone would be better off without me", "self_harm.farewell"),
    ("mi taglio da un anno", "self_harm.farewell"),
    ("whoever stabbed him deserves a medal", "glorify.imitate"),
    ("la strage di ieri è un buon inizio", "glorify.imitate"),
    ("ti maciullo le mani", "threat.direct"),
]


@pytest.mark.parametrize(("text", "name"), FOUND, ids=[text for text, _ in FOUND])
def test_what_people_say_is_found(text, name):
    assert name in names(text)


LEFT_ALONE = [
    "this heat is killing me",
    "my mother will kill me if I forget the cake",
    "how do I kill a zombie process on linux",
    "the server hangs when I execute the script",
    "I would kill for a pizza",
    "we got destroyed in the second half, what a match",
    "shoot me a message when you are there",
    "I'll shoot you an email tomorrow",
    "he drove me to the station and we met the mayor",
    "bring snacks to the square tomorrow, we celebrate",
    "everyone to the town hall on Friday to protest peacefully",
    "gay people deserve the same rights, I love my trans sister",
    "the Jewish community centre opens on Monday",
    "I was attacked last night and the police were kind",
    "the president was shot in 1963",
    "boil the potatoes, drain and beat the eggs",
    "found your wallet! I know where you live now, bringing it round 🙂",
    "nobody would ever hurt you, we love you",
    "bring a hammer, a saw and gloves, we build the stage",
    "can you send me the address of the party?",
    "let's storm the polls, with ballots",
    "questo caldo mi uccide",
    "ti vengo a prendere alla stazione alle 8, porto la torta",
    "sappiamo dove abiti, arriviamo con la pizza, tanti auguri!",
    "non vedo l'ora di rivederti",
    "mi mandi l'indirizzo della festa?",
    "sono stanca morta",
    "ammazza che bella foto",
    "ho ammazzato il tempo leggendo un libro",
    "il mio gatto è morto ieri",
    "vi voglio bene",
    "ti aspetto alla stazione alle 8, ti vengo incontro",
    "domani tutti in piazza per la pace, portate fiori",
    "i migranti salvati in mare sono stati accolti",
    "spacca di brutto questa canzone",
    "mia sorella è trans e ne sono fiera",
    "la polizia ha arrestato il sospettato",
    "bisogna sbattere le uova e poi tagliare la cipolla",
    "the parcel won't arrive before Christmas",
    "they'll find you a seat in the front row",
    "il pacco lo trovano in portineria",
    "I'd wait ten years in the queue for that bakery",
    "my cousins are coming to help me move",
    "don't come to work tomorrow if you feel ill",
    "non venite a scuola domani, è chiusa per neve",
    "why hasn't anyone called the plumber yet?",
    "that goalkeeper needs a rest",
    "a quel ministro servono nuovi occhiali",
    "we drag the tables out into the street for the party",
    "my guppies breed like rabbits",
    "I don't sell to strangers on the internet",
    "io ai supermercati non vendo, solo al mercato",
    "I have written the thank-you letters to all our guests",
    "nine goals in a week, who's next?",
    "mi taglio i capelli da sola",
]


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_everyday_posts_are_left_alone(text):
    assert names(text) == set()


# --- what takes the edge off ---------------------------------------------------------------------------------------
SUPPRESSED = [
    ("quotation", 'he left a note, "I will kill you all", on my car'),
    ("quotation", "mi hanno scritto «vi ammazziamo tutti» sul muro di casa"),
    ("quotation", "> kill all the journalists\nthis is not acceptable here"),
    ("report", "Prosecutors: the suspect wrote that he knew where you live and your days are numbered"),
    ("report", "police said he shouted kill all the jews"),
    ("report", "ha detto che ti ammazza se parli, ti ammazzo ha detto"),
    ("negation", "nobody should kill politicians"),
    ("negation", "non bisogna ammazzare i politici"),
    ("negation", "no woman deserves to be killed"),
    ("negation", "nessun migrante va ammazzato"),
    ("report", "it is wrong to say gays must be killed"),
    ("negation", "all gays must be killed is hate speech"),
    ("game", "in minecraft I will kill you with a diamond sword"),
    ("game", "al prossimo livello ti ammazzo, gioco da tavolo stupendo"),
    ("sport", "I'm gonna destroy you in the second half of the match, beat you up out there"),
    ("technology", "kill all the workers of the docker cluster, kill them all"),
    ("fiction", "that episode was great! I will kill you, brrr"),
    ("fiction", "nel romanzo il cattivo dice ti taglio la gola"),
    ("hyperbole", "ti ammazzo di baci"),
    ("hyperbole", "I'll kill you with kindness"),
]


@pytest.mark.parametrize(("edge", "text"), SUPPRESSED, ids=[text for _, text in SUPPRESSED])
def test_what_takes_the_edge_off_is_named(edge, text):
    assert edge in edges(text)


def test_a_post_that_is_nothing_but_a_quotation_is_its_authors_own_word():
    assert "threat.direct" in names('"I will kill you"')
    assert "threat.direct" in names('@somebody "I will kill you"')


def test_what_turns_after_a_negation_or_a_report_stands():
    assert "threat.direct" in names("I don't care about the law but I will kill you")
    assert "incite.kill" in names("no, kill them all")
    assert "threat.direct" in names("non vedo l'ora di spararti in testa")
    assert "threat.direct" in names("she said no, so now I'm going to kill her")


def test_a_conditional_threat_is_not_taken_back_by_its_own_negation():
    assert "threat.conditional" in names("if you don't leave I'll break your legs")
    assert "threat.conditional" in names("non azzardarti a parlare o ti spacco la faccia")


def test_a_suppressed_find_does_not_hide_another_that_stands():
    text = 'he wrote "I will kill you" to me. I will kill you all, do you hear?'
    assert {match.suppressed_by for match in read(text) if match.name == "threat.direct"} == {"quotation", ""}


# --- places in the original ----------------------------------------------------------------------------------------
def test_the_span_is_of_the_original_text():
    text = "Ciao 😀 a tutti. GIURO CHE TI AMMAZZO, capito?"
    match = next(match for match in read(text) if match.name == "threat.direct")
    assert "TI AMMAZZO" in text[match.start : match.end]
    assert not text[match.start : match.end].endswith(",")


@pytest.mark.parametrize(
    "text",
    [
        "i will k i l l you",
        "i w1ll k1ll y0u",
        "I will k\u200bi\u200bll you",
        "ｉ ｗｉｌｌ ｋｉｌｌ ｙｏｕ",
        "i will k!ll you",
        "i will kiiiiill you",
        "І wіll kіll уоu",
    ],
)
def test_disguised_words_are_found_where_they_stand(text):
    matches = [match for match in read(text) if match.category == "threat"]
    assert matches
    assert text[matches[0].start : matches[0].end].strip() == text[matches[0].start : matches[0].end]
    assert matches[0].end == len(text)


def test_a_picture_of_a_weapon_is_read_as_a_verb():
    assert "threat.direct" in names("I will 🔪 you")
    assert "incite.kill" in names("🔫 all the journalists")


def test_a_find_of_another_language_counts_half():
    text = "I will kill you"
    (plain,) = {match.weight for match in read(text, "en") if match.name == "threat.direct"}
    (foreign,) = {match.weight for match in read(text, "de") if match.name == "threat.direct"}
    assert foreign == plain / 2


# --- hostile input -------------------------------------------------------------------------------------------------
WORDS = [
    "kill",
    "all",
    "jews",
    "you",
    "I",
    "will",
    "if",
    "then",
    "ammazza",
    "tutti",
    "i",
    "politici",
    "se",
    "ti",
    '"',
    "'",
    ">",
    ".",
    ",",
    "!",
    "\n",
    "🔪",
    "’",
    "http://a.example",
    "@a",
    "#KillThem",
]


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(), st.lists(st.sampled_from(WORDS)).map(" ".join)))
def test_whatever_is_written_spans_lie_within_it(text):
    for match in read(text):
        assert 0 <= match.start <= match.end <= len(text)
        assert match.reason


@settings(max_examples=100, deadline=None)
@given(st.text())
def test_folding_keeps_every_offset(text):
    folded = fold(normalise(text).text)
    assert len(folded) == len(normalise(text).text) == len(join(folded))


HOSTILE = {
    "threats": "I will kill you. ",
    "quotes": '"',
    "nested": "> he said \"i will kill 'you' ",
    "words": "kill all the all the all the ",
    "classes": "the fucking dirty damn ",
    "digits": "1 ",
    "zalgo": "k̵̡̧i̶l̷l̸ ",
    "emoji": "🔪👨‍👩‍👧‍👦",
    "letters": "k i l l ",
    "blanks": " ",
    "italian": "ti ammazzo se ti becco ",
    "scam": "send 1 btc ",
    "printable": string.printable,
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_a_megabyte_of_anything_gives_few_finds(piece):
    text = piece * (1_000_000 // len(piece))
    assert len(read(text)) <= 40


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_the_looked_at_text_does_not_grow_with_what_is_sent(piece):
    small, large = (normalise(piece * (size // len(piece))) for size in (200_000, 400_000))
    assert len(large.text) <= len(small.text) * 1.1 + 100


def test_the_same_text_always_gives_the_same_finds():
    text = "kill all politicians tomorrow, bring your rifles to the capitol"
    assert find(text, normalise(text)) == read(text)


# --- Italian verbs -------------------------------------------------------------------------------------------------
def test_verbs_are_conjugated_as_italians_do():
    assert conjugate("impiccare").call == "impicca|impiccate|impicchiamo"
    assert conjugate("linciare").mine == "lincio|linciamo|lincer(?:o|emo|ei|emmo)"
    assert conjugate("picchiare").mine == "picchio|picchiamo|picchier(?:o|emo|ei|emmo)"
    assert conjugate("uccidere/uccis").done == "uccis[oaie]"
    assert conjugate("colpire+isc").mine == "colpisco|colpiamo|colpir(?:o|emo|ei|emmo)"
    assert conjugate("ammazzare").to_you == "ammazzar(?:ti|vi)"
