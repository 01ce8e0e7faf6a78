"""`assistant doctor`: each error in the set-up is found, named in plain words, and has a hint how to fix it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.channels.check_results import CheckLevel, CheckResult
from bot.cli.doctor_command import check_channels
from bot.cli.main import main
from bot.settings import Settings
from tests.support.fake_telegram import SECRET, refusal
from tests.support.fake_twilio import AUTH_TOKEN, OUR_NUMBER, PUBLIC_URL
from tests.support.gateway import FakeEngine
from tests.support.knowledge import KNOWLEDGE
from tests.support.live_gateway import LiveGateway, live_gateway, live_settings
from tests.support.scripted_server import Answer
from tests.support.stack import folder_in_memory

NO_FILE = Path("no-such-file.env")


@pytest.fixture(scope="module")
def running() -> Iterator[LiveGateway]:
    with (
        folder_in_memory() as folder,
        FakeEngine() as engine,
        live_gateway(folder, engine.port) as gateway,
    ):
        # The menu is the last call of the gateway to Telegram at its start: all later calls are from the checks.
        gateway.telegram.wait_for(lambda: len(gateway.telegram.commands) == len(KNOWLEDGE.languages))
        yield gateway


@pytest.fixture
def live(running: LiveGateway) -> Iterator[LiveGateway]:
    running.twilio.numbers = [
        {
            "phone_number": OUR_NUMBER,
            "sms_url": f"{PUBLIC_URL}/webhooks/sms",
            "sms_method": "POST",
            "capabilities": {"sms": True},
        }
    ]
    running.twilio.account_status = "active"
    webhook = dict(running.telegram.webhook)
    yield running
    running.telegram.webhook = webhook


class Proxy(httpx.AsyncBaseTransport):
    """A proxy between the internet and the gateway that may have faults."""

    def __init__(self, to: str, *, private: bool = True, date: float | None = None, **faults: Any) -> None:
        self._to = httpx.URL(to)
        self._private = private
        self._date = date
        self._faults = faults
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host != "assistant.example":
            at = httpx.Response(200).headers
            at["Date"] = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(self._date))
            return httpx.Response(404, headers=at)
        if self._private and not request.url.path.startswith(("/webhooks/", "/livez")):
            return httpx.Response(404)
        if "status" in self._faults:
            return httpx.Response(self._faults["status"])
        headers = {
            n: v for n, v in request.headers.items() if n not in {"host", self._faults.get("header", "")}
        }
        url = request.url.copy_with(scheme="http", host=self._to.host, port=self._to.port)
        body = request.content.replace(b"&FromCity=", b"") if "blank" in self._faults else request.content
        headers["content-length"] = str(len(body))
        return await self._inner.handle_async_request(
            httpx.Request(request.method, url, headers=headers, content=body)
        )

    async def aclose(self) -> None:
        await self._inner.aclose()


async def check(live: LiveGateway, proxy: Proxy | None = None, **changed: str) -> list[CheckResult]:
    environ = live_settings(live.telegram.url, live.twilio.url, **changed)
    async with httpx.AsyncClient(transport=proxy or Proxy(live.running.url)) as http:
        return [each async for each in check_channels(Settings.read(environ, NO_FILE), http, time.time)]


def errors(results: list[CheckResult]) -> list[str]:
    assert all(each.hint for each in results if each.level is not CheckLevel.OK)
    return [each.message for each in results if each.level is CheckLevel.ERROR]


async def test_with_a_correct_set_up_there_is_no_error(live: LiveGateway) -> None:
    everything = await check(live)
    assert errors(everything) == []
    said = " | ".join(each.message for each in everything)
    for part in (
        "@assistant_test_bot",
        "clock is right",
        "Telegram calls",
        "Twilio calls",
        "refuses strangers",
    ):
        assert part in said
    assert AUTH_TOKEN not in said
    assert SECRET not in said


async def test_without_a_channel_it_says_how_to_start() -> None:
    async with httpx.AsyncClient() as http:
        (only,) = [each async for each in check_channels(Settings.read({}, NO_FILE), http, time.time)]
    assert (only.level, "simulator only" in only.message) == (CheckLevel.NOTE, True)


async def test_an_invalid_token_and_an_unreachable_telegram_are_different_errors(live: LiveGateway) -> None:
    assert errors(await check(live, TELEGRAM_BOT_TOKEN="1:wrong")) == [
        "Telegram does not know TELEGRAM_BOT_TOKEN"
    ]
    (told,) = errors(await check(live, TELEGRAM_API_BASE_URL="http://127.0.0.1:1"))
    assert "cannot be reached" in told


@pytest.mark.parametrize("method", ["getMe", "getWebhookInfo"])
async def test_an_error_of_telegram_is_not_reported_as_a_failed_connection(
    live: LiveGateway, method: str
) -> None:
    live.telegram.faults[method].append(refusal(502, "Bad Gateway"))
    (told,) = errors(await check(live))
    assert told == "Telegram answers with an error (Bad Gateway)"


@pytest.mark.parametrize(
    ("said", "helps"),
    [
        ("SSL error {error:0A000086:SSL routines::certificate verify failed}", "publicly trusted"),
        ("Wrong response from the webhook: 403 Forbidden", "secret has changed"),
        ("Connection timed out", "whether the assistant runs"),
    ],
)
async def test_the_hint_for_a_failed_delivery_fits_the_error_of_telegram(
    live: LiveGateway, said: str, helps: str
) -> None:
    live.telegram.webhook |= {"last_error_date": int(time.time()) - 5, "last_error_message": said}
    (told,) = [each for each in await check(live) if each.level is CheckLevel.ERROR]
    assert said in told.message
    assert helps in told.hint


class Flaky(Proxy):
    """Passes on the first request and drops the others."""

    passed = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "assistant.example":
            self.passed += 1
            if self.passed > 1:
                raise httpx.ReadError("gone")
        return await super().handle_async_request(request)


async def test_an_unstable_public_address_is_reported_without_a_crash(live: LiveGateway) -> None:
    (told,) = errors(await check(live, Flaky(live.running.url)))
    assert "one time and not the next" in told


async def test_without_telegram_it_names_countries_that_text_messages_may_not_reach(
    live: LiveGateway,
) -> None:
    everything = await check(live, TELEGRAM_BOT_TOKEN="")
    assert any("Japan and India" in each.message for each in everything)
    assert not any("Japan and India" in each.message for each in await check(live))


async def test_its_requests_store_no_messages(live: LiveGateway) -> None:
    before = live.heard("telegram"), live.heard("sms")
    await check(live)
    assert (live.heard("telegram"), live.heard("sms")) == before


@pytest.mark.parametrize(
    ("webhook", "part"),
    [
        ({"url": ""}, "Telegram calls nobody instead of"),
        ({"url": "https://elsewhere.example/x"}, "Telegram calls https://elsewhere.example/x instead of"),
        ({"allowed_updates": ["message"]}, "other kinds of updates"),
        (
            {"last_error_date": int(time.time()) - 5, "last_error_message": "SSL error"},
            "could not deliver an update",
        ),
    ],
)
async def test_a_wrong_webhook_is_reported(live: LiveGateway, webhook: dict[str, Any], part: str) -> None:
    live.telegram.webhook = {**live.telegram.webhook, **webhook}
    (told,) = errors(await check(live))
    assert part in told


async def test_a_webhook_beside_polling_is_reported(live: LiveGateway) -> None:
    (told,) = errors(await check(live, TELEGRAM_MODE="polling"))
    assert "a webhook is registered" in told


@pytest.mark.parametrize(
    ("number", "part"),
    [
        (None, "has no number"),
        ({"sms_url": ""}, "Twilio calls nobody"),
        ({"sms_url": "https://elsewhere.example/sms"}, "Twilio calls https://elsewhere.example/sms"),
        ({"sms_method": "GET"}, "Twilio calls by GET"),
        ({"capabilities": {"sms": False}}, "cannot send text messages"),
    ],
)
async def test_a_wrong_set_up_of_the_number_is_reported(
    live: LiveGateway, number: dict[str, Any] | None, part: str
) -> None:
    live.twilio.numbers = [] if number is None else [live.twilio.numbers[0] | number]
    (told,) = errors(await check(live))
    assert part in told


async def test_invalid_credentials_of_twilio_are_reported(live: LiveGateway) -> None:
    live.twilio.faults["GET Account"].append(Answer(401, {"code": 20003}))
    (told,) = errors(await check(live))
    assert told == "Twilio does not take TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN"
    live.twilio.account_status = "suspended"
    (told,) = errors(await check(live))
    assert told == "the Twilio account is suspended"


@pytest.mark.parametrize(
    ("faults", "part"),
    [
        ({"status": 502}, "answers 502 instead of 200"),
        ({"status": 301}, "answers 301 instead of 200"),
        ({"blank": True}, "the SMS webhook answers 403 to a call that is right"),
        ({"header": "x-twilio-signature"}, "the SMS webhook answers 403 to a call that is right"),
        (
            {"header": "x-telegram-bot-api-secret-token"},
            "Telegram's webhook answers 403 to a call that is right",
        ),
        ({"private": False}, "/metrics can be read by anybody"),
    ],
)
async def test_faults_of_a_proxy_are_reported(live: LiveGateway, faults: dict[str, Any], part: str) -> None:
    told = errors(await check(live, Proxy(live.running.url, **faults)))
    assert any(part in each for each in told), told


async def test_a_wrong_clock_is_reported(live: LiveGateway) -> None:
    (told,) = errors(await check(live, Proxy(live.running.url, date=time.time() - 100)))
    assert told in {f"this machine's clock is {seconds} seconds fast" for seconds in (99, 100, 101)}


def test_the_command_prints_its_results(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], live: LiveGateway
) -> None:
    for name, value in live_settings(
        live.telegram.url, live.twilio.url, PUBLIC_URL="https://127.0.0.1:1"
    ).items():
        monkeypatch.setenv(name, value)
    assert main(["doctor"]) == 1
    printed = capsys.readouterr().out
    assert "WRONG https://127.0.0.1:1 cannot be reached from here" in printed
    assert "ok    Telegram knows the token" in printed
    assert AUTH_TOKEN not in printed
