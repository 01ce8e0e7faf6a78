"""A running sandbox backend with a phone that receives its text messages."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.app import create_app
from sandbox.settings import Settings
from tests.support.asgi_server import AsgiServer

BACKEND_TOKEN = "backend-token-of-the-tests"
INTERNAL_TOKEN = "internal-token-of-the-tests"
NUMBER = "+819012345678"
OTHER_NUMBER = "+819087654321"


class Phone:
    """Receives POST /simulator/sms like the gateway's simulator does.

    `received` holds every message as it came, repeats included. `status` is what the next ones are
    answered with (202 takes them); `keep` says whether they are kept even so.
    """

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.status = 202
        self.keep = True
        self.tries = 0
        self._read = 0
        self._changed = threading.Condition()
        routes = [Route("/simulator/sms", self._receive, methods=["POST"])]
        self.server = AsgiServer(Starlette(routes=routes))

    def refuse(self) -> None:
        """Be broken: answer 503 and keep nothing."""
        self.status, self.keep = 503, False

    def take(self) -> None:
        """Work again."""
        self.status, self.keep = 202, True

    def next_sms(self, seconds: float = 10) -> dict[str, Any]:
        """Wait for the next message that was not read yet; repeats count."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.received) > self._read, seconds):
                raise AssertionError("no text message came")
            self._read += 1
            return self.received[self._read - 1]

    def next_code(self, seconds: float = 10) -> str:
        """Wait for the next message and read the code in it."""
        found = re.search(r"\b\d{6}\b", self.next_sms(seconds)["text"])
        assert found is not None
        return found.group()

    def wait_for_tries(self, tries: int, seconds: float = 10) -> None:
        """Wait until so many messages were handed in, taken or not."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.tries >= tries, seconds), "nobody tried"

    async def _receive(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {INTERNAL_TOKEN}":
            return Response(status_code=401)
        message = await request.json()
        with self._changed:
            self.tries += 1
            status = self.status
            if self.keep:
                self.received.append(message)
            self._changed.notify_all()
        return Response(status_code=status)


class RunningSandbox:
    """The sandbox's HTTP service with its phone, and short ways to call it."""

    def __init__(self, state_dir: Path, controls: bool = True) -> None:
        self.phone = Phone()
        self.token = BACKEND_TOKEN
        self.settings = Settings(
            state_dir=state_dir,
            port=0,
            gateway_port=self.phone.server.port,
            backend_token=self.token,
            internal_token=INTERNAL_TOKEN,
            controls=controls,
        )
        self._server = AsgiServer(create_app(self.settings))
        self._open_http()

    @property
    def url(self) -> str:
        return self._server.url

    def _open_http(self) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        self.http = httpx.Client(base_url=self.url, headers=headers, trust_env=False, timeout=20)

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self.http.close()
        self._server.stop()

    def restart(self) -> None:
        """Stop, and start again on the same database, at the same address."""
        port = self._server.port
        self.stop()
        self._server = AsgiServer(create_app(self.settings), port)
        self._open_http()
        self.start()

    def write(self, path: str, body: dict[str, Any] | None = None, key: str | None = None) -> httpx.Response:
        """POST under /v1/phone-verifications; under a new Idempotency-Key if none is given."""
        headers = {"Idempotency-Key": key or uuid.uuid4().hex}
        return self.http.post(f"/v1/phone-verifications{path}", json=body, headers=headers)

    def begin(
        self, client: str = "simulator.sms:+819012345678", number: str = NUMBER, key: str | None = None
    ) -> httpx.Response:
        return self.write("", {"client": client, "number": number}, key)

    def resend(self, id: str, key: str | None = None) -> httpx.Response:
        return self.write(f"/{id}/resend", None, key)

    def check(self, id: str, code: str, key: str | None = None) -> httpx.Response:
        return self.write(f"/{id}/check", {"code": code}, key)

    def begun(self, number: str = NUMBER) -> tuple[str, str]:
        """Begin a verification; its id and the code that came on the phone."""
        id: str = self.begin(number=number).json()["id"]
        return id, self.phone.next_code()

    def advance(self, seconds: float) -> None:
        """Move the sandbox's clock into the future."""
        answer = self.http.post("/sandbox/clock", json={"advance_seconds": seconds})
        answer.raise_for_status()

    def ledger(self) -> dict[str, Any]:
        answer = self.http.get("/sandbox/ledger")
        answer.raise_for_status()
        ledger: dict[str, Any] = answer.json()
        return ledger


def other_than(code: str) -> str:
    """A code that is not this one."""
    return f"{(int(code) + 1) % 1_000_000:06}"


@contextmanager
def running_sandbox(state_dir: Path, controls: bool = True) -> Iterator[RunningSandbox]:
    """Run a sandbox whose database lies in the folder, and its phone, for the length of the context."""
    sandbox = RunningSandbox(state_dir, controls)
    with sandbox.phone.server:
        sandbox.start()
        try:
            yield sandbox
        finally:
            sandbox.phone.server.ask_to_stop()
            sandbox.stop()
