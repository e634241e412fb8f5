"""Undoes what people do to hide words, and keeps the way back: every span of the result has a place in the original.

One text goes through a few passes, each linear in its length: what is too long is cut, codes are read and lines turned
(`unwrap`), addresses and names of people are masked, code points are folded (`folding`), letters set apart are joined
and words run together parted (`spacing`), digits and signs that stand for letters are read where that gives a known
word (`words`), stretched words are shortened. What the words mean is for others.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import Final

import msgspec

from rostra.detect.folding import FOLDED, FOREIGN, LOOKALIKE, STRAY_MARKS
from rostra.detect.spacing import (
    APART,
    COMPOUND,
    DOUBLED,
    LINE_ENDS,
    ONE_A_LINE,
    STRUNG,
    TAGGED,
    TOGETHER,
    TWO_APART,
    join_letters,
    join_two,
    part_tags,
    part_together,
    part_words,
)
from rostra.detect.unwrap import ENTITY, LINE, MAY_BE_TURNED, OVERRIDDEN, TAGS, plain_entity, run_forwards, stand_up
from rostra.detect.words import SHARP, is_known, read_signs, read_spare, shorten

# What is looked at of a text, in code points: more than any post may have, and enough for what other servers send.
LOOKED_AT: Final = 20_000
# Of longer texts the end is looked at, too: the middle is the cheapest place to hide in only if it costs most to read.
_HEAD: Final = 16_000
_TAIL: Final = LOOKED_AT - _HEAD

_Found = re.Match[str]


class Edits(msgspec.Struct, frozen=True):
    """Where one pass changed lengths: `text[now:now_end]` stands for `before[was:was_end]`, in ascending order."""

    now: tuple[int, ...]
    now_end: tuple[int, ...]
    was: tuple[int, ...]
    was_end: tuple[int, ...]

    def start(self, place: int) -> int:
        """Where the character at `place` began before this pass."""
        edit = bisect_right(self.now, place) - 1
        if edit < 0:
            return place
        return self.was[edit] if place < self.now_end[edit] else self.was_end[edit] + place - self.now_end[edit]

    def end(self, place: int) -> int:
        """Where the character before `place` ended before this pass."""
        edit = bisect_left(self.now, place) - 1
        if edit < 0:
            return place
        return self.was_end[edit] if place <= self.now_end[edit] else self.was_end[edit] + place - self.now_end[edit]


class Normal(msgspec.Struct, frozen=True):
    """A text as the detectors see it: lower case, no accents, nothing hidden.

    `@user`, `httpurl` and `name@mail` stand for names of people, addresses of pages and of mail. `evasion` says from 0
    to 1 how much had to be undone; `cut`, that the text was too long to be looked at as a whole.
    """

    text: str
    evasion: float = 0.0
    cut: bool = False
    passes: tuple[Edits, ...] = ()

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original that `text[start:end]` stands for, in code points; never empty unless it is."""
        for edits in reversed(self.passes):
            start, end = edits.start(start), edits.end(end) if end > start else edits.start(start)
        return start, max(start, end)


def normalise(text: str) -> Normal:
    """Folds and de-obfuscates; never fails, and never gives more than 4 code points for one that is looked at."""
    work = _Work(text)
    work.cut()
    work.unwrap()
    work.mask()
    work.fold()
    work.uncover()
    return work.result()


# --- the passes
_MASKED: Final = re.compile(
    r"(?:https?://|www\.)[^\s<>\"]{1,2000}"
    r"|(?<![\w@.$+|€])@[A-Za-z0-9_][\w.-]{0,60}(?:@(?:localhost|[\w-]{1,60}\.[\w.-]{1,60}))?(?<![.-])(?![\w@])"
    r"|(?<![\w.+-])[A-Za-z0-9][\w.+-]{0,60}@[A-Za-z0-9][\w-]{0,60}\.[\w.-]{1,60}(?<![.-])"
    r"|#\w{4,100}",
)
_MAY_MASK: Final = re.compile(r"[@#]|://|www\.")
_HUMP: Final = re.compile(r"(?<=[a-zà-ÿ0-9])(?=[A-ZÀ-Þ])|(?<=[A-ZÀ-Þ])(?=[A-ZÀ-Þ][a-zà-ÿ])|_+")

