"""Which language a message is written in, told by its script and its small words.

The answer is "none" for what is the same in all languages (numbers, brand names, labels of screens), so that
"IB Key" or "OK" does not turn a Japanese conversation into an English one.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from nlu.text import LONGEST, normalise
from nlu.words import PLACEHOLDER, script

OTHER = "other"
# The languages that are known by their script; other scripts than these and the shared ones mean OTHER.
SCRIPTS = {"hiragana": "ja", "katakana": "ja"}
# Several languages write these: Chinese characters alone may be Japanese, Latin letters anything.
_SHARED = {"latin", "cjk", "symbol", "space"}
_LINK = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+", re.IGNORECASE)
_LATIN_WORD = re.compile(r"[a-z\u00df-\u024f]+(?:'[a-z]+)?")
# Small and everyday words by language, in Latin letters (for Japanese as typed without a Japanese keyboard).
_SMALL_WORDS = {
    path.stem: frozenset(path.read_text(encoding="utf-8").split())
    for path in sorted((Path(__file__).parent / "small_words").glob("*.txt"))
}
# What clients of every language type as it is.
_NEUTRAL = _SMALL_WORDS.pop("neutral")
# Two small words tell a language; three words of Latin letters without any are taken for this one.
_LATIN_DEFAULT = "en"


def identify(text: str) -> str | None:
    """The language's code, "other" for one that is clearly not served, or None where one cannot tell."""
    if text.startswith("/"):
        return None  # a button's payload
    text = text[:LONGEST]
    plain = normalise(_LINK.sub(" ", PLACEHOLDER.sub(" ", text)), casefold=True).text.replace("’", "'")
    words = [word for word in _LATIN_WORD.findall(plain) if word not in _NEUTRAL]
    small = {code: sum(word in known for word in words) for code, known in _SMALL_WORDS.items()}
    likeliest = max(small, key=lambda code: (small[code], code))
    scripts = Counter(map(script, plain))
    told = {name: count for name, count in scripts.items() if name not in _SHARED}
    if told:
        quoted = small[likeliest] >= 2 and _quoted(told, sum(map(len, words)))
        return likeliest if quoted else SCRIPTS.get(max(told, key=lambda name: told[name]), OTHER)
    if small[likeliest] >= 2:
        return likeliest
    return _LATIN_DEFAULT if len(words) >= 3 else None


def _quoted(told: dict[str, int], latin: int) -> bool:
    """Whether letters of another script are a quotation in a sentence of `latin` Latin letters.

    "I forgot my パスワード" is English. Hiragana is Japanese grammar, so a few letters of it in a long
    sentence at most can be a quotation.
    """
    return sum(told.values()) < latin and told.get("hiragana", 0) * 4 < latin


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class LanguageIdentifier(GraphComponent):  # type: ignore[misc]
    """Sets the message's `language`: a code, "other", or None (then the parsed message has no such key)."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> LanguageIdentifier:
        """It has nothing to set up."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Set each message's language."""
        for message in messages:
            message.set("language", identify(message.get(TEXT) or ""), add_to_output=True)
        return messages
