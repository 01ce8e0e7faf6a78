"""One call to the auth backend: its tries, its time, its breaker, and what of the answer is let in."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlsplit

import httpx
from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
    wait_random_exponential,
)
from tenacity.wait import wait_base

from actions.backend.answers import Answered
from actions.backend.breaker import Breaker
from actions.backend.errors import BackendError, ErrorKind, json_object, rule_broken

log = logging.getLogger(__name__)

TRIES = 3
# Full jitter: a random wait, so that clients who were cut off together do not come back together.
FULL_JITTER = wait_random_exponential(multiplier=1, min=0.2, max=2)
LOOPBACK = {"127.0.0.1", "::1", "localhost"}

Made = TypeVar("Made")


@dataclass(frozen=True)
class Timeouts:
    """Seconds: to connect, for one try, and for a call with all its tries and waits."""

    connect: float = 1.0
    total: float = 5.0
    budget: float = 12.0


@dataclass(frozen=True)
class Call:
    """One call. The body may hold a code and the reference a number, so a call that is printed shows nothing of them.

    `key` is the Idempotency-Key of a write; a read has none. `tries`: 1 for what is nice to know but not worth a wait.
    """

    method: str
    path: str = field(repr=False)
    client: str = field(repr=False)
    key: str | None = None
    body: Mapping[str, str] | None = field(default=None, repr=False)
    tries: int = TRIES


class _TransientError(Exception):
    """A try failed in a way that another try may mend."""


class Transport:
    """Makes calls and reads their answers. Raises BackendError and nothing else."""

    def __init__(self, url: str, token: str, timeouts: Timeouts, wait: wait_base, breaker: Breaker) -> None:
        self._timeouts = timeouts
        self._wait = wait
        self._breaker = breaker
        self._http = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(timeouts.total, connect=timeouts.connect),
            # Shorter than servers keep theirs (5 s with uvicorn): a try is not spent on a closed connection.
            limits=httpx.Limits(keepalive_expiry=2),
            # A proxy that is set for the outside must not be asked for a loopback address.
            trust_env=urlsplit(url).hostname not in LOOPBACK,
            # Without TLS no certificates are read, which takes longer than a call.
            verify=urlsplit(url).scheme == "https",
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def call(self, call: Call, read: Callable[[Answered], Made]) -> Made:
        """Make the call and `read` its answer, which raises KeyError, TypeError or ValueError when it is none."""
        request_id = uuid.uuid4().hex
        if not self._breaker.lets_through():
            raise BackendError(ErrorKind.UNAVAILABLE, request_id=request_id)
        try:
            answer = await self._answer(call, request_id)
        except BaseException:
            # Whoever was let through must report, also when cut off: else nobody would ever probe again.
            self._breaker.failed()
            raise
        if answer is None:
            self._breaker.failed()
            log.warning("the auth backend gave no usable answer (request %s)", request_id)
            raise BackendError(ErrorKind.UNAVAILABLE, request_id=request_id)
        self._breaker.worked()
        if answer.is_success:
            try:
                return read(json_object(answer))
            except (KeyError, TypeError, ValueError, IndexError):
                log.error("the auth backend's answer is not in the contract (request %s)", request_id)
            # Raised out of the handler, so that no traceback leads back to the answer.
            raise BackendError(ErrorKind.UNAVAILABLE, request_id=request_id)
        broken = rule_broken(answer)
        if broken is not None:
            raise BackendError(*broken, request_id=request_id)
        log.error("the auth backend answered %d (request %s)", answer.status_code, request_id)
        kind = ErrorKind.REFUSED if answer.is_client_error else ErrorKind.UNAVAILABLE
        raise BackendError(kind, request_id=request_id)

    async def _answer(self, call: Call, request_id: str) -> httpx.Response | None:
        """The first answer that another try would not better; None when no try brought one."""
        tries = AsyncRetrying(
            stop=stop_after_attempt(call.tries) | stop_before_delay(self._timeouts.budget),
            wait=self._wait,
            retry=retry_if_exception_type(_TransientError),
            reraise=True,
        )
        headers = {"Client-Reference": call.client, "X-Request-Id": request_id}
        if call.key is not None:
            headers["Idempotency-Key"] = call.key
        try:
            return await tries(self._try, call, headers, time.monotonic() + self._timeouts.budget)
        except _TransientError:
            return None

    async def _try(self, call: Call, headers: Mapping[str, str], deadline: float) -> httpx.Response:
        seconds = min(self._timeouts.total, deadline - time.monotonic())
        try:
            # httpx counts each wait for bytes by itself; an answer that trickles in would take for ever.
            answer = await asyncio.wait_for(
                self._http.request(call.method, call.path, json=call.body, headers=headers), seconds
            )
        except (httpx.TransportError, asyncio.TimeoutError) as error:
            log.info("a try to reach the auth backend failed: %s", type(error).__name__)
        else:
            ours = answer.status_code < 500 and (answer.status_code != 429 or rule_broken(answer))
            if ours:
                return answer
            log.info("a try to reach the auth backend was answered %d", answer.status_code)
        raise _TransientError
