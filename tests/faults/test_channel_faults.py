"""Platforms fail and the gateway is killed: no acknowledged message is lost or handled twice, and order is kept."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.fake_telegram import FakeTelegram, Person, refusal, too_many
from tests.support.fake_twilio import FakeTwilio, incoming, signed
from tests.support.fake_twilio import refusal as twilio_refusal
from tests.support.gateway import FakeEngine
from tests.support.gateway_process import GatewayProcess, gateway_process
from tests.support.live_gateway import HEADERS, live_settings

pytestmark = pytest.mark.long

NUMBER = "+15550400001"


class Platforms:
    """Both platforms. Like the real ones, they deliver a message until the gateway acknowledges it."""

    def __init__(self, telegram: FakeTelegram, twilio: FakeTwilio, gateway: GatewayProcess) -> None:
        self.telegram = telegram
        self.twilio = twilio
        self.gateway = gateway

    def update(self, update: dict[str, Any]) -> None:
        self._post_until_acknowledged(
            lambda http: http.post("/webhooks/telegram", json=update, headers=HEADERS)
        )

    def sms(self, fields: list[tuple[str, str]]) -> None:
        target, body, headers = signed("/webhooks/sms", fields)
        self._post_until_acknowledged(lambda http: http.post(target, content=body, headers=headers))

    def say(self, channel: str, text: str) -> None:
        if channel == "telegram":
            self.update(Person(500).text(text))
        else:
            self.sms(incoming(NUMBER, text))

    def got(self, channel: str) -> list[str]:
        return self.telegram.texts(500) if channel == "telegram" else self.twilio.bodies(NUMBER)

    def faults(self, channel: str) -> deque[Any]:
        """Return the faults that the next messages on the channel meet."""
        if channel == "telegram":
            return self.telegram.faults["sendMessage"]
        return self.twilio.faults["POST Messages"]

    def fault(self, channel: str, *faults: Any) -> None:
        self.faults(channel).extend(faults)

    def _post_until_acknowledged(self, post: Callable[[httpx.Client], httpx.Response]) -> None:
        end = time.monotonic() + 60
        with httpx.Client(base_url=self.gateway.url, timeout=10, trust_env=False) as http:
            while time.monotonic() < end:
                try:
                    if post(http).is_success:
                        return
                except httpx.TransportError:
                    pass
                time.sleep(0.05)
        raise AssertionError("the gateway never acknowledged the message")


@pytest.fixture
def platforms(tmp_path: Path, engine: FakeEngine) -> Iterator[Platforms]:
    with FakeTelegram() as telegram, FakeTwilio() as twilio:
        settings = live_settings(telegram.url, twilio.url)
        with gateway_process(tmp_path, engine.port, settings) as gateway:
            yield Platforms(telegram, twilio, gateway)
        assert telegram.wrong == []
        assert twilio.wrong == []


@pytest.fixture
def engine() -> Iterator[FakeEngine]:
    with FakeEngine() as running:
        yield running


def wait(condition: Callable[[], Any], seconds: float = 40.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition did not become true in time"
        time.sleep(0.02)


def wait_for_texts(look: Callable[[], list[str]], expected: list[str], seconds: float) -> None:
    """Wait until `look` returns `expected`; fail with the last value otherwise."""
    end = time.monotonic() + seconds
    while (found := look()) != expected and time.monotonic() < end:
        time.sleep(0.02)
    assert found == expected


def without_repetitions(texts: list[str]) -> list[str]:
    """Return the texts without consecutive repetitions."""
    return [text for n, text in enumerate(texts) if n == 0 or texts[n - 1] != text]


def test_a_gateway_killed_after_sending_does_not_send_an_sms_twice(
    platforms: Platforms, engine: FakeEngine
) -> None:
    platforms.fault("sms", "lost")
    platforms.say("sms", "first")
    wait(lambda: platforms.got("sms"))
    platforms.gateway.kill()
    platforms.gateway.start()
    platforms.say("sms", "second")
    wait(lambda: len(platforms.got("sms")) > 1)
    assert platforms.got("sms") == ["you said first", "you said second"]


@pytest.mark.parametrize("channel", ["telegram", "sms"])
@pytest.mark.parametrize(
    "step", ["just acknowledged", "in the turn", "before sending", "after sending", "any time"]
)
def test_a_gateway_killed_at_any_step_answers_everything_in_order(
    platforms: Platforms, engine: FakeEngine, channel: str, step: str
) -> None:
    expected = []
    for n in range(2):
        expected.append(f"you said message {n}")
        if step == "in the turn":
            engine.hold()
        elif step == "before sending":
            platforms.fault(channel, "drop")
        elif step == "after sending":
            platforms.fault(channel, "lost")
        if step == "any time":
            delivery = threading.Thread(target=platforms.say, args=(channel, f"message {n}"))
            delivery.start()
            time.sleep(random.Random(n).random() * 0.2)
            platforms.gateway.kill()
            platforms.gateway.start()
            delivery.join(60)
        else:
            platforms.say(channel, f"message {n}")
            if step == "in the turn":
                wait(lambda wanted=f"message {n}": engine.turns and engine.turns[-1]["text"] == wanted)  # type: ignore[misc]
            elif step != "just acknowledged":
                wait(lambda: not platforms.faults(channel))
            platforms.gateway.kill()
            engine.release()
            platforms.gateway.start()
    wait_for_texts(lambda: without_repetitions(platforms.got(channel)), expected, 60)
    if channel == "sms" or step not in {"after sending", "before sending"}:
        # Twilio lists the messages it has accepted. Telegram does not, and a repeated answer is better than none.
        assert platforms.got(channel) == expected
    # A turn keeps its key when it is repeated, so the dialogue engine runs it once.
    assert len({turn["message"] for turn in engine.turns}) == 2


def test_repeated_deliveries_in_disorder_are_answered_once_while_the_gateway_is_killed(
    platforms: Platforms, engine: FakeEngine
) -> None:
    people = [Person(600 + n) for n in range(8)]
    rounds = 6
    shuffle = random.Random(6)
    stop = threading.Event()

    def kill_repeatedly() -> None:
        while not stop.wait(1.5):
            platforms.gateway.kill()
            platforms.gateway.start()

    def write(person: Person) -> None:
        for n in range(rounds):
            update = person.text(f"line {n} of chat {person.chat}")
            for _ in range(3):
                platforms.update(update)

    def text(n: int) -> None:
        number = f"+155504100{n:02}"
        sent: list[list[tuple[str, str]]] = []
        for k in range(rounds):
            sent.append(incoming(number, f"line {k} of phone {number}"))
            platforms.sms(sent[-1])
            # Late repetitions of earlier messages, in any order.
            platforms.sms(shuffle.choice(sent))
            platforms.sms(shuffle.choice(sent))

    killer = threading.Thread(target=kill_repeatedly)
    killer.start()
    try:
        with ThreadPoolExecutor(16) as pool:
            done = [pool.submit(write, person) for person in people]
            done += [pool.submit(text, n) for n in range(8)]
            for each in done:
                each.result(150)
    finally:
        stop.set()
        killer.join(60)
    for person in people:
        expected = [f"you said line {n} of chat {person.chat}" for n in range(rounds)]
        wait_for_texts(
            lambda chat=person.chat: without_repetitions(platforms.telegram.texts(chat)),  # type: ignore[misc]
            expected,
            90,
        )
    for n in range(8):
        number = f"+155504100{n:02}"
        expected = [f"you said line {k} of phone {number}" for k in range(rounds)]
        wait_for_texts(lambda to=number: platforms.twilio.bodies(to), expected, 90)  # type: ignore[misc]
    assert len({turn["message"] for turn in engine.turns}) == 16 * rounds


def test_messages_are_sent_in_order_after_any_response_of_a_platform(
    platforms: Platforms, engine: FakeEngine
) -> None:
    platforms.fault(
        "telegram",
        too_many(1),
        refusal(502, "Bad Gateway"),
        "drop",
        too_many(1),
        refusal(500, "Internal Server Error"),
        "garbage",
    )
    platforms.fault(
        "sms",
        twilio_refusal(429, 20429),
        twilio_refusal(503, 0),
        "drop",
        "lost",
        twilio_refusal(400, 30001),
        "garbage",
    )
    for channel in ("telegram", "sms"):
        for n in range(4):
            platforms.say(channel, f"message {n}")
    expected = [f"you said message {n}" for n in range(4)]
    wait_for_texts(lambda: without_repetitions(platforms.got("telegram")), expected, 120)
    wait_for_texts(lambda: platforms.got("sms"), expected, 120)
