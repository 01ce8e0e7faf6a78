"""Conversations as readable scripts: what the client does and what the assistant must answer.

A script is a YAML file, one for each language (`restart.en.yml`, `restart.ja.yml`), that is played on both
channels. Each step is a mapping with one key:

    - client: words          types them; {number} is a mobile number that no other script uses
    - choose: title          presses the button on Telegram; by SMS its number, its number in full width, its label
    - code: 1                types the first code that arrived (2: waits for the second; wrong: another code)
    - later: 600             moves the backend's clock by this many seconds
    - assistant: [part]      the answer holds these parts, in this order, whatever the channel's marks for labels
    - never: [part]          the answer holds none of these
    - choices: [title]       the answer offers exactly these, in this order
"""

from __future__ import annotations

import itertools
import random
import re
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support.conversation import By, Conversation
from tests.support.sandbox import other_than
from tests.support.stack import Stack

FOLDER = Path(__file__).parents[1] / "conversations" / "scripts"
CHANNELS = ("telegram", "sms")
WAYS: tuple[By, ...] = ("number", "full-width number", "label")
# The marks around labels: in data/, and on channels without bold.
_MARKS = str.maketrans("", "", '"「」*')
# Japanese mobile numbers have no 0 after 090, so the eight digits do not begin with 0.
_numbers = itertools.count(random.randrange(10_000_000, 90_000_000))


@dataclass(frozen=True)
class Script:
    """One script in one language."""

    name: str
    language: str
    steps: list[tuple[str, Any]]

    @property
    def moves_the_clock(self) -> bool:
        """Return whether the script moves the clock, and so must not be played in parallel."""
        return any(kind == "later" for kind, _ in self.steps)


def scripts() -> list[Script]:
    """Return all scripts, sorted by name and language."""
    found = []
    for path in sorted(FOLDER.glob("*.yml")):
        name, language, _ = path.name.split(".")
        # Every value is text, since a client's "yes" or "6.0" is neither a boolean nor a number.
        written = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)
        steps = [next(iter(step.items())) for step in written]
        found.append(Script(name, language, steps))
    return found


def new_number() -> str:
    """Return a Japanese mobile number, +81 90 1234 5678, that this run has not returned before."""
    digits = f"{next(_numbers):08d}"
    return f"+81 90 {digits[:4]} {digits[4:]}"


def new_client(stack: Stack, channel: str, language: str) -> Conversation:
    """Return a new client: on Telegram with the app in `language`, by SMS with a number of its country."""
    if channel == "telegram":
        return Conversation(stack.url, channel, peer=f"person-{uuid.uuid4().hex[:10]}", language=language)
    country = {"en": "+4474", "ja": "+8180"}[language]
    return Conversation(stack.url, channel, peer=f"{country}{next(_numbers):08d}")


class Player:
    """Plays one script on one channel."""

    def __init__(self, stack: Stack, script: Script, channel: str) -> None:
        self.client = new_client(stack, channel, script.language)
        self._stack = stack
        self._script = script
        self._number = new_number()
        self._ways = itertools.cycle(WAYS)

    def play(self) -> Conversation:
        """Play every step. Raises AssertionError with the position in the script and the transcript."""
        for position, (kind, value) in enumerate(self._script.steps, start=1):
            try:
                getattr(self, f"_{kind}")(value)
            except AssertionError as error:
                where = f"{self._script.name}.{self._script.language} on {self.client.channel}"
                raise AssertionError(
                    f"{where}, step {position} ({kind}: {value}): {error}\n{self.client.transcript}"
                ) from None
        return self.client

    def _client(self, text: str) -> None:
        self.client.say(text.format(number=self._number))

    def _choose(self, title: str) -> None:
        self.client.press(title, next(self._ways))

    def _code(self, which: str) -> None:
        if which == "wrong":
            self.client.say(other_than(self.client.code()))
        else:
            self.client.say(self.client.code(int(which) - 1, count=int(which)))

    def _later(self, seconds: str) -> None:
        self._stack.advance(float(seconds))

    def _assistant(self, parts: str | list[str]) -> None:
        said = plain(self.client.text)
        at = 0
        for part in [parts] if isinstance(parts, str) else parts:
            wanted = plain(part.format(number=self._number.replace(" ", ""), end=self._number[-4:]))
            found = said.find(wanted, at)
            assert found >= 0, f"not said (or not in this order): {wanted}"
            at = found + len(wanted)

    def _never(self, parts: list[str]) -> None:
        said = plain(self.client.text)
        for part in parts:
            assert plain(part) not in said, f"said: {part}"

    def _choices(self, titles: list[str]) -> None:
        assert self.client.choices == titles, f"offered: {self.client.choices}"


def plain(text: str) -> str:
    """Return `text` in lower case, with single spaces and without the channel's marks for labels."""
    return re.sub(r"\s+", " ", text.translate(_MARKS)).casefold()
