"""Small readings of what is written in a text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
LABEL = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
"""A **label** of something on the client's screen."""


def placeholders(text: str) -> set[str]:
    """The names in {braces}."""
    return set(_PLACEHOLDER.findall(text))


def stray_brace(text: str) -> bool:
    """Whether a brace is part of no {placeholder}: filling in the others would then fail."""
    rest = _PLACEHOLDER.sub("", text)
    return "{" in rest or "}" in rest


def unbalanced_label(text: str) -> bool:
    """Whether a ** opens no **label** that closes in the same line."""
    return "**" in LABEL.sub("", text)


def plain(text: str) -> str:
    """Texts that a reader takes for the same become equal: width, case, spaces, closing punctuation."""
    folded = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    end = len(folded)
    while end and (folded[end - 1].isspace() or unicodedata.category(folded[end - 1]).startswith("P")):
        end -= 1
    return folded[:end] or folded


def fill(text: str, values: Mapping[str, str], otherwise: str) -> str:
    """`text` with its {placeholders} filled in; `otherwise` stands for a value that is not given."""
    return _PLACEHOLDER.sub(lambda name: values.get(name[1], otherwise), text)
