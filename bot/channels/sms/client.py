"""The part of Twilio's REST API that the gateway uses, with timeouts.

It uses httpx, since Twilio's own client ignores its timeout when asynchronous, and differs between the version that
Rasa allows and the current one. Signatures are checked by Twilio's own code (signature.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from bot.settings import SmsSettings, is_loopback

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 10.0
_RECENT = 20


@dataclass(frozen=True)
class TwilioMessage:
    """A message as Twilio stores it."""

    sid: str
    to: str
    body: str
    segments: int
    created_at: datetime | None
    outbound: bool


class TwilioError(Exception):
    """Twilio refused a call. `status` is the HTTP status, `code` Twilio's own code (0 if it gave none)."""

    def __init__(self, status: int, code: int, retry_after: float | None = None) -> None:
        super().__init__(f"status {status}, code {code}")
        self.status = status
        self.code = code
        self.retry_after = retry_after


class TwilioClient:
    """Calls raise httpx.HTTPError without an answer, TwilioError on a refusal, ValueError on a malformed answer."""

    def __init__(self, settings: SmsSettings) -> None:
        self._settings = settings
        self._http = httpx.AsyncClient(
            base_url=settings.api_base_url,
            auth=(settings.account_sid, settings.auth_token),
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
            # A stand-in on this machine is called without the machine's proxy.
            trust_env=not is_loopback(httpx.URL(settings.api_base_url).host),
        )

    async def send(self, to: str, body: str, status_callback: str | None = None) -> TwilioMessage:
        """Send a message. Not idempotent: after a lost answer check `recent` before sending again."""
        form = {"To": to, "Body": body} | ({"StatusCallback": status_callback} if status_callback else {})
        if self._settings.messaging_service_sid:
            form["MessagingServiceSid"] = self._settings.messaging_service_sid
        else:
            form["From"] = self._settings.sender
        return _message(await self._call("POST", self._resource_path("Messages"), data=form))

    async def recent(self, to: str) -> list[TwilioMessage]:
        """Return the latest messages to a number, newest first."""
        answer = await self._call(
            "GET", self._resource_path("Messages"), params={"To": to, "PageSize": _RECENT}
        )
        return [_message(message) for message in answer["messages"]]

    async def account(self) -> dict[str, Any]:
        """Return the account, with its `status`."""
        return await self._call("GET", f"/2010-04-01/Accounts/{self._settings.account_sid}.json")

    async def number(self, number: str) -> dict[str, Any] | None:
        """Return `sms_url`, `sms_method` and `capabilities` of one of the account's numbers; None if it is not one."""
        answer = await self._call(
            "GET", self._resource_path("IncomingPhoneNumbers"), params={"PhoneNumber": number}
        )
        return next((dict(found) for found in answer["incoming_phone_numbers"]), None)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def _resource_path(self, resource: str) -> str:
        return f"/2010-04-01/Accounts/{self._settings.account_sid}/{resource}.json"

    async def _call(self, method: str, path: str, **what: Any) -> dict[str, Any]:
        response = await self._http.request(method, path, **what)
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if response.is_success:
            if not isinstance(answer, dict):
                raise ValueError("the answer is not a JSON object")
            return answer
        code = answer.get("code") if isinstance(answer, dict) else 0
        raise TwilioError(response.status_code, code if isinstance(code, int) else 0, _retry_after(response))


def _message(answer: dict[str, Any]) -> TwilioMessage:
    """Parse one message. Raises ValueError when the answer has another shape."""
    try:
        created = answer.get("date_created")
        return TwilioMessage(
            sid=str(answer["sid"]),
            to=str(answer.get("to")),
            body=str(answer.get("body")),
            segments=int(answer.get("num_segments") or 1),
            created_at=parsedate_to_datetime(created) if created else None,
            outbound=str(answer.get("direction", "")).startswith("outbound"),
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("the message has another shape") from error


def _retry_after(response: httpx.Response) -> float | None:
    given = response.headers.get("Retry-After", "")
    return float(given) if given.isascii() and given.isdigit() else None
