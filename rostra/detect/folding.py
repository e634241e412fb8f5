"""What each code point becomes before anything is looked for: plain lower-case letters, or nothing.

Accents go with it (`ucciderò` and `uccidero` are one word), as do styled alphabets, small capitals, invisible and
direction marks. Letters of other scripts stay; which of them pass for Latin ones is said by `LOOKALIKE`.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# Not worth keeping more: ordinary traffic needs a few hundred, and a hostile text could name a million.
_KEPT: Final = 4096
_EXPANDED: Final = 4

_PLAIN: Final = {
    "'": "‘’‚‛ʼ′´`＇",
    '"': "“”„‟«»‹›″〝〞＂「」『』",
    "-": "‐‑‒–—―−﹘－⁃",
    "·": "•∙・･●▪◦‧⋅",
    " ": "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u2800\u3000\t\v\f",
    "\n": "\r\u0085\u2028\u2029",
    # Small capitals, turned letters and other Latin letters that do not decompose.
    "a": "ᴀɐɑᶏ",
    "b": "ʙƀɓ",
    "c": "ᴄɔƈȼↄᑕ",
    "d": "ᴅđɖɗð",
    "e": "ᴇǝəɘɇ℮",
    "f": "ꜰɟƒ",
    "g": "ɢɡǥɠ",
    "h": "ʜɥħɦ",
    "i": "ɪıᴉɨɩ",
    "j": "ᴊʝɉ",
    "k": "ᴋʞƙ",
    "l": "ʟłƚɫɬɭᶅ",
    "m": "ᴍɱɯ",
    "n": "ɴɲŋƞᶇ",
    "o": "ᴏøɵᴑ",
    "p": "ᴘƥᵽ",
    "q": "ǫɋ",
    "r": "ʀɹɍɼɽ",
    "s": "ꜱʂȿƨ",
    "t": "ᴛʇŧƭʈ",
    "u": "ᴜʉᵾʊ",
    "v": "ᴠʌʋ",
    "w": "ᴡʍ",
    "y": "ʏʎƴɏ",
    "z": "ᴢƶȥʐ",
    "ae": "æ",
    "oe": "œɶ",
    "th": "þ",
}

# Letters of other scripts that pass for Latin ones, folded to lower case.
_ALIKE: Final = {
    "a": "аαᎪᗩᗅꓮⲁ₳卂",
    "b": "вьβᏏᏴᗷᏰꓐⲃ฿乃",
    "c": "сϲᏟꓚⲥ₵匚",
    "d": "ԁᎠᗪᗞꓓ",
    "e": "еёεᎬᗴᕮꓰⲉ乇",
    "f": "ғᖴꓝ₣千",
    "g": "ցԍᏀᏳᎶꓖ₲",
    "h": "һհнᎻᕼᏂꓧⲏ卄",
    "i": "іїιᎥꓲⲓ丨",
    "j": "јϳᎫᒍꓙ",
    "k": "кκᏦᏥᛕҡҝꓗⲕ₭",
    "l": "լӏᏞᒪꓡ₤ㄥ",
    "m": "мᎷᗰꓟⲙ₥爪",
    "n": "пոηռᑎꓠⲛ₦几",
    "o": "оοօσθᎤᎾᗝᝪꓳⲟㄖ",
    "p": "рρᏢᑭꓑⲣ₱卩",
    "q": "ԛզᑫ",
    "r": "гᎡᏒᖇꓣ尺",
    "s": "ѕᏚᔕꓢ₴丂",
    "t": "тτᎢꓔⲧ₮ㄒ",
    "u": "цսυμᏌᑌꓴㄩ",
    "v": "νѵᏙᐯꓦ",
    "w": "ԝωшᎳᏔᗯꓪⲱ₩山",
    "x": "хχ᙭ꓫⲭӿ乂",
    "y": "уүγᎽᎩꓬⲩㄚ",
    "z": "ζᏃᘔꓜⲍ乙",
}
LOOKALIKE: Final = {ord(odd): plain for plain, odds in _ALIKE.items() for odd in odds}

# The alphabets that hold most of them, and what else is among them; a text without any of these is Latin as far as this
# goes.
_ALPHABETS: Final = (
    "\u0370-\u03ff\u0400-\u052f\u0530-\u058f\u13a0-\u13ff\u1400-\u167f\u2c80-\u2cff\ua4d0-\ua4ff\uab70-\uabbf"
)
FOREIGN: Final = _ALPHABETS + "".join(char for char in map(chr, LOOKALIKE) if not re.match(f"[{_ALPHABETS}]", char))

# Marks of scripts that need them; all other marks go.
_MARKED: Final = ((0x0591, 0x0AFF), (0x0B00, 0x109F), (0x1713, 0x1CDF), (0xA800, 0xABFF))


def _needed(point: int) -> bool:
    return any(low <= point <= high for low, high in _MARKED)


# A mark of another script on a Latin letter is there to hide it.
STRAY_MARKS: Final = "".join(
    chr(point) for low, high in _MARKED for point in range(low, high) if unicodedata.category(chr(point)) == "Mn"
)


def _fold(char: str) -> str:
    point = ord(char)
    # Letters in circles, squares and brackets: some have no decomposition, some have one with its brackets.
    for first in (0x249C, 0x1F110, 0x1F150, 0x1F170):
        if first <= point < first + 26:
            return chr(ord("a") + point - first)
    category = unicodedata.category(char)
    if category in {"Mn", "Me"}:
        return char if _needed(point) else ""
    if category in {"Cf", "Cc", "Cs"} or point in {0x115F, 0x1160, 0x3164, 0xFFA0}:
        return ""
    composed = unicodedata.normalize("NFKC", char).casefold()
    apart = unicodedata.normalize("NFKD", composed)
    # Only what is Latin (or becomes it) is taken apart: Hangul and Indic letters are not accents.
    if apart[:1] < "\u0250" or "\u0370" <= apart[:1] < "\u0590" or "\u1e00" <= composed[:1] < "\u2000":
        composed = "".join(each for each in apart if unicodedata.category(each) != "Mn")
    if len(composed) == 1 and composed > "\u017f" and (named := _LATIN.match(unicodedata.name(composed, ""))):
        return named[1].lower()
    return composed if len(composed) <= _EXPANDED else char


# Letters that were struck through, hooked or turned have no decomposition; their names say what they are.
_LATIN: Final = re.compile(
    r"(?:MODIFIER LETTER |LATIN (?:LETTER |SMALL LETTER |CAPITAL LETTER ))(?:SMALL CAPITAL |SMALL |CAPITAL )?"
    r"(?:TURNED |REVERSED |SIDEWAYS |OPEN |LONG |SCRIPT |BARRED |DOTLESS )*([A-Z])(?: WITH .*)?\Z"
)


class _Folding(dict[str, str]):
    """Worked out once for each code point that turns up, and kept up to a bound."""

    def __missing__(self, char: str) -> str:
        folded = _fold(char)
        # What a compatibility form decomposes to can itself have a plain form.
        folded = "".join(_EXACT.get(each, each) for each in folded)
        if len(self) < _KEPT:
            self[char] = folded
        return folded


_EXACT: Final = {odd: plain for plain, odds in _PLAIN.items() for odd in odds}
FOLDED: Final = _Folding(_EXACT)
FOLDED.update({chr(point): chr(point).lower() for point in range(32, 127)})
FOLDED["\n"] = "\n"
