"""Render a stored message for a channel: bold labels and buttons, or plain text with a numbered menu."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.channels.split import split, utf16
from bot.messages.outbox import MessageButton
from knowledge import Language
from knowledge.sms_segments import non_gsm_characters

Entity = dict[str, str | int]

_LABEL = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
# Typographic characters outside the GSM alphabet: one of them halves the room of an SMS.
_GSM_REPLACEMENTS = str.maketrans(
    {"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "\xa0": " "}
)


@dataclass(frozen=True)
class Capabilities:
    """What a channel can show."""

    bold: bool
    buttons: bool
    text_limit: int  # UTF-16 units


TELEGRAM = Capabilities(bold=True, buttons=True, text_limit=4_096)
SMS = Capabilities(bold=False, buttons=False, text_limit=1_600)
BY_KIND = {"telegram": TELEGRAM, "sms": SMS}


@dataclass(frozen=True)
class RenderedPart:
    """One part of a message as a channel shows it. Entities have offsets and lengths in UTF-16 units."""

    text: str
    entities: list[Entity] = field(default_factory=list)
    buttons: Sequence[MessageButton] = ()


def render(
    text: str, buttons: Sequence[MessageButton], capabilities: Capabilities, language: Language
) -> list[RenderedPart]:
    """Render `text` with its **labels** bold or in the language's quotes, and its buttons or a numbered menu.

    A text that is too long for the channel becomes several parts; the choices stay together in the last one.
    """
    plain, bold = _labels(text, capabilities, language)
    if capabilities.buttons:
        return _parts(plain, bold, capabilities.text_limit, buttons)
    menu = "".join(f"\n{number} {button.title}" for number, button in enumerate(buttons, start=1))
    if _only_replaceable(plain + menu):
        plain, menu = plain.translate(_GSM_REPLACEMENTS), menu.translate(_GSM_REPLACEMENTS)
    parts = _parts(plain.rstrip() if menu else plain, [], capabilities.text_limit, [])
    if utf16(parts[-1].text + menu) <= capabilities.text_limit:
        return [*parts[:-1], RenderedPart((parts[-1].text + menu).lstrip("\n"))]
    return [*parts, *_parts(menu.lstrip("\n"), [], capabilities.text_limit, [])]


def _parts(
    text: str, bold: Sequence[tuple[int, int]], limit: int, buttons: Sequence[MessageButton]
) -> list[RenderedPart]:
    ranges = split(text, limit, bold)
    return [
        RenderedPart(
            text[start:end],
            _entities(text, bold, start, end),
            buttons if number == len(ranges) else [],
        )
        for number, (start, end) in enumerate(ranges, start=1)
    ]


def _entities(text: str, bold: Sequence[tuple[int, int]], start: int, end: int) -> list[Entity]:
    """Return the bold ranges of `text` between `start` and `end`, relative to `start`."""
    return [
        {"type": "bold", "offset": utf16(text[start:first]), "length": utf16(text[first:last])}
        for first, last in ((max(start, begin), min(end, stop)) for begin, stop in bold)
        if first < last
    ]


def _labels(text: str, capabilities: Capabilities, language: Language) -> tuple[str, list[tuple[int, int]]]:
    """Return the text without marks, and its bold ranges (start, end) in characters."""
    if not capabilities.bold:
        opening, closing = language.quotes
        return _LABEL.sub(lambda label: f"{opening}{label[1]}{closing}", text), []
    bold = []
    plain = ""
    end = 0
    for label in _LABEL.finditer(text):
        plain += text[end : label.start()]
        bold.append((len(plain), len(plain) + len(label[1])))
        plain += label[1]
        end = label.end()
    return plain + text[end:], bold


def _only_replaceable(text: str) -> bool:
    """Whether replacing typographic characters brings `text` into the GSM alphabet."""
    return bool(non_gsm_characters(text)) and not non_gsm_characters(text.translate(_GSM_REPLACEMENTS))
