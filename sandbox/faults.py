"""Faults that tests switch on: the next calls of a route are slow, fail, are cut off or turned away."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from typing import Literal

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.problems import problem, respond

Kind = Literal["slow", "500", "reset", "429"]
When = Literal["before", "after"]


@dataclass
class Fault:
    """What happens to the next `times` calls whose address begins with `path`.

    `when` is before: nothing of the call is done. after: it is done, and only its answer is lost.
    """

    path: str
    method: str
    kind: Kind
    when: When
    times: int
    seconds: float


class Switchboard:
    """The faults that are switched on now; gone with the process."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def set(self, faults: list[Fault]) -> None:
        """These and no others from now on."""
        with self._lock:
            self._faults = faults

    def take(self, method: str, path: str) -> Fault | None:
        """The fault for this call, counted."""
        with self._lock:
            for fault in self._faults:
                if fault.times > 0 and path.startswith(fault.path) and fault.method in {"", method}:
                    fault.times -= 1
                    return fault
        return None


class Faults:
    """Carries the switched-on faults out, in front of the routes of the contract."""

    def __init__(self, app: ASGIApp, switchboard: Switchboard) -> None:
        self._app = app
        self._switchboard = switchboard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = None
        if scope["type"] == "http" and scope["path"].startswith("/v1/"):
            fault = self._switchboard.take(scope["method"], scope["path"])
        if fault is None:
            await self._app(scope, receive, send)
            return
        if fault.when == "after":
            await self._app(scope, receive, _unheard)
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
            if fault.when == "before":
                await self._app(scope, receive, send)
                return
        if fault.kind in {"slow", "reset"}:
            # An answer that breaks off: the server can do nothing but close the connection.
            headers = [(b"content-length", b"100")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"", "more_body": True})
            raise ConnectionResetError("switched on by a test")
        code = {"500": "internal", "429": "overloaded"}[fault.kind]
        await respond(problem(code, retry_after=1) if fault.kind == "429" else problem(code))(
            scope, receive, send
        )


async def _unheard(_: Message) -> None:
    """Where an answer goes that nobody hears."""
