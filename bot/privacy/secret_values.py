"""The shapes that a secret can have, and where in a text each of them begins and ends.

A regular expression that looks for `[^\\s]*\\d[^\\s]*` at each place reads a long word once for each of its letters.
`ValueScanner` reads the text once, notes where the words end and where the digits are, and looks these up.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import NamedTuple

# What a secret can be written in: anything without a space up to where Japanese goes on.
_SIGN = r"[^\s⟦⟧\u3000-\u30ff\u3400-\u9fff]"
_SPELLED = r"(?:zero|one|two|three|four|five|six|seven|eight|nine)"
_SPELLED_GAP = r"[\s,\-]+"
_GROUP = r"\d+[ \-.・]"
_KANJI = "[〇零一二三四五六七八九]"
MAX_GROUPS = 16
MIN_SPELLED, MAX_SPELLED = 3, 17  # words
MIN_KANJI = 4  # characters
MIN_SIGNS, MAX_SIGNS_BEFORE_NAME = 3, 64  # characters

# The same shapes as one pattern, for a place at which a value must begin: quoted, digits, any word.
VALUE = (
    rf"[\"“「『][^\"”」』\n⟦⟧]{{3,64}}[\"”」』]{_SIGN}*|'[^'\n⟦⟧]{{3,64}}'{_SIGN}*|"
    rf"\+?(?:{_GROUP}){{1,{MAX_GROUPS}}}\d{_SIGN}*|"
    rf"{_SPELLED}(?:{_SPELLED_GAP}{_SPELLED}){{{MIN_SPELLED - 1},{MAX_SPELLED - 1}}}{_SIGN}*|"
    rf"{_KANJI}{{{MIN_KANJI},}}|"
    rf"{_SIGN}{{{MIN_SIGNS},}}"
)

_RUN = re.compile(f"{_SIGN}+")
_DIGIT = re.compile(r"\d")
_DIGIT_GROUP = re.compile(rf"{_GROUP}(?=\d)")
_SPELLED_DIGIT = re.compile(_SPELLED, re.IGNORECASE)
_NEXT_SPELLED = re.compile(_SPELLED_GAP + _SPELLED, re.IGNORECASE)
_KANJI_DIGITS = re.compile(f"{_KANJI}{{{MIN_KANJI},}}")
_HAS_DIGIT = re.compile(rf"\d|{_SPELLED}{_SPELLED_GAP}{_SPELLED}|{_KANJI}{{{MIN_KANJI}}}", re.IGNORECASE)

# Where a value with a digit may begin: not inside a Latin word or a number, or at the first digit after a name.
_OUTSIDE_WORD = r"(?<![a-z0-9])"
_IS_OUTSIDE_WORD = re.compile(_OUTSIDE_WORD, re.IGNORECASE)
_START = re.compile(rf"{_OUTSIDE_WORD}.|(?<!\d)\d", re.IGNORECASE)
_WORDED_START = re.compile(
    rf"{_OUTSIDE_WORD}(?={_SPELLED}(?:{_SPELLED_GAP}{_SPELLED}){{{MIN_SPELLED - 1}}}|{_KANJI}{{{MIN_KANJI}}})",
    re.IGNORECASE,
)
_AFTER_SPACE = re.compile(r"(?<!\S)\S")


class Ends(NamedTuple):
    """Where a value may end: at any place from `low` to `high`, preferably the last one."""

    low: int
    high: int


def has_digit(value: str) -> bool:
    """Return whether `value` holds a digit, two spelled digits or a number in kanji."""
    return bool(_HAS_DIGIT.search(value))


class ValueScanner:
    """Finds the values in one text. Each look-up reads at most MAX_GROUPS groups of digits, or spelled digits."""

    def __init__(self, text: str) -> None:
        self._text = text
        runs = [match.span() for match in _RUN.finditer(text)]
        self._run_starts = [start for start, _ in runs]
        self._run_ends = [end for _, end in runs]
        self._digits = [match.start() for match in _DIGIT.finditer(text)]
        self._worded_starts = [match.start() for match in _WORDED_START.finditer(text)]

    def run_end(self, start: int) -> int:
        """Return the end of the characters without a space or Japanese from `start`; `start` if there are none."""
        run = bisect_right(self._run_starts, start) - 1
        return max(start, self._run_ends[run]) if run >= 0 else start

    def starts_after_space(self) -> Iterator[int]:
        """Yield the start of each word that stands after a space, or at the beginning of the text."""
        return (match.start() for match in _AFTER_SPACE.finditer(self._text))

    def ends_before_name(self, start: int) -> Iterator[Ends]:
        """Yield where a value from `start` may end if its name follows it; the preferred shape comes first."""
        yield from self._ends_of_digits(start)
        high = min(self.run_end(start), start + MAX_SIGNS_BEFORE_NAME)
        if high >= start + MIN_SIGNS:
            yield Ends(start + MIN_SIGNS, high)

    def with_digit(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        """Yield the (start, end) of each value that holds a digit, between `start` and `stop`, from left to right.

        `stop` must not lie inside a run of characters.
        """
        while (start := self._next_start(start)) < stop:
            end = self._end_with_digit(start, stop)
            if end is not None:
                yield start, end
            start = start + 1 if end is None else end

    def _next_start(self, position: int) -> int:
        """Return the first place from `position` on where a value with a digit may begin, or the text's length."""
        found = [len(self._text)]
        worded = bisect_left(self._worded_starts, position)
        found += self._worded_starts[worded : worded + 1]
        digit = bisect_left(self._digits, position)
        if digit < len(self._digits):
            # A run begins outside of a word, so a start is found at once.
            run = bisect_right(self._run_starts, self._digits[digit]) - 1
            begin = _START.search(self._text, max(position, self._run_starts[run]))
            found += [begin.start()] if begin else []
        return min(found)

    def _end_with_digit(self, start: int, stop: int) -> int | None:
        if _IS_OUTSIDE_WORD.match(self._text, start):
            for ends in self._ends_of_digits(start):
                if ends.low <= stop:
                    return min(ends.high, stop)
        end = self.run_end(start)
        digit = bisect_left(self._digits, start)
        return end if digit < len(self._digits) and self._digits[digit] < end else None

    def _ends_of_digits(self, start: int) -> Iterator[Ends]:
        """Yield where the groups of digits, spelled digits or digits in kanji from `start` may end; the most first."""
        lows = [end + 1 for end in self._chain(start + self._text.startswith("+", start), _DIGIT_GROUP)]
        if first := _SPELLED_DIGIT.match(self._text, start):
            lows = list(self._chain(first.end(), _NEXT_SPELLED))[MIN_SPELLED - 2 :]
        for low in reversed(lows):
            yield Ends(low, self.run_end(low))
        if kanji := _KANJI_DIGITS.match(self._text, start):
            yield Ends(start + MIN_KANJI, kanji.end())

    def _chain(self, position: int, link: re.Pattern[str]) -> Iterator[int]:
        """Yield the end of each of the matches of `link` that follow one another, at most MAX_GROUPS."""
        for _ in range(MAX_GROUPS):
            match = link.match(self._text, position)
            if match is None:
                return
            position = match.end()
            yield position
