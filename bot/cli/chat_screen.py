"""How a conversation looks: for people, and as JSON lines for programs."""

from __future__ import annotations

import json
import unicodedata
from typing import Protocol, TextIO

from bot.cli.chat_api import Button, Message
from bot.cli.logs import say

NAMES = {"bot": "assistant> ", "agent": "agent> ", "backend": "[SMS from the brokerage] "}


class Screen(Protocol):
    """Where the messages of a conversation appear."""

    def show(self, message: Message) -> None:
        """One message to the client."""

    def end_of_turn(self) -> None:
        """Everything that answers the client's line has been shown."""

    def pressed(self, line: str) -> str | None:
        """The token of the button that the client's line means; None when it is a text."""


class JsonScreen:
    """One object a line; buttons are pressed by token only."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def show(self, message: Message) -> None:
        """See Screen."""
        buttons = [{"title": button.title, "token": button.token} for button in message.buttons]
        self._print({"from": message.sender, "text": message.text, "buttons": buttons, "message": message.id})

    def end_of_turn(self) -> None:
        """See Screen."""
        self._print({"end_of_turn": True})

    def pressed(self, line: str) -> str | None:
        """See Screen."""
        return token_in(line)

    def _print(self, value: dict[str, object]) -> None:
        say(self._stream, json.dumps(value, ensure_ascii=False))


class HumanScreen:
    """Lines with the speaker's name; a turn's buttons are numbered, and a number or a title presses one."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._buttons: list[Button] = []
        self._turn_is_new = True

    def show(self, message: Message) -> None:
        """See Screen."""
        if self._turn_is_new:
            self._buttons, self._turn_is_new = [], False
        name = NAMES.get(message.sender, f"{message.sender}> ")
        first, *others = _harmless(message.text).split("\n")
        say(
            self._stream, "\n".join([name + first, *(" " * len(name) * bool(line) + line for line in others)])
        )
        for button in message.buttons:
            self._buttons.append(button)
            say(self._stream, f"  [{len(self._buttons)}] {_harmless(button.title)}")

    def end_of_turn(self) -> None:
        """See Screen."""
        self._turn_is_new = True

    def pressed(self, line: str) -> str | None:
        """See Screen."""
        wanted = line.strip().casefold()
        for number, button in enumerate(self._buttons, start=1):
            if wanted in (str(number), button.title.strip().casefold()):
                return button.token
        return token_in(line)


def token_in(line: str) -> str | None:
    """TOKEN when `line` is the JSON object {"button": TOKEN}, else None."""
    if not line.lstrip().startswith("{"):
        return None
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    token = value.get("button") if isinstance(value, dict) and len(value) == 1 else None
    return token if isinstance(token, str) else None


def _harmless(text: str) -> str:
    """Without control characters: an agent's text must not steer the terminal."""
    return "".join(sign for sign in text if sign == "\n" or unicodedata.category(sign) != "Cc")
