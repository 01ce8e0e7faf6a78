"""How `assistant chat` shows a conversation: for people, and as JSON lines for programs."""

from __future__ import annotations

import json
import unicodedata
from typing import Protocol, TextIO

from bot.cli.chat_api import ChatButton, ChatMessage, MessageSender
from bot.cli.log_output import print_line

SPEAKERS = {
    MessageSender.ASSISTANT: "assistant> ",
    MessageSender.AGENT: "agent> ",
    MessageSender.BACKEND: "[SMS from the brokerage] ",
}


class ChatDisplay(Protocol):
    """Where the messages of a conversation appear."""

    def show(self, message: ChatMessage) -> None:
        """Show one message to the client."""

    def end_turn(self) -> None:
        """Mark the end of the replies to the client's line."""

    def find_token(self, line: str) -> str | None:
        """Return the token of the button that the client's line presses; None if the line is a text."""


class JsonDisplay:
    """One JSON object a line. Buttons are pressed by token only."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def show(self, message: ChatMessage) -> None:
        """See ChatDisplay."""
        buttons = [{"title": button.title, "token": button.token} for button in message.buttons]
        self._print({"from": message.sender, "text": message.text, "buttons": buttons, "message": message.id})

    def end_turn(self) -> None:
        """See ChatDisplay."""
        self._print({"end_of_turn": True})

    def find_token(self, line: str) -> str | None:
        """See ChatDisplay."""
        return parse_button(line)

    def _print(self, value: dict[str, object]) -> None:
        print_line(self._stream, json.dumps(value, ensure_ascii=False))


class TerminalDisplay:
    """Lines with the speaker's name. The buttons of a turn are numbered; a number or a title presses one."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._buttons: list[ChatButton] = []
        self._turn_ended = True

    def show(self, message: ChatMessage) -> None:
        """See ChatDisplay."""
        if self._turn_ended:
            self._buttons, self._turn_ended = [], False
        speaker = SPEAKERS[message.sender]
        first, *others = _strip_controls(message.text).split("\n")
        indented = [" " * len(speaker) + line if line else "" for line in others]
        print_line(self._stream, "\n".join([speaker + first, *indented]))
        for button in message.buttons:
            self._buttons.append(button)
            print_line(self._stream, f"  [{len(self._buttons)}] {_strip_controls(button.title)}")

    def end_turn(self) -> None:
        """See ChatDisplay."""
        self._turn_ended = True

    def find_token(self, line: str) -> str | None:
        """See ChatDisplay."""
        wanted = line.strip().casefold()
        for number, button in enumerate(self._buttons, start=1):
            if wanted in (str(number), button.title.strip().casefold()):
                return button.token
        return parse_button(line)


def parse_button(line: str) -> str | None:
    """Return TOKEN if `line` is the JSON object {"button": TOKEN}, else None."""
    if not line.lstrip().startswith("{"):
        return None
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    token = value.get("button") if isinstance(value, dict) and len(value) == 1 else None
    return token if isinstance(token, str) else None


def _strip_controls(text: str) -> str:
    """Remove control characters, so that no text can control the terminal."""
    return "".join(sign for sign in text if sign == "\n" or unicodedata.category(sign) != "Cc")
