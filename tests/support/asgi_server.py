"""Run an ASGI application as a real HTTP server, in a thread of the test process."""

from __future__ import annotations

import socket
import threading
from typing import Any

import uvicorn


class _SignallingServer(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


class AsgiServer:
    """An application on a free loopback port. Use as a context manager, or with `start` and `stop`.

    The port is bound at construction; until `start`, connections to it are refused.
    """

    def __init__(self, app: Any, port: int = 0) -> None:
        self._app = app
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        config = uvicorn.Config(
            self._app, ws="none", log_level="error", access_log=False, timeout_graceful_shutdown=2
        )
        self._server = _SignallingServer(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True
        )
        self._thread.start()
        if not self._server.up.wait(20):
            raise TimeoutError("the server did not start in time")

    def ask_to_stop(self) -> None:
        """Begin to stop and do not wait, so that several servers can stop in parallel."""
        self._server.should_exit = True

    def stop(self) -> None:
        self.ask_to_stop()
        self._thread.join(20)
        self._socket.close()

    def __enter__(self) -> AsgiServer:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()
