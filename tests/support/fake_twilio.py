"""A strict fake of Twilio's REST API on a loopback port, with scripted faults, and signed calls as from Twilio."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import re
import threading
from email.utils import formatdate
from typing import Any
from urllib.parse import urlencode

from tests.support.scripted_server import Answer, Call, ScriptedServer

ACCOUNT = "AC" + "0123456789abcdef" * 2
AUTH_TOKEN = "auth-token-of-no-account"
OUR_NUMBER = "+15550109999"
PUBLIC_URL = "https://assistant.example"

_sids = itertools.count(1)


def new_sid(prefix: str = "SM") -> str:
    """Return a new id in Twilio's form."""
    return f"{prefix}{next(_sids):032x}"


def refusal(status: int, code: int, message: str = "refused") -> Answer:
    """Return an error in Twilio's form."""
    more_info = f"https://www.twilio.com/docs/errors/{code}"
    return Answer(status, {"code": code, "message": message, "status": status, "more_info": more_info})


class FakeTwilio(ScriptedServer):
    """The fake API. `messages` are the accepted messages in order, `wrong` the reasons of refusals."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.messages: list[dict[str, Any]] = []
        self.calls: list[Call] = []
        self.wrong: list[str] = []
        self.clock: Any = None
        self.numbers: list[dict[str, Any]] = []
        self.account_status = "active"
        self._lock = threading.Lock()

    def name(self, call: Call) -> str:
        resource = call.path.rpartition("/")[2].removesuffix(".json")
        return f"{call.method} {resource if resource != ACCOUNT else 'Account'}"

    async def handle(self, call: Call) -> Answer:
        with self._lock:
            self.calls.append(call)
        expected = "Basic " + base64.b64encode(f"{ACCOUNT}:{AUTH_TOKEN}".encode()).decode()
        if call.headers.get("authorization") != expected:
            return refusal(401, 20003, "Authenticate")
        match self.name(call):
            case "POST Messages":
                return self._create(call.form)
            case "GET Messages":
                found = [m for m in reversed(self.messages) if m["to"] == call.query.get("To", m["to"])]
                return Answer(200, {"messages": found[: int(call.query.get("PageSize", "50"))]})
            case "GET Account":
                return Answer(200, {"sid": ACCOUNT, "status": self.account_status, "type": "Full"})
            case "GET IncomingPhoneNumbers":
                wanted = call.query.get("PhoneNumber")
                found = [number for number in self.numbers if number["phone_number"] == wanted]
                return Answer(200, {"incoming_phone_numbers": found})
        return refusal(404, 20404, "not found")

    def bodies(self, to: str) -> list[str]:
        """Return the texts sent to a number, in order."""
        return [message["body"] for message in list(self.messages) if message["to"] == to]

    def _create(self, form: dict[str, str]) -> Answer:
        problem = _problem(form)
        if problem:
            self.wrong.append(problem[1])
            return refusal(400, *problem)
        message = {
            "sid": new_sid(),
            "account_sid": ACCOUNT,
            "to": form["To"],
            "from": form.get("From"),
            "body": form["Body"],
            "status": "queued",
            "direction": "outbound-api",
            "num_segments": "1",
            "date_created": formatdate(self.clock() if self.clock else None),
            "status_callback": form.get("StatusCallback", ""),
        }
        with self._lock:
            self.messages.append(message)
        return Answer(201, message)


def _problem(form: dict[str, str]) -> tuple[int, str] | None:
    known = {"To", "From", "Body", "StatusCallback", "MessagingServiceSid"}
    if form.keys() - known:
        return 20001, f"unknown parameters {form.keys() - known}"
    if not re.fullmatch(r"\+[1-9]\d{6,14}", form.get("To", "")):
        return 21211, "invalid To"
    if not form.get("Body", "").strip():
        return 21602, "no body"
    if len(form["Body"].encode("utf-16-le")) // 2 > 1600:
        return 21617, "body too long"
    if bool(form.get("From")) == bool(form.get("MessagingServiceSid")):
        return 21603, "no sender"
    if not form.get("StatusCallback", "https://").startswith("https://"):
        return 21609, "invalid StatusCallback"
    return None


def signature(url: str, fields: list[tuple[str, str]], token: str = AUTH_TOKEN) -> str:
    """Return Twilio's signature, computed after its documentation and independently of its library."""
    text = url + "".join(name + value for name, value in sorted(set(fields)))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def incoming(sender: str, body: str, **fields: str) -> list[tuple[str, str]]:
    """Return the form of an inbound message, with blank fields as for a sender outside North America."""
    return list(
        {
            "ToCountry": "US",
            "MessageSid": new_sid(),
            "AccountSid": ACCOUNT,
            "From": sender,
            "To": OUR_NUMBER,
            "Body": body,
            "NumMedia": "0",
            "NumSegments": "1",
            "FromCity": "",
            "FromState": "",
            "FromZip": "",
            "FromCountry": "JP",
            "ApiVersion": "2010-04-01",
            **fields,
        }.items()
    )


def signed(path: str, fields: list[tuple[str, str]], query: str = "") -> tuple[str, bytes, dict[str, str]]:
    """Return path, body and headers of a call with Twilio's signature."""
    target = f"{path}?{query}" if query else path
    headers = {
        "X-Twilio-Signature": signature(PUBLIC_URL + target, fields),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    return target, urlencode(fields).encode(), headers
