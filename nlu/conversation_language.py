"""Which language the assistant answers in: decided once per message, before the dialogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from knowledge import Knowledge


@dataclass(frozen=True)
class LanguageChoice:
    """The language of the answer, and whether the client has asked for it."""

    language: str
    chosen: bool


def conversation_language(
    knowledge: Knowledge,
    *,
    current: str | None,
    chosen: bool | None,
    hint: str | None,
    parse_data: Mapping[str, Any],
) -> LanguageChoice:
    """Return the language to answer in.

    A language asked for by name wins until another is asked for. Otherwise a message that is clearly in a served
    language is answered in it, and a neutral one ("OK", "IB Key", a number) keeps the conversation's language.
    `hint` is what the channel knows (Telegram's language_code, the number's country).
    """
    intent = (parse_data.get("intent") or {}).get("name")
    for code, language in knowledge.languages.items():
        if language.chosen_by == intent:
            return LanguageChoice(code, True)
    if chosen and current in knowledge.languages:
        return LanguageChoice(str(current), True)
    written = parse_data.get("language")
    if written in knowledge.languages:
        return LanguageChoice(str(written), False)
    if hint in knowledge.languages:
        return LanguageChoice(str(hint), False)
    return LanguageChoice(
        str(current) if current in knowledge.languages else knowledge.default_language, False
    )
