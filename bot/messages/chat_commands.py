"""Commands to the gateway itself: slash commands, and the words that stop and start text messages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from contracts.enums import ChannelKind, StrEnum
from contracts.payloads import Payload
from knowledge import Knowledge


class ChatCommand(StrEnum):
    """A command that a client can give in a chat, by `/name`."""

    START = "start"
    """Begin, or get messages again after an opt-out."""
    HELP = "help"
    LANGUAGE = "language"
    """Change the language; the argument names it."""
    HUMAN = "human"
    """Talk to a person."""
    STOP = "stop"
    """Opt out."""


# The commands that work as bare words by SMS: the topic `keywords` has the words of each language.
KEYWORD_COMMANDS = (ChatCommand.STOP, ChatCommand.START, ChatCommand.HELP)
# Words that mean `start` only after an opt-out, since others use them for something else ("yes").
KEYWORDS_WHEN_OPTED_OUT = "start_when_stopped"
# The intents of the commands that the dialogue engine answers; the gateway answers the others.
INTENTS = {ChatCommand.START: "greet", ChatCommand.HELP: "capabilities", ChatCommand.HUMAN: "human"}

# Characters around a word that do not change it.
_AROUND = "".join((" \t\r\n", ".!?", "。、", "\"'「」()[]"))
_SLASH = re.compile(
    rf"[/／]({'|'.join(ChatCommand)})(?:[@＠]\w{{1,64}})?(?:\s+(\S.*))?\s*", re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True)
class TypedCommand:
    """A command, and what was typed after it."""

    command: ChatCommand
    argument: str = ""


class ChatCommands:
    """Finds commands in texts. Any other text that begins with a slash is an ordinary one."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._keywords = {
            word: command for command in KEYWORD_COMMANDS for word in _words(knowledge, command)
        }
        self._when_opted_out = dict.fromkeys(_words(knowledge, KEYWORDS_WHEN_OPTED_OUT), ChatCommand.START)

    def find(self, text: str, channel_kind: str, *, opted_out: bool) -> TypedCommand | None:
        """Return the command that `text` is, or None. Bare words count by SMS alone, in any width and case."""
        slash = _SLASH.fullmatch(text.strip())
        if slash:
            return TypedCommand(ChatCommand(slash[1].lower()), (slash[2] or "").strip())
        if channel_kind != ChannelKind.SMS:
            return None
        word = normalize(text)
        command = self._keywords.get(word) or (self._when_opted_out.get(word) if opted_out else None)
        return TypedCommand(command) if command else None

    def find_language(self, argument: str) -> str | None:
        """Return the code of the language that `argument` names ("ja", "日本語"), if clients can choose it."""
        wanted = normalize(argument)
        for language in self._knowledge.languages.values():
            if wanted in {language.code, normalize(language.name)} and language.chosen_by:
                return language.code
        return None

    def payload(self, content: str) -> str:
        """Return the payload of a stored command; `content` is its name, or `language CODE`."""
        name, _, code = content.partition(" ")
        command = ChatCommand(name)
        if command is ChatCommand.LANGUAGE:
            return Payload(str(self._knowledge.languages[code].chosen_by)).encode()
        return Payload(INTENTS[command]).encode()


def normalize(text: str) -> str:
    """Return `text` as keywords are compared: width, case, outer spaces and closing marks do not matter."""
    return unicodedata.normalize("NFKC", text).casefold().strip(_AROUND)


def _words(knowledge: Knowledge, name: str) -> Iterator[str]:
    for language in knowledge.languages:
        yield from (normalize(word) for word in knowledge.text("keywords", name, language).split(","))
