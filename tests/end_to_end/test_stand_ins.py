"""The live channels against third-party servers: telegram-test-api, Prism on Twilio's own API description, and
Twilio's own JavaScript library."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.channels.sms.client import TwilioClient, TwilioError
from bot.settings import SmsSettings
from knowledge.sms_segments import count_segments
from tests.support.fake_telegram import BOT_TOKEN, SECRET
from tests.support.fake_twilio import ACCOUNT, AUTH_TOKEN, OUR_NUMBER, PUBLIC_URL, FakeTwilio, signature
from tests.support.gateway import FakeEngine, reply
from tests.support.gateway_app import running_gateway
from tests.support.public_data import TWILIO
from tests.support.stand_ins import opinions, prism, telegram_test_api

CHAT = 4711
_dates = itertools.count(1_700_000_000)


@pytest.fixture(scope="module")
def engine() -> Iterator[FakeEngine]:
    with FakeEngine() as running:
        yield running


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with telegram_test_api(tmp_path_factory.mktemp("telegram") / "log") as url:
        yield httpx.Client(base_url=url, timeout=20, trust_env=False)


def person() -> dict[str, Any]:
    return {"id": CHAT, "is_bot": False, "first_name": "Client", "language_code": "ja"}


def chat() -> dict[str, Any]:
    return {"id": CHAT, "type": "private", "first_name": "Client"}


def write(api: httpx.Client, text: str) -> None:
    message = {"botToken": BOT_TOKEN, "from": person(), "chat": chat(), "date": next(_dates), "text": text}
    api.post("/sendMessage", json=message).raise_for_status()


def tap(api: httpx.Client, shown: dict[str, Any], token: str) -> None:
    message = {"message_id": shown["messageId"], "date": next(_dates), "chat": chat(), "text": "?"}
    callback = {"botToken": BOT_TOKEN, "from": person(), "message": message, "data": token}
    api.post("/sendCallback", json=callback).raise_for_status()


def shown(api: httpx.Client) -> list[dict[str, Any]]:
    """Return the assistant's messages in the chat."""
    history = api.post("/getUpdatesHistory", json={"token": BOT_TOKEN}).json()["result"]
    return [each for each in history if str(each.get("message", {}).get("chat_id")) == str(CHAT)]


def wait(condition: Callable[[], Any]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "the condition did not become true in time"
        time.sleep(0.02)


@pytest.mark.parametrize("mode", ["polling", "webhook"])
def test_a_conversation_over_a_third_party_bot_api(
    tmp_path: Path, api: httpx.Client, engine: FakeEngine, mode: str
) -> None:
    settings = {
        "TELEGRAM_BOT_TOKEN": BOT_TOKEN,
        "TELEGRAM_MODE": mode,
        "TELEGRAM_API_BASE_URL": str(api.base_url).rstrip("/"),
        "TELEGRAM_WEBHOOK_SECRET": SECRET,
        "PUBLIC_URL": PUBLIC_URL,
    }
    before = len(shown(api))
    engine.answers.append(
        reply("どちらの**スマホ**ですか。", choices=[("iPhone", "/a"), ("Android", "/b")], language="ja")
    )
    with running_gateway(tmp_path, engine.port, **settings) as gateway:
        if mode == "webhook":
            api.post("/_deliver_to", json={"url": gateway.url})
            wait(lambda: api.get(f"/bot{BOT_TOKEN}/getWebhookInfo").json()["result"]["url"])
        write(api, "PINを忘れました")
        wait(lambda: len(shown(api)) == before + 1)
        asked = shown(api)[-1]
        assert asked["message"]["text"] == "どちらのスマホですか。"
        (iphone, android) = (
            button for row in asked["message"]["reply_markup"]["inline_keyboard"] for button in row
        )
        assert (iphone["text"], android["text"]) == ("iPhone", "Android")
        tap(api, asked, android["callback_data"])
        wait(lambda: len(shown(api)) == before + 2)
    assert shown(api)[-1]["message"]["text"] == "you said /b"


def sms_settings(url: str, **changed: str) -> SmsSettings:
    given: dict[str, Any] = {
        "account_sid": ACCOUNT,
        "auth_token": AUTH_TOKEN,
        "sender": OUR_NUMBER,
        "messaging_service_sid": "",
        "public_url": PUBLIC_URL,
        "api_base_url": url,
    }
    return SmsSettings(**(given | changed))


REPORTS = f"{PUBLIC_URL}/webhooks/sms/status?message=1.0"


async def test_requests_to_twilio_match_its_api_description(tmp_path: Path) -> None:
    with prism(TWILIO, tmp_path / "log") as url:
        service = {"sender": "", "messaging_service_sid": "MG" + "0" * 32}
        for settings in (sms_settings(url), sms_settings(url, **service)):
            client = TwilioClient(settings)
            message = await client.send("+819012345678", "こんにちは\n1 はい", REPORTS)
            assert message.sid.startswith("SM")
            assert (await client.account())["status"] in {"active", "suspended", "closed"}
            await client.close()

        client = TwilioClient(sms_settings(url))
        with pytest.raises(TwilioError) as refused:
            await client.send("+819012345678", "hello", "not an address")
        assert refused.value.status == 422
        await client.close()
        client = TwilioClient(sms_settings(url, account_sid="AC" + "x" * 32))
        with pytest.raises(TwilioError):
            await client.send("+819012345678", "hello", REPORTS)
        await client.close()


@pytest.mark.long
async def test_our_fake_of_twilio_answers_as_its_api_description(tmp_path: Path) -> None:
    with FakeTwilio() as fake, prism(TWILIO, tmp_path / "log", fake.url) as url:
        client = TwilioClient(sms_settings(url))
        sent = await client.send("+819012345678", "こんにちは", REPORTS)
        assert [message["sid"] for message in fake.messages] == [sent.sid]
        assert (await client.account())["status"] == "active"
        await client.close()


def test_twilios_library_agrees_on_signatures() -> None:
    chance = random.Random(3)
    asked, expected = [], []
    for n in range(60):
        fields = {
            name: "".join(chance.choice("aあ🙂+ %&=é") for _ in range(chance.randrange(6)))
            for name in ("Body", "From", "FromCity", "MessageSid", "To")
        }
        url = f"{PUBLIC_URL}/webhooks/sms" + ("?message=1.0" if n % 3 == 0 else "")
        given = signature(url, list(fields.items()))
        forged = n % 4 == 0
        params = fields | {"Body": fields["Body"] + "x"} if forged else fields
        asked.append({"token": AUTH_TOKEN, "signature": given, "url": url, "params": params})
        expected.append(not forged)
    assert opinions(asked) == expected


VECTORS = [
    *("a" * n for n in (1, 160, 161, 306, 307, 1600)),
    *("あ" * n for n in (1, 70, 71, 134, 135, 1600)),
    *("€" * n for n in (80, 81)),
    "a" * 152 + "€" + "a" * 10,
    *("😀" * n for n in (35, 36)),
    "あ" * 66 + "😀" + "あ" * 10,
    "Don’t " + "a" * 100,
    "user@x_y {ok} [1] ~ ^ | \\",
    "é à ñ ü ö Ø å",
    "ç",
    "Ç",
    "ＡＢＣ",
    "ｶ" * 35,
]


def test_twilios_calculator_agrees_on_segments() -> None:
    assert opinions([{"text": text} for text in VECTORS]) == [count_segments(text) for text in VECTORS]
