"""Redaction: removes the passwords, PINs and card responses that clients type from a text before it is stored.

A secret is found by the words around it:

| Rule     | How it is announced                        | What counts as a value        | What ends it               |
|----------|--------------------------------------------|-------------------------------|----------------------------|
| linked   | a name, then a link ("is", ":", "は")      | quoted, digits, or any word   | space or Japanese          |
|          |                                            | that is not common wording    |                            |
| reversed | a value, then a link and a name            | a word with a digit           | the link                   |
|          | ("1234 is my PIN", "1234がPINです")        |                               |                            |
| near     | a name, then anything up to the end of the | each word with a digit        | space or Japanese          |
|          | sentence and the first word of the next    |                               |                            |

The names and links are in `secret_names`, the shapes of values in `secret_values`; `ordinary` lists what is never a
secret. Each rule runs in time linear in the length of the text. In doubt, the rules remove too much.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from bot.privacy.normalization import normalize_text
from bot.privacy.ordinary import Excerpt, is_common_wording, is_other_detail, is_quantity
from bot.privacy.secret_names import LINKED, NAME, REVERSED, SecretKind
from bot.privacy.secret_values import MIN_SIGNS, ValueScanner, has_digit

# The rest of the sentence, and what separates it from the next one: "Here is my PIN. 1234".
_SENTENCE_REST = re.compile(r"(?:[^.!?。]|[.!?](?=[!-~])){0,60}[.!?。\s]{0,3}")
_CLOSING_MARKS = "\"'」』)"


@dataclass(frozen=True)
class Redacted:
    """A text without its secrets, and the kind of each secret that was removed, in order."""

    text: str
    kinds: tuple[SecretKind, ...] = ()


class _Secret(NamedTuple):
    start: int
    end: int
    distance: int  # characters between the name and the value
    kind: SecretKind


class _Candidate(NamedTuple):
    start: int
    end: int
    distance: int


def redact(text: str) -> Redacted:
    """Replace each secret in `text` by a placeholder such as ⟦secret:pin⟧.

    A text without secrets is returned unchanged. Any other is returned normalized (see `normalize_text`), since that is
    the form in which the secrets were found.
    """
    normal = normalize_text(text)
    kinds: list[SecretKind] = []
    kept: list[str] = []
    end = 0
    for secret in _merge(_find_secrets(normal)):
        kept += [normal[end : secret.start], f"⟦secret:{secret.kind}⟧"]
        kinds.append(secret.kind)
        end = secret.end
    return Redacted("".join([*kept, normal[end:]]), tuple(kinds)) if kinds else Redacted(text)


def _merge(secrets: Iterable[_Secret]) -> list[_Secret]:
    """Join overlapping secrets; the joined one has the kind of the nearest name."""
    merged: list[_Secret] = []
    for secret in sorted(secrets):
        if merged and secret.start < merged[-1].end:
            last = merged.pop()
            distance, kind = min((last.distance, last.kind), (secret.distance, secret.kind))
            merged.append(_Secret(last.start, max(last.end, secret.end), distance, kind))
        else:
            merged.append(secret)
    return merged


def _find_secrets(text: str) -> Iterator[_Secret]:
    """Yield each secret by each rule, in no order."""
    name_ends = {kind: [name.end() for name in NAME[kind].finditer(text)] for kind in SecretKind}
    if not any(name_ends.values()):
        return
    scanner = ValueScanner(text)
    for kind, ends in name_ends.items():
        if not ends:
            continue
        for start, end, distance in _find_linked(text, kind):
            yield _Secret(start, end, distance, kind)
        candidates = [*_find_reversed(text, scanner, kind), *_find_near(text, scanner, ends)]
        for start, end, distance in _nearest(candidates):
            excerpt = Excerpt.of(text, start, end)
            if not is_quantity(excerpt) and not is_other_detail(excerpt):
                yield _Secret(start, end, distance, kind)


def _find_linked(text: str, kind: SecretKind) -> Iterator[_Candidate]:
    for match in LINKED[kind].finditer(text):
        start, end = match.span("value")
        if has_digit(match["value"]):
            is_secret = not is_quantity(Excerpt.of(text, start, end))
        else:
            # "response is slow": without a digit, what follows is a word like any other.
            is_secret = kind != SecretKind.RESPONSE and not is_common_wording(match["value"])
        if is_secret:
            yield _Candidate(start, end, start - match.end("name"))


def _find_reversed(text: str, scanner: ValueScanner, kind: SecretKind) -> Iterator[_Candidate]:
    """Yield each value with a digit that a link and a name follow; no two of these overlap."""
    links = [(*_ends_before(text, match.start()), match.end()) for match in REVERSED[kind].finditer(text)]
    lows = [low for low, _, _ in links]
    position = 0
    for start in scanner.starts_after_space():
        if not lows or start > lows[-1]:
            return
        if start < position:
            continue
        for ends in scanner.ends_before_name(start):
            # The last link that the value can reach makes the value longest.
            index = bisect_right(lows, ends.high) - 1
            if index < 0 or (end := min(ends.high, links[index][1])) < ends.low:
                continue
            position = links[index][2]
            if has_digit(text[start:end]):
                yield _Candidate(start, end, position - end)
            break


def _ends_before(text: str, link: int) -> tuple[int, int]:
    """Return the first and the last place where a value may end before a link: closing marks and spaces may follow."""
    high = link
    while high > 0 and text[high - 1].isspace():
        high -= 1
    low = high
    while low > 0 and text[low - 1] in _CLOSING_MARKS:
        low -= 1
    return low, high


def _find_near(text: str, scanner: ValueScanner, name_ends: Iterable[int]) -> Iterator[_Candidate]:
    for name_end in name_ends:
        sentence = _SENTENCE_REST.match(text, name_end)
        assert sentence is not None  # it matches an empty text, too
        for start, end in scanner.with_digit(name_end, scanner.run_end(sentence.end())):
            if end - start >= MIN_SIGNS:
                yield _Candidate(start, end, start - name_end)


def _nearest(candidates: Iterable[_Candidate]) -> Iterator[_Candidate]:
    """Yield each stretch of text once, with its least distance: several names may find the same value."""
    distances: dict[tuple[int, int], int] = {}
    for start, end, distance in candidates:
        distances[start, end] = min(distance, distances.get((start, end), distance))
    for (start, end), distance in distances.items():
        yield _Candidate(start, end, distance)
