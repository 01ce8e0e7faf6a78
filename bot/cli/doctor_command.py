"""`assistant doctor`: checks the set-up of the live channels and says how to fix it.

It asks the platforms and sends requests to the public address. It changes nothing and sends no message.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode

import httpx
from twilio.request_validator import RequestValidator

from bot.channels.check_results import CheckLevel, CheckResult
from bot.channels.sms.signature import SIGNATURE_HEADER
from bot.channels.sms.sms_checks import check_sms
from bot.channels.telegram.telegram_checks import check_telegram
from bot.channels.telegram.webhook import SECRET_HEADER
from bot.cli.channel_command import find_halts, format_time
from bot.clock import Clock, system_clock
from bot.messages.notices import SEND_ONLY
from bot.settings import Settings, SmsSettings, TelegramMode, TelegramSettings, list_warnings

MAX_SKEW_SECONDS = 30.0
REQUEST_SECONDS = 10.0
# Paths that a proxy must not pass on.
PRIVATE_PATHS = ("/metrics", "/simulator", "/internal/vault/redeem")
PROXY_HINT = "Have the proxy pass on only /webhooks/, /livez and, for agents elsewhere, /desk/."
MARKS = {CheckLevel.OK: "ok    ", CheckLevel.NOTE: "note  ", CheckLevel.ERROR: "WRONG "}
INDENT = " " * 7


def doctor() -> int:
    """Print the results. Return 0 if there is no error, else 1. Raise SettingsError."""
    settings = Settings.read()
    return asyncio.run(_print_results(settings))


async def _print_results(settings: Settings) -> int:
    failed = False
    for line in list_warnings():
        print(f"{MARKS[CheckLevel.NOTE]}{line}")
    for channel, halted_at in find_halts(settings).items():
        since = format_time(halted_at)
        print(f"{MARKS[CheckLevel.NOTE]}nothing is sent on {channel}: an operator halted it at {since}")
        print(f"{INDENT}To send again: assistant channel resume {channel}")
    async with httpx.AsyncClient(timeout=REQUEST_SECONDS, follow_redirects=False) as http:
        async for result in check_channels(settings, http, system_clock):
            print(f"{MARKS[result.level]}{result.message}")
            if result.hint:
                print(f"{INDENT}{result.hint}")
            failed = failed or result.level is CheckLevel.ERROR
    return int(failed)


async def check_channels(
    settings: Settings, http: httpx.AsyncClient, clock: Clock
) -> AsyncIterator[CheckResult]:
    """Check all live channels without changing anything. `http` sends the requests to public addresses."""
    telegram, sms = settings.telegram, settings.sms
    if not (telegram or sms):
        yield CheckResult.note(
            "no live channel is set up: the assistant talks on its simulator only",
            "Set TELEGRAM_BOT_TOKEN for Telegram, or the TWILIO_ settings for SMS; docs/going-live.md has the steps.",
        )
        return
    yield await _check_clock(telegram, sms, http, clock)
    if telegram:
        async for result in check_telegram(telegram, clock):
            yield result
    if sms:
        async for result in check_sms(sms):
            yield result
        if not telegram:
            countries = " and ".join(SEND_ONLY.values())
            yield CheckResult.note(
                f"clients in {countries} have SMS alone, and Twilio promises one direction only",
                "Set up Telegram too: the first answer then tells clients about it.",
            )
    if settings.public_url and (sms or (telegram and telegram.mode is TelegramMode.WEBHOOK)):
        async for result in _check_public_url(settings.public_url, telegram, sms, http):
            yield result


async def _check_clock(
    telegram: TelegramSettings | None, sms: SmsSettings | None, http: httpx.AsyncClient, clock: Clock
) -> CheckResult:
    url = telegram.api_base_url if telegram else sms.api_base_url if sms else ""
    try:
        date = (await http.get(url)).headers["date"]
        skew = clock() - parsedate_to_datetime(date).timestamp()
    except (httpx.HTTPError, KeyError, ValueError):
        return CheckResult.note(
            f"this machine's clock could not be compared: {url} sent no date", "Try again later."
        )
    if abs(skew) > MAX_SKEW_SECONDS:
        return CheckResult.error(
            f"this machine's clock is {abs(skew):.0f} seconds {'fast' if skew > 0 else 'slow'}",
            "Switch time synchronisation on, for example: timedatectl set-ntp true",
        )
    return CheckResult.ok("this machine's clock is right")


async def _check_public_url(
    url: str, telegram: TelegramSettings | None, sms: SmsSettings | None, http: httpx.AsyncClient
) -> AsyncIterator[CheckResult]:
    try:
        alive = (await http.get(f"{url}/livez")).status_code
    except httpx.HTTPError as error:
        yield CheckResult.error(
            f"{url} cannot be reached from here ({type(error).__name__})",
            "Check the name, the certificate and the proxy. Some networks cannot reach their own public address; "
            "then try from another one.",
        )
        return
    if alive != httpx.codes.OK:
        yield CheckResult.error(
            f"{url}/livez answers {alive} instead of 200",
            "Check whether the assistant runs, and whether the proxy passes requests on to GATEWAY_PORT.",
        )
        return
    yield CheckResult.ok(f"the assistant answers at {url}")
    try:
        if telegram and telegram.mode is TelegramMode.WEBHOOK:
            yield await _check_telegram_webhook(telegram, http)
        if sms:
            yield await _check_sms_webhook(sms, http)
        for path in PRIVATE_PATHS:
            # 200 means that the proxy passes on requests of strangers.
            if (await http.get(f"{url}{path}")).status_code == httpx.codes.OK:
                yield CheckResult.error(f"{url}{path} can be read by anybody", PROXY_HINT)
    except httpx.HTTPError as error:
        yield CheckResult.error(
            f"{url} answers one time and not the next ({type(error).__name__})",
            "Check the time limits and the log of the proxy, and try again.",
        )


async def _check_telegram_webhook(telegram: TelegramSettings, http: httpx.AsyncClient) -> CheckResult:
    # An empty update changes nothing.
    empty_update = b'{"update_id": 0}'
    refused = await http.post(telegram.webhook_url, content=empty_update)
    accepted = await http.post(
        telegram.webhook_url, content=empty_update, headers={SECRET_HEADER: telegram.webhook_secret}
    )
    return _check_webhook(
        "Telegram's webhook",
        refused.status_code,
        accepted.status_code,
        httpx.codes.OK,
        "TELEGRAM_WEBHOOK_SECRET",
    )


async def _check_sms_webhook(sms: SmsSettings, http: httpx.AsyncClient) -> CheckResult:
    # A report on a message that does not exist is checked like any other and changes nothing. Some proxies lose the
    # empty field.
    form = {"MessageSid": "SM" + "0" * 32, "MessageStatus": "queued", "FromCity": ""}
    signature = RequestValidator(sms.auth_token).compute_signature(sms.status_url, form)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    refused = await http.post(sms.status_url, content=urlencode(form), headers=headers)
    accepted = await http.post(
        sms.status_url, content=urlencode(form), headers={**headers, SIGNATURE_HEADER: signature}
    )
    return _check_webhook(
        "the SMS webhook",
        refused.status_code,
        accepted.status_code,
        httpx.codes.NO_CONTENT,
        "TWILIO_AUTH_TOKEN",
    )


def _check_webhook(name: str, refused: int, accepted: int, expected: int, secret: str) -> CheckResult:
    if refused != httpx.codes.FORBIDDEN:
        return CheckResult.error(
            f"{name} answers {refused} instead of 403 to a call without its secret",
            "A server before the assistant answers in its place: check the proxy.",
        )
    if accepted != expected:
        return CheckResult.error(
            f"{name} answers {accepted} to a call that is right",
            f"Restart the assistant if {secret} or PUBLIC_URL has changed; else the proxy changes headers or body.",
        )
    return CheckResult.ok(f"{name} lets the platform in and refuses strangers")
