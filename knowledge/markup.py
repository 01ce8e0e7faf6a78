"""The markup of texts: {placeholders} and **labels**; and when two texts count as the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
LABEL = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
"""A **label** of something on the client's screen."""
SAMPLE_VALUE = "x" * 12
"""Stands for a value that is not known yet, such as a masked number, a receipt or a title, when lengths are counted."""


def placeholders(text: str) -> set[str]:
    """Return the names in {braces}."""
    return set(_PLACEHOLDER.findall(text))


def has_stray_brace(text: str) -> bool:
    """Return whether a brace belongs to no {placeholder}; filling in the others would then fail."""
    rest = _PLACEHOLDER.sub("", text)
    return "{" in rest or "}" in rest


def has_unbalanced_label(text: str) -> bool:
    """Return whether a ** opens no **label** that closes in the same line."""
    return "**" in LABEL.sub("", text)


def normalized(text: str) -> str:
    """Return `text` without differences of width, case, white space and closing punctuation.

    Two texts with the same result count as the same text.
    """
    folded = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    end = len(folded)
    while end and (folded[end - 1].isspace() or unicodedata.category(folded[end - 1]).startswith("P")):
        end -= 1
    return folded[:end] or folded


def fill(text: str, values: Mapping[str, str], default: str) -> str:
    """Return `text` with its {placeholders} filled in; `default` stands for a value that is not given."""
    return _PLACEHOLDER.sub(lambda name: values.get(name[1], default), text)
