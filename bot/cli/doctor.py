"""`assistant doctor`: whether the live channels are set up as they must be, in plain words, and how to mend them.

It asks the platforms and knocks at the own public address. It changes nothing and sends nobody a message.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode

import httpx
from twilio.request_validator import RequestValidator

from bot.channels.findings import Finding, note, ok, wrong
from bot.channels.sms import doctor as sms_doctor
from bot.channels.sms.signature import SIGNATURE_HEADER
from bot.channels.telegram import doctor as telegram_doctor
from bot.channels.telegram.webhook import SECRET_HEADER
from bot.cli.channel import halted, shown
from bot.clock import Clock, system_clock
from bot.messages.notices import SEND_ONLY
from bot.settings import Settings, SmsSettings, TelegramMode, TelegramSettings, list_warnings

MOST_SKEW_SECONDS = 30.0
KNOCK_SECONDS = 10.0
# What a proxy must keep to this machine.
PRIVATE = ("/metrics", "/simulator", "/internal/vault/redeem")
LET_THROUGH = "Have the proxy pass on only /webhooks/, /livez and, for agents elsewhere, /desk/."
MARKS = {"ok": "ok    ", "note": "note  ", "wrong": "WRONG "}


def doctor() -> int:
    """Prints what is found; 0 when nothing is wrong, 1 otherwise. Raises SettingsError."""
    settings = Settings.read()
    return asyncio.run(_doctor(settings))


async def _doctor(settings: Settings) -> int:
    worst = 0
    for line in list_warnings():
        print(f"{MARKS['note']}{line}")
    for channel, since in halted(settings).items():
        print(f"{MARKS['note']}nothing is sent on {channel}: an operator halted it at {shown(since)}")
        print(f"       To send again, beginning with what has waited: assistant channel resume {channel}")
    async with httpx.AsyncClient(timeout=KNOCK_SECONDS, follow_redirects=False) as http:
        async for finding in findings(settings, http, system_clock):
            print(f"{MARKS[finding.level]}{finding.what}")
            if finding.mend:
                print(f"       {finding.mend}")
            worst = max(worst, finding.level == "wrong")
    return worst


async def findings(settings: Settings, http: httpx.AsyncClient, clock: Clock) -> AsyncIterator[Finding]:
    """Everything that can be found out without changing anything. `http` knocks at public addresses."""
    telegram, sms = settings.telegram, settings.sms
    if not (telegram or sms):
        yield note(
            "no live channel is set up: the assistant talks on its simulator only",
            "Set TELEGRAM_BOT_TOKEN for Telegram, or the TWILIO_ settings for SMS; docs/going-live.md has the steps.",
        )
        return
    yield await _clock(telegram, sms, http, clock)
    if telegram:
        async for finding in telegram_doctor.findings(telegram, clock):
            yield finding
    if sms:
        async for finding in sms_doctor.findings(sms):
            yield finding
        if not telegram:
            yield note(
                f"clients in {' and '.join(SEND_ONLY.values())} have SMS alone, which Twilio promises one way only",
                "Set up Telegram too: they are then told of it in their first answer.",
            )
    if settings.public_url and (sms or (telegram and telegram.mode is TelegramMode.WEBHOOK)):
        async for finding in _public(settings.public_url, telegram, sms, http):
            yield finding


async def _clock(
    telegram: TelegramSettings | None, sms: SmsSettings | None, http: httpx.AsyncClient, clock: Clock
) -> Finding:
    url = telegram.api_base_url if telegram else sms.api_base_url if sms else ""
    try:
        date = (await http.get(url)).headers["date"]
        skew = clock() - parsedate_to_datetime(date).timestamp()
    except (httpx.HTTPError, KeyError, ValueError):
        return note(
            f"this machine's clock could not be compared: {url} did not tell the time", "Try again later."
        )
    if abs(skew) > MOST_SKEW_SECONDS:
        return wrong(
            f"this machine's clock is {abs(skew):.0f} seconds {'fast' if skew > 0 else 'slow'}",
            "Switch time synchronisation on, for example: timedatectl set-ntp true",
        )
    return ok("this machine's clock is right")


async def _public(
    url: str, telegram: TelegramSettings | None, sms: SmsSettings | None, http: httpx.AsyncClient
) -> AsyncIterator[Finding]:
    try:
        alive = (await http.get(f"{url}/livez")).status_code
    except httpx.HTTPError as error:
        yield wrong(
            f"{url} cannot be reached from here ({type(error).__name__})",
            "Look at the name, the certificate and the proxy. From inside some networks the own public address does "
            "not work; then try from elsewhere.",
        )
        return
    if alive != httpx.codes.OK:
        yield wrong(
            f"{url}/livez answers {alive} instead of 200",
            "Look whether the assistant runs, and whether the proxy passes requests on to GATEWAY_PORT.",
        )
        return
    yield ok(f"the assistant answers at {url}")
    try:
        if telegram and telegram.mode is TelegramMode.WEBHOOK:
            yield await _telegram_door(telegram, http)
        if sms:
            yield await _sms_door(sms, http)
        for path in PRIVATE:
            # Any answer of ours but "not there" means that the proxy lets strangers as far as this.
            if (await http.get(f"{url}{path}")).status_code == httpx.codes.OK:
                yield wrong(f"{url}{path} can be read by anybody", LET_THROUGH)
    except httpx.HTTPError as error:
        yield wrong(
            f"{url} answers one time and not the next ({type(error).__name__})",
            "Look at the proxy's time limits and its log, and try again.",
        )


async def _telegram_door(telegram: TelegramSettings, http: httpx.AsyncClient) -> Finding:
    # An update that says nothing, and so changes nothing.
    nothing = b'{"update_id": 0}'
    refused = await http.post(telegram.webhook_url, content=nothing)
    taken = await http.post(
        telegram.webhook_url, content=nothing, headers={SECRET_HEADER: telegram.webhook_secret}
    )
    return _door(
        "Telegram's webhook",
        refused.status_code,
        taken.status_code,
        httpx.codes.OK,
        "TELEGRAM_WEBHOOK_SECRET",
    )


async def _sms_door(sms: SmsSettings, http: httpx.AsyncClient) -> Finding:
    # A report on a message that there is not: it is checked like any other, and changes nothing. The blank field is
    # what some proxies lose.
    form = {"MessageSid": "SM" + "0" * 32, "MessageStatus": "queued", "FromCity": ""}
    signature = RequestValidator(sms.auth_token).compute_signature(sms.status_url, form)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    refused = await http.post(sms.status_url, content=urlencode(form), headers=headers)
    taken = await http.post(
        sms.status_url, content=urlencode(form), headers={**headers, SIGNATURE_HEADER: signature}
    )
    return _door(
        "the SMS webhook", refused.status_code, taken.status_code, httpx.codes.NO_CONTENT, "TWILIO_AUTH_TOKEN"
    )


def _door(name: str, refused: int, taken: int, expected: int, secret: str) -> Finding:
    if refused != httpx.codes.FORBIDDEN:
        return wrong(
            f"{name} answers {refused} to a stranger, and must answer 403",
            "Something before the assistant answers in its place: look at the proxy.",
        )
    if taken != expected:
        return wrong(
            f"{name} answers {taken} to a call that is right",
            f"Restart the assistant if {secret} or PUBLIC_URL has changed; else the proxy changes headers or body.",
        )
    return ok(f"{name} lets the platform in and refuses strangers")