_FOREIGN: Final = re.compile(f"[{FOREIGN}]")
_MIXED: Final = re.compile(f"[a-z{FOREIGN}]*[{FOREIGN}][a-z{FOREIGN}]*")
_STRAY: Final = re.compile(f"(?<=[a-z0-9])[{STRAY_MARKS}]{{1,40}}")

_SPARE: Final = re.compile(r"(?<![^\s])(?:[tvmcsl7+($15|][i1!|]|1)(?![^\s,.?])")
# A word with signs or digits in it, or with one thing in the middle: `k1ll`, `$hoot`, `sh*t`, `k-ill`.
_SIGNED: Final = re.compile(r"(?=[^\s]{0,24}[a-z$@€])(?=[a-z]{0,24}[^a-z\s\"?,;:])[^\s\"?,;:]{2,25}")
_STRETCHED: Final = re.compile(r"[a-z]{0,30}([a-z])\1\1[a-z]{0,60}")
_REPEATED: Final = re.compile(r"([^\w\s*])\1{3,}|(\s)\2{2,}|(\S)\3{7,}")
# What none of the above can match in: most posts.
_MAY_HIDE: Final = re.compile(
    r"[^\W_](?:[^\w\s']|[^\w\s]{2,6}|'[a-z]{1,3}')[^\W_]|[a-z][0-9@$!|*+€£¡(_#][a-z]|[0-9@$!|€£¡(][a-z]|[a-z][0-9@$|€£]|(.)\1\1"
    r"|(?<![^\W_])[a-z0-9@$] ?[ .\-_*·,/|~+:;\n] {0,2}[a-z0-9@$!|*](?![^\W_])|\s\s\s|#[a-z]{1,24} #|[a-z]!\|"
    r"|(?<![a-z])([a-z])\2([a-z])\3([a-z])\4",
    re.DOTALL,
)


