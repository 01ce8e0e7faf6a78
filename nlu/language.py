"""The language of a message, identified by its script and its common words.

Texts that are the same in all languages (numbers, brand names, labels of screens) have no language, so that "IB Key"
or "OK" does not turn a Japanese conversation into an English one.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from nlu.component import StatelessComponent
from nlu.text import MAX_MESSAGE_CHARS, normalise
from nlu.word_segmentation import PLACEHOLDER, script_of

OTHER = "other"
"""A language that is not served."""
SCRIPTS = {"hiragana": "ja", "katakana": "ja"}
"""The languages that are identified by their script. Scripts that are neither here nor shared mean OTHER."""
# Several languages share these scripts: Chinese characters alone may be Japanese, Latin letters anything.
_SHARED_SCRIPTS = {"latin", "cjk", "symbol", "space"}
_LINK = re.compile(r"(?:https?://|www\.)\S+|(?<!\S)[^\s@]+@\S+", re.IGNORECASE)
_LATIN_WORD = re.compile(r"[a-z\u00df-\u024f]+(?:'[a-z]+)?")
# Function words and everyday words by language, in Latin letters: for Japanese, as typed without a Japanese keyboard.
_COMMON_WORDS = {
    path.stem: frozenset(path.read_text(encoding="utf-8").split())
    for path in sorted((Path(__file__).parent / "common_words").glob("*.txt"))
}
# Words that clients type as they are in every language.
_NEUTRAL_WORDS = _COMMON_WORDS.pop("neutral")
# This many common words identify a language.
_MIN_COMMON_WORDS = 2
# This many Latin words without common ones count as the default language.
_MIN_LATIN_WORDS = 3
_LATIN_DEFAULT = "en"


def identify_language(text: str) -> str | None:
    """Return the language's code, OTHER if it is clearly not served, or None if the text has no language."""
    if text.startswith("/"):
        return None  # a button's payload
    text = text[:MAX_MESSAGE_CHARS]
    without_links = _LINK.sub(" ", PLACEHOLDER.sub(" ", text))
    plain = normalise(without_links, casefold=True).text.replace("’", "'")
    words = [word for word in _LATIN_WORD.findall(plain) if word not in _NEUTRAL_WORDS]
    common = {code: sum(word in known for word in words) for code, known in _COMMON_WORDS.items()}
    likeliest = max(common, key=lambda code: (common[code], code))
    scripts = Counter(map(script_of, plain))
    distinctive = {script: count for script, count in scripts.items() if script not in _SHARED_SCRIPTS}
    if distinctive:
        latin_letters = sum(map(len, words))
        if common[likeliest] >= _MIN_COMMON_WORDS and _is_quotation(distinctive, latin_letters):
            return likeliest
        return SCRIPTS.get(max(distinctive, key=lambda script: distinctive[script]), OTHER)
    if common[likeliest] >= _MIN_COMMON_WORDS:
        return likeliest
    return _LATIN_DEFAULT if len(words) >= _MIN_LATIN_WORDS else None


def _is_quotation(letters_by_script: dict[str, int], latin_letters: int) -> bool:
    """Return whether letters of other scripts are a quotation in a sentence of `latin_letters` Latin letters.

    "I forgot my パスワード" is English. Hiragana is Japanese grammar: only a few letters of it in a long sentence can
    be a quotation.
    """
    return (
        sum(letters_by_script.values()) < latin_letters
        and letters_by_script.get("hiragana", 0) * 4 < latin_letters
    )


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class LanguageIdentifier(StatelessComponent):
    """Sets the `language` of a message: a code, "other" or None. A parsed message omits the key for None."""

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the language of each message."""
        for message in messages:
            message.set("language", identify_language(message.get(TEXT) or ""), add_to_output=True)
        return messages
