"""Passwords and PINs that clients type although nobody asked, taken out of a message before it is stored.

Found by context, in three ways: a word that names a secret and a link ("is", ":", "は") before whatever can be one;
a word that names a secret and something with a digit in the same sentence; something with a digit that "is my PIN".
What is kept is a typed placeholder such as ⟦secret:pin⟧. Errors on the side of taking out too much.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from bot.privacy.ordinary import counts, is_ordinary, names_another_thing

# A word ends where its script does: "私のPINは" holds PIN, "shopping" and "ショッピング" do not.
_KANA = "(?<![ァ-ヶー])(?:{})(?![ァ-ヶー])"
_LATIN = "(?<![a-z])(?:{})s?(?![a-z])"
_PASSWORD = "|".join(
    (
        _LATIN.format(r"pass?[\s\-]?w(?:or|ro)[dt]|pass?wo?r?d|passphrase|pwd?|pass"),
        "パスワード|パスフレーズ|ログインパス",
        _KANA.format("パス"),
    )
)
_PIN = "|".join(
    (
        _LATIN.format(
            r"(?:pin|p\.i\.n\.?|p\si\sn|p-i-n)(?:[\s\-]?(?:code|number|no\.?|nr\.?))?|pass[\s\-]?code"
        ),
        r"暗証(?:番号|コード)|パスコード|ピン・?(?:コード|ナンバー|番号)",
        _KANA.format("ピン"),
    )
)
_RESPONSE = "|".join(
    (
        _LATIN.format(r"response(?:\s+(?:string|code|value|number))?"),
        "レスポンス(?:・?(?:ストリング|コード|番号|文字列))?",
    )
)
_NAMED = {"password": _PASSWORD, "pin": _PIN, "response": _RESPONSE}

# What a secret can be written in: anything without a space up to where Japanese goes on.
_SIGN = r"[^\s⟦⟧\u3000-\u30ff\u3400-\u9fff]"
_SPELLED = r"(?:zero|one|two|three|four|five|six|seven|eight|nine)"
_DIGITS = (
    rf"\+?(?:\d+[ \-.・]){{1,16}}\d{_SIGN}*|"
    rf"{_SPELLED}(?:[\s,\-]+{_SPELLED}){{2,16}}{_SIGN}*|[〇零一二三四五六七八九]{{4,}}"
)
_QUOTED = rf"[\"“「『][^\"”」』\n⟦⟧]{{3,64}}[\"”」』]{_SIGN}*|'[^'\n⟦⟧]{{3,64}}'{_SIGN}*"

# "my password for the portal is ...", "the PIN that I use = ..."
_QUALIFIER = r"(?:\s+(?:for|of|to|on|in|at|i|we|that|which)(?:\s+(?!is\b|was\b)[a-z]+){0,4})?"
_LINK = r"(?:\s*(?:\b(?:is|was|are|were)\b|[=:→⇒]|-+>|=+>|とは|は|が|って))+[\s:,、(\[<*_]*"
_LINKED = {
    kind: re.compile(
        rf"(?P<name>{word}){_QUALIFIER}{_LINK}(?P<value>{_QUOTED}|{_DIGITS}|{_SIGN}{{3,}})", re.IGNORECASE
    )
    for kind, word in _NAMED.items()
}

# The rest of the sentence, and what the next one begins with: "Here is my PIN. 1234".
_NEAR = re.compile(rf"(?:[^.!?。]|[.!?](?=[!-~])){{0,60}}[.!?。\s]{{0,3}}{_SIGN}*")
_WITH_DIGIT = re.compile(rf"(?<![a-z0-9])(?:{_DIGITS}|{_SIGN}*\d{_SIGN}*)|(?<!\d)\d{_SIGN}*", re.IGNORECASE)
_HAS_DIGIT = re.compile(rf"\d|{_SPELLED}[\s,\-]+{_SPELLED}|[〇零一二三四五六七八九]{{4}}", re.IGNORECASE)
_NAMES = {kind: re.compile(word, re.IGNORECASE) for kind, word in _NAMED.items()}

_REVERSED = {
    kind: re.compile(
        rf"(?P<value>(?<!\S)(?:{_DIGITS}|{_SIGN}{{3,64}}))[\"'」』)]*\s*(?:\b(?:is|was)\b|[=,]|は|が|って|という)\s*"
        r"(?:(?:my|the|our|his|her|old|new|current|ib\s?key|ibkr|login|account|app)\s+|(?:私|僕|俺|今|現在|アプリ|ログイン)の?)*"
        rf"(?:{word})",
        re.IGNORECASE,
    )
    for kind, word in _NAMED.items()
}


@dataclass(frozen=True)
class Redacted:
    """A message without its secrets, and the kinds that were found ("password", "pin", "response")."""

    text: str
    kinds: tuple[str, ...] = ()


class _Found(NamedTuple):
    start: int
    end: int
    distance: int  # from the end of its name
    kind: str


def redact(text: str) -> Redacted:
    """Take passwords, PINs and card responses out of `text`.

    Where nothing is found the text comes back as it was; otherwise it comes back normalised (NFKC, invisible
    characters dropped), since that is the form in which the secret was found.
    """
    normal = "".join(
        sign for sign in unicodedata.normalize("NFKC", text) if unicodedata.category(sign) != "Cf"
    )
    kinds: list[str] = []
    kept: list[str] = []
    end = 0
    for start, stop, kind in _merged(_found(normal)):
        kept += [normal[end:start], f"⟦secret:{kind}⟧"]
        kinds.append(kind)
        end = stop
    return Redacted("".join([*kept, normal[end:]]), tuple(kinds)) if kinds else Redacted(text)


def _merged(found: Iterable[_Found]) -> list[tuple[int, int, str]]:
    """Stretches that do not overlap; where several did, their whole, called after the nearest name."""
    whole: list[_Found] = []
    for one in sorted(found):
        if whole and one.start < whole[-1].end:
            last = whole.pop()
            distance, kind = min((last.distance, last.kind), (one.distance, one.kind))
            whole.append(_Found(last.start, max(last.end, one.end), distance, kind))
        else:
            whole.append(one)
    return [(one.start, one.end, one.kind) for one in whole]


def _found(text: str) -> Iterator[_Found]:
    """Each secret, by each of the three ways."""
    for kind in _NAMED:
        for match in _LINKED[kind].finditer(text):
            start, end = match.span("value")
            if _is_secret(text, start, end) or _is_word(kind, match["value"]):
                yield _Found(start, end, start - match.end("name"), kind)
        near = [
            (*match.span("value"), match.end() - match.end("value"))
            for match in _REVERSED[kind].finditer(text)
        ]
        for name in _NAMES[kind].finditer(text):
            window = _NEAR.match(text, name.end())
            assert window is not None  # it may be empty, but is always there
            near += [
                (*match.span(), match.start() - name.end())
                for match in _WITH_DIGIT.finditer(text, *window.span())
            ]
        for start, end, distance in near:
            if _is_secret(text, start, end) and not names_another_thing(*_in_place(text, start, end)):
                yield _Found(start, end, distance, kind)


def _is_secret(text: str, start: int, end: int) -> bool:
    """Whether what stands there has digits, and they can be a secret."""
    value = text[start:end]
    return len(value) >= 3 and bool(_HAS_DIGIT.search(value)) and not counts(*_in_place(text, start, end))


def _in_place(text: str, start: int, end: int) -> tuple[str, str, str]:
    """What stands there, with a little of what is before and after it."""
    return text[start:end], text[max(0, start - 40) : start], text[end : end + 40]


def _is_word(kind: str, value: str) -> bool:
    # "response is slow": without a digit it is a word like others.
    return kind != "response" and not _HAS_DIGIT.search(value) and not is_ordinary(value)
