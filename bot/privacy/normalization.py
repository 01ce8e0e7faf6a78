"""The form of a text in which secrets and codes are looked for."""

from __future__ import annotations

import unicodedata

# As in the Stream-Safe Text Format of UAX #15. Sorting a longer run of marks takes quadratic time.
MAX_MARKS = 30


def normalize_text(text: str) -> str:
    """Return `text` in NFKC without invisible characters (category Cf), in time linear in its length.

    Combining marks are put in order within runs of MAX_MARKS. No script has longer runs.
    """
    if text.isascii():
        return text
    pieces = []
    start = marks = 0
    for index, char in enumerate(text):
        marks = marks + 1 if _is_mark(char) else 0
        if marks > MAX_MARKS:
            pieces.append(text[start:index])
            start, marks = index, 1
    pieces.append(text[start:])
    normal = "".join(unicodedata.normalize("NFKC", piece) for piece in pieces)
    return "".join(char for char in normal if unicodedata.category(char) != "Cf")


def _is_mark(char: str) -> bool:
    # Some marks, such as the half-width voiced sound mark, have a combining class only when they are decomposed.
    return not char.isascii() and unicodedata.combining(unicodedata.normalize("NFKD", char)[0]) != 0
