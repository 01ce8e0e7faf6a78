"""An HTTP server in a thread with scripted faults: it refuses, hangs, or closes the connection."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Answer:
    """A status and a JSON body."""

    status: int
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()

    def encode(self) -> bytes:
        """Return the answer as bytes."""
        body = b"" if self.body is None else json.dumps(self.body).encode()
        lines = [f"HTTP/1.1 {self.status} x", f"Content-Length: {len(body)}", "Connection: close"]
        lines += ["Content-Type: application/json", *(f"{name}: {value}" for name, value in self.headers)]
        return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass(frozen=True)
class Call:
    """One received request. `form` holds the fields of a form, `query` those of the URL."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


class ScriptedServer:
    """Serves `handle` on a loopback port. `faults[name]` are consumed first, one per call of that name.

    A fault is an Answer, or one of: "drop" (the connection is closed before the call is handled), "lost" (the call is
    handled, and the connection closed instead of an answer), "garbage" (the call is handled, and the answer is no
    JSON), "hang" (the call is neither handled nor answered). `down` is the fault of all other calls.
    """

    def __init__(self, port: int = 0) -> None:
        self.faults: dict[str, deque[Any]] = defaultdict(deque)
        self.down: Any = None
        self._arrived = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._stopped = asyncio.Event()
        self._thread = threading.Thread(target=self._run, args=(port,), daemon=True)
        self._up = threading.Event()
        self.url = ""

    def name(self, call: Call) -> str:
        """Return the name of a call, by which its faults are found."""
        raise NotImplementedError

    async def handle(self, call: Call) -> Answer:
        """Handle the call."""
        raise NotImplementedError

    def wait_for(self, condition: Any, seconds: float = 20.0) -> None:
        """Wait until `condition()` is true. It is evaluated after each call."""
        with self._arrived:
            assert self._arrived.wait_for(condition, seconds), "it did not happen"

    def __enter__(self) -> Any:
        self._thread.start()
        assert self._up.wait(10)
        return self

    def __exit__(self, *_exception: object) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(10)

    def _run(self, port: int) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve(port))

    async def _serve(self, port: int) -> None:
        server = await asyncio.start_server(self._connection, "127.0.0.1", port, backlog=1000)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._up.set()
        await self._stopped.wait()
        server.close()
        # The calls that hang.
        held = asyncio.all_tasks() - {asyncio.current_task()}
        for call in held:
            call.cancel()
        await asyncio.gather(*held, return_exceptions=True)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            call = await _read(reader)
            faults = self.faults[self.name(call)]
            fault = faults.popleft() if faults else self.down
            if fault == "hang":
                await self._stopped.wait()
            elif isinstance(fault, Answer):
                writer.write(fault.encode())
            elif fault == "garbage":
                await self.handle(call)
                writer.write(b"HTTP/1.1 200 x\r\nContent-Length: 5\r\nConnection: close\r\n\r\n<html")
            elif fault == "lost":
                await self.handle(call)
            elif fault is None:
                writer.write((await self.handle(call)).encode())
            with contextlib.suppress(ConnectionError):
                await writer.drain()
        writer.close()
        with self._arrived:
            self._arrived.notify_all()


async def _read(reader: asyncio.StreamReader) -> Call:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    method, target, _ = first.split(" ")
    parts = urlsplit(target)
    return Call(method, parts.path, dict(parse_qsl(parts.query, keep_blank_values=True)), headers, body)
