"""An HTTP server with faults on demand, in the event loop of the test."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class FaultyReply:
    """An answer. A body that is not bytes is sent as JSON."""

    status: int
    body: object = b""
    headers: tuple[tuple[str, str], ...] = ()

    def encode(self) -> bytes:
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        lines = [f"HTTP/1.1 {self.status} x", f"Content-Length: {len(body)}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass(frozen=True)
class ReceivedRequest:
    """One received request."""

    path: str
    headers: dict[str, str]
    body: bytes


Behaviour = FaultyReply | Literal["hang", "trickle", "drop"]


class FaultyServer:
    """Answers each request with the next of its behaviours, and with the last one from then on.

    "hang" reads the request and never answers; "trickle" sends single bytes without an end; "drop" reads the
    request and closes the connection. `requests` holds the requests in order.
    """

    def __init__(self, behaviours: tuple[Behaviour, ...]) -> None:
        self._behaviours = list(behaviours)
        self._stopped = asyncio.Event()
        self.requests: list[ReceivedRequest] = []
        self.url = ""

    async def start(self) -> asyncio.Server:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return server

    def stop(self) -> None:
        """Release the requests that hang."""
        self._stopped.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.requests.append(await self._read(reader))
            behaviour = self._behaviours.pop(0) if len(self._behaviours) > 1 else self._behaviours[0]
            if isinstance(behaviour, FaultyReply):
                writer.write(behaviour.encode())
                await writer.drain()
            elif behaviour == "hang":
                await self._stopped.wait()
            elif behaviour == "trickle":
                await self._trickle(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> ReceivedRequest:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        return ReceivedRequest(first.split()[1], headers, body)

    async def _trickle(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 x\r\nContent-Length: 100000\r\n\r\n")
        while not self._stopped.is_set():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)


@asynccontextmanager
async def faulty_server(*behaviours: Behaviour) -> AsyncIterator[FaultyServer]:
    """Run a faulty server on a free loopback port."""
    faulty = FaultyServer(behaviours)
    server = await faulty.start()
    try:
        yield faulty
    finally:
        faulty.stop()
        server.close()
        await server.wait_closed()
