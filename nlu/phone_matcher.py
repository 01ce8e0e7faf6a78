"""Phone numbers in a text, in any notation."""

from __future__ import annotations

import re
from dataclasses import dataclass

import phonenumbers
from phonenumbers import Leniency, PhoneNumberFormat, PhoneNumberMatcher

from nlu.text import MAX_MESSAGE_CHARS, normalise

PHONE_ENTITY = "phone_number"
NUMBER_ENTITY = "number"
# No number that is dialled with its country has fewer digits. Most messages need not be searched.
_MIN_DIGITS = 5
# Dashes that people and phones put into numbers; NFKC does not unify them.
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−ーｰ", "-"))
_DIGITS = re.compile(r"(?<![\d.,+])\(?\d(?:[ \-.()/]{0,2}\d){6,14}(?![\d])")
# 00 at the beginning of a number; inside one ("+81 90 1234 0056") it is two digits like any other.
_INTERNATIONAL_PREFIX = re.compile(r"(?<![\d+])(?<!\d[ \-.()/])(?<!\d[ \-.()/]{2})00(?=[1-9])")
_DATE = re.compile(r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})")
# Mobile numbers as written in Japan: hardly anywhere else do eleven digits begin with 070, 080 or 090.
_JAPANESE_MOBILE = re.compile(r"0[789]0\d{8}")


@dataclass(frozen=True)
class PhoneMatch:
    """A number in a text, with original offsets.

    `entity` is phone_number (`value` in E.164) or number (`value` is its digits).
    """

    entity: str
    value: str
    start: int
    end: int


def find_phone_numbers(text: str) -> list[PhoneMatch]:
    """Return the phone numbers of `text`, in order.

    A number with + (or 00) and a country code, or a Japanese mobile number, is a phone_number. Any other run of 7 to
    15 digits is a number: its country has to be asked for or guessed. Dates and shorter runs are ignored.
    """
    text = text[:MAX_MESSAGE_CHARS]
    if sum(map(str.isnumeric, text)) < _MIN_DIGITS:
        return []
    normalised = normalise(text)
    plain = normalised.text.translate(_DASHES)
    found: list[tuple[int, int, str, str]] = []
    # Many countries dial 00 instead of +.
    dialled = _INTERNATIONAL_PREFIX.sub(" +", plain)
    for phone in PhoneNumberMatcher(dialled, None, leniency=Leniency.POSSIBLE, max_tries=10):
        value = phonenumbers.format_number(phone.number, PhoneNumberFormat.E164)
        found.append((phone.start, phone.end, PHONE_ENTITY, value))
    for match in _DIGITS.finditer(plain):
        if any(start < match.end() and match.start() < end for start, end, _, _ in found):
            continue
        digits = re.sub(r"\D", "", match.group())
        if _DATE.fullmatch(match.group()):
            continue
        if _JAPANESE_MOBILE.fullmatch(digits):
            found.append((match.start(), match.end(), PHONE_ENTITY, "+81" + digits[1:]))
        else:
            found.append((match.start(), match.end(), NUMBER_ENTITY, digits))
    return [
        PhoneMatch(entity, value, *normalised.span(start, end)) for start, end, entity, value in sorted(found)
    ]


def mask_phone_numbers(text: str) -> str:
    """Return `text` in NFKC with 0 for each number: which number it is says nothing about the topic."""
    text = text[:MAX_MESSAGE_CHARS]
    for match in reversed(find_phone_numbers(text)):
        text = f"{text[: match.start]} 0 {text[match.end :]}"
    return normalise(text).text
