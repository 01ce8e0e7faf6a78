"""Messages in a language that the assistant does not speak: it says so once, in a sentence of that language."""

from __future__ import annotations

import re
import unicodedata

from actions.turn import Turn
from knowledge import Knowledge, OtherLanguage

_WORD = re.compile(r"[^\W\d_]+")
_KANA = re.compile(r"[\u3041-\u30ff\uff66-\uff9f]")
# So many small words tell a language of Latin letters, where the message has other words too.
_WORDS = 2
# A script is quoted, not written, where fewer letters than one in so many are of it.
_QUOTED = 3
# What Rasa's end finds about a message that is clearly in none of the served languages.
UNKNOWN = "other"


def tell(turn: Turn, *, understood: bool) -> bool:
    """Say once in a conversation which languages are spoken, if the message is in none of them.

    True when that is all there is to say: what was not understood is not answered further.
    """
    found = recognise(turn.knowledge, turn.text)
    code = found.code if found else UNKNOWN if turn.written_in == UNKNOWN else None
    if code is None or code == turn.other_language:
        return False
    turn.other_language = code
    languages = [
        turn.topic_button(lang.chosen_by) for lang in turn.knowledge.languages.values() if lang.chosen_by
    ]
    buttons = [] if understood else languages
    turn.misses += not understood
    if found:
        turn.say("guide__other_language", buttons, sentence=found.sentence)
    else:
        turn.say("guide__unknown_language", buttons)
    return not understood


def recognise(knowledge: Knowledge, text: str) -> OtherLanguage | None:
    """The language of `text` if it is one of those that are known by sight only."""
    plain = unicodedata.normalize("NFC", text).casefold()
    if plain.startswith("/") or _KANA.search(plain):
        return None
    words = _WORD.findall(plain)
    hits = {other: _hits(other, plain, words) for other in knowledge.others}
    best = max(hits, key=lambda other: hits[other], default=None)
    return best if best is not None and hits[best] else None


def _hits(other: OtherLanguage, plain: str, words: list[str]) -> int:
    """How much of the message is of the language; 0 when too little to tell."""
    if other.script:
        letters = "".join(words)
        count = sum(unicodedata.name(letter, "").startswith(other.script) for letter in letters)
        return count if count * _QUOTED >= len(letters) else 0
    if other.characters:
        return sum(mark in plain for mark in other.characters)
    found = other.words & set(words)
    return len(found) if len(found) >= _WORDS or len(found) == len(set(words)) else 0
