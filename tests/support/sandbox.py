"""A running sandbox with a phone that receives its SMS."""

from __future__ import annotations

import base64
import re
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from standardwebhooks import Webhook
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.asgi import create_app
from sandbox.debug_routes import read_ledger
from sandbox.sandbox_settings import SandboxSettings
from tests.support.asgi_server import AsgiServer
from tests.support.contract import check_answer

BACKEND_TOKEN = "backend-token-of-the-tests"
WEBHOOK_SECRET = "whsec_" + base64.b64encode(b"w" * 32).decode()
INTERNAL_TOKEN = "internal-token-of-the-tests"
NUMBER = "+819012345678"
OTHER_NUMBER = "+819087654321"
CLIENT = "simulator.sms:+819012345678"


class Phone:
    """A fake of the gateway that receives SMS and notices.

    `received` holds every message to a simulated phone, repeats included, and `real` those to a real phone. The next
    messages are answered with `status`, and stored if `keep` is set.
    """

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.real: list[dict[str, Any]] = []
        self.status = 202
        self.keep = True
        self.tries = 0
        self._read = 0
        self._changed = threading.Condition()
        self.notices: list[dict[str, Any]] = []
        routes = [
            Route("/simulator/sms", self._receive, methods=["POST"]),
            Route("/internal/sms", self._receive_real, methods=["POST"]),
            Route("/webhooks/backend", self._receive_notice, methods=["POST"]),
        ]
        self.server = AsgiServer(Starlette(routes=routes))

    def refuse(self) -> None:
        """Answer 503 and store nothing."""
        self.status, self.keep = 503, False

    def take(self) -> None:
        """Accept messages again."""
        self.status, self.keep = 202, True

    def forget(self) -> None:
        """Forget every message and notice."""
        with self._changed:
            self.received, self.notices = [], []
            self.tries = self._read = 0

    def next_sms(self, seconds: float = 10) -> dict[str, Any]:
        """Wait for the next unread message, repeats included."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.received) > self._read, seconds):
                raise AssertionError("no text message came")
            self._read += 1
            return self.received[self._read - 1]

    def next_code(self, seconds: float = 10) -> str:
        """Wait for the next message and return the code in it."""
        found = re.search(r"\b\d{6}\b", self.next_sms(seconds)["text"])
        assert found is not None
        return found.group()

    def wait_for_tries(self, tries: int, seconds: float = 10) -> None:
        """Wait until this many messages were posted, accepted or not."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.tries >= tries, seconds), "nobody tried"

    def wait_for_notices(self, count: int, seconds: float = 10) -> list[dict[str, Any]]:
        """Wait until this many notices have arrived, and return all of them."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.notices) >= count, seconds), "too few notices came"
            return list(self.notices)

    async def _receive_notice(self, request: Request) -> Response:
        body = await request.body()
        notice = Webhook(WEBHOOK_SECRET).verify(body, dict(request.headers))
        with self._changed:
            self.notices.append({"id": request.headers["webhook-id"], **notice})
            self._changed.notify_all()
        return Response(status_code=202)

    async def _receive_real(self, request: Request) -> Response:
        message = await request.json()
        with self._changed:
            self.real.append(message)
            self._changed.notify_all()
        return Response(status_code=202)

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
    """The sandbox's HTTP service with its phone, and helpers that call it."""

    def __init__(self, state_dir: Path, controls: bool = True, real_numbers: Iterable[str] = ()) -> None:
        self.phone = Phone()
        self.token = BACKEND_TOKEN
        self.settings = SandboxSettings(
            state_dir=state_dir,
            port=0,
            gateway_port=self.phone.server.port,
            backend_token=self.token,
            internal_token=INTERNAL_TOKEN,
            webhook_secret=WEBHOOK_SECRET,
            controls=controls,
            real_numbers=frozenset(real_numbers),
        )
        self._serve()

    def _serve(self, port: int = 0) -> None:
        app = create_app(self.settings)
        self._storage = app.state.storage
        self._server = AsgiServer(app, port)
        self._open_http()

    @property
    def url(self) -> str:
        return self._server.url

    def _open_http(self) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        # Every answer that a test gets must fit the contract.
        hooks = {"response": [check_answer]}
        self.http = httpx.Client(
            base_url=self.url, headers=headers, trust_env=False, timeout=20, event_hooks=hooks, verify=False
        )

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self.http.close()
        self._server.stop()

    def restart(self) -> None:
        """Stop, and start again with the same database and address."""
        port = self._server.port
        self.stop()
        self._serve(port)
        self.start()

    def begin_anew(self) -> None:
        """Reset the sandbox after all deliveries, so that none reaches the next test."""
        self.phone.take()
        end = time.monotonic() + 10
        while any(m["state"] == "queued" for kind in ("sms", "notices") for m in self.ledger()[kind]):
            assert time.monotonic() < end, "something cannot be delivered"
            self.advance(60)
        self.http.post("/sandbox/reset").raise_for_status()
        self.phone.forget()

    def write(
        self,
        path: str,
        body: dict[str, Any] | None = None,
        key: str | None = None,
        client: str = CLIENT,
        method: str = "POST",
    ) -> httpx.Response:
        """Send a writing request for a chat, under a new Idempotency-Key if none is given."""
        headers = {"Idempotency-Key": key or uuid.uuid4().hex, "Client-Reference": client}
        return self.http.request(method, f"/v1{path}", json=body, headers=headers)

    def read(self, path: str, client: str = CLIENT) -> httpx.Response:
        """Send a reading request for a chat."""
        return self.http.get(f"/v1{path}", headers={"Client-Reference": client})

    def begin(self, client: str = CLIENT, number: str = NUMBER, key: str | None = None) -> httpx.Response:
        return self.write("/phone-verifications", {"number": number}, key, client)

    def resend(self, id: str, key: str | None = None, client: str = CLIENT) -> httpx.Response:
        return self.write(f"/phone-verifications/{id}/resend", None, key, client)

    def check(self, id: str, code: str, key: str | None = None, client: str = CLIENT) -> httpx.Response:
        return self.write(f"/phone-verifications/{id}/check", {"code": code}, key, client)

    def begun(self, number: str = NUMBER) -> tuple[str, str]:
        """Start a verification, and return its id and the code that arrived on the phone."""
        id: str = self.begin(number=number).json()["id"]
        return id, self.phone.next_code()

    def portal(self, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """Send a request to the portal."""
        # The connection sends a token, which the portal ignores.
        return self.http.post(f"/portal{path}", json=body)

    def link_token(self, username: str) -> str:
        """Return a new linking token for the user."""
        token: str = self.portal("/link-tokens", {"username": username}).raise_for_status().json()["token"]
        return token

    def confirm(self, word: str = "confirm", client: str = CLIENT) -> httpx.Response:
        """Confirm, decline or end the chat's last link in the portal."""
        last = [link["id"] for link in self.ledger()["links"] if link["client"] == client][-1]
        return self.portal(f"/links/{last}/{word}")

    def link(self, username: str, client: str = CLIENT) -> None:
        """Link the chat to the user by a token and a confirmation."""
        self.write("/links", {"token": self.link_token(username)}, client=client).raise_for_status()
        assert self.confirm(client=client).status_code == 303

    def faults(self, *faults: dict[str, Any]) -> None:
        """Switch these faults on, and all others off."""
        self.http.post("/sandbox/faults", json={"faults": list(faults)}).raise_for_status()

    def wait_for_sms(self, state: str, seconds: float = 10) -> None:
        """Wait until the last SMS is in this state."""
        end = time.monotonic() + seconds
        while self.ledger()["sms"][-1]["state"] != state:
            assert time.monotonic() < end, f"the last text message is not {state}"
            time.sleep(0.01)

    def advance(self, seconds: float) -> None:
        """Move the sandbox's clock into the future."""
        answer = self.http.post("/sandbox/clock", json={"advance_seconds": seconds})
        answer.raise_for_status()

    def ledger(self) -> dict[str, Any]:
        """Return the content of GET /sandbox/ledger, without HTTP because some tests read it after every message."""
        return read_ledger(self._storage)


def other_than(code: str) -> str:
    """Return a code other than this one."""
    return f"{(int(code) + 1) % 1_000_000:06}"


@contextmanager
def running_sandbox(
    state_dir: Path, controls: bool = True, real_numbers: Iterable[str] = ()
) -> Iterator[RunningSandbox]:
    """Run a sandbox whose database is in the folder, and its phone."""
    sandbox = RunningSandbox(state_dir, controls, real_numbers)
    with sandbox.phone.server:
        sandbox.start()
        try:
            yield sandbox
        finally:
            sandbox.phone.server.ask_to_stop()
            sandbox.stop()
