"""Settings of the SMS channel (Twilio)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bot.settings import general, parsers
from bot.settings.declaration import Parser, Setting, SettingsError, SettingsSource, require

# A number in international form, or a short code. Clients cannot answer an alphanumeric sender.
_SENDER = re.compile(r"\+[1-9]\d{6,14}|\d{3,6}")


def _sid(prefix: str) -> Parser[str]:
    def parse(text: str) -> str:
        if not re.fullmatch(rf"{prefix}[0-9A-Za-z]{{32}}", text):
            raise ValueError(f"{prefix} and 32 letters and digits, as Twilio's console shows it")
        return text

    return parse


def _sender(text: str) -> str:
    number = re.sub(r"[ ()-]", "", text)
    if not _SENDER.fullmatch(number):
        raise ValueError("a number like +15550101234 or a short code, which clients can answer")
    return number


ACCOUNT_SID = Setting(
    "TWILIO_ACCOUNT_SID",
    _sid("AC"),
    "",
    "Twilio account. It connects the assistant to SMS and requires PUBLIC_URL.",
)
AUTH_TOKEN = Setting("TWILIO_AUTH_TOKEN", str, "", "Auth token of the Twilio account.")
SENDER = Setting("TWILIO_FROM", _sender, "", "Number that sends. Set this or TWILIO_MESSAGING_SERVICE_SID.")
MESSAGING_SERVICE_SID = Setting(
    "TWILIO_MESSAGING_SERVICE_SID", _sid("MG"), "", "Messaging Service that sends, instead of TWILIO_FROM."
)
API_BASE_URL = Setting(
    "TWILIO_API_BASE_URL",
    parsers.http_url,
    "https://api.twilio.com",
    "Address of Twilio's API, or of a stand-in in tests.",
)
SANDBOX_SMS_TO: Setting[frozenset[str]] = Setting(
    "SANDBOX_SMS_TO",
    parsers.mobile_numbers,
    frozenset(),
    "Real numbers to which the sandbox may send its codes, such as +15550101234,+15550101235.",
)


@dataclass(frozen=True)
class SmsSettings:
    """The account, its number or Messaging Service, and the public address that Twilio calls and signs.

    Exactly one of `sender` and `messaging_service_sid` is set. The sandbox may send codes to `sandbox_numbers` only.
    """

    account_sid: str
    auth_token: str = field(repr=False)
    sender: str
    messaging_service_sid: str
    public_url: str
    api_base_url: str
    sandbox_numbers: frozenset[str] = frozenset()

    @property
    def webhook_url(self) -> str:
        """The address that Twilio calls for an inbound message."""
        return f"{self.public_url}/webhooks/sms"

    @property
    def status_url(self) -> str:
        """The address that Twilio calls with delivery reports."""
        return f"{self.webhook_url}/status"

    @classmethod
    def read(cls, source: SettingsSource, public_url: str | None) -> SmsSettings | None:
        """Return the settings, or None without TWILIO_ACCOUNT_SID. Raise SettingsError."""
        account_sid = source.read(ACCOUNT_SID)
        auth_token = source.read(AUTH_TOKEN)
        sender = source.read(SENDER)
        service_sid = source.read(MESSAGING_SERVICE_SID)
        api_base_url = source.read(API_BASE_URL)
        sandbox_numbers = source.read(SANDBOX_SMS_TO)
        if not account_sid:
            return None
        condition = f"{ACCOUNT_SID.name} is set"
        require(AUTH_TOKEN, auth_token, condition)
        require(general.PUBLIC_URL, public_url, condition)
        if bool(sender) == bool(service_sid):
            raise SettingsError(
                "either TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID must be set when TWILIO_ACCOUNT_SID is set, "
                "and not both"
            )
        return cls(
            account_sid, auth_token, sender, service_sid, str(public_url), api_base_url, sandbox_numbers
        )
