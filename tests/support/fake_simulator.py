"""A small fake of the gateway behind the simulator's page.

It follows the contract of the simulator's API (ids grow, a repeated `id` is stored once, `idle` is only true when
nothing is left to do, `wait` holds a request) on the gateway's own store of phones, and serves the page
under a strict content security policy. The test decides what the assistant answers, and when the
server stops.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from bot.channels.simulator.phones import Phones, PhoneSender
from tests.support.browser import new_page
from tests.support.simulator_page import SimulatorPage

if TYPE_CHECKING:
    from playwright.async_api import Browser

PERSON = "person-4f2a"
NUMBER = "+819012345678"
PAGE = Path(__file__).parents[2] / "bot" / "channels" / "simulator" / "page"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True)
class Received:
    """One inbound message: its phone, and the body of the request."""

    channel: str
    peer: str
    body: dict[str, Any]


Answer = Callable[["FakeSimulator", Received], Awaitable[None]]


async def echo(simulator: FakeSimulator, received: Received) -> None:
    """Answer a message with its own text."""
    content = received.body.get("text", received.body.get("button"))
    simulator.deliver(received.channel, received.peer, f"You said: {content}")


@dataclass
class FakeSimulator:
    """The gateway's simulator, with its server running between `start` and `stop` (or in `serving`)."""

    answer: Answer = echo
    phones: Phones = field(default_factory=lambda: Phones(None))
    received: list[Received] = field(default_factory=list)
    # All requests that reached the server, repetitions included.
    posts: list[Received] = field(default_factory=list)
    # The statuses with which the next POSTs are refused, in order.
    refusals: list[int] = field(default_factory=list)
    # Called when a message is stored and not yet acknowledged.
    before_acknowledging: Callable[[], Awaitable[None]] | None = None
    port: int = 0
    _busy: dict[tuple[str, str], int] = field(default_factory=dict)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _server: uvicorn.Server | None = None
    _running: asyncio.Task[None] | None = None

    @property
    def home(self) -> str:
        """The address of the server, which stays the same after a restart."""
        return f"http://127.0.0.1:{self.port}"

    def deliver(
        self,
        channel: str,
        peer: str,
        text: str,
        *,
        origin: PhoneSender = "bot",
        buttons: list[str] | None = None,
        bold: list[tuple[int, int]] | None = None,
    ) -> int:
        """Deliver a message to a phone. A button's token consists of the message's key and the title."""
        key = f"out-{self.phones.last_id() + 1}"
        tokens = [{"title": title, "token": f"{key}:{title}"} for title in buttons or []]
        entities = [{"type": "bold", "offset": start, "length": length} for start, length in bold or []]
        given = self.phones.deliver(channel, peer, origin, text, entities, tokens, key)
        self._announce()
        return given

    def _announce(self) -> None:
        async def wake() -> None:
            async with self._news:
                self._news.notify_all()

        self._spawn(wake())

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _post(self, request: Request) -> Response:
        channel, peer = request.path_params["channel"], request.path_params["peer"]
        received = Received(channel, peer, json.loads(await request.body()))
        self.posts.append(received)
        if self.refusals:
            return JSONResponse({"error": "refused"}, status_code=self.refusals.pop(0))
        known = {taken.body["id"] for taken in self.received}
        if received.body["id"] not in known:
            self.received.append(received)
            self._busy[channel, peer] = self._busy.get((channel, peer), 0) + 1
            self._spawn(self._work(received))
        if self.before_acknowledging is not None:
            await self.before_acknowledging()
        return JSONResponse({"id": received.body["id"]}, status_code=202)

    async def _work(self, received: Received) -> None:
        await self.answer(self, received)
        self._busy[received.channel, received.peer] -= 1
        self._announce()

    async def _get(self, request: Request) -> Response:
        channel, peer = request.path_params["channel"], request.path_params["peer"]
        after, wait = int(request.query_params["after"]), float(request.query_params["wait"])

        def idle() -> bool:
            return self._busy.get((channel, peer), 0) == 0

        def worth_answering() -> bool:
            return idle() or bool(self.phones.messages(channel, peer, after, limit=1))

        async with self._news:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._news.wait_for(worth_answering), wait)
        # `idle` is read before the messages, so that it is never true beside a message that is not returned.
        answer = {"idle": idle()}
        messages = [message.as_json() for message in self.phones.messages(channel, peer, after)]
        return JSONResponse({"messages": messages, **answer})

    def _app(self) -> Starlette:
        async def page(request: Request) -> Response:
            return FileResponse(PAGE / "index.html", headers={"Content-Security-Policy": POLICY})

        messages = "/simulator/{channel}/{peer}/messages"
        return Starlette(
            routes=[
                Route("/simulator", page),
                Mount("/simulator/static", StaticFiles(directory=PAGE)),
                Route(messages, self._post, methods=["POST"]),
                Route(messages, self._get),
            ]
        )

    async def start(self) -> None:
        """Start the server, on its earlier port if it had one, with its stored messages."""
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", self.port))
        self.port = listening.getsockname()[1]
        # No web sockets: uvicorn would load a websockets release newer than the one that Rasa holds back.
        config = uvicorn.Config(self._app(), log_level="error", lifespan="off", ws="none")
        self._server = _QuietServer(config)
        self._running = asyncio.create_task(self._server.serve(sockets=[listening]))
        while not self._server.started:
            if self._running.done():
                self._running.result()
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Stop the server and abort the requests in progress."""
        assert self._server is not None
        assert self._running is not None
        self._server.should_exit = self._server.force_exit = True
        self.cut_connections()
        await self._running
        self._server = None

    def cut_connections(self) -> None:
        """Abort the requests in progress, and keep serving."""
        assert self._server is not None
        for connection in list(self._server.server_state.connections):
            connection.transport.abort()  # type: ignore[union-attr]

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[FakeSimulator]:
        """Run the server for the block."""
        await self.start()
        try:
            yield self
        finally:
            if self._server is not None:
                await self.stop()
            self.phones.close()


@contextlib.asynccontextmanager
async def open_simulator(
    browser: Browser, answer: Answer = echo, language: str = "en", **page_options: Any
) -> AsyncIterator[tuple[SimulatorPage, FakeSimulator]]:
    """Open the page of a new person on a fake gateway; close both at the end of the block.

    `page_options` are those of `new_page`.
    """
    async with (
        FakeSimulator(answer=answer).serving() as simulator,
        new_page(browser, simulator.home, **page_options) as page,
    ):
        opened = SimulatorPage(page, simulator.home)
        await opened.open(telegram=PERSON, sms=NUMBER, language=language)
        yield opened, simulator


class _QuietServer(uvicorn.Server):
    """A server inside a test: the test runner keeps its own handling of Ctrl-C."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
