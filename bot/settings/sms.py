"""Settings of the SMS channel (Twilio)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bot.settings import reader as read
from bot.settings.reader import Reader, SettingsError

API_BASE_URL = "https://api.twilio.com"
# A number in international form, or a short code. A name as the sender could not be answered.
_FROM = re.compile(r"\+[1-9]\d{6,14}|\d{3,6}")


@dataclass(frozen=True)
class SmsSettings:
    """The account, its number or Messaging Service, and the public address that Twilio calls and signs.

    Exactly one of `sender` and `messaging_service_sid` is set.
    """

    account_sid: str
    auth_token: str = field(repr=False)
    sender: str
    messaging_service_sid: str
    public_url: str
    api_base_url: str
    # The only ones that the sandbox backend may send its codes to.
    sandbox_numbers: frozenset[str] = frozenset()

    @property
    def webhook_url(self) -> str:
        """What Twilio calls for an incoming message."""
        return f"{self.public_url}/webhooks/sms"

    @property
    def status_url(self) -> str:
        """What Twilio calls when it knows more about a message of ours."""
        return f"{self.webhook_url}/status"

    @classmethod
    def read(cls, value: Reader, public_url: str | None) -> SmsSettings | None:
        """The settings as `value` reads them; None without TWILIO_ACCOUNT_SID. Raises SettingsError."""
        sid = value("TWILIO_ACCOUNT_SID", _sid("AC"), "")
        token = value("TWILIO_AUTH_TOKEN", str, "")
        sender = value("TWILIO_FROM", _from, "")
        service = value("TWILIO_MESSAGING_SERVICE_SID", _sid("MG"), "")
        base = value("TWILIO_API_BASE_URL", read.http_url, API_BASE_URL)
        numbers: frozenset[str] = value("SANDBOX_SMS_TO", read.numbers, frozenset())
        if not sid:
            return None
        for name, given in (("TWILIO_AUTH_TOKEN", token), ("PUBLIC_URL", public_url)):
            if not given:
                raise SettingsError(f"{name} must be set when TWILIO_ACCOUNT_SID is set")
        if bool(sender) == bool(service):
            raise SettingsError(
                "either TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID must be set when TWILIO_ACCOUNT_SID is set, "
                "and not both"
            )
        return cls(sid, token, sender, service, str(public_url), base, numbers)


# Each parser's ValueError finishes the sentence "NAME must be ...".


def _sid(prefix: str) -> read.Parser[str]:
    def parse(text: str) -> str:
        if not re.fullmatch(rf"{prefix}[0-9A-Za-z]{{32}}", text):
            raise ValueError(f"{prefix} and 32 letters and digits, as Twilio's console shows it")
        return text

    return parse


def _from(text: str) -> str:
    number = re.sub(r"[ ()-]", "", text)
    if not _FROM.fullmatch(number):
        raise ValueError("a number like +15550101234 or a short code, which clients can answer")
    return number
