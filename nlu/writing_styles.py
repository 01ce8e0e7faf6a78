"""Writing styles, to measure how well a model reads one that it has never seen.

The definitions are operational: a style is what a rule finds, not what a person would say of a message.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from contracts.enums import StrEnum
from nlu.text import normalise

_WORD = re.compile(r"[a-z']+")
# The shorthand of text messages and chats.
_SHORTHAND = frozenset(
    "u ur r y pls plz plss thx tks ty w wo b4 2day 2moro 4 msg msgs txt pw pwd acc acct cuz coz bc bcz dunno gonna "
    "wanna gotta lemme gimme cant dont doesnt didnt isnt wont im ive ill id whats hows wheres thats idk omg lol wtf "
    "asap rn tmr num nr hv hw abt yr ppl sth smth nite fone cos".split()
)
# Plain forms and endings of informal Japanese.
_CASUAL_JAPANESE = re.compile(
    r"(?:じゃん|っす|んだけど|だけど|てる|てない|ちゃった|ちゃって|わかんない|分かんない|ねえ|ねー|なんで|だよ|だわ|かな|けど|って|"
    r"ない|たい|した|った|る)[?！!。…〜ー、]*$"
)
_HIRAGANA_OR_KATAKANA = re.compile(r"[\u3041-\u30ff]")
_CJK = re.compile(r"[\u3041-\u30ff\u4e00-\u9fff]")
_KANJI = re.compile(r"[\u4e00-\u9fff]")
_MAX_USUAL_LETTERS = {"latin": 90, "cjk": 40}
_MIN_COMMON_COUNT, _MIN_TYPO_LETTERS = 8, 4


class WritingStyle(StrEnum):
    """How a message is written."""

    TYPO = "typo"
    """A word that occurs in one example only and is one slip away from a common word."""
    CASUAL = "casual"
    """Shorthand of text messages, or plain Japanese forms."""
    ROMAJI = "romaji"
    """Japanese in Latin letters."""
    KANA = "kana"
    """Japanese without Chinese characters."""
    LONG = "long"
    """More letters than usual."""


def group_by_style(texts: Sequence[str], languages: Sequence[str]) -> dict[WritingStyle, list[int]]:
    """Return the indices of the texts of each style. A text may have several styles or none."""
    plain = [normalise(text, casefold=True).text.replace("’", "'") for text in texts]
    counts = Counter(word for text in plain for word in _WORD.findall(text))
    groups: dict[WritingStyle, list[int]] = {}
    for index, (text, language) in enumerate(zip(plain, languages, strict=True)):
        for style in _styles_of(text, language, counts):
            groups.setdefault(style, []).append(index)
    return groups


def _styles_of(text: str, language: str, counts: Counter[str]) -> Iterator[WritingStyle]:
    words = _WORD.findall(text)
    if language == "ja" and not _CJK.search(text) and len(words) > 1:
        yield WritingStyle.ROMAJI
    elif any(_is_typo(word, counts) for word in words):
        yield WritingStyle.TYPO
    if language == "ja" and _HIRAGANA_OR_KATAKANA.search(text) and not _KANJI.search(text):
        yield WritingStyle.KANA
    has_shorthand = bool(_SHORTHAND.intersection(words))
    if has_shorthand if language == "en" else bool(_CASUAL_JAPANESE.search(text)):
        yield WritingStyle.CASUAL
    if len(text) > _MAX_USUAL_LETTERS["cjk" if _CJK.search(text) else "latin"]:
        yield WritingStyle.LONG


def _is_typo(word: str, counts: Counter[str]) -> bool:
    return (
        len(word) >= _MIN_TYPO_LETTERS
        and counts[word] == 1
        and any(
            counts[other] >= _MIN_COMMON_COUNT and len(other) >= _MIN_TYPO_LETTERS
            for other in _single_edits(word)
        )
    )


def _single_edits(word: str) -> Iterator[str]:
    """Yield the words with one letter deleted, replaced, swapped with the next, or inserted."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    for index in range(len(word) + 1):
        before, after = word[:index], word[index:]
        if after:
            yield before + after[1:]
            yield from (before + letter + after[1:] for letter in letters)
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
        yield from (before + letter + after for letter in letters)
