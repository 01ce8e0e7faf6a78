"""From a stored message to what a screen can show: bold labels and buttons, or plain text with numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.channels.split import split, utf16
from knowledge import Language
from knowledge.segments import strangers

Entity = dict[str, str | int]

_LABEL = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
# Characters of good printing that cost a text message more than half of its room.
_PLAIN_SIGNS = str.maketrans(
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
class Rendered:
    """A part of a message as a channel shows it. Entities are Telegram's: offsets and lengths in UTF-16 units."""

    text: str
    entities: list[Entity] = field(default_factory=list)
    buttons: list[dict[str, str]] = field(default_factory=list)


def render(
    text: str, buttons: Sequence[dict[str, str]], capabilities: Capabilities, language: Language
) -> list[Rendered]:
    """`text` with its **labels** made bold or put in the language's quotes, and its buttons or numbers.

    What is too long for the channel becomes several parts; the choices stay together, in the last one.
    """
    plain, bold = _labels(text, capabilities, language)
    if capabilities.buttons:
        return _parts(plain, bold, capabilities.text_limit, list(buttons))
    menu = "".join(f"\n{number} {button['title']}" for number, button in enumerate(buttons, start=1))
    if _only_signs_are_strange(plain + menu):
        plain, menu = plain.translate(_PLAIN_SIGNS), menu.translate(_PLAIN_SIGNS)
    parts = _parts(plain.rstrip() if menu else plain, [], capabilities.text_limit, [])
    if utf16(parts[-1].text + menu) <= capabilities.text_limit:
        return [*parts[:-1], Rendered((parts[-1].text + menu).lstrip("\n"))]
    return [*parts, *_parts(menu.lstrip("\n"), [], capabilities.text_limit, [])]


def _parts(
    text: str, bold: Sequence[tuple[int, int]], limit: int, buttons: list[dict[str, str]]
) -> list[Rendered]:
    ranges = split(text, limit, bold)
    return [
        Rendered(
            text[start:end],
            _entities(text, bold, start, end),
            buttons if number == len(ranges) else [],
        )
        for number, (start, end) in enumerate(ranges, start=1)
    ]


def _entities(text: str, bold: Sequence[tuple[int, int]], start: int, end: int) -> list[Entity]:
    """The bold stretches of `text` as far as they lie between `start` and `end`, counted from `start`."""
    return [
        {"type": "bold", "offset": utf16(text[start:first]), "length": utf16(text[first:last])}
        for first, last in ((max(start, begin), min(end, stop)) for begin, stop in bold)
        if first < last
    ]


def _labels(text: str, capabilities: Capabilities, language: Language) -> tuple[str, list[tuple[int, int]]]:
    """The text without marks, and its bold stretches (start, end) in characters."""
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


def _only_signs_are_strange(text: str) -> bool:
    """Whether nothing but typographic signs keeps `text` out of the GSM alphabet."""
    return bool(strangers(text)) and not strangers(text.translate(_PLAIN_SIGNS))
