"""One conversation on live Telegram, live SMS and both simulated phones, with the same replies."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.conversation import NUMBERED, Conversation
from tests.support.fake_telegram import USERNAME, FakeTelegram, Person
from tests.support.fake_twilio import FakeTwilio, incoming, signed
from tests.support.live_gateway import HEADERS, live_settings
from tests.support.stack import Stack, folder_in_memory, running_stack

pytestmark = [pytest.mark.stack, pytest.mark.rasa]

_clients = itertools.count(1)

# Each step is a text, or a choice by its label, which is tapped on Telegram and typed as its number by SMS.
SCRIPTS = {
    "en": [
        "I forgot my IB Key PIN",
        ("choose", "iPhone"),
        ("choose", "Next"),
        "what phones can use IB Key?",
        ("choose", "Go on"),
        "my password is Hunter2x",
    ],
    "ja": [
        "IB KeyのPINを忘れました",
        ("choose", "iPhone"),
        ("choose", "次へ"),
        "使えるスマホを教えて",
        "ありがとう",
    ],
}


class Platforms:
    """The stack and the fakes of both platforms."""

    def __init__(self, stack: Stack, telegram: FakeTelegram, twilio: FakeTwilio) -> None:
        self.stack = stack
        self.telegram = telegram
        self.twilio = twilio
        self.http = httpx.Client(base_url=stack.url, timeout=40, trust_env=False)


@pytest.fixture(scope="module")
def platforms() -> Iterator[Platforms]:
    with folder_in_memory() as folder, FakeTelegram() as telegram, FakeTwilio() as twilio:
        settings = live_settings(telegram.url, twilio.url)
        with running_stack(Path(folder), **settings) as stack:
            yield Platforms(stack, telegram, twilio)
        assert telegram.wrong == []
        assert twilio.wrong == []


class LiveTelegram:
    """A client on live Telegram."""

    def __init__(self, platforms: Platforms, language: str) -> None:
        self._platforms = platforms
        self._person = Person(900_000 + next(_clients), language)

    def say(self, text: str, count: int) -> list[str]:
        return self._answered(self._person.text(text), count)

    def choose(self, label: str, count: int) -> list[str]:
        shown = self._platforms.telegram.chats[self._person.chat]
        token = self._platforms.telegram.keyboard(self._person.chat)[label]
        holder = next(m for m in reversed(shown) if token in str(m["reply_markup"]))
        return self._answered(self._person.tap(token, holder["message_id"]), count)

    def _answered(self, update: dict[str, Any], count: int) -> list[str]:
        before = len(self._platforms.telegram.texts(self._person.chat))
        assert (
            self._platforms.http.post("/webhooks/telegram", json=update, headers=HEADERS).status_code == 200
        )
        return wait_for_messages(lambda: self._platforms.telegram.texts(self._person.chat)[before:], count)


class LiveSms:
    """A client who writes text messages."""

    def __init__(self, platforms: Platforms, language: str) -> None:
        self._platforms = platforms
        self._number = f"+{'81901234' if language == 'ja' else '1555050'}{next(_clients):04}"

    def say(self, text: str, count: int) -> list[str]:
        before = len(self._bodies())
        target, body, headers = signed("/webhooks/sms", incoming(self._number, text))
        assert self._platforms.http.post(target, content=body, headers=headers).status_code == 204
        return wait_for_messages(lambda: self._bodies()[before:], count)

    def choose(self, label: str, count: int) -> list[str]:
        last = self._bodies()[-1]
        return self.say(next(number for number, title in NUMBERED.findall(last) if title == label), count)

    def offered_telegram(self) -> int:
        """Count the messages that offered Telegram to the client."""
        return len(self._platforms.twilio.bodies(self._number)) - len(self._bodies())

    def _bodies(self) -> list[str]:
        """Return the messages without the offer of Telegram, which a simulated phone does not get."""
        bodies = self._platforms.twilio.bodies(self._number)
        return [body for body in bodies if f"@{USERNAME}" not in body]


class Simulated:
    """A client on one of the simulator's phones."""

    def __init__(self, platforms: Platforms, channel: str, language: str) -> None:
        self._client = Conversation(platforms.stack.url, channel, language=language)

    def say(self, text: str) -> list[str]:
        return [message["text"] for message in self._client.say(text).replies]

    def choose(self, label: str) -> list[str]:
        return [message["text"] for message in self._client.press(label).replies]


def wait_for_messages(read: Callable[[], list[str]], count: int) -> list[str]:
    """Return the messages once there are `count`. A surplus one appears in the next answer."""
    end = time.monotonic() + 60
    while len(texts := read()) < count:
        assert time.monotonic() < end, f"only {texts}"
        time.sleep(0.02)
    return texts


def play(live: LiveTelegram | LiveSms, simulated: Simulated, language: str) -> None:
    """Play the script on both; the live client must read the same as the simulated one."""
    for step in SCRIPTS[language]:
        if not isinstance(step, str):
            expected = simulated.choose(step[1])
            assert live.choose(step[1], len(expected)) == expected, step
        else:
            expected = simulated.say(step)
            assert live.say(step, len(expected)) == expected, step
        assert expected


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_conversation_has_the_same_replies_on_every_channel(platforms: Platforms, language: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        sms = LiveSms(platforms, language)
        pairs: list[tuple[LiveTelegram | LiveSms, Simulated]] = [
            (LiveTelegram(platforms, language), Simulated(platforms, "telegram", language)),
            (sms, Simulated(platforms, "sms", language)),
        ]
        for played in [pool.submit(play, live, simulated, language) for live, simulated in pairs]:
            played.result(200)
    assert sms.offered_telegram() == (language == "ja")
