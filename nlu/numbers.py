"""Telephone numbers in a text, however they are written."""

from __future__ import annotations

import re
from dataclasses import dataclass

import phonenumbers
from phonenumbers import Leniency, PhoneNumberFormat, PhoneNumberMatcher

from nlu.text import LONGEST, normalise

PHONE = "phone_number"
NUMBER = "number"
# No number that is dialled with its country has fewer digits. Most messages need not be searched at all.
_FEWEST = 5
# Dashes that people and phones put into numbers; NFKC leaves them apart.
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−ーｰ", "-"))
_DIGITS = re.compile(r"(?<![\d.,+])\(?\d(?:[ \-.()/]{0,2}\d){6,14}(?![\d])")
# 00 at the beginning of a number; within one ("+81 90 1234 0056") it is two digits like any other.
_DIALLED = re.compile(r"(?<![\d+])(?<!\d[ \-.()/])(?<!\d[ \-.()/]{2})00(?=[1-9])")
_DATE = re.compile(r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})")
# Japanese mobile numbers as written in Japan: hardly anywhere else does 070, 080 or 090 begin eleven digits.
_JAPANESE_MOBILE = re.compile(r"0[789]0\d{8}")


@dataclass(frozen=True)
class Found:
    """A number in a text: `entity` is phone_number (`value` in E.164) or number (`value` is its digits)."""

    entity: str
    value: str
    start: int
    end: int


def find_numbers(text: str) -> list[Found]:
    """The telephone numbers of `text` in order, with original offsets.

    With + (or 00) and a country code, or as a Japanese mobile number: phone_number. Other runs of 7 to 15
    digits: number, whose country has to be asked for or guessed. Dates and shorter runs are left out.
    """
    text = text[:LONGEST]
    if sum(map(str.isnumeric, text)) < _FEWEST:
        return []
    normalised = normalise(text)
    plain = normalised.text.translate(_DASHES)
    found: list[tuple[int, int, str, str]] = []
    # 00 is what many countries dial instead of +.
    dialled = _DIALLED.sub(" +", plain)
    for phone in PhoneNumberMatcher(dialled, None, leniency=Leniency.POSSIBLE, max_tries=10):
        value = phonenumbers.format_number(phone.number, PhoneNumberFormat.E164)
        found.append((phone.start, phone.end, PHONE, value))
    for match in _DIGITS.finditer(plain):
        if any(start < match.end() and match.start() < end for start, end, _, _ in found):
            continue
        digits = re.sub(r"\D", "", match.group())
        if _DATE.fullmatch(match.group()):
            continue
        if _JAPANESE_MOBILE.fullmatch(digits):
            found.append((match.start(), match.end(), PHONE, "+81" + digits[1:]))
        else:
            found.append((match.start(), match.end(), NUMBER, digits))
    return [Found(entity, value, *normalised.span(start, end)) for start, end, entity, value in sorted(found)]


def without_numbers(text: str) -> str:
    """`text` in NFKC with 0 in the place of each number: which number it is says nothing about the topic."""
    text = text[:LONGEST]
    for number in reversed(find_numbers(text)):
        text = f"{text[: number.start]} 0 {text[number.end :]}"
    return normalise(text).text
