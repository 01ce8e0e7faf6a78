"""Messages in a language that the assistant does not speak: it says so once, in a sentence of that language."""

from __future__ import annotations

import re
import unicodedata

from actions.replies import topic_button
from actions.turn import Turn
from knowledge import Knowledge, OtherLanguage

_WORD = re.compile(r"[^\W\d_]+")
_KANA = re.compile(r"[\u3041-\u30ff\uff66-\uff9f]")
# How many small words tell a language of Latin letters, where the message has other words too.
_MIN_WORDS = 2
# A script is quoted, not written, where it has less than this share of the letters (1 / _MAX_DILUTION).
_MAX_DILUTION = 3
UNKNOWN = "other"
"""What Rasa's end finds about a message that is clearly in none of the served languages."""


def say_languages(turn: Turn, *, is_understood: bool) -> bool:
    """Say once in a conversation which languages are spoken, if the message is in none of them.

    Return whether that is all there is to say: a message that was not understood is not answered further.
    """
    found = recognise(turn.knowledge, turn.message.text)
    code = found.code if found else UNKNOWN if turn.message.language == UNKNOWN else None
    if code is None or code == turn.other_language:
        return False
    turn.other_language = code
    languages = [
        topic_button(language.chosen_by)
        for language in turn.knowledge.languages.values()
        if language.chosen_by
    ]
    buttons = [] if is_understood else languages
    turn.misses += not is_understood
    if found:
        turn.say("guide", "other_language", buttons, sentence=found.sentence)
    else:
        turn.say("guide", "unknown_language", buttons)
    return not is_understood


def recognise(knowledge: Knowledge, text: str) -> OtherLanguage | None:
    """Return the language of `text` if it is one of those that are recognised and not spoken."""
    plain = unicodedata.normalize("NFC", text).casefold()
    if plain.startswith("/") or _KANA.search(plain):
        return None
    words = _WORD.findall(plain)
    hits = {other: _hits(other, plain, words) for other in knowledge.others}
    best = max(hits, key=lambda other: hits[other], default=None)
    return best if best is not None and hits[best] else None


def _hits(other: OtherLanguage, plain: str, words: list[str]) -> int:
    """Return how much of the message is in the language; 0 when too little to tell."""
    if other.script:
        letters = "".join(words)
        count = sum(unicodedata.name(letter, "").startswith(other.script) for letter in letters)
        return count if count * _MAX_DILUTION >= len(letters) else 0
    if other.characters:
        return sum(mark in plain for mark in other.characters)
    found = other.words & set(words)
    return len(found) if len(found) >= _MIN_WORDS or len(found) == len(set(words)) else 0
