"""A small fake of the simulator's HTTP API, and of the whole gateway when it runs as a program.

`SCRIPT` maps texts of the client to answers.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

SCRIPT: dict[str, list[tuple[str, str]]] = {
    "agent": [("agent", "This is Mori.\n\nHow can I help?")],
    "code": [("backend", "Your code is 123456."), ("bot", "I have sent a code.")],
    "evil": [("agent", "\x1b[2Jgone")],
}
BUTTONS = [{"title": "iPhone", "token": "t-iphone"}, {"title": "Android", "token": "t-android"}]


class FakeChatApi:
    """The server, a context manager. `posts` has the bodies of all accepted messages."""

    def __init__(self, port: int = 0, required: list[Path] | None = None) -> None:
        self.posts: list[dict[str, Any]] = []
        self.polls = 0
        self.has_simulator = True
        self._required = required or []
        self._messages: dict[str, list[dict[str, Any]]] = {}
        self._failed: set[str] = set()
        self._started = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", port))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        path = "/simulator/{channel}/{peer}/messages"
        routes = [
            Route("/readyz", self._readyz),
            Route(path, self._get, methods=["GET"]),
            Route(path, self._post, methods=["POST"]),
        ]
        config = uvicorn.Config(
            Starlette(routes=routes, lifespan=self._lifespan),
            log_level="warning",
            timeout_graceful_shutdown=1,
            ws="none",
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self.serve, daemon=True)

    def serve(self) -> None:
        """Serve until `stop` is called."""
        self._server.run(sockets=[self._socket])

    def __enter__(self) -> FakeChatApi:
        self._thread.start()
        assert self._started.wait(30), "the server has not started"
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop the server; it refuses connections afterwards."""
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()

    def say(self, peer: str, sender: str, text: str, *, buttons: bool = False) -> None:
        """Add a message to `peer`, as if the assistant or an agent had sent it."""
        messages = self._messages.setdefault(peer, [])
        message = {"id": len(messages) * 2 + 1, "from": sender, "text": text, "entities": []}
        if buttons:
            message["buttons"] = BUTTONS
        messages.append(message)

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        self._started.set()
        yield

    async def _readyz(self, _: Request) -> Response:
        parts = {path.stem: path.exists() for path in self._required}
        ready = all(parts.values())
        return JSONResponse({"ready": ready, "parts": parts}, status_code=200 if ready else 503)

    async def _get(self, request: Request) -> Response:
        self.polls += 1
        if not self.has_simulator:
            return JSONResponse({"error": "Not Found"}, status_code=404)
        after = int(request.query_params["after"])
        new = [m for m in self._messages.get(request.path_params["peer"], []) if m["id"] > after]
        # After a message that ends in "...", the next poll returns another one.
        for number, message in enumerate(new):
            if message["text"].endswith("..."):
                return JSONResponse({"messages": new[: number + 1], "idle": False})
        return JSONResponse({"messages": new, "idle": True})

    async def _post(self, request: Request) -> Response:
        body = await request.json()
        peer, text = request.path_params["peer"], body.get("text")
        if text == "refuse":
            return JSONResponse({"error": "the text is too long"}, status_code=422)
        if text == "flaky" and body["id"] not in self._failed:
            self._failed.add(body["id"])
            return JSONResponse({"error": "busy"}, status_code=503)
        self.posts.append({**body, "peer": peer, "channel": request.path_params["channel"]})
        if text == "buttons":
            self.say(peer, "bot", "Which phone?", buttons=True)
        elif text == "slow":
            self.say(peer, "bot", "One moment...")
            self.say(peer, "bot", "Done.")
        else:
            echo = f"pressed {body['button']}" if text is None else f"you said: {text}"
            for sender, answer in SCRIPT.get(text or "", [("bot", echo)]):
                self.say(peer, sender, answer)
        return JSONResponse({"id": body["id"]}, status_code=202)


if __name__ == "__main__":
    state_dir = Path(os.environ["STATE_DIR"])
    FakeChatApi(
        int(os.environ["GATEWAY_PORT"]), [state_dir / "actions.json", state_dir / "rasa.json"]
    ).serve()
