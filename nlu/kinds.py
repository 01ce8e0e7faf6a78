"""Ways of writing by which examples are set apart, to measure how one that was never seen is read.

Operational definitions: a kind is what a rule finds, not what a person would say of a message.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from nlu.text import normalise

_WORD = re.compile(r"[a-z']+")
# What is shortened in text messages and chats.
_SHORTHAND = frozenset(
    "u ur r y pls plz plss thx tks ty w wo b4 2day 2moro 4 msg msgs txt pw pwd acc acct cuz coz bc bcz dunno gonna "
    "wanna gotta lemme gimme cant dont doesnt didnt isnt wont im ive ill id whats hows wheres thats idk omg lol wtf "
    "asap rn tmr num nr hv hw abt yr ppl sth smth nite fone cos".split()
)
# Plain forms and endings of talk among friends.
_CASUAL_JAPANESE = re.compile(
    r"(?:じゃん|っす|んだけど|だけど|てる|てない|ちゃった|ちゃって|わかんない|分かんない|ねえ|ねー|なんで|だよ|だわ|かな|けど|って|"
    r"ない|たい|した|った|る)[?！!。…〜ー、]*$"
)
_HIRAGANA_OR_KATAKANA = re.compile(r"[\u3041-\u30ff]")
_CJK = re.compile(r"[\u3041-\u30ff\u4e00-\u9fff]")
_KANJI = re.compile(r"[\u4e00-\u9fff]")
_LONG = {"latin": 90, "cjk": 40}
_COMMON_FROM, _LEAST_LETTERS = 8, 4


def kinds(texts: Sequence[str], languages: Sequence[str]) -> dict[str, list[int]]:
    """Kind -> the numbers of the texts that are of it. A text may be of several kinds or of none."""
    plain = [normalise(text, casefold=True).text.replace("’", "'") for text in texts]
    counts = Counter(word for text in plain for word in _WORD.findall(text))
    found: dict[str, list[int]] = {}
    for at, (text, language) in enumerate(zip(plain, languages, strict=True)):
        for kind in _kinds_of(text, language, counts):
            found.setdefault(kind, []).append(at)
    return found


def _kinds_of(text: str, language: str, counts: Counter[str]) -> Iterator[str]:
    words = _WORD.findall(text)
    if language == "ja" and not _CJK.search(text) and len(words) > 1:
        yield "romaji"
    elif any(_misspelt(word, counts) for word in words):
        yield "typo"
    if language == "ja" and _HIRAGANA_OR_KATAKANA.search(text) and not _KANJI.search(text):
        yield "kana"
    shorthand = bool(_SHORTHAND.intersection(words))
    if shorthand if language == "en" else bool(_CASUAL_JAPANESE.search(text)):
        yield "casual"
    if len(text) > _LONG["cjk" if _CJK.search(text) else "latin"]:
        yield "long"


def _misspelt(word: str, counts: Counter[str]) -> bool:
    """Whether the word stands in one example only and a common word is one slip of the finger away."""
    return (
        len(word) >= _LEAST_LETTERS
        and counts[word] == 1
        and any(counts[other] >= _COMMON_FROM and len(other) >= _LEAST_LETTERS for other in _slips(word))
    )


def _slips(word: str) -> Iterator[str]:
    letters = "abcdefghijklmnopqrstuvwxyz"
    for at in range(len(word) + 1):
        before, after = word[:at], word[at:]
        if after:
            yield before + after[1:]
            yield from (before + letter + after[1:] for letter in letters)
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
        yield from (before + letter + after for letter in letters)
