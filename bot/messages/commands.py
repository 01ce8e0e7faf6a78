"""What a client can say to the gateway itself: slash commands, and the words that stop and start text messages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from knowledge import Knowledge

NAMES = ("start", "help", "language", "human", "stop")
# The words that work without a slash, by SMS: topic `keywords` has them in each language.
KEYWORDS = ("stop", "start", "help")
# What means "start" to a client who has stopped may mean something else to all others ("yes").
KEYWORDS_WHEN_STOPPED = "start_when_stopped"
# What the dialogue engine answers; everything else the gateway answers by itself.
PAYLOADS = {"start": "/greet", "help": "/capabilities", "human": "/human"}

# What stands around a word without changing it.
_AROUND = "".join((" \t\r\n", ".!?", "。、", "\"'「」()[]"))
_SLASH = re.compile(
    rf"[/／]({'|'.join(NAMES)})(?:[@＠]\w{{1,64}})?(?:\s+(\S.*))?\s*", re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True)
class Command:
    """One of NAMES, and what was typed after it."""

    name: str
    argument: str = ""


class Commands:
    """Knows a command when it sees one. Everything else that begins with a slash is an ordinary text."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._keywords = {word: name for name in KEYWORDS for word in _words(knowledge, name)}
        self._when_stopped = dict.fromkeys(_words(knowledge, KEYWORDS_WHEN_STOPPED), "start")

    def read(self, text: str, channel_kind: str, *, stopped: bool) -> Command | None:
        """The command that `text` is, or None. Bare words count by SMS alone, in any width and case."""
        slash = _SLASH.fullmatch(text.strip())
        if slash:
            return Command(slash[1].lower(), (slash[2] or "").strip())
        if channel_kind != "sms":
            return None
        word = plain(text)
        name = self._keywords.get(word) or (self._when_stopped.get(word) if stopped else None)
        return Command(name) if name else None

    def language(self, argument: str) -> str | None:
        """The code of the language named by `argument` ("ja", "日本語"), if it is served."""
        wanted = plain(argument)
        for language in self._knowledge.languages.values():
            if wanted in {language.code, plain(language.name)} and language.chosen_by:
                return language.code
        return None

    def payload(self, content: str) -> str:
        """What a stored command means to the dialogue engine; `content` is a name, or "language CODE"."""
        name, _, code = content.partition(" ")
        if name == "language":
            return f"/{self._knowledge.languages[code].chosen_by}"
        return PAYLOADS[name]


def plain(text: str) -> str:
    """`text` as keywords are compared: width, case, spaces at the ends and closing marks do not matter."""
    return unicodedata.normalize("NFKC", text).casefold().strip(_AROUND)


def _words(knowledge: Knowledge, name: str) -> Iterator[str]:
    for language in knowledge.languages:
        yield from (plain(word) for word in knowledge.text("keywords", name, language).split(","))
