"""The checks of the SMS channel: the account, the number or Messaging Service, and the addresses that Twilio calls."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx

from bot.channels.check_results import CheckResult
from bot.channels.sms.client import TwilioClient, TwilioError
from bot.messages.notices import SEND_ONLY
from bot.settings import SmsSettings


async def check_sms(settings: SmsSettings) -> AsyncIterator[CheckResult]:
    """Check the SMS channel through Twilio's API, without changing anything."""
    client = TwilioClient(settings)
    try:
        account = await client.account()
        if account.get("status") == "active":
            yield CheckResult.ok(f"Twilio knows the account {settings.account_sid}")
        else:
            yield CheckResult.error(
                f"the Twilio account is {account.get('status')}", "Read the notices in Twilio's console."
            )
        if account.get("type") == "Trial":
            yield CheckResult.note(
                "it is a trial account: it writes to verified numbers only, and adds a line to each message",
                "Upgrade it in Twilio's console before clients use it.",
            )
        async for result in _sender(client, settings):
            yield result
    except TwilioError as error:
        if error.status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND}:
            yield CheckResult.error(
                "Twilio does not take TWILIO_ACCOUNT_SID with TWILIO_AUTH_TOKEN",
                "Copy both again from the console's first page. It must be the account's auth token, not an API key.",
            )
        else:
            yield CheckResult.error(
                f"Twilio answers with an error ({error})", "See status.twilio.com, and try again later."
            )
    except (httpx.HTTPError, ValueError) as error:
        yield CheckResult.error(
            f"Twilio cannot be reached at {settings.api_base_url} ({type(error).__name__})",
            "Check the machine's internet connection and firewall, and TWILIO_API_BASE_URL.",
        )
    finally:
        await client.close()


async def _sender(client: TwilioClient, settings: SmsSettings) -> AsyncIterator[CheckResult]:
    if settings.messaging_service_sid:
        yield CheckResult.note(
            f"messages go out by the Messaging Service {settings.messaging_service_sid}, whose set-up is not checked",
            f"In its Integration page choose Send a webhook, with {settings.webhook_url} as the request URL.",
        )
        return
    number = await client.number(settings.sender)
    if number is None:
        yield CheckResult.error(
            f"the account has no number {settings.sender}",
            "Set TWILIO_FROM to one of the numbers under Phone Numbers, Active numbers, in Twilio's console.",
        )
        return
    if not (number.get("capabilities") or {}).get("sms"):
        yield CheckResult.error(
            f"{settings.sender} cannot send text messages", "Buy a number with the capability SMS."
        )
    calls, method = number.get("sms_url"), number.get("sms_method")
    if calls != settings.webhook_url:
        yield CheckResult.error(
            f"for a message to {settings.sender} Twilio calls {calls or 'nobody'} instead of {settings.webhook_url}",
            "Set it in the number's page: A message comes in, Webhook, HTTP POST.",
        )
    elif method != "POST":
        yield CheckResult.error(
            f"Twilio calls by {method} instead of POST", "Set HTTP POST in the number's page."
        )
    else:
        yield CheckResult.ok(f"for a message to {settings.sender} Twilio calls {calls}")
    for prefix, country in SEND_ONLY.items():
        if settings.sender.startswith(prefix):
            yield CheckResult.note(
                f"Twilio does not promise that answers reach a number in {country}",
                "Offer Telegram to clients there; docs/going-live.md says more.",
            )
    if settings.sender.startswith("+1"):
        yield CheckResult.note(
            "carriers in the US drop messages from a number that is not registered (A2P 10DLC, or toll-free)",
            "Register it under Messaging, Regulatory compliance, in Twilio's console (error 30034 says it is not).",
        )
