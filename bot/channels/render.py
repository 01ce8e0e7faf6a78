"""From a stored message to what a screen can show: bold labels and buttons, or plain text with numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from data.knowledge import Language

Entity = dict[str, str | int]

_LABEL = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)


@dataclass(frozen=True)
class Capabilities:
    """What a channel can show."""

    bold: bool
    buttons: bool
    text_limit: int  # characters


TELEGRAM = Capabilities(bold=True, buttons=True, text_limit=4_096)
SMS = Capabilities(bold=False, buttons=False, text_limit=1_600)
BY_KIND = {"telegram": TELEGRAM, "sms": SMS}


@dataclass(frozen=True)
class Rendered:
    """A message as a channel shows it. Entities are Telegram's: offsets and lengths in UTF-16 units."""

    text: str
    entities: list[Entity]
    buttons: list[dict[str, str]]


def render(
    text: str, buttons: Sequence[dict[str, str]], capabilities: Capabilities, language: Language
) -> Rendered:
    """`text` with its **labels** made bold or put in the language's quotes, and its buttons or numbers.

    What is too long for the channel is cut; the choices are not.
    """
    plain, entities = _labels(text, capabilities, language)
    menu = ""
    if not capabilities.buttons and buttons:
        plain = plain.rstrip()
        menu = "".join(f"\n{number} {button['title']}" for number, button in enumerate(buttons, start=1))
        buttons = []
    plain = plain[: max(0, capabilities.text_limit - len(menu))]
    return Rendered(plain + menu, _up_to(entities, _utf16(plain)), list(buttons))


def _up_to(entities: list[Entity], end: int) -> list[Entity]:
    """`entities` as far as the text goes, which ends at `end` UTF-16 units."""
    return [
        {"type": "bold", "offset": start, "length": min(int(entity["length"]), end - start)}
        for entity in entities
        if (start := int(entity["offset"])) < end
    ]


def _labels(text: str, capabilities: Capabilities, language: Language) -> tuple[str, list[Entity]]:
    if not capabilities.bold:
        opening, closing = language.quotes
        return _LABEL.sub(lambda label: f"{opening}{label[1]}{closing}", text), []
    entities: list[Entity] = []
    plain = ""
    end = 0
    for label in _LABEL.finditer(text):
        plain += text[end : label.start()]
        entities.append({"type": "bold", "offset": _utf16(plain), "length": _utf16(label[1])})
        plain += label[1]
        end = label.end()
    return plain + text[end:], entities


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
