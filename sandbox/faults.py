"""Faults that tests switch on: the next calls of a route are slow, fail, are cut off or throttled."""

from __future__ import annotations

import asyncio
import enum
import threading
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.problem_details import problem, respond


class FaultKind(str, enum.Enum):
    """How a call fails."""

    SLOW = "slow"
    """It takes `seconds` longer."""
    ERROR = "500"
    """It is answered 500."""
    RESET = "reset"
    """The connection breaks off in the middle of the answer."""
    THROTTLED = "429"
    """It is answered 429."""


class FaultPhase(str, enum.Enum):
    """When a call fails."""

    BEFORE = "before"
    """Nothing of the call is done."""
    AFTER = "after"
    """The call is done; only its answer is lost."""


@dataclass
class Fault:
    """What happens to the next `times` calls whose path begins with `path`. An empty `method` stands for all."""

    path: str
    method: str
    kind: FaultKind
    when: FaultPhase
    times: int
    seconds: float


class FaultRegistry:
    """The faults that are switched on, in memory alone."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def replace(self, faults: list[Fault]) -> None:
        """Switch these faults on, and all others off."""
        with self._lock:
            self._faults = faults

    def consume(self, method: str, path: str) -> Fault | None:
        """Return the fault for this call, and count it."""
        with self._lock:
            for fault in self._faults:
                if fault.times > 0 and path.startswith(fault.path) and fault.method in {"", method}:
                    fault.times -= 1
                    return fault
        return None


class FaultMiddleware:
    """Applies the faults to the routes of the contract."""

    def __init__(self, app: ASGIApp, registry: FaultRegistry) -> None:
        self._app = app
        self._registry = registry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        fault = None
        if scope["type"] == "http" and scope["path"].startswith("/v1/"):
            fault = self._registry.consume(scope["method"], scope["path"])
        if fault is None:
            await self._app(scope, receive, send)
            return
        if fault.when is FaultPhase.AFTER:
            await self._app(scope, receive, _discard)
        if fault.kind is FaultKind.SLOW:
            await asyncio.sleep(fault.seconds)
            if fault.when is FaultPhase.BEFORE:
                await self._app(scope, receive, send)
                return
        if fault.kind in {FaultKind.SLOW, FaultKind.RESET}:
            # An answer that breaks off: the server can only close the connection.
            headers = [(b"content-length", b"100")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"", "more_body": True})
            raise ConnectionResetError("switched on by a test")
        throttled = fault.kind is FaultKind.THROTTLED
        answer = problem("overloaded", retry_after=1) if throttled else problem("internal")
        await respond(answer)(scope, receive, send)


async def _discard(_: Message) -> None:
    """Drop the answer of a call whose answer is lost."""
