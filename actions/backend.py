"""The client of the auth backend: the only way by which an action changes anything."""

from __future__ import annotations

import asyncio
import logging
import os
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias, TypeVar
from urllib.parse import quote, urlsplit

import httpx
from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
    wait_random_exponential,
)
from tenacity.wait import wait_base

from actions.backend_errors import BackendError, ErrorKind, json_object, rule_broken

__all__ = ["Backend", "BackendError", "ErrorKind", "PhoneVerification", "Timeouts", "Verified"]

log = logging.getLogger(__name__)

TRIES = 3
# Full jitter: a random wait, so that clients who were cut off together do not come back together.
FULL_JITTER = wait_random_exponential(multiplier=1, min=0.2, max=2)
LOOPBACK = {"127.0.0.1", "::1", "localhost"}

Answered: TypeAlias = Mapping[str, object]
Made = TypeVar("Made")


@dataclass(frozen=True)
class PhoneVerification:
    """A verification under way. The number is masked; the times are in UTC."""

    id: str
    number_masked: str
    expires_at: datetime
    resend_after: datetime
    checks_left: int
    sends_left: int


@dataclass(frozen=True)
class Verified:
    """The backend's word that a number is verified: nothing else may be called done.

    `sms_two_factor` says whether log-in by SMS code is being switched on as a consequence (KB3196).
    """

    receipt: str
    sms_two_factor: Literal["enrolling", "unchanged"]


@dataclass(frozen=True)
class Timeouts:
    """Seconds: to connect, for one try, and for a call with all its tries and waits."""

    connect: float = 1.0
    total: float = 5.0
    budget: float = 12.0


@dataclass(frozen=True)
class _Call:
    """One write. The body may hold a code, so a call that is printed shows nothing of it."""

    path: str = field(repr=False)
    body: Mapping[str, str] | None = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


class _TransientError(Exception):
    """A try failed in a way that another try may mend."""


