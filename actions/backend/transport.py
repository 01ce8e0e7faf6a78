"""One call to the auth backend: its retries, its time limits, its circuit breaker, and the reading of its answer."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Mapping
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

from actions.backend.breaker import Breaker
from actions.backend.errors import BackendError, ErrorKind, read_problem
from contracts.codec import ContractError, decode

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
# Full jitter: a random wait, so that clients who were cut off together do not come back together.
FULL_JITTER = wait_random_exponential(multiplier=1, min=0.2, max=2)
LOOPBACK_HOSTS = {"127.0.0.1", "::1", "localhost"}

Shape = TypeVar("Shape")


@dataclass(frozen=True)
class Timeouts:
    """Seconds: to connect, for one attempt, and for a call with all its attempts and waits."""

    connect: float = 1.0
    total: float = 5.0
    budget: float = 12.0


@dataclass(frozen=True)
class BackendCall:
    """One call. Its representation omits the path, the chat and the body, which may hold a number or a code.

    `key` is the Idempotency-Key of a write; a read has none. `max_attempts` is 1 for what is not worth a wait.
    """

    method: str
    path: str = field(repr=False)
    client: str = field(repr=False)
    key: str | None = None
    body: Mapping[str, str] | None = field(default=None, repr=False)
    max_attempts: int = MAX_ATTEMPTS


class _TransientError(Exception):
    """An attempt failed in a way that another attempt may fix."""


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
            # Shorter than servers keep theirs (5 s with uvicorn), so that no attempt is spent on a closed connection.
            limits=httpx.Limits(keepalive_expiry=2),
            # A proxy that is set for the outside must not be asked for a loopback address.
            trust_env=urlsplit(url).hostname not in LOOPBACK_HOSTS,
            # Without TLS no certificates are read, which takes longer than a call.
            verify=urlsplit(url).scheme == "https",
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def call(self, call: BackendCall, shape: type[Shape]) -> Shape:
        """Make the call and return its answer as `shape`. Raises BackendError."""
        request_id = uuid.uuid4().hex
        if not self._breaker.allows_call():
            raise BackendError(ErrorKind.UNAVAILABLE, request_id=request_id)
        try:
            answer = await self._send(call, request_id)
        except BaseException:
            # A call that the breaker allowed must be recorded even when it is cancelled: a probe would never end.
            self._breaker.record_failure()
            raise
        if answer is None:
            self._breaker.record_failure()
            log.warning("the auth backend returned no usable answer (request %s)", request_id)
            raise BackendError(ErrorKind.UNAVAILABLE, request_id=request_id)
        self._breaker.record_success()
        if answer.is_success:
            return _read(answer, shape, request_id)
        problem = read_problem(answer)
        if problem is not None:
            raise BackendError(*problem, request_id=request_id)
        log.error("the auth backend answered %d (request %s)", answer.status_code, request_id)
        kind = ErrorKind.REFUSED if answer.is_client_error else ErrorKind.UNAVAILABLE
        raise BackendError(kind, request_id=request_id)

    async def _send(self, call: BackendCall, request_id: str) -> httpx.Response | None:
        """Return the first answer that no further attempt would improve, or None."""
        retrying = AsyncRetrying(
            stop=stop_after_attempt(call.max_attempts) | stop_before_delay(self._timeouts.budget),
            wait=self._wait,
            retry=retry_if_exception_type(_TransientError),
            reraise=True,
        )
        headers = {"Client-Reference": call.client, "X-Request-Id": request_id}
        if call.key is not None:
            headers["Idempotency-Key"] = call.key
        try:
            return await retrying(self._attempt, call, headers, time.monotonic() + self._timeouts.budget)
        except _TransientError:
            return None

    async def _attempt(
        self, call: BackendCall, headers: Mapping[str, str], deadline: float
    ) -> httpx.Response:
        seconds = min(self._timeouts.total, deadline - time.monotonic())
        try:
            # httpx limits each wait for bytes by itself; an answer that trickles in would never end.
            answer = await asyncio.wait_for(
                self._http.request(call.method, call.path, json=call.body, headers=headers), seconds
            )
        except (httpx.TransportError, asyncio.TimeoutError) as error:
            log.info("an attempt to reach the auth backend failed: %s", type(error).__name__)
        else:
            final = answer.status_code < 500 and (answer.status_code != 429 or read_problem(answer))
            if final:
                return answer
            log.info("an attempt to reach the auth backend was answered %d", answer.status_code)
        raise _TransientError


def _read(answer: httpx.Response, shape: type[Shape], request_id: str) -> Shape:
    try:
        return decode(answer.content, shape)
    except ContractError:
        log.error("the auth backend's answer violates the contract (request %s)", request_id)
    # Raised outside the handler, so that no traceback leads back to the answer.
    raise BackendError(ErrorKind.UNAVAILABLE, request_id=request_id)
