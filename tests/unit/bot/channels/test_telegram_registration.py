"""The webhook's registration: made when it differs, and only then."""

from __future__ import annotations

import time
from typing import Any

import pytest
from telegram.error import TelegramError

from bot.channels.telegram.client import TelegramClient
from bot.channels.telegram.update_parser import ALLOWED_UPDATES
from bot.channels.telegram.webhook import WebhookRegistration
from bot.settings import TelegramMode, TelegramSettings
from tests.support.fake_telegram import BOT_TOKEN, SECRET, FakeTelegram, refusal

WEBHOOK = "https://assistant.example/webhooks/telegram"


def registration(telegram: FakeTelegram, secret: str = SECRET) -> tuple[TelegramClient, WebhookRegistration]:
    settings = TelegramSettings(BOT_TOKEN, TelegramMode.WEBHOOK, WEBHOOK, secret, telegram.url)
    client = TelegramClient(settings)
    return client, WebhookRegistration(client.bot, settings)


async def checked(telegram: FakeTelegram, times: int = 1) -> int:
    """How often the webhook was set by so many checks."""
    client, registered = registration(telegram)
    before = len(telegram.called("setWebhook"))
    for _ in range(times):
        await registered.check()
    await client.close()
    return len(telegram.called("setWebhook")) - before


async def test_the_webhook_is_registered_once_with_all_that_matters() -> None:
    with FakeTelegram() as telegram:
        assert await checked(telegram, 3) == 1
        (call,) = telegram.called("setWebhook")
        assert (call["url"], call["secret_token"], call["max_connections"]) == (WEBHOOK, SECRET, "40")
        assert call["allowed_updates"] == list(ALLOWED_UPDATES)
        assert telegram.wrong == []
        assert await checked(telegram) == 0


@pytest.mark.parametrize(
    "change",
    [
        {"url": "https://elsewhere.example/webhooks/telegram"},
        {"allowed_updates": ["message"]},
        {"last_error_date": int(time.time()), "last_error_message": "Wrong response: 403 Forbidden"},
    ],
)
async def test_the_webhook_is_set_right_when_something_else_was_registered(change: dict[str, Any]) -> None:
    with FakeTelegram() as telegram:
        await checked(telegram)
        telegram.webhook |= change
        assert await checked(telegram, 2) == 1


async def test_a_failed_delivery_alone_is_no_reason_to_register_again() -> None:
    with FakeTelegram() as telegram:
        await checked(telegram)
        telegram.webhook |= {
            "last_error_date": int(time.time()),
            "last_error_message": "Connection timed out",
        }
        assert await checked(telegram, 2) == 0


async def test_a_registration_that_fails_is_an_error_of_the_librarys() -> None:
    with FakeTelegram() as telegram:
        telegram.faults["getWebhookInfo"].append(refusal(500, "Internal Server Error"))
        with pytest.raises(TelegramError):
            await checked(telegram)