class Backend:
    """Calls the auth backend. Use one for the life of an event loop, and close it.

    Every method takes `key`, the Idempotency-Key of the write: 1 to 200 visible ASCII characters that
    belong to the client's message and the step, so that a turn which is run twice writes once. It stays the
    same over all tries. All methods raise BackendError, and are done with after `timeouts.budget` seconds.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        timeouts: Timeouts = Timeouts(),
        wait: wait_base = FULL_JITTER,
    ) -> None:
        self._timeouts = timeouts
        self._wait = wait
        self._http = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(timeouts.total, connect=timeouts.connect),
            # Shorter than servers keep theirs (5 s with uvicorn): a try is not spent on a closed connection.
            limits=httpx.Limits(keepalive_expiry=2),
            # A proxy that is set for the outside must not be asked for a loopback address.
            trust_env=urlsplit(url).hostname not in LOOPBACK,
        )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Backend:
        """The backend that AUTH_BACKEND_URL and AUTH_BACKEND_TOKEN name.

        Raises ValueError, with one line that says which, when one is missing or wrong.
        """
        url = environment.get("AUTH_BACKEND_URL", "").strip()
        token = environment.get("AUTH_BACKEND_TOKEN", "").strip()
        if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
            raise ValueError("AUTH_BACKEND_URL must be set to the http(s) address of the auth backend")
        if not token:
            raise ValueError("AUTH_BACKEND_TOKEN must be set")
        return cls(url, token)

    async def __aenter__(self) -> Backend:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._http.aclose()

    async def start_verification(self, client: str, number: str, key: str) -> PhoneVerification:
        """Have a code sent to a number (E.164). `client` is the reference of the chat that asks.

        Kinds: NUMBER_INVALID, TOO_MANY_REQUESTS (retry_after).
        """
        body = {"client": client, "number": number}
        return await self._write("/v1/phone-verifications", body, key, _phone_verification)

    async def resend(self, id: str, key: str) -> PhoneVerification:
        """Have a new code sent; the one before it is dead from then on.

        Kinds: RESEND_TOO_EARLY (retry_after), TOO_MANY_SENDS, TOO_MANY_REQUESTS (retry_after), LOCKED,
        ALREADY_VERIFIED, NOT_FOUND.
        """
        path = f"/v1/phone-verifications/{quote(id, safe='')}/resend"
        return await self._write(path, None, key, _phone_verification)

    async def check(self, id: str, code: str, key: str) -> Verified:
        """Check the code that the client received.

        Kinds: WRONG_CODE (checks_left), EXPIRED, LOCKED, ALREADY_VERIFIED, NOT_FOUND.
        """
        path = f"/v1/phone-verifications/{quote(id, safe='')}/check"
        return await self._write(path, {"code": code}, key, _verified)

    async def _write(
        self, path: str, body: Mapping[str, str] | None, key: str, read: Callable[[Answered], Made]
    ) -> Made:
        request_id = uuid.uuid4().hex
        answer = await self._answer(_Call(path, body, {"Idempotency-Key": key, "X-Request-Id": request_id}))
        if answer is None:
            log.warning("the auth backend gave no usable answer (request %s)", request_id)
            raise BackendError(ErrorKind.UNAVAILABLE, request_id=request_id)
        if answer.is_success:
            try:
                return read(json_object(answer))
            except (KeyError, TypeError, ValueError):
                log.error("the auth backend's answer is not in the contract (request %s)", request_id)
            # Raised out of the handler, so that no traceback leads back to the answer.
            raise BackendError(ErrorKind.UNAVAILABLE, request_id=request_id)
        broken = rule_broken(answer)
        if broken is not None:
            raise BackendError(*broken, request_id=request_id)
        log.error("the auth backend answered %d (request %s)", answer.status_code, request_id)
        kind = ErrorKind.REFUSED if answer.is_client_error else ErrorKind.UNAVAILABLE
        raise BackendError(kind, request_id=request_id)

    async def _answer(self, call: _Call) -> httpx.Response | None:
        """The first answer that another try would not better; None when no try brought one."""
        tries = AsyncRetrying(
            stop=stop_after_attempt(TRIES) | stop_before_delay(self._timeouts.budget),
            wait=self._wait,
            retry=retry_if_exception_type(_TransientError),
            reraise=True,
        )
        try:
            return await tries(self._try, call, time.monotonic() + self._timeouts.budget)
        except _TransientError:
            return None

    async def _try(self, call: _Call, deadline: float) -> httpx.Response:
        seconds = min(self._timeouts.total, deadline - time.monotonic())
        try:
            # httpx counts each wait for bytes by itself; an answer that trickles in would take for ever.
            answer = await asyncio.wait_for(
                self._http.post(call.path, json=call.body, headers=call.headers), seconds
            )
        except (httpx.TransportError, asyncio.TimeoutError) as error:
            log.info("a try to reach the auth backend failed: %s", type(error).__name__)
        else:
            ours = answer.status_code < 500 and (answer.status_code != 429 or rule_broken(answer))
            if ours:
                return answer
            log.info("a try to reach the auth backend was answered %d", answer.status_code)
        raise _TransientError


# These raise KeyError, TypeError or ValueError when an answer is not what the contract says.


def _phone_verification(answered: Answered) -> PhoneVerification:
    return PhoneVerification(
        id=_text(answered["id"]),
        number_masked=_text(answered["number_masked"]),
        expires_at=_time(answered["expires_at"]),
        resend_after=_time(answered["resend_after"]),
        checks_left=_count(answered["checks_left"]),
        sends_left=_count(answered["sends_left"]),
    )


def _verified(answered: Answered) -> Verified:
    if answered["status"] != "verified":
        raise ValueError
    # Of a word that we do not know nothing is said to the client: the number is verified all the same.
    enrolling = answered.get("sms_two_factor") == "enrolling"
    return Verified(_text(answered["receipt"]), "enrolling" if enrolling else "unchanged")


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    return value


def _time(value: object) -> datetime:
    # Python before 3.11 does not read the Z of RFC 3339.
    moment = datetime.fromisoformat(_text(value).replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError
    return moment