class _Work:
    """A text on its way through the passes, the edits behind it, and how much looked like hiding."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.passes: list[Edits] = []
        self.hidden = 0.0
        self.signed = 0
        self.joined = 0
        self.doubled = 0
        self.is_cut = False

    def result(self) -> Normal:
        # 1 undone word: .29, 2: .5, 4: .75
        evasion = 1 - 2 ** (-self.hidden / 2) if self.hidden else 0.0
        return Normal(self.text, evasion, self.is_cut, tuple(self.passes))

    def cut(self) -> None:
        """Keeps the beginning and the end of a text that is too long."""
        length = len(self.text)
        if length <= LOOKED_AT:
            return
        self.is_cut = True
        self.text = f"{self.text[:_HEAD]}\n{self.text[length - _TAIL :]}"
        self.passes.append(Edits((_HEAD,), (_HEAD + 1,), (_HEAD,), (length - _TAIL,)))

    def rewrite(self, pattern: re.Pattern[str], change: Callable[[_Found], str | None], *, turns: bool = False) -> None:
        """Puts what `change` gives in the place of each match; None leaves it. Where it `turns` what it finds, letters
        are not where they were even if there are as many."""
        text, parts, last, ahead = self.text, list[str](), 0, 0
        now, now_end, was, was_end = list[int](), list[int](), list[int](), list[int]()
        for found in pattern.finditer(text):
            put = change(found)
            if put is None:
                continue
            start, end = found.span()
            parts += (text[last:start], put)
            last = end
            if turns or len(put) != end - start:
                now.append(start + ahead)
                now_end.append(start + ahead + len(put))
                was.append(start)
                was_end.append(end)
                ahead += len(put) - (end - start)
        if parts:
            self.text = "".join((*parts, text[last:]))
            if now:
                self.passes.append(Edits(tuple(now), tuple(now_end), tuple(was), tuple(was_end)))

    def unwrap(self) -> None:
        """Reads codes of HTML, and lines as people see them."""
        if "&" in self.text:
            self.rewrite(ENTITY, self._read_entity)
        if "</" in self.text:
            self.rewrite(TAGS, self._drop)
        if self.text.isascii():
            return
        if "\u202e" in self.text:
            self.rewrite(OVERRIDDEN, self._override, turns=True)
        if MAY_BE_TURNED.search(self.text):
            self.rewrite(LINE, lambda found: self._turned(stand_up(found.group())), turns=True)

    def _read_entity(self, found: _Found) -> str | None:
        plain = plain_entity(found.group())
        self.hidden += 0.25 if plain is not None and plain.isalnum() else 0
        return plain

    def _override(self, found: _Found) -> str | None:
        shown = found[1][::-1]
        forwards = sum(map(is_known, _WORDS.findall(shown.lower())))
        return self._turned(shown) if forwards > sum(map(is_known, _WORDS.findall(found[1].lower()))) else None

    def _turned(self, text: str | None) -> str | None:
        self.hidden += text is not None
        return text

    def mask(self) -> None:
        """Puts one word for each address and name, and takes hashtags apart at their humps."""
        if _MAY_MASK.search(self.text):
            self.rewrite(_MASKED, _mask)

    def fold(self) -> None:
        """Folds every code point, then what only looks Latin."""
        if self.text.isascii():
            folded = self.text.lower()
            if folded.isprintable() or not _CONTROLS.search(folded):
                self.text = folded
                return
        self._fold_each()
        if not self.text.isascii():
            self.rewrite(_STRAY, self._drop)
            if _FOREIGN.search(self.text):
                self._fold_foreign()

    def _fold_each(self) -> None:
        before, parts = self.text, list(map(FOLDED.__getitem__, self.text))
        self.text = "".join(parts)
        if len(self.text) == len(before) and max(map(len, parts), default=1) == 1:
            self.hidden += _styled(before)
            return
        self.hidden += _styled(before) + _invisible(before, parts)
        now, now_end, was, was_end = list[int](), list[int](), list[int](), list[int]()
        at = 0
        for place, part in enumerate(parts):
            if len(part) != 1:
                now.append(at)
                now_end.append(at + len(part))
                was.append(place)
                was_end.append(place + 1)
            at += len(part)
        self.passes.append(_merged(now, now_end, was, was_end))

    def _drop(self, _found: _Found) -> str:
        self.hidden += 0.5
        return ""

    def _fold_foreign(self) -> None:
        words = [found.group().translate(LOOKALIKE) for found in _MIXED.finditer(self.text)]
        # A wholly foreign text that happens to have such letters is in another language.
        long = [word for word in words if len(word) > 2]
        disguised = 2 * sum(map(is_known, long)) >= max(len(long), 1)

        def change(found: _Found) -> str | None:
            word = found.group()
            read = word.translate(LOOKALIKE)
            mixed = bool(_LATIN.search(word))
            if (not read.isascii() and not mixed) or not (disguised or (mixed and _NEAR_LATIN.search(word))):
                return None
            self.hidden += 1 if mixed and len(word) > 1 else 0.5
            return read

        self.rewrite(_MIXED, change)

    def uncover(self) -> None:
        """Joins letters set apart, reads signs as letters, shortens what is stretched."""
        if any(map(run_forwards, self.text.split("\n"))):
            self.rewrite(LINE, lambda found: self._turned(run_forwards(found.group())), turns=True)
        if "\n\n" in self.text:
            self.rewrite(ONE_A_LINE, lambda found: LINE_ENDS.sub("\n", found.group()))
        if _MAY_HIDE.search(self.text):
            self._undouble()
            self.rewrite(_REPEATED, _shorten_run)
            self._space()
            self._spell()
        self._part()

    def _spell(self) -> None:
        """Reads signs as letters, and shortens what is stretched."""
        self.rewrite(_SIGNED, self._read)
        if self.signed:
            self.rewrite(_SIGNED, self._read_freely)
            self.rewrite(_SPARE, lambda found: read_spare(found.group(), sure=self.signed > 1))
        self.rewrite(_STRETCHED, self._shorten)

    def _undouble(self) -> None:
        """`kkiillll yyoouu`: only where a word has it throughout."""
        if any(len(found.group()) > 5 and is_known(found.group()[::2]) for found in DOUBLED.finditer(self.text)):
            self.hidden += 1
            self.rewrite(DOUBLED, lambda found: found.group()[::2])

    def _space(self) -> None:
        """Puts letters together and words apart."""
        self.rewrite(APART, self._join)
        if self.joined:
            self.rewrite(TWO_APART, lambda found: join_two(found.group()))
        self.rewrite(TAGGED, lambda found: self._parted(part_tags(found.group())))
        self.rewrite(STRUNG, self._string)

    def _part(self) -> None:
        """Parts what has no spaces at all."""
        long = [word for word in TOGETHER.findall(self.text) if not is_known(word)]
        # Each is looked at letter by letter, which costs more than all else.
        parted = {word: part_together(word) for word in set(long[:_MOST_TOGETHER])}
        if any(parted.values()):
            self.rewrite(TOGETHER, lambda found: self._parted(parted.get(found.group())))

    def _string(self, found: _Found) -> str | None:
        words = part_words(found.group())
        # Alternatives and compounds are written so, too.
        return words if COMPOUND.search(found.group()) else self._parted(words)

    def _parted(self, text: str | None) -> str | None:
        self.hidden += 0.0 if text is None else 0.5
        return text

    def _join(self, found: _Found) -> str | None:
        joined = join_letters(found.group())
        if joined is not None:
            self.joined += 1
            self.hidden += 1 if any(word in SHARP for word in joined.split()) else 0.1
        return joined

    def _read(self, found: _Found) -> str | None:
        word = found.group()
        if word in _MASKS:
            return None
        read = read_signs(word)
        if read is not None:
            self.signed += 1
            self.hidden += 1 if read.strip(_EDGES) in SHARP else 0.4
        return read

    def _read_freely(self, found: _Found) -> str | None:
        return None if found.group() in _MASKS else read_signs(found.group(), freely=True)

    def _shorten(self, found: _Found) -> str | None:
        word = found.group()
        if is_known(word):
            return None
        self.hidden += 0.1
        return shorten(word)


_CONTROLS: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_LATIN: Final = re.compile("[a-z]")
# Where a word mixes one of these with Latin letters, nobody speaks a language.
_NEAR_LATIN: Final = re.compile("[\u0370-\u058f\u13a0-\u13ff\uab70-\uabbf]")
_WORDS: Final = re.compile("[a-z]{3,24}")
_MOST_TOGETHER: Final = 40
_EDGES: Final = ".,!?;:)('\"*~_-|+#·[]{}<>/"
_MASKS: Final = frozenset({"@user", "httpurl", "name@mail"})
# Alphabets made for show: mathematical, full-width, circled, squared, small capitals.
_STYLED: Final = re.compile(
    "[\u249c-\u24b5\U0001f110-\U0001f129\U0001d400-\U0001d7ff\uff21-\uff5a\u24b6-\u24e9\U0001f130-\U0001f189ᴀ-ᴢɢɪɴʀʏʙʜʟꜰꜱ]+"
)
_UNSEEN: Final = re.compile(
    "(?<=[^\\W_])[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\U000e0000-\U000e007f]+(?=[^\\W_])"
)
_PILED: Final = re.compile("[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{2,}")


def _mask(found: _Found) -> str | None:
    word = found.group()
    if word[0] == "#":
        return _HUMP.sub(" ", word).strip() if not word.islower() or "_" in word else None
    if word[0] == "@":
        return "@user"
    return "name@mail" if "@" in word and "://" not in word else "httpurl"


def _styled(text: str) -> float:
    return min(3.0, 0.5 * len(_STYLED.findall(text)))


def _invisible(text: str, parts: list[str]) -> float:
    if "" not in parts:
        return 0.0
    return min(4.0, len(_UNSEEN.findall(text)) + 0.5 * len(_PILED.findall(text)))


def _shorten_run(found: _Found) -> str:
    return found.group()[:3] if not found.group()[0].isspace() else found.group()[:2]


def _merged(now: list[int], now_end: list[int], was: list[int], was_end: list[int]) -> Edits:
    """One edit for each run of neighbours that vanish: a pile of marks costs no more than one."""
    keep = [
        place
        for place in range(len(now))
        if place == 0 or not (now[place] == now_end[place] == now_end[place - 1] and was[place] == was_end[place - 1])
    ]
    ends = [*keep[1:], len(now)]
    return Edits(
        tuple(now[place] for place in keep),
        tuple(now_end[place] for place in keep),
        tuple(was[place] for place in keep),
        tuple(was_end[after - 1] for after in ends),
    )
